package cloud

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/utils/clock"
)

// BudgetError means that the call was not made, because more of this kind than
// AWS allows would have gone out.
type BudgetError struct {
	// Operation that was not called.
	Operation string
	// After is when it may be tried again.
	After time.Duration
}

func (e *BudgetError) Error() string {
	return fmt.Sprintf("%s is held back for %s to stay within AWS's rate limits", e.Operation, e.After.Round(time.Millisecond))
}

// allowance is how many calls of an operation go out: per second, and at once.
type allowance struct {
	rate  rate.Limit
	burst int
}

// AWS publishes no limits for most operations; these are below what is known
// to be refused. CloudWatch takes 9 DescribeAlarms per second, and 3 of each
// call that changes alarms.
func allowed(operation string) allowance {
	switch {
	case operation == "DescribeAlarms":
		return allowance{rate: 5, burst: 8}
	case strings.HasSuffix(operation, "Alarm"), strings.HasSuffix(operation, "Alarms"):
		return allowance{rate: 2, burst: 3}
	case strings.HasSuffix(operation, "Object"), operation == "ListObjectsV2": // S3 takes thousands
		return allowance{rate: 20, burst: 50}
	case strings.HasPrefix(operation, "List"):
		return allowance{rate: 2, burst: 4}
	case strings.HasPrefix(operation, "Describe"):
		return allowance{rate: 10, burst: 20}
	case strings.HasSuffix(operation, "Tags"):
		return allowance{rate: 5, burst: 10}
	default:
		return allowance{rate: 2, burst: 5}
	}
}

// budget holds one token bucket per operation, for one account and region.
type budget struct {
	clock   clock.PassiveClock
	mu      sync.Mutex
	buckets map[string]*rate.Limiter
}

func newBudget(c clock.PassiveClock) *budget {
	return &budget{clock: c, buckets: map[string]*rate.Limiter{}}
}

func (b *budget) spend(operation string) error {
	b.mu.Lock()
	bucket, ok := b.buckets[operation]
	if !ok {
		a := allowed(operation)
		bucket = rate.NewLimiter(a.rate, a.burst)
		b.buckets[operation] = bucket
	}
	b.mu.Unlock()

	now := b.clock.Now()
	r := bucket.ReserveN(now, 1)
	if after := r.DelayFrom(now); after > 0 {
		r.CancelAt(now)
		return &BudgetError{Operation: operation, After: after}
	}
	return nil
}
