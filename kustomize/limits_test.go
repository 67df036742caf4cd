package kustomize_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/admission"
	plugincel "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/environment"
	"sigs.k8s.io/yaml"
)

// policy is an admission policy, compiled as the API server does.
type policy struct{ validating.Validator }

// compiled are the generated policies, by file.
func compiled(t *testing.T) map[string]policy {
	t.Helper()

	all := map[string]policy{}

	for file := range limits(t) {
		text, err := os.ReadFile("components/policy/" + file)
		require.NoError(t, err)

		document, _, _ := strings.Cut(string(text), "\n---\n")

		var p admissionregistrationv1.ValidatingAdmissionPolicy
		require.NoError(t, yaml.UnmarshalStrict([]byte(document), &p))

		environments := environment.MustBaseEnvSet(version.MajorMinor(1, 30)) // the oldest that the README names
		plain := plugincel.NewConditionCompiler(environments)
		compiler, err := plugincel.NewCompositedCompiler(environments)
		require.NoError(t, err)

		vars := plugincel.OptionalVariableDeclarations{}

		for _, v := range p.Spec.Variables {
			result := compiler.CompileAndStoreVariable(&validating.Variable{Name: v.Name, Expression: v.Expression}, vars, environment.NewExpressions)
			require.Nil(t, result.Error, "%s: %s", file, v.Name)
		}

		rules := make([]plugincel.ExpressionAccessor, len(p.Spec.Validations))
		messages := make([]plugincel.ExpressionAccessor, len(rules))

		for i, v := range p.Spec.Validations {
			rules[i] = &validating.ValidationCondition{Expression: v.Expression, Reason: v.Reason}
			messages[i] = &validating.MessageExpressionCondition{MessageExpression: v.MessageExpression}
		}

		// As the API server does, whose variables conditions do not know.
		conditions := make([]plugincel.ExpressionAccessor, len(p.Spec.MatchConditions))
		for i := range conditions {
			conditions[i] = &matchconditions.MatchCondition{Name: p.Spec.MatchConditions[i].Name, Expression: p.Spec.MatchConditions[i].Expression}
		}

		matcher := matchconditions.NewMatcher(
			plain.CompileCondition(conditions, plugincel.OptionalVariableDeclarations{}, environment.NewExpressions), p.Spec.FailurePolicy, "policy", "validate", p.Name)
		validator := validating.NewValidator(
			compiler.CompileCondition(rules, vars, environment.NewExpressions), matcher,
			compiler.CompileCondition(nil, vars, environment.NewExpressions),
			compiler.CompileCondition(messages, vars, environment.NewExpressions), p.Spec.FailurePolicy, nil)
		require.NoError(t, validator.CompileError())

		all[file] = policy{validator}
	}

	return all
}

// refuses is why the policy refuses a new object, or empty. It fails the test if an
// expression does, or costs too much.
func (p policy) refuses(t *testing.T, kind string, spec map[string]any, annotations map[string]string) string {
	t.Helper()

	return p.refusesChange(t, kind, nil, spec, annotations)
}

// refusesChange is why it refuses that an object with a spec, if there was one, gets another.
func (p policy) refusesChange(t *testing.T, kind string, was, spec map[string]any, annotations map[string]string) string {
	t.Helper()

	of := schema.GroupVersionKind{Group: group, Version: "v1alpha1", Kind: kind}
	resource := schema.GroupVersionResource{Group: group, Version: "v1alpha1", Resource: strings.ToLower(kind) + "s"}
	objectOf := func(spec map[string]any) runtime.Object {
		u := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
		u.SetGroupVersionKind(of)

		return u
	}
	object := objectOf(spec)

	var old runtime.Object
	if was != nil {
		old = objectOf(was)
	}

	request := admission.NewAttributesRecord(object, old, of, "ml", "a", resource, "", admission.Create, &metav1.CreateOptions{}, false, nil)
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "ml", Annotations: annotations}}
	result := p.Validate(t.Context(), resource, &admission.VersionedAttributes{
		Attributes: request, VersionedKind: of, VersionedObject: object, VersionedOldObject: old,
	}, nil, namespace, celconfig.RuntimeCELCostBudget, nil)

	for _, decision := range result.Decisions {
		require.NotEqual(t, validating.EvalError, decision.Evaluation, "%s: %s", kind, decision.Message)

		if decision.Evaluation == validating.EvalDeny {
			require.Equal(t, metav1.StatusReasonForbidden, decision.Reason)

			return decision.Message
		}
	}

	return ""
}

