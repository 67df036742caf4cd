package cloud_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

// counted is how often an operation has had an outcome, over all tests of this process.
func counted(t *testing.T, operation, outcome string) int {
	t.Helper()
	families, err := metrics.Registry.Gather()
	require.NoError(t, err)
	for _, family := range families {
		if family.GetName() != "sagemaker_gitops_aws_calls_total" {
			continue
		}
		for _, metric := range family.GetMetric() {
			labels := map[string]string{}
			for _, label := range metric.GetLabel() {
				labels[label.GetName()] = label.GetValue()
			}
			if labels["operation"] == operation && labels["outcome"] == outcome {
				return int(metric.GetCounter().GetValue())
			}
		}
	}
	return 0
}

// TestCallsAreCounted: every call and how it ended, those of the SDK's own making
// and those that the budget holds back too.
func TestCallsAreCounted(t *testing.T) {
	a := newAccount(t)
	_, err := a.Faults().Add(fault.Rule{Action: fault.Reject, Operation: "AddTags", Code: "ThrottlingException", Message: "Rate exceeded", Status: 400, Times: 1})
	require.NoError(t, err)
	for _, row := range []struct {
		reason, operation, outcome string
		times                      int
	}{
		{"the account is asked for", "GetCallerIdentity", "OK", 1},
		{"AWS throttles", "AddTags", "Throttle", 1},
		{"there is no such object", "AddTags", "NotFound", 9},
		{"the budget is spent", "AddTags", "HeldBack", 2},
		{"an object of S3", "PutObject", "OK", 1},
	} {
		before := counted(t, row.operation, row.outcome)
		t.Cleanup(func() {
			require.Equal(t, before+row.times, counted(t, row.operation, row.outcome), row.reason)
		})
	}
	still := clocktesting.NewFakePassiveClock(time.Unix(0, 0))
	c, err := cloud.NewClients(a.config, still, nil).For(t.Context(), cloud.Identity{})
	require.NoError(t, err)
	for range 12 {
		_, err = cloud.AddTags.Call(t.Context(), c, shape.Tree{
			"ResourceArn": "arn:aws:sagemaker:us-east-1:123456789012:model/none", "Tags": []any{map[string]any{"Key": "a", "Value": "b"}},
		})
		require.Error(t, err)
	}
	require.NoError(t, a.CreateBucket("acme-ml"))
	require.NoError(t, c.WriteObject(t.Context(), "s3://acme-ml/counted", []byte("x")))
}

func TestClassesHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for class := cloud.None; class <= cloud.Server; class++ {
		require.NotEmpty(t, class.String())
		seen[class.String()] = true
	}
	require.Len(t, seen, int(cloud.Server)+1)
}
