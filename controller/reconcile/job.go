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

// maxRuns is how many runs status tells of.
const maxRuns = 10

// reconcileJob makes the present digest's run the only one, starts it if it
// does not exist and tells how it goes.
func (r *Reconciler) reconcileJob(ctx context.Context, s *scope) (verdict, error) {
	if waiting, err := r.supersede(ctx, s); err != nil || waiting != "" {
		return progressing(reason.Stopping, waiting, busyWait), err
	}
	run, described, err := r.findRun(ctx, s)
	if err != nil {
		return verdict{}, err
	}
	if described == nil {
		return r.start(ctx, s, run)
	}
	r.memory.drop(s.object.GetUID(), gone+run.name)
	s.recognize(described)
	if !s.state(described).Settled() {
		r.release(ctx, s, s.weighApplied(described))
	}
	differences, fixed := s.jobDrift(run, described)
	if err := s.plan(described); err != nil {
		return verdict{}, err
	}
	if len(differences) == 0 {
		s.object.Common().Attempted = nil
	}
	if len(differences)+len(fixed) == 0 && !s.state(described).Settled() {
		s.record()
	}
	situation := situate(facts{
		lifecycle: Job, exists: true, observe: s.observeOnly(),
		ownership: run.ownership, known: run.known, adoption: s.control.AdoptionPolicy,
		state: s.state(described), named: s.named != "", attempted: s.next.tried,
		// A job that is to be stopped is not changed before.
		drifted: len(differences) > 0 && len(s.next.request) > 0 && s.stop() == "", fixed: len(fixed) > 0,
	})
	if situation != Foreign {
		if err := s.addDetails(ctx, described); err != nil {
			return verdict{}, err
		}
		if err := r.takeOver(ctx, s, run, described); err != nil {
			return verdict{}, err
		}
	}
	switch situation {
	case Foreign:
		return r.foreign(s, run.name, run.ownership), nil
	case Immutable:
		return s.immutable(fixed), nil
	case OutOfSync:
		return r.try(s, described, s.next.digest, func() (verdict, error) { return r.updateInPlace(ctx, s, run.name, described) })
	case Deleting:
		return progressing(reason.Deleting, s.tell(described), r.look(s, described)), nil
	case Creating, Running, Stopping:
		if s.stop() != "" && situation != Stopping {
			return r.stopRun(ctx, s, run.name, described)
		}
		s.stopHandled()
		if err := r.watchTags(ctx, s, run, described); err != nil {
			return verdict{}, err
		}
		return r.atWork(s, described), nil
	default:
		if situation == Stopped && s.stop() != "" { // it is what the request asks for
			s.runNamed(run.name).StopRequest = s.stop()
		}
		s.stopHandled()
		return r.ended(ctx, s, run, described, situation)
	}
}

// start starts a run that AWS does not describe, unless it has ended, may still be there,
// or is to be stopped.
func (r *Reconciler) start(ctx context.Context, s *scope, run found) (verdict, error) {
	if v, over := s.remembered(run); over {
		s.stopHandled()
		return v, nil
	}
	if v, waits := r.disappeared(ctx, s, run); waits {
		return v, nil
	}
	if s.stop() != "" {
		return r.withhold(s, run.name), nil
	}
	return r.create(ctx, s, run.name)
}

// jobDrift compares a run with the spec: all of it if the spec gives its name and the run
// is at work, since then the digest does not; else what can be updated. A run that has
// ended stays what it was asked to be, whatever AWS describes: the digest of the run
// says whether it is what the spec asks for.
func (s *scope) jobDrift(run found, described shape.Tree) (all, fixed []shape.Difference) {
	all = s.differences(s.kind.changeable(s.request), described)
	switch {
	case !s.compared():
	case s.state(described).Settled():
		fixed = s.outgrown(run, described)
	default:
		all, fixed = s.differences(s.request, described), s.fixed(described)
		fixed = append(fixed, differencesOf(s.removed.stuck)...)
	}
	return append(all, s.removed.differences()...), fixed
}

