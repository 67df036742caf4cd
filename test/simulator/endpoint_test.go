package simulator_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

const arnPrefix = "arn:aws:sagemaker:us-east-1:123456789012:"

func TestEndpointLife(t *testing.T) {
	b := start(t, nil)
	b.model("one")
	b.endpointConfig("one", "one")
	out, err := b.CreateEndpoint(t.Context(), &sagemaker.CreateEndpointInput{EndpointName: aws.String("Abalone"), EndpointConfigName: aws.String("one")})
	require.NoError(t, err)
	require.Equal(t, arnPrefix+"endpoint/abalone", aws.ToString(out.EndpointArn))
	creating := b.endpoint("Abalone")
	require.Equal(t, types.EndpointStatusCreating, creating.EndpointStatus)
	require.Equal(t, "one", aws.ToString(creating.PendingDeploymentSummary.EndpointConfigName))
	require.Equal(t, types.VariantStatusCreating, creating.PendingDeploymentSummary.ProductionVariants[0].VariantStatus[0].Status)
	_, err = b.DeleteEndpoint(t.Context(), &sagemaker.DeleteEndpointInput{EndpointName: aws.String("Abalone")})
	requireAPIError(t, err, "ValidationException", `Cannot update in-progress endpoint "`+arnPrefix+`endpoint/abalone".`)

	b.pass(10 * time.Minute)
	ready := b.endpoint("ABALONE")
	require.Equal(t, "Abalone", aws.ToString(ready.EndpointName), "found in any case, kept as it was")
	require.Equal(t, types.EndpointStatusInService, ready.EndpointStatus)
	require.Nil(t, ready.PendingDeploymentSummary)
	require.EqualValues(t, 1, aws.ToInt32(ready.ProductionVariants[0].CurrentInstanceCount))
	require.InEpsilon(t, 1, aws.ToFloat32(ready.ProductionVariants[0].CurrentWeight), 1e-6)
	require.Contains(t, aws.ToString(ready.ProductionVariants[0].DeployedImages[0].ResolvedImage), "xgboost@sha256:")
	require.Equal(t, epoch.Add(10*time.Minute), ready.LastModifiedTime.UTC())
	require.Equal(t, "one", b.invoke("abalone"))

	_, err = b.DeleteEndpoint(t.Context(), &sagemaker.DeleteEndpointInput{EndpointName: aws.String("Abalone")})
	require.NoError(t, err)
	require.Equal(t, types.EndpointStatusDeleting, b.endpoint("Abalone").EndpointStatus)
	b.pass(time.Minute)
	_, err = b.DescribeEndpoint(t.Context(), &sagemaker.DescribeEndpointInput{EndpointName: aws.String("Abalone")})
	requireAPIError(t, err, "ValidationException", `Could not find endpoint "`+arnPrefix+`endpoint/abalone".`)
}

func TestEndpointUpdate(t *testing.T) {
	b := start(t, nil)
	b.serve()
	b.update("two")
	updating := b.endpoint("ep")
	require.Equal(t, types.EndpointStatusUpdating, updating.EndpointStatus)
	require.Equal(t, "one", aws.ToString(updating.EndpointConfigName))
	require.Equal(t, "two", aws.ToString(updating.PendingDeploymentSummary.EndpointConfigName))
	require.Equal(t, "one", b.invoke("ep"), "the old fleet serves until the new one is up")
	_, err := b.UpdateEndpoint(t.Context(), &sagemaker.UpdateEndpointInput{EndpointName: aws.String("ep"), EndpointConfigName: aws.String("two")})
	requireAPIError(t, err, "ValidationException", `Cannot update in-progress endpoint "`+arnPrefix+`endpoint/ep".`)
	b.pass(10 * time.Minute)
	require.Equal(t, types.EndpointStatusInService, b.endpoint("ep").EndpointStatus)
	require.Equal(t, "two", aws.ToString(b.endpoint("ep").EndpointConfigName))
	require.Equal(t, "two", b.invoke("ep"))
	b.update("one")
	b.pass(10 * time.Minute)
	require.Equal(t, "one", b.invoke("ep"), "and back")
}

