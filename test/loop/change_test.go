package loop_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	fluxmeta "github.com/fluxcd/pkg/apis/meta"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

// forced asks for an object to be tried again.
func (w *world) forced(obj client.Object, token string) {
	w.t.Helper()
	annotations := obj.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[fluxmeta.ReconcileRequestAnnotation], annotations[fluxmeta.ForceRequestAnnotation] = token, token
	obj.SetAnnotations(annotations)
	require.NoError(w.t, w.kube.Update(w.ctx, obj))
}

// A new configuration resets the counts that the spec asks for beside it: the
// second change follows the first, and is no roll-back.
func TestConfigurationAndCounts(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(trainingJob(100) + "\n---\n" + model + "\n---\n" + endpointConfig)
	counted := replace(endpoint, "endpointConfigRef: {name: abalone}",
		"endpointConfigRef: {name: abalone}, desiredWeightsAndCapacities: [{variantName: main, desiredInstanceCount: 3}]")
	w.apply(counted)
	w.until("three instances serve", w.chainReady)
	require.Equal(t, 1, w.mutations()["UpdateEndpointWeightsAndCapacities"])
	w.apply(trainingJob(200))
	w.until("the next model is served by three", func() bool {
		return w.ran(200) && w.chainReady() && w.mutations()["UpdateEndpointWeightsAndCapacities"] == 2
	})
	require.Equal(t, 1, w.mutations()["UpdateEndpoint"])
	require.EqualValues(t, 3, *w.endpoint().Status.ProductionVariants[0].DesiredInstanceCount)
}

// Two changes of a running job that AWS takes one after the other.
func TestTwoChangesOfAJob(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(trainingJob(100))
	w.until("it trains", func() bool { return len(w.jobs("InProgress")) == 1 })
	w.apply(trainingJob(100, "profilerConfig: {s3OutputPath: s3://acme-ml/profile, profilingIntervalInMilliseconds: 500}"))
	w.until("the profiler is changed", func() bool { return w.mutations()["UpdateTrainingJob"] == 1 })
	w.apply(trainingJob(100, "profilerConfig: {s3OutputPath: s3://acme-ml/profile, profilingIntervalInMilliseconds: 1000}"))
	w.until("and changed again", func() bool { return w.mutations()["UpdateTrainingJob"] == 2 })
	w.until("it is done", func() bool { return isReady(w.job()) })
	require.Equal(t, 1, w.mutations()["CreateTrainingJob"])
}

// A person's request outlives an answer that AWS lost.
func TestForcedDespiteALostAnswer(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(abalone())
	w.until("ready", w.chainReady)
	w.fault(rollsBackOnce())
	w.apply(trainingJob(200))
	w.until("rolled back", func() bool {
		return isStalled(w.endpoint()) && readyCondition(w.endpoint()).Reason == reason.RolledBack
	})
	w.fault(fault.Rule{Action: fault.Reject, Operation: "UpdateEndpoint", Code: "InternalFailure", Message: "oops", Status: 500, Times: 1})
	w.forced(w.endpoint(), "once more")
	w.until("it is done after all", w.chainReady)
	require.Equal(t, 2, w.mutations()["UpdateEndpoint"])
	require.Equal(t, "once more", w.endpoint().Status.LastHandledForceAt)
}

// AWS could not even go back: the next spec is the way out, or a person's word.
func TestRollBackFailed(t *testing.T) {
	w := newWorld(t)
	fails := fault.Rule{Action: fault.FailRollBack, Kind: "Endpoint", Reason: "could not go back", Times: 1}
	w.startController()
	w.apply(abalone())
	w.until("ready", w.chainReady)
	stuck := func() bool {
		return isStalled(w.endpoint()) && readyCondition(w.endpoint()).Reason == reason.RolledBack
	}
	w.fault(fails)
	w.apply(trainingJob(200))
	w.until("two fleets are left", stuck)
	w.pass(time.Hour, 10*time.Second)
	require.Equal(t, 1, w.mutations()["UpdateEndpoint"], "it is not tried again by itself")
	w.apply(trainingJob(300))
	w.until("the next spec is served", func() bool { return w.ran(300) && w.chainReady() })

	w.fault(fails)
	w.apply(trainingJob(200))
	w.until("two fleets again", stuck)
	w.apply(trainingJob(300))
	w.until("the spec is what AWS describes", func() bool {
		return isStalled(w.endpoint()) && readyCondition(w.endpoint()).Reason == reason.RolledBack
	})
	w.forced(w.endpoint(), "one fleet")
	w.until("one fleet is made of two", w.chainReady)
}

// A machine that has been used may hold work: it is not deleted because it does
// not start.
func TestNotebookThatFails(t *testing.T) {
	t.Parallel()
	p := newPlay(t, kind.NotebookInstance)
	p.startController()
	p.tell(p.steps[0])
	p.fault(fault.Rule{Action: fault.Fail, Kind: "NotebookInstance", Stage: "Pending", Reason: "the lifecycle script failed", Times: 1})
	p.push(map[string]any{"volumeSizeInGB": 20})
	p.until("it does not start", func() bool { return p.reason() == reason.Failed })
	p.push(map[string]any{"volumeSizeInGB": 30})
	p.ready()
	require.Zero(t, p.calls(kind.NotebookInstance.Delete))

	p.fault(fault.Rule{Action: fault.Fail, Kind: "NotebookInstance", Stage: "Pending", Reason: "the lifecycle script failed", Times: 1})
	p.push(map[string]any{"volumeSizeInGB": 40})
	p.until("it does not start", func() bool { return p.reason() == reason.Failed })
	o, _ := p.object()
	p.forced(o, "start it")
	p.ready()
	require.Zero(t, p.calls(kind.NotebookInstance.Delete))
}