// found is a run that findRun looked for.
type found struct {
	name      string
	ownership identity.Ownership
	known     bool // status told of it
	tags      map[string]string
}

// findRun finds the run of the present digest: the last attempt that exists
// and was not superseded, or else the name for a new one.
func (r *Reconciler) findRun(ctx context.Context, s *scope) (found, shape.Tree, error) {
	force := s.force()
	if s.observeOnly() {
		force = ""
	}
	if run := s.run(); run != nil && run.Outcome != v1alpha1.RunSubmitting && force == "" {
		described, err := s.describe(ctx, run.Name)
		return found{name: run.Name, ownership: identity.Ours, known: true}, described, err
	}
	for attempt := 1; attempt <= identity.MaxAttempts; attempt++ {
		run := found{name: s.named}
		if s.named == "" {
			run.name = s.runName(attempt)
		}
		described, err := s.describe(ctx, run.name)
		if err != nil || described == nil {
			s.forceHandled = err == nil
			return run, nil, err
		}
		if was := s.runNamed(run.name); s.named == "" && was != nil && was.Outcome == v1alpha1.RunSuperseded {
			continue
		}
		if run.tags, _, err = r.tagsOrOurs(ctx, s, run.name, described); err != nil {
			return run, nil, err
		}
		run.ownership = s.owner.Judge(run.tags)
		if run.tags[identity.TagForced] == force {
			force = "" // an earlier round did what was asked
		}
		counts, err := s.counts(ctx, run, described, &force)
		if err != nil {
			return run, nil, err
		}
		if counts {
			if force != "" && s.named != "" && run.ownership == identity.Ours {
				r.warnf(ctx, s, reason.ValidationFailed, "forceAt runs nothing: %s exists, and a new run needs a new name. Give another %s", s.named, s.kind.NameField())
			}
			s.forceHandled = true
			return run, described, nil
		}
	}
	return found{}, nil, &refusal{reason.ValidationFailed, fmt.Sprintf(
		"%d runs of this very spec exist and were superseded: change the spec, or set rerun", identity.MaxAttempts)}
}

// counts tells whether a run that exists is the present one, or one that was
// superseded or is to be run again. The run that a force request is about is
// tagged with its token, which is used up with that.
func (s *scope) counts(ctx context.Context, run found, described shape.Tree, force *string) (bool, error) {
	switch {
	case run.ownership != identity.Ours, s.named != "":
		return true, nil
	case run.tags[identity.TagSuperseded] != "", run.tags[identity.TagForced] != "":
		return false, nil
	case *force == "", s.observeOnly(), !s.state(described).Settled():
		return true, nil
	}
	if err := s.tag(ctx, run.name, described, map[string]string{identity.TagForced: *force}); err != nil {
		return false, err
	}
	*force = ""
	return false, nil
}

// remembered is the verdict on a run that status knows to have ended while AWS
// has no record of it any more: that is no reason to run it again.
func (s *scope) remembered(run found) (verdict, bool) {
	was := s.runNamed(run.name)
	if was == nil || !run.known {
		return verdict{}, false
	}
	message := fmt.Sprintf("%s %s; AWS has no record of it any more", run.name, was.Outcome)
	switch was.Outcome {
	case v1alpha1.RunCompleted:
		return ready(reason.Completed, message, 0), true
	case v1alpha1.RunFailed:
		return stalled(reason.Failed, message, 0), true
	case v1alpha1.RunStopped:
		switch {
		case was.StopRequest == "":
			return stalled(reason.StoppedExternally, message, 0), true
		case was.StartTime == nil:
			message = run.name + " has not been started"
		}
		return s.onRequest(was, message), true
	default:
		return verdict{}, false
	}
}

// takeOver makes a run that exists the object's: its tags say so first, then
// status. A run that is only observed stays what it is.
func (r *Reconciler) takeOver(ctx context.Context, s *scope, run found, described shape.Tree) error {
	if s.observeOnly() {
		s.object.Common().Name = run.name
		s.observed(described)
		return nil
	}
	if run.ownership == identity.Unowned && !run.known {
		if err := s.tag(ctx, run.name, described, s.kept()); err != nil {
			return err
		}
		s.recordTags()
	}
	r.adoptRun(s, run.name, described)
	return nil
}