func TestEndpointRollBack(t *testing.T) {
	b := start(t, nil)
	b.serve()
	_, err := b.Faults().Add(fault.Rule{Action: fault.RollBack, Name: "ep", Reason: "alarm errors is red", Times: 1})
	require.NoError(t, err)
	b.update("two")
	b.pass(10 * time.Minute)
	require.Equal(t, types.EndpointStatusRollingBack, b.endpoint("ep").EndpointStatus)
	require.Equal(t, "one", b.invoke("ep"))
	b.pass(5 * time.Minute)
	back := b.endpoint("ep")
	require.Equal(t, types.EndpointStatusInService, back.EndpointStatus)
	require.Equal(t, "one", aws.ToString(back.EndpointConfigName))
	require.Equal(t, "alarm errors is red", aws.ToString(back.FailureReason))
	b.update("two")
	b.pass(10 * time.Minute)
	done := b.endpoint("ep")
	require.Equal(t, "two", aws.ToString(done.EndpointConfigName))
	require.Nil(t, done.FailureReason)
}

func TestEndpointRollBackFails(t *testing.T) {
	b := start(t, nil)
	b.serve()
	_, err := b.Faults().Add(fault.Rule{Action: fault.FailRollBack, Reason: "no capacity", Times: 1})
	require.NoError(t, err)
	b.update("two")
	b.pass(time.Hour)
	require.Equal(t, types.EndpointStatusUpdateRollbackFailed, b.endpoint("ep").EndpointStatus)
	require.Equal(t, "no capacity", aws.ToString(b.endpoint("ep").FailureReason))
	b.update("two")
	b.pass(time.Hour)
	require.Equal(t, types.EndpointStatusInService, b.endpoint("ep").EndpointStatus)
}

func TestEndpointFails(t *testing.T) {
	b := start(t, nil)
	b.model("one")
	b.endpointConfig("one", "one")
	_, err := b.Faults().Add(fault.Rule{Action: fault.Fail, Kind: "Endpoint", Stage: "Creating", Reason: "The container failed the ping health check", Times: 1})
	require.NoError(t, err)
	create := &sagemaker.CreateEndpointInput{EndpointName: aws.String("ep"), EndpointConfigName: aws.String("one")}
	_, err = b.CreateEndpoint(t.Context(), create)
	require.NoError(t, err)
	b.pass(time.Hour)
	failed := b.endpoint("ep")
	require.Equal(t, types.EndpointStatusFailed, failed.EndpointStatus)
	require.Equal(t, "The container failed the ping health check", aws.ToString(failed.FailureReason))
	_, err = b.UpdateEndpoint(t.Context(), &sagemaker.UpdateEndpointInput{EndpointName: aws.String("ep"), EndpointConfigName: aws.String("one")})
	require.ErrorContains(t, err, "in status Failed", "only deletion is left")
	_, err = b.CreateEndpoint(t.Context(), create)
	requireAPIError(t, err, "ValidationException", `Cannot create already existing endpoint "`+arnPrefix+`endpoint/ep".`)
	_, err = b.DeleteEndpoint(t.Context(), &sagemaker.DeleteEndpointInput{EndpointName: aws.String("ep")})
	require.NoError(t, err)
	b.pass(time.Minute)
	_, err = b.CreateEndpoint(t.Context(), create)
	require.NoError(t, err)
}

