package loop_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// breaches are changes of what is within all limits that the policy on one of them
// refuses, unless it allows everything.
var breaches = map[string]struct{ from, to, says string }{
	"allowed-instance-types": {"ml.m5.xlarge", "ml.none.xlarge", "instance type ml.none.xlarge is none"},
	"allowed-images":         {"141502667606.", "none.", "image or algorithm none."},
	"allowed-roles":          {"role/abalone", "role/none", "role arn:aws:iam::123456789012:role/none is none"},
	"require-encryption":     {", volumeKMSKeyID: alias/ml", "", "volumes to be encrypted"},
	"max-run-time":           {"3600", "864000", "at most"},
}

// limit sets annotations of the namespace, and waits until the shipped policies hold
// them: a probe is refused that was not before, and so is what each limit does not allow.
func (w *world) limit(probe, says string, annotations map[string]string) {
	w.t.Helper()
	for _, file := range []string{"instance-types", "images", "roles", "encryption", "run-time"} {
		w.install("../../kustomize/components/policy/" + file + ".yaml")
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.namespace}}
	patch := client.MergeFrom(namespace.DeepCopy())
	namespace.Annotations = map[string]string{}
	for name, value := range annotations {
		namespace.Annotations["sagemaker.gitops.dev/"+name] = value
	}
	require.NoError(w.t, w.kube.Patch(w.ctx, namespace, patch))
	w.refuses(probe, says)
	for name, value := range annotations {
		if breach := breaches[name]; !strings.HasSuffix(value, ", *") {
			w.refuses(replace(limited, breach.from, breach.to), breach.says)
		}
	}
}

// refuses waits until an object is refused: the API server takes up annotations, and
// each policy and each binding by itself, after a moment.
func (w *world) refuses(text, says string) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		err := w.try(text)
		return apierrors.IsForbidden(err) && strings.Contains(err.Error(), says)
	}, eventually, 50*time.Millisecond, says)
}

// try asks whether an object would be taken.
func (w *world) try(text string) error { return w.tryAs(w.kube, text) }

// tryAs asks whether it would be taken of somebody.
func (w *world) tryAs(who client.Client, text string) error {
	w.t.Helper()
	return who.Patch(w.ctx, w.parse(text), client.Apply, client.DryRunAll, client.FieldOwner("git"), client.ForceOwnership) //nolint:staticcheck // the object is made of text
}

const limited = `
kind: TrainingJob
metadata: {name: abalone}
spec:
  roleARN: arn:aws:iam::123456789012:role/abalone
  algorithmSpecification: {trainingImage: 141502667606.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1, trainingInputMode: File}
  outputDataConfig: {s3OutputPath: s3://acme-ml/out, kmsKeyID: alias/ml}
  resourceConfig: {instanceCount: 1, instanceType: ml.m5.xlarge, volumeSizeInGB: 10, volumeKMSKeyID: alias/ml}
  stoppingCondition: {maxRuntimeInSeconds: 3600}
`

