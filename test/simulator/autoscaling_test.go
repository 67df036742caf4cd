package simulator_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	scaling "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

func TestAutoscaling(t *testing.T) {
	b := start(t, nil)
	b.serve()
	api := applicationautoscaling.NewFromConfig(b.config)
	resource, dimension := aws.String("endpoint/ep/variant/AllTraffic"), scaling.ScalableDimensionSageMakerVariantDesiredInstanceCount
	register := func(least, most int32) (*applicationautoscaling.RegisterScalableTargetOutput, error) {
		return api.RegisterScalableTarget(t.Context(), &applicationautoscaling.RegisterScalableTargetInput{
			ServiceNamespace: scaling.ServiceNamespaceSagemaker, ResourceId: resource, ScalableDimension: dimension,
			MinCapacity: aws.Int32(least), MaxCapacity: aws.Int32(most), Tags: map[string]string{"team": "ml"},
		})
	}
	policy := &applicationautoscaling.PutScalingPolicyInput{
		ServiceNamespace: scaling.ServiceNamespaceSagemaker, ResourceId: resource, ScalableDimension: dimension, PolicyName: aws.String("requests"),
		PolicyType: scaling.PolicyTypeTargetTrackingScaling,
		TargetTrackingScalingPolicyConfiguration: &scaling.TargetTrackingScalingPolicyConfiguration{
			TargetValue:                   aws.Float64(70),
			PredefinedMetricSpecification: &scaling.PredefinedMetricSpecification{PredefinedMetricType: scaling.MetricTypeSageMakerVariantInvocationsPerInstance},
		},
	}
	_, err := api.PutScalingPolicy(t.Context(), policy)
	requireAPIError(t, err, "ObjectNotFoundException", "No scalable target registered for service namespace: sagemaker, "+
		"resource ID: endpoint/ep/variant/AllTraffic, scalable dimension: sagemaker:variant:DesiredInstanceCount")
	_, err = register(0, 2)
	requireAPIError(t, err, "ValidationException", "Minimum capacity must be greater than or equal to 1")
	made, err := register(1, 2)
	require.NoError(t, err)
	again, err := register(1, 4)
	require.NoError(t, err)
	require.Equal(t, made.ScalableTargetARN, again.ScalableTargetARN, "registering again is a change")
	targets, err := api.DescribeScalableTargets(t.Context(), &applicationautoscaling.DescribeScalableTargetsInput{
		ServiceNamespace: scaling.ServiceNamespaceSagemaker, ResourceIds: []string{*resource},
	})
	require.NoError(t, err)
	require.Len(t, targets.ScalableTargets, 1)
	require.EqualValues(t, 4, aws.ToInt32(targets.ScalableTargets[0].MaxCapacity))
	_, err = api.TagResource(t.Context(), &applicationautoscaling.TagResourceInput{ResourceARN: made.ScalableTargetARN, Tags: map[string]string{"more": "tags"}})
	require.NoError(t, err)
	_, err = api.UntagResource(t.Context(), &applicationautoscaling.UntagResourceInput{ResourceARN: made.ScalableTargetARN, TagKeys: []string{"team"}})
	require.NoError(t, err)
	tags, err := api.ListTagsForResource(t.Context(), &applicationautoscaling.ListTagsForResourceInput{ResourceARN: made.ScalableTargetARN})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"more": "tags"}, tags.Tags)
	_, err = api.PutScalingPolicy(t.Context(), policy)
	require.NoError(t, err)
	policies, err := api.DescribeScalingPolicies(t.Context(), &applicationautoscaling.DescribeScalingPoliciesInput{
		ServiceNamespace: scaling.ServiceNamespaceSagemaker, PolicyNames: []string{"requests"},
	})
	require.NoError(t, err)
	require.Len(t, policies.ScalingPolicies[0].Alarms, 2)

	_, err = b.CreateEndpointConfig(t.Context(), &sagemaker.CreateEndpointConfigInput{
		EndpointConfigName: aws.String("renamed"), ProductionVariants: []types.ProductionVariant{variant("Other", "one", 1)},
	})
	require.NoError(t, err)
	_, err = b.UpdateEndpoint(t.Context(), &sagemaker.UpdateEndpointInput{EndpointName: aws.String("ep"), EndpointConfigName: aws.String("renamed")})
	requireAPIError(t, err, "ValidationException", `The variant(s) "AllTraffic" of endpoint "`+arnPrefix+`endpoint/ep" cannot be removed while registered as a scalable target. Deregister the scalable target first.`)
	b.update("two")
	_, err = register(1, 5)
	requireAPIError(t, err, "ValidationException", "The resource endpoint/ep/variant/AllTraffic is in status 'Updating'. "+
		"The status should be in 'InService' to register it as a scalable target")
	b.pass(10 * time.Minute)

	_, err = api.DeleteScalingPolicy(t.Context(), &applicationautoscaling.DeleteScalingPolicyInput{
		ServiceNamespace: scaling.ServiceNamespaceSagemaker, ResourceId: resource, ScalableDimension: dimension, PolicyName: aws.String("other"),
	})
	requireAPIError(t, err, "ObjectNotFoundException", "No scaling policy found for service namespace: sagemaker, resource ID: endpoint/ep/variant/AllTraffic, "+
		"scalable dimension: sagemaker:variant:DesiredInstanceCount, policy name: other")
	deregister := &applicationautoscaling.DeregisterScalableTargetInput{ServiceNamespace: scaling.ServiceNamespaceSagemaker, ResourceId: resource, ScalableDimension: dimension}
	_, err = api.DeregisterScalableTarget(t.Context(), deregister)
	require.NoError(t, err)
	require.Empty(t, b.Objects("ScalingPolicy"), "policies go with their target")
	_, err = api.DeregisterScalableTarget(t.Context(), deregister)
	requireAPIError(t, err, "ObjectNotFoundException", "No scalable target found for service namespace: sagemaker, "+
		"resource ID: endpoint/ep/variant/AllTraffic, scalable dimension: sagemaker:variant:DesiredInstanceCount")
	_, err = register(1, 2)
	require.NoError(t, err)
	_, err = b.Faults().Add(fault.Rule{Action: fault.Deny, Operation: "DeregisterScalableTarget", Times: 1})
	require.NoError(t, err)
	_, err = b.DeleteEndpoint(t.Context(), &sagemaker.DeleteEndpointInput{EndpointName: aws.String("ep")})
	requireAPIError(t, err, "AccessDeniedException", "An Application AutoScaling scalable target exists for a variant being deleted, and the IAM "+
		"identity used to invoke DeleteEndpoint does not have application-autoscaling:DeregisterScalableTarget permission to deregister the scalable target.")
	_, err = b.DeleteEndpoint(t.Context(), &sagemaker.DeleteEndpointInput{EndpointName: aws.String("ep")})
	require.NoError(t, err)
	require.Empty(t, b.Objects("ScalableTarget"), "a deleted endpoint is not scaled")
}

