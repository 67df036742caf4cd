package deployment

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
)

// TestAlarms: what is watched of the new fleet, by the names of the resources.
func TestAlarms(t *testing.T) {
	for _, row := range []struct {
		reason, spec string
		want         map[string]string
	}{
		{reason: "nothing, unless it is said", spec: plain},
		{reason: "alarms that are there already", spec: plain + "  rollout: {alarms: {names: [a]}}"},
		{
			reason: "server errors, as a share of the requests",
			spec:   plain + "  rollout: {alarms: {errorRate: 0.5%, period: 5m}}\n  tags: [{key: team, value: ml}]\n  region: eu-west-1",
			want: map[string]string{"abalone-a1-main-errors": `
alarmName: abalone-a1-main-errors
comparisonOperator: GreaterThanThreshold
evaluationPeriods: 1
treatMissingData: notBreaching
threshold: 0.5
metrics:
- id: errors
  returnData: false
  metricStat:
    stat: Sum
    period: 300
    metric:
      namespace: AWS/SageMaker
      metricName: Invocation5XXErrors
      dimensions: [{name: EndpointName, value: Abalone}, {name: VariantName, value: main}, {name: EndpointConfigName, value: abalone-a1}]
- id: requests
  returnData: false
  metricStat:
    stat: Sum
    period: 300
    metric:
      namespace: AWS/SageMaker
      metricName: Invocations
      dimensions: [{name: EndpointName, value: Abalone}, {name: VariantName, value: main}, {name: EndpointConfigName, value: abalone-a1}]
- {id: percent, returnData: true, expression: "IF(requests > 0, 100 * errors / requests, 0)"}
tags: [{key: team, value: ml}]
region: eu-west-1
deletionPolicy: Delete`},
		},
		{
			reason: "the time a model takes, in microseconds, of each variant",
			spec: edit(t, "variantName: main", "variantName: Main") + `
  - {variantName: b, instanceType: ml.m5.large, modelName: x}
  shadowVariants: [{variantName: next, instanceType: ml.m5.large, modelName: x}]
  rollout: {alarms: {latency: {threshold: 250ms}}}`,
			want: map[string]string{
				"abalone-a1-main-latency": `
alarmName: abalone-a1-main-latency
comparisonOperator: GreaterThanThreshold
evaluationPeriods: 1
treatMissingData: notBreaching
threshold: 250000
namespace: AWS/SageMaker
metricName: ModelLatency
extendedStatistic: p95
period: 60
dimensions: [{name: EndpointName, value: Abalone}, {name: VariantName, value: Main}, {name: EndpointConfigName, value: abalone-a1}]
deletionPolicy: Delete`,
				"abalone-a1-b-latency": `
alarmName: abalone-a1-b-latency
comparisonOperator: GreaterThanThreshold
evaluationPeriods: 1
treatMissingData: notBreaching
threshold: 250000
namespace: AWS/SageMaker
metricName: ModelLatency
extendedStatistic: p95
period: 60
dimensions: [{name: EndpointName, value: Abalone}, {name: VariantName, value: b}, {name: EndpointConfigName, value: abalone-a1}]
deletionPolicy: Delete`,
			},
		},
		{
			reason: "the mean is no percentile",
			spec:   plain + "  rollout: {alarms: {latency: {statistic: Average, threshold: 1.5s}}}",
			want: map[string]string{"abalone-a1-main-latency": `
alarmName: abalone-a1-main-latency
comparisonOperator: GreaterThanThreshold
evaluationPeriods: 1
treatMissingData: notBreaching
threshold: 1500000
namespace: AWS/SageMaker
metricName: ModelLatency
statistic: Average
period: 60
dimensions: [{name: EndpointName, value: Abalone}, {name: VariantName, value: main}, {name: EndpointConfigName, value: abalone-a1}]
deletionPolicy: Delete`},
		},
	} {
		t.Run(row.reason, func(t *testing.T) {
			d := read(t, row.spec)
			require.NoError(t, check(d))
			all, err := newRenderer(d, "prod", false).alarms("Abalone", "abalone-a1")
			require.NoError(t, err)
			require.Equal(t, specs[v1alpha1.MetricAlarmSpec](t, row.want), specsOf(all, func(o *v1alpha1.MetricAlarm) v1alpha1.MetricAlarmSpec { return o.Spec }))
			require.Len(t, alarmNames(all), len(row.want))
		})
	}
}

// TestAlarmsOfBothKinds: the count that check goes by is the number that is made.
func TestAlarmsOfBothKinds(t *testing.T) {
	d := read(t, plain+`
  - {variantName: b, instanceType: ml.m5.large, modelName: x}
  rollout: {alarms: {errorRate: 1%, latency: {threshold: 1s}}}`)
	all, err := newRenderer(d, "prod", false).alarms("abalone", "abalone-a1")
	require.NoError(t, err)
	require.ElementsMatch(t, []string{
		"abalone-a1-main-errors", "abalone-a1-main-latency", "abalone-a1-b-errors", "abalone-a1-b-latency",
	}, alarmNames(all))
}
