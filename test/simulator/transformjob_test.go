package simulator_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

func transformInput(name string) *sagemaker.CreateTransformJobInput {
	return &sagemaker.CreateTransformJobInput{
		TransformJobName: aws.String(name), ModelName: aws.String("one"),
		TransformInput: &types.TransformInput{DataSource: &types.TransformDataSource{
			S3DataSource: &types.TransformS3DataSource{S3DataType: types.S3DataTypeS3Prefix, S3Uri: aws.String("s3://data/train")},
		}},
		TransformOutput:    &types.TransformOutput{S3OutputPath: aws.String("s3://data/predictions/")},
		TransformResources: &types.TransformResources{InstanceType: types.TransformInstanceTypeMlM5Large, InstanceCount: aws.Int32(1)},
	}
}

func TestTransformJobLife(t *testing.T) {
	b := start(t, func(o *simulator.Options) { o.Quotas = map[string]int{"ml.m5.large for transform job usage": 1} })
	_, err := b.CreateTransformJob(t.Context(), transformInput("early"))
	requireAPIError(t, err, "ValidationException", `Could not find model "`+arnPrefix+`model/one".`)
	b.model("one")
	_, err = b.CreateTransformJob(t.Context(), transformInput("predict"))
	require.NoError(t, err)
	_, err = b.CreateTransformJob(t.Context(), transformInput("more"))
	requireAPIError(t, err, "ResourceLimitExceeded", "The account-level service limit 'ml.m5.large for transform job usage' is 1 Instances, with current "+
		"utilization of 1 Instances and a request delta of 1 Instances. Please contact AWS support to request an increase for this limit.")
	describe := func(name string) *sagemaker.DescribeTransformJobOutput {
		out, err := b.DescribeTransformJob(t.Context(), &sagemaker.DescribeTransformJobInput{TransformJobName: aws.String(name)})
		require.NoError(t, err)
		return out
	}
	require.Equal(t, types.TransformJobStatusInProgress, describe("predict").TransformJobStatus)
	b.pass(5 * time.Minute)
	require.Equal(t, types.TransformJobStatusCompleted, describe("predict").TransformJobStatus)
	require.NotNil(t, describe("predict").TransformEndTime)

	_, err = b.CreateTransformJob(t.Context(), transformInput("predict"))
	requireAPIError(t, err, "ResourceInUse", "Transform job names must be unique within an AWS account and region, and a transform job with this name already exists ("+arnPrefix+"transform-job/predict)")
	_, err = b.StopTransformJob(t.Context(), &sagemaker.StopTransformJobInput{TransformJobName: aws.String("predict")})
	requireAPIError(t, err, "ValidationException", "The request was rejected because the transform job is in status Completed")
	_, err = b.StopTransformJob(t.Context(), &sagemaker.StopTransformJobInput{TransformJobName: aws.String("none")})
	requireAPIError(t, err, "ValidationException", "Could not find job to update with name: none")

	_, err = b.Faults().Add(fault.Rule{Action: fault.Fail, Kind: "TransformJob", Stage: "Transforming", Reason: "ClientError: 4xx"})
	require.NoError(t, err)
	_, err = b.CreateTransformJob(t.Context(), transformInput("fails"))
	require.NoError(t, err)
	b.pass(5 * time.Minute)
	require.Equal(t, "ClientError: 4xx", aws.ToString(describe("fails").FailureReason))
	_, err = b.CreateTransformJob(t.Context(), transformInput("stops"))
	require.NoError(t, err)
	_, err = b.StopTransformJob(t.Context(), &sagemaker.StopTransformJobInput{TransformJobName: aws.String("stops")})
	require.NoError(t, err)
	b.pass(2 * time.Minute)
	require.Equal(t, types.TransformJobStatusStopped, describe("stops").TransformJobStatus)
	list, err := b.ListTransformJobs(t.Context(), &sagemaker.ListTransformJobsInput{StatusEquals: types.TransformJobStatusStopped})
	require.NoError(t, err)
	require.Len(t, list.TransformJobSummaries, 1)
}
