package deployment

import (
	"context"
	"slices"

	"github.com/fluxcd/pkg/runtime/predicates"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
)

// Setup adds the loop to a manager.
func (r *Reconciler) Setup(mgr ctrl.Manager) error {
	b := ctrl.NewControllerManagedBy(mgr).
		Named("ModelDeployment").
		For(&v1alpha1.ModelDeployment{}, builder.WithPredicates(predicate.Or(
			predicate.GenerationChangedPredicate{}, predicate.LabelChangedPredicate{}, predicate.AnnotationChangedPredicate{},
			predicates.ReconcileRequestedPredicate{},
		))).
		WithOptions(r.frame.Queue())
	for _, child := range []client.Object{
		&v1alpha1.Model{}, &v1alpha1.EndpointConfig{}, &v1alpha1.Endpoint{}, &v1alpha1.InferenceComponent{},
		&v1alpha1.ScalableTarget{}, &v1alpha1.ScalingPolicy{}, &v1alpha1.ScheduledAction{}, &v1alpha1.MetricAlarm{},
	} {
		b = b.Owns(child)
	}
	// What a deployment may wait for, or follow.
	for _, source := range []client.Object{
		&v1alpha1.TrainingJob{}, &v1alpha1.HyperParameterTuningJob{}, &v1alpha1.Model{}, &v1alpha1.ModelPackage{}, &v1alpha1.ModelPackageGroup{},
		&v1alpha1.Endpoint{}, &v1alpha1.ModelDeployment{},
	} {
		b = b.Watches(source, handler.EnqueueRequestsFromMapFunc(r.followers))
	}
	return r.frame.FollowNamespaces(b).Complete(r)
}

// followers are the deployments that refer to an object, or claim the endpoint
// that it is.
func (r *Reconciler) followers(ctx context.Context, obj client.Object) []reconcile.Request {
	var all v1alpha1.ModelDeploymentList
	if err := r.Client.List(ctx, &all); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "finding deployments")
		return nil
	}
	var requests []reconcile.Request
	for i := range all.Items {
		if d := &all.Items[i]; follows(d, obj) {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(d)})
		}
	}
	return requests
}

// follows tells whether an object concerns a deployment, beside its children.
func follows(d *v1alpha1.ModelDeployment, obj client.Object) bool {
	here := d.Namespace == obj.GetNamespace()
	switch obj := obj.(type) {
	case *v1alpha1.Endpoint:
		return here && obj.Name == endpointResource(d)
	case *v1alpha1.ModelDeployment:
		return here && obj.Spec.HandOverTo == d.Name
	}
	at := client.ObjectKeyFromObject(obj)
	names := func(ref *v1alpha1.Reference) bool {
		return ref != nil && ref.Name == at.Name && (ref.Namespace == at.Namespace || ref.Namespace == "" && here)
	}
	refersTo := func(v v1alpha1.DeploymentVariant) bool { return names(v.ModelRef) }
	if slices.ContainsFunc(d.Spec.Variants, refersTo) || slices.ContainsFunc(d.Spec.ShadowVariants, refersTo) {
		return true
	}
	for _, p := range places(&d.Spec) {
		if g := p.model.PackageGroup; g != nil && (names(g.ModelPackageGroupRef) || isVersion(obj)) {
			return true
		}
		containers := p.model.Containers
		if p.model.PrimaryContainer != nil {
			containers = append(slices.Clone(containers), *p.model.PrimaryContainer)
		}
		for _, c := range containers {
			if names(c.ModelPackageRef) || c.ModelDataRef != nil && names(&c.ModelDataRef.Reference) {
				return true
			}
		}
	}
	return false
}

// isVersion tells whether an object is a version of a model package group, of
// which any deployment may follow the newest.
func isVersion(obj client.Object) bool {
	_, is := obj.(*v1alpha1.ModelPackage)
	return is
}
