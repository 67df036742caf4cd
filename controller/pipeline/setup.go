package pipeline

import (
	"github.com/fluxcd/pkg/runtime/predicates"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
)

// Setup adds the loop to a manager.
func (r *Reconciler) Setup(mgr ctrl.Manager) error {
	b := ctrl.NewControllerManagedBy(mgr).
		Named(Kind.Kind()).
		For(&v1alpha1.ModelPipeline{}, builder.WithPredicates(predicate.Or(
			predicate.GenerationChangedPredicate{}, predicate.LabelChangedPredicate{}, predicate.AnnotationChangedPredicate{},
			predicates.ReconcileRequestedPredicate{},
		))).
		WithOptions(r.frame.Queue())
	for name := range r.kinds {
		b = b.Owns(r.Kinds[name].Object())
	}
	if _, ok := r.kinds["MonitoringSchedule"]; ok {
		b = b.Watches(&v1alpha1.MonitoringSchedule{}, handler.EnqueueRequestsFromMapFunc(r.monitoredBy))
	}
	return b.Complete(r)
}
