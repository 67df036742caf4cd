package reconcile

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

func TestSituate(t *testing.T) {
	// mine is an object of ours that exists and is settled well.
	mine := func(l Lifecycle, change func(*facts)) facts {
		f := facts{lifecycle: l, exists: true, ownership: identity.Ours, adoption: v1alpha1.AdoptIfOwned, state: health.StateDone}
		if change != nil {
			change(&f)
		}
		return f
	}
	in := func(state health.State) func(*facts) { return func(f *facts) { f.state = state } }
	for _, row := range []struct {
		reason string
		facts  facts
		want   Situation
	}{
		{"AWS does not know it", facts{lifecycle: Service}, Absent},
		{"AWS still tells of a deleted one", mine(Service, in(health.StateGone)), Absent},
		{"somebody else's that is gone is no obstacle", mine(Service, func(f *facts) { f.ownership, f.state = identity.Foreign, health.StateGone }), Absent},

		{"another owner's tags", mine(Service, func(f *facts) { f.ownership = identity.Foreign }), Foreign},
		{"another owner's tags, though we once had it", mine(Service, func(f *facts) { f.ownership, f.known = identity.Foreign, true }), Foreign},
		{"another owner's tags, whatever the adoption policy", mine(Service, func(f *facts) { f.ownership, f.adoption = identity.Foreign, v1alpha1.AdoptUnowned }), Foreign},
		{"nobody's tags are not ours", mine(Service, func(f *facts) { f.ownership = identity.Unowned }), Foreign},
		{"nobody's tags, and the policy takes such", mine(Service, func(f *facts) { f.ownership, f.adoption = identity.Unowned, v1alpha1.AdoptUnowned }), InSync},
		{"our tags, but nothing that exists is taken", mine(Service, func(f *facts) { f.adoption = v1alpha1.AdoptNever }), Foreign},
		{"nothing that exists is taken, but this we made", mine(Service, func(f *facts) { f.adoption, f.known = v1alpha1.AdoptNever, true }), InSync},
		{"tags that are not seen yet of one we made", mine(Service, func(f *facts) { f.ownership, f.known = identity.Unowned, true }), InSync},
		{"anybody's may be looked at", mine(Service, func(f *facts) { f.ownership, f.observe = identity.Foreign, true }), InSync},
		{"a foreign one that is being deleted is still foreign", mine(Job, func(f *facts) { f.ownership, f.state = identity.Foreign, health.StateDeleting }), Foreign},

		{"a job that is set up", mine(Job, in(health.StateCreating)), Creating},
		{"a job at work", mine(Job, in(health.StateRunning)), Running},
		{"a job in a state nobody knows is at work", mine(Job, in(health.StateUnknown)), Running},
		{"a job that is being stopped", mine(Job, in(health.StateStopping)), Stopping},
		{"a job that is being deleted", mine(Job, in(health.StateDeleting)), Deleting},
		{"a job that ended well", mine(Job, nil), Done},
		{"a job that was stopped", mine(Job, in(health.StateStopped)), Stopped},
		{"a job that failed", mine(Job, in(health.StateFailed)), Failed},
		{"a job that AWS could not delete", mine(Job, in(health.StateDeleteFailed)), Failed},
		{"a running job that differs in what can be updated", mine(Job, func(f *facts) { f.state, f.drifted = health.StateRunning, true }), OutOfSync},
		{"an update is tried once", mine(Job, func(f *facts) { f.state, f.drifted, f.attempted = health.StateRunning, true, true }), Running},
		{"a job that has ended is updated in what AWS still takes", mine(Job, func(f *facts) { f.drifted = true }), OutOfSync},
		{
			"a named job cannot become another", mine(Job, func(f *facts) { f.drifted, f.fixed, f.named = true, true, true }), Immutable,
		},
		{
			"not while it runs either", mine(Job, func(f *facts) { f.state, f.drifted, f.fixed, f.named = health.StateRunning, true, true, true }), Immutable,
		},
		{"that is tried once", mine(Job, func(f *facts) { f.drifted, f.attempted = true, true }), Done},
		{"a job that failed is not", mine(Job, func(f *facts) { f.state, f.drifted = health.StateFailed, true }), Failed},
		{"who only looks changes no job", mine(Job, func(f *facts) { f.state, f.drifted, f.observe = health.StateRunning, true, true }), Running},
		{"nor complains of what it differs in", mine(Job, func(f *facts) { f.drifted, f.fixed, f.named, f.observe = true, true, true, true }), Done},

		{"a revision that exists is what the digest says", mine(Revision, nil), InSync},
		{"one that is named is compared", mine(Revision, func(f *facts) { f.named, f.drifted, f.fixed = true, true, true }), Immutable},
		{"a version whose approval differs", mine(Revision, func(f *facts) { f.drifted = true }), OutOfSync},
		{"a version that says it in AWS's own words is there all the same", mine(Revision, func(f *facts) { f.drifted, f.attempted, f.changed = true, true, true }), InSync},
		{"and is tried again in time", mine(Revision, func(f *facts) { f.drifted, f.attempted, f.changed, f.due = true, true, true, true }), OutOfSync},
		{"what AWS has just accepted is waited for", mine(Revision, func(f *facts) { f.drifted, f.attempted, f.fresh = true, true, true }), Updating},
		{"one that is named stays different", mine(Revision, func(f *facts) { f.named, f.drifted, f.attempted = true, true, true }), Unresolved},
		{"a version that is being made", mine(Revision, in(health.StateCreating)), Creating},
		{"a version that could not be made", mine(Revision, in(health.StateFailed)), Failed},
		{"one that is only looked at is not", mine(Revision, func(f *facts) { f.named, f.drifted, f.observe = true, true, true }), InSync},
		{"a revision that is being deleted", mine(Revision, in(health.StateDeleting)), Deleting},

		{"a service that is being built", mine(Service, in(health.StateCreating)), Creating},
		{"its differences are for later", mine(Service, func(f *facts) { f.state, f.drifted = health.StateCreating, true }), Creating},
		{"a service as it should be", mine(Service, nil), InSync},
		{"a service that a person stopped does not serve", mine(Service, in(health.StateStopped)), Stopped},
		{"one that we stopped is started again", mine(Service, func(f *facts) { f.state, f.halted = health.StateStopped, true }), Halted},
		{"so is one that a person asks for", mine(Service, func(f *facts) { f.state, f.forced = health.StateStopped, true }), Halted},
		{"after it has been changed", mine(Service, func(f *facts) { f.state, f.halted, f.drifted = health.StateStopped, true, true }), OutOfSync},
		{"a service that differs", mine(Service, func(f *facts) { f.drifted = true }), OutOfSync},
		{"an update AWS has accepted and does not show yet", mine(Service, func(f *facts) { f.drifted, f.attempted, f.fresh = true, true, true }), Updating},
		{"an update whose answer was lost", mine(Service, func(f *facts) { f.drifted, f.attempted, f.unanswered, f.fresh = true, true, true, true }), OutOfSync},
		{"so too if the object has changed: that may be anybody's doing", mine(Service, func(f *facts) {
			f.drifted, f.attempted, f.unanswered, f.changed, f.wentBack = true, true, true, true, true
		}), OutOfSync},
		{"a difference that stays", mine(Service, func(f *facts) { f.drifted, f.attempted = true, true }), Unresolved},
		{"a difference that stays though AWS has changed the object", mine(Service, func(f *facts) {
			f.drifted, f.attempted, f.changed, f.fresh = true, true, true, true
		}), Unresolved},
		{"and is tried again in time", mine(Service, func(f *facts) { f.drifted, f.attempted, f.changed, f.due = true, true, true, true }), OutOfSync},
		{"one that we stopped is started although it stays different", mine(Service, func(f *facts) {
			f.state, f.drifted, f.attempted, f.changed, f.halted = health.StateStopped, true, true, true, true
		}), Halted},
		{"a service that differs in what AWS cannot change", mine(Service, func(f *facts) { f.drifted, f.fixed = true, true }), Immutable},
		{"AWS went back after our update", mine(Service, func(f *facts) { f.drifted, f.attempted, f.changed, f.wentBack = true, true, true, true }), RolledBack},
		{"and is not asked again by itself", mine(Service, func(f *facts) {
			f.drifted, f.attempted, f.changed, f.wentBack, f.due = true, true, true, true, true
		}), RolledBack},
		{"what AWS shows from before our update may still change", mine(Service, func(f *facts) {
			f.drifted, f.attempted, f.wentBack, f.fresh = true, true, true, true
		}), Updating},
		{"AWS changed it without an attempt of ours: drift", mine(Service, func(f *facts) { f.drifted, f.changed = true, true }), OutOfSync},
		{"AWS works on what it should be: autoscaling, patches", mine(Service, in(health.StateUpdating)), Scaling},
		{"our update is at work", mine(Service, func(f *facts) { f.state, f.attempted = health.StateUpdating, true }), Updating},
		{"somebody's update is at work", mine(Service, func(f *facts) { f.state, f.drifted = health.StateUpdating, true }), Updating},
		{"AWS goes back", mine(Service, in(health.StateRollingBack)), Updating},
		{"a service is stopped for an update", mine(Service, in(health.StateStopping)), Updating},
		{"a service in a state nobody knows is not touched", mine(Service, func(f *facts) { f.state, f.drifted = health.StateUnknown, true }), Updating},
		{"a service that failed with the present spec", mine(Service, in(health.StateFailed)), Failed},
		{"one that failed with an earlier spec may be made anew", mine(Service, func(f *facts) { f.state, f.drifted = health.StateFailed, true }), Replaceable},
		{"a push may have removed what made it fail", mine(Service, func(f *facts) { f.state, f.pushed = health.StateFailed, true }), Replaceable},
		{"one that is only looked at has failed, whatever it differs in", mine(Service, func(f *facts) { f.state, f.drifted, f.observe = health.StateFailed, true, true }), Failed},
		{"also in what cannot be updated", mine(Service, func(f *facts) { f.state, f.drifted, f.fixed = health.StateFailed, true, true }), Replaceable},
		{"one that has served is not deleted: it is updated", mine(Service, func(f *facts) { f.state, f.drifted, f.served = health.StateFailed, true, true }), OutOfSync},
		{"unless AWS cannot", mine(Service, func(f *facts) { f.state, f.drifted, f.fixed, f.served = health.StateFailed, true, true, true }), Immutable},
		{"and not twice", mine(Service, func(f *facts) {
			f.state, f.drifted, f.served, f.attempted, f.changed = health.StateFailed, true, true, true, true
		}), Failed},
		{"a person has it started again", mine(Service, func(f *facts) { f.state, f.forced, f.served = health.StateFailed, true, true }), Halted},
		{"where AWS only deletes it is made anew all the same", mine(Service, func(f *facts) {
			f.state, f.drifted, f.served, f.final = health.StateFailed, true, true, true
		}), Replaceable},
		{"AWS could not even go back", mine(Service, in(health.StateRollbackFailed)), RolledBack},
		{"a new spec is the way out of that", mine(Service, func(f *facts) { f.state, f.drifted = health.StateRollbackFailed, true }), OutOfSync},
		{"which is tried once", mine(Service, func(f *facts) {
			f.state, f.drifted, f.attempted, f.changed = health.StateRollbackFailed, true, true, true
		}), RolledBack},
		{"or a person who asks", mine(Service, func(f *facts) { f.state, f.forced = health.StateRollbackFailed, true }), OutOfSync},
		{"AWS could not delete it", mine(Service, in(health.StateDeleteFailed)), Failed},
		{"an update that failed and left what is wanted", mine(Service, in(health.StateUpdateFailed)), Failed},
		{"an update that failed and left another spec: try this one", mine(Service, func(f *facts) { f.state, f.drifted = health.StateUpdateFailed, true }), OutOfSync},
		{
			"an update of ours that failed", mine(Service, func(f *facts) {
				f.state, f.drifted, f.attempted, f.changed = health.StateUpdateFailed, true, true, true
			}), Failed,
		},
		{"a service that is being deleted", mine(Service, in(health.StateDeleting)), Deleting},
	} {
		t.Run(row.reason, func(t *testing.T) {
			require.Equal(t, row.want, situate(row.facts))
		})
	}
}

