package reconcile

import (
	"context"
	"fmt"
	"time"

	fluxmeta "github.com/fluxcd/pkg/apis/meta"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// Composite is the loop's frame for a kind that is made of other kinds of ours
// and has no object of its own in AWS: it reads the object, gives it the
// defaults of its namespace, and turns the end of a round into conditions and
// events, as for every other kind.
type Composite struct {
	r *Reconciler
}

// NewComposite makes the frame of a composite kind.
func NewComposite(kind Kind, o Options) *Composite { return &Composite{r: New(kind, o)} }

// Queue are the controller's options by which its queue goes by our clock.
func (c *Composite) Queue() controller.Options {
	return controller.Options{MaxConcurrentReconciles: max(c.r.Workers, 1), NewQueue: c.r.newQueue}
}

// Round is one round over one object of a composite.
type Round struct {
	// Object is what the round is about. Its status is written by End.
	Object Object

	c *Composite
	s *scope
	// malformed is why the object cannot be acted upon.
	malformed error
}

// Begin reads the object and, unless it is being deleted, gives it a finalizer.
// It returns nil if there is nothing to do for it.
func (c *Composite) Begin(ctx context.Context, req ctrl.Request) (*Round, error) {
	obj := c.r.Kind.Object()
	if err := c.r.Reader.Get(ctx, req.NamespacedName, obj); err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	if !c.r.selects(obj) {
		return nil, nil
	}
	if obj.GetDeletionTimestamp().IsZero() && controllerutil.AddFinalizer(obj, v1alpha1.Finalizer) {
		if err := c.r.patchFinalizer(ctx, obj, controllerutil.RemoveFinalizer); err != nil {
			return nil, err
		}
	}
	s, err := c.r.open(ctx, c.r.Reader, obj)
	if err != nil && ofKubernetes(err) {
		return nil, err
	}
	if err == nil {
		err = s.control.check(s.owner.Namespace)
	}
	return &Round{Object: obj, c: c, s: s, malformed: err}, nil
}

// FollowNamespaces wakes the objects in a namespace whose defaults have changed.
func (c *Composite) FollowNamespaces(b *builder.Builder) *builder.Builder {
	return c.r.followNamespaces(b)
}

// Malformed is why the object, or what its namespace says of it, cannot be acted
// upon; nil if it can.
func (r *Round) Malformed() error { return r.malformed }

// Suspended tells whether the object is not to be acted upon.
func (r *Round) Suspended() bool { return r.s.control.Suspend }

// Name is the AWS name that the object stands for.
func (r *Round) Name() string {
	if r.s.named != "" {
		return r.s.named
	}
	return identity.ServiceName(r.s.owner, r.s.prefix, identity.MaxName)
}

// Retains tells whether what there is in AWS is to stay when the object is
// deleted.
func (r *Round) Retains() bool { return r.s.control.DeletionPolicy == v1alpha1.DeletionRetain }

// Interval is the time between two comparisons with AWS.
func (r *Round) Interval() time.Duration { return r.s.interval() }

// History is how many superseded configurations are kept.
func (r *Round) History() int { return r.s.control.history() }

// Client calls AWS as the object does. Errors are those of cloud.Clients.For.
func (r *Round) Client(ctx context.Context) (*cloud.Client, error) {
	if r.s.client == nil {
		r.c.r.attempt(r.s)
		c, err := r.c.r.Clients.For(ctx, r.s.control.identity(r.s.owner.Namespace))
		if err != nil {
			return nil, err
		}
		r.s.client = c
	}
	return r.s.client, nil
}

// Force is the token of a request to try again what failed, until Forced says
// that it was done; empty if there is none.
func (r *Round) Force() string { return r.s.force() }

// Forced says that the request of Force has had its effect.
func (r *Round) Forced() { r.s.forceHandled = true }

// Requested is the value of the request for a round by annotation that has not
// been handled yet, or empty.
func (r *Round) Requested() string {
	at, ok := fluxmeta.ReconcileAnnotationValue(r.Object.GetAnnotations())
	if !ok || at == r.Object.Common().LastHandledReconcileAt {
		return ""
	}
	return at
}

// HasRun tells whether AWS has the first run of a job, or a revision, that a resource
// with a digest for its label stands for. The error is for cloud.Classify.
func (r *Round) HasRun(ctx context.Context, kind Kind, obj Object) (bool, error) {
	s, err := r.as(ctx, kind, obj)
	if err != nil {
		return false, err
	}
	s.digest = s.given()
	described, err := s.describe(ctx, s.runName(1))
	return described != nil, err
}

// Owns tells whether AWS has what a resource stands for, of which nothing needs to be
// there, with the tags of that. The error is for cloud.Classify.
func (r *Round) Owns(ctx context.Context, kind Kind, obj Object) (bool, error) {
	s, err := r.as(ctx, kind, obj)
	if err != nil {
		return false, err
	}
	return s.isOurs(ctx, s.awsName())
}

// Plan is the value of the annotation AnnotationPlan with which a service of ours was
// last made or changed, as AWS has kept it; empty if there is none. The error is for
// cloud.Classify.
func (r *Round) Plan(ctx context.Context, kind Kind, obj Object) (string, error) {
	s, err := r.as(ctx, kind, obj)
	if err != nil {
		return "", err
	}
	described, err := s.describe(ctx, s.awsName())
	if err != nil || described == nil {
		return "", err
	}
	tags, err := s.tagsOf(ctx, s.awsName(), described)
	if err != nil || s.owner.Judge(tags) != identity.Ours {
		return "", err
	}
	return tags[identity.TagPlan], nil
}

// as is the scope of another object, of which nothing needs to be there.
func (r *Round) as(ctx context.Context, kind Kind, obj Object) (*scope, error) {
	of := New(kind, r.c.r.Options)
	s, err := of.open(ctx, of.Reader, obj)
	if err != nil {
		return nil, err
	}
	s.client, err = of.Clients.For(ctx, s.control.identity(s.owner.Namespace))
	return s, err
}

// Resolve puts into a spec of a kind what its references stand for. It returns
// what it took, and what it waits for. Errors are Refuse's, or the API
// server's.
func (r *Round) Resolve(ctx context.Context, kind Kind, spec shape.Tree) (consumed []v1alpha1.ConsumedReference, waiting string, err error) {
	as := kind.Object()
	as.SetNamespace(r.Object.GetNamespace())
	out, err := New(kind, r.c.r.Options).resolve(ctx, r.c.r.Reader, as, spec)
	return out.consumed, out.waiting, err
}

// Eventf sends an event about the object.
func (r *Round) Eventf(ctx context.Context, why, format string, args ...any) {
	r.c.r.eventf(ctx, r.s, why, format, args...)
}

// Warn sends a warning event about the object.
func (r *Round) Warn(ctx context.Context, why, message string) {
	r.c.r.event(ctx, r.Object, corev1.EventTypeWarning, why, message)
}

// Save writes the status down before something is done, with the conditions of
// a verdict that goes on.
func (r *Round) Save(ctx context.Context, v Verdict) error { return r.c.r.save(ctx, r.s, v.verdict) }

// End ends the round with a verdict, or with one on the error.
func (r *Round) End(ctx context.Context, v Verdict, err error) (ctrl.Result, error) {
	r.s.references.consumed = r.Object.Common().References
	return r.c.r.finish(ctx, r.s, v.verdict, err)
}

// EndDeletion ends a round over an object that is being deleted, saying what
// that waits for.
func (r *Round) EndDeletion(ctx context.Context, v Verdict, err error) (ctrl.Result, error) {
	if RefusedByKubernetes(err) { // somebody's policy keeps what it is made of
		v, err = Progressing(reason.ValidationFailed, err.Error(), r.Interval()), nil
	}
	return r.c.r.finishDeletion(ctx, r.s, v.verdict, err)
}

// Release lets go of an object that is being deleted.
func (r *Round) Release(ctx context.Context) (ctrl.Result, error) {
	controllerutil.RemoveFinalizer(r.Object, v1alpha1.Finalizer)
	if err := r.c.r.patchFinalizer(ctx, r.Object, controllerutil.AddFinalizer); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	r.c.r.memory.forget(r.Object.GetUID())
	r.c.r.Observer.Forget(r.Object.GetUID())
	return ctrl.Result{}, nil
}

// Verdict is what a round ends with: what Ready is to be and why, and when the
// next round is due (0: when something happens).
type Verdict struct{ verdict verdict }

// Ready means that the object is what its spec asks for.
func Ready(why, message string, after time.Duration) Verdict {
	return Verdict{ready(why, message, after)}
}

// Progressing means that it will be so without anybody's help.
func Progressing(why, message string, after time.Duration) Verdict {
	return Verdict{progressing(why, message, after)}
}

// Retry means that an attempt has failed which is repeated, later and later.
func (r *Round) Retry(why, message string) Verdict {
	return Verdict{progressing(why, message, r.c.r.retryAfter(r.s, nil))}
}

// Stalled means that it will not.
func Stalled(why, message string, after time.Duration) Verdict {
	return Verdict{stalled(why, message, after)}
}

// Suspended leaves the conditions as they are.
func Suspended() Verdict { return Verdict{suspended()} }

// Refuse is an error that is the spec's own: a round that ends with it is
// stalled for that reason.
func Refuse(why, format string, args ...any) error {
	return &refusal{why, fmt.Sprintf(format, args...)}
}

// Settled says why an object is not what its present spec asks for; empty if it
// is.
func Settled(obj Object) string {
	_, why := settledSince(obj)
	return why
}

// Judged is the Ready condition of an object if it speaks of the present spec,
// or else nil.
func Judged(obj Object) *metav1.Condition {
	is := meta.FindStatusCondition(obj.GetConditions(), fluxmeta.ReadyCondition)
	if is == nil || is.ObservedGeneration != obj.GetGeneration() {
		return nil
	}
	return is
}

// Spec is the part of an object's spec that speaks of AWS, without its control
// fields.
func Spec(obj Object) (shape.Tree, error) {
	_, spec, err := split(obj)
	return spec, err
}

// Digests are those of the run or revision which a spec without references stands for,
// by all versions of hash.
func (k Kind) Digests(hashes identity.Hashes, owner identity.Owner, spec shape.Tree) ([]string, error) {
	request, err := k.request(spec)
	if err != nil {
		return nil, &refusal{reason.ValidationFailed, err.Error()}
	}
	return hashes.All(owner, request, "", k.outsideDigest()...)
}
