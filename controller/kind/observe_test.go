package kind_test

import (
	"maps"
	"testing"
	"time"

	fluxmeta "github.com/fluxcd/pkg/apis/meta"
	"github.com/stretchr/testify/require"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
)

// Who only observes never changes anything in AWS: not what is somebody's, not
// what differs, not when forced, suspended or deleted.
func TestObserveNeverChangesAnything(t *testing.T) {
	for _, k := range kind.All() {
		t.Run(k.Kind(), func(t *testing.T) {
			pushes := readStory(t, k)
			w := newWorld(t, k)
			if !k.Nameless && takesName(k) {
				pushes[0].Spec[fieldName(k.Name)] = "theirs"
			}
			w.push(pushes[0])
			made, err := w.get(t.Context())
			require.NoError(t, err)

			w.aws.Journal().Reset()
			w.spec["managementPolicy"] = "Observe"
			for _, next := range pushes[1 : len(pushes)-1] {
				w.observe(next)
			}
			obj, err := w.get(t.Context())
			require.NoError(t, err)
			obj.SetAnnotations(map[string]string{fluxmeta.ReconcileRequestAnnotation: "1", fluxmeta.ForceRequestAnnotation: "1"})
			require.NoError(t, w.kube.Update(t.Context(), obj))
			w.observe(step{Spec: map[string]any{}})
			require.Equal(t, made.Common().Name, obj.Common().Name, "it does look")
			w.push(step{Say: "deleted"})
			require.Empty(t, w.aws.Journal().Mutations())
			require.Positive(t, w.aws.Journal().Counts()[k.Describe.Name])
		})
	}
}

// The same of what the object itself has made: forcing needs a new run, which
// is not for who only observes.
func TestObserveIsNotForced(t *testing.T) {
	for _, k := range kind.All() {
		t.Run(k.Kind(), func(t *testing.T) {
			w := newWorld(t, k)
			pushes := readStory(t, k)
			for _, next := range pushes[:len(pushes)-1] {
				w.push(next)
			}
			w.aws.Journal().Reset()
			w.observe(step{Spec: map[string]any{"managementPolicy": "Observe"}})
			obj, err := w.get(t.Context())
			require.NoError(t, err)
			obj.SetAnnotations(map[string]string{fluxmeta.ReconcileRequestAnnotation: "1", fluxmeta.ForceRequestAnnotation: "1"})
			require.NoError(t, w.kube.Update(t.Context(), obj))
			w.observe(step{})
			require.Empty(t, w.aws.Journal().Mutations())
		})
	}
}

// observe changes the spec and lets the loop look at it until tags are compared
// again.
func (w *world) observe(s step) {
	w.t.Helper()
	was, err := w.get(w.t.Context())
	require.NoError(w.t, err)
	maps.Copy(w.spec, s.Spec)
	obj := w.object()
	obj.SetGeneration(was.GetGeneration() + 1)
	obj.SetFinalizers(was.GetFinalizers())
	obj.SetAnnotations(was.GetAnnotations())
	obj.SetResourceVersion(was.GetResourceVersion())
	require.NoError(w.t, w.kube.Update(w.t.Context(), obj))
	for end := w.clock.Now().Add(7 * time.Hour); w.clock.Now().Before(end); {
		result, err := w.loop.Reconcile(w.t.Context(), ctrl.Request{NamespacedName: w.key})
		require.NoError(w.t, err)
		if result.RequeueAfter == 0 {
			return
		}
		w.clock.Step(result.RequeueAfter)
	}
}
