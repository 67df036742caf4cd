package kustomize_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// celOf is the CEL expression for what stands at a path below an expression: a text,
// a list of texts, or a list of such lists. What is absent is ” or an empty list.
func celOf(base, path string) string {
	list, rest, below := strings.Cut(path, "[]")
	at := base + ".?" + strings.ReplaceAll(list, ".", ".?")

	if !below {
		return at + ".orValue('')"
	}

	at += ".orValue([])"

	item := "x"
	if base == item {
		item = "y"
	}

	if rest == "" { // a list of texts, which the type checker is to know as one
		return at + ".map(" + item + ", " + item + ")"
	}

	return at + ".map(" + item + ", " + celOf(item, rest[1:]) + ")"
}

// celAll is the CEL expression for the lists of all texts at some paths.
func celAll(paths []string) string {
	var byDepth [3][]string

	for _, path := range paths {
		depth := strings.Count(path, "[]")
		byDepth[depth] = append(byDepth[depth], celOf("variables.spec", path))
	}

	var sum []string

	for depth, terms := range byDepth {
		text := strings.Join(terms, ",\n          ")

		switch {
		case len(terms) == 0:
		case depth == 0:
			sum = append(sum, "[[\n          "+text+"\n        ]]")
		case depth == 1:
			sum = append(sum, "[\n          "+text+"\n        ]")
		default:
			sum = append(sum, strings.Join(terms, " +\n        "))
		}
	}

	return strings.Join(sum, " + ")
}

// pathsOf are the paths of some fields of any kind, each once.
func pathsOf(uses []use) []string {
	paths := map[string]bool{}
	for _, u := range uses {
		paths[u.path] = true
	}

	return slices.Sorted(maps.Keys(paths))
}

// steering are the fields at the root of specs that say how to go about what is there:
// none can bring an instance type, an image, a role, a key or run time.
func steering() []string {
	return []string{
		"approvalDescription", "approvals", "deletionPolicy", "handOverTo", "history", "interval",
		"modelApprovalStatus", "protect", "readiness", "revisionHistoryLimit", "suspend",
	}
}

// another is the CEL expression that tells whether a spec is to be looked at: it is new,
// or differs in more than what steers. What only observes makes nothing.
func another() string {
	steers := "f in ['" + strings.Join(steering(), "', '") + "'] ||"

	return `oldObject == null ||
        !object.?spec.orValue({}).all(f, ` + steers + `
          f == 'managementPolicy' && object.spec[f] == 'Observe' || oldObject.?spec[?f] == object.?spec[?f]) ||
        !oldObject.?spec.orValue({}).all(f, ` + steers + `
          object.?spec[?f].hasValue())`
}

// head is what the policies on limits have in common.
func head(name, about string) string {
	return generated + "# " + about + `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: sagemaker-gitops-` + name + `
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules:
      - apiGroups: [sagemaker.gitops.dev]
        apiVersions: ["*"]
        operations: [CREATE, UPDATE]
        resources: ["*"]
  matchConditions:
    # What has been let in stays, and can be let go of: only a new spec is looked at.
    - name: spec
      expression: >-
        ` + another() + `
  variables:
    - name: spec
      expression: object.?spec.orValue({})
`
}

func binding(name string) string {
	return `---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: sagemaker-gitops-` + name + `
spec:
  policyName: sagemaker-gitops-` + name + `
  validationActions: [Deny]
`
}

// annotation is the CEL expression for an annotation of the namespace.
func annotation(name string) string {
	return "namespaceObject.metadata.?annotations[?'" + group + "/" + name + "'].orValue('')"
}

// allowList is a policy by which texts have to be among those of an annotation.
func allowList(name, about, what string, paths []string) string {
	return head(name, about) + `    - name: limit
      expression: ` + annotation("allowed-"+name) + `
    - name: allowed
      expression: variables.limit.split(',').map(p, p.trim())
    - name: found
      expression: >-
        ` + celAll(paths) + `
    - name: refused
      expression: >-
        variables.limit == '' ? [] : variables.found.map(l, l.filter(v, v != '' && !variables.allowed.exists(p,
          p == v || p.endsWith('*') && v.startsWith(p.substring(0, size(p) - 1))))).filter(l, size(l) > 0)
  validations:
    - expression: size(variables.refused) == 0
      messageExpression: >-
        '` + what + ` ' + variables.refused[0][0] + ' is none that the namespace allows: ' + variables.limit
      reason: Forbidden
` + binding(name)
}

