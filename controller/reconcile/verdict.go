package reconcile

import (
	"errors"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// verdict is what a round ends with: what the conditions are to say, and when
// to look again.
type verdict struct {
	ready   metav1.ConditionStatus
	stalled bool
	// keep leaves the conditions as they are.
	keep            bool
	reason, message string
	// after is when the next round is due; 0 means when something happens.
	after time.Duration
}

func ready(why, message string, after time.Duration) verdict {
	return verdict{ready: metav1.ConditionTrue, reason: why, message: message, after: after}
}

func progressing(why, message string, after time.Duration) verdict {
	return verdict{ready: metav1.ConditionUnknown, reason: why, message: message, after: after}
}

func stalled(why, message string, after time.Duration) verdict {
	return verdict{ready: metav1.ConditionFalse, stalled: true, reason: why, message: message, after: after}
}

// suspended leaves the conditions as they are.
func suspended() verdict {
	return verdict{keep: true, ready: metav1.ConditionUnknown, reason: reason.Suspended, message: "reconciliation is suspended"}
}

// settled says that nothing will change by itself.
func (v verdict) settled() bool { return v.stalled || v.ready == metav1.ConditionTrue }

const (
	// dependencyPatience is how long AWS may fail to see a role or model.
	dependencyPatience = 10 * time.Minute
	quotaWait          = 5 * time.Minute
	busyWait           = 10 * time.Second
	firstRetry         = 5 * time.Second
	lastRetry          = 5 * time.Minute
)

// refusal is an error that is the spec's own: AWS was not even asked.
type refusal struct {
	reason, message string
}

func (e *refusal) Error() string { return e.message }

// verdictOf judges an error. What heals by itself is progress; what needs a
// person is stalled and tried again only every interval.
func (r *Reconciler) verdictOf(s *scope, err error) verdict {
	if own, ok := errors.AsType[*refusal](err); ok {
		return stalled(own.reason, own.message, s.interval())
	}
	if e, ok := errors.AsType[*awaiting](err); ok {
		return r.waitsFor(s, e)
	}
	if unread, ok := errors.AsType[*unreadTagsError](err); ok {
		return r.verdictOfUnread(s, unread)
	}
	message := cloud.Message(err)
	if taken, ok := errors.AsType[*nameTakenError](err); ok {
		message = taken.Error()
	}
	switch cloud.Classify(err) {
	case cloud.Throttle:
		return progressing(reason.Throttled, message, r.retryAfter(s, err))
	case cloud.Busy:
		return progressing(reason.Busy, message, r.retryAfter(s, err))
	case cloud.Dependency, cloud.NotFound:
		return r.patient(s, reason.DependencyNotReady, message, err)
	case cloud.AlreadyExists:
		return r.patient(s, reason.NameTaken, message, err)
	case cloud.Quota:
		return progressing(reason.QuotaExceeded, message, quotaWait)
	case cloud.QuotaZero:
		return stalled(reason.QuotaExceeded, message, s.interval())
	case cloud.Auth:
		if wait := r.grace(s, err); wait > 0 {
			return progressing(reason.AccessDenied, message+"; retrying, since new permissions take effect with a delay", wait)
		}
		return stalled(reason.AccessDenied, message, s.interval())
	case cloud.Validation:
		return stalled(reason.ValidationFailed, message, s.interval())
	default:
		return progressing(reason.ServerError, message, r.retryAfter(s, err))
	}
}

// patient is the verdict on what may pass within minutes. After that somebody should
// know of it, and it is still tried again.
func (r *Reconciler) patient(s *scope, why, message string, err error) verdict {
	after := r.retryAfter(s, err)
	if r.memory.since(s.object.GetUID(), dependency+s.asked) > dependencyPatience {
		return stalled(why, message, after)
	}
	return progressing(why, message, after)
}

// retryAfter doubles with every try that fails in a row.
func (r *Reconciler) retryAfter(s *scope, err error) time.Duration {
	if held, ok := errors.AsType[*cloud.BudgetError](err); ok {
		return held.After
	}
	return min(firstRetry<<min(r.memory.count(s.object.GetUID()), 10), lastRetry)
}
