package plan

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/gate"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/render"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/when"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// State is how far a step's resource is.
type State int

const (
	// Absent means that there is none.
	Absent State = iota
	// Working means that it is not yet what it is to be.
	Working
	// Done means that it is.
	Done
	// Broken means that it will not be without help.
	Broken
)

// Seen is what there is of a step's resource.
type Seen struct {
	State State
	// Outdated says that a service is still something else than the plan asks for.
	Outdated bool
	// Reason and Message are those of its Ready condition.
	Reason, Message string
	// Differs are paths outside the digest in which it is not what the template
	// says.
	Differs []string
	// FailedAt is when it broke.
	FailedAt time.Time
	// Attempt is how many times it was run again.
	Attempt int32
}

// Facts are all that decisions depend on beside the plan.
type Facts struct {
	Now time.Time
	// Seen is what there is of each step's resource, by step.
	Seen map[string]Seen
	// Was is what status told of each step, by name.
	Was map[string]v1alpha1.StepStatus
	// Told says that it told of this plan and not of an earlier one.
	Told bool
	// Metrics are all numbers that a step has come to, by name.
	Metrics func(step string) map[string]float64
	// Output is what a step has made.
	Output func(render.Use) (string, error)
	// Report is a number in a JSON document.
	Report func(uri, jsonPath string) gate.Value
	// CloudWatch is a number of a metric with those dimensions, since a time.
	CloudWatch func(metric v1alpha1.GateCloudWatch, dimensions map[string]string, since time.Time) gate.Value
	// Serving is the number of a gate's check in the plan that serves.
	Serving func(step, check string) gate.Value
	// Approvals are the decisions that there are, by where they stand.
	Approvals map[v1alpha1.ApprovalSource][]v1alpha1.PipelineApproval
	// Forced says that a person asks to try again what has failed.
	Forced bool
	// Known says that the plan has been carried out before and is one of those that
	// one may go back to: nobody is asked again.
	Known bool
}

// Decision is what is due for a step, and how far it is.
type Decision struct {
	Step *Step
	// Status of the step.
	Status v1alpha1.StepStatus
	// Create, Update, Retry and Stop say what is to be done about its resource.
	Create, Update, Retry, Stop bool
	// Instance is the instance type it is run again on; empty if on the same.
	Instance string
	// After is when something is due that nobody tells of; 0 if nothing is.
	After time.Duration
}

// Decide decides of each step what is due. The decisions stand in the order of the
// plan's steps.
func (p *Plan) Decide(f Facts) []Decision {
	all := make([]Decision, 0, len(p.Steps))
	phases := map[string]v1alpha1.StepPhase{}
	results := map[string][]gate.Result{}
	for _, step := range p.Steps {
		d := Decision{Step: step, Status: v1alpha1.StepStatus{Name: step.Spec.Name, Digest: step.Digest, Child: step.Child}}
		if step.template != nil {
			d.Status.Kind = step.Spec.Template.Kind
		}
		if phase, waits := upstream(step, phases); phase != "" {
			d.Status.Phase, d.Status.Message = phase, waits
			d.foresee(f)
		} else if d.wanted(p, phases, f) {
			switch {
			case step.Spec.Gate != nil:
				results[step.Spec.Name] = d.judge(f)
			case step.Spec.Approval != nil:
				d.ask(f, p.Upstream(step.Spec.Name), p.judged(step, results))
			default:
				d.make(f)
			}
		}
		phases[step.Spec.Name] = d.Status.Phase
		all = append(all, d)
	}
	return all
}

// upstream says what a step is for the sake of those that it needs, and which of
// them that is; nothing if they have all succeeded.
func upstream(step *Step, phases map[string]v1alpha1.StepPhase) (phase v1alpha1.StepPhase, why string) {
	for _, need := range step.Needs {
		switch phases[need] {
		case v1alpha1.StepSucceeded:
		case v1alpha1.StepFailed, v1alpha1.StepBlocked, v1alpha1.StepHeld:
			return v1alpha1.StepBlocked, fmt.Sprintf("step %s has not succeeded", need)
		case v1alpha1.StepSkipped:
			phase, why = v1alpha1.StepSkipped, fmt.Sprintf("step %s is skipped", need)
		default:
			if phase == "" {
				phase, why = v1alpha1.StepPending, "waiting for step "+need
			}
		}
	}
	return phase, why
}

// wanted decides whether a step is wanted by its condition.
func (d *Decision) wanted(p *Plan, phases map[string]v1alpha1.StepPhase, f Facts) bool {
	if d.Step.when == nil {
		return true
	}
	steps := map[string]when.Step{}
	for _, name := range p.graph.Upstream(d.Step.Spec.Name) {
		steps[name] = when.Step{Phase: string(phases[name]), Metrics: f.Metrics(name)}
	}
	holds, err := d.Step.when.Holds(p.input.Params, steps)
	if holds {
		return true
	}
	d.foresee(f)
	d.Status.Phase, d.Status.Message = v1alpha1.StepSkipped, "its condition does not hold"
	if err != nil {
		d.Status.Phase, d.Status.Message = v1alpha1.StepFailed, "when: "+err.Error()
	}
	return false
}

