package deployment

import (
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
)

// TestDeploymentConfig: what SageMaker is told of a roll-out.
func TestDeploymentConfig(t *testing.T) {
	for _, row := range []struct {
		reason, rollout string
		alarms          []string
		want            string
	}{
		{"nothing is said, and SageMaker has its own way", "", nil, ""},
		{"all at once, watched as long as asked for", "{bakeTime: 10m, terminationWait: 1m30s, timeout: 1h}", []string{"latency"}, `
blueGreenUpdatePolicy:
  trafficRoutingConfiguration: {type: ALL_AT_ONCE, waitIntervalInSeconds: 600}
  terminationWaitInSeconds: 90
  maximumExecutionTimeoutInSeconds: 3600
autoRollbackConfiguration: {alarms: [{alarmName: latency}]}`},
		{"all at once, not watched", "{strategy: AllAtOnce}", nil, `
blueGreenUpdatePolicy: {trafficRoutingConfiguration: {type: ALL_AT_ONCE, waitIntervalInSeconds: 0}}`},
		{"a canary by default", "{strategy: Canary}", []string{"a", "b"}, `
blueGreenUpdatePolicy:
  trafficRoutingConfiguration: {type: CANARY, waitIntervalInSeconds: 300, canarySize: {type: CAPACITY_PERCENT, value: 10}}
autoRollbackConfiguration: {alarms: [{alarmName: a}, {alarmName: b}]}`},
		{"a canary of one instance", "{strategy: Canary, stepSize: 1, bakeTime: 30m}", nil, `
blueGreenUpdatePolicy:
  trafficRoutingConfiguration: {type: CANARY, waitIntervalInSeconds: 1800, canarySize: {type: INSTANCE_COUNT, value: 1}}`},
		{"a canary that is not watched", "{strategy: Canary, bakeTime: 0s}", nil, `
blueGreenUpdatePolicy:
  trafficRoutingConfiguration: {type: CANARY, waitIntervalInSeconds: 0, canarySize: {type: CAPACITY_PERCENT, value: 10}}`},
		{"five equal steps by default", "{strategy: Linear}", nil, `
blueGreenUpdatePolicy:
  trafficRoutingConfiguration: {type: LINEAR, waitIntervalInSeconds: 300, linearStepSize: {type: CAPACITY_PERCENT, value: 20}}`},
		{"two steps", `{strategy: Linear, stepSize: "50%"}`, nil, `
blueGreenUpdatePolicy:
  trafficRoutingConfiguration: {type: LINEAR, waitIntervalInSeconds: 300, linearStepSize: {type: CAPACITY_PERCENT, value: 50}}`},
		{"batches by default", "{strategy: Rolling}", nil, `
rollingUpdatePolicy: {maximumBatchSize: {type: CAPACITY_PERCENT, value: 20}, waitIntervalInSeconds: 300}`},
		{"batches of two, back in one", `{strategy: Rolling, stepSize: 2, rollbackStepSize: "100%", bakeTime: 90s, timeout: 8h}`, []string{"a"}, `
rollingUpdatePolicy:
  maximumBatchSize: {type: INSTANCE_COUNT, value: 2}
  rollbackMaximumBatchSize: {type: CAPACITY_PERCENT, value: 100}
  waitIntervalInSeconds: 90
  maximumExecutionTimeoutInSeconds: 28800
autoRollbackConfiguration: {alarms: [{alarmName: a}]}`},
	} {
		t.Run(row.reason, func(t *testing.T) {
			r := rollout(t, row.rollout)
			require.NoError(t, checkRollout(r))
			var want *v1alpha1.DeploymentConfig
			require.NoError(t, yaml.UnmarshalStrict([]byte(row.want), &want))
			require.Equal(t, want, deploymentConfig(r, row.alarms))
		})
	}
}

func rollout(t *testing.T, text string) *v1alpha1.Rollout {
	t.Helper()
	var r *v1alpha1.Rollout
	require.NoError(t, yaml.UnmarshalStrict([]byte(text), &r))
	return r
}

