package reconcile

import (
	"context"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// deadlines is how long a stage of a transition usually takes at most, by the reason of
// the condition Reconciling. 0 is no deadline: AWS itself ends jobs whose time is over,
// and users take the time that they take.
var deadlines = map[string]time.Duration{
	reason.Progressing: time.Hour, reason.Creating: time.Hour, reason.Updating: 2 * time.Hour, reason.RollingBack: 2 * time.Hour,
	reason.Stopping: time.Hour, reason.Deleting: time.Hour, reason.Verifying: time.Hour,
	reason.WaitingForReference: 24 * time.Hour, reason.WaitingForDependents: 24 * time.Hour, reason.DependencyNotReady: time.Hour,
	reason.QuotaExceeded: 6 * time.Hour, reason.Busy: time.Hour, reason.Throttled: time.Hour, reason.ServerError: time.Hour,
	reason.Running: 0, reason.AwaitingApproval: 0, reason.Protected: 0, reason.Suspended: 0,
}

// passing are the reasons of calls that failed and are repeated: the stage is the one
// there was before.
var passing = []string{reason.Throttled, reason.ServerError}

// Deadline is how long a stage of a transition of the kind's objects may last before a
// warning, by the reason of the condition Reconciling, unless the spec says otherwise; 0
// is without end. known is false for a reason that no stage has.
func (k Kind) Deadline(why string) (deadline time.Duration, known bool) {
	if d, ok := k.Deadlines[why]; ok {
		return d, true
	}
	d, ok := deadlines[why]
	return d, ok
}

func (s *scope) deadline(why string) time.Duration {
	if d := s.control.ProgressDeadline; d != nil {
		return d.Duration
	}
	d, _ := s.kind.Deadline(why)
	return d
}

// progress notes in status in which stage of a transition the object is, and whether it
// has been in it for longer than its deadline. It returns the time that is left, 0 if
// there is none, and whether the deadline has passed just now.
func (s *scope) progress(v verdict, now time.Time) (left time.Duration, passed bool) {
	status := s.object.Common()
	switch {
	case v.keep:
		return 0, false
	case v.settled():
		status.Transition, status.ProgressDeadlineExceeded = nil, nil
		return 0, false
	}
	if t := status.Transition; t == nil || t.Reason != v.reason && !slices.Contains(passing, v.reason) {
		status.Transition = &v1alpha1.Transition{Reason: v.reason, Since: metav1.NewTime(now)}
		status.ProgressDeadlineExceeded = nil
	}
	t := status.Transition
	deadline := s.deadline(t.Reason)
	if deadline <= 0 {
		status.ProgressDeadlineExceeded = nil
		return 0, false
	}
	if left = deadline - now.Sub(t.Since.Time); left > 0 {
		status.ProgressDeadlineExceeded = nil
		return left, false
	}
	passed = status.ProgressDeadlineExceeded == nil
	status.ProgressDeadlineExceeded = t.DeepCopy()
	return 0, passed
}

// overdue warns that a transition takes longer than its deadline.
func (r *Reconciler) overdue(ctx context.Context, s *scope, v verdict) {
	t := s.object.Common().Transition
	r.warnf(ctx, s, reason.ProgressDeadlineExceeded, "%s since %s, longer than the deadline of %s: %s",
		t.Reason, t.Since.UTC().Format(time.RFC3339), s.deadline(t.Reason), v.message)
}