// TestListsAreAboutEveryField: in each field, what the namespace allows passes, and
// what it does not allow is refused by its name.
func TestListsAreAboutEveryField(t *testing.T) {
	t.Parallel()

	policies := compiled(t)

	for _, list := range []struct {
		name             string
		uses             []use
		limit, good, bad string
		says             string
	}{
		{"instance-types", instanceFields(t), "ml.t3.medium, ml.m5.*", "ml.m5.large", "ml.m5d.large", "instance type ml.m5d.large is none that the namespace allows: ml.t3.medium, ml.m5.*"},
		{"images", codeFields(t), "a.example.com/*", "a.example.com/x:1", "a.example.com.evil.com/x:1", "image or algorithm a.example.com.evil.com/x:1 is none that the namespace allows: a.example.com/*"},
		{"roles", roleFields(t), "arn:aws:iam::1:role/ml", "arn:aws:iam::1:role/ml", "arn:aws:iam::1:role/ml2", "role arn:aws:iam::1:role/ml2 is none that the namespace allows: arn:aws:iam::1:role/ml"},
	} {
		require.NotEmpty(t, list.uses)

		annotations := map[string]string{group + "/allowed-" + list.name: list.limit}

		for _, u := range list.uses {
			spec := func(value string) map[string]any {
				path, isItem := strings.CutSuffix(u.path, "[]")
				if isItem {
					return filled(path, []any{list.good, value})
				}

				return filled(path, value)
			}

			p := policies[list.name+".yaml"]
			require.Equal(t, list.says, p.refuses(t, u.kind, spec(list.bad), annotations), "%s of %s", u.path, u.kind)
			require.Empty(t, p.refuses(t, u.kind, spec(list.good), annotations), "%s of %s", u.path, u.kind)
			require.Empty(t, p.refuses(t, u.kind, spec(list.bad), nil), "without an annotation there is no limit")
		}
	}
}

// TestDemandsAreAboutEveryField: where there is a volume, an output or a job, the key
// or the time has to be said.
func TestDemandsAreAboutEveryField(t *testing.T) {
	t.Parallel()

	policies := compiled(t)
	volumes, outputs := keyDemands(t)

	for _, row := range []struct {
		file, annotation, value, says string
		uses                          []demand
		good, bad                     any
	}{
		{"encryption.yaml", "require-encryption", "volumes, outputs", "the namespace requires volumes to be encrypted: name a KMS key in spec.", volumes, "key", nil},
		{"encryption.yaml", "require-encryption", "volumes, outputs", "the namespace requires outputs to be encrypted: name a KMS key in spec.", outputs, "key", ""},
		{
			"run-time.yaml", "max-run-time", "1h30m", "the namespace lets jobs run for 1h30m at most: spec.",
			demandsOf(runtimeFields(t), "stoppingCondition.maxRuntimeInSeconds"), int64(5400), int64(5401),
		},
	} {
		p := policies[row.file]
		annotations := map[string]string{group + "/" + row.annotation: row.value}

		for _, d := range row.uses {
			kinds := d.kinds
			if kinds == nil {
				kinds = []string{"Any"}
			}

			for _, kind := range kinds {
				spec := func(value any) map[string]any {
					if value == nil { // the part is there, and says nothing
						if d.parent == "" {
							return map[string]any{}
						}

						return filled(d.parent, map[string]any{})
					}

					return filled(d.path(), value)
				}
				where := d.where
				if where == nil {
					where = []string{""}
				} else {
					require.Empty(t, p.refuses(t, kind, spec(nil), annotations), "%s without instances", kind)
				}

				for _, instances := range where {
					with := func(value any) map[string]any {
						all := spec(value)
						if instances != "" {
							maps.Copy(all, filled(instances, "ml.m5.large"))
						}

						return all
					}

					for _, bad := range []any{row.bad, nil} {
						if bad == nil && strings.HasSuffix(d.parent, "[]") {
							continue // an empty element is an empty object of its own
						}

						require.Contains(t, p.refuses(t, kind, with(bad), annotations), row.says+d.path(), "%s, %s", kind, instances)
					}

					require.Empty(t, p.refuses(t, kind, with(row.good), annotations), "%s of %s, %s", d.path(), kind, instances)
					require.Empty(t, p.refuses(t, kind, with(row.bad), nil), "without an annotation nothing is required")
				}
			}
		}
	}
}

// TestKeptInstances: instances may be kept for no longer than a job may run.
func TestKeptInstances(t *testing.T) {
	t.Parallel()

	p := compiled(t)["run-time.yaml"]
	annotations := map[string]string{group + "/max-run-time": "1h"}

	for _, u := range keptFields(t) {
		job, in := strings.CutSuffix(u.path, "resourceConfig.keepAlivePeriodInSeconds")
		require.True(t, in, u.path)

		spec := func(kept int64) map[string]any {
			all := map[string]any{
				"resourceConfig":    map[string]any{"keepAlivePeriodInSeconds": kept},
				"stoppingCondition": map[string]any{"maxRuntimeInSeconds": int64(3600), "maxWaitTimeInSeconds": int64(7200)},
			}
			if job == "" {
				return all
			}

			return filled(strings.TrimSuffix(job, "."), all)
		}

		require.Empty(t, p.refuses(t, u.kind, spec(3600), annotations), "waiting for instances is not running")
		require.Contains(t, p.refuses(t, u.kind, spec(3601), annotations), "spec."+u.path+" has to say so")
	}
}

