package reconcile

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	fluxmeta "github.com/fluxcd/pkg/apis/meta"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// detachedLook is how long what is deregistered for an update goes without a look at
// whether the update has ended, if nobody tells.
const detachedLook = time.Minute

// attachable says since when an object of ours can have another one registered for it
// in AWS, or else why it cannot. It need not be what its spec asks for: an endpoint
// whose update failed is scaled as it was.
func attachable(kind Kind, obj Object) (time.Time, string) {
	is := meta.FindStatusCondition(obj.GetConditions(), fluxmeta.ReadyCondition)
	switch {
	case !obj.GetDeletionTimestamp().IsZero():
		return time.Time{}, "is being deleted"
	case obj.Common().ARN == "" || is == nil:
		return settledSince(obj)
	case isSuspended(obj):
		return is.LastTransitionTime.Time, "" // nobody observes it: AWS tells
	case obj.Common().Attempted != nil && is.Status == metav1.ConditionUnknown:
		return time.Time{}, "is being updated"
	}
	status := reflect.Indirect(statusOf(obj).FieldByName(kind.States.Member))
	if status.IsValid() && kind.States.Classify(status.String()) != health.StateDone {
		return time.Time{}, "is " + status.String()
	}
	return is.LastTransitionTime.Time, ""
}

// detaches tells whether an object of ours lists another one as to be deregistered.
func detaches(obj, other Object) bool {
	return slices.Contains(detachList(obj), other.Common().Name) && samePlace(obj, other)
}

// detachList is what an object of ours has deregistered before it is updated.
func detachList(obj Object) []string {
	if a := obj.Common().Attempted; a != nil && a.Digest == "" {
		return a.Detach
	}
	return nil
}

// isUpdating tells whether an object is being updated, or about to be.
func isUpdating(obj Object) bool {
	is := meta.FindStatusCondition(obj.GetConditions(), fluxmeta.ReadyCondition)
	return is != nil && is.Reason == reason.Updating
}

// attachedTo notes what a spec waits for whose object is registered for another one of
// ours, or goes with one. path is where the spec says so.
func (r *Reconciler) attachedTo(out *resolution, path string, self Object, kind Kind, other Object) {
	_, why := attachable(kind, other)
	if why == "" && !detaches(other, self) {
		return
	}
	name := fmt.Sprintf("%s %s/%s", kind.Kind(), other.GetNamespace(), other.GetName())
	if detaches(other, self) {
		out.detachedFor, why = name, "is being updated"
	}
	out.waiting = fmt.Sprintf("%s: %s %s", path, name, why)
}

// named notes what a spec waits for that gives the AWS name of an object of ours, in
// place of a reference.
func (r *Reconciler) named(ctx context.Context, out *resolution, self Object, ref v1alpha1.ConsumedReference) error {
	kind, ours := r.Kinds[ref.Kind]
	attached, follows := slices.Contains(r.Kind.DetachedFor, ref.Kind), slices.Contains(r.Kind.GoesWith, ref.Kind)
	if !ours || !attached && !follows {
		return nil
	}
	claiming, err := r.list(ctx, kind, client.MatchingFields{indexClaims: ref.AWSName})
	if err != nil {
		return err
	}
	for _, o := range claiming {
		if !samePlace(o, self) || o.Common().Name != ref.AWSName {
			continue
		}
		if attached && o.Common().ARN != "" {
			r.attachedTo(out, ref.Path, self, kind, o)
		}
		if follows && o.Common().ARN == "" && !isStalled(o) {
			out.waiting = fmt.Sprintf("%s: %s %s/%s is not registered", ref.Path, ref.Kind, o.GetNamespace(), o.GetName())
		}
		if out.waiting != "" {
			return nil
		}
	}
	return nil
}

// detach deregisters the AWS object while what it is registered for is updated. What AWS
// has of it is recorded first, since it is registered again with that.
func (r *Reconciler) detach(ctx context.Context, s *scope) (verdict, error) {
	v := progressing(reason.WaitingForReference, s.references.waiting, 0)
	status := s.object.Common()
	if status.ARN == "" && status.Detached != nil {
		return v, nil
	}
	if err := r.identify(ctx, s); err != nil {
		return v, err
	}
	v = progressing(reason.WaitingForReference, s.references.waiting+"; deregistering "+status.Name, goneWait)
	described, err := s.describe(ctx, status.Name)
	if err != nil {
		return v, err
	}
	if described == nil {
		if r.confirmed(s, gone+status.Name, goneWait) {
			r.detached(s)
		}
		return v, nil
	}
	r.memory.drop(s.object.GetUID(), gone+status.Name)
	tags, err := s.tagsOf(ctx, status.Name, described)
	if err != nil {
		return v, err
	}
	if s.owner.Judge(tags) == identity.Foreign {
		return progressing(reason.WaitingForReference, fmt.Sprintf(
			"%s; %s carries the tags of another owner and is not deregistered", s.references.waiting, status.Name), busyWait), nil
	}
	if status.Detached == nil {
		if status.Detached, err = r.detachment(s, described); err != nil {
			return v, err
		}
		if err := r.save(ctx, s, v); err != nil {
			return v, err
		}
	}
	if err := s.call(ctx, s.kind.Delete, status.Name, nil); err != nil && cloud.Classify(err) != cloud.NotFound {
		return v, err
	}
	r.eventf(ctx, s, reason.Updating, "deregistered %s while %s is updated", status.Name, s.references.detachedFor)
	r.detached(s)
	return v, nil
}

// detached notes that AWS has nothing of the object any more.
func (r *Reconciler) detached(s *scope) {
	status := s.object.Common()
	status.ARN = ""
	if status.Detached == nil {
		status.Detached = &v1alpha1.Detachment{For: s.references.detachedFor, Time: metaTime(r.Clock.Now())}
	}
}

func isStalled(obj Object) bool {
	return meta.IsStatusConditionTrue(obj.GetConditions(), fluxmeta.StalledCondition)
}

func metaTime(t time.Time) metav1.Time { return metav1.NewTime(t) }
