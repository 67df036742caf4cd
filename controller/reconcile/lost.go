package reconcile

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// lostWait is between the two looks after which an AWS object counts as gone
// although status has recorded that it is there: a single answer may be stale.
const lostWait = time.Minute

// disappeared is the verdict on a recorded run that AWS does not show. ok is false
// when that is certain; an event says so before the run is started again.
func (r *Reconciler) disappeared(ctx context.Context, s *scope, run found) (v verdict, ok bool) {
	if !run.known || s.observeOnly() {
		return v, false
	}
	if !r.confirmed(s, gone+run.name, lostWait) {
		return progressing(reason.Running, fmt.Sprintf("AWS shows no %s, which has not ended; looking again before it is started anew", run.name), busyWait), true
	}
	r.memory.drop(s.object.GetUID(), gone+run.name)
	r.warnf(ctx, s, reason.DeletedExternally, "%s is gone from AWS although it had not ended; it is started again", run.name)
	return v, false
}

// missing is the verdict on an object whose identifier AWS made and status has
// recorded, and that AWS does not show: nothing but the identifier keeps a second one
// from being created. ok is false when it is certain that there is none.
func (r *Reconciler) missing(s *scope, name string) (v verdict, ok bool) {
	if s.kind.ID == "" || s.observeOnly() || s.recordedIDOf(name) == "" || r.confirmed(s, gone+name, lostWait) {
		return v, false
	}
	return progressing(reason.Progressing, fmt.Sprintf("AWS shows no %s, which was there; looking again before it is created anew", name), busyWait), true
}

// recordedIDOf is the identifier under which status has last recorded the AWS object
// of that name; empty if AWS makes none.
func (s *scope) recordedIDOf(name string) string {
	if s.kind.ID == "" {
		return ""
	}
	status := s.before.Common()
	for _, run := range status.Runs {
		if run.Name == name {
			return run.ID
		}
	}
	for _, revision := range status.Revisions {
		if revision.Name == name {
			return revision.ID
		}
	}
	if s.kind.Lifecycle == Service && status.Name == name {
		return status.ID
	}
	return ""
}

// recordedID tells whether status has recorded the described object by its identifier.
func (s *scope) recordedID(name string, described shape.Tree) bool {
	id := s.recordedIDOf(name)
	return id != "" && id == shape.String(described, s.kind.ID)
}

// recordedRun tells whether a described run is the one that status has recorded: made
// at the same time, or under a name that has our digest in it.
func (s *scope) recordedRun(name string, described shape.Tree) bool {
	for _, run := range s.before.Common().Runs {
		if run.Name == name {
			return s.recordedID(name, described) || sameTime(run.StartTime, timeAt(described, "CreationTime")) || s.madeFor(run)
		}
	}
	return false
}

// madeFor tells whether the name of a run is one that the controller makes of its digest.
func (s *scope) madeFor(run v1alpha1.Run) bool {
	with := *s
	with.digest = run.Digest
	for attempt := 1; attempt <= identity.MaxAttempts && run.Digest != ""; attempt++ {
		if with.runName(attempt) == run.Name {
			return true
		}
	}
	return false
}

func sameTime(a, b *metav1.Time) bool { return a != nil && b != nil && a.Unix() == b.Unix() }

// vanished tells whether it is certain that a recorded run, which AWS does not show, is
// gone.
func (r *Reconciler) vanished(ctx context.Context, s *scope, name string) bool {
	run := s.runNamed(name)
	if run == nil || run.StartTime == nil { // it may never have been started
		return r.confirmed(s, gone+name, goneWait)
	}
	if !r.confirmed(s, gone+name, lostWait) {
		return false
	}
	r.warnf(ctx, s, reason.DeletedExternally, "%s is gone from AWS although it had not ended", name)
	return true
}

// judge says whose an object with these tags is. If it is known to be ours, a part of
// its tags says nothing about anybody else: somebody has removed the rest.
func (r *Reconciler) judge(s *scope, name string, described shape.Tree, tags map[string]string) identity.Ownership {
	ownership := s.owner.Judge(tags)
	if ownership != identity.Foreign || s.owner.Contradicts(tags) {
		return ownership
	}
	if r.knows(s, name, described) || s.kind.Lifecycle == Job && s.recordedRun(name, described) {
		return identity.Unowned
	}
	return ownership
}

// watchTags looks now and then whether a run at work still carries its tags.
func (r *Reconciler) watchTags(ctx context.Context, s *scope, run found, described shape.Tree) error {
	if !run.known || s.observeOnly() || !r.Observer.TagsDue(s.object.GetUID()) {
		return nil
	}
	r.Observer.SawTags(s.object.GetUID())
	tags, err := s.tagsOf(ctx, run.name, described)
	if err == nil {
		_, err = r.ownershipOfRun(ctx, s, run.name, described, tags)
	}
	if permanent(err) {
		return nil // what AWS does not show changes nothing about a run at work
	}
	return err
}

// ownershipOfRun says whose a recorded run is. One whose ownership tags somebody has
// removed stays ours: an event says so, and the tags are set again.
func (r *Reconciler) ownershipOfRun(ctx context.Context, s *scope, name string, described shape.Tree, tags map[string]string) (identity.Ownership, error) {
	ownership := s.owner.Judge(tags)
	if ownership == identity.Ours || s.owner.Contradicts(tags) || !s.recordedRun(name, described) {
		return ownership, nil
	}
	if made := timeAt(described, "CreationTime"); made != nil && r.Clock.Since(made.Time) < foreignWait {
		return identity.Ours, nil // AWS may not show the tags yet
	}
	r.ownershipLost(ctx, s, name)
	err := ignoreNoTags(s.tag(ctx, name, described, s.owner.Tags(s.digestOf(name))))
	if err != nil && !r.tagsRefused(ctx, s, name, err) {
		return ownership, err
	}
	return identity.Ours, nil
}

// ownershipLost says that somebody has removed ownership tags, at most once a day.
func (r *Reconciler) ownershipLost(ctx context.Context, s *scope, name string) {
	uid := s.object.GetUID()
	if r.memory.recent(uid, lostTags+name, lastTagWait) {
		return
	}
	r.memory.mark(uid, lostTags+name)
	r.warnf(ctx, s, reason.OwnershipLost, "%s has lost its ownership tags, but status has recorded it: they are set again", name)
}

// digestOf is the digest of the run that status has recorded under a name.
func (s *scope) digestOf(name string) string {
	if run := s.runNamed(name); run != nil && run.Digest != "" {
		return run.Digest
	}
	return s.digest
}

// released tells whether an object that is not ours, as two looks with time between
// them agree, is left to whoever it belongs to. An event says so.
func (r *Reconciler) released(ctx context.Context, s *scope, name string, ownership identity.Ownership) bool {
	if !r.confirmed(s, foreign+name, foreignWait) {
		return false
	}
	why := "it carries no ownership tags"
	if ownership == identity.Foreign {
		why = "it carries the tags of another owner"
	}
	r.warnf(ctx, s, reason.OwnershipLost, "%s stays as it is in AWS: %s", name, why)
	return true
}
