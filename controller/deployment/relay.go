package deployment

import (
	"context"
	"fmt"
	"maps"

	fluxmeta "github.com/fluxcd/pkg/apis/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
)

// relay hands a request for a round, or to try again what failed, on to the
// endpoint and to the child that is stuck.
func (r *Reconciler) relay(ctx context.Context, s *scene) error {
	token := s.round.Requested()
	if token == "" || s.family == nil {
		return nil
	}
	force := s.round.Force()
	var to []client.Object
	if e := s.family.endpoint; e != nil {
		to = append(to, e)
	}
	if s.problem != nil {
		to = append(to, s.problem)
	}
	for _, obj := range to {
		if err := r.request(ctx, obj, token, force); err != nil {
			return err
		}
	}
	if force != "" && len(to) > 0 {
		s.deployment.Status.Refused = nil
		s.round.Forced()
	}
	return nil
}

func (r *Reconciler) request(ctx context.Context, obj client.Object, token, force string) error {
	before, ok := obj.DeepCopyObject().(client.Object)
	if !ok || before.GetAnnotations()[fluxmeta.ReconcileRequestAnnotation] == token {
		return nil
	}
	annotations := map[string]string{}
	maps.Copy(annotations, before.GetAnnotations())
	annotations[fluxmeta.ReconcileRequestAnnotation] = token
	if force != "" {
		annotations[fluxmeta.ForceRequestAnnotation] = force
	}
	obj.SetAnnotations(annotations)
	if err := r.Client.Patch(ctx, obj, client.MergeFrom(before), client.FieldOwner(reconcile.FieldOwner)); err != nil {
		return fmt.Errorf("asking %s: %w", obj.GetName(), err)
	}
	return nil
}