func TestEndpointNeedsWhatItServes(t *testing.T) {
	b := start(t, nil)
	b.serve()
	for _, name := range []string{"one", "two"} {
		_, err := b.DeleteModel(t.Context(), &sagemaker.DeleteModelInput{ModelName: aws.String(name)})
		require.NoError(t, err, "AWS does not protect models in use")
	}
	_, err := b.DeleteEndpointConfig(t.Context(), &sagemaker.DeleteEndpointConfigInput{EndpointConfigName: aws.String("one")})
	require.NoError(t, err, "nor configurations")
	require.Equal(t, "one", b.invoke("ep"), "what is deployed serves on")

	_, err = b.UpdateEndpoint(t.Context(), &sagemaker.UpdateEndpointInput{EndpointName: aws.String("ep"), EndpointConfigName: aws.String("one")})
	requireAPIError(t, err, "ValidationException", `Could not find endpoint configuration "`+arnPrefix+`endpoint-config/one".`)
	_, err = b.UpdateEndpoint(t.Context(), &sagemaker.UpdateEndpointInput{EndpointName: aws.String("ep"), EndpointConfigName: aws.String("two")})
	requireAPIError(t, err, "ValidationException", `Could not find model "`+arnPrefix+`model/two".`)
	_, err = b.CreateEndpoint(t.Context(), &sagemaker.CreateEndpointInput{EndpointName: aws.String("new"), EndpointConfigName: aws.String("two")})
	requireAPIError(t, err, "ValidationException", `Could not find model "`+arnPrefix+`model/two".`)
	_, err = b.UpdateEndpoint(t.Context(), &sagemaker.UpdateEndpointInput{EndpointName: aws.String("none"), EndpointConfigName: aws.String("two")})
	requireAPIError(t, err, "ValidationException", `Could not find endpoint "`+arnPrefix+`endpoint/none".`)
}

func TestEndpointModelDataGone(t *testing.T) {
	b := start(t, nil)
	b.serve()
	s3 := b.s3()
	b.deleteObject(s3, "data", "two/model.tar.gz")
	b.update("two")
	b.pass(time.Hour)
	got := b.endpoint("ep")
	require.Equal(t, types.EndpointStatusInService, got.EndpointStatus)
	require.Equal(t, "one", aws.ToString(got.EndpointConfigName))
	require.Contains(t, aws.ToString(got.FailureReason), `from URL: "s3://data/two/model.tar.gz"`)
}

func TestEndpointWeightsAndCapacities(t *testing.T) {
	b := start(t, nil)
	b.serve()
	_, err := b.UpdateEndpointWeightsAndCapacities(t.Context(), &sagemaker.UpdateEndpointWeightsAndCapacitiesInput{
		EndpointName: aws.String("ep"),
		DesiredWeightsAndCapacities: []types.DesiredWeightAndCapacity{{
			VariantName: aws.String("AllTraffic"), DesiredInstanceCount: aws.Int32(3), DesiredWeight: aws.Float32(0.5),
		}},
	})
	require.NoError(t, err)
	scaling := b.endpoint("ep")
	require.Equal(t, types.EndpointStatusUpdating, scaling.EndpointStatus)
	require.EqualValues(t, 1, aws.ToInt32(scaling.ProductionVariants[0].CurrentInstanceCount))
	require.EqualValues(t, 3, aws.ToInt32(scaling.ProductionVariants[0].DesiredInstanceCount))
	require.Equal(t, "one", b.invoke("ep"))
	b.pass(3 * time.Minute)
	scaled := b.endpoint("ep")
	require.Equal(t, types.EndpointStatusInService, scaled.EndpointStatus)
	require.EqualValues(t, 3, aws.ToInt32(scaled.ProductionVariants[0].CurrentInstanceCount))
	require.InEpsilon(t, 0.5, aws.ToFloat32(scaled.ProductionVariants[0].CurrentWeight), 1e-6)

	for _, row := range []struct {
		reason string
		change func(*sagemaker.UpdateEndpointInput)
		count  int32
	}{
		{"kept when asked", func(in *sagemaker.UpdateEndpointInput) { in.RetainAllVariantProperties = aws.Bool(true) }, 3},
		{"kept, but for what is excluded", func(in *sagemaker.UpdateEndpointInput) {
			in.RetainAllVariantProperties = aws.Bool(true)
			in.ExcludeRetainedVariantProperties = []types.VariantProperty{{VariantPropertyType: types.VariantPropertyTypeDesiredInstanceCount}}
		}, 1},
		{"reset otherwise", func(*sagemaker.UpdateEndpointInput) {}, 1},
	} {
		b.update("two", row.change)
		b.pass(10 * time.Minute)
		require.Equal(t, row.count, aws.ToInt32(b.endpoint("ep").ProductionVariants[0].CurrentInstanceCount), row.reason)
	}
	_, err = b.UpdateEndpointWeightsAndCapacities(t.Context(), &sagemaker.UpdateEndpointWeightsAndCapacitiesInput{
		EndpointName:                aws.String("ep"),
		DesiredWeightsAndCapacities: []types.DesiredWeightAndCapacity{{VariantName: aws.String("none"), DesiredInstanceCount: aws.Int32(3)}},
	})
	require.ErrorContains(t, err, `Could not find variant "none"`)
}