// foresee says what will be done about a step that is not due.
func (d *Decision) foresee(f Facts) {
	seen := f.Seen[d.Step.Spec.Name]
	s := &d.Status
	switch {
	case d.Step.Spec.Gate != nil:
		s.Action = v1alpha1.ActionJudge
	case d.Step.Spec.Approval != nil:
		s.Action = v1alpha1.ActionAsk
	case seen.State == Absent:
		s.Action, s.Why = v1alpha1.ActionRun, whyRun(d.Step, f)
	case d.Step.Kind.Service && seen.Outdated:
		s.Action, s.Why = v1alpha1.ActionUpdate, "what it is made of has changed"
	case d.uncached(f):
		s.Action, s.Why = v1alpha1.ActionRun, "this plan is another than the one before"
	default:
		s.Action, s.Why = v1alpha1.ActionReuse, whyReuse(seen)
	}
}

func whyRun(step *Step, f Facts) string {
	was, ok := f.Was[step.Spec.Name]
	if !ok || was.Digest == "" || was.Digest == step.Digest {
		return "there is no " + step.Child + " yet"
	}
	return fmt.Sprintf("what it is made of has changed (%s was %s)", step.Digest, was.Digest)
}

func whyReuse(seen Seen) string {
	if len(seen.Differs) == 0 {
		return "there is one of the same digest"
	}
	return fmt.Sprintf("there is one of the same digest; %s will take effect with the next", strings.Join(seen.Differs, ", "))
}

// make decides about a step that makes a resource.
func (d *Decision) make(f Facts) {
	d.foresee(f)
	seen, s, was := f.Seen[d.Step.Spec.Name], &d.Status, f.Was[d.Step.Spec.Name]
	s.Message, s.Attempt = seen.Message, seen.Attempt
	switch {
	case seen.State == Absent:
		d.Create, s.Phase, s.Message = true, v1alpha1.StepRunning, "making "+d.Step.Child
	case d.Step.Kind.Service && seen.Outdated:
		d.Update, s.Phase, s.Message = true, v1alpha1.StepRunning, "changing "+d.Step.Child
	case seen.State == Done && d.uncached(f):
		d.again(s.Why)
	case seen.State == Done:
		s.Phase = v1alpha1.StepSucceeded
	case seen.State == Working && seen.Reason == reason.AwaitingApproval:
		s.Phase = v1alpha1.StepAwaiting
	case seen.State == Working:
		s.Phase, s.Message = v1alpha1.StepRunning, cmp.Or(s.Message, "waiting for "+d.Step.Child)
	default:
		d.broken(f, seen)
	}
	d.limit(f, was)
	if f.Told && !d.Create && !d.Update && len(seen.Differs) == 0 && was.Digest == s.Digest && was.Action != "" { // it was this plan that made it, or not
		s.Action, s.Why = was.Action, was.Why
	}
}

// uncached tells whether there is a job of an earlier plan that is not to be reused.
func (d *Decision) uncached(f Facts) bool {
	was := f.Was[d.Step.Spec.Name].Digest
	return neverCached(d.Step.Spec) && was != "" && was != d.Step.Digest
}

// limit ends what takes too long. The time begins anew with each attempt.
func (d *Decision) limit(f Facts, was v1alpha1.StepStatus) {
	s := &d.Status
	begun := s.Phase == v1alpha1.StepRunning || s.Phase == v1alpha1.StepAwaiting
	same := was.Digest == s.Digest && was.Attempt == s.Attempt && was.Since != nil
	switch {
	case same && s.Phase != v1alpha1.StepSucceeded:
		s.Since = was.Since
	case begun:
		s.Since = newTime(f.Now)
	}
	if d.Step.Spec.Timeout == nil || s.Since == nil || d.Create || d.Update || d.Retry {
		return
	}
	limit := d.Step.Spec.Timeout.Duration
	left, seen := s.Since.Add(limit).Sub(f.Now), f.Seen[s.Name]
	switch {
	case begun && left > 0:
		d.After = left
		return
	case begun:
		d.Stop = d.Step.Kind.Job
	case left > 0, seen.Reason != reason.StoppedExternally:
		return // it has failed by itself
	}
	s.Phase, s.Message = v1alpha1.StepFailed, fmt.Sprintf("%s has not come to an end within %s", d.Step.Child, limit)
}

// again runs a job once more.
func (d *Decision) again(why string) {
	s := &d.Status
	s.Attempt++
	d.Retry, s.Phase, s.Action, s.Why = true, v1alpha1.StepRunning, v1alpha1.ActionRun, why
	s.Message = "running again: " + why
}

// firstBackoff and longestBackoff are how long a retry is waited for.
const (
	firstBackoff   = time.Minute
	longestBackoff = time.Hour
)

