package reconcile

import (
	"context"
	"fmt"
	"slices"
	"unicode"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// Setup adds the indexes of all kinds in o.Kinds to a manager, and the loops of
// those that are not composite.
func Setup(ctx context.Context, mgr ctrl.Manager, o Options) error {
	for name, kind := range o.Kinds {
		for index, f := range Indexes(kind) {
			if err := mgr.GetFieldIndexer().IndexField(ctx, kind.Object(), index, f); err != nil {
				return fmt.Errorf("indexing %s by %s: %w", name, index, err)
			}
		}
	}
	for name, kind := range o.Kinds {
		if kind.Composite {
			continue
		}
		if err := New(kind, o).setup(mgr); err != nil {
			return fmt.Errorf("setting up %s: %w", name, err)
		}
	}
	return nil
}

func (r *Reconciler) setup(mgr ctrl.Manager) error {
	concerns := []predicate.Predicate{predicate.GenerationChangedPredicate{}, annotated{read: objectAnnotations}}
	if r.Selector != nil && !r.Selector.Empty() {
		concerns = append(concerns, predicate.LabelChangedPredicate{})
	}
	b := ctrl.NewControllerManagedBy(mgr).
		Named(r.Kind.Kind()).
		For(r.Kind.Object(), builder.WithPredicates(predicate.Or(concerns...))).
		WithOptions(controller.Options{
			MaxConcurrentReconciles: max(r.Workers, 1),
			NewQueue:                r.newQueue,
		})
	b = r.followNamespaces(b)
	for name, other := range r.Kinds {
		if refers(r.Kind, other) {
			b = b.Watches(other.Object(), handler.EnqueueRequestsFromMapFunc(r.dependentsOf(name)), builder.WithPredicates(matters{kind: other}))
		}
		if refers(other, r.Kind) {
			b = b.Watches(other.Object(), handler.EnqueueRequestsFromMapFunc(r.targetsOf(other)), builder.WithPredicates(matters{kind: other}))
		}
	}
	return b.Complete(r)
}

// followNamespaces wakes the objects in a namespace whose defaults have changed.
func (r *Reconciler) followNamespaces(b *builder.Builder) *builder.Builder {
	return b.Watches(&corev1.Namespace{}, handler.EnqueueRequestsFromMapFunc(r.objectsIn),
		builder.WithPredicates(defaultsChanged{annotated{read: namespaceAnnotations}}))
}

// newQueue makes the work queue go by our clock.
func (r *Reconciler) newQueue(name string, limiter workqueue.TypedRateLimiter[reconcile.Request]) workqueue.TypedRateLimitingInterface[reconcile.Request] {
	return workqueue.NewTypedRateLimitingQueueWithConfig(limiter, workqueue.TypedRateLimitingQueueConfig[reconcile.Request]{
		Name: name, Clock: r.Clock,
	})
}

// objectsIn maps a namespace to the objects of this kind in it.
func (r *Reconciler) objectsIn(ctx context.Context, namespace client.Object) []reconcile.Request {
	objects, err := r.list(ctx, r.Kind, client.InNamespace(namespace.GetName()))
	if err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "listing what is in a namespace", "namespace", namespace.GetName())
		return nil
	}
	return requestsFor(objects)
}

// dependentsOf maps a target to the objects of this kind that depend on it.
func (r *Reconciler) dependentsOf(kind string) handler.MapFunc {
	return func(ctx context.Context, o client.Object) []reconcile.Request {
		target, ok := o.(Object)
		if !ok {
			return nil
		}
		dependents, err := r.dependents(ctx, r.Kind, kind, target)
		if err != nil {
			ctrl.LoggerFrom(ctx).Error(err, "finding dependents", "kind", kind, "name", o.GetName())
			return nil
		}
		naming, err := r.naming(ctx, r.Kind, r.Kinds[kind], target)
		if err != nil {
			ctrl.LoggerFrom(ctx).Error(err, "finding who names it", "kind", kind, "name", o.GetName())
		}
		return requestsFor(slices.Concat(dependents, naming))
	}
}

// targetsOf maps a dependent to the objects of this kind that it refers to or
// uses.
func (r *Reconciler) targetsOf(kind Kind) handler.MapFunc {
	return func(ctx context.Context, o client.Object) []reconcile.Request {
		obj, ok := o.(Object)
		if !ok {
			return nil
		}
		seen := map[types.NamespacedName]bool{}
		var requests []reconcile.Request
		add := func(kind, namespace, name string) {
			key := types.NamespacedName{Namespace: namespace, Name: name}
			if kind == r.Kind.Kind() && name != "" && !seen[key] {
				seen[key] = true
				requests = append(requests, reconcile.Request{NamespacedName: key})
			}
		}
		if _, spec, err := split(obj); err == nil {
			for _, t := range targets(kind.references(), obj.GetNamespace(), spec) {
				add(t.kind, t.namespace, t.name)
			}
		}
		for _, ref := range usesOf(obj) {
			add(ref.Kind, ref.Namespace, ref.Name)
		}
		for _, key := range r.namedBy(ctx, kind, obj) {
			add(r.Kind.Kind(), key.Namespace, key.Name)
		}
		return requests
	}
}

func requestsFor(objects []Object) []reconcile.Request {
	requests := make([]reconcile.Request, len(objects))
	for i, o := range objects {
		requests[i] = reconcile.Request{NamespacedName: client.ObjectKeyFromObject(o)}
	}
	return requests
}

// matters passes updates after which others may judge an object differently:
// whether it is settled, what it is or uses in AWS, and what it has to offer them.
type matters struct {
	predicate.Funcs

	kind Kind
}

func (m matters) Update(e event.UpdateEvent) bool {
	before, ok := e.ObjectOld.(Object)
	after, ok2 := e.ObjectNew.(Object)
	if !ok || !ok2 {
		return false
	}
	_, was := settledSince(before)
	_, is := settledSince(after)
	a, b := before.Common(), after.Common()
	return before.GetGeneration() != after.GetGeneration() || was != is || isUpdating(before) != isUpdating(after) ||
		!equality.Semantic.DeepEqual(detachList(before), detachList(after)) ||
		a.Name != b.Name || a.ARN != b.ARN || result(m.kind, before) != result(m.kind, after) ||
		!equality.Semantic.DeepEqual(usesOf(before), usesOf(after))
}

// jsonName is the name of a root member in a custom resource.
func jsonName(member string) string {
	return string(unicode.ToLower(rune(member[0]))) + member[1:]
}
