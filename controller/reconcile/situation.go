package reconcile

import (
	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// Situation is what is the case with an object in AWS, seen from its spec.
type Situation int

const (
	// Absent does not exist in AWS.
	Absent Situation = iota
	// Foreign exists and is not ours to touch.
	Foreign
	// Creating is being built.
	Creating
	// Running is a job at work.
	Running
	// Stopping is being stopped.
	Stopping
	// Deleting is being deleted.
	Deleting
	// Updating is being changed to what the spec asks for, or back.
	Updating
	// Scaling is being changed by AWS while it serves what the spec asks for.
	Scaling
	// OutOfSync differs from the spec in what Update can change.
	OutOfSync
	// Immutable differs from the spec in what AWS cannot change.
	Immutable
	// Replaceable failed before it ever served and differs from the spec: it
	// can be deleted and created again.
	Replaceable
	// InSync is what the spec asks for.
	InSync
	// Halted is what the spec asks for, but is stopped, and is to be started.
	Halted
	// Done is a job that ended well.
	Done
	// Stopped is a job or service that was stopped.
	Stopped
	// Failed failed.
	Failed
	// Unresolved differs from the spec although AWS has accepted the update that was
	// to remove the difference.
	Unresolved
	// RolledBack serves something else than the spec asks for, because AWS
	// went back after an update of ours.
	RolledBack
)

// facts is all that a situation depends on.
type facts struct {
	lifecycle Lifecycle
	exists    bool
	ownership identity.Ownership
	adoption  v1alpha1.AdoptionPolicy
	// known says that status told of this very AWS object before.
	known bool
	// observe says that the object is only looked at.
	observe bool
	state   health.State
	// drifted and fixed say that AWS differs from the spec, and that some of
	// it cannot be updated.
	drifted, fixed bool
	// named says that the spec gives the AWS name itself.
	named bool
	// attempted says that an update to the present spec was tried and not yet
	// seen to have worked, changed that AWS has modified the object since.
	attempted, changed bool
	// unanswered says that AWS's answer to the attempt is not known, fresh that AWS may
	// not describe yet what it has accepted, due that it is time to try the same again,
	// and wentBack that AWS says of the difference that it has undone the update.
	unanswered, fresh, due, wentBack bool
	// pending says that some update of ours has not been seen to end, or that
	// AWS is changing to something else than the spec asks for.
	pending bool
	// halted says that we stopped it ourselves, to change it.
	halted bool
	// pushed says that the spec is newer than the failure of an object that holds
	// nothing, even if nothing of it is seen to differ: what made it fail may have been
	// removed.
	pushed bool
	// forced says that a person asks to try again what failed.
	forced bool
	// served says that a service has been ready once, final that AWS only deletes
	// one that failed.
	served, final bool
}

// mayTouch tells whether the object is ours or may become so.
func (f facts) mayTouch() bool {
	switch {
	case f.observe:
		return true
	case f.ownership == identity.Foreign:
		return false
	case f.known:
		return true
	case f.adoption == v1alpha1.AdoptNever:
		return false
	case f.ownership == identity.Ours:
		return true
	default:
		return f.adoption == v1alpha1.AdoptUnowned
	}
}

// situate decides which situation the facts are.
func situate(f facts) Situation {
	switch {
	case !f.exists, f.state == health.StateGone:
		return Absent
	case !f.mayTouch():
		return Foreign
	case f.state == health.StateDeleting:
		return Deleting
	}
	switch f.lifecycle {
	case Job:
		return situateJob(f)
	case Revision:
		return situateRevision(f)
	default:
		return situateService(f)
	}
}

func situateRevision(f facts) Situation {
	switch {
	case f.state.Broken():
		return Failed
	case f.state.Busy():
		return Creating
	case f.observe, !f.drifted:
		return InSync
	case f.fixed && f.named:
		return Immutable
	case !f.attempted, f.unanswered, f.due:
		return OutOfSync
	case f.fresh && !f.changed:
		return Updating
	case f.named:
		return Unresolved
	default:
		return InSync // it exists, and AWS says in its own words what was asked for
	}
}

func situateJob(f facts) Situation {
	switch {
	case f.fixed && f.named && !f.observe:
		return Immutable
	case f.state == health.StateStopping:
		return Stopping
	case f.state == health.StateStopped:
		return Stopped
	case f.state.Broken():
		return Failed
	case f.drifted && !f.fixed && !f.attempted && !f.observe:
		return OutOfSync
	case f.state == health.StateDone:
		return Done
	case f.state == health.StateCreating:
		return Creating
	default:
		return Running
	}
}

func situateService(f facts) Situation {
	switch f.state {
	case health.StateCreating:
		return Creating
	case health.StateUpdating:
		if !f.drifted && !f.attempted && !f.pending {
			return Scaling
		}
		return Updating
	case health.StateRollingBack, health.StateStopping, health.StateRunning, health.StateUnknown:
		return Updating
	case health.StateFailed:
		return situateFailed(f)
	case health.StateRollbackFailed:
		if !f.observe && (f.forced || f.drifted && (!f.attempted || f.unanswered)) {
			return OutOfSync
		}
		return RolledBack
	case health.StateDeleteFailed:
		return Failed
	default:
		return situateSettled(f)
	}
}

// situateFailed is about a service that failed. One that has served may hold what
// nothing brings back, so it is not deleted to be created again.
func situateFailed(f facts) Situation {
	switch {
	case f.observe, !f.drifted && !f.forced && !f.pushed:
		return Failed
	case !f.served || f.final:
		return Replaceable
	case !f.drifted:
		return Halted
	case f.fixed:
		return Immutable
	case f.attempted && (f.changed || !f.unanswered):
		return Failed
	default:
		return OutOfSync
	}
}

// situateSettled is about a service that AWS is not at work on.
func situateSettled(f facts) Situation {
	switch {
	case !f.drifted && f.state == health.StateUpdateFailed:
		return Failed
	case !f.drifted && f.state == health.StateStopped && (f.halted || f.forced):
		return Halted
	case !f.drifted && f.state == health.StateStopped:
		return Stopped
	case !f.drifted:
		return InSync
	case f.fixed:
		return Immutable
	case !f.attempted:
		return OutOfSync
	default:
		return situateAttempted(f)
	}
}

// situateAttempted is about a service that differs from its spec after an update that was
// to remove the difference, while AWS is not at work on it.
func situateAttempted(f facts) Situation {
	switch {
	case f.unanswered:
		return OutOfSync // AWS may never have got it
	case f.state == health.StateUpdateFailed:
		return Failed
	case f.wentBack && f.changed:
		return RolledBack
	case f.fresh && !f.changed:
		return Updating
	case f.halted && f.state == health.StateStopped:
		return Halted
	case f.due:
		return OutOfSync
	default:
		return Unresolved
	}
}
