package reconcile

import (
	"context"
	"fmt"

	fluxmeta "github.com/fluxcd/pkg/apis/meta"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/tools/record"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// FieldOwner is the manager of the fields the controller writes.
const FieldOwner = "sagemaker-gitops"

// Options are what all kinds' loops share.
type Options struct {
	// Client reads from the cache and writes; Reader reads from the API
	// server.
	Client client.Client
	Reader client.Reader
	// Clients makes AWS clients.
	Clients *cloud.Clients
	// Observer decides when to look at AWS.
	Observer *cloud.Observer
	// Recorder takes events.
	Recorder record.EventRecorder
	// Clock is the time that all waiting goes by.
	Clock clock.WithTicker
	// ClusterName tells clusters that share an AWS account apart. A cluster
	// that is built anew from the same git repository keeps its name.
	ClusterName string
	// Hashes make digests; nil means those of identity.Supported.
	Hashes identity.Hashes
	// NamePrefix stands before the AWS names of services, unless the
	// namespace has another.
	NamePrefix string
	// DefaultTags are set on every AWS object whose tags AWS keeps, unless its spec
	// gives the key another value.
	DefaultTags map[string]string
	// IgnoreTags are never changed, removed or compared once an AWS object exists.
	IgnoreTags identity.TagFilter
	// DeletionPolicy is that of objects whose spec and namespace name none.
	DeletionPolicy v1alpha1.DeletionPolicy
	// NoCrossNamespaceRefs refuses references into other namespaces.
	NoCrossNamespaceRefs bool
	// Endpoint is the URL of the SageMaker API for objects whose namespace
	// names none; empty means that of the AWS configuration.
	Endpoint string
	// Selector says by their labels which objects are reconciled; nil means
	// all. Others may still be referred to.
	Selector labels.Selector
	// Namespaces are watched; none means all. References may lead into others.
	Namespaces []string
	// Workers is how many objects of a kind are reconciled at once.
	Workers int
	// Kinds are all enabled kinds by name.
	Kinds map[string]Kind
}

// Reconciler is the loop of one kind.
type Reconciler struct {
	Options
	Kind Kind

	memory *memory
}

// New makes the loop of a kind.
func New(kind Kind, o Options) *Reconciler {
	return &Reconciler{Options: o, Kind: kind, memory: newMemory(o.Clock)}
}

// Reconcile is one round for one object.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	obj := r.Kind.Object()
	if err := r.Client.Get(ctx, req.NamespacedName, obj); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !r.selects(obj) {
		return ctrl.Result{}, nil
	}
	if rests, result := r.rests(ctx, obj); rests {
		return result, nil
	}
	// From here on there may be effects in AWS, and the cache may not have
	// what the last round wrote.
	obj = r.Kind.Object()
	if err := r.Reader.Get(ctx, req.NamespacedName, obj); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !obj.GetDeletionTimestamp().IsZero() {
		return r.reconcileDeletion(ctx, obj)
	}
	if controllerutil.AddFinalizer(obj, v1alpha1.Finalizer) {
		if err := r.patchFinalizer(ctx, obj, controllerutil.RemoveFinalizer); err != nil {
			return ctrl.Result{}, err
		}
	}
	s, err := r.open(ctx, r.Reader, obj)
	if err != nil {
		return r.finish(ctx, s, verdict{}, err)
	}
	if s.control.Suspend {
		return r.finish(ctx, s, suspended(), nil)
	}
	if err := r.prepare(ctx, r.Reader, s); err != nil || s.references.waiting != "" {
		return r.hold(ctx, s, err)
	}
	v, err := r.act(ctx, s)
	return r.finish(ctx, s, v, err)
}

// selects tells whether the options choose an object.
func (r *Reconciler) selects(obj Object) bool {
	return r.Selector == nil || r.Selector.Matches(labels.Set(obj.GetLabels()))
}

// act looks at AWS and does one thing about what it sees.
func (r *Reconciler) act(ctx context.Context, s *scope) (verdict, error) {
	if err := r.identify(ctx, s); err != nil {
		return verdict{}, err
	}
	if err := s.checkAccount(); err != nil {
		return verdict{}, err
	}
	if err := r.claim(ctx, s); err != nil {
		return verdict{}, err
	}
	if err := r.keepDigest(ctx, s); err != nil {
		return verdict{}, err
	}
	switch s.kind.Lifecycle {
	case Job:
		return r.reconcileJob(ctx, s)
	case Revision:
		return r.reconcileRevision(ctx, s)
	default:
		return r.reconcileService(ctx, s)
	}
}

