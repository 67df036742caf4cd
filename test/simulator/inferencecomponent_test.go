package simulator_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

func TestInferenceComponentLife(t *testing.T) {
	b := start(t, nil)
	b.serve()
	name := aws.String("llm")
	specification := func(model string) *types.InferenceComponentSpecification {
		return &types.InferenceComponentSpecification{ModelName: aws.String(model), ComputeResourceRequirements: &types.InferenceComponentComputeResourceRequirements{
			MinMemoryRequiredInMb: aws.Int32(1024), NumberOfCpuCoresRequired: aws.Float32(1),
		}}
	}
	input := &sagemaker.CreateInferenceComponentInput{
		InferenceComponentName: name, EndpointName: aws.String("none"), VariantName: aws.String("AllTraffic"),
		Specification: specification("one"), RuntimeConfig: &types.InferenceComponentRuntimeConfig{CopyCount: aws.Int32(1)},
	}
	_, err := b.CreateInferenceComponent(t.Context(), input)
	requireAPIError(t, err, "ValidationException", `Could not find endpoint "`+arnPrefix+`endpoint/none".`)
	input.EndpointName = aws.String("ep")
	_, err = b.CreateInferenceComponent(t.Context(), input)
	require.NoError(t, err)
	describe := func() *sagemaker.DescribeInferenceComponentOutput {
		out, err := b.DescribeInferenceComponent(t.Context(), &sagemaker.DescribeInferenceComponentInput{InferenceComponentName: name})
		require.NoError(t, err)
		return out
	}
	require.Equal(t, types.InferenceComponentStatusCreating, describe().InferenceComponentStatus)
	_, err = b.DeleteInferenceComponent(t.Context(), &sagemaker.DeleteInferenceComponentInput{InferenceComponentName: name})
	requireAPIError(t, err, "ValidationException", `Cannot update in-progress inference component "`+arnPrefix+`inference-component/llm".`)
	b.pass(4 * time.Minute)
	require.Equal(t, types.InferenceComponentStatusInService, describe().InferenceComponentStatus)
	_, err = b.UpdateInferenceComponentRuntimeConfig(t.Context(), &sagemaker.UpdateInferenceComponentRuntimeConfigInput{
		InferenceComponentName: name, DesiredRuntimeConfig: &types.InferenceComponentRuntimeConfig{CopyCount: aws.Int32(3)},
	})
	require.NoError(t, err)
	require.EqualValues(t, 3, aws.ToInt32(describe().RuntimeConfig.DesiredCopyCount))
	require.EqualValues(t, 1, aws.ToInt32(describe().RuntimeConfig.CurrentCopyCount))
	b.pass(3 * time.Minute)
	require.EqualValues(t, 3, aws.ToInt32(describe().RuntimeConfig.CurrentCopyCount))

	_, err = b.Faults().Add(fault.Rule{Action: fault.Fail, Kind: "InferenceComponent", Stage: "Updating", Reason: "out of memory", Times: 1})
	require.NoError(t, err)
	update := &sagemaker.UpdateInferenceComponentInput{InferenceComponentName: name, Specification: specification("two")}
	_, err = b.UpdateInferenceComponent(t.Context(), update)
	require.NoError(t, err)
	b.pass(3 * time.Minute)
	require.Equal(t, types.InferenceComponentStatusInService, describe().InferenceComponentStatus)
	require.Equal(t, "one", aws.ToString(describe().Specification.ModelName), "a failed update is taken back")
	require.Equal(t, "out of memory", aws.ToString(describe().FailureReason))
	_, err = b.UpdateInferenceComponent(t.Context(), update)
	require.NoError(t, err)
	b.pass(3 * time.Minute)
	require.Equal(t, "two", aws.ToString(describe().Specification.ModelName))
	require.Equal(t, "out of memory", aws.ToString(describe().FailureReason), "AWS keeps it when a later update succeeds")
	list, err := b.ListInferenceComponents(t.Context(), &sagemaker.ListInferenceComponentsInput{EndpointNameEquals: aws.String("ep")})
	require.NoError(t, err)
	require.Len(t, list.InferenceComponents, 1)

	_, err = b.DeleteEndpoint(t.Context(), &sagemaker.DeleteEndpointInput{EndpointName: aws.String("ep")})
	requireAPIError(t, err, "ValidationException", "Cannot delete endpoint with inference component associated. Please delete inference component and try it again.")
	_, err = b.CreateInferenceComponent(t.Context(), &sagemaker.CreateInferenceComponentInput{
		InferenceComponentName: aws.String("adapter"), EndpointName: aws.String("ep"),
		Specification: &types.InferenceComponentSpecification{
			BaseInferenceComponentName: name, Container: &types.InferenceComponentContainerSpecification{ArtifactUrl: aws.String("s3://bucket/adapter.tar.gz")},
		},
	})
	require.NoError(t, err)
	_, err = b.DeleteInferenceComponent(t.Context(), &sagemaker.DeleteInferenceComponentInput{InferenceComponentName: name})
	requireAPIError(t, err, "ValidationException",
		`Inference component "`+arnPrefix+`inference-component/llm" is a base inference component for one or more associated inference components.`)
	b.pass(4 * time.Minute)
	adapter := &sagemaker.DeleteInferenceComponentInput{InferenceComponentName: aws.String("adapter")}
	_, err = b.DeleteInferenceComponent(t.Context(), adapter)
	require.NoError(t, err)
	_, err = b.DeleteInferenceComponent(t.Context(), adapter)
	requireAPIError(t, err, "ValidationException", `Inference component "`+arnPrefix+`inference-component/adapter" is in status DELETE_IN_PROGRESS.`)
	b.pass(time.Minute)
	_, err = b.DeleteInferenceComponent(t.Context(), &sagemaker.DeleteInferenceComponentInput{InferenceComponentName: name})
	require.NoError(t, err)
	b.pass(time.Minute)
	_, err = b.DescribeInferenceComponent(t.Context(), &sagemaker.DescribeInferenceComponentInput{InferenceComponentName: name})
	requireAPIError(t, err, "ValidationException", `Could not find inference component "`+arnPrefix+`inference-component/llm".`)
}
