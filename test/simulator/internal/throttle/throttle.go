// Package throttle is AWS's token bucket per operation and account.
package throttle

import (
	"strings"
	"sync"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// Rate is a bucket's size and how fast it fills.
type Rate struct {
	// PerSecond is the number of requests a caller may make each second, for
	// ever.
	PerSecond float64 `json:"perSecond"`
	// Burst is the number of requests a caller may make at once.
	Burst float64 `json:"burst"`
}

// Rates gives the bucket of an operation by its name or, failing that, by its
// first word ("List", "Describe"), or else by "". Operations without a rate
// are not throttled.
type Rates map[string]Rate

// Defaults are assumptions, but for ListTrainingJobs, whose 2 requests per
// second AWS support has confirmed in public: AWS does not publish them.
func Defaults() Rates {
	list, change := Rate{PerSecond: 2, Burst: 4}, Rate{PerSecond: 2, Burst: 5}
	return Rates{
		"List": list, "Describe": {PerSecond: 10, Burst: 20},
		"Create": change, "Update": change, "Delete": change, "Stop": change,
		"": {PerSecond: 5, Burst: 10},
	}
}

func (r Rates) of(operation string) (Rate, bool) {
	if rate, ok := r[operation]; ok {
		return rate, true
	}
	for word, rate := range r {
		if word != "" && isWord(word) && strings.HasPrefix(operation, word) {
			return rate, true
		}
	}
	rate, ok := r[""]
	return rate, ok
}

// isWord keeps a full operation name ("ListTags") from covering others.
func isWord(s string) bool {
	return strings.ToLower(s[1:]) == s[1:]
}

// Limiter counts requests. It is safe for concurrent use.
type Limiter struct {
	mu      sync.Mutex
	rates   Rates
	buckets map[key]*bucket
}

type key struct {
	scope     wire.Scope
	operation string
}

type bucket struct {
	tokens float64
	filled time.Time
}

// New makes a limiter; nil rates let everything pass.
func New(rates Rates) *Limiter {
	return &Limiter{rates: rates, buckets: map[key]*bucket{}}
}

// Allow takes a token at the given time and says whether there was one.
func (l *Limiter) Allow(scope wire.Scope, operation string, now time.Time) bool {
	rate, limited := l.rates.of(operation)
	if !limited {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.buckets[key{scope, operation}]
	if b == nil {
		b = &bucket{tokens: rate.Burst, filled: now}
		l.buckets[key{scope, operation}] = b
	}
	if passed := now.Sub(b.filled).Seconds(); passed > 0 {
		b.tokens = min(rate.Burst, b.tokens+passed*rate.PerSecond)
		b.filled = now
	}
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