// hold ends a round in which the spec cannot be acted upon: it is refused, or
// waits for a reference. What an earlier spec has superseded is stopped all the
// same, since it costs.
func (r *Reconciler) hold(ctx context.Context, s *scope, cause error) (ctrl.Result, error) {
	v := progressing(reason.WaitingForReference, s.references.waiting, 0)
	if s.references.unwatched {
		v.after = busyWait
	}
	if s.object.Common().Detached != nil {
		v.after = detachedLook
	}
	if ofKubernetes(cause) {
		return r.finish(ctx, s, v, cause)
	}
	if cause != nil {
		v = r.verdictOf(s, cause)
	}
	if moved := r.moved(ctx, s); moved != nil {
		return r.finish(ctx, s, verdict{}, moved)
	}
	if s.references.detachedFor != "" && !s.observeOnly() {
		v, err := r.detach(ctx, s)
		return r.finish(ctx, s, v, err)
	}
	if s.observeOnly() || !s.hasSuperseding() {
		return r.finish(ctx, s, v, nil)
	}
	if err := r.identify(ctx, s); err != nil {
		return r.finish(ctx, s, verdict{}, err)
	}
	stopping, err := r.stopSuperseded(ctx, s)
	if err != nil || stopping != "" {
		v.after = busyWait
	}
	return r.finish(ctx, s, v, nil)
}

// rests tells whether nothing has happened to an object since it was judged,
// and if so when it is due.
func (r *Reconciler) rests(ctx context.Context, obj Object) (bool, ctrl.Result) {
	if !obj.GetDeletionTimestamp().IsZero() || !controllerutil.ContainsFinalizer(obj, v1alpha1.Finalizer) {
		return false, ctrl.Result{}
	}
	s, err := r.open(ctx, r.Client, obj)
	if err != nil || s.control.Suspend {
		return false, ctrl.Result{}
	}
	if err := r.prepare(ctx, r.Client, s); err != nil || s.references.waiting != "" || s.requested() {
		return false, ctrl.Result{}
	}
	if s.finished() {
		return true, ctrl.Result{}
	}
	if names, err := r.superfluous(ctx, s); err != nil || len(names) > 0 {
		return false, ctrl.Result{}
	}
	if woken, err := r.wakes(ctx, s); err != nil || woken {
		return false, ctrl.Result{}
	}
	due, left := r.Observer.Due(obj.GetUID())
	return !due && r.memory.judged(obj.GetUID()) == s.key(), ctrl.Result{RequeueAfter: left}
}

// key is all that a judgement depends on beside AWS.
func (s *scope) key() string {
	return fmt.Sprintf("%d %s %t %s %s", s.object.GetGeneration(), s.asked, s.requested(), s.awsName(), s.control.key())
}

// requested tells whether somebody asks for a round by annotation.
func (s *scope) requested() bool {
	return s.reconcileRequested() || s.force() != "" || s.stop() != ""
}

// reconcileRequested tells whether somebody asks for a look now, as flux reconcile does.
func (s *scope) reconcileRequested() bool {
	at, ok := fluxmeta.ReconcileAnnotationValue(s.object.GetAnnotations())
	return ok && at != s.object.Common().LastHandledReconcileAt
}

// finished tells whether the object is a job whose present run has ended and
// been judged: AWS is never asked about it again, not even after a restart.
func (s *scope) finished() bool {
	if s.kind.Lifecycle != Job || s.object.Common().ObservedGeneration != s.object.GetGeneration() {
		return false
	}
	run := s.run()
	is := meta.FindStatusCondition(s.object.GetConditions(), fluxmeta.ReadyCondition)
	if run == nil || is == nil || run.Name != s.object.Common().Name {
		return false
	}
	switch run.Outcome {
	case v1alpha1.RunCompleted:
		return is.Reason == reason.Completed && !s.lacksResult()
	case v1alpha1.RunFailed, v1alpha1.RunStopped:
		// Anything else that AWS refuses may heal and is tried again.
		return meta.IsStatusConditionTrue(s.object.GetConditions(), fluxmeta.StalledCondition) &&
			is.Reason != reason.AccessDenied && is.Reason != reason.ValidationFailed
	default:
		return false
	}
}

func (r *Reconciler) patchFinalizer(ctx context.Context, obj Object, undo func(client.Object, string) bool) error {
	before := snapshot(obj)
	undo(before, v1alpha1.Finalizer)
	after := snapshot(obj)
	if err := r.Client.Patch(ctx, after, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}), client.FieldOwner(FieldOwner)); err != nil {
		return fmt.Errorf("patching the finalizers: %w", err)
	}
	obj.SetResourceVersion(after.GetResourceVersion())
	return nil
}
