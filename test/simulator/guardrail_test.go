package simulator_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	alarms "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
)

const redErrors = `The deployment was rolled back because the CloudWatch alarm "errors" is in the ALARM state.`

func autoRollback(names ...string) *types.AutoRollbackConfig {
	config := &types.AutoRollbackConfig{}
	for _, name := range names {
		config.Alarms = append(config.Alarms, types.Alarm{AlarmName: aws.String(name)})
	}
	return config
}

// canary is half of the traffic for ten minutes, all of it, and five minutes in
// which the old fleet is kept; alarms take it back.
func canary(names ...string) *types.DeploymentConfig {
	return &types.DeploymentConfig{
		BlueGreenUpdatePolicy: &types.BlueGreenUpdatePolicy{
			TrafficRoutingConfiguration: &types.TrafficRoutingConfig{
				Type: types.TrafficRoutingConfigTypeCanary, WaitIntervalInSeconds: aws.Int32(600),
				CanarySize: &types.CapacitySize{Type: types.CapacitySizeTypeCapacityPercent, Value: aws.Int32(50)},
			},
			TerminationWaitInSeconds: aws.Int32(300),
		},
		AutoRollbackConfiguration: autoRollback(names...),
	}
}

// served is the configuration that serves, once an update is over.
func (b *bench) served() (config, failure string) {
	b.t.Helper()
	b.pass(time.Hour)
	got := b.endpoint("ep")
	require.Equal(b.t, types.EndpointStatusInService, got.EndpointStatus)
	return aws.ToString(got.EndpointConfigName), aws.ToString(got.FailureReason)
}

func TestAlarmTakesAnUpdateBack(t *testing.T) {
	for _, row := range []struct {
		reason string
		after  time.Duration // since the update began
		new    int           // of 100 requests, to the new model just before
		back   bool
	}{
		{"while the new fleet is launched", 5 * time.Minute, 0, true},
		{"while traffic is shifted", 15 * time.Minute, 50, true},
		{"while the old fleet is kept", 22 * time.Minute, 100, true},
		{"when it is over", 25 * time.Minute, 100, false},
	} {
		t.Run(row.reason, func(t *testing.T) {
			b := start(t, nil)
			b.serve()
			b.alarm("latency")
			b.alarm("errors")
			b.update("two", func(in *sagemaker.UpdateEndpointInput) { in.DeploymentConfig = canary("latency", "errors") })
			b.pass(row.after)
			require.Equal(t, row.new, b.count()["two"])
			b.setAlarm("errors", alarms.StateValueAlarm)
			b.pass(10 * time.Second)
			if !row.back {
				config, failure := b.served()
				require.Equal(t, "two", config)
				require.Empty(t, failure)
				return
			}
			require.Equal(t, types.EndpointStatusRollingBack, b.endpoint("ep").EndpointStatus)
			require.Equal(t, 100, b.count()["one"], "traffic goes back at once")
			config, failure := b.served()
			require.Equal(t, "one", config)
			require.Equal(t, redErrors, failure)
			b.setAlarm("errors", alarms.StateValueOk)
			b.update("two", func(in *sagemaker.UpdateEndpointInput) { in.RetainDeploymentConfig = aws.Bool(true) })
			config, failure = b.served()
			require.Equal(t, "two", config)
			require.Empty(t, failure)
		})
	}
}

func TestAlarmsBeforeAnUpdate(t *testing.T) {
	b := start(t, nil)
	b.serve()
	update := &sagemaker.UpdateEndpointInput{EndpointName: aws.String("ep"), EndpointConfigName: aws.String("two"), DeploymentConfig: canary("errors")}
	_, err := b.UpdateEndpoint(t.Context(), update)
	requireAPIError(t, err, "ValidationException", `Could not find CloudWatch alarm "errors".`)
	_, err = b.CreateEndpoint(t.Context(), &sagemaker.CreateEndpointInput{
		EndpointName: aws.String("new"), EndpointConfigName: aws.String("one"), DeploymentConfig: canary("errors"),
	})
	requireAPIError(t, err, "ValidationException", `Could not find CloudWatch alarm "errors".`)

	b.alarm("errors")
	_, err = b.CreateEndpoint(t.Context(), &sagemaker.CreateEndpointInput{
		EndpointName: aws.String("new"), EndpointConfigName: aws.String("one"), DeploymentConfig: canary("errors"),
	})
	require.NoError(t, err)
	b.setAlarm("errors", alarms.StateValueAlarm)
	b.pass(10 * time.Minute)
	require.Equal(t, types.EndpointStatusInService, b.endpoint("new").EndpointStatus, "alarms are for updates")

	b.update("two", func(in *sagemaker.UpdateEndpointInput) { in.DeploymentConfig = canary("errors") })
	require.Equal(t, types.EndpointStatusRollingBack, b.endpoint("ep").EndpointStatus, "one that is red already ends it at once")
	config, failure := b.served()
	require.Equal(t, "one", config)
	require.Equal(t, redErrors, failure)
	b.update("two")
	config, failure = b.served()
	require.Equal(t, "two", config, "the alarms of the last deployment are not kept unless that is asked for")
	require.Empty(t, failure)

	b.setAlarm("errors", alarms.StateValueInsufficientData)
	b.update("one", func(in *sagemaker.UpdateEndpointInput) { in.DeploymentConfig = canary("errors") })
	_, err = b.cloudWatch().DeleteAlarms(t.Context(), &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{"errors"}})
	require.NoError(t, err)
	config, _ = b.served()
	require.Equal(t, "one", config, "neither a lack of data nor of the alarm is an alarm")
	_, err = b.UpdateEndpoint(t.Context(), &sagemaker.UpdateEndpointInput{
		EndpointName: aws.String("ep"), EndpointConfigName: aws.String("two"), RetainDeploymentConfig: aws.Bool(true),
	})
	requireAPIError(t, err, "ValidationException", `Could not find CloudWatch alarm "errors".`)
}

