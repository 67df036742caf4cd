package fault_test

import (
	"cmp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

func newSet() *fault.Set {
	return fault.New([]string{"CreateModel", "DescribeModel"}, []string{"Job/Running", "Model/"})
}

func TestTake(t *testing.T) {
	for _, row := range []struct {
		reason string
		rule   fault.Rule
		event  fault.Event
		hits   []bool // for the same event, again and again
	}{
		{"for ever", fault.Rule{}, fault.Event{}, []bool{true, true, true}},
		{"so many times", fault.Rule{Times: 2}, fault.Event{}, []bool{true, true, false}},
		{"not at first", fault.Rule{Skip: 1, Times: 1}, fault.Event{}, []bool{false, true, false}},
		{"an operation", fault.Rule{Operation: "Create*"}, fault.Event{Operation: "CreateModel"}, []bool{true}},
		{"another operation", fault.Rule{Operation: "Create*"}, fault.Event{Operation: "DescribeModel"}, []bool{false}},
		{"a kind", fault.Rule{Kind: "Model"}, fault.Event{Kind: "Model"}, []bool{true}},
		{"a name", fault.Rule{Name: "a-?"}, fault.Event{Name: "a-1"}, []bool{true}},
		{"another name", fault.Rule{Name: "a-?"}, fault.Event{Name: "a-10"}, []bool{false}},
		{"a stage", fault.Rule{Stage: "Running"}, fault.Event{Stage: "Waiting"}, []bool{false}},
		{"wildcards go over slashes", fault.Rule{Role: "arn:*/admin"}, fault.Event{Role: "arn:aws:iam::1:role/team/admin"}, []bool{true}},
		{
			"a job's hyperparameters",
			fault.Rule{Action: fault.Measure, Metrics: map[string]float64{"rmse": 2}, HyperParameters: map[string]string{"eta": "0.*"}},
			fault.Event{HyperParameters: map[string]string{"eta": "0.2", "gamma": "4"}},
			[]bool{true},
		},
		{
			"a hyperparameter that the job does not have",
			fault.Rule{Action: fault.Measure, Metrics: map[string]float64{"rmse": 2}, HyperParameters: map[string]string{"eta": "*"}},
			fault.Event{HyperParameters: map[string]string{"gamma": "4"}},
			[]bool{false},
		},
		{"whose", fault.Rule{Principal: "*:user/a"}, fault.Event{Principal: "arn:aws:iam::1:user/b"}, []bool{false}},
	} {
		set := newSet()
		row.rule.Action = cmp.Or(row.rule.Action, fault.Deny)
		_, err := set.Add(row.rule)
		require.NoError(t, err, row.reason)
		for _, hit := range row.hits {
			_, got := set.Take(row.rule.Action, row.event)
			require.Equal(t, hit, got, row.reason)
		}
		_, got := set.Take(fault.Reject, row.event)
		require.False(t, got, "another action")
	}
}

func TestAddRefuses(t *testing.T) {
	for _, row := range []struct {
		reason  string
		rule    fault.Rule
		message string
	}{
		{"no action", fault.Rule{}, `fault rule: unknown action ""`},
		{"no code", fault.Rule{Action: fault.Reject}, "fault rule: reject needs a code"},
		{"no latency", fault.Rule{Action: fault.Delay}, "fault rule: delay needs a latency"},
		{"no reason", fault.Rule{Action: fault.RollBack}, "fault rule: roll-back needs a reason"},
		{"nothing to fail", fault.Rule{Action: fault.Fail, Reason: "r"}, "fault rule: fail needs kind, stage and reason"},
		{"no such operation", fault.Rule{Action: fault.Deny, Operation: "CreateModels"}, `fault rule: no operation is named "CreateModels"`},
		{"no such kind", fault.Rule{Action: fault.Deny, Kind: "Nothing"}, `fault rule: no kind "Nothing" has a stage "" that lasts`},
		{
			"no such stage",
			fault.Rule{Action: fault.Fail, Kind: "Job", Stage: "Walking", Reason: "r"},
			`fault rule: no kind "Job" has a stage "Walking" that lasts`,
		},
		{"nothing to tell", fault.Rule{Action: fault.Measure}, "fault rule: measure needs metrics"},
		{
			"nothing looks at them",
			fault.Rule{Action: fault.Deny, HyperParameters: map[string]string{"eta": "1"}},
			"fault rule: hyperParameters are for measure",
		},
		{
			"a hyperparameter that is not a pattern",
			fault.Rule{Action: fault.Measure, Metrics: map[string]float64{"rmse": 2}, HyperParameters: map[string]string{"eta": "[a"}},
			`fault rule: pattern "[a": syntax error in pattern`,
		},
		{"not a pattern", fault.Rule{Action: fault.Deny, Name: "[a"}, `fault rule: pattern "[a": syntax error in pattern`},
		{"less than none", fault.Rule{Action: fault.Deny, Times: -1}, "fault rule: times, skip and latency must not be negative"},
	} {
		_, err := newSet().Add(row.rule)
		require.EqualError(t, err, row.message, row.reason)
	}
}

func TestRemove(t *testing.T) {
	set := newSet()
	first, err := set.Add(fault.Rule{Action: fault.Deny})
	require.NoError(t, err)
	second, err := set.Add(fault.Rule{Action: fault.Deny, Times: 3})
	require.NoError(t, err)
	require.True(t, set.Remove(first))
	require.False(t, set.Remove(first))
	_, hit := set.Take(fault.Deny, fault.Event{})
	require.True(t, hit)
	require.Equal(t, []fault.Rule{{ID: second, Action: fault.Deny, Times: 2}}, set.Rules())
	set.Clear()
	require.Empty(t, set.Rules())
}
