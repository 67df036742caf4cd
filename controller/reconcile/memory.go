package reconcile

import (
	"maps"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// What is remembered of when it was seen first: by what is asked for, the
// others by AWS name.
const (
	dependency  = "dependency "
	created     = "created "
	existing    = "existing "
	gone        = "gone "
	foreign     = "foreign "
	lostTags    = "lost tags "
	deletedMark = "deleted "
	untold      = "untold "
	// observedOnly is of an object that was observed and not managed.
	observedOnly = "observed only"
	// refusedAsGone is of what AWS describes and does not delete because it is gone.
	refusedAsGone = "refused as gone "
)

// memory is what the loop remembers of objects between rounds. Losing it costs
// patience and a look at AWS, never correctness.
type memory struct {
	clock clock.PassiveClock
	mu    sync.Mutex
	notes map[types.UID]*note
}

type note struct {
	first  map[string]time.Time // when something was seen first
	tries  int                  // how many rounds in a row failed
	judged string               // what the last round judged
	// attempt is as whom, and for which spec, AWS was called last, and since when.
	attempt string
	since   time.Time
	holds   map[string]hold // refused calls
	refused *refusedCall    // the call that AWS refused last of what exists
	tags    tagHistory
	linked  linked
}

// linked is what an object said that another one is served with, and when it was read.
type linked struct {
	read string
	says shape.Tree
}

func newMemory(c clock.PassiveClock) *memory {
	return &memory{clock: c, notes: map[types.UID]*note{}}
}

func (m *memory) of(uid types.UID) *note {
	n, ok := m.notes[uid]
	if !ok {
		n = &note{first: map[string]time.Time{}}
		m.notes[uid] = n
	}
	return n
}

// since says for how long something has been so: 0 the first time it is asked.
func (m *memory) since(uid types.UID, what string) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, now := m.of(uid), m.clock.Now()
	if _, ok := n.first[what]; !ok {
		n.first[what] = now
	}
	return now.Sub(n.first[what])
}

// attempted says for how long AWS has been called for the same spec and as the same
// identity: 0 the first time. After a restart nothing is recorded: an object that status
// calls denied then counts as denied for long.
func (m *memory) attempted(uid types.UID, attempt string, denied bool) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.of(uid)
	if n.attempt != attempt {
		known := n.attempt != ""
		n.attempt, n.since = attempt, m.clock.Now()
		if denied && !known {
			n.since = time.Time{}
		}
	}
	return m.clock.Since(n.since)
}

// count says how many times it was asked since the object was last well.
func (m *memory) count(uid types.UID) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.of(uid)
	n.tries++
	return n.tries - 1
}

// judge remembers what a round judged, so that nothing is asked of AWS again
// until that changes or the object is due.
func (m *memory) judge(uid types.UID, what string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.of(uid).judged = what
}

func (m *memory) judged(uid types.UID) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.of(uid).judged
}

// calm drops what was remembered of trouble with AWS.
func (m *memory) calm(uid types.UID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.of(uid)
	n.tries, n.holds = 0, nil
	maps.DeleteFunc(n.first, func(what string, _ time.Time) bool {
		return strings.HasPrefix(what, dependency) || strings.HasPrefix(what, existing)
	})
}

// mark remembers that something is so since now.
func (m *memory) mark(uid types.UID, what string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.of(uid).first[what] = m.clock.Now()
}

// recent tells whether something was marked or seen first within some time.
func (m *memory) recent(uid types.UID, what string, within time.Duration) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, ok := m.of(uid).first[what]
	return ok && m.clock.Since(at) < within
}

// knows tells whether something was marked or seen.
func (m *memory) knows(uid types.UID, what string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, ok := m.of(uid).first[what]
	return ok
}

// drop says that something is not so any more.
func (m *memory) drop(uid types.UID, what string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.of(uid).first, what)
}

// link remembers what a linked object says, by what it was read for.
func (m *memory) link(uid types.UID, read string, says shape.Tree) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.of(uid).linked = linked{read, says}
}

// linkedTo is what a linked object said when it was read for the same.
func (m *memory) linkedTo(uid types.UID, read string) (says shape.Tree, known bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.of(uid).linked
	return l.says, l.says != nil && l.read == read
}

func (m *memory) forget(uid types.UID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.notes, uid)
}
