package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// reconcileDeletion deletes the children, services first since others are used by
// them, and waits for each to be gone.
func (r *Reconciler) reconcileDeletion(ctx context.Context, s *scene) (ctrl.Result, error) {
	if err := r.gather(ctx, s); err != nil {
		return s.round.EndDeletion(ctx, reconcile.Verdict{}, err)
	}
	var services, others []reconcile.Object
	for _, key := range slices.Sorted(maps.Keys(s.children)) {
		kind, _, _ := strings.Cut(key, "/")
		if r.kinds[kind].Service {
			services = append(services, s.children[key])
		} else {
			others = append(others, s.children[key])
		}
	}
	for _, wave := range [][]reconcile.Object{services, others} {
		for _, obj := range wave {
			if err := s.remove(ctx, obj); err != nil {
				return s.round.EndDeletion(ctx, reconcile.Verdict{}, err)
			}
		}
		if len(wave) > 0 {
			waiting := fmt.Sprintf("waiting for %d of its resources, such as %s", len(wave), wave[0].GetName())
			return s.round.EndDeletion(ctx, reconcile.Progressing(reason.Deleting, waiting, soon), nil)
		}
	}
	r.forgetSources(s.pipeline)
	return s.round.Release(ctx)
}

// remove deletes a child as its own spec says, or leaves its AWS object alone if the
// pipeline is to.
func (s *scene) remove(ctx context.Context, obj reconcile.Object) error {
	if s.round.Retains() {
		return s.family.DeleteWith(ctx, obj, v1alpha1.DeletionRetain)
	}
	return s.family.Delete(ctx, obj)
}
