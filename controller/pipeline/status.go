package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/gate"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/plan"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// remembered notes that a plan was carried out to its end, and keeps it to go back to.
func (r *Reconciler) remembered(ctx context.Context, s *scene) error {
	if is := s.pipeline.Status.Serving; is != nil && is.PlanDigest == s.plan.Digest && len(is.Digests) > 0 || slices.ContainsFunc(s.decisions, skipped) {
		return nil // it is known, or nobody was asked for all of it
	}
	if err := r.keepRevision(ctx, s); err != nil {
		return err
	}
	s.remember(r.Clock.Now())
	return nil
}

func skipped(d plan.Decision) bool { return d.Status.Phase == v1alpha1.StepSkipped }

// tell puts into status what was decided.
func (s *scene) tell() {
	status := &s.pipeline.Status
	status.PlanDigest, status.Definition = s.plan.Digest, s.definition
	status.Steps = make([]v1alpha1.StepStatus, len(s.decisions))
	for i, d := range s.decisions {
		status.Steps[i] = d.Status
		status.Steps[i].Message, status.Steps[i].Why = shorten(d.Status.Message), shorten(d.Status.Why)
		status.Steps[i].Checks = slices.Clone(d.Status.Checks)
		for j := range status.Steps[i].Checks {
			status.Steps[i].Checks[j].Message = shorten(d.Status.Checks[j].Message)
		}
	}
}

// maxMessage is how much of each message status repeats, in bytes: all steps have to
// fit into an object.
const maxMessage = 90

func shorten(text string) string {
	if len(text) <= maxMessage {
		return text
	}
	return strings.ToValidUTF8(text[:maxMessage], "") + "…"
}

// candidate tells by a condition of its own how it is with the present plan.
func (s *scene) candidate(now time.Time) {
	is := metav1.Condition{Type: v1alpha1.ConditionCandidateHealthy, ObservedGeneration: s.pipeline.Generation, LastTransitionTime: metav1.NewTime(now)}
	is.Status, is.Reason, is.Message = metav1.ConditionUnknown, reason.Progressing, "plan "+s.plan.Digest+" is being carried out"
	switch s.pipeline.Status.Phase {
	case v1alpha1.PipelineFailed, v1alpha1.PipelineHeld:
		is.Status, is.Reason, is.Message = metav1.ConditionFalse, reason.StepFailed, "a step of plan "+s.plan.Digest+" has not succeeded"
	case v1alpha1.PipelineCompleted:
		is.Status, is.Reason, is.Message = metav1.ConditionTrue, reason.Completed, "plan "+s.plan.Digest+" has been carried out"
	default:
	}
	meta.SetStatusCondition(&s.pipeline.Status.Conditions, is)
}

// verdict is what the decisions come to, and the phase.
func (s *scene) verdict(ctx context.Context, now time.Time) reconcile.Verdict {
	status := &s.pipeline.Status
	after := due(s.pipeline, now)
	by := map[v1alpha1.StepPhase][]plan.Decision{}
	for _, d := range s.decisions {
		by[d.Status.Phase] = append(by[d.Status.Phase], d)
		if d.After > 0 && (after == 0 || d.After < after) {
			after = d.After
		}
	}
	done := fmt.Sprintf("%d of %d steps have succeeded", len(by[v1alpha1.StepSucceeded]), len(s.decisions))
	switch {
	case len(by[v1alpha1.StepFailed]) > 0:
		status.Phase = v1alpha1.PipelineFailed
		return s.failed(ctx, worst(by[v1alpha1.StepFailed]), after)
	case len(by[v1alpha1.StepHeld]) > 0:
		status.Phase = v1alpha1.PipelineHeld
		return s.failed(ctx, by[v1alpha1.StepHeld][0], after)
	case len(by[v1alpha1.StepRunning])+len(by[v1alpha1.StepRetrying]) > 0:
		status.Phase = v1alpha1.PipelineRunning
		at := append(by[v1alpha1.StepRunning], by[v1alpha1.StepRetrying]...)[0]
		return s.atWork(fmt.Sprintf("step %s: %s; %s", at.Step.Spec.Name, at.Status.Message, done), reason.Running, after)
	case len(by[v1alpha1.StepAwaiting]) > 0:
		status.Phase = v1alpha1.PipelineAwaiting
		at := by[v1alpha1.StepAwaiting][0]
		return s.atWork(fmt.Sprintf("step %s: %s", at.Step.Spec.Name, at.Status.Message), reason.AwaitingApproval, after)
	case len(by[v1alpha1.StepSucceeded])+len(by[v1alpha1.StepSkipped]) < len(s.decisions):
		status.Phase = v1alpha1.PipelineRunning
		return s.atWork(done, reason.Progressing, soon)
	default:
		status.Phase = v1alpha1.PipelineCompleted
		if s.back {
			return reconcile.Ready(reason.RolledBackByHand, fmt.Sprintf(
				"plan %s serves, because the annotation %s asks for it; git asks for something else", s.plan.Digest, annotationRollback), after)
		}
		if skipped := len(by[v1alpha1.StepSkipped]); skipped > 0 {
			return reconcile.Ready(reason.Completed, fmt.Sprintf("%s, %d are skipped", done, skipped), after)
		}
		return reconcile.Ready(reason.Completed, "all steps have succeeded", after)
	}
}