// adoptRun records a run that exists in AWS.
func (r *Reconciler) adoptRun(s *scope, name string, described shape.Tree) {
	if s.runNamed(name) == nil {
		s.addRun(v1alpha1.Run{Name: name, Digest: s.digest, ID: s.found[name]})
	}
	run := s.runNamed(name)
	run.Outcome = outcomeOf(s.state(described))
	run.StartTime = timeAt(described, "CreationTime")
	if s.kind.EndTime != "" {
		run.EndTime = timeAt(described, s.kind.EndTime)
	}
	if n, ok := shape.Lookup(described, s.kind.Billable); ok {
		if seconds, ok := n.(int64); ok {
			run.BillableSeconds = &seconds
		}
	}
	s.object.Common().Name = name
	s.object.Common().References = s.references.consumed
	s.observed(described)
}

// addRun puts a run in front, unless status tells of it already.
func (s *scope) addRun(run v1alpha1.Run) {
	status := s.object.Common()
	if was := s.runNamed(run.Name); was != nil {
		*was = run
		return
	}
	status.Runs = append([]v1alpha1.Run{run}, status.Runs...)
	if len(status.Runs) > maxRuns {
		status.Runs = status.Runs[:maxRuns]
	}
}

// atWork is the verdict on a run that has not ended.
func (r *Reconciler) atWork(s *scope, described shape.Tree) verdict {
	after := r.look(s, described)
	state := s.state(described)
	why := s.reasonOf(described)
	if s.control.Readiness == v1alpha1.ReadyWhenSubmitted && state != health.StateStopping {
		return ready(reason.Submitted, s.tell(described), after)
	}
	return progressing(why, s.tell(described), after)
}

// ended is the verdict on a run that has ended. Its tags are put right once
// per spec; nothing else is ever asked of AWS about it again.
func (r *Reconciler) ended(ctx context.Context, s *scope, run found, described shape.Tree, situation Situation) (verdict, error) {
	if !s.observeOnly() && s.isNew() {
		if err := r.tagEnded(ctx, s, run, described); err != nil {
			return verdict{}, err
		}
	}
	if situation == Done {
		return ready(reason.Completed, s.tell(described)+r.unapplied(ctx, s), 0), nil
	}
	why := s.reasonOf(described)
	if was := s.runNamed(run.name); why == reason.StoppedExternally && was != nil && was.StopRequest != "" {
		return s.onRequest(was, s.tell(described)), nil
	}
	return stalled(why, s.failure(described), 0), nil
}

// tagEnded puts the tags of a run that has ended right, if AWS tells them.
func (r *Reconciler) tagEnded(ctx context.Context, s *scope, run found, described shape.Tree) error {
	tags := run.tags
	if tags == nil {
		var unread bool
		var err error
		if tags, unread, err = r.tagsOrOurs(ctx, s, run.name, described); err != nil || unread {
			return err
		}
	}
	return r.syncTags(ctx, s, run.name, described, tags)
}

// supersede stops the runs of other digests and says which it is still waiting
// for. Status tells first which runs these are.
func (r *Reconciler) supersede(ctx context.Context, s *scope) (string, error) {
	if s.observeOnly() {
		return "", nil
	}
	if s.markSuperseded() {
		if err := r.save(ctx, s, progressing(reason.Stopping, "the runs of earlier specs are superseded", 0)); err != nil {
			return "", err
		}
	}
	return r.stopSuperseded(ctx, s)
}

func (s *scope) hasSuperseding() bool {
	return slices.ContainsFunc(s.object.Common().Runs, func(run v1alpha1.Run) bool { return run.Outcome == v1alpha1.RunSuperseding })
}

