package plan

import (
	"cmp"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/gate"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/render"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/when"
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
	// TimedOut says that it was asked to stop because it took too long.
	TimedOut bool
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
	// Stopped says that the step has failed only in that somebody has asked for its job
	// to stop.
	Stopped bool
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
			if phase == v1alpha1.StepSkipped {
				d.idle()
			}
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
	d.idle()
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
		s.Action, s.Why = v1alpha1.ActionUpdate, "inputs changed"
	case d.uncached(f):
		s.Action, s.Why = v1alpha1.ActionRun, "this plan is another than the one before"
	default:
		s.Action, s.Why = v1alpha1.ActionReuse, whyReuse(seen)
		d.recorded(f)
	}
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
}

// uncached tells whether there is a job of an earlier plan that is not to be reused.
func (d *Decision) uncached(f Facts) bool {
	was := f.Was[d.Step.Spec.Name].Digest
	return neverCached(d.Step.Spec) && was != "" && was != d.Step.Digest
}

func newTime(t time.Time) *metav1.Time { return new(metav1.NewTime(t)) }
