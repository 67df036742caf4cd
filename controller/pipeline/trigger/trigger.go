// Package trigger says when the jobs of a pipeline are to run again without a
// commit.
package trigger

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // an image may have no time zones

	"github.com/robfig/cron/v3"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
)

// usualCooldown is how long violations do not count after a trigger.
const usualCooldown = 24 * time.Hour

// Triggers are those of a pipeline, as they were read.
type Triggers struct {
	schedules []cron.Schedule
	cooldowns map[string]time.Duration
}

// Execution is one that a monitoring schedule has started, and that found a
// violation.
type Execution struct {
	// Schedule is the name of the MonitoringSchedule resource.
	Schedule string
	// Time that it was scheduled for.
	Time time.Time
}

// Firing is a trigger that has fired.
type Firing struct {
	// Token says which and when. It is a tag of AWS objects, and stays as it is for ever.
	Token string
	// Time from which on later triggers count.
	Time time.Time
}

// Read reads the triggers of a spec; nil has none. The error says which of them is
// wrong.
func Read(spec *v1alpha1.PipelineTriggers) (*Triggers, error) {
	t := &Triggers{cooldowns: map[string]time.Duration{}}
	if spec == nil {
		return t, nil
	}
	for i, s := range spec.Schedules {
		schedule, err := read(s)
		if err != nil {
			return nil, fmt.Errorf("triggers.schedules[%d]: %w", i, err)
		}
		t.schedules = append(t.schedules, schedule)
	}
	for _, v := range spec.OnViolation {
		t.cooldowns[v.MonitoringSchedule] = usualCooldown
		if v.Cooldown != nil {
			t.cooldowns[v.MonitoringSchedule] = v.Cooldown.Duration
		}
	}
	return t, nil
}

func read(s v1alpha1.PipelineSchedule) (cron.Schedule, error) {
	zone := s.TimeZone
	if zone == "" {
		zone = "UTC"
	}
	if _, err := time.LoadLocation(zone); err != nil || zone == "Local" {
		return nil, fmt.Errorf("timeZone: there is no time zone %s", zone)
	}
	if strings.Contains(s.Cron, "TZ=") {
		return nil, errors.New("cron: the time zone is for timeZone")
	}
	schedule, err := cron.ParseStandard("CRON_TZ=" + zone + " " + s.Cron)
	if err != nil {
		return nil, fmt.Errorf("cron: %w", err)
	}
	if _, ok := schedule.(cron.ConstantDelaySchedule); ok {
		return nil, errors.New("cron: @every is no time of the day: nobody could say later when it was due")
	}
	if schedule.Next(time.Unix(0, 0)).IsZero() {
		return nil, errors.New("cron: it is never due")
	}
	return schedule, nil
}

// Any tells whether there are triggers.
func (t *Triggers) Any() bool { return len(t.schedules)+len(t.cooldowns) > 0 }

// Fired is the newest trigger that has fired after one time and not after another;
// nil if none has. Cooling says that a trigger has fired at the former. Violations are
// those that are known.
func (t *Triggers) Fired(after time.Time, cooling bool, now time.Time, violations []Execution) *Firing {
	var newest *Firing
	if due := t.Due(after, now, 1); len(due) > 0 {
		newest = &due[0]
	}
	for _, v := range violations {
		cooldown, ok := t.cooldowns[v.Schedule]
		if !cooling {
			cooldown = 0
		}
		if !ok || v.Time.Before(after.Add(cooldown)) || newest != nil && !v.Time.After(newest.Time) {
			continue
		}
		newest = &Firing{Token: "violation/" + v.Schedule + "/" + stamp(v.Time), Time: v.Time}
	}
	if newest != nil && strings.HasPrefix(newest.Token, "violation/") {
		newest.Time = now // the cool-down begins when something is done about it
	}
	return newest
}

// Due are the last times, n at most, at which schedules were due after one time and
// not after another, newest first.
func (t *Triggers) Due(after, now time.Time, n int) []Firing {
	var all []time.Time
	for _, s := range t.schedules {
		until := now
		for range n {
			last, ok := lastDue(s, after, until)
			if !ok {
				break
			}
			all, until = append(all, last), last.Add(-time.Second)
		}
	}
	slices.SortFunc(all, func(a, b time.Time) int { return b.Compare(a) })
	all = slices.CompactFunc(all, time.Time.Equal)
	firings := make([]Firing, 0, n)
	for _, at := range all[:min(n, len(all))] {
		firings = append(firings, Firing{Token: "schedule/" + stamp(at), Time: at})
	}
	return firings
}

// Next is when a schedule is due after a time; zero if there is none.
func (t *Triggers) Next(after time.Time) time.Time {
	var next time.Time
	for _, s := range t.schedules {
		if at := s.Next(after); next.IsZero() || at.Before(next) {
			next = at
		}
	}
	return next
}

// windows in which the last time is looked for: there are not many in the first that
// has one.
var windows = []time.Duration{time.Hour, 24 * time.Hour, 31 * 24 * time.Hour, 366 * 24 * time.Hour, 9 * 366 * 24 * time.Hour}

// lastDue is the last time at which a schedule was due, after one time and not after
// another.
func lastDue(s cron.Schedule, after, until time.Time) (time.Time, bool) {
	for _, window := range windows {
		from := until.Add(-window)
		if from.Before(after) {
			from = after
		}
		last := s.Next(from)
		if last.IsZero() || last.After(until) {
			continue
		}
		for {
			next := s.Next(last)
			if next.IsZero() || next.After(until) {
				return last, true
			}
			last = next
		}
	}
	return time.Time{}, false
}

func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339) }
