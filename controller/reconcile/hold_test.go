package reconcile

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// A refused call is looked after within a quarter of the time that it has been refused
// for, and made again when that time has passed once more.
func TestHoldsBackOff(t *testing.T) {
	for _, row := range []struct{ refused, look, call time.Duration }{
		{0, 5 * time.Second, 5 * time.Second},
		{time.Minute, 15 * time.Second, time.Minute},
		{5 * time.Minute, 75 * time.Second, 5 * time.Minute},
		{24 * time.Hour, 2 * time.Minute, 10 * time.Minute},
	} {
		h := hold{since: epoch, at: epoch.Add(row.refused)}
		require.Equal(t, row.look, h.look(h.at), "after %s", row.refused)
		require.False(t, h.due(h.at.Add(row.call-time.Second)), "after %s", row.refused)
		require.True(t, h.due(h.at.Add(row.call)), "after %s", row.refused)
	}
}

// What a call waits for begins anew when it is something else.
func TestHoldsBeginAnewWithWhatTheyWaitFor(t *testing.T) {
	r, clock := newLoop(serviceKind)
	refused := errors.New("no")
	r.memory.refuse("0", "call", "it is absent", "", refused)
	clock.Step(time.Hour)
	require.Equal(t, lastLook, r.memory.refuse("0", "call", "it is absent", "", refused).look(clock.Now()))
	require.Equal(t, firstRetry, r.memory.moved("0", "call", "it is Creating", "").look(clock.Now()))
	h, held := r.memory.held("0", "call")
	require.True(t, held)
	require.Equal(t, refused, h.why, "AWS's words stay")
	r.memory.calm("0")
	_, held = r.memory.held("0", "call")
	require.False(t, held)
}

// A job needs what it names for as long as one of its runs may be at work.
func TestEndedJobsUseNothing(t *testing.T) {
	for outcome, uses := range map[v1alpha1.RunOutcome]bool{
		v1alpha1.RunSubmitting: true, v1alpha1.RunRunning: true, v1alpha1.RunSuperseding: true, v1alpha1.RunFailed: false,
		v1alpha1.RunCompleted: false, v1alpha1.RunStopped: false, v1alpha1.RunSuperseded: false,
	} {
		s := newScope(jobKind)
		status := s.object.Common()
		status.References = []v1alpha1.ConsumedReference{{Kind: "Model", AWSName: "one"}}
		require.Len(t, useKeys(s.object), 1, "it has not begun")
		status.Runs = []v1alpha1.Run{{Outcome: outcome}, {Outcome: v1alpha1.RunCompleted}}
		require.Equal(t, uses, len(useKeys(s.object)) == 1, outcome)
	}
}

// What a field names is found under what its object is called, however it is named.
func TestWhatIsNamedIsFoundByWhatItIsCalled(t *testing.T) {
	const arn = "arn:aws:sagemaker:us-east-1:123456789012:"
	for _, row := range []struct {
		reason string
		named  named
		key    string
	}{
		{"by name", named{"Model", "One", v1alpha1.ReferenceName}, "Model/one"},
		{"by ARN, whose case depends on its age", named{"Model", arn + "model/One", v1alpha1.ReferenceARN}, "Model/" + arn + "model/one"},
		{"by the name in an ARN, before the ARN is known", named{"ModelPackage", arn + "model-package/p", v1alpha1.ReferenceARN}, "ModelPackage/p"},
		{"a version", named{"ModelPackage", arn + "model-package/g/1", v1alpha1.ReferenceARN}, "ModelPackage/g/1"},
	} {
		require.Contains(t, row.named.keys(), row.key, row.reason)
	}
	require.Equal(t, shape.Tree{"TrainingJobName": "j"}, named{"TrainingJob", arn + "training-job/j", v1alpha1.ReferenceARN}.address(jobKind, nil))
	require.Equal(t, "TrainingJob j", named{"TrainingJob", arn + "training-job/j", v1alpha1.ReferenceARN}.title())
}
