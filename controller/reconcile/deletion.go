package reconcile

import (
	"context"
	"fmt"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// disposal is how far the deletion of one AWS object is.
type disposal struct {
	// over says that it is gone, or not ours.
	over bool
	// kept says that it stays: a revision that is tagged as retained serves
	// somewhere. For anything else the deletion policy has spoken.
	kept bool
	// wait is the time until the next look, as long as it is not over or what is
	// kept is not marked.
	wait time.Duration
	// refusal is AWS's, if it does not delete the object for now, and by says what is in
	// the way, as far as that is known.
	refusal error
	by      string
}

// deleteAgain is how long AWS may go on to show an object that it has deleted before it is
// asked once more to delete it.
const deleteAgain = 30 * time.Second

func deletionCall(name string) string { return "delete " + name }

// waitsToDelete is the verdict on a deletion that goes on.
func (s *scope) waitsToDelete(name string, is disposal) verdict {
	text := fmt.Sprintf("deleting %s %s", s.kind.Kind(), name)
	switch {
	case is.refusal == nil:
		return progressing(reason.Deleting, text, is.wait)
	case is.by == "":
		return progressing(reason.Busy, text+": "+cloud.Message(is.refusal), is.wait)
	default:
		return progressing(reason.WaitingForDependents, fmt.Sprintf("%s: %s; waiting for %s", text, cloud.Message(is.refusal), is.by), is.wait)
	}
}

// deleteObject deletes one AWS object if it is ours.
func (r *Reconciler) deleteObject(ctx context.Context, s *scope, name string) (disposal, error) {
	uid := s.object.GetUID()
	described, err := s.describe(ctx, name)
	if err != nil {
		return disposal{wait: goneWait}, err
	}
	if described == nil {
		return disposal{over: r.isGone(s, name), wait: goneWait}, nil
	}
	r.memory.drop(uid, gone+name)
	state := s.state(described)
	if state == health.StateDeleting || state == health.StateStopping && s.kind.Start.Exists() {
		return disposal{wait: goneWait}, nil
	}
	if r.memory.recent(uid, deletedMark+name, deleteAgain) { // reads may lag behind
		return disposal{wait: confirmWait}, nil
	}
	if held, err := r.staysRefused(ctx, s, name, described); err != nil || held.refusal != nil {
		return held, err
	}
	tags, _, err := r.tagsOrOurs(ctx, s, name, described)
	if err != nil {
		return disposal{wait: goneWait}, err
	}
	if ownership := s.owner.Judge(tags); ownership != identity.Ours {
		return disposal{over: r.released(ctx, s, name, ownership), wait: goneWait}, nil
	}
	if tags[identity.TagRetained] != "" && s.kind.Lifecycle == Revision {
		return disposal{over: true, kept: true, wait: confirmWait}, nil
	}
	op := s.kind.Delete
	if s.kind.Start.Exists() && state == health.StateDone {
		op = s.kind.Stop
	}
	err = s.call(ctx, op, name, s.spec)
	switch cloud.Classify(err) {
	case cloud.None:
		if op.Name == s.kind.Delete.Name {
			r.memory.mark(uid, deletedMark+name)
		}
		r.memory.lift(uid, deletionCall(name))
		return disposal{wait: confirmWait}, nil
	case cloud.NotFound:
		// AWS may describe for a day what it has deleted, such as a failed App.
		return disposal{over: r.confirmed(s, refusedAsGone+name, foreignWait), wait: goneWait}, nil
	case cloud.Busy, cloud.Validation:
		return r.refusedToDelete(ctx, s, name, described, err)
	default:
		return disposal{wait: goneWait}, err
	}
}

// isGone tells whether an object that AWS does not show is gone. AWS has said so when it
// has carried out our deletion; otherwise what was just made may not be seen yet.
func (r *Reconciler) isGone(s *scope, name string) bool {
	return r.memory.recent(s.object.GetUID(), deletedMark+name, time.Hour) || r.confirmed(s, gone+name, goneWait)
}

// refusedToDelete finds out what is in the way of a deletion that AWS refuses. A refusal
// that nothing explains, and that AWS does not say to be one for now, is an error.
func (r *Reconciler) refusedToDelete(ctx context.Context, s *scope, name string, described shape.Tree, refusal error) (disposal, error) {
	by, err := r.blockers(ctx, s, described)
	if err != nil {
		return disposal{wait: goneWait}, err
	}
	if by == "" && cloud.Classify(refusal) != cloud.Busy && !s.state(described).Busy() {
		return disposal{wait: goneWait}, refusal
	}
	h := r.memory.refuse(s.object.GetUID(), deletionCall(name), s.stateKey(described)+by, "", refusal)
	return disposal{wait: h.look(r.Clock.Now()), refusal: refusal, by: by}, nil
}

// staysRefused tells whether AWS would refuse a deletion again that it has refused before:
// the object is as it was, and what was in the way is still there. Now and then the call
// is made all the same.
func (r *Reconciler) staysRefused(ctx context.Context, s *scope, name string, described shape.Tree) (disposal, error) {
	uid, now := s.object.GetUID(), r.Clock.Now()
	h, ok := r.memory.held(uid, deletionCall(name))
	if !ok || s.requested() {
		return disposal{}, nil
	}
	by, err := r.blockers(ctx, s, described)
	if err != nil {
		return disposal{wait: goneWait}, err
	}
	key := s.stateKey(described) + by
	if key != h.key && by == "" {
		return disposal{}, nil
	}
	if h = r.memory.moved(uid, deletionCall(name), key, ""); h.due(now) {
		return disposal{}, nil
	}
	return disposal{wait: h.look(now), refusal: h.why, by: by}, nil
}

// stateKey is AWS's word for how an object is.
func (s *scope) stateKey(described shape.Tree) string {
	return shape.String(described, s.kind.States.Member) + " "
}
