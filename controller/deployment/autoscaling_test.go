package deployment

import (
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
)

// TestScaling: what scales a deployment, by the names of the resources.
func TestScaling(t *testing.T) {
	for _, row := range []struct {
		reason, spec                 string
		targets, policies, schedules map[string]string
	}{
		{reason: "nothing is scaled unless it is said", spec: plain},
		{
			reason: "between two limits, which somebody else moves",
			spec:   edit(t, "initialInstanceCount: 2", "initialInstanceCount: 2\n    autoscaling: {minCapacity: 1, maxCapacity: 9, suspended: {dynamicScalingInSuspended: true}}"),
			targets: map[string]string{"abalone-main": `
{endpointRef: {name: abalone}, variantName: main, minCapacity: 1, maxCapacity: 9, deletionPolicy: Delete, suspendedState: {dynamicScalingInSuspended: true}}`},
		},
		{
			reason: "by load, by an alarm and by the clock",
			spec: edit(t, "variantName: main", "variantName: Main", "initialInstanceCount: 2", `initialInstanceCount: 2
    autoscaling:
      minCapacity: 1
      maxCapacity: 9
      policies:
      - {name: load, targetTracking: {targetValue: 70, predefinedMetricSpecification: {predefinedMetricType: SageMakerVariantInvocationsPerInstance}}}
      - {name: burst, stepScaling: {adjustmentType: ChangeInCapacity, stepAdjustments: [{scalingAdjustment: 2}]}}
      schedules:
      - {name: night, schedule: "cron(0 20 * * ? *)", timezone: Europe/Amsterdam, maxCapacity: 2}
      - {name: day, schedule: "cron(0 7 * * ? *)", minCapacity: 2, maxCapacity: 9}`) + `  endpointName: Shells
  region: eu-west-1
  interval: 1h
  tags: [{key: team, value: ml}]`,
			targets: map[string]string{"abalone-main": `
{endpointRef: {name: shells}, variantName: Main, minCapacity: 1, maxCapacity: 9, deletionPolicy: Delete, region: eu-west-1, interval: 1h, tags: {team: ml}}`},
			policies: map[string]string{
				"abalone-main-load": `
scalableTargetRef: {name: abalone-main}
policyName: prod-Shells-Main-load
policyType: TargetTrackingScaling
targetTrackingScalingPolicyConfiguration: {targetValue: 70, predefinedMetricSpecification: {predefinedMetricType: SageMakerVariantInvocationsPerInstance}}
deletionPolicy: Delete
region: eu-west-1
interval: 1h`,
				"abalone-main-burst": `
scalableTargetRef: {name: abalone-main}
policyName: prod-Shells-Main-burst
policyType: StepScaling
stepScalingPolicyConfiguration: {adjustmentType: ChangeInCapacity, stepAdjustments: [{scalingAdjustment: 2}]}
deletionPolicy: Delete
region: eu-west-1
interval: 1h`,
			},
			schedules: map[string]string{
				"abalone-main-night": `
scalableTargetRef: {name: abalone-main}
scheduledActionName: prod-Shells-Main-night
schedule: "cron(0 20 * * ? *)"
timezone: Europe/Amsterdam
scalableTargetAction: {maxCapacity: 2}
deletionPolicy: Delete
region: eu-west-1
interval: 1h`,
				"abalone-main-day": `
scalableTargetRef: {name: abalone-main}
scheduledActionName: prod-Shells-Main-day
schedule: "cron(0 7 * * ? *)"
scalableTargetAction: {minCapacity: 2, maxCapacity: 9}
deletionPolicy: Delete
region: eu-west-1
interval: 1h`,
			},
		},
		{
			reason: "what a serverless variant keeps warm",
			spec: edit(t, instances, `serverlessConfig: {memorySizeInMB: 2048, maxConcurrency: 5, provisionedConcurrency: 1}
    autoscaling: {minCapacity: 1, maxCapacity: 5, policies: [{name: use, targetTracking: {targetValue: 0.7}}], schedules: [{name: day, schedule: rate(1 day), minCapacity: 2}]}`),
			targets: map[string]string{"abalone-main": `
{endpointRef: {name: abalone}, variantName: main, minCapacity: 1, maxCapacity: 5, deletionPolicy: Delete, scalableDimension: "sagemaker:variant:DesiredProvisionedConcurrency"}`},
			policies: map[string]string{"abalone-main-use": `
scalableTargetRef: {name: abalone-main}
scalableDimension: sagemaker:variant:DesiredProvisionedConcurrency
policyName: prod-Shells-main-use
policyType: TargetTrackingScaling
targetTrackingScalingPolicyConfiguration: {targetValue: 0.7}
deletionPolicy: Delete`},
			schedules: map[string]string{"abalone-main-day": `
scalableTargetRef: {name: abalone-main}
scalableDimension: sagemaker:variant:DesiredProvisionedConcurrency
scheduledActionName: prod-Shells-main-day
schedule: rate(1 day)
scalableTargetAction: {minCapacity: 2}
deletionPolicy: Delete`},
		},
		{
			reason: "copies of a component, down to none",
			spec: edit(t, ownModel, noModel) + `  components:
  - {name: llm, specification: {modelName: x}, autoscaling: {minCapacity: 0, maxCapacity: 4, policies: [{name: load, targetTracking: {targetValue: 5}}]}}
  - {name: other, specification: {modelName: x}}`,
			targets: map[string]string{"abalone-llm": `
{inferenceComponentRef: {name: abalone-llm}, minCapacity: 0, maxCapacity: 4, deletionPolicy: Delete}`},
			policies: map[string]string{"abalone-llm-load": `
scalableTargetRef: {name: abalone-llm}
policyName: prod-Shells-llm-load
policyType: TargetTrackingScaling
targetTrackingScalingPolicyConfiguration: {targetValue: 5}
deletionPolicy: Delete`},
		},
	} {
		t.Run(row.reason, func(t *testing.T) {
			d := read(t, row.spec)
			require.NoError(t, check(d))
			is := newRenderer(d, "prod", false).scaling("prod-Shells")
			require.Equal(t, specs[v1alpha1.ScalableTargetSpec](t, row.targets), specsOf(is.targets, func(o *v1alpha1.ScalableTarget) v1alpha1.ScalableTargetSpec { return o.Spec }))
			require.Equal(t, specs[v1alpha1.ScalingPolicySpec](t, row.policies), specsOf(is.policies, func(o *v1alpha1.ScalingPolicy) v1alpha1.ScalingPolicySpec { return o.Spec }))
			require.Equal(t, specs[v1alpha1.ScheduledActionSpec](t, row.schedules), specsOf(is.schedules, func(o *v1alpha1.ScheduledAction) v1alpha1.ScheduledActionSpec { return o.Spec }))
		})
	}
}

// specs reads specs, by the names of their resources.
func specs[S any](t *testing.T, texts map[string]string) map[string]S {
	t.Helper()
	all := map[string]S{}
	for name, text := range texts {
		var spec S
		require.NoError(t, yaml.UnmarshalStrict([]byte(text), &spec), text)
		all[name] = spec
	}
	return all
}

func specsOf[O interface{ GetName() string }, S any](objects []O, spec func(O) S) map[string]S {
	all := map[string]S{}
	for _, o := range objects {
		all[o.GetName()] = spec(o)
	}
	return all
}
