package loop_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// A stage of a transition that takes longer than its deadline is warned of once, and
// status says since when. Nothing else changes, and it is over when the stage is.
func TestProgressDeadline(t *testing.T) {
	t.Parallel()
	for _, k := range kind.All() {
		stage, ok := failing[k.Kind()]
		if !ok {
			continue // it has no stages
		}
		t.Run(k.Kind(), func(t *testing.T) {
			t.Parallel()
			p := newPlay(t, k, k.Kind()+"/"+stage) // lasts for 50 minutes
			p.startController()
			p.spec["progressDeadline"] = "10m"
			p.push(p.steps[0].Spec)
			p.until("AWS is at work", func() bool { o, there := p.inAWS(); return there && o.Stage == stage })
			p.pass(5*time.Minute, step)
			obj, _ := p.object()
			require.Nil(t, obj.Common().ProgressDeadlineExceeded)
			p.until("it takes long", func() bool { obj, _ = p.object(); return obj.Common().ProgressDeadlineExceeded != nil })
			exceeded := obj.Common().ProgressDeadlineExceeded
			require.Contains(t, []string{reason.Creating, reason.Running}, exceeded.Reason)
			took := p.clock.Since(exceeded.Since.Time)
			require.GreaterOrEqual(t, took, 10*time.Minute)
			require.LessOrEqual(t, took, 15*time.Minute)
			require.Equal(t, exceeded.Reason, readyCondition(obj).Reason, "its state is what it was")

			p.until("it is warned of", func() bool { return len(p.warnings(reason.ProgressDeadlineExceeded)) > 0 })
			p.restartController()
			p.pass(20*time.Minute, 10*time.Second)
			obj, _ = p.object()
			require.Equal(t, exceeded, obj.Common().ProgressDeadlineExceeded, "a restart changes nothing")
			require.Equal(t, 1, p.asked(k.Create))
			warned := 0
			for _, text := range p.warnings(reason.ProgressDeadlineExceeded) {
				require.Contains(t, text, exceeded.Reason)
				warned++
			}
			require.Equal(t, 1, warned)
			p.until("it goes on", func() bool {
				obj, _ := p.object()
				now := obj.Common().ProgressDeadlineExceeded
				return now == nil || now.Since != exceeded.Since
			})
		})
	}
}

// What is stuck for days is looked at less and less often.
func TestStuckForDays(t *testing.T) {
	t.Parallel()
	p := newPlay(t, kind.InferenceComponent, "InferenceComponent/Creating")
	p.startController()
	p.push(p.steps[0].Spec)
	p.until("it is made", func() bool { _, there := p.inAWS(); return there })
	o, _ := p.inAWS()
	stuck := func(d time.Duration) {
		for end := p.clock.Now().Add(d); p.clock.Now().Before(end); {
			require.True(t, p.aws.Enter(o.ARN, "Creating", "")) // it never comes to the next stage
			p.pass(40*time.Minute, 30*time.Second)
		}
	}
	stuck(8 * time.Hour)
	obj, _ := p.object()
	require.NotNil(t, obj.Common().ProgressDeadlineExceeded, "the default of a component is an hour")
	require.Equal(t, reason.Creating, obj.Common().ProgressDeadlineExceeded.Reason)
	p.aws.Journal().Reset()
	stuck(6 * time.Hour)
	require.LessOrEqual(t, p.asked(kind.InferenceComponent.Describe), 6*60/4)
}
