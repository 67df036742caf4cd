package plan

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/gate"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// judge decides about a gate. What has been judged for its digest is not judged
// again, unless nobody could say.
func (d *Decision) judge(f Facts) []gate.Result {
	s := &d.Status
	s.Action = v1alpha1.ActionJudge
	results := recorded(f.Was[s.Name], s.Digest)
	if results == nil || f.Forced && gate.Overall(results) != gate.Passed {
		if d.measuring(f) {
			return nil
		}
		results = d.evaluate(f)
	}
	for _, r := range results {
		s.Checks = append(s.Checks, v1alpha1.CheckResult{Name: r.Name, Outcome: string(r.Outcome), Value: r.Value, Message: r.Message})
	}
	var said []string
	for _, r := range results {
		if r.Outcome == gate.Overall(results) {
			said = append(said, r.Message)
		}
	}
	s.Message = strings.Join(said, "; ")
	switch overall := gate.Overall(results); {
	case overall == gate.Passed:
		s.Phase = v1alpha1.StepSucceeded
	case f.Known:
		s.Phase, s.Why = v1alpha1.StepSucceeded, "this plan has served before"
	case overall == gate.Failed && d.Step.Spec.Gate.OnFail != v1alpha1.GateHolds:
		s.Phase = v1alpha1.StepFailed
	default:
		s.Phase = v1alpha1.StepHeld
		if overall == gate.Inconclusive {
			d.After = recheck
		}
	}
	return results
}

// measuring tells whether there are checks of what has to go on for a while first, and
// from when on it does.
func (d *Decision) measuring(f Facts) bool {
	var longest time.Duration
	for _, c := range d.Step.Checks {
		if c.CloudWatch != nil {
			longest = max(longest, c.CloudWatch.Period.Duration)
		}
	}
	if longest == 0 {
		return false
	}
	s, was := &d.Status, f.Was[d.Step.Spec.Name]
	s.Since = newTime(f.Now)
	if was.Digest == s.Digest && was.Since != nil {
		s.Since = was.Since
	}
	left := s.Since.Add(longest).Sub(f.Now)
	if left <= 0 || f.Known {
		return false
	}
	d.After = left
	s.Phase, s.Message = v1alpha1.StepRunning, fmt.Sprintf("measuring until %s", s.Since.Add(longest).UTC().Format(time.RFC3339))
	return true
}

// recheck is after how long a gate is judged again of which nobody could say.
const recheck = 5 * time.Minute

// recorded are results that were found for the same digest; nil if there are none,
// or nobody could say.
func recorded(was v1alpha1.StepStatus, digest string) []gate.Result {
	if was.Digest != digest {
		return nil
	}
	var results []gate.Result
	for _, c := range was.Checks {
		if c.Outcome == string(gate.Inconclusive) {
			return nil
		}
		results = append(results, gate.Result{Name: c.Name, Outcome: gate.Outcome(c.Outcome), Value: c.Value, Message: c.Message})
	}
	return results
}

func (d *Decision) evaluate(f Facts) []gate.Result {
	step := d.Step
	results := make([]gate.Result, 0, len(step.Checks))
	for _, c := range step.Checks {
		check := gate.Check{Name: c.Name, HigherIsBetter: c.HigherIsBetter, Compared: c.CompareWith != ""}
		check.Min, _ = bound(c.Min)
		check.Max, _ = bound(c.Max)
		if share, err := bound(strings.TrimSuffix(c.MaxRegression, "%")); err == nil && share != nil {
			check.MaxRegression = *share / 100
		}
		if c.Precision != nil {
			check.Precision = new(int(*c.Precision))
		}
		with := gate.Value{Missing: "it is compared with nothing"}
		if check.Compared {
			with = f.Serving(step.Spec.Name, c.Name)
		}
		results = append(results, check.Judge(d.measure(c, f), with))
	}
	return results
}

// measure is the number that a check judges.
func (d *Decision) measure(c v1alpha1.GateCheck, f Facts) gate.Value {
	if m := c.Metric; m != nil {
		if number, ok := f.Metrics(m.Step)[m.Name]; ok {
			return gate.Value{Number: number}
		}
		return gate.Value{Missing: fmt.Sprintf("step %s has no metric %s", m.Step, m.Name)}
	}
	scope := d.Step.scope
	scope.Output = f.Output
	where, err := d.Step.looks[c.Name].Render(scope, nil)
	if err != nil {
		return gate.Value{Missing: errors.Unwrap(err).Error()}
	}
	if c.S3JSON != nil {
		return f.Report(shape.String(where, "s3JSON.uri"), c.S3JSON.JSONPath)
	}
	dimensions := map[string]string{}
	given, _ := shape.Lookup(where, "cloudWatch.dimensions")
	values, _ := given.(map[string]any)
	for name := range values {
		dimensions[name] = shape.String(values, name)
	}
	return f.CloudWatch(*c.CloudWatch, dimensions, d.Status.Since.Time)
}

// bound is a number; nil if there is none.
func bound(text string) (*float64, error) {
	if text == "" {
		return nil, nil
	}
	n, err := strconv.ParseFloat(text, 64)
	return &n, err
}

// judged are the results of all gates that a step comes after, under names that
// tell them apart.
func (p *Plan) judged(step *Step, results map[string][]gate.Result) []gate.Result {
	var all []gate.Result
	for _, name := range p.graph.Upstream(step.Spec.Name) {
		for _, r := range results[name] {
			r.Name = name + "/" + r.Name
			all = append(all, r)
		}
	}
	return all
}
