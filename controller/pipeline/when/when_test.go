package when_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/when"
)

func TestHolds(t *testing.T) {
	params := map[string]string{"env": "prod", "max": "2.2"}
	steps := map[string]when.Step{"train": {Phase: "Succeeded", Metrics: map[string]float64{"validation:rmse": 2.08}}, "pre-proc": {Phase: "Succeeded"}}
	for _, row := range []struct {
		reason, expression string
		holds              bool
		err                string
	}{
		{"a parameter", `params.env == "prod"`, true, ""},
		{"another value", `params.env in ["dev", "staging"]`, false, ""},
		{"a metric", `steps.train.metrics["validation:rmse"] < 2.1`, true, ""},
		{"a metric and a parameter", `steps.train.metrics["validation:rmse"] < double(params.max)`, true, ""},
		{"a step with a dash", `steps["pre-proc"].phase == "Succeeded"`, true, ""},
		{"whether there is a parameter", `has(params.colour)`, false, ""},
		{"a parameter that there is not", `params.colour == "red"`, false, "no such key: colour"},
		{"a step that there is not", `steps.tune.phase == "Succeeded"`, false, "no such key: tune"},
		{"a metric that there is not", `steps.train.metrics["auc"] > 0.9`, false, "no such key: auc"},
		{"what is neither", `steps.train.phase`, false, "it gives neither true nor false"},
		{
			"what computes for too long", `[1,2,3,4,5,6,7,8,9].all(a, [1,2,3,4,5,6,7,8,9].all(b, [1,2,3,4,5,6,7,8,9].all(c, [1,2,3,4,5,6,7,8,9].all(d,
			[1,2,3,4,5,6,7,8,9].all(e, a + b + c + d + e > 0)))))`, false, "cost limit exceeded",
		},
	} {
		t.Run(row.reason, func(t *testing.T) {
			c, err := when.Read(row.expression)
			require.NoError(t, err)
			holds, err := c.Holds(params, steps)
			if row.err != "" {
				require.ErrorContains(t, err, row.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, row.holds, holds)
		})
	}
}

func TestRefused(t *testing.T) {
	for _, row := range []struct{ reason, expression, err string }{
		{"no expression", "params.", "Syntax error"},
		{"a variable that there is not", "env == 1", "undeclared reference to 'env'"},
		{"no condition", "params.env", "it gives a string, and has to give true or false"},
		{"a comparison of what cannot be compared", "params.env == 1", "no matching overload"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			_, err := when.Read(row.expression)
			require.ErrorContains(t, err, row.err)
		})
	}
}

// No expression is anything but refused, or decided within bounds.
func FuzzRead(f *testing.F) {
	f.Add(`params.country == "nl" && steps.train.metrics["rmse"] < 2.0`)
	f.Add(`steps.all(s, s.size() < 9)`)
	f.Fuzz(func(_ *testing.T, expression string) {
		condition, err := when.Read(expression)
		if err != nil {
			return
		}
		_, _ = condition.Holds(map[string]string{"country": "nl"}, map[string]when.Step{"train": {Phase: "Succeeded", Metrics: map[string]float64{"rmse": 1}}})
	})
}
