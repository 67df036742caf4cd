package deployment

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// serving are the facts of a deployment that is all it is to be.
func serving() facts {
	return facts{
		prepared: true, exists: true, armed: true, settled: true, placed: true, tested: true, disarmed: true, scaled: true, goBack: true,
		asked: "new", served: "new", desired: "new", good: "new",
	}
}

func TestJudge(t *testing.T) {
	rows := []struct {
		reason string
		change func(*facts)
		want   Stage
	}{
		{"nothing is left to do", func(*facts) {}, Serving},
		{"somebody else's endpoint is not touched, whatever is ready", func(f *facts) { f.claimed = true }, Claimed},
		{"what was given away is not taken back", func(f *facts) { f.handedOver = true }, HandedOver},
		{"without a source there is nothing to deploy", func(f *facts) { f.waiting = true }, Sourcing},
		{"a model AWS refuses leaves the endpoint alone", func(f *facts) { f.unfit, f.asked, f.served = true, "old", "old" }, Unfit},
		{"models and configuration come first", func(f *facts) { f.prepared, f.asked, f.served = false, "old", "old" }, Preparing},
		{"a lost model of the served configuration is made again", func(f *facts) { f.prepared = false }, Preparing},
		{"alarms come before the endpoint", func(f *facts) { f.armed, f.asked, f.served = false, "old", "old" }, Arming},
		{"a new endpoint has no traffic to watch, but its alarms", func(f *facts) { *f = facts{prepared: true, desired: "new"} }, Arming},
		{"then it is created", func(f *facts) { *f = facts{prepared: true, armed: true, desired: "new"} }, RollingOut},
		{"or updated", func(f *facts) { f.asked, f.served = "old", "old" }, RollingOut},
		{"an update under way is waited for", func(f *facts) { f.settled, f.served = false, "old" }, RollingOut},
		{"ready with the old configuration is not there yet", func(f *facts) { f.served = "old" }, RollingOut},
		{"alarms that vanish during the roll-out do not begin it anew", func(f *facts) { f.settled, f.armed = false, false }, RollingOut},
		{"AWS went back", func(f *facts) { f.settled, f.served, f.failed = false, "old", reason.RolledBack }, RolledBack},
		{"another interval or tag is no roll-out", func(f *facts) { f.outdated = true }, Adjusting},
		{"what a person has to change may be on the endpoint, such as its adoption", func(f *facts) { f.outdated, f.settled, f.failed = true, false, reason.ForeignObject }, Adjusting},
		{"AWS refused the update", func(f *facts) { f.settled, f.failed = false, reason.ValidationFailed }, Broken},
		{"a change of the spec ends a rolled-back state", func(f *facts) { f.asked, f.served, f.failed, f.settled = "bad", "old", reason.RolledBack, false }, RollingOut},
		{"instances cannot become serverless", func(f *facts) { f.converts, f.asked, f.served = true, "old", "old" }, Incompatible},
		{"unless the endpoint may be made anew", func(f *facts) { f.converts, f.replace, f.asked, f.served = true, true, "old", "old" }, Replacing},
		{"which first has to be gone", func(f *facts) { f.exists, f.leaving, f.asked, f.served = false, true, "old", "old" }, Replacing},
		{"components are placed on an endpoint in service", func(f *facts) { f.placed = false }, Placing},
		{"a component AWS refuses is told", func(f *facts) { f.placed, f.stuck = false, true }, Broken},
		{"smoke tests come when all that serves is there", func(f *facts) { f.tested = false }, Verifying},
		{"a failed one goes back", func(f *facts) { f.tested, f.failing, f.refused, f.good = false, true, true, "old" }, GoingBack},
		{"and stays there", func(f *facts) {
			f.tested, f.failing, f.refused, f.good, f.asked, f.served = false, true, true, "old", "old", "old"
		}, Untested},
		{"where AWS does not let it go back, that is told", func(f *facts) {
			f.tested, f.failing, f.refused, f.good, f.asked, f.served, f.settled, f.failed = false, true, true, "old", "old", "new", false, reason.RolledBack
		}, Broken},
		{"or holds", func(f *facts) { f.tested, f.failing, f.refused, f.goBack, f.good = false, true, true, false, "old" }, Untested},
		{"there is nothing to go back to on a first roll-out", func(f *facts) { f.tested, f.failing, f.refused, f.good = false, true, true, "" }, Untested},
		{"alarms of the roll-out leave the endpoint after it", func(f *facts) { f.disarmed = false }, Disarming},
		{"scaling comes last", func(f *facts) { f.scaled = false }, Scaling},
	}
	for _, row := range rows {
		t.Run(row.reason, func(t *testing.T) {
			f := serving()
			row.change(&f)
			require.Equal(t, row.want, judge(f))
		})
	}
}

// Whatever the facts: the endpoint is touched only when everything that it needs
// is there and it is ours.
func TestJudgeTouchesOnlyWhatIsReady(t *testing.T) {
	bools := []func(*facts) *bool{
		func(f *facts) *bool { return &f.claimed },
		func(f *facts) *bool { return &f.handedOver },
		func(f *facts) *bool { return &f.waiting },
		func(f *facts) *bool { return &f.unfit },
		func(f *facts) *bool { return &f.prepared },
		func(f *facts) *bool { return &f.exists },
		func(f *facts) *bool { return &f.converts },
		func(f *facts) *bool { return &f.replace },
		func(f *facts) *bool { return &f.armed },
		func(f *facts) *bool { return &f.settled },
		func(f *facts) *bool { return &f.refused },
		func(f *facts) *bool { return &f.goBack },
		func(f *facts) *bool { return &f.tested },
		func(f *facts) *bool { return &f.failing },
	}
	names := []string{"", "old", "new"}
	for n := range 1 << len(bools) {
		for _, asked := range names {
			f := facts{desired: "new", good: "old", asked: asked, served: asked}
			for i, at := range bools {
				*at(&f) = n>>i&1 == 1
			}
			stage := judge(f)
			if stage == Serving {
				require.True(t, f.prepared && f.settled && f.tested && f.served == f.desired && !f.failing, "%+v", f)
			}
			if stage == RollingOut && f.asked != f.desired {
				require.True(t, !f.claimed && !f.handedOver && !f.waiting && !f.unfit && f.prepared && f.armed, "%+v", f)
				require.False(t, f.exists && f.converts, "%+v", f)
			}
		}
	}
}
