package deployment

import (
	"context"
	"fmt"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// reconcileDeletion deletes the children in the order AWS accepts, and waits for
// each to be gone.
func (r *Reconciler) reconcileDeletion(ctx context.Context, round *reconcile.Round, d *v1alpha1.ModelDeployment) (ctrl.Result, error) {
	f, err := r.gather(ctx, d)
	if err != nil {
		return round.EndDeletion(ctx, reconcile.Verdict{}, err)
	}
	if d.Spec.Protect && !round.Retains() && f.endpoint != nil {
		return round.EndDeletion(ctx, reconcile.Progressing(reason.Protected, fmt.Sprintf(
			"endpoint %s is protected: set protect: false to delete it, or deletionPolicy: Retain to leave it in AWS", round.Name()), 0), nil)
	}
	policy := v1alpha1.DeletionDelete
	if round.Retains() {
		policy = v1alpha1.DeletionRetain
	}
	for _, wave := range f.waves() {
		for _, obj := range wave {
			if err := f.DeleteWith(ctx, obj, policy); err != nil {
				return round.EndDeletion(ctx, reconcile.Verdict{}, err)
			}
		}
		if len(wave) > 0 {
			waiting := fmt.Sprintf("waiting for %d of its parts, such as %s", len(wave), wave[0].GetName())
			return round.EndDeletion(ctx, reconcile.Progressing(reason.Deleting, waiting, soon), nil)
		}
	}
	return round.Release(ctx)
}

// waves are the children in the order in which they are to go: what is in a wave
// may use what is in a later one.
func (f *family) waves() [][]client.Object {
	var services, endpoint, rest []client.Object
	services = appendAll(services, f.policies.Items)
	services = appendAll(services, f.schedules.Items)
	services = appendAll(services, f.targets.Items)
	services = appendAll(services, f.components.Items)
	if f.endpoint != nil {
		endpoint = []client.Object{f.endpoint}
	}
	rest = appendAll(rest, f.alarms.Items)
	rest = appendAll(rest, f.configs.Items)
	rest = appendAll(rest, f.models.Items)
	return [][]client.Object{services, endpoint, rest}
}

func appendAll[O any, P interface {
	*O
	client.Object
}](to []client.Object, items []O) []client.Object {
	for i := range items {
		to = append(to, P(&items[i]))
	}
	return to
}