// TestLimitsOfANamespace: the shipped policies hold what the annotations of a
// namespace say, with the cause in the refusal; what was let in before stays, and can
// be deleted.
func TestLimitsOfANamespace(t *testing.T) {
	w := newWorld(t)
	rows := []struct{ reason, from, to, says string }{
		{"an instance type", "ml.m5.xlarge", "ml.p5.48xlarge", "instance type ml.p5.48xlarge is none that the namespace allows: ml.m5.*, ml.t3.medium"},
		{"a registry", "141502667606.", "666666666666.", "image or algorithm 666666666666.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1 is none that the namespace allows: 141502667606.*"},
		{"an algorithm", "trainingImage: 141502667606.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1", "algorithmName: anything", "image or algorithm anything is none that the namespace allows"},
		{"a role", "role/abalone", "role/admin", "role arn:aws:iam::123456789012:role/admin is none that the namespace allows: arn:aws:iam::123456789012:role/abalone"},
		{"a role to call AWS with", "spec:", "spec:\n  assumeRole: {roleARN: arn:aws:iam::123456789012:role/admin}", "role arn:aws:iam::123456789012:role/admin is none"},
		{"no key for the volume", ", volumeKMSKeyID: alias/ml", "", "the namespace requires volumes to be encrypted: name a KMS key in spec.resourceConfig.volumeKMSKeyID"},
		{"no key for the output", ", kmsKeyID: alias/ml", "", "the namespace requires outputs to be encrypted: name a KMS key in spec.outputDataConfig.kmsKeyID"},
		{"too long", "3600", "7201", "the namespace lets jobs run for 2h at most: spec.stoppingCondition.maxRuntimeInSeconds has to say so"},
		{"instances that are kept", "instanceCount: 1", "instanceCount: 1, keepAlivePeriodInSeconds: 7201", "the namespace lets jobs run for 2h at most: spec.resourceConfig.keepAlivePeriodInSeconds has to say so"},
		{"as long as AWS likes", "  stoppingCondition: {maxRuntimeInSeconds: 3600}\n", "", "the namespace lets jobs run for 2h at most"},
	}
	for _, row := range rows {
		require.NoError(t, w.try(replace(limited, row.from, row.to)), "%s, where there is no limit", row.reason)
	}
	older := replace(replace(limited, "name: abalone", "name: older"), "ml.m5.xlarge", "ml.p5.48xlarge")
	w.apply(older)

	w.limit(replace(limited, "ml.m5.xlarge", "ml.p5.48xlarge"), "is none", map[string]string{
		"allowed-instance-types": "ml.m5.*, ml.t3.medium", "allowed-images": "141502667606.*", "allowed-roles": "arn:aws:iam::123456789012:role/abalone",
		"require-encryption": "volumes, outputs", "max-run-time": "2h",
	})
	for _, row := range rows {
		w.refuses(replace(limited, row.from, row.to), row.says)
	}
	for _, variants := range []string{
		"productionVariants: [{variantName: a, modelName: a, instanceType: ml.m5.large}]",
		"productionVariants: [{variantName: a, modelName: a, instancePools: [{instanceType: ml.m5.large, priority: 1}]}]",
		"productionVariants: [{variantName: a, modelName: a, serverlessConfig: {maxConcurrency: 1, memorySizeInMB: 1024}}]\n" +
			"  shadowProductionVariants: [{variantName: b, modelName: a, instanceType: ml.m5.large}]",
	} {
		config := "kind: EndpointConfig\nmetadata: {name: a}\nspec:\n  " + variants
		require.ErrorContains(t, w.try(config), "the namespace requires volumes to be encrypted: name a KMS key in spec.kmsKeyID")
		deployment := replace(replace(replace(config, "EndpointConfig", "ModelDeployment"), "productionV", "v"), "shadowProductionV", "shadowV")
		require.ErrorContains(t, w.try(deployment), "the namespace requires volumes to be encrypted: name a KMS key in spec.kmsKeyID")
		require.NoError(t, w.try(config+"\n  kmsKeyID: alias/ml"))
		require.NoError(t, w.try(deployment+"\n  kmsKeyID: alias/ml"))
	}
	require.NoError(t, w.try(limited))
	require.NoError(t, w.try(older), "what is there can be applied again")
	require.NoError(t, w.try(replace(older, "metadata: {", "metadata: {labels: {a: b}, ")))
	require.Error(t, w.try(replace(older, "instanceCount: 1", "instanceCount: 2")), "another spec is looked at")
	for _, steers := range []string{"suspend: true", "deletionPolicy: Retain", "managementPolicy: Observe"} {
		require.NoError(t, w.try(replace(older, "spec:\n", "spec:\n  "+steers+"\n")), "what is there can be let go of")
		require.ErrorContains(t, w.try(replace(replace(older, "spec:\n", "spec:\n  "+steers+"\n"), "ml.p5.", "ml.p4d.")), "ml.p4d.48xlarge is none")
	}
	require.Error(t, w.try(replace(older, "spec:\n", "spec:\n  rerun: again\n")), "and no more is made of it")

	w.startController()
	w.until("it has a finalizer", func() bool {
		job, _ := get(w, "older", &v1alpha1.TrainingJob{})
		return len(job.Finalizers) > 0
	})
	require.NoError(t, w.kube.Delete(w.ctx, w.parse(older)))
	w.until("what would not be let in any more is deleted", func() bool {
		return apierrors.IsNotFound(w.kube.Get(w.ctx, client.ObjectKey{Namespace: w.namespace, Name: "older"}, w.parse(older)))
	})
}

