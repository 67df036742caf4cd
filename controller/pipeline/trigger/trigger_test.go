package trigger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/trigger"
)

func at(t *testing.T, text string) time.Time {
	t.Helper()
	when, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return when
}

func triggers(t *testing.T, spec v1alpha1.PipelineTriggers) *trigger.Triggers {
	t.Helper()
	read, err := trigger.Read(&spec)
	require.NoError(t, err)
	return read
}

func schedules(crons ...string) v1alpha1.PipelineTriggers {
	var spec v1alpha1.PipelineTriggers
	for _, cron := range crons {
		spec.Schedules = append(spec.Schedules, v1alpha1.PipelineSchedule{Cron: cron, TimeZone: "Europe/Amsterdam"})
	}
	return spec
}

func TestSchedules(t *testing.T) {
	for _, row := range []struct {
		reason     string
		crons      []string
		after, now string
		want, next string
	}{
		{"not due yet", []string{"0 3 * * 1"}, "2026-11-23T02:00:00Z", "2026-11-25T12:00:00Z", "", "2026-11-30T02:00:00Z"},
		{"due at this moment", []string{"0 3 * * 1"}, "2026-11-23T01:59:59Z", "2026-11-23T02:00:00Z", "schedule/2026-11-23T02:00:00Z", "2026-11-30T02:00:00Z"},
		{"only the last of many counts", []string{"* * * * *"}, "2020-01-01T00:00:00Z", "2026-11-23T02:00:30Z", "schedule/2026-11-23T02:00:00Z", "2026-11-23T02:01:00Z"},
		{"the later of two", []string{"0 3 * * 1", "0 4 * * 1"}, "2026-11-20T00:00:00Z", "2026-11-23T12:00:00Z", "schedule/2026-11-23T03:00:00Z", "2026-11-30T02:00:00Z"},
		{"summer time is an hour earlier in UTC", []string{"0 3 * * *"}, "2026-07-01T00:00:00Z", "2026-07-01T12:00:00Z", "schedule/2026-07-01T01:00:00Z", "2026-07-02T01:00:00Z"},
		{"an hour that is left out in spring is none", []string{"30 2 29 3 *"}, "2026-03-28T00:00:00Z", "2026-03-30T00:00:00Z", "", "2027-03-29T00:30:00Z"},
		{"once in four years", []string{"0 0 29 2 *"}, "2024-01-01T00:00:00Z", "2027-11-23T12:00:00Z", "schedule/2024-02-28T23:00:00Z", "2028-02-28T23:00:00Z"},
		{"words", []string{"@weekly"}, "2026-11-20T00:00:00Z", "2026-11-23T12:00:00Z", "schedule/2026-11-21T23:00:00Z", "2026-11-28T23:00:00Z"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			read := triggers(t, schedules(row.crons...))
			fired := read.Fired(at(t, row.after), true, at(t, row.now), nil)
			if row.want == "" {
				require.Nil(t, fired)
			} else {
				require.NotNil(t, fired)
				require.Equal(t, row.want, fired.Token)
				require.False(t, fired.Time.After(at(t, row.now)))
				require.Nil(t, read.Fired(fired.Time, true, at(t, row.now), nil), "it fires once")
			}
			require.Equal(t, at(t, row.next), read.Next(at(t, row.now)).UTC())
		})
	}
}

func TestDue(t *testing.T) {
	read := triggers(t, schedules("0 3 * * 1", "0 3 * * *"))
	due := read.Due(at(t, "2026-11-22T00:00:00Z"), at(t, "2026-11-24T12:00:00Z"), 2)
	require.Len(t, due, 2)
	require.Equal(t, []string{"schedule/2026-11-24T02:00:00Z", "schedule/2026-11-23T02:00:00Z"}, []string{due[0].Token, due[1].Token}, "newest first, each time once")
	require.Empty(t, triggers(t, v1alpha1.PipelineTriggers{}).Due(at(t, "2020-01-01T00:00:00Z"), at(t, "2026-11-24T12:00:00Z"), 2))
	require.True(t, triggers(t, v1alpha1.PipelineTriggers{}).Next(at(t, "2020-01-01T00:00:00Z")).IsZero())
}