func TestDeploymentConfigsThatAreRefused(t *testing.T) {
	percent := func(n int32) *types.CapacitySize {
		return &types.CapacitySize{Type: types.CapacitySizeTypeCapacityPercent, Value: aws.Int32(n)}
	}
	blueGreen := func(routing types.TrafficRoutingConfig) *types.DeploymentConfig {
		routing.WaitIntervalInSeconds = aws.Int32(600)
		return &types.DeploymentConfig{BlueGreenUpdatePolicy: &types.BlueGreenUpdatePolicy{TrafficRoutingConfiguration: &routing}}
	}
	short := canary()
	short.BlueGreenUpdatePolicy.MaximumExecutionTimeoutInSeconds = aws.Int32(900)
	both := canary()
	both.RollingUpdatePolicy = &types.RollingUpdatePolicy{MaximumBatchSize: percent(50), WaitIntervalInSeconds: aws.Int32(0)}
	for _, row := range []struct {
		reason string
		config *types.DeploymentConfig
		words  string
	}{
		{
			"more than half is no canary", blueGreen(types.TrafficRoutingConfig{Type: types.TrafficRoutingConfigTypeCanary, CanarySize: percent(51)}),
			"CanarySize must be between 1 and 50 percent of the capacity.",
		},
		{
			"a canary has a size", blueGreen(types.TrafficRoutingConfig{Type: types.TrafficRoutingConfigTypeCanary}),
			"CanarySize must be given if, and only if, the traffic routing type is CANARY.",
		},
		{
			"a linear step is a tenth at least", blueGreen(types.TrafficRoutingConfig{Type: types.TrafficRoutingConfigTypeLinear, LinearStepSize: percent(5)}),
			"LinearStepSize must be between 10 and 50 percent of the capacity.",
		},
		{
			"all at once has no steps", blueGreen(types.TrafficRoutingConfig{Type: types.TrafficRoutingConfigTypeAllAtOnce, LinearStepSize: percent(10)}),
			"LinearStepSize must be given if, and only if, the traffic routing type is LINEAR.",
		},
		{
			"a batch is half at most", &types.DeploymentConfig{RollingUpdatePolicy: &types.RollingUpdatePolicy{MaximumBatchSize: percent(60), WaitIntervalInSeconds: aws.Int32(0)}},
			"MaximumBatchSize must be between 5 and 50 percent of the capacity.",
		},
		{"the waits alone take as long", short, "MaximumExecutionTimeoutInSeconds must be greater than the waits of the deployment, 900 seconds."},
		{"two ways", both, "DeploymentConfig must have either a BlueGreenUpdatePolicy or a RollingUpdatePolicy, and not both."},
	} {
		t.Run(row.reason, func(t *testing.T) {
			b := start(t, nil)
			b.serve()
			_, err := b.UpdateEndpoint(t.Context(), &sagemaker.UpdateEndpointInput{
				EndpointName: aws.String("ep"), EndpointConfigName: aws.String("two"), DeploymentConfig: row.config,
			})
			requireAPIError(t, err, "ValidationException", row.words)
			require.Equal(t, types.EndpointStatusInService, b.endpoint("ep").EndpointStatus, "it is not touched")
		})
	}
}