func TestScheduledActions(t *testing.T) {
	b := start(t, nil)
	b.serve()
	api := applicationautoscaling.NewFromConfig(b.config)
	resource, dimension := aws.String("endpoint/ep/variant/AllTraffic"), scaling.ScalableDimensionSageMakerVariantDesiredInstanceCount
	put := func(change func(*applicationautoscaling.PutScheduledActionInput)) error {
		input := &applicationautoscaling.PutScheduledActionInput{
			ServiceNamespace: scaling.ServiceNamespaceSagemaker, ResourceId: resource, ScalableDimension: dimension, ScheduledActionName: aws.String("night"),
			Schedule: aws.String("cron(0 22 * * ? *)"), Timezone: aws.String("Europe/Amsterdam"), StartTime: aws.Time(epoch.Add(time.Hour)),
			ScalableTargetAction: &scaling.ScalableTargetAction{MinCapacity: aws.Int32(1), MaxCapacity: aws.Int32(1)},
		}
		if change != nil {
			change(input)
		}
		_, err := api.PutScheduledAction(t.Context(), input)
		return err
	}
	const about = "service namespace: sagemaker, resource ID: endpoint/ep/variant/AllTraffic, scalable dimension: sagemaker:variant:DesiredInstanceCount"
	requireAPIError(t, put(nil), "ObjectNotFoundException", "No scalable target registered for "+about)
	_, err := api.RegisterScalableTarget(t.Context(), &applicationautoscaling.RegisterScalableTargetInput{
		ServiceNamespace: scaling.ServiceNamespaceSagemaker, ResourceId: resource, ScalableDimension: dimension, MinCapacity: aws.Int32(1), MaxCapacity: aws.Int32(4),
	})
	require.NoError(t, err)
	for _, row := range []struct {
		reason string
		change func(*applicationautoscaling.PutScheduledActionInput)
		words  string
	}{
		{"no schedule", func(in *applicationautoscaling.PutScheduledActionInput) { in.Schedule = nil }, "Schedule and ScalableTargetAction cannot be null"},
		{"no such schedule", func(in *applicationautoscaling.PutScheduledActionInput) { in.Schedule = aws.String("nightly") }, "Invalid schedule expression: nightly"},
		{"no action", func(in *applicationautoscaling.PutScheduledActionInput) { in.ScalableTargetAction = nil }, "Schedule and ScalableTargetAction cannot be null"},
		{"an action that does nothing", func(in *applicationautoscaling.PutScheduledActionInput) {
			in.ScalableTargetAction = &scaling.ScalableTargetAction{}
		}, "must have a MinCapacity or a MaxCapacity"},
		{"more than the most", func(in *applicationautoscaling.PutScheduledActionInput) {
			in.ScalableTargetAction.MinCapacity = aws.Int32(2)
		}, "Maximum capacity cannot be less than minimum capacity"},
	} {
		require.ErrorContains(t, put(row.change), row.words, row.reason)
	}
	require.NoError(t, put(nil))
	describe := func() []scaling.ScheduledAction {
		out, err := api.DescribeScheduledActions(t.Context(), &applicationautoscaling.DescribeScheduledActionsInput{
			ServiceNamespace: scaling.ServiceNamespaceSagemaker, ScheduledActionNames: []string{"night"}, ResourceId: resource, ScalableDimension: dimension,
		})
		require.NoError(t, err)
		return out.ScheduledActions
	}
	require.Equal(t, epoch.Add(time.Hour), aws.ToTime(describe()[0].StartTime).UTC())
	made := aws.ToString(describe()[0].ScheduledActionARN)
	require.NotEmpty(t, made)
	require.NoError(t, put(func(in *applicationautoscaling.PutScheduledActionInput) {
		in.StartTime, in.Schedule = nil, aws.String("rate(1 day)")
	}))
	require.Nil(t, describe()[0].StartTime, "a time that is left out is gone")
	require.Equal(t, "rate(1 day)", aws.ToString(describe()[0].Schedule))
	require.Equal(t, made, aws.ToString(describe()[0].ScheduledActionARN), "it is still the same")

	remove := &applicationautoscaling.DeleteScheduledActionInput{
		ServiceNamespace: scaling.ServiceNamespaceSagemaker, ResourceId: resource, ScalableDimension: dimension, ScheduledActionName: aws.String("night"),
	}
	_, err = api.DeleteScheduledAction(t.Context(), remove)
	require.NoError(t, err)
	_, err = api.DeleteScheduledAction(t.Context(), remove)
	requireAPIError(t, err, "ObjectNotFoundException", "No scheduled action found for "+about+", scheduled action name: night")
	require.NoError(t, put(nil))
	_, err = b.DeleteEndpoint(t.Context(), &sagemaker.DeleteEndpointInput{EndpointName: aws.String("ep")})
	require.NoError(t, err)
	require.Empty(t, describe(), "an action goes with its target, and that with its endpoint")
}
