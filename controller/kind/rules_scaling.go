package kind

import (
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

var scalableTargetCompare = shape.Rules{
	// AWS describes its own service-linked role, whatever it is given (issue 5023 of
	// the Terraform provider).
	Unread: []string{"RoleARN"},
	Defaults: map[string]any{
		"SuspendedState.DynamicScalingInSuspended": false, "SuspendedState.DynamicScalingOutSuspended": false,
		"SuspendedState.ScheduledScalingSuspended": false,
	},
}

var scalingPolicyCompare = shape.Rules{
	Unordered: with(
		sets(
			"StepScalingPolicyConfiguration.StepAdjustments",
			"PredictiveScalingPolicyConfiguration.MetricSpecifications",
			"PredictiveScalingPolicyConfiguration.MetricSpecifications.CustomizedCapacityMetricSpecification.MetricDataQueries",
			"PredictiveScalingPolicyConfiguration.MetricSpecifications.CustomizedLoadMetricSpecification.MetricDataQueries",
			"PredictiveScalingPolicyConfiguration.MetricSpecifications.CustomizedScalingMetricSpecification.MetricDataQueries",
		),
		map[string]string{
			"TargetTrackingScalingPolicyConfiguration.CustomizedMetricSpecification.Dimensions":                           "Name",
			"TargetTrackingScalingPolicyConfiguration.CustomizedMetricSpecification.Metrics":                              "Id",
			"TargetTrackingScalingPolicyConfiguration.CustomizedMetricSpecification.Metrics.MetricStat.Metric.Dimensions": "Name",
		},
	),
	Defaults: map[string]any{"TargetTrackingScalingPolicyConfiguration.DisableScaleIn": false},
}

// PutScalingPolicy leaves alone what it is not given, and takes a configuration whole.
var scalingPolicyReset = reconcile.Reset{Whole: []string{
	"TargetTrackingScalingPolicyConfiguration", "StepScalingPolicyConfiguration", "PredictiveScalingPolicyConfiguration",
}}

var scheduledActionCompare = shape.Rules{Defaults: map[string]any{"Timezone": "UTC"}}

// PutScheduledAction deletes the times that it is not given, and leaves alone the rest.
var scheduledActionReset = reconcile.Reset{Whole: []string{"ScalableTargetAction"}, Omitted: []string{"StartTime", "EndTime"}}

var metricAlarmCompare = shape.Rules{
	Unordered: map[string]string{"Dimensions": "Name", "Metrics.MetricStat.Metric.Dimensions": "Name"},
	Defaults:  map[string]any{"ActionsEnabled": true, "TreatMissingData": "missing"},
}

// PutMetricAlarm replaces all that there is.
var metricAlarmReset = reconcile.Reset{Put: true}
