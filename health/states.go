package health

import (
	"slices"
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// States sorts the values of one kind's AWS status into classes. Every value
// stands in exactly one class. The zero value, without a Member, describes a
// kind that has no status: what exists is done.
type States struct {
	// Member is the member of the Describe output that holds the status, such
	// as "TrainingJobStatus".
	Member string
	// Detail is the member that says more while Member stays the same, such as
	// "SecondaryStatus". Empty for most kinds.
	Detail string

	// The classes, see State.
	Creating, Running, Updating, RollingBack, Stopping, Deleting            []string
	Done, Stopped, Failed, UpdateFailed, RollbackFailed, DeleteFailed, Gone []string

	// Ready is the reason of an object in the class Done.
	Ready string
	// Reasons overrides the reason of single values of Member or Detail.
	Reasons map[string]string
}

// Classify returns the class of an AWS status. A kind without Member is always
// StateDone; a value that no class lists is StateUnknown.
func (s States) Classify(status string) State {
	if s.Member == "" {
		return StateDone
	}

	for state, values := range s.classes() {
		if slices.Contains(values, status) {
			return State(state)
		}
	}

	return StateUnknown
}

// Values returns every status that a class lists, class by class.
func (s States) Values() []string {
	return slices.Concat(s.classes()...)
}

// Reason returns the condition reason for an AWS status and, where the kind
// has one, its detail (else ""): one of the constants of package reason. A job
// that is stopped has the reason StoppedExternally unless the detail knows
// better; the caller, who knows whether it asked for the stop, may overrule.
func (s States) Reason(status, detail string) string {
	state := s.Classify(status)

	for _, value := range []string{status, detail} {
		if why, found := s.Reasons[value]; found && value != "" && state.Settled() {
			return why
		}
	}

	if state == StateDone && s.Ready != "" {
		return s.Ready
	}

	return reasons[state]
}

// classes returns the lists of values, indexed by State.
func (s States) classes() [][]string {
	return [][]string{
		StateCreating:       s.Creating,
		StateRunning:        s.Running,
		StateUpdating:       s.Updating,
		StateRollingBack:    s.RollingBack,
		StateStopping:       s.Stopping,
		StateDeleting:       s.Deleting,
		StateDone:           s.Done,
		StateStopped:        s.Stopped,
		StateFailed:         s.Failed,
		StateUpdateFailed:   s.UpdateFailed,
		StateRollbackFailed: s.RollbackFailed,
		StateDeleteFailed:   s.DeleteFailed,
		StateGone:           s.Gone,
	}
}

var reasons = [...]string{
	StateUnknown:        reason.Progressing,
	StateCreating:       reason.Creating,
	StateRunning:        reason.Running,
	StateUpdating:       reason.Updating,
	StateRollingBack:    reason.RollingBack,
	StateStopping:       reason.Stopping,
	StateDeleting:       reason.Deleting,
	StateDone:           reason.Created,
	StateStopped:        reason.StoppedExternally,
	StateFailed:         reason.Failed,
	StateUpdateFailed:   reason.UpdateFailed,
	StateRollbackFailed: reason.RolledBack,
	StateDeleteFailed:   reason.DeleteFailed,
	StateGone:           reason.DeletedExternally,
}

// FailureReason returns the reason for the FailureReason text that AWS gives
// with a failed job: the class it starts with (AlgorithmError, ClientError,
// CapacityError, InternalServerError), or else Failed. AWS may begin the text with a
// space.
func FailureReason(text string) string {
	text = strings.TrimSpace(text)
	for _, class := range []string{
		reason.AlgorithmError, reason.ClientError, reason.CapacityError, reason.InternalServerError,
	} {
		rest, found := strings.CutPrefix(text, class)
		if found && (rest == "" || strings.ContainsRune(":, ", rune(rest[0]))) {
			return class
		}
	}

	return reason.Failed
}
