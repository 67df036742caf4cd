package deployment

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// claims tells whether the endpoint belongs to somebody else, and whether that is
// because we gave it away. An endpoint that its deployment hands over to this
// one is taken.
func (r *Reconciler) claims(ctx context.Context, s *scene) (claimed, handedOver bool, err error) {
	other := s.family.other
	if other == nil {
		return false, false, nil
	}
	d := s.deployment
	if d.Spec.HandOverTo != "" && other.Controller.Name == d.Spec.HandOverTo && other.Controller.Kind == "ModelDeployment" {
		return false, true, nil
	}
	if other.Controller.Kind != "ModelDeployment" {
		return true, false, nil
	}
	giver := &v1alpha1.ModelDeployment{}
	err = r.Reader.Get(ctx, client.ObjectKey{Namespace: d.Namespace, Name: other.Controller.Name}, giver)
	if err := client.IgnoreNotFound(err); err != nil {
		return false, false, fmt.Errorf("reading ModelDeployment %s: %w", other.Controller.Name, err)
	}
	if giver.Spec.HandOverTo != d.Name { // nor does one that is gone give anything
		return true, false, nil
	}
	return false, false, r.take(ctx, s, giver)
}

// take makes the endpoint of another deployment this one's. AWS does not notice.
func (r *Reconciler) take(ctx context.Context, s *scene, giver *v1alpha1.ModelDeployment) error {
	e := &v1alpha1.Endpoint{}
	if err := r.Reader.Get(ctx, client.ObjectKey{Namespace: s.deployment.Namespace, Name: endpointResource(s.deployment)}, e); err != nil {
		return err
	}
	if err := controllerutil.RemoveControllerReference(giver, e, r.Client.Scheme()); err != nil {
		return err
	}
	if err := s.family.Adopt(e); err != nil {
		return err
	}
	if err := r.Client.Update(ctx, e, client.FieldOwner(reconcile.FieldOwner)); err != nil {
		return fmt.Errorf("taking over %s: %w", e.Name, err)
	}
	s.round.Eventf(ctx, reason.HandedOver, "taking endpoint %s over from %s", e.Name, giver.Name)
	s.family.endpoint, s.family.other = e, nil
	return nil
}

// replace deletes the endpoint, so that the next round makes it anew.
func (r *Reconciler) replace(ctx context.Context, s *scene) (reconcile.Verdict, error) {
	e := s.family.endpoint
	v := reconcile.Progressing(reason.Deleting, "deleting endpoint "+s.round.Name()+" to make it anew", soon)
	if !e.DeletionTimestamp.IsZero() {
		return v, nil
	}
	// What is retained would be found again as it is.
	gone := e.DeepCopy()
	gone.Spec.DeletionPolicy = v1alpha1.DeletionDelete
	if err := s.family.Update(ctx, e, gone); err != nil {
		return v, err
	}
	s.round.Eventf(ctx, reason.Deleting, "deleting endpoint %s to make it anew", s.round.Name())
	return v, s.family.Delete(ctx, &v1alpha1.Endpoint{ObjectMeta: metav1.ObjectMeta{Name: e.Name, Namespace: e.Namespace, UID: e.UID}})
}
