package kind_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// Every stage that objects of a kind can be in has a deadline, but where a job runs.
func TestEveryStageHasADeadline(t *testing.T) {
	for _, k := range kind.All() {
		for _, status := range append(k.States.Values(), "a status nobody knows") {
			if k.States.Member == "" || !k.States.Classify(status).Busy() {
				continue
			}
			why := k.States.Reason(status, "")
			deadline, known := k.Deadline(why)
			require.True(t, known, "%s %s: %s", k.Kind(), status, why)
			require.Equal(t, why == reason.Running, deadline == 0, "%s %s: %s", k.Kind(), status, why)
			require.LessOrEqual(t, deadline, 24*time.Hour)
		}
		for why := range k.Deadlines {
			_, known := kind.Model.Deadline(why)
			require.True(t, known, "%s of %s is no reason of a stage", why, k.Kind())
		}
	}
}