// What a namespace says of deletions is not guessed at.
func TestUnknownDeletionPolicy(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(trainingJob(100) + "\n---\n" + model)
	w.until("both are ready", func() bool { c := w.chain(); return len(c) == 2 && isReady(c[0]) && isReady(c[1]) })
	w.annotateNamespace("sagemaker.gitops.dev/deletion-policy", "retain")
	read := func() *v1alpha1.Model { m, _ := get(w, "abalone", &v1alpha1.Model{}); return m }
	w.until("it is told", func() bool { return isStalled(read()) && readyCondition(read()).Reason == reason.ValidationFailed })
	require.Contains(t, readyCondition(read()).Message, `"retain" is none of`)
	require.NoError(t, w.kube.Delete(w.ctx, read()))
	w.pass(time.Hour, 10*time.Second)
	require.Len(t, w.aws.Objects("Model"), 1, "nothing is deleted on a guess")
	w.annotateNamespace("sagemaker.gitops.dev/deletion-policy", "Retain")
	w.until("it is let go", func() bool { _, there := get(w, "abalone", &v1alpha1.Model{}); return !there })
	require.Len(t, w.aws.Objects("Model"), 1)
}

// A model that only the history of a configuration names is let go; one that an
// endpoint still serves is not.
func TestModelOfHistory(t *testing.T) {
	w := newWorld(t)
	w.startController()
	other := replace(replace(model, "{name: abalone}", "{name: next}"), "kind: TrainingJob, name: next", "kind: TrainingJob, name: abalone")
	w.apply(abalone() + "\n---\n" + strings.TrimPrefix(other, "\n"))
	w.until("ready", w.chainReady)
	first, _ := get(w, "abalone", &v1alpha1.Model{})
	w.fault(fault.Rule{Action: fault.Reject, Operation: "UpdateEndpoint", Code: "ThrottlingException", Message: "Rate exceeded", Times: 3})
	w.apply(replace(endpointConfig, "modelRef: {name: abalone}", "modelRef: {name: next}"))
	require.NoError(t, w.kube.Delete(w.ctx, first))
	w.until("the endpoint moves", func() bool { return w.mutations()["UpdateEndpoint"] == 1 })
	_, there := get(w, "abalone", &v1alpha1.Model{})
	require.True(t, there, "it served until then")
	w.until("it is let go", func() bool {
		_, there := get(w, "abalone", &v1alpha1.Model{})
		return !there && len(w.aws.Objects("Model")) == 1
	})
	config, _ := get(w, "abalone", &v1alpha1.EndpointConfig{})
	require.Len(t, config.Status.Revisions, 2, "history still tells of it")
}

// A deletion goes on although reconciliation is suspended.
func TestDeletedWhileSuspended(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(trainingJob(100))
	w.until("it trains", func() bool { return len(w.jobs("InProgress")) == 1 })
	w.apply(trainingJob(100, "suspend: true"))
	require.NoError(t, w.kube.Delete(w.ctx, w.job()))
	w.until("it is stopped and gone", func() bool { return len(w.chain()) == 0 && len(w.jobs("InProgress")) == 0 })
}

// Copies that are scaled are not set back to what git says.
func TestScaledComponent(t *testing.T) {
	t.Parallel()
	p := newPlay(t, kind.InferenceComponent)
	p.kinds = append(p.kinds, "ScalableTarget")
	p.startController()
	p.tell(p.steps[0])
	p.apply(`
kind: ScalableTarget
metadata: {name: copies}
spec: {inferenceComponentRef: {name: abalone}, minCapacity: 1, maxCapacity: 4}
`)
	p.until("it is scaled", func() bool {
		target, ok := get(p.world, "copies", &v1alpha1.ScalableTarget{})
		return ok && isReady(target)
	})
	o, _ := p.inAWS()
	_, err := p.sagemaker().UpdateInferenceComponentRuntimeConfig(p.ctx, &sagemaker.UpdateInferenceComponentRuntimeConfigInput{
		InferenceComponentName: aws.String(o.Name), DesiredRuntimeConfig: &types.InferenceComponentRuntimeConfig{CopyCount: aws.Int32(3)},
	})
	require.NoError(t, err)
	p.aws.Journal().Reset()
	p.pass(2*time.Hour, 10*time.Second)
	require.Empty(t, p.mutations())
	p.push(map[string]any{"specification": map[string]any{
		"modelName": "two", "computeResourceRequirements": map[string]any{"minMemoryRequiredInMb": 1024, "numberOfCPUCoresRequired": 1},
	}})
	p.ready()
	require.NotContains(t, p.requests("UpdateInferenceComponent")[0], "RuntimeConfig")
	require.Zero(t, p.mutations()["DeregisterScalableTarget"], "AWS does not ask for that")
}