// everyFact calls f with all combinations of facts.
func everyFact(f func(facts)) {
	bits := []bool{false, true}
	for lifecycle := Job; lifecycle <= Service; lifecycle++ {
		for ownership := identity.Unowned; ownership <= identity.Foreign; ownership++ {
			for _, adoption := range []v1alpha1.AdoptionPolicy{v1alpha1.AdoptIfOwned, v1alpha1.AdoptUnowned, v1alpha1.AdoptNever} {
				for state := health.StateUnknown; state <= health.StateGone; state++ {
					for flags := range 1 << 16 {
						if flags>>12 > 0 && !bits[flags>>6&1] {
							continue // they are about an attempt
						}
						f(facts{
							lifecycle: lifecycle, ownership: ownership, adoption: adoption, state: state,
							exists: bits[flags&1], known: bits[flags>>1&1], observe: bits[flags>>2&1], drifted: bits[flags>>3&1],
							fixed: bits[flags>>4&1], named: bits[flags>>5&1], attempted: bits[flags>>6&1], changed: bits[flags>>7&1],
							halted: bits[flags>>8&1], forced: bits[flags>>9&1], served: bits[flags>>10&1], final: bits[flags>>11&1],
							unanswered: bits[flags>>12&1], fresh: bits[flags>>13&1], due: bits[flags>>14&1], wentBack: bits[flags>>15&1],
						})
					}
				}
			}
		}
	}
}

