package cloud

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	clocktesting "k8s.io/utils/clock/testing"
)

// refusedAfter is how long the budget says to wait, or 0 if the call may go.
func refusedAfter(t *testing.T, b *budget, operation string) time.Duration {
	t.Helper()
	err := b.spend(operation)
	if err == nil {
		return 0
	}
	var held *BudgetError
	require.ErrorAs(t, err, &held)
	require.Equal(t, operation, held.Operation)
	require.Positive(t, held.After)
	return held.After
}

func TestBudget(t *testing.T) {
	for _, row := range []struct {
		reason, operation string
		burst             int
		each              time.Duration
	}{
		{"AWS is known to allow 2 of List in a second", "ListTrainingJobs", 4, 500 * time.Millisecond},
		{"looking may be done more often", "DescribeTrainingJob", 20, 100 * time.Millisecond},
		{"ListTags is a List, not a call on tags", "ListTags", 4, 500 * time.Millisecond},
		{"tags", "AddTags", 10, 200 * time.Millisecond},
		{"what costs money goes out slowly", "CreateTrainingJob", 5, 500 * time.Millisecond},
		{"so does what ends it", "StopTrainingJob", 5, 500 * time.Millisecond},
		{"CloudWatch is known to allow 9 looks at alarms in a second", "DescribeAlarms", 8, 200 * time.Millisecond},
		{"and 3 changes of alarms", "PutMetricAlarm", 3, 500 * time.Millisecond},
		{"deleting alarms is one of those", "DeleteAlarms", 3, 500 * time.Millisecond},
	} {
		t.Run(row.reason, func(t *testing.T) {
			clock := clocktesting.NewFakePassiveClock(time.Unix(0, 0))
			b := newBudget(clock)
			for range row.burst {
				require.Zero(t, refusedAfter(t, b, row.operation))
			}
			require.Equal(t, row.each, refusedAfter(t, b, row.operation))
			require.Equal(t, row.each, refusedAfter(t, b, row.operation), "a refused call costs nothing")
			require.Zero(t, refusedAfter(t, b, row.operation+"2"), "another operation has a bucket of its own")

			clock.SetTime(clock.Now().Add(row.each - time.Millisecond))
			require.Equal(t, time.Millisecond, refusedAfter(t, b, row.operation).Round(time.Microsecond))
			clock.SetTime(clock.Now().Add(time.Millisecond))
			require.Zero(t, refusedAfter(t, b, row.operation), "as soon as it said")
			require.NotZero(t, refusedAfter(t, b, row.operation), "and just one")

			clock.SetTime(clock.Now().Add(24 * time.Hour))
			for range row.burst {
				require.Zero(t, refusedAfter(t, b, row.operation))
			}
			require.NotZero(t, refusedAfter(t, b, row.operation), "a quiet day saves up no more than the burst")
		})
	}
}