// stopSuperseded stops the runs that status calls superseded and says which it
// is still waiting for.
func (r *Reconciler) stopSuperseded(ctx context.Context, s *scope) (string, error) {
	for i := range s.object.Common().Runs {
		run := &s.object.Common().Runs[i]
		if run.Outcome != v1alpha1.RunSuperseding {
			continue
		}
		over, err := r.end(ctx, s, run.Name)
		if err != nil {
			return "", err
		}
		if !over {
			return fmt.Sprintf("stopping %s, which this spec supersedes", run.Name), nil
		}
		run.Outcome = v1alpha1.RunSuperseded
	}
	return "", nil
}

// markSuperseded marks the runs that the present one takes the place of: those
// that have not ended, and those whose output it may overwrite.
func (s *scope) markSuperseded() bool {
	marked := false
	for i := range s.object.Common().Runs {
		run := &s.object.Common().Runs[i]
		switch {
		case s.isCurrent(run), run.Outcome == v1alpha1.RunSuperseded, run.Outcome == v1alpha1.RunSuperseding:
		case run.Outcome == v1alpha1.RunRunning, run.Outcome == v1alpha1.RunSubmitting, !s.kind.KeepsRuns && s.named == "":
			run.Outcome, marked = v1alpha1.RunSuperseding, true
		}
	}
	return marked
}

// end tags a run of ours as superseded and stops it; it reports whether the
// run has ended.
func (r *Reconciler) end(ctx context.Context, s *scope, name string) (bool, error) {
	described, err := s.describe(ctx, name)
	if err != nil {
		return false, err
	}
	if described == nil {
		return r.vanished(ctx, s, name), nil
	}
	r.memory.drop(s.object.GetUID(), gone+name)
	state := s.state(described)
	if state == health.StateStopping || state == health.StateDeleting {
		return false, nil
	}
	tags, _, err := r.tagsOrOurs(ctx, s, name, described)
	if err != nil {
		return false, err
	}
	ownership, err := r.ownershipOfRun(ctx, s, name, described, tags)
	if err != nil {
		return false, err
	}
	if ownership != identity.Ours {
		return r.released(ctx, s, name, ownership), nil
	}
	if tags[identity.TagSuperseded] == "" {
		err := s.tag(ctx, name, described, map[string]string{identity.TagSuperseded: "true"})
		if err != nil && !r.tagsRefused(ctx, s, name, err) { // status says so, too
			return false, err
		}
	}
	if state.Settled() {
		return true, nil
	}
	err = s.call(ctx, s.kind.Stop, name, nil)
	if c := cloud.Classify(err); c == cloud.Busy || c == cloud.NotFound {
		err = nil // it ended in this moment
	}
	return false, err
}

// isCurrent tells whether a run is one of the present spec.
func (s *scope) isCurrent(run *v1alpha1.Run) bool {
	if s.named != "" {
		return run.Name == s.named
	}
	return run.Digest == s.digest
}

// run is the present spec's run as status has it; nil if there is none that
// still counts.
func (s *scope) run() *v1alpha1.Run {
	for i := range s.object.Common().Runs {
		run := &s.object.Common().Runs[i]
		if s.isCurrent(run) && run.Outcome != v1alpha1.RunSuperseded && run.Outcome != v1alpha1.RunSuperseding {
			return run
		}
	}
	return nil
}

func (s *scope) runNamed(name string) *v1alpha1.Run {
	status := s.object.Common()
	for i := range status.Runs {
		if status.Runs[i].Name == name {
			return &status.Runs[i]
		}
	}
	return nil
}

func outcomeOf(state health.State) v1alpha1.RunOutcome {
	switch {
	case state == health.StateDone:
		return v1alpha1.RunCompleted
	case state == health.StateStopped:
		return v1alpha1.RunStopped
	case state.Broken():
		return v1alpha1.RunFailed
	default:
		return v1alpha1.RunRunning
	}
}

func timeAt(t shape.Tree, member string) *metav1.Time {
	at, err := time.Parse(time.RFC3339, shape.String(t, member))
	if err != nil {
		return nil
	}
	return &metav1.Time{Time: at}
}
