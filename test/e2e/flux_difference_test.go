package e2e_test

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/script"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/cluster"
)

// fluxKinds: nothing that the controller does with an object of any kind makes it differ
// from git.
func fluxKinds(u *fluxUser) {
	provideForKinds(u.T, u.bench)
	u.tree = everyKindOf(u.T, filepath.Join(u.bench.Root, "examples", "kinds"), u.name)
	u.untilReady(u.name, u.begin())
	require.Equal(u, script.Kinds(), kindsOf(fromGit(u.T, u.bench, u.name)))
	u.until("the controller has judged all", func() bool { return allJudged(u.T, u.bench, u.name) })
	u.until("the last of the longest chain is ready", func() bool {
		var last v1alpha1.ScheduledAction
		require.NoError(u, u.bench.Kube.Get(u.Context(), client.ObjectKey{Namespace: u.name, Name: u.name + "-night"}, &last))
		return readyOf(last.Status.Conditions).Status == metav1.ConditionTrue
	})
	u.requireNoDifference()
	suspend(u.T, u.bench, u.name)
}

// requireNoDifference: Flux compares everything with git once more, finds nothing that
// differs and writes nothing, and no job runs.
func (u *fluxUser) requireNoDifference() {
	u.Helper()
	written, told, ran := u.written(), u.configured(), u.runs()
	kustomization := fluxObject("kustomize.toolkit.fluxcd.io/v1", "Kustomization", cluster.FluxNamespace, u.name)
	token := u.annotate(kustomization, "reconcile.fluxcd.io/requestedAt")
	u.until("Flux has compared again", func() bool {
		require.NoError(u, u.bench.Kube.Get(u.Context(), client.ObjectKeyFromObject(kustomization), kustomization))
		handled, _, err := unstructured.NestedString(kustomization.Object, "status", "lastHandledReconcileAt")
		require.NoError(u, err)
		return handled == token
	})
	require.Equal(u, metav1.ConditionTrue, u.verdict(u.name).Ready.Status)
	require.Equal(u, written, u.written())
	require.Equal(u, told, u.configured())
	require.Equal(u, ran, u.runs())
}

// kindsOf are the kinds of objects, sorted.
func kindsOf(objects []unstructured.Unstructured) []string {
	kinds := map[string]bool{}
	for _, object := range objects {
		kinds[object.GetKind()] = true
	}
	return slices.Sorted(maps.Keys(kinds))
}

// writing is what Flux has written of an object and when, and the object's generation.
type writing struct {
	entry      metav1.ManagedFieldsEntry
	generation int64
}

func (u *fluxUser) written() map[string]writing {
	u.Helper()
	objects, written := fromGit(u.T, u.bench, u.name), map[string]writing{}
	for _, object := range objects {
		for _, entry := range object.GetManagedFields() {
			if entry.Manager == "kustomize-controller" && entry.Operation == metav1.ManagedFieldsOperationApply {
				written[object.GetKind()+"/"+object.GetName()] = writing{entry, object.GetGeneration()}
			}
		}
	}
	require.NotEmpty(u, written)
	require.Len(u, written, len(objects), "Flux has applied all")
	return written
}

// configured is how often Flux has told that it found a difference.
func (u *fluxUser) configured() (n int) {
	u.Helper()
	var events corev1.EventList
	require.NoError(u, u.bench.Kube.List(u.Context(), &events,
		client.InNamespace(cluster.FluxNamespace), client.MatchingFields{"involvedObject.name": u.name}))
	for _, event := range events.Items {
		n += strings.Count(event.Message, " configured") * int(event.Count)
	}
	return n
}

func (u *fluxUser) runs() int { return len(u.jobs("ProcessingJob")) + len(u.jobs("TrainingJob")) }