// TestRolloutRefused: numbers that SageMaker would refuse when it has everything
// else already.
func TestRolloutRefused(t *testing.T) {
	for _, row := range []struct {
		reason, rollout, path string
	}{
		{"the largest canary", `{strategy: Canary, stepSize: "50%"}`, ""},
		{"the smallest", `{strategy: Canary, stepSize: "1%"}`, ""},
		{"half is no canary any more", `{strategy: Canary, stepSize: "51%"}`, "rollout.stepSize"},
		{"nothing is none", `{strategy: Canary, stepSize: "0%"}`, "rollout.stepSize"},
		{"no instance is none either", `{strategy: Canary, stepSize: 0}`, "rollout.stepSize"},
		{"less than nothing", `{strategy: Canary, stepSize: -1}`, "rollout.stepSize"},
		{"a share has its sign", `{strategy: Canary, stepSize: "20"}`, "rollout.stepSize"},
		{"a share is a whole number", `{strategy: Canary, stepSize: "2.5%"}`, "rollout.stepSize"},
		{"the smallest step", `{strategy: Linear, stepSize: "10%"}`, ""},
		{"too many steps", `{strategy: Linear, stepSize: "9%"}`, "rollout.stepSize"},
		{"the smallest batch", `{strategy: Rolling, stepSize: "5%"}`, ""},
		{"too many batches", `{strategy: Rolling, stepSize: "4%"}`, "rollout.stepSize"},
		{"all at once has no steps", `{stepSize: "10%"}`, "rollout.stepSize"},
		{"only batches are taken back in batches", `{strategy: Canary, rollbackStepSize: 1}`, "rollout.rollbackStepSize"},
		{"too many batches back", `{strategy: Rolling, rollbackStepSize: "4%"}`, "rollout.rollbackStepSize"},
		{"more than all", `{strategy: Rolling, rollbackStepSize: "101%"}`, "rollout.rollbackStepSize"},
		{"batches leave no old fleet behind", `{strategy: Rolling, terminationWait: 1m}`, "rollout.terminationWait"},
		{"an hour for each wait", `{strategy: Canary, bakeTime: 1h, terminationWait: 1h, timeout: 2h1s}`, ""},
		{"watched for too long", `{strategy: Canary, bakeTime: 61m}`, "rollout.bakeTime"},
		{"kept for too long", `{strategy: Canary, terminationWait: 61m}`, "rollout.terminationWait"},
		{"the shortest time", `{strategy: Canary, timeout: 10m}`, ""},
		{"too short a time", `{strategy: Canary, timeout: 9m59s}`, "rollout.timeout"},
		{"too long a time", `{strategy: Canary, timeout: 8h1s}`, "rollout.timeout"},
		{"a time that one wait uses up", `{strategy: Canary, bakeTime: 30m, timeout: 30m}`, "rollout.timeout"},
		{"a time that both use up", `{strategy: Canary, bakeTime: 30m, terminationWait: 30m, timeout: 1h}`, "rollout.timeout"},
		{"no errors at all", `{alarms: {errorRate: "0%"}}`, ""},
		{"a rate without its sign", `{alarms: {errorRate: "often"}}`, "rollout.alarms.errorRate"},
		{"the longest period", `{alarms: {errorRate: "1%", period: 1h}}`, ""},
		{"CloudWatch counts in minutes", `{alarms: {errorRate: "1%", period: 90s}}`, "rollout.alarms.period"},
		{"no time to count in", `{alarms: {errorRate: "1%", period: 0s}}`, "rollout.alarms.period"},
		{"longer than anything bakes", `{alarms: {errorRate: "1%", period: 61m}}`, "rollout.alarms.period"},
		{"a model needs some time", `{alarms: {latency: {threshold: 0s}}}`, "rollout.alarms.latency.threshold"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			err := checkRollout(rollout(t, row.rollout))
			if row.path == "" {
				require.NoError(t, err)
				return
			}
			requireRefused(t, err, row.path)
		})
	}
}
