package e2e_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/bench"
)

// settle: nothing that the controller does with an object of any kind makes it differ
// from git.
func (a *application) settle(t *testing.T) {
	t.Helper()
	for _, key := range []string{"abalone/batch/part-0", "abalone/models/model.tar.gz", "snails/input.manifest"} {
		require.NoError(t, a.bench.AWS.PutObject(bench.Bucket, key, []byte("data")))
	}
	commit := a.give(t)
	state := a.await(t, "synced at "+commit[:7], func(state bench.State) bool {
		return state.Sync == "Synced" && state.Revision == commit && state.Phase == "Succeeded"
	})
	require.Len(t, state.Resources, len(kind.All()))
	require.True(t, until(t, a.bench, func(context.Context) bool {
		return !slices.ContainsFunc(state.Resources, func(resource bench.ResourceState) bool { return !a.judged(t, resource) })
	}), "the controller has judged all")
	a.await(t, "the last of the longest chain is healthy", func(state bench.State) bool {
		return state.Of("ScheduledAction").Health == "Healthy"
	})
	for _, w := range []way{byClient, byServer, byServerDiff} {
		a.requireNoDifference(t, w)
	}
	state, _, err := a.bench.State(t.Context(), a.Name)
	require.NoError(t, err)
	t.Logf("%s", state)
}

// judged says whether the controller has written the conditions of an object.
func (a *application) judged(t *testing.T, resource bench.ResourceState) bool {
	t.Helper()
	object := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "sagemaker.gitops.dev/v1alpha1", "kind": resource.Kind}}
	require.NoError(t, a.bench.Kube.Get(t.Context(), client.ObjectKey{Namespace: a.Namespace, Name: resource.Name}, object))
	conditions, _, err := unstructured.NestedSlice(object.Object, "status", "conditions")
	require.NoError(t, err)
	return len(conditions) > 0
}