func TestEndpointGuardrails(t *testing.T) {
	canary := &types.DeploymentConfig{BlueGreenUpdatePolicy: &types.BlueGreenUpdatePolicy{
		TrafficRoutingConfiguration: &types.TrafficRoutingConfig{
			Type: types.TrafficRoutingConfigTypeCanary, WaitIntervalInSeconds: aws.Int32(600),
			CanarySize: &types.CapacitySize{Type: types.CapacitySizeTypeCapacityPercent, Value: aws.Int32(25)},
		},
		TerminationWaitInSeconds: aws.Int32(60),
	}}
	linear := &types.DeploymentConfig{BlueGreenUpdatePolicy: &types.BlueGreenUpdatePolicy{
		TrafficRoutingConfiguration: &types.TrafficRoutingConfig{
			Type: types.TrafficRoutingConfigTypeLinear, WaitIntervalInSeconds: aws.Int32(600),
			LinearStepSize: &types.CapacitySize{Type: types.CapacitySizeTypeCapacityPercent, Value: aws.Int32(50)},
		},
	}}
	rolling := &types.DeploymentConfig{RollingUpdatePolicy: &types.RollingUpdatePolicy{
		MaximumBatchSize: &types.CapacitySize{Type: types.CapacitySizeTypeCapacityPercent, Value: aws.Int32(50)}, WaitIntervalInSeconds: aws.Int32(600),
	}}
	for _, row := range []struct {
		reason string
		config *types.DeploymentConfig
		first  int // of 100 requests, to the new model in the first step
		second int // and after it
		done   time.Duration
	}{
		{"a quarter goes first", canary, 25, 100, time.Minute},
		{"half by half", linear, 50, 100, 10 * time.Minute},
		{"batch by batch", rolling, 50, 100, 10 * time.Minute},
	} {
		t.Run(row.reason, func(t *testing.T) {
			b := start(t, nil)
			b.serve()
			b.update("two", func(in *sagemaker.UpdateEndpointInput) { in.DeploymentConfig = row.config })
			b.pass(10 * time.Minute)
			require.Equal(t, types.EndpointStatusUpdating, b.endpoint("ep").EndpointStatus)
			require.Equal(t, types.VariantStatusBaking, b.endpoint("ep").PendingDeploymentSummary.ProductionVariants[0].VariantStatus[0].Status)
			require.Equal(t, row.first, b.count()["two"])
			b.pass(10 * time.Minute)
			require.Equal(t, row.second, b.count()["two"])
			require.Equal(t, types.EndpointStatusUpdating, b.endpoint("ep").EndpointStatus)
			b.pass(row.done)
			require.Equal(t, types.EndpointStatusInService, b.endpoint("ep").EndpointStatus)
			require.Equal(t, row.config, b.endpoint("ep").LastDeploymentConfig)
		})
	}
}

func TestEndpointSystemUpdate(t *testing.T) {
	b := start(t, nil)
	b.serve()
	require.True(t, b.SystemUpdate("ep"))
	require.False(t, b.SystemUpdate("ep"), "not in service any more")
	require.Equal(t, types.EndpointStatusSystemUpdating, b.endpoint("ep").EndpointStatus)
	require.Equal(t, "one", b.invoke("ep"))
	_, err := b.UpdateEndpoint(t.Context(), &sagemaker.UpdateEndpointInput{EndpointName: aws.String("ep"), EndpointConfigName: aws.String("two")})
	require.ErrorContains(t, err, "Cannot update in-progress endpoint")
	b.pass(5 * time.Minute)
	require.Equal(t, types.EndpointStatusInService, b.endpoint("ep").EndpointStatus)
}