// classes of the reasons with which jobs fail.
var classes = map[string]v1alpha1.FailureClass{
	reason.CapacityError:       v1alpha1.FailureCapacity,
	reason.InternalServerError: v1alpha1.FailureInternal,
	reason.Interrupted:         v1alpha1.FailureInterrupted,
	reason.MaxWaitTimeExceeded: v1alpha1.FailureInterrupted,
	reason.AlgorithmError:      v1alpha1.FailureAlgorithm,
	reason.ClientError:         v1alpha1.FailureClient,
}

var usual = []v1alpha1.FailureClass{v1alpha1.FailureCapacity, v1alpha1.FailureInternal, v1alpha1.FailureInterrupted}

// broken decides about a resource that has failed.
func (d *Decision) broken(f Facts, seen Seen) {
	s := &d.Status
	if f.Forced {
		d.again("somebody asks for it")
		return
	}
	s.Phase = v1alpha1.StepFailed
	if seen.Reason == reason.Rejected {
		s.Decision = Rejected
	}
	retry, fallback := d.Step.Spec.Retry, d.Step.Spec.InstanceFallback
	limit, failures := len(fallback), []v1alpha1.FailureClass{v1alpha1.FailureCapacity}
	if retry != nil {
		limit, failures = int(retry.Limit), retry.Failures
		if len(failures) == 0 {
			failures = usual
		}
	}
	class := classes[seen.Reason]
	if int(s.Attempt) >= limit || !slices.Contains(failures, class) {
		return
	}
	if class == v1alpha1.FailureCapacity && len(fallback) > 0 {
		d.Instance = fallback[min(int(s.Attempt), len(fallback)-1)]
	}
	s.Phase = v1alpha1.StepRetrying
	wait := seen.FailedAt.Add(backoff(retry, s.Attempt)).Sub(f.Now)
	if wait > 0 {
		d.After = wait
		s.RetryTime = newTime(f.Now.Add(wait))
		s.Message = seen.Message + "; it will run again"
		return
	}
	s.Attempt++
	d.Retry = true
	s.Message = fmt.Sprintf("%s; run again (%d of %d)", seen.Message, s.Attempt, limit)
	if d.Instance != "" {
		s.Message += " on " + d.Instance
	}
}

func backoff(retry *v1alpha1.StepRetry, attempt int32) time.Duration {
	wait := firstBackoff
	if retry != nil && retry.Backoff != nil {
		wait = retry.Backoff.Duration
	}
	for range attempt {
		wait = min(2*wait, longestBackoff)
	}
	return wait
}

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

// Decisions on a step that a person approves.
const (
	Approved = "Approved"
	Rejected = "Rejected"
	Expired  = "Expired"
)

// decisions are those that count for a step.
func (d *Decision) decisions(f Facts) []v1alpha1.PipelineApproval {
	sources := d.Step.Spec.Approval.Sources
	if len(sources) == 0 {
		sources = []v1alpha1.ApprovalSource{v1alpha1.ApprovalInGit, v1alpha1.ApprovalByAnnotation}
	}
	var all []v1alpha1.PipelineApproval
	for _, source := range sources {
		all = append(all, f.Approvals[source]...)
	}
	return all
}

// ask decides about a step that waits for a person.
func (d *Decision) ask(f Facts, digests map[string]string, results []gate.Result) {
	s := &d.Status
	was := f.Was[s.Name]
	s.Action, s.Evidence = v1alpha1.ActionAsk, gate.Evidence(digests, results)
	same := was.Evidence == s.Evidence
	for _, a := range d.decisions(f) {
		if a.Step != s.Name || a.Evidence != s.Evidence {
			continue
		}
		by := ""
		if a.By != "" {
			by = " by " + a.By
		}
		if a.Reason != "" {
			by += ": " + a.Reason
		}
		s.Decision, s.Phase, s.Message = Approved, v1alpha1.StepSucceeded, "approved"+by
		if a.Rejected { // whatever else says otherwise
			s.Decision, s.Phase, s.Message = Rejected, v1alpha1.StepFailed, "rejected"+by
			return
		}
	}
	switch {
	case s.Decision == Approved:
		return
	case same && was.Decision == Approved: // an approval that was taken back changes nothing
		s.Decision, s.Phase, s.Message = Approved, v1alpha1.StepSucceeded, was.Message
		return
	case f.Known:
		s.Phase, s.Why = v1alpha1.StepSucceeded, "this plan has served before"
		return
	}
	s.Phase, s.Message = v1alpha1.StepAwaiting, "waiting for a decision on "+s.Evidence
	since := f.Now
	if same && was.Since != nil {
		since = was.Since.Time
	}
	s.Since = newTime(since)
	limit := d.Step.Spec.Approval.ExpiresAfter
	if limit == nil {
		return
	}
	left := since.Add(limit.Duration).Sub(f.Now)
	if left > 0 {
		d.After = left
		return
	}
	s.Decision, s.Phase = Expired, v1alpha1.StepFailed
	s.Message = fmt.Sprintf("nobody has decided within %s", limit.Duration)
}

func newTime(t time.Time) *metav1.Time { return new(metav1.NewTime(t)) }
