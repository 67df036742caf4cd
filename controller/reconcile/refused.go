package reconcile

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// refusedCall is a call that AWS has refused of an object that exists. It is not repeated
// before its time, while the object goes on being observed.
type refusedCall struct {
	// call says which call it was, of an object in which state.
	call string
	// result is what the refusal means for the object.
	result verdict
	// until is when the call may be repeated.
	until time.Time
}

// try makes a call that changes an object that exists, unless AWS has refused the very
// same call a moment ago. A refused call is repeated when its error says, at once when
// the object's state or the call changes, and at once when somebody asks for it. A
// refusal does not end observation: the object is due when its state says.
func (r *Reconciler) try(s *scope, described shape.Tree, what string, call func() (verdict, error)) (verdict, error) {
	uid, id := s.object.GetUID(), strings.Join([]string{what, s.force(), s.tell(described)}, "\n")
	was, known := r.memory.refusedCall(uid)
	if left := was.until.Sub(r.Clock.Now()); known && was.call == id && left > 0 && !s.reconcileRequested() {
		return r.goOn(s, described, was.result, left), nil
	}
	result, err := call()
	if _, waits := errors.AsType[*awaiting](err); waits || ofKubernetes(err) {
		return result, err // which has a time of its own
	}
	if err == nil {
		r.memory.forgetRefused(uid)
		return result, nil
	}
	now := refusedCall{call: id, result: r.verdictOf(s, err)}
	now.until = r.Clock.Now().Add(now.result.after)
	r.memory.keepRefused(uid, now)
	return r.goOn(s, described, now.result, now.result.after), nil
}

// goOn is the result of a refused call, with the time of the next look.
func (r *Reconciler) goOn(s *scope, described shape.Tree, result verdict, left time.Duration) verdict {
	result.message = fmt.Sprintf("%s (%s)", result.message, s.tell(described))
	if look := r.look(s, described); left <= 0 || look < left {
		left = look
	}
	result.after = left
	return result
}

// refusedCall returns the call of an object that AWS has refused last, and whether there
// is one.
func (m *memory) refusedCall(uid types.UID) (refusedCall, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c := m.of(uid).refused; c != nil {
		return *c, true
	}
	return refusedCall{}, false
}

// keepRefused remembers a refused call.
func (m *memory) keepRefused(uid types.UID, c refusedCall) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.of(uid).refused = &c
}

// forgetRefused forgets the refused call.
func (m *memory) forgetRefused(uid types.UID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.of(uid).refused = nil
}
