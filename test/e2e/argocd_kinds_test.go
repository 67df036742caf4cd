package e2e_test

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/script"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/bench"
)

// everyKindOf is a directory with one manifest of each SageMaker kind, and with those of the
// composite kinds, and of what they need, in testdata/kinds.
func everyKindOf(t *testing.T, directory, name string) fs.FS {
	t.Helper()
	tree := fstest.MapFS{}
	for _, part := range []string{directory, "testdata/kinds"} {
		maps.Copy(tree, renamed(t, part, name))
	}
	return tree
}

// settle: nothing that the controller does with an object of any kind, until AWS has done
// it all, makes it differ from git.
func (a *application) settle(t *testing.T) {
	t.Helper()
	provideForKinds(t, a.bench)
	commit := a.give(t)
	state := a.await(t, "synced at "+commit[:7], func(state bench.State) bool {
		return state.Sync == "Synced" && state.Revision == commit && state.Phase == "Succeeded"
	})
	require.Equal(t, script.Kinds(), kindsOf(fromGit(t, a.bench, a.Namespace)))
	require.Len(t, state.Resources, len(fromGit(t, a.bench, a.Namespace)))
	a.await(t, "all are healthy but what waits for a person", func(state bench.State) bool {
		return !slices.ContainsFunc(state.Resources, func(r bench.ResourceState) bool { return r.Health != settled(r.Kind) })
	})
	a.differNowhere(t)
	state, _, err := a.bench.State(t.Context(), a.Name)
	require.NoError(t, err)
	t.Logf("%s", state)
	suspend(t, a.bench, a.Namespace)
}

// settled is what an object in examples/kinds comes to: the model package waits for the
// decision in the registry.
func settled(kind string) string {
	if kind == "ModelPackage" {
		return "Suspended"
	}
	return "Healthy"
}

// provideForKinds puts into S3 what examples/kinds reads there.
func provideForKinds(t *testing.T, b *bench.Bench) {
	t.Helper()
	for _, key := range []string{"abalone/batch/part-0", "abalone/models/model.tar.gz", "snails/input.manifest"} {
		require.NoError(t, b.AWS.PutObject(bench.Bucket, key, []byte("data")))
	}
}

// fromGit are the objects of a namespace that belong to no other.
func fromGit(t *testing.T, b *bench.Bench, namespace string) []unstructured.Unstructured {
	t.Helper()
	var objects []unstructured.Unstructured
	for _, kind := range script.Kinds() {
		list := &unstructured.UnstructuredList{Object: map[string]any{"apiVersion": v1alpha1.GroupVersion.String(), "kind": kind + "List"}}
		require.NoError(t, b.Kube.List(t.Context(), list, client.InNamespace(namespace)))
		for _, object := range list.Items {
			if len(object.GetOwnerReferences()) == 0 {
				objects = append(objects, object)
			}
		}
	}
	return objects
}

// allJudged says whether the controller has written the conditions of all objects.
func allJudged(t *testing.T, b *bench.Bench, namespace string) bool {
	t.Helper()
	return !slices.ContainsFunc(fromGit(t, b, namespace), func(object unstructured.Unstructured) bool {
		conditions, _, err := unstructured.NestedSlice(object.Object, "status", "conditions")
		require.NoError(t, err)
		return len(conditions) == 0
	})
}

// suspend leaves to others on the bench how often AWS may be asked.
func suspend(t *testing.T, b *bench.Bench, namespace string) {
	t.Helper()
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:"true"}}}`, v1alpha1.AnnotationSuspend)
	for _, object := range fromGit(t, b, namespace) {
		require.NoError(t, b.Kube.Patch(t.Context(), &object, client.RawPatch(types.MergePatchType, patch)))
	}
}