// instanceFields are the fields with an instance type that something may run on.
func instanceFields(t *testing.T) []use {
	t.Helper()

	found := []use{{"ModelPipeline", "steps[].instanceFallback[]"}}

	for _, f := range fields(t) {
		if f.schema.Type == "string" && f.name() == "instanceType" {
			found = append(found, use{f.kind, f.path})

			continue
		}

		// What a package could run on, what Studio hides, and what AWS has chosen.
		others := []string{
			"supportedRealtimeInferenceInstanceTypes", "supportedTransformInstanceTypes", "hiddenInstanceTypes", "selectedInstanceType",
		}
		if f.schema.Type == "string" && strings.Contains(strings.ToLower(f.name()), "instancetype") {
			require.Contains(t, others, f.name(), "%s of %s: does anything run on it?", f.path, f.kind)
		}
	}

	return found
}

// codeFields are the fields with an image, or with an algorithm, which has one.
func codeFields(t *testing.T) []use {
	t.Helper()

	found := imageFields(t)

	for _, f := range fields(t) {
		if f.name() == "algorithmName" {
			found = append(found, use{f.kind, f.path})
		}
	}

	return found
}

// roleFields are the fields with the ARN of a role.
func roleFields(t *testing.T) []use {
	t.Helper()

	var found []use

	for _, f := range fields(t) {
		if f.schema.Type == "string" && strings.Contains(strings.ToLower(f.name()), "role") &&
			!slices.Contains([]string{"executionRoleSessionNameMode", "executionRoleIdentityConfig"}, f.name()) {
			found = append(found, use{f.kind, f.path})
		}
	}

	return found
}

// demand is something that a spec has to say where it has a part.
type demand struct {
	// kinds are those whose whole spec is the part; otherwise parent is its path.
	kinds  []string
	parent string
	// field from the part on.
	field string
	// where are paths of which one has to be there; none means that it does not matter.
	where []string
}

func (d demand) path() string { return strings.TrimPrefix(d.parent+"."+d.field, ".") }

// cel is the expression that is true where the demand is not met: there is such a
// part, and what is at its field, or the default, is refused.
func (d demand) cel(refuses, otherwise string) string {
	refused := func(base string) string {
		return fmt.Sprintf(refuses, base+".?"+strings.ReplaceAll(d.field, ".", ".?")+".orValue("+otherwise+")")
	}

	if d.parent == "" {
		text := "request.kind.kind in ['" + strings.Join(d.kinds, "', '") + "'] && "

		if len(d.where) > 0 {
			there := make([]string, len(d.where))
			for i, path := range d.where {
				there[i] = within(path, func(at string) string { return at + ".hasValue()" })
			}

			text += "(" + strings.Join(there, " ||\n            ") + ") && "
		}

		return text + refused("variables.spec")
	}

	return within(d.parent, func(at string) string {
		if strings.HasSuffix(d.parent, "[]") {
			return refused(at)
		}

		return at + ".hasValue() && " + refused(at)
	})
}

// within is the CEL expression that tells whether something is true at a path of the
// spec, somewhere in its lists.
func within(path string, is func(at string) string) string {
	lists := strings.Split(path, "[]")
	last := len(lists) - 1
	at := "variables.spec"

	var text strings.Builder

	for i, list := range lists {
		if list = strings.TrimPrefix(list, "."); list != "" {
			at += ".?" + strings.ReplaceAll(list, ".", ".?")
		}

		if i < last {
			item := string(rune('x' + i))
			text.WriteString(at + ".orValue([]).exists(" + item + ", ")
			at = item
		}
	}

	return text.String() + is(at) + strings.Repeat(")", last)
}

// unmet is the CEL expression for the paths at which demands are not met.
func unmet(demands []demand, refuses, otherwise string) string {
	lines := make([]string, len(demands))
	for i, d := range demands {
		lines[i] = "(" + d.cel(refuses, otherwise) + ") ? '" + d.path() + "' : ''"
	}

	return "[\n          " + strings.Join(lines, ",\n          ") + "\n        ].filter(p, p != '')"
}

// demandsOf are the demands on the parts that have a field, which comes first where
// several kinds have it in the same place.
func demandsOf(uses []use, field string) []demand {
	var all []demand

	for _, u := range uses {
		parent := strings.TrimSuffix(strings.TrimSuffix(u.path, field), ".")
		d := demand{parent: parent, field: field}

		i := slices.IndexFunc(all, func(other demand) bool { return other.path() == d.path() })
		if i < 0 {
			all, i = append(all, d), len(all)
		}

		if parent == "" {
			all[i].kinds = append(all[i].kinds, u.kind)
		}
	}

	return all
}

// keyDemands are the KMS keys of volumes and of outputs.
func keyDemands(t *testing.T) (volumes, outputs []demand) {
	t.Helper()

	for _, f := range fields(t) {
		name := f.name()
		if f.schema.Type != "string" || !strings.Contains(strings.ToLower(name), "kms") {
			continue
		}

		switch {
		case name == "homeEFSFileSystemKMSKeyID": // kmsKeyID has taken its place
		case f.kind == "ModelPackage" && strings.HasPrefix(f.path, "securityConfig."): // what the registry says of a package
		case f.path == "onlineStoreConfig.securityConfig.kmsKeyID":
			outputs = append(outputs, demand{parent: "onlineStoreConfig", field: "securityConfig.kmsKeyID"})
		case f.path == "kmsKeyID" || name == "volumeKMSKeyID":
			volumes = append(volumes, demandsOf([]use{{f.kind, f.path}}, name)...)
		default:
			outputs = append(outputs, demandsOf([]use{{f.kind, f.path}}, name)...)
		}
	}

	return merged(volumes, instanceFields(t)), merged(outputs, nil)
}