func TestViolations(t *testing.T) {
	read := triggers(t, v1alpha1.PipelineTriggers{OnViolation: []v1alpha1.ViolationTrigger{
		{MonitoringSchedule: "drift"},
		{MonitoringSchedule: "bias", Cooldown: &metav1.Duration{Duration: time.Hour}},
	}})
	require.True(t, read.Any())
	since, now := at(t, "2026-11-23T00:00:00Z"), at(t, "2026-11-25T00:00:00Z")
	for _, row := range []struct {
		reason, schedule, time, want string
	}{
		{"within the cool-down", "drift", "2026-11-23T23:00:00Z", ""},
		{"after it", "drift", "2026-11-24T00:00:00Z", "violation/drift/2026-11-24T00:00:00Z"},
		{"after a shorter one", "bias", "2026-11-23T02:00:00Z", "violation/bias/2026-11-23T02:00:00Z"},
		{"before the last trigger", "bias", "2026-11-22T00:00:00Z", ""},
		{"of another schedule", "other", "2026-11-24T12:00:00Z", ""},
	} {
		fired := read.Fired(since, true, now, []trigger.Execution{{Schedule: row.schedule, Time: at(t, row.time)}})
		if row.want == "" {
			require.Nil(t, fired, row.reason)
			continue
		}
		require.NotNil(t, fired, row.reason)
		require.Equal(t, row.want, fired.Token, row.reason)
		require.Equal(t, now, fired.Time, "the cool-down begins now")
	}
}

func TestFirstViolation(t *testing.T) {
	read := triggers(t, v1alpha1.PipelineTriggers{OnViolation: []v1alpha1.ViolationTrigger{{MonitoringSchedule: "drift"}}})
	made, now := at(t, "2026-11-23T00:00:00Z"), at(t, "2026-11-23T02:00:00Z")
	violation := []trigger.Execution{{Schedule: "drift", Time: at(t, "2026-11-23T01:00:00Z")}}
	require.NotNil(t, read.Fired(made, false, now, violation), "nothing was triggered before, so nothing cools down")
	require.Nil(t, read.Fired(made, true, now, violation))
}

func TestRefused(t *testing.T) {
	for _, row := range []struct {
		reason, cron, zone, want string
	}{
		{"no cron", "every monday", "", "triggers.schedules[0]: cron: "},
		{"seconds", "0 0 3 * * 1", "", "triggers.schedules[0]: cron: "},
		{"no such zone", "0 3 * * 1", "Mars/Olympus", "triggers.schedules[0]: timeZone: there is no time zone Mars/Olympus"},
		{"the machine's zone", "0 3 * * 1", "Local", "triggers.schedules[0]: timeZone: there is no time zone Local"},
		{"a zone within", "CRON_TZ=UTC 0 3 * * 1", "", "triggers.schedules[0]: cron: the time zone is for timeZone"},
		{"an interval", "@every 1h", "", "triggers.schedules[0]: cron: @every"},
		{"never", "0 0 30 2 *", "", "triggers.schedules[0]: cron: it is never due"},
	} {
		_, err := trigger.Read(&v1alpha1.PipelineTriggers{Schedules: []v1alpha1.PipelineSchedule{{Cron: row.cron, TimeZone: row.zone}}})
		require.ErrorContains(t, err, row.want, row.reason)
	}
	none, err := trigger.Read(nil)
	require.NoError(t, err)
	require.False(t, none.Any())
}

// What is read as a schedule has been due, or will be, and not twice.
func FuzzSchedule(f *testing.F) {
	f.Add("0 3 * * 1", "Europe/Amsterdam", int64(1790000000))
	f.Add("*/7 1-5 * 2 *", "", int64(1))
	f.Fuzz(func(t *testing.T, cron, zone string, seconds int64) {
		read, err := trigger.Read(&v1alpha1.PipelineTriggers{Schedules: []v1alpha1.PipelineSchedule{{Cron: cron, TimeZone: zone}}})
		if err != nil {
			return
		}
		now := time.Unix(max(0, min(seconds, 4e9)), 0).UTC()
		if fired := read.Fired(now.AddDate(-10, 0, 0), true, now, nil); fired != nil {
			require.False(t, fired.Time.After(now))
			require.Nil(t, read.Fired(fired.Time, true, now, nil))
		}
		if next := read.Next(now); !next.IsZero() {
			require.True(t, next.After(now))
		}
	})
}
