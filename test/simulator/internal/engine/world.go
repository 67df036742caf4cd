package engine

import (
	"container/heap"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/storage"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// Settings of a world.
type Settings struct {
	Clock   clock.PassiveClock
	Storage *storage.Store
	Faults  *fault.Set
	// Durations of stages by "Kind/Stage", instead of their defaults.
	Durations map[string]time.Duration
	// Consistency is the longest time until reads see a new object or tag.
	Consistency time.Duration
	// TagLag is the same for tags, which are seen no earlier than the object.
	TagLag time.Duration
	// RolePropagation is how long a new role cannot be assumed.
	RolePropagation time.Duration
	// Quotas by AWS's name; what is not named is without limit.
	Quotas map[string]int
	// Seed decides all that varies.
	Seed uint64
}

// World holds all objects of all accounts and regions. Time passes in it only
// when somebody looks: every access first carries out what has become due.
type World struct {
	Settings
	kinds []*Kind

	mu      sync.Mutex
	objects map[key]*Object
	arns    map[string]*Object // by lower-case ARN, which names account and region
	events  events
	serial  int
	roles   map[string]time.Time // new roles, with when they were created
}

type key struct {
	scope wire.Scope
	kind  string
	name  string
}

// New makes an empty world of these kinds.
func New(settings Settings, kinds []*Kind) *World {
	return &World{
		Settings: settings, kinds: kinds,
		objects: map[key]*Object{}, arns: map[string]*Object{}, roles: map[string]time.Time{},
	}
}

// Kinds of the world.
func (w *World) Kinds() []*Kind { return w.kinds }

// In runs fn with the world settled and nobody else in it.
func (w *World) In(caller wire.Caller, fn func(*Tx)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.Clock.Now().UTC().Truncate(time.Millisecond)
	w.settle(now)
	fn(&Tx{World: w, Caller: caller, Now: now})
}

// AddRole makes a role known as created now: it cannot be assumed before
// Settings.RolePropagation has passed. Roles nobody added always can.
func (w *World) AddRole(arn string) {
	w.In(wire.Caller{}, func(tx *Tx) { w.roles[arn] = tx.Now })
}

// Objects of all scopes that exist now, in the order of their creation. They
// may only be read inside fn.
func (w *World) Objects(fn func([]*Object)) {
	w.In(wire.Caller{}, func(*Tx) {
		list := slices.SortedFunc(maps.Values(w.objects), func(a, b *Object) int { return a.serial - b.serial })
		fn(list)
	})
}

func (w *World) key(scope wire.Scope, kind *Kind, name string) key {
	if kind.FoldCase {
		name = strings.ToLower(name)
	}
	return key{scope, kind.Name, name}
}

func (w *World) insert(o *Object) {
	w.serial++
	o.serial = w.serial
	w.objects[w.key(o.Scope, o.Kind, o.Name)] = o
	w.arns[o.ARN] = o
}

// spread picks a time within a window, the same for the same seed and words.
func (w *World) spread(window time.Duration, words ...string) time.Duration {
	if window <= 0 {
		return 0
	}
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(strconv.FormatUint(w.Seed, 10) + "\x00" + strings.Join(words, "\x00")))
	return time.Duration(hash.Sum64() % uint64(window))
}

// event is something that will happen to an object.
type event struct {
	at     time.Time
	serial int
	object *Object
	fire   func(*Tx)
}

func (w *World) schedule(at time.Time, o *Object, fire func(*Tx)) {
	w.serial++
	heap.Push(&w.events, event{at: at, serial: w.serial, object: o, fire: fire})
}

func (w *World) settle(now time.Time) {
	for len(w.events) > 0 && !w.events[0].at.After(now) {
		next, _ := heap.Pop(&w.events).(event)
		if !next.object.gone {
			next.fire(&Tx{World: w, Caller: wire.Caller{Scope: next.object.Scope}, Now: next.at})
		}
	}
}

// events is a heap by time, then by order of scheduling.
type events []event

func (e *events) Len() int      { return len(*e) }
func (e *events) Swap(i, j int) { (*e)[i], (*e)[j] = (*e)[j], (*e)[i] }
func (e *events) Less(i, j int) bool {
	a, b := (*e)[i], (*e)[j]
	if a.at.Equal(b.at) {
		return a.serial < b.serial
	}
	return a.at.Before(b.at)
}

// Push adds an event; only container/heap calls it.
func (e *events) Push(x any) { *e = append(*e, x.(event)) } //nolint:forcetypeassert // only schedule pushes

// Pop removes the last event; only container/heap calls it.
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}
