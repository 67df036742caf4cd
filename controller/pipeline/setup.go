package pipeline

import (
	"context"
	"slices"

	"github.com/fluxcd/pkg/runtime/predicates"
	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
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
	b = r.frame.FollowNamespaces(b)
	return b.WatchesMetadata(&corev1.ConfigMap{}, handler.EnqueueRequestsFromMapFunc(r.fedBy)).Complete(r)
}

// fedBy maps a ConfigMap to the pipelines that take parameters or a source from it.
func (r *Reconciler) fedBy(ctx context.Context, config client.Object) []ctrl.Request {
	return r.pipelinesOf(ctx, config, func(p *v1alpha1.ModelPipeline) bool {
		return slices.ContainsFunc(p.Spec.ParamsFrom, func(from v1alpha1.ParamsSource) bool { return from.ConfigMapRef.Name == config.GetName() }) ||
			slices.ContainsFunc(p.Spec.Sources, func(source v1alpha1.PipelineSource) bool {
				return source.ConfigMap != nil && source.ConfigMap.Name == config.GetName()
			})
	})
}

// monitoredBy maps a monitoring schedule to the pipelines that it triggers.
func (r *Reconciler) monitoredBy(ctx context.Context, schedule client.Object) []ctrl.Request {
	return r.pipelinesOf(ctx, schedule, func(p *v1alpha1.ModelPipeline) bool {
		return p.Spec.Triggers != nil && slices.ContainsFunc(p.Spec.Triggers.OnViolation, func(v v1alpha1.ViolationTrigger) bool {
			return monitor(p, v.MonitoringSchedule) == schedule.GetName()
		})
	})
}

// pipelinesOf are the pipelines of an object's namespace that it concerns.
func (r *Reconciler) pipelinesOf(ctx context.Context, obj client.Object, concerned func(*v1alpha1.ModelPipeline) bool) []ctrl.Request {
	var list v1alpha1.ModelPipelineList
	if err := r.Client.List(ctx, &list, client.InNamespace(obj.GetNamespace())); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "finding pipelines of an object", "namespace", obj.GetNamespace(), "name", obj.GetName())
		return nil
	}
	var requests []ctrl.Request
	for i := range list.Items {
		if concerned(&list.Items[i]) {
			requests = append(requests, ctrl.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])})
		}
	}
	return requests
}