// Whatever the durations, an alarm that is red before the end is seen.
func TestAlarmOfAShortUpdate(t *testing.T) {
	b := start(t, func(o *simulator.Options) {
		o.Durations = map[string]time.Duration{"Endpoint/Updating": 3 * time.Second}
	})
	b.serve()
	b.alarm("errors")
	b.update("two", func(in *sagemaker.UpdateEndpointInput) {
		in.DeploymentConfig = &types.DeploymentConfig{
			BlueGreenUpdatePolicy: &types.BlueGreenUpdatePolicy{TrafficRoutingConfiguration: &types.TrafficRoutingConfig{
				Type: types.TrafficRoutingConfigTypeAllAtOnce, WaitIntervalInSeconds: aws.Int32(0),
			}},
			AutoRollbackConfiguration: autoRollback("errors"),
		}
	})
	b.pass(time.Second)
	b.setAlarm("errors", alarms.StateValueAlarm)
	config, failure := b.served()
	require.Equal(t, "one", config)
	require.Equal(t, redErrors, failure)
}

func TestAlarmTakesAComponentBack(t *testing.T) {
	b := start(t, nil)
	b.serveComponents("llm")
	update := &sagemaker.UpdateInferenceComponentInput{
		InferenceComponentName: aws.String("llm"), Specification: specification("two"),
		DeploymentConfig: &types.InferenceComponentDeploymentConfig{
			RollingUpdatePolicy: &types.InferenceComponentRollingUpdatePolicy{
				MaximumBatchSize: &types.InferenceComponentCapacitySize{
					Type: types.InferenceComponentCapacitySizeTypeCopyCount, Value: aws.Int32(1),
				}, WaitIntervalInSeconds: aws.Int32(60),
			},
			AutoRollbackConfiguration: autoRollback("errors"),
		},
	}
	_, err := b.UpdateInferenceComponent(t.Context(), update)
	requireAPIError(t, err, "ValidationException", `Could not find CloudWatch alarm "errors".`)
	b.alarm("errors")
	_, err = b.UpdateInferenceComponent(t.Context(), update)
	require.NoError(t, err)
	b.pass(time.Minute)
	b.setAlarm("errors", alarms.StateValueAlarm)
	b.pass(10 * time.Second)
	describe := func() *sagemaker.DescribeInferenceComponentOutput {
		out, err := b.DescribeInferenceComponent(t.Context(), &sagemaker.DescribeInferenceComponentInput{InferenceComponentName: aws.String("llm")})
		require.NoError(t, err)
		return out
	}
	back := describe()
	require.Equal(t, types.InferenceComponentStatusInService, back.InferenceComponentStatus)
	require.Equal(t, "one", aws.ToString(back.Specification.ModelName))
	require.Equal(t, redErrors, aws.ToString(back.FailureReason))
	b.setAlarm("errors", alarms.StateValueOk)
	_, err = b.UpdateInferenceComponent(t.Context(), update)
	require.NoError(t, err)
	b.pass(3 * time.Minute)
	require.Equal(t, "two", aws.ToString(describe().Specification.ModelName))
}

func TestServerlessAndInstancesDoNotMix(t *testing.T) {
	b := start(t, nil)
	b.serve()
	_, err := b.CreateEndpointConfig(t.Context(), &sagemaker.CreateEndpointConfigInput{
		EndpointConfigName: aws.String("serverless"), ProductionVariants: []types.ProductionVariant{{
			VariantName: aws.String("AllTraffic"), ModelName: aws.String("two"),
			ServerlessConfig: &types.ProductionVariantServerlessConfig{MemorySizeInMB: aws.Int32(2048), MaxConcurrency: aws.Int32(5)},
		}},
	})
	require.NoError(t, err)
	refused := func(name string) string {
		return `Cannot update endpoint "` + arnPrefix + `endpoint/` + name + `": an endpoint with instances cannot become serverless, nor a serverless one have instances.`
	}
	_, err = b.UpdateEndpoint(t.Context(), &sagemaker.UpdateEndpointInput{EndpointName: aws.String("ep"), EndpointConfigName: aws.String("serverless")})
	requireAPIError(t, err, "ValidationException", refused("ep"))
	require.Equal(t, types.EndpointStatusInService, b.endpoint("ep").EndpointStatus)
	_, err = b.CreateEndpoint(t.Context(), &sagemaker.CreateEndpointInput{EndpointName: aws.String("less"), EndpointConfigName: aws.String("serverless")})
	require.NoError(t, err)
	b.pass(10 * time.Minute)
	_, err = b.UpdateEndpoint(t.Context(), &sagemaker.UpdateEndpointInput{EndpointName: aws.String("less"), EndpointConfigName: aws.String("one")})
	requireAPIError(t, err, "ValidationException", refused("less"))
}
