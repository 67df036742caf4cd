package reconcile

import (
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// hold is a call that AWS has refused for now. It is repeated when what it depends on has
// changed, and otherwise less and less often.
type hold struct {
	// why is AWS's refusal.
	why error
	// key is what the call waits for, as seen last.
	key string
	// own is how those of our objects were that it depends on.
	own string
	// since is when it was refused first under that key, at when it was last.
	since, at time.Time
}

const (
	// lastLook is the longest time between two looks at what a call waits for, and
	// lastCall that between two refused calls.
	lastLook = 2 * time.Minute
	lastCall = 10 * time.Minute
)

// look is when to look again at what the call waits for: soon at first, then later and
// later, so that the end of a wait is noticed within a quarter of its length.
func (h hold) look(now time.Time) time.Duration {
	return min(max(now.Sub(h.since)/4, firstRetry), lastLook)
}

// due tells whether the call may be repeated although nothing has changed.
func (h hold) due(now time.Time) bool {
	return now.Sub(h.at) >= min(max(h.at.Sub(h.since), firstRetry), lastCall)
}

// refuse remembers that AWS has refused a call.
func (m *memory) refuse(uid types.UID, call, key, own string, why error) hold {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, now := m.of(uid), m.clock.Now()
	h, ok := n.holds[call]
	if !ok || h.key != key {
		h.since = now
	}
	h.why, h.key, h.own, h.at = why, key, own, now
	if n.holds == nil {
		n.holds = map[string]hold{}
	}
	n.holds[call] = h
	return h
}

// moved notes that a refused call depends on something else now.
func (m *memory) moved(uid types.UID, call, key, own string) hold {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.of(uid)
	h := n.holds[call]
	if h.key != key {
		h.key, h.since = key, m.clock.Now()
	}
	h.own = own
	n.holds[call] = h
	return h
}

// held is what is remembered of a refused call.
func (m *memory) held(uid types.UID, call string) (hold, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	h, ok := m.of(uid).holds[call]
	return h, ok
}

// lift forgets a refused call.
func (m *memory) lift(uid types.UID, call string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.of(uid).holds, call)
}