// merged has each demand once. An endpoint without instances has no volumes.
func merged(demands []demand, instances []use) []demand {
	var all []demand

	for _, d := range demands {
		if len(d.kinds) == 1 && slices.Contains([]string{"EndpointConfig", "ModelDeployment"}, d.kinds[0]) {
			d.where = pathsOf(slices.DeleteFunc(slices.Clone(instances), func(u use) bool { return u.kind != d.kinds[0] }))
		}

		same := func(other demand) bool { return other.path() == d.path() && slices.Equal(other.where, d.where) }
		if i := slices.IndexFunc(all, same); i >= 0 {
			all[i].kinds = append(all[i].kinds, d.kinds...)
		} else {
			all = append(all, d)
		}
	}

	return all
}

func encryption(volumes, outputs []demand) string {
	const name = "encryption"

	class := func(name string, demands []demand) string {
		return "    - name: " + name + `
      expression: >-
        !('` + name + `' in variables.required) ? [] : ` + unmet(demands, "%s == ''", "''") + "\n"
	}
	rule := func(name string) string {
		return `    - expression: size(variables.` + name + `) == 0
      messageExpression: >-
        'the namespace requires ` + name + ` to be encrypted: name a KMS key in spec.' + variables.` + name + `[0]
      reason: Forbidden
`
	}

	return head(name, "Keys of KMS for volumes and outputs, where the namespace requires them.") + `    - name: required
      expression: ` + annotation("require-encryption") + `.split(',').map(p, p.trim())
` + class("volumes", volumes) + class("outputs", outputs) + "  validations:\n" + rule("volumes") + rule("outputs") + binding(name)
}

// runtimeFields are the limits of how long jobs run.
func runtimeFields(t *testing.T) []use {
	t.Helper()

	var found []use

	for _, f := range fields(t) {
		// That of a tuning job is about when no more jobs are begun.
		if f.name() == "maxRuntimeInSeconds" && !strings.HasSuffix(f.path, "resourceLimits.maxRuntimeInSeconds") {
			require.True(t, strings.HasSuffix(f.path, "stoppingCondition.maxRuntimeInSeconds"), f.path)
			found = append(found, use{f.kind, f.path})
		}
	}

	return found
}

// keptFields are the times for which instances are kept when a job has ended.
func keptFields(t *testing.T) []use {
	t.Helper()

	var found []use

	for _, f := range fields(t) {
		if f.name() == "keepAlivePeriodInSeconds" {
			found = append(found, use{f.kind, f.path})
		}
	}

	return found
}

func longest(jobs, kept []demand) string {
	const name = "run-time"

	return head(name, "How long jobs may run, where the namespace limits it.") + `    - name: limit
      expression: ` + annotation("max-run-time") + `
    - name: seconds
      expression: "variables.limit == '' ? 0 : duration(variables.limit).getSeconds()"
    - name: longer
      expression: >-
        variables.limit == '' ? [] : ` + unmet(jobs, "%s > variables.seconds", "2147483647") + ` +
        ` + unmet(kept, "%s > variables.seconds", "0") + `
  validations:
    - expression: size(variables.longer) == 0
      messageExpression: >-
        'the namespace lets jobs run for ' + variables.limit + ' at most: spec.' + variables.longer[0] + ' has to say so'
      reason: Forbidden
` + binding(name)
}

// limits are the generated policies by file.
func limits(t *testing.T) map[string]string {
	t.Helper()

	volumes, outputs := keyDemands(t)

	return map[string]string{
		"instance-types.yaml": allowList("instance-types", "The instance types that a namespace allows.", "instance type", pathsOf(instanceFields(t))),
		"images.yaml":         allowList("images", "The images, or registries, and the algorithms that a namespace allows.", "image or algorithm", pathsOf(codeFields(t))),
		"roles.yaml":          allowList("roles", "The roles that a namespace allows.", "role", pathsOf(roleFields(t))),
		"encryption.yaml":     encryption(volumes, outputs),
		"run-time.yaml":       longest(demandsOf(runtimeFields(t), "stoppingCondition.maxRuntimeInSeconds"), demandsOf(keptFields(t), "keepAlivePeriodInSeconds")),
	}
}

// TestLimitsFollowTheKinds: the policies are about every field of every kind that
// there is.
func TestLimitsFollowTheKinds(t *testing.T) {
	t.Parallel()

	for file, text := range limits(t) {
		requireGenerated(t, "components/policy/"+file, text)
	}
}
