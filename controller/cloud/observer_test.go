package cloud_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

const usual = 30 * time.Second

func newObserver(interval time.Duration) (*cloud.Observer, *clocktesting.FakePassiveClock) {
	clock := clocktesting.NewFakePassiveClock(time.Unix(1_000_000, 0))
	return cloud.NewObserver(clock, interval), clock
}

// requireAbout allows for the jitter: up to a tenth more, never less.
func requireAbout(t *testing.T, want, got time.Duration) {
	t.Helper()
	require.GreaterOrEqual(t, got, want)
	require.LessOrEqual(t, got, want+want/10)
}

func TestWaitsByState(t *testing.T) {
	for _, row := range []struct {
		reason   string
		state    health.State
		lasted   time.Duration // how long the object has been in the state
		interval time.Duration
		want     time.Duration
	}{
		{"what is being stopped ends soon", health.StateStopping, 0, usual, 10 * time.Second},
		{"so does what is being deleted", health.StateDeleting, time.Hour, usual, 10 * time.Second},
		{"what is being built", health.StateCreating, time.Hour, usual, 15 * time.Second},
		{"what is being changed", health.StateUpdating, time.Hour, usual, 15 * time.Second},
		{"what is being changed back", health.StateRollingBack, 0, usual, 15 * time.Second},
		{"what has just begun may fail at once", health.StateRunning, 0, usual, 15 * time.Second},
		{"still so after 2 minutes but one second", health.StateRunning, 2*time.Minute - time.Second, usual, 15 * time.Second},
		{"then it runs", health.StateRunning, 2 * time.Minute, usual, 30 * time.Second},
		{"what runs for an hour hardly ends in the next seconds", health.StateRunning, time.Hour, usual, time.Minute},
		{"a state nobody knows is at work", health.StateUnknown, 0, usual, 15 * time.Second},
		{"a shorter interval shortens all of it", health.StateRunning, time.Hour, usual / 10, 6 * time.Second},
		{"a longer one lengthens it", health.StateStopping, 0, 2 * usual, 20 * time.Second},
		{"what is in service is looked at when told", health.StateDone, time.Hour, usual, 10 * time.Minute},
		{"whatever the observe interval", health.StateDone, 0, usual / 10, 10 * time.Minute},
		{"what has failed too", health.StateFailed, 0, usual, 10 * time.Minute},
	} {
		t.Run(row.reason, func(t *testing.T) {
			o, clock := newObserver(row.interval)
			o.Saw("a", row.state, 10*time.Minute)
			clock.SetTime(clock.Now().Add(row.lasted))
			wait := o.Saw("a", row.state, 10*time.Minute)
			requireAbout(t, row.want, wait)
		})
	}
}

func TestAChangedStateBeginsAnew(t *testing.T) {
	o, clock := newObserver(usual)
	o.Saw("a", health.StateRunning, 0)
	clock.SetTime(clock.Now().Add(2 * time.Hour))
	requireAbout(t, time.Minute, o.Saw("a", health.StateRunning, 0))
	requireAbout(t, 10*time.Second, o.Saw("a", health.StateStopping, 0))
	requireAbout(t, 15*time.Second, o.Saw("a", health.StateRunning, 0))
}

func TestDue(t *testing.T) {
	o, clock := newObserver(usual)
	requireDue := func(uid types.UID, due bool, left time.Duration, why string) {
		t.Helper()
		is, in := o.Due(uid)
		require.Equal(t, due, is, why)
		require.Equal(t, left, in, why)
	}
	requireDue("a", true, 0, "an object that this process has never seen is looked at once")
	o.Saw("a", health.StateRunning, 0)
	requireDue("a", true, 0, "seeing alone expects nothing")

	o.Expect("a", time.Minute)
	requireDue("a", false, time.Minute, "just expected")
	clock.SetTime(clock.Now().Add(time.Minute - 1))
	requireDue("a", false, 1, "not quite yet")
	clock.SetTime(clock.Now().Add(1))
	requireDue("a", true, 0, "now")
	clock.SetTime(clock.Now().Add(time.Hour))
	requireDue("a", true, 0, "and on, until somebody looks")
	requireDue("b", true, 0, "other objects have times of their own")

	o.Expect("a", 0)
	clock.SetTime(clock.Now().Add(1000 * time.Hour))
	requireDue("a", false, 0, "0 is never: a job that has ended")
	o.Forget("a")
	requireDue("a", true, 0, "what is forgotten is new")
}

func TestAFleetIsSpread(t *testing.T) {
	o, _ := newObserver(usual)
	waits := map[time.Duration]int{}
	for i := range 1000 {
		uid := types.UID(fmt.Sprintf("8c1f7b6e-%04d", i))
		wait := o.Saw(uid, health.StateRunning, 0)
		requireAbout(t, 15*time.Second, wait)
		require.Equal(t, wait, o.Saw(uid, health.StateRunning, 0), "one object always has the same")
		waits[wait.Truncate(150*time.Millisecond)]++
	}
	require.GreaterOrEqual(t, len(waits), 10)
	for slot, n := range waits {
		require.Less(t, n, 200, "%d objects wait for about %s", n, slot)
	}
}

func TestTagsDue(t *testing.T) {
	o, clock := newObserver(usual)
	require.True(t, o.TagsDue("a"), "never read")
	require.True(t, o.TagsDue("a"), "AWS did not answer")
	o.SawTags("a")
	require.False(t, o.TagsDue("a"), "just read")
	require.True(t, o.TagsDue("b"), "another object")
	o.Saw("a", health.StateDone, time.Hour)
	clock.SetTime(clock.Now().Add(cloud.TagInterval - 1))
	require.False(t, o.TagsDue("a"))
	clock.SetTime(clock.Now().Add(1))
	require.True(t, o.TagsDue("a"))
	o.SawTags("a")
	require.False(t, o.TagsDue("a"))
	o.Forget("a")
	require.True(t, o.TagsDue("a"))
}