// TestLimitsLetGoOfWhatIsThere: what was let in before can be steered, and no more.
func TestLimitsLetGoOfWhatIsThere(t *testing.T) {
	t.Parallel()

	policies := compiled(t)
	limit := map[string]string{group + "/allowed-instance-types": "ml.t3.medium"}
	spec := func(field string, value any) map[string]any {
		return map[string]any{"resourceConfig": map[string]any{"instanceType": "ml.p5.48xlarge"}, "rerun": "a", field: value}
	}
	changed := func(was, is map[string]any) string {
		return policies["instance-types.yaml"].refusesChange(t, "TrainingJob", was, is, limit)
	}

	for _, name := range steering() {
		require.Empty(t, changed(spec("rerun", "a"), spec(name, "new")), name)
		require.Empty(t, changed(spec(name, "was"), spec(name, "is")), name)
		require.Empty(t, changed(spec(name, "was"), spec("rerun", "a")), name)

		with := spec(name, "new")
		with["resourceConfig"] = map[string]any{"instanceType": "ml.p4d.24xlarge"}
		require.NotEmpty(t, changed(spec("rerun", "a"), with), name)
	}

	full, observe := spec("managementPolicy", "Full"), spec("managementPolicy", "Observe")
	require.Empty(t, changed(spec("rerun", "a"), observe))
	require.Empty(t, changed(full, observe))

	for _, row := range []struct {
		reason  string
		was, is map[string]any
	}{
		{"what was observed is to be made", observe, full},
		{"likewise", observe, spec("rerun", "a")},
		{"another run of it", spec("rerun", "a"), spec("rerun", "b")},
		{"more of it", spec("rerun", "a"), spec("environment", map[string]any{"A": "b"})},
		{"less of it", spec("environment", map[string]any{"A": "b"}), spec("rerun", "a")},
	} {
		require.NotEmpty(t, changed(row.was, row.is), row.reason)
	}
}

// TestSteeringBringsNothing: what is not looked at exists, and has nothing that is limited.
func TestSteeringBringsNothing(t *testing.T) {
	t.Parallel()

	limited := pathsOf(slices.Concat(instanceFields(t), codeFields(t), roleFields(t), runtimeFields(t), keptFields(t)))

	volumes, outputs := keyDemands(t)
	for _, d := range slices.Concat(volumes, outputs) {
		limited = append(limited, d.path())
	}

	for _, name := range steering() {
		require.True(t, slices.ContainsFunc(fields(t), func(f field) bool { return f.path == name }), name)
		require.False(t, slices.ContainsFunc(limited, func(path string) bool {
			return path == name || strings.HasPrefix(path, name+".") || strings.HasPrefix(path, name+"[")
		}), name)
	}
}

// TestLimitsFitEveryKind: no kind has a field in the place of another kind's that an
// expression cannot take.
func TestLimitsFitEveryKind(t *testing.T) {
	t.Parallel()

	policies := compiled(t)
	annotations := map[string]string{
		group + "/allowed-instance-types": "*", group + "/allowed-images": "*", group + "/allowed-roles": "*",
		group + "/require-encryption": "volumes, outputs", group + "/max-run-time": "1h",
	}

	plain := func(path string) string { return strings.ReplaceAll(path, "[]", "") }

	var paths []string

	for _, uses := range [][]use{instanceFields(t), codeFields(t), roleFields(t), runtimeFields(t), keptFields(t)} {
		for _, u := range uses {
			paths = append(paths, plain(u.path))
		}
	}

	volumes, outputs := keyDemands(t)
	for _, d := range slices.Concat(volumes, outputs) {
		paths = append(paths, plain(d.path()))
	}

	for _, f := range fields(t) {
		if !slices.ContainsFunc(paths, func(path string) bool { return strings.HasPrefix(path, plain(f.path)) }) {
			continue
		}

		var value any

		switch f.schema.Type {
		case "string":
			value = "a"
		case "integer", "number":
			value = int64(1)
		case "boolean":
			value = true
		case "object":
			value = map[string]any{}
		default:
			continue // a list is there with its elements
		}

		for file, p := range policies {
			message := p.refuses(t, f.kind, filled(f.path, value), annotations)
			require.True(t, message == "" || !slices.Contains([]string{"instance-types.yaml", "images.yaml", "roles.yaml"}, file), message)
		}
	}
}

// TestLimitsOnTheLargestPipeline: expressions may cost only so much.
func TestLimitsOnTheLargestPipeline(t *testing.T) {
	t.Parallel()

	step := map[string]any{"instanceFallback": slices.Repeat([]any{"ml.m5.24xlarge"}, 10)}
	patterns := strings.Repeat("ml.g5.48xlarge, ", 20) + "ml.m5.*"

	require.Empty(t, compiled(t)["instance-types.yaml"].refuses(t, "ModelPipeline",
		map[string]any{"steps": slices.Repeat([]any{step}, 100)}, map[string]string{group + "/allowed-instance-types": patterns}))
}
