package loop_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
)

// TestPipelineWhy: status says of each step why the plan does something about it, and never
// that something does not exist, or will be created, which does.
func TestPipelineWhy(t *testing.T) {
	w := newPipelineWorld(t)
	w.apply(pipeline(nil))
	evidence := w.awaits()
	check := func() {
		for _, s := range w.pipeline().Status.Steps {
			require.NotContains(t, s.Why, "there is no")
			if s.Phase == v1alpha1.StepSucceeded {
				require.NotContains(t, s.Why, "will create", s.Name)
			}
		}
	}
	check()
	train := w.stepOf("train")
	require.Equal(t, "created TrainingJob "+train.Child, train.Why)
	require.Equal(t, "will create ModelDeployment abalone-serve", w.stepOf("serve").Why)

	w.apply(pipeline(nil, approved(evidence)))
	w.completed()
	check()
	require.Equal(t, "created ModelDeployment abalone-serve", w.stepOf("serve").Why)

	w.apply(pipeline(map[string]string{"rounds": "200"}, approved(evidence)))
	w.apply(pipeline(map[string]string{"rounds": "200"}, approved(evidence, w.awaits())))
	w.completed()
	check()
	require.Equal(t, v1alpha1.ActionUpdate, w.stepOf("serve").Action)
	require.Regexp(t, `^inputs changed \(digest [a-z2-7]{10}, was [a-z2-7]{10}\)$`, w.stepOf("train").Why)
}
