package e2e_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/bench"
)

// wait: what is in the second wave waits for the job in the first, and is not applied
// at all when that fails.
func (a *application) wait(t *testing.T) {
	t.Helper()
	commit := a.give(t)
	for _, phase := range []string{"Running", "Succeeded"} {
		a.await(t, "the sync is "+phase, func(state bench.State) bool {
			if a.running() > 0 {
				require.Empty(t, a.second(t), "the second wave waits for the job")
				require.NotEqual(t, "Succeeded", state.Phase)
			}
			return state.Phase == phase && (phase == "Succeeded" || a.running() > 0)
		})
	}
	a.awaitHealthy(t, commit)
	require.Equal(t, "a", a.second(t))

	files := map[string]string{}
	for file, change := range map[string][2]string{
		"training-job.yaml": {"s3://acme-ml/abalone/train/", "s3://acme-ml/abalone/trian/"},
		"config-map.yaml":   {"value: a", "value: b"},
	} {
		files[file] = a.changed(t, file, change[0], change[1])
	}
	bad := a.push(t, files)
	state := a.await(t, "the sync fails", func(state bench.State) bool {
		return state.Operated == bad && strings.Contains(state.Message, "completed unsuccessfully")
	})
	require.Equal(t, "Degraded", state.Of("TrainingJob").Health)
	require.Equal(t, "a", a.second(t), "the second wave is not applied")
}

// second is what the ConfigMap of the second wave says; empty while there is none.
func (a *application) second(t *testing.T) string {
	t.Helper()
	var second corev1.ConfigMap
	err := a.bench.Kube.Get(t.Context(), client.ObjectKey{Namespace: a.Namespace, Name: "second"}, &second)
	require.NoError(t, client.IgnoreNotFound(err))
	return second.Data["value"]
}