// Whatever the facts, some things are never so.
func TestSituationsNeverContradictTheFacts(t *testing.T) {
	of := map[Lifecycle][]Situation{
		Job:      {Absent, Foreign, Creating, Running, Stopping, Deleting, OutOfSync, Immutable, Done, Stopped, Failed},
		Revision: {Absent, Foreign, Creating, Deleting, Updating, OutOfSync, Immutable, InSync, Failed, Unresolved},
		Service: {
			Absent, Foreign, Creating, Deleting, Updating, Scaling, OutOfSync, Immutable, Replaceable, InSync, Halted, Stopped, Failed, Unresolved, RolledBack,
		},
	}
	seen := map[Lifecycle]map[Situation]bool{Job: {}, Revision: {}, Service: {}}
	everyFact(func(f facts) {
		is := situate(f)
		seen[f.lifecycle][is] = true
		must := func(ok bool, why string) {
			if !ok {
				require.Fail(t, why, "%+v is %d", f, is)
			}
		}
		there := f.exists && f.state != health.StateGone
		must((is == Absent) == !there, "absent is what AWS does not tell of, and nothing else")
		must(is != Foreign || !f.observe, "nothing is foreign to who only looks")
		if there && !f.observe {
			strange := f.ownership == identity.Foreign ||
				!f.known && (f.adoption == v1alpha1.AdoptNever || f.ownership == identity.Unowned && f.adoption != v1alpha1.AdoptUnowned)
			must((is == Foreign) == strange, "foreign is what is not ours to touch, and nothing else")
		}
		if is == Absent || is == Foreign {
			return
		}
		must((is == Deleting) == (f.state == health.StateDeleting), "what is being deleted is only waited for")
		switch is {
		case OutOfSync:
			must(f.drifted || f.forced && f.state == health.StateRollbackFailed, "an update needs a difference, or two fleets to make one of")
			must(f.lifecycle != Service || f.state.Settled(), "a service is not updated while AWS works on it")
			must(f.lifecycle != Job || (f.state.Busy() || f.state == health.StateDone) && !f.attempted, "a job is updated once, while it runs or is of use")
			must(!f.attempted || f.unanswered || f.due || f.forced || f.lifecycle == Job, "what AWS has accepted is not asked again before its time")
			must(f.lifecycle != Service || !f.attempted || !f.changed || !f.wentBack || f.unanswered || f.forced, "what AWS took back is not tried again")
		case Immutable:
			must(f.drifted || f.fixed, "a refusal needs a difference")
			must(f.lifecycle == Service || f.named, "what has no name of its own becomes another run or revision")
		case Replaceable:
			must(f.state == health.StateFailed && (f.drifted || f.forced) && (!f.served || f.final), "only what never served is deleted")
		case InSync, Scaling:
			must(!f.drifted || f.lifecycle == Revision && (f.observe || !f.named && f.attempted), "what differs is not ready")
			must(!f.state.Broken(), "what is broken is not ready")
		case Done:
			must(f.state == health.StateDone, "only a completed job is done")
		case Failed:
			must(f.state.Broken(), "what AWS does not call failed is not")
		case RolledBack:
			must(f.state == health.StateRollbackFailed || f.attempted && f.changed && f.wentBack, "a roll-back needs AWS's word")
		case Unresolved:
			must(f.drifted && f.attempted && !f.unanswered && !f.due, "what stays different was asked for, and AWS has accepted that")
			must(f.lifecycle == Service || f.named, "a revision that has no name of its own is checked for its existence")
		default:
		}
	})
	for lifecycle, want := range of {
		var got []Situation
		for s := range seen[lifecycle] {
			got = append(got, s)
		}
		require.ElementsMatch(t, want, got, "lifecycle %d", lifecycle)
	}
}
