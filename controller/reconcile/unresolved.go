package reconcile

import (
	"fmt"
	"strings"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

const (
	// shownWithin is how long AWS may take to describe what it has accepted.
	shownWithin = 30 * time.Second
	// firstResend is the time to the second try of an update that AWS has accepted and
	// that changed nothing; it doubles with every try, up to lastResend.
	firstResend, lastResend = 10 * time.Minute, 6 * time.Hour
)

// resendAt is when an update is due again that AWS has accepted and that changed
// nothing; the zero time means never. What has to be stopped for an update is in use, and
// is not stopped again and again.
func (s *scope) resendAt() time.Time {
	a := s.object.Common().Attempted
	if a == nil || s.kind.Start.Exists() {
		return time.Time{}
	}
	return a.Time.Add(min(firstResend<<min(max(a.Accepted, 1)-1, 10), lastResend))
}

// answered adds to the facts what is known of the last update.
func (s *scope) answered(f facts, described shape.Tree, now time.Time) facts {
	a := s.object.Common().Attempted
	if a == nil {
		return f
	}
	at := s.resendAt()
	f.unanswered = a.Unanswered
	f.fresh = now.Sub(a.Time.Time) < shownWithin
	f.due = !at.IsZero() && !now.Before(at)
	f.wentBack = s.kind.WentBack != nil && s.kind.WentBack(s.request, described, a.Had != "" && a.Had == s.had(described))
	return f
}

// had is a hash of what AWS describes in the fields that an update is to change.
func (s *scope) had(described shape.Tree) string {
	have := shape.Tree{}
	for _, d := range s.differences(s.request, described) {
		have[d.Path] = d.Have
	}
	return s.kind.Compare.Fingerprint("", have)
}

// unresolved is the verdict on a difference that stays although AWS has accepted the
// update that was to remove it.
func (r *Reconciler) unresolved(s *scope, described shape.Tree, differences []shape.Difference) verdict {
	texts := make([]string, len(differences))
	for i, d := range differences {
		texts[i] = d.String()
	}
	after, again := r.look(s, described), "forceAt tries again"
	if at := s.resendAt(); !at.IsZero() {
		after = min(after, max(at.Sub(r.Clock.Now()), firstRetry))
		again = "tried again at " + at.UTC().Format(time.RFC3339)
	}
	return stalled(reason.DriftUnresolved, fmt.Sprintf(
		"AWS accepted the update of %s and still describes something else: %s; set the field to what AWS describes or leave it out (%s)",
		s.object.Common().Name, strings.Join(texts, "; "), again), after)
}

// recognize notes that AWS is at work on an update whose answer was lost.
func (s *scope) recognize(described shape.Tree) {
	a := s.object.Common().Attempted
	if a == nil || a.Digest == "" || !a.Unanswered {
		return
	}
	switch s.state(described) {
	case health.StateRollingBack:
		a.Unanswered = false
	case health.StateUpdating:
		a.Unanswered = s.changesToAnother(described)
	default:
	}
}

// changesToAnother tells of an object that AWS is changing whether it is something else
// than the spec asks for, as far as AWS says.
func (s *scope) changesToAnother(described shape.Tree) bool {
	for member := range s.kind.Serves {
		if parent, name, nested := strings.Cut(member, "."); nested && strings.HasPrefix(parent, "Pending") {
			return shape.String(described, member) != shape.String(s.request, name)
		}
	}
	return false
}
