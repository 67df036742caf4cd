package reconcile

import (
	"context"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// settleTime is how long the targets of a reference must have been settled
// before something that serves is changed: a push changes several objects, one
// after the other.
const settleTime = 2 * time.Second

// reconcileService makes the AWS object be what the spec asks for, in place.
func (r *Reconciler) reconcileService(ctx context.Context, s *scope) (verdict, error) {
	name := s.awsName()
	was := s.object.Common().Name
	renamed, waiting, err := r.renamed(ctx, s, was, name)
	if err != nil || waiting {
		return progressing(reason.Progressing, "finding out whether "+was+" was created", goneWait), err
	}
	if renamed {
		return stalled(reason.ImmutableField, fmt.Sprintf(
			"%s: the AWS object is called %s and cannot be renamed to %s. Delete and create the resource, or set the name back", s.kind.Name, was, name), s.interval()), nil
	}
	described, err := s.describe(ctx, name)
	if err != nil {
		return verdict{}, err
	}
	if described == nil {
		if v, rests := s.stoppedByDeletion(name); rests {
			return v, nil
		}
		if v, waits := r.missing(s, name); waits {
			return v, nil
		}
		return r.create(ctx, s, name)
	}
	r.memory.drop(s.object.GetUID(), gone+name)
	tags, ownership, err := r.ownershipOf(ctx, s, name, described)
	if err != nil {
		return verdict{}, err
	}
	situation, differences, err := r.weighService(ctx, s, name, described, ownership)
	if err != nil {
		return verdict{}, err
	}
	if !s.observeOnly() && (situation == OutOfSync || situation == Replaceable) {
		foreign, err := r.isForeign(ctx, s, name, described, tags)
		if err != nil {
			return verdict{}, err
		}
		if foreign {
			situation, ownership = Foreign, identity.Foreign
		}
	}
	if situation == Foreign {
		return r.foreign(s, name, ownership), nil
	}
	if err := r.takeNote(ctx, s, name, described, tags); err != nil {
		return verdict{}, err
	}
	if s.observeOnly() && slices.Contains([]Situation{OutOfSync, Immutable, Replaceable, Unresolved}, situation) {
		s.object.Common().References = slices.Concat(s.references.consumed, s.serving(described))
		return ready(reason.Observed, s.tell(described), r.look(s, described)), nil
	}
	if situation == Immutable {
		return s.immutable(differences), nil
	}
	if situation == Unresolved {
		return r.unresolved(s, described, differences), nil
	}
	return r.actOnService(ctx, s, name, described, situation)
}

// takeNote writes what AWS describes of a service that is ours into status, and puts its
// tags right if they were read.
func (r *Reconciler) takeNote(ctx context.Context, s *scope, name string, described shape.Tree, tags map[string]string) error {
	status := s.object.Common()
	if s.kind.Retained && status.Name == "" {
		status.Served = true // nobody knows of what was found that it was never used
	}
	status.Name = name
	status.Owned = status.Owned || s.kind.Untagged && !s.observeOnly()
	_ = s.addDetails(ctx, described) // a service is looked at again: whatever is missing is read then
	r.warn(ctx, s, described)
	s.observed(described)
	s.inUse(described)
	if tags == nil || s.observeOnly() {
		return nil
	}
	return r.syncTags(ctx, s, name, described, tags)
}

// weighService finds out what the situation of a service is, and where it differs from
// the spec; if it is Immutable, in what AWS cannot change.
func (r *Reconciler) weighService(
	ctx context.Context, s *scope, name string, described shape.Tree, ownership identity.Ownership,
) (Situation, []shape.Difference, error) {
	if err := r.leaveToScalers(ctx, s); err != nil {
		return 0, nil, err
	}
	s.recognize(described)
	r.release(ctx, s, s.weighApplied(described))
	if err := r.link(ctx, s, described); err != nil {
		return 0, nil, err
	}
	differences := s.differences(s.request, described)
	if err := s.plan(described); err != nil {
		return 0, nil, err
	}
	fixed := differencesOf(s.removed.stuck)
	if len(differences) > 0 {
		fixed = append(s.fixed(described), fixed...)
	}
	differences = append(differences, s.removed.differences()...)
	drifted := len(differences) > 0 || len(fixed) > 0 || s.removed.unsent
	situation := situate(s.answered(facts{
		lifecycle: Service, exists: true, observe: s.observeOnly(),
		ownership: ownership, known: r.knows(s, name, described), adoption: s.control.AdoptionPolicy,
		state: s.state(described), named: s.named != "",
		drifted: drifted, fixed: len(fixed) > 0,
		attempted: s.next.tried, changed: s.changedSince(described),
		pending: s.pending(described), forced: s.force() != "", halted: s.stopped(),
		served: s.object.Common().Served, final: s.kind.FailsForGood, pushed: s.pushed(),
	}, described, r.Clock.Now()))
	if situation == Immutable {
		return situation, fixed, nil
	}
	return situation, differences, nil
}

// renamed tells whether there is an object under another name than the spec
// now asks for. One that was written down and not seen since may exist, if the
// answer to its creation was lost; waiting says that this is not known yet.
func (r *Reconciler) renamed(ctx context.Context, s *scope, was, name string) (yes, waiting bool, err error) {
	if was == "" || was == name || s.object.Common().ARN != "" {
		return was != "" && was != name, false, nil
	}
	described, err := s.describe(ctx, was)
	if err != nil {
		return false, false, err
	}
	if described == nil {
		return false, !r.confirmed(s, gone+was, goneWait), nil
	}
	tags, err := s.tagsOf(ctx, was, described)
	if err != nil {
		return false, false, err
	}
	ours := s.owner.Judge(tags) == identity.Ours
	return ours, !ours && !r.confirmed(s, foreign+was, foreignWait), nil
}

// actOnService does what the situation of a service that is ours asks for.
func (r *Reconciler) actOnService(ctx context.Context, s *scope, name string, described shape.Tree, situation Situation) (verdict, error) {
	switch situation {
	case OutOfSync:
		return r.try(s, described, s.next.digest, func() (verdict, error) { return r.updateInPlace(ctx, s, name, described) })
	case Replaceable:
		return r.try(s, described, s.kind.Delete.Name, func() (verdict, error) { return r.replace(ctx, s, name) })
	case Halted:
		return r.try(s, described, s.kind.Start.Name, func() (verdict, error) { return r.startAgain(ctx, s, name) })
	case InSync:
		s.record()
		s.object.Common().Attempted, s.object.Common().Detached = nil, nil
		s.object.Common().References = s.references.consumed
		return ready(s.kind.States.Ready, s.tell(described), r.look(s, described)), nil
	case Scaling:
		return ready(reason.Scaling, s.tell(described), r.look(s, described)), nil
	case RolledBack:
		r.look(s, described)
		return stalled(reason.RolledBack, s.rolledBack(described), s.interval()), nil
	case Failed, Stopped:
		r.look(s, described)
		return stalled(s.reasonOf(described), s.failure(described), s.interval()), nil
	default:
		return progressing(s.reasonOf(described), s.tell(described), r.look(s, described)), nil
	}
}

// updateInPlace writes down what is about to be tried, and then tries it.
func (r *Reconciler) updateInPlace(ctx context.Context, s *scope, name string, described shape.Tree) (verdict, error) {
	if wait := settleTime - r.Clock.Since(s.references.settled); wait > 0 {
		return progressing(reason.Updating, "waiting for the references to settle", wait), nil
	}
	if err := r.awaits(ctx, s); err != nil {
		return verdict{}, err
	}
	op, request := s.next.operation, s.next.request
	if op.Name == s.kind.Update.Name {
		scaled, waiting, err := r.makeWay(ctx, s, described)
		if err != nil || waiting.reason != "" {
			return waiting, err
		}
		if scaled && s.kind.Detach != nil {
			s.kind.Detach.Retain(request) // or the count would be that of the configuration again
		}
	}
	stop := s.toStop(described)
	if stop {
		op, request = s.kind.Stop, nil
	}
	was := s.attempt(described, r.Clock.Now())
	s.intend()
	if stop {
		s.object.Common().Attempted.Stopped, s.object.Common().Attempted.Digest = true, "" // the change itself is not tried yet
	}
	s.object.Common().References = slices.Concat(s.references.consumed, s.serving(described))
	if err := r.save(ctx, s, progressing(reason.Updating, "updating "+name, 0)); err != nil {
		return verdict{}, err
	}
	if err := s.call(ctx, op, name, request); err != nil {
		return r.updateRefused(ctx, s, described, was, err)
	}
	if !stop {
		s.object.Common().Attempted.Unanswered = false
		s.object.Common().Attempted.Accepted++
		s.accepted(request)
	}
	s.forceHandled = s.forceHandled || s.force() != ""
	r.eventf(ctx, s, reason.Updating, "updating %s (%s)", name, op.Name)
	return progressing(reason.Updating, name+" is being updated", firstRetry), nil
}

// attempt notes in status that the planned update is about to be tried, and returns what
// stood there.
func (s *scope) attempt(described shape.Tree, now time.Time) *v1alpha1.Attempt {
	was := s.object.Common().Attempted.DeepCopy()
	next := &v1alpha1.Attempt{
		Digest: s.next.digest, Generation: s.object.GetGeneration(), Time: metav1.NewTime(now),
		LastModifiedTime: shape.String(described, "LastModifiedTime"), Unanswered: true, Had: s.had(described),
		Stopped: s.stopped() || !s.next.tried && s.kind.Start.Exists() && s.state(described) == health.StateFailed,
	}
	if s.next.tried {
		next.Accepted = was.Accepted
	}
	if was != nil && was.Generation == next.Generation {
		next.Detach = was.Detach
	}
	s.object.Common().Attempted = next
	return was
}

// stopped tells whether we have stopped the service to change it.
func (s *scope) stopped() bool {
	a := s.object.Common().Attempted
	return a != nil && a.Stopped
}

// startAgain starts a service that was stopped to be changed.
func (r *Reconciler) startAgain(ctx context.Context, s *scope, name string) (verdict, error) {
	if !s.kind.Start.Exists() {
		s.forceHandled = s.forceHandled || s.force() != ""
		why := name + " does not run, and AWS has no call to start it: change the spec, or delete the resource and create it again"
		return stalled(reason.Failed, why, s.interval()), nil
	}
	if err := s.call(ctx, s.kind.Start, name, nil); err != nil {
		return verdict{}, err
	}
	s.forceHandled = s.forceHandled || s.force() != ""
	r.eventf(ctx, s, reason.Updating, "starting %s, which was stopped to be changed", name)
	return progressing(reason.Updating, name+" is being started", firstRetry), nil
}

// replace deletes an object that failed, so that the next round creates it anew.
// AWS may have deleted it by itself, and still tell of it: then its name is free.
func (r *Reconciler) replace(ctx context.Context, s *scope, name string) (verdict, error) {
	err := s.call(ctx, s.kind.Delete, name, s.spec)
	if err != nil && cloud.Classify(err) != cloud.NotFound {
		return verdict{}, err
	}
	s.forceHandled = s.forceHandled || s.force() != ""
	s.object.Common().Served = false
	if err != nil {
		return r.create(ctx, s, name)
	}
	r.eventf(ctx, s, reason.Deleting, "deleting %s, which failed, to create it again", name)
	return progressing(reason.Deleting, name+" failed and is deleted to be created again", firstRetry), nil
}

// pushed tells whether the spec is newer than what was last judged, of an object that
// holds nothing: it never served, or AWS has deleted what failed.
func (s *scope) pushed() bool {
	status := s.object.Common()
	return s.isNew() && status.ObservedGeneration > 0 && (!status.Served || s.kind.StopsByDeletion)
}

// pending tells whether an update of ours has not been seen to end, or AWS is
// changing the object to something else than the spec asks for.
func (s *scope) pending(described shape.Tree) bool {
	if s.object.Common().Attempted != nil {
		return true
	}
	for member := range s.kind.Serves {
		to, want := shape.String(described, member), shape.String(s.request, lastName(member))
		if to != "" && want != "" && to != want {
			return true
		}
	}
	return false
}

// isForeign reads once more whose an object is, before something is done to
// it: tags are compared rarely, and an object of the same name may have taken
// the place of ours since.
func (r *Reconciler) isForeign(ctx context.Context, s *scope, name string, described shape.Tree, tags map[string]string) (bool, error) {
	if tags == nil {
		var err error
		if tags, _, err = r.tagsOrOurs(ctx, s, name, described); err != nil {
			return false, err
		}
	}
	return r.judge(s, name, described, tags) == identity.Foreign, nil
}

// changedSince tells whether AWS has modified the object since it accepted the attempt.
// Without that the modification may be anybody's, such as autoscaling's.
func (s *scope) changedSince(described shape.Tree) bool {
	a := s.object.Common().Attempted
	return a != nil && !a.Unanswered && a.LastModifiedTime != shape.String(described, "LastModifiedTime")
}

// serving lists the objects that this one uses in AWS at the moment.
func (s *scope) serving(described shape.Tree) []v1alpha1.ConsumedReference {
	var list []v1alpha1.ConsumedReference
	for member, kind := range s.kind.Serves {
		name := shape.String(described, member)
		if name == "" || consumes(s.references.consumed, kind, name) || consumes(list, kind, name) {
			continue
		}
		list = append(list, v1alpha1.ConsumedReference{Path: "status." + member, Kind: kind, AWSName: name})
	}
	return list
}

// inUse adds to the references of status what AWS uses beside them.
func (s *scope) inUse(described shape.Tree) {
	status := s.object.Common()
	for _, ref := range s.serving(described) {
		if !consumes(status.References, ref.Kind, ref.AWSName) {
			status.References = append(status.References, ref)
		}
	}
}

func consumes(list []v1alpha1.ConsumedReference, kind, awsName string) bool {
	for _, ref := range list {
		if ref.Kind == kind && ref.AWSName == awsName {
			return true
		}
	}
	return false
}