// TestLimitsOfPipelines: a pipeline cannot get around them by a template, and says
// why before anything runs.
func TestLimitsOfPipelines(t *testing.T) {
	w := newPipelineWorld(t)
	allowed := map[string]string{"allowed-instance-types": "ml.m5.large, ml.m5.xlarge", "max-run-time": "1h"}
	w.limit(replace(limited, "ml.m5.xlarge", "ml.p5.48xlarge"), "is none", allowed)

	large := pipeline(map[string]string{"instanceType": "ml.p5.48xlarge"})
	w.apply(large)
	p := w.pipelineStalled(reason.ValidationFailed)
	require.Contains(t, readyCondition(p).Message, "step train: ")
	require.Contains(t, readyCondition(p).Message, "instance type ml.p5.48xlarge is none that the namespace allows: ml.m5.large, ml.m5.xlarge")
	require.Empty(t, w.mutations(), "nothing runs")

	require.ErrorContains(t, w.try(replace(pipeline(nil), "retry: {", "instanceFallback: [ml.p4d.24xlarge]\n    retry: {")),
		"instance type ml.p4d.24xlarge is none", "what a job is run again on stands in the pipeline itself")

	w.apply(replace(pipeline(nil), "maxRuntimeInSeconds: 3600", "maxRuntimeInSeconds: 86400"))
	w.until("another limit is told", func() bool {
		return strings.Contains(readyCondition(w.pipeline()).Message, "the namespace lets jobs run for 1h at most")
	})
	require.Empty(t, w.mutations())

	w.apply(pipeline(nil))
	evidence := w.awaits()

	// A limit that comes while the pipeline is at work holds for what it has yet to make.
	w.limit(replace(limited, "ml.m5.xlarge", "ml.m5.large"), "is none", map[string]string{"allowed-instance-types": "ml.m5.xlarge"})
	w.apply(pipeline(nil, approved(evidence)))
	w.until("the pipeline says why it cannot go on", func() bool {
		return strings.Contains(readyCondition(w.pipeline()).Message, "instance type ml.m5.large is none that the namespace allows: ml.m5.xlarge")
	})
	p = w.pipelineStalled(reason.ValidationFailed)
	require.Contains(t, readyCondition(p).Message, "step serve: ")
	require.Empty(t, w.aws.Objects("Endpoint"))
}

// TestLimitsThatComeLater: a pipeline goes on letting go of what it has made when that
// would not be let in any more.
func TestLimitsThatComeLater(t *testing.T) {
	w := newPipelineWorld(t, "TrainingJob/Training")
	const forgetful = "history: {limit: 0}"
	w.apply(pipeline(nil, forgetful))
	w.until("a job runs", func() bool { return len(w.jobs("InProgress")) == 1 })
	superseded := w.stepOf("train").Child
	w.limit(replace(limited, "ml.m5.xlarge", "ml.p5.48xlarge"), "is none", map[string]string{"allowed-instance-types": "ml.m5.large, ml.m5.2xlarge"})

	within := map[string]string{"rounds": "200", "instanceType": "ml.m5.2xlarge"}
	w.apply(pipeline(within, forgetful))
	w.until("it is superseded", func() bool { return len(w.jobs("Stopped")) == 1 && len(w.jobs("InProgress")) == 1 })
	evidence := w.awaits()
	w.apply(pipeline(within, forgetful, approved(evidence)))
	w.completed()
	w.until("nothing is left of it", func() bool { _, there := get(w, superseded, &v1alpha1.TrainingJob{}); return !there })
	served := w.served()

	w.limit(replace(limited, "ml.m5.xlarge", "ml.m5.2xlarge"), "is none", map[string]string{"allowed-instance-types": "ml.t3.medium"})
	w.apply(pipeline(within, forgetful, approved(evidence), "deletionPolicy: Retain"))
	require.NoError(t, w.kube.Delete(w.ctx, w.pipeline()))
	w.until("the pipeline is gone", func() bool { _, there := get(w, "abalone", &v1alpha1.ModelPipeline{}); return !there })
	require.Equal(t, served, w.served())
}

// TestPipelineRefusedToLetGo: what the API server does not let a pipeline let go of is
// told, and goes on when it does.
func TestPipelineRefusedToLetGo(t *testing.T) {
	w := newPipelineWorld(t)
	w.apply(pipeline(nil))
	w.until("a job runs", func() bool { return len(w.jobs("InProgress")) == 1 })
	loosen := w.keep(&v1alpha1.TrainingJob{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: w.stepOf("train").Child}})
	w.apply(pipeline(map[string]string{"rounds": "200"}))
	p := w.pipelineStalled(reason.ValidationFailed)
	require.Contains(t, readyCondition(p).Message, "step train: letting go of abalone-train-")
	require.Contains(t, readyCondition(p).Message, "all stays as it is")

	w.apply(pipeline(map[string]string{"rounds": "200"}, "deletionPolicy: Retain"))
	require.NoError(t, w.kube.Delete(w.ctx, w.pipeline()))
	w.until("it says why it stays", func() bool {
		is := readyCondition(w.pipeline())
		return strings.HasPrefix(is.Message, "letting go of abalone-train-") && strings.Contains(is.Message, "all stays as it is")
	})
	loosen()
	w.until("it is gone", func() bool { _, there := get(w, "abalone", &v1alpha1.ModelPipeline{}); return !there })
}

