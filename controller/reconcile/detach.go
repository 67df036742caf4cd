package reconcile

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// Detach is for a kind of which AWS refuses some updates while objects of another kind
// are registered for what is updated. The object that is updated lists those in
// status.attempted.detach; each of them is deregistered by its own loop, which
// registers it again when it is not listed any more and the update is over.
type Detach struct {
	// Kind is that of the registered objects.
	Kind string
	// Registered lists what is registered for a described object, whoever registered it,
	// and says which of that AWS wants gone before an update with this request.
	Registered func(ctx context.Context, client *cloud.Client, request, described shape.Tree) ([]Attachment, error)
	// With lists what AWS deletes together with a registered object.
	With func(ctx context.Context, client *cloud.Client, of Attachment) ([]Attachment, error)
	// Refused tells whether AWS refused an update because of what is registered.
	Refused func(error) bool
	// Retain changes the request of an update so that AWS keeps what scaling has set, and
	// nothing else.
	Retain func(request shape.Tree)
}

// Attachment is an AWS object that is registered for another one.
type Attachment struct {
	// Kind is that of its custom resource, Name its name there (status.name), ARN its own.
	Kind, Name, ARN string
	// Why says why AWS refuses the update while it is registered; empty if AWS does not.
	Why string
}

const (
	// detachPatience is how long something stays deregistered for an update that waits
	// for a reference, counted from when its deregistration was asked for.
	detachPatience = 2 * time.Minute
	// longestDetachWait is the longest time between two tries of an update that AWS
	// refuses and for which something is deregistered each time.
	longestDetachWait = 6 * time.Hour
)

// makeWay finds out whether the object is scaled, and has deregistered what AWS wants
// gone before the planned update. While that is not done the verdict says so.
func (r *Reconciler) makeWay(ctx context.Context, s *scope, described shape.Tree) (scaled bool, waiting verdict, err error) {
	d := s.kind.Detach
	if d == nil {
		return false, verdict{}, nil
	}
	scalers, err := r.scalers(ctx, s)
	if err != nil {
		return false, verdict{}, err
	}
	registered, err := d.Registered(ctx, s.client, s.next.request, described)
	if cloud.Classify(err) == cloud.Auth {
		registered, err = nil, nil // not known: if there is something in the way, AWS's refusal tells
	}
	if err != nil {
		return false, verdict{}, err
	}
	var inTheWay []Attachment
	for _, a := range registered {
		if a.Why == "" && s.detaching(a.Name) {
			a.Why = "AWS refused the update while it is registered"
		}
		if a.Why != "" {
			inTheWay = append(inTheWay, a)
		}
	}
	waiting, err = r.requestDetachment(ctx, s, described, inTheWay)
	return len(scalers)+len(registered) > 0, waiting, err
}

// detaching tells whether the update to the present spec has something of that AWS name
// deregistered.
func (s *scope) detaching(name string) bool {
	a := s.object.Common().Attempted
	return a != nil && a.Generation == s.object.GetGeneration() && slices.Contains(a.Detach, name)
}