// atWork is the verdict on a plan that is being carried out.
func (s *scene) atWork(message, why string, after time.Duration) reconcile.Verdict {
	switch {
	case s.pipeline.Spec.Readiness == v1alpha1.PipelineReadyWhenSubmitted:
		return reconcile.Ready(reason.Submitted, message, after)
	case s.pipeline.Spec.Readiness == v1alpha1.PipelineReadyWhenServing && s.pipeline.Status.Serving != nil:
		return reconcile.Ready(why, message, after)
	default:
		return reconcile.Progressing(why, message, after)
	}
}

// worst is the first step that has failed by itself, or else the first that somebody has
// stopped.
func worst(failed []plan.Decision) plan.Decision {
	return failed[max(slices.IndexFunc(failed, func(d plan.Decision) bool { return !d.Stopped }), 0)]
}

// failed is the verdict on a plan of which a step has failed, or holds.
func (s *scene) failed(ctx context.Context, d plan.Decision, after time.Duration) reconcile.Verdict {
	why := reason.StepFailed
	switch {
	case d.Step.Spec.Gate != nil:
		why = reason.GateFailed
	case d.Status.Decision == plan.Rejected:
		why = reason.Rejected
	case d.Status.Decision == plan.Expired:
		why = reason.Expired
	case d.Stopped:
		why = reason.Stopped
	}
	message := fmt.Sprintf("%s (step %s)", d.Status.Message, d.Step.Spec.Name)
	if is := s.pipeline.Status.Serving; is != nil {
		message += fmt.Sprintf("; what plan %s has made serves on", is.PlanDigest)
		if s.pipeline.Spec.Readiness == v1alpha1.PipelineReadyWhenServing {
			if is := reconcile.Judged(s.pipeline); is == nil || is.Reason != reason.Serving {
				s.round.Warn(ctx, why, message) // once
			}
			return reconcile.Ready(reason.Serving, message, after)
		}
	}
	return reconcile.Stalled(why, message, after)
}

// remember notes that the plan was carried out to its end.
func (s *scene) remember(now time.Time) {
	status := &s.pipeline.Status
	if status.Serving != nil {
		was := v1alpha1.ServedPlan{PlanDigest: status.Serving.PlanDigest, Token: status.Serving.Token, Time: status.Serving.Time}
		status.History = slices.Insert(status.History, 0, was)
	}
	status.Serving = &v1alpha1.ServedPlan{
		PlanDigest: s.plan.Digest, Token: s.input.Token, Digests: s.plan.Digests(), Values: map[string]string{}, Time: metav1.NewTime(now),
	}
	for _, step := range status.Steps {
		for _, check := range step.Checks {
			if check.Outcome == string(gate.Passed) {
				status.Serving.Values[step.Name+"/"+check.Name] = check.Value
			}
		}
	}
	status.History = slices.DeleteFunc(status.History, func(was v1alpha1.ServedPlan) bool { return was.PlanDigest == s.plan.Digest })
	if most := max(rollbackWindow(s.pipeline), 1); len(status.History) > most {
		status.History = status.History[:most]
	}
}
