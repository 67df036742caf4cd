package simulator_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"
)

func dataQualityInput(name string) *sagemaker.CreateDataQualityJobDefinitionInput {
	return &sagemaker.CreateDataQualityJobDefinitionInput{
		JobDefinitionName:           aws.String(name),
		RoleArn:                     aws.String(role),
		DataQualityAppSpecification: &types.DataQualityAppSpecification{ImageUri: aws.String("156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer")},
		DataQualityJobInput: &types.DataQualityJobInput{BatchTransformInput: &types.BatchTransformInput{
			DataCapturedDestinationS3Uri: aws.String("s3://data/captured"), LocalPath: aws.String("/opt/ml/processing/in"),
			DatasetFormat: &types.MonitoringDatasetFormat{Json: &types.MonitoringJsonDatasetFormat{Line: aws.Bool(true)}},
		}},
		DataQualityJobOutputConfig: &types.MonitoringOutputConfig{MonitoringOutputs: []types.MonitoringOutput{{
			S3Output: &types.MonitoringS3Output{S3Uri: aws.String("s3://data/reports"), LocalPath: aws.String("/opt/ml/processing/out")},
		}}},
		JobResources: &types.MonitoringResources{ClusterConfig: &types.MonitoringClusterConfig{
			InstanceType: types.ProcessingInstanceTypeMlM5Large, InstanceCount: aws.Int32(1), VolumeSizeInGB: aws.Int32(20),
		}},
	}
}

func TestJobDefinitionLife(t *testing.T) {
	b := start(t, nil)
	made, err := b.CreateDataQualityJobDefinition(t.Context(), dataQualityInput("drift"))
	require.NoError(t, err)
	require.Equal(t, arnPrefix+"data-quality-job-definition/drift", aws.ToString(made.JobDefinitionArn))
	out, err := b.DescribeDataQualityJobDefinition(t.Context(), &sagemaker.DescribeDataQualityJobDefinitionInput{JobDefinitionName: aws.String("drift")})
	require.NoError(t, err)
	require.Equal(t, epoch, out.CreationTime.UTC())
	require.EqualValues(t, 1, aws.ToInt32(out.JobResources.ClusterConfig.InstanceCount))

	_, err = b.CreateDataQualityJobDefinition(t.Context(), dataQualityInput("drift"))
	requireAPIError(t, err, "ResourceInUse", "Resource Already Exists: Job definition with name drift already exists. Choose a different name.")
	served := dataQualityInput("served")
	served.DataQualityJobInput = &types.DataQualityJobInput{EndpointInput: &types.EndpointInput{
		EndpointName: aws.String("none"), LocalPath: aws.String("/opt/ml/processing/in"),
	}}
	_, err = b.CreateDataQualityJobDefinition(t.Context(), served)
	requireAPIError(t, err, "ValidationException", "Could not find endpoint \""+arnPrefix+"endpoint/none\".")

	list, err := b.ListDataQualityJobDefinitions(t.Context(), &sagemaker.ListDataQualityJobDefinitionsInput{NameContains: aws.String("dri")})
	require.NoError(t, err)
	require.Equal(t, "drift", aws.ToString(list.JobDefinitionSummaries[0].MonitoringJobDefinitionName))
	list, err = b.ListDataQualityJobDefinitions(t.Context(), &sagemaker.ListDataQualityJobDefinitionsInput{EndpointName: aws.String("other")})
	require.NoError(t, err)
	require.Empty(t, list.JobDefinitionSummaries)

	_, err = b.DeleteDataQualityJobDefinition(t.Context(), &sagemaker.DeleteDataQualityJobDefinitionInput{JobDefinitionName: aws.String("drift")})
	require.NoError(t, err)
	_, err = b.DescribeDataQualityJobDefinition(t.Context(), &sagemaker.DescribeDataQualityJobDefinitionInput{JobDefinitionName: aws.String("drift")})
	requireAPIError(t, err, "ResourceNotFound", "Could not find job definition \""+arnPrefix+"data-quality-job-definition/drift\".")
}
