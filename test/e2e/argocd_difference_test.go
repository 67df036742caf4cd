package e2e_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/bench"
)

// way is how Argo CD applies and compares.
type way struct {
	name    string
	options []string
	compare string
}

var (
	byClient     = way{"client-side apply", []string{"CreateNamespace=true"}, ""}
	byServer     = way{"server-side apply", []string{"CreateNamespace=true", "ServerSideApply=true"}, ""}
	byServerDiff = way{"server-side apply and diff", byServer.options, "ServerSideDiff=true"}
)

func (a *application) applyByClient(t *testing.T) {
	t.Helper()
	a.requireNoDifference(t, byClient)
}

func (a *application) applyByServer(t *testing.T) {
	t.Helper()
	a.requireNoDifference(t, byServer)
	var job v1alpha1.TrainingJob
	require.NoError(t, a.bench.Kube.Get(t.Context(), client.ObjectKey{Namespace: a.Namespace, Name: a.Name}, &job))
	require.True(t, slices.ContainsFunc(job.ManagedFields, func(entry metav1.ManagedFieldsEntry) bool {
		return entry.Operation == metav1.ManagedFieldsOperationApply && entry.Manager == "argocd-controller"
	}), "it was applied by the server: %v", job.ManagedFields)
}

func (a *application) compareByServer(t *testing.T) {
	t.Helper()
	a.requireNoDifference(t, byServerDiff)
}

// differNowhere is all of that, for what has no part for each.
func (a *application) differNowhere(t *testing.T) {
	t.Helper()
	for _, w := range []way{byClient, byServer, byServerDiff} {
		a.requireNoDifference(t, w)
	}
}

// requireNoDifference: after the controller has done its work nothing differs from
// git, and to apply it once more runs nothing.
func (a *application) requireNoDifference(t *testing.T, w way) {
	t.Helper()
	before := a.jobs()
	require.NoError(t, a.bench.PatchApplication(t.Context(), a.Name, map[string]any{
		"metadata": map[string]any{"annotations": map[string]any{"argocd.argoproj.io/compare-options": w.compare}},
		"spec":     map[string]any{"syncPolicy": map[string]any{"syncOptions": w.options}},
	}))
	require.NoError(t, a.bench.Sync(t.Context(), a.Name, w.options))
	a.await(t, "applied by "+w.name, func(state bench.State) bool { return !state.Asked && state.Phase == "Succeeded" })
	require.NoError(t, a.bench.Compare(t.Context(), a.Name))
	state := a.await(t, "compared by "+w.name, func(state bench.State) bool { return !state.Asked })
	require.Equal(t, "Synced", state.Sync, "%s: %s", w.name, state)
	require.Empty(t, state.Conditions)
	for _, resource := range state.Resources {
		require.Equal(t, "Synced", resource.Sync, "%s: %v", w.name, resource)
	}
	require.Len(t, a.jobs(), len(before))
}
