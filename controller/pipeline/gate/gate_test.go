package gate_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/gate"
)

func TestJudge(t *testing.T) {
	found := func(n float64) gate.Value { return gate.Value{Number: n} }
	missing := gate.Value{Missing: "nothing serves"}
	bounded := gate.Check{Name: "rmse", Max: new(2.2), Min: new(0.0)}
	rounded := gate.Check{Name: "rmse", Max: new(2.2), Precision: new(1)}
	lower := gate.Check{Name: "rmse", Compared: true, MaxRegression: 0.02}
	higher := gate.Check{Name: "auc", Compared: true, MaxRegression: 0.02, HigherIsBetter: true}
	for _, row := range []struct {
		reason      string
		check       gate.Check
		value, with gate.Value
		outcome     gate.Outcome
		message     string
	}{
		{"within", bounded, found(2.08), missing, gate.Passed, "rmse is 2.08"},
		{"a bound is within", bounded, found(2.2), missing, gate.Passed, "rmse is 2.2"},
		{"above", bounded, found(2.21), missing, gate.Failed, "rmse is 2.21, which is more than 2.2"},
		{"below", bounded, found(-1), missing, gate.Failed, "rmse is -1, which is less than 0"},
		{"missing", bounded, gate.Value{Missing: "step train has no metric rmse"}, missing, gate.Inconclusive, "rmse: step train has no metric rmse"},
		{"not a number", bounded, found(math.NaN()), missing, gate.Inconclusive, "rmse: NaN is no number to be judged"},
		{"infinite", bounded, found(math.Inf(1)), missing, gate.Inconclusive, "rmse: +Inf is no number to be judged"},
		{"what does not count is not above", rounded, found(2.24), missing, gate.Passed, "rmse is 2.2"},
		{"what counts is", rounded, found(2.26), missing, gate.Failed, "rmse is 2.3, which is more than 2.2"},
		{"better", lower, found(2), found(2.1), gate.Passed, "rmse is 2, compared with 2.1"},
		{"a little worse", lower, found(2.04), found(2), gate.Passed, "rmse is 2.04, compared with 2"},
		{"too much worse", lower, found(2.05), found(2), gate.Failed, "rmse is 2.05, which is worse than 2 by more than 2%: at worst 2.04"},
		{"worse is less", higher, found(0.97), found(1), gate.Failed, "auc is 0.97, which is worse than 1 by more than 2%: at worst 0.98"},
		{"better is more", higher, found(1.5), found(1), gate.Passed, "auc is 1.5, compared with 1"},
		{"nothing to compare with is no bound", lower, found(9), missing, gate.Passed, "rmse is 9, and there is nothing to compare it with: nothing serves"},
		{"what it is compared with is no number", lower, found(9), found(math.NaN()), gate.Inconclusive, "rmse: NaN, which it is compared with, is no number"},
		{"below nothing, the share is of its size", lower, found(-0.5), found(-1), gate.Failed, "rmse is -0.5, which is worse than -1 by more than 2%: at worst -0.98"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			r := row.check.Judge(row.value, row.with)
			require.Equal(t, row.outcome, r.Outcome)
			require.Equal(t, row.message, r.Message)
		})
	}
}

func TestOverall(t *testing.T) {
	passed, failed, unknown := gate.Result{Outcome: gate.Passed}, gate.Result{Outcome: gate.Failed}, gate.Result{Outcome: gate.Inconclusive}
	require.Equal(t, gate.Passed, gate.Overall(nil))
	require.Equal(t, gate.Passed, gate.Overall([]gate.Result{passed, passed}))
	require.Equal(t, gate.Inconclusive, gate.Overall([]gate.Result{passed, unknown}))
	require.Equal(t, gate.Failed, gate.Overall([]gate.Result{unknown, failed, passed}))
}

func TestEvidence(t *testing.T) {
	digests := map[string]string{"prep": "a1", "train": "a2"}
	results := []gate.Result{{Name: "rmse", Outcome: gate.Passed, Value: "2.08"}, {Name: "auc", Outcome: gate.Passed, Value: "0.9"}}
	evidence := gate.Evidence(digests, results)
	require.Equal(t, "sha256:1092fb379e0fe50454d3c84587329c7ceffb18e829176a5e76f09134c5caf61f", evidence, "approvals in git have this text")
	for _, row := range []struct {
		reason  string
		digests map[string]string
		results []gate.Result
		same    bool
	}{
		{"the order of results", digests, []gate.Result{results[1], results[0]}, true},
		{"what is only said", digests, []gate.Result{results[0], {Name: "auc", Outcome: gate.Passed, Value: "0.9", Message: "auc is 0.9"}}, true},
		{"another digest", map[string]string{"prep": "a1", "train": "a3"}, results, false},
		{"one step more", map[string]string{"prep": "a1", "train": "a2", "x": "a4"}, results, false},
		{"another value", digests, []gate.Result{results[0], {Name: "auc", Outcome: gate.Passed, Value: "0.91"}}, false},
		{"another outcome", digests, []gate.Result{results[0], {Name: "auc", Outcome: gate.Failed, Value: "0.9"}}, false},
	} {
		t.Run(row.reason, func(t *testing.T) {
			require.Equal(t, row.same, gate.Evidence(row.digests, row.results) == evidence)
		})
	}
}

// Whatever the numbers are, one that is none is never good enough, and a bound is kept.
func FuzzJudge(f *testing.F) {
	f.Add(2.08, 2.2, 2.11, 0.02, 2, true)
	f.Fuzz(func(t *testing.T, value, most, with, regression float64, precision int, higher bool) {
		precision = max(0, min(precision, 12))
		c := gate.Check{Name: "n", Max: &most, Compared: true, MaxRegression: math.Abs(regression), HigherIsBetter: higher, Precision: &precision}
		r := c.Judge(gate.Value{Number: value}, gate.Value{Number: with})
		if math.IsNaN(value) || math.IsInf(value, 0) {
			require.Equal(t, gate.Inconclusive, r.Outcome)
		}
		if r.Outcome == gate.Passed {
			require.LessOrEqual(t, value, most+math.Pow10(-precision), "%s", r.Message)
		}
		require.NotEmpty(t, r.Message)
	})
}