func TestInvokeEndpoint(t *testing.T) {
	b := start(t, nil)
	b.model("one")
	b.model("two")
	_, err := b.CreateEndpointConfig(t.Context(), &sagemaker.CreateEndpointConfigInput{
		EndpointConfigName: aws.String("both"), ProductionVariants: []types.ProductionVariant{variant("a", "one", 3), variant("b", "two", 1)},
	})
	require.NoError(t, err)
	_, err = b.CreateEndpoint(t.Context(), &sagemaker.CreateEndpointInput{EndpointName: aws.String("ep"), EndpointConfigName: aws.String("both")})
	require.NoError(t, err)
	runtime := sagemakerruntime.NewFromConfig(b.config)
	_, err = runtime.InvokeEndpoint(t.Context(), &sagemakerruntime.InvokeEndpointInput{EndpointName: aws.String("ep"), Body: []byte("1")})
	requireAPIError(t, err, "ValidationError", "Endpoint ep of account 123456789012 not found.")
	b.pass(10 * time.Minute)
	require.Equal(t, map[string]int{"one": 75, "two": 25}, b.count(), "by weight, exactly")
	out, err := runtime.InvokeEndpoint(t.Context(), &sagemakerruntime.InvokeEndpointInput{EndpointName: aws.String("ep"), Body: []byte("1"), TargetVariant: aws.String("b")})
	require.NoError(t, err)
	require.JSONEq(t, `{"endpoint":"ep","variant":"b","endpointConfig":"both","model":"two","modelDataUrl":"s3://data/two/model.tar.gz"}`, string(out.Body))
	_, err = b.Faults().Add(fault.Rule{Action: fault.Reject, Operation: "InvokeEndpoint", Code: "ModelError", Message: "boom", Status: 424, Times: 1})
	require.NoError(t, err)
	_, err = runtime.InvokeEndpoint(t.Context(), &sagemakerruntime.InvokeEndpointInput{EndpointName: aws.String("ep"), Body: []byte("1")})
	requireAPIError(t, err, "ModelError", "boom")
}

func TestEndpointRollBackWhileBaking(t *testing.T) {
	b := start(t, nil)
	b.serve()
	_, err := b.Faults().Add(fault.Rule{Action: fault.RollBack, Stage: "Shifting", Reason: "alarm errors is red", Times: 1})
	require.NoError(t, err)
	b.update("two", func(in *sagemaker.UpdateEndpointInput) {
		in.DeploymentConfig = &types.DeploymentConfig{RollingUpdatePolicy: &types.RollingUpdatePolicy{
			MaximumBatchSize: &types.CapacitySize{Type: types.CapacitySizeTypeCapacityPercent, Value: aws.Int32(50)}, WaitIntervalInSeconds: aws.Int32(600),
		}}
	})
	b.pass(10 * time.Minute)
	require.Equal(t, 50, b.count()["two"])
	b.pass(10 * time.Minute)
	require.Equal(t, types.EndpointStatusRollingBack, b.endpoint("ep").EndpointStatus)
	require.Equal(t, 100, b.count()["one"], "traffic goes back at once")
	b.pass(5 * time.Minute)
	require.Equal(t, "one", aws.ToString(b.endpoint("ep").EndpointConfigName))
}

func TestEndpointNamesDifferByMoreThanCase(t *testing.T) {
	b := start(t, nil)
	b.serve()
	_, err := b.CreateEndpoint(t.Context(), &sagemaker.CreateEndpointInput{EndpointName: aws.String("EP"), EndpointConfigName: aws.String("one")})
	requireAPIError(t, err, "ValidationException", `Cannot create already existing endpoint "`+arnPrefix+`endpoint/ep".`)
}

func TestEndpointRefusesTwoPolicies(t *testing.T) {
	b := start(t, nil)
	b.serve()
	_, err := b.UpdateEndpoint(t.Context(), &sagemaker.UpdateEndpointInput{
		EndpointName: aws.String("ep"), EndpointConfigName: aws.String("two"), DeploymentConfig: &types.DeploymentConfig{},
	})
	require.ErrorContains(t, err, "either a BlueGreenUpdatePolicy or a RollingUpdatePolicy")
	require.Equal(t, types.EndpointStatusInService, b.endpoint("ep").EndpointStatus)
}
