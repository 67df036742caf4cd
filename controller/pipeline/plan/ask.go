package plan

import (
	"fmt"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/gate"
)

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
	case same && was.Decision == Approved: // a decision that was taken back changes nothing; there is one annotation for all steps
		s.Decision, s.Phase, s.Message = Approved, v1alpha1.StepSucceeded, was.Message
		return
	case same && was.Decision == Rejected:
		s.Decision, s.Phase, s.Message = Rejected, v1alpha1.StepFailed, was.Message
		return
	case f.Known:
		s.Phase, s.Why = v1alpha1.StepSucceeded, "this plan has served before"
		return
	}
	s.Phase, s.Message = v1alpha1.StepAwaiting, "waiting for a decision on "+s.Evidence
	since, anew := f.Now, f.Forced && was.Decision == Expired
	if same && was.Since != nil && !anew {
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
