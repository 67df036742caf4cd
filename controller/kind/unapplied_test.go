package kind_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// A field that AWS changes only while a job runs is changed in git after the job's end:
// the condition and one event say that it is not applied, the job stays completed, and
// AWS is asked to change nothing.
func TestChangedAfterItsEnd(t *testing.T) {
	t.Parallel()
	changes := map[string]map[string]any{
		"TrainingJob":       readStory(t, kind.TrainingJob)[1].Spec,
		"PipelineExecution": {"parallelismConfiguration": map[string]any{"maxParallelExecutionSteps": 2}},
	}
	for _, k := range jobs() {
		change := changes[k.Kind()]
		require.Equal(t, k.Update.Exists(), change != nil, k.Kind())
		if change == nil {
			continue // AWS changes nothing of such a job
		}
		t.Run(k.Kind(), func(t *testing.T) {
			t.Parallel()
			w := newRun(t, k)
			message := func() string {
				obj, err := w.get(t.Context())
				require.NoError(t, err)
				require.Equal(t, reason.Completed, told(obj))
				return meta.FindStatusCondition(obj.GetConditions(), "Ready").Message
			}
			w.rest(8 * time.Hour)
			require.NotContains(t, message(), "not applied")
			w.heard("")
			w.aws.Journal().Reset()

			first := map[string]any{}
			for field := range change {
				first[field] = w.spec[field]
			}
			w.change(change)
			for range 3 {
				w.reconcile(time.Minute)
			}
			require.Contains(t, message(), "; not applied, since AWS changes it only while the job runs: ")
			require.Len(t, w.heard(reason.ImmutableField), 1)
			require.Empty(t, w.aws.Journal().Mutations())

			w.change(first)
			w.reconcile(time.Minute)
			require.NotContains(t, message(), "not applied", "git asks for what ran")
			require.Empty(t, w.heard(reason.ImmutableField))
		})
	}
}
