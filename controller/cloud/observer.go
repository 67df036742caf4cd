package cloud

import (
	"hash/fnv"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// Observer decides when an object is looked at in AWS. The loop tells it what
// it saw; until the object is due again the loop spends no call on it.
type Observer struct {
	clock  clock.PassiveClock
	factor float64

	mu   sync.Mutex
	seen map[types.UID]sight
}

// sight is the last look at an object.
type sight struct {
	state health.State
	since time.Time // when the object got into the state, as far as we saw
	// due is when it is to be looked at again, if that has been expected; zero
	// means never.
	due      time.Time
	expected bool
	tags     time.Time // when its tags were read last
}

// TagInterval is how often the tags of a settled object are compared.
const TagInterval = 6 * time.Hour

// baseInterval is the observe interval that the waits below are written for.
const baseInterval = 30 * time.Second

// NewObserver makes an Observer that looks at an object in transition every
// interval (times of one that has just begun are shorter, of one that has been
// at it for long are longer).
func NewObserver(c clock.PassiveClock, interval time.Duration) *Observer {
	return &Observer{
		clock:  c,
		factor: float64(interval) / float64(baseInterval),
		seen:   map[types.UID]sight{},
	}
}

// Saw records a look and says how long to wait until the next: settled objects
// for the time given, others depending on their state and on how long they have
// been in it.
func (o *Observer) Saw(uid types.UID, state health.State, settled time.Duration) time.Duration {
	now := o.clock.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	s, known := o.seen[uid]
	if !known || s.state != state {
		s.state, s.since = state, now
	}
	o.seen[uid] = s
	wait := settled
	if state.Busy() {
		wait = time.Duration(float64(patience(state, now.Sub(s.since))) * o.factor)
	}
	return jitter(uid, wait)
}

// Expect sets when an object is due: after some time, or with 0 never.
func (o *Observer) Expect(uid types.UID, after time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.seen[uid]
	s.expected, s.due = true, time.Time{}
	if after > 0 {
		s.due = o.clock.Now().Add(after)
	}
	o.seen[uid] = s
}

// Due tells whether an object has to be looked at now, or else in how long
// (0: never). An object of which nothing is expected yet is due.
func (o *Observer) Due(uid types.UID) (bool, time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.seen[uid]
	switch wait := s.due.Sub(o.clock.Now()); {
	case !s.expected:
		return true, 0
	case s.due.IsZero():
		return false, 0
	case wait <= 0:
		return true, 0
	default:
		return false, wait
	}
}

// TagsDue tells whether an object's tags have to be read.
func (o *Observer) TagsDue(uid types.UID) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.seen[uid]
	return s.tags.IsZero() || o.clock.Since(s.tags) >= TagInterval
}

// SawTags records that an object's tags have been read.
func (o *Observer) SawTags(uid types.UID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.seen[uid]
	s.tags = o.clock.Now()
	o.seen[uid] = s
}

// Forget drops what is known of an object, so that it is due.
func (o *Observer) Forget(uid types.UID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.seen, uid)
}

// patience is how long to wait before the next look at an object that has been
// in a state for some time: what just began may fail at once, what has run for
// an hour will hardly end in the next seconds.
func patience(state health.State, since time.Duration) time.Duration {
	switch {
	case state == health.StateRunning, state == health.StateUnknown:
	case since > 6*time.Hour:
		return 5 * time.Minute // it is stuck, most likely
	case since > time.Hour:
		return time.Minute
	}
	switch state {
	case health.StateStopping, health.StateDeleting:
		return 10 * time.Second
	case health.StateCreating, health.StateUpdating, health.StateRollingBack:
		return 15 * time.Second
	default:
		switch {
		case since < 2*time.Minute:
			return 15 * time.Second
		case since < time.Hour:
			return 30 * time.Second
		default:
			return time.Minute
		}
	}
}

// jitter spreads waits by up to a tenth, always by the same for one object, so
// that a fleet applied at once does not ask at once for ever.
func jitter(uid types.UID, wait time.Duration) time.Duration {
	h := fnv.New32a()
	_, _ = h.Write([]byte(uid))
	return wait + time.Duration(float64(wait)*0.1*float64(h.Sum32()%1000)/1000)
}
