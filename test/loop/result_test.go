package loop_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

func (p *play) modelReason() string {
	obj, ok := get(p.world, "abalone", &v1alpha1.Model{})
	if !ok {
		return ""
	}
	return readyCondition(obj).Reason
}

// TestResultIsRepaired: a job that an earlier version has left Completed without the result
// that others consume gets it, and who waits for it is woken.
func TestResultIsRepaired(t *testing.T) {
	t.Parallel()
	p := newPlay(t, kind.HyperParameterTuningJob)
	p.kinds = append(p.kinds, "Model")
	p.startController()
	p.push(p.steps[0].Spec)
	p.ready()
	p.stopController()
	obj, _ := p.object()
	lose := client.RawPatch("application/merge-patch+json", []byte(`{"status":{"modelArtifacts":null}}`))
	require.NoError(t, p.kube.Status().Patch(p.ctx, obj, lose))

	p.fault(fault.Rule{Action: fault.Reject, Operation: p.kind.Describe.Name, Code: "ThrottlingException", Message: "Rate exceeded"})
	p.apply(replace(model, "kind: TrainingJob", "kind: HyperParameterTuningJob"))
	p.startController()
	p.until("the model waits", func() bool { return p.modelReason() == reason.WaitingForReference })
	p.aws.Faults().Clear()
	p.until("the model is there", func() bool { return p.modelReason() == reason.Created })
	require.True(t, p.isReady())
}

// TestResultThatIsHeldBack: a tuning job is not Completed before its model is known, and
// what is made of the model is then made.
func TestResultThatIsHeldBack(t *testing.T) {
	t.Parallel()
	p := newPlay(t, kind.HyperParameterTuningJob)
	p.kinds = append(p.kinds, "Model")
	p.fault(fault.Rule{Action: fault.Reject, Operation: "DescribeTrainingJob", Code: "ThrottlingException", Message: "Rate exceeded", Times: 30})
	p.startController()
	p.apply(replace(model, "kind: TrainingJob", "kind: HyperParameterTuningJob"))
	p.push(p.steps[0].Spec)
	held := false
	p.until("the model is there", func() bool {
		obj, ok := p.object()
		held = held || ok && readyCondition(obj).Reason == reason.Throttled
		if tuned, is := obj.(*v1alpha1.HyperParameterTuningJob); ok && is && isReady(obj) {
			require.NotNil(t, tuned.Status.ModelArtifacts, "Completed without its result")
		}
		return p.modelReason() == reason.Created
	})
	require.True(t, held)
}