// TestDeploymentRefusedToLetGo: a deployment that is being deleted tells the same.
func TestDeploymentRefusedToLetGo(t *testing.T) {
	w := newDeploymentWorld(t)
	w.apply(deployment(1))
	w.deployed()
	loosen := w.keep(&v1alpha1.Endpoint{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "abalone"}})
	w.apply(deployment(1, "suspend: true", "deletionPolicy: Retain"))
	require.NoError(t, w.kube.Delete(w.ctx, w.deployment()))
	w.until("it says why it stays", func() bool {
		is := readyCondition(w.deployment())
		return strings.HasPrefix(is.Message, "letting go of abalone") && strings.Contains(is.Message, "all stays as it is")
	})
	loosen()
	w.until("it is gone", func() bool { _, there := get(w, "abalone", &v1alpha1.ModelDeployment{}); return !there })
}

// keep makes a policy of somebody else's by which nobody changes the deletionPolicy of an
// object, or of others in the namespace, until that is loosened.
func (w *world) keep(obj client.Object) (loosen func()) {
	w.t.Helper()
	w.everywhere(replace(`
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: NAME}
spec:
  matchConstraints:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: NAME}}
    resourceRules:
    - {apiGroups: [sagemaker.gitops.dev], apiVersions: ["*"], operations: [UPDATE], resources: [trainingjobs, models, endpointconfigs, endpoints]}
  validations:
  - expression: object.spec.?deletionPolicy == oldObject.spec.?deletionPolicy
    message: all stays as it is
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: NAME}
spec: {policyName: NAME, validationActions: [Deny]}
`, "NAME", w.namespace))
	retain := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"deletionPolicy":"Retain"}}`))
	require.Eventually(w.t, func() bool {
		return apierrors.IsInvalid(w.kube.Patch(w.ctx, obj, retain, client.DryRunAll))
	}, eventually, 50*time.Millisecond, "the API server takes up policies after a moment")
	return func() {
		binding := &admissionregistrationv1.ValidatingAdmissionPolicyBinding{ObjectMeta: metav1.ObjectMeta{Name: w.namespace}}
		require.NoError(w.t, w.kube.Delete(w.ctx, binding))
	}
}

// TestLimitsOfDeployments: what a deployment makes is held to them too, and it says so.
func TestLimitsOfDeployments(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(`
kind: ModelDeployment
metadata: {name: abalone}
spec:
  executionRoleARN: arn:aws:iam::123456789012:role/abalone
  variants:
  - variantName: main
    instanceType: ml.m5.large
    initialInstanceCount: 1
    model: {primaryContainer: {image: 141502667606.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1, modelDataRef: {kind: TrainingJob, name: abalone}}}
`)
	ready := func() metav1.Condition {
		deployment, _ := get(w, "abalone", &v1alpha1.ModelDeployment{})
		return readyCondition(deployment)
	}
	w.until("it waits for its model", func() bool { return ready().Reason == reason.WaitingForReference })
	w.limit(replace(limited, "ml.m5.xlarge", "ml.m5.large"), "is none", map[string]string{"allowed-instance-types": "ml.m5.xlarge"})
	w.apply(limited)
	w.until("it says why it cannot go on", func() bool {
		return strings.Contains(ready().Message, "instance type ml.m5.large is none that the namespace allows: ml.m5.xlarge")
	})
	require.Equal(t, reason.ValidationFailed, ready().Reason)
	require.Empty(t, w.aws.Objects("Endpoint"))
}

// TestLimitsLetExamplesPass: the policies take an object of every kind, at a cost that
// the API server bears.
func TestLimitsLetExamplesPass(t *testing.T) {
	w := newWorld(t)
	w.limit(replace(limited, "maxRuntimeInSeconds: 3600", "maxRuntimeInSeconds: 864000"), "at most", map[string]string{
		"allowed-instance-types": strings.Repeat("ml.x.large, ", 20) + "*", "allowed-images": strings.Repeat("example.com/a, ", 20) + "*",
		"allowed-roles": strings.Repeat("arn:aws:iam::123456789012:role/a, ", 20) + "*", "max-run-time": "48h",
	})
	files, err := filepath.Glob("../../examples/kinds/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for doc := range strings.SplitSeq(string(text), "\n---\n") {
			if err := w.try(doc); err != nil {
				require.ErrorContains(t, err, "stoppingCondition.maxRuntimeInSeconds has to say so", file)
			}
		}
	}
}
