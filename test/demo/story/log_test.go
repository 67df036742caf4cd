package story

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestLogTellsChanges(t *testing.T) {
	var out strings.Builder
	log := NewLog(&out)
	log.Changed("Endpoint", "Ready=Unknown")
	log.Changed("Endpoint", "Ready=Unknown")
	log.Begin("a", "title")
	log.Changed("Endpoint", "Ready=True")
	log.Changed("Model", strings.Repeat("é", width)+"\nsecond line")

	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 4, "no news is not told: %s", out.String())
	require.Contains(t, lines[0], "s start    Endpoint Ready=Unknown")
	require.Contains(t, lines[1], "(a)      --- title ---")
	require.Contains(t, lines[2], "Endpoint Ready=True")
	require.Less(t, len(lines[3]), 2*width, "long lines are cut")
	require.True(t, strings.HasSuffix(lines[3], "é…"), "between characters")
	require.Contains(t, log.State(), "Endpoint Ready=True\nModel é", "the state is in the order in which things came up")
}

func TestTold(t *testing.T) {
	ready := metav1.Condition{Type: "Ready", Status: metav1.ConditionFalse, Reason: "ValidationFailed", Message: "AWS says no"}
	for _, test := range []struct {
		reason     string
		conditions []metav1.Condition
		want       string
	}{
		{"nothing is known of a new object", nil, "not judged yet"},
		{"status, reason and message", []metav1.Condition{ready}, "Ready=False (ValidationFailed) AWS says no"},
		{
			"one that is given up",
			[]metav1.Condition{ready, {Type: "Stalled", Status: metav1.ConditionTrue}},
			"Ready=False, Stalled (ValidationFailed) AWS says no",
		},
	} {
		require.Equal(t, test.want, told(test.conditions), test.reason)
	}
}

func TestUntrueSaysWhatWasExpectedAndSeen(t *testing.T) {
	err := &UntrueError{Line: "the endpoint answers", Expected: "model a", Seen: "model b\nmodel c"}
	require.Equal(t, "not true: the endpoint answers\n  expected: model a\n  seen:     model b\n            model c", err.Error())
}
