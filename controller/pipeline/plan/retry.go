package plan

import (
	"fmt"
	"slices"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

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
	case left > 0, !seen.TimedOut && seen.Reason != reason.StoppedExternally:
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
	d.Stopped = seen.Reason == reason.Stopped && !seen.TimedOut
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