// requestDetachment lists in status what has to be deregistered, if all of it is ours.
// What AWS shows although its own loop has deregistered it is gone.
func (r *Reconciler) requestDetachment(ctx context.Context, s *scope, described shape.Tree, inTheWay []Attachment) (verdict, error) {
	var names, waiting []string
	for _, a := range inTheWay {
		owner, err := r.ownerOf(ctx, s, a)
		if err != nil {
			return verdict{}, err
		}
		if owner.Common().Detached != nil && owner.Common().ARN == "" {
			continue
		}
		with, err := s.kind.Detach.With(ctx, s.client, a)
		if err != nil {
			return verdict{}, err
		}
		for _, w := range with {
			w.Why = a.Why
			if _, err := r.ownerOf(ctx, s, w); err != nil {
				return verdict{}, err
			}
		}
		names = append(names, a.Name)
		waiting = append(waiting, fmt.Sprintf("%s %s/%s (%s)", a.Kind, owner.GetNamespace(), owner.GetName(), a.Why))
	}
	if len(names) == 0 {
		return verdict{}, nil
	}
	if a := s.object.Common().Attempted; a != nil && a.Generation == s.object.GetGeneration() {
		for _, name := range a.Detach {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	s.object.Common().Attempted = &v1alpha1.Attempt{
		Generation: s.object.GetGeneration(), Time: s.attemptedAt(r.Clock.Now()),
		LastModifiedTime: shape.String(described, "LastModifiedTime"), Detach: names,
	}
	return progressing(reason.Updating, "waiting for "+strings.Join(waiting, ", ")+" to be deregistered for the update", settleTime), nil
}

// attemptedAt is when the present attempt was begun, or else now: status is not to be
// written anew in every reconciliation that waits.
func (s *scope) attemptedAt(now time.Time) metav1.Time {
	if a := s.object.Common().Attempted; a != nil && a.Digest == "" && a.Generation == s.object.GetGeneration() {
		return a.Time
	}
	return metav1.NewTime(now)
}

// ownerOf is the custom resource that manages a registered object and will register it
// again. An error says whose it is if there is none.
func (r *Reconciler) ownerOf(ctx context.Context, s *scope, a Attachment) (Object, error) {
	kind, enabled := r.Kinds[a.Kind]
	foreign := func(why string) error {
		return &refusal{reason.ForeignObject, fmt.Sprintf(
			"cannot update %s: %s, and the %s %s that is registered for it %s; deregister it, or have it managed here",
			s.awsName(), a.Why, a.Kind, a.Name, why)}
	}
	if !enabled {
		return nil, foreign("is not managed by this controller, which is started without the kind")
	}
	claiming, err := r.list(ctx, kind, client.MatchingFields{indexClaims: a.Name})
	if err != nil {
		return nil, err
	}
	for _, o := range claiming {
		status := o.Common()
		if !samePlace(o, s.object) || status.Name != a.Name || status.ARN == "" && status.Detached == nil && isStalled(o) {
			continue
		}
		if why := r.unmanaged(o); why != "" {
			return nil, foreign(fmt.Sprintf("is left alone by %s %s/%s, which %s", a.Kind, o.GetNamespace(), o.GetName(), why))
		}
		if a.ARN == "" || s.detaching(a.Name) {
			return o, nil
		}
		owner := identity.Owner{Cluster: r.ClusterName, Namespace: o.GetNamespace(), Kind: a.Kind, Name: o.GetName()}
		tags, err := kind.tags().Read(ctx, Tagged{Client: s.client, ARN: a.ARN, Name: a.Name, Owner: owner})
		if err != nil {
			return nil, err
		}
		if owner.Judge(tags) == identity.Foreign {
			return nil, foreign("carries the tags of another owner")
		}
		return o, nil
	}
	return nil, foreign("is managed by no resource of this cluster")
}

// unmanaged says why the controller makes no changes to the AWS object of a resource;
// empty if it does.
func (r *Reconciler) unmanaged(o Object) string {
	c, _, err := split(o)
	switch {
	case err != nil:
		return "cannot be read"
	case c.Suspend:
		return "is suspended"
	case c.ManagementPolicy == v1alpha1.ManageObserve:
		return "only observes it"
	case !r.selects(o):
		return "this controller does not select"
	}
	return ""
}

// detachRefused is what follows from AWS's refusal to update because of what is
// registered: all of that is to go, if it is ours. Nothing follows if there is nothing
// left to deregister and AWS has had the time to notice.
func (r *Reconciler) detachRefused(ctx context.Context, s *scope, described shape.Tree, cause error) (verdict, bool, error) {
	d := s.kind.Detach
	if d == nil || !d.Refused(cause) {
		return verdict{}, false, nil
	}
	registered, err := d.Registered(ctx, s.client, s.next.request, described)
	if err != nil {
		return verdict{}, false, err
	}
	for i := range registered {
		registered[i].Why = cloud.Message(cause)
	}
	v, err := r.requestDetachment(ctx, s, described, registered)
	if err != nil || v.reason != "" {
		return v, err == nil, err
	}
	if r.memory.since(s.object.GetUID(), dependency+"detached "+s.asked) > dependencyPatience {
		return verdict{}, false, nil
	}
	s.object.Common().Attempted.Digest = "" // it had no effect
	return progressing(reason.Updating, cloud.Message(cause), busyWait), true, nil
}

// afterDetaching is the verdict on a refusal of an update for which something was
// deregistered. What has been deregistered is registered again, unless the next try is
// near, and later tries come ever more rarely, since each has it deregistered anew.
func (r *Reconciler) afterDetaching(s *scope, detached []string, cause error) (verdict, bool) {
	if len(detached) == 0 {
		return verdict{}, false
	}
	v := r.verdictOf(s, cause)
	switch cloud.Classify(cause) {
	case cloud.Throttle, cloud.Busy:
		if s.object.Common().Attempted == nil {
			s.object.Common().Attempted = &v1alpha1.Attempt{
				Generation: s.object.GetGeneration(), Time: metav1.NewTime(r.Clock.Now()), Detach: detached,
			}
		}
	case cloud.Server: // which may have had its effect
	default:
		v.after = min(max(v.after, quotaWait)<<min(r.memory.count(s.object.GetUID()), 10), longestDetachWait)
	}
	return v, true
}

// endDetachment drops the list of what is to be deregistered when the reconciliation
// ends without the update being wanted, or being due, any more. A reference may not be
// ready only because the controller has just been started: that is waited for a little.
func (s *scope) endDetachment(v verdict, now time.Time) verdict {
	a := s.object.Common().Attempted
	if a == nil || a.Digest != "" || len(a.Detach) == 0 {
		return v
	}
	if left := detachPatience - now.Sub(a.Time.Time); v.reason == reason.WaitingForReference && left > 0 {
		if v.after <= 0 || left < v.after {
			v.after = left
		}
		return v
	}
	if v.settled() || v.reason == reason.WaitingForReference || v.reason == reason.Suspended {
		s.object.Common().Attempted = nil
	}
	return v
}
