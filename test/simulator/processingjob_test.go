package simulator_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

func processingInput(name string) *sagemaker.CreateProcessingJobInput {
	return &sagemaker.CreateProcessingJobInput{
		ProcessingJobName: aws.String(name),
		RoleArn:           aws.String(role),
		AppSpecification:  &types.AppSpecification{ImageUri: aws.String("683313688378.dkr.ecr.us-east-1.amazonaws.com/sklearn:1.2-1")},
		ProcessingResources: &types.ProcessingResources{ClusterConfig: &types.ProcessingClusterConfig{
			InstanceType: types.ProcessingInstanceTypeMlM5Large, InstanceCount: aws.Int32(1), VolumeSizeInGB: aws.Int32(5),
		}},
		ProcessingInputs: []types.ProcessingInput{{
			InputName: aws.String("in"),
			S3Input: &types.ProcessingS3Input{
				S3Uri: aws.String("s3://data/train"), S3DataType: types.ProcessingS3DataTypeS3Prefix, LocalPath: aws.String("/opt/ml/processing/in"),
			},
		}},
		ProcessingOutputConfig: &types.ProcessingOutputConfig{Outputs: []types.ProcessingOutput{{
			OutputName: aws.String("out"),
			S3Output: &types.ProcessingS3Output{
				S3Uri: aws.String("s3://data/prepared"), S3UploadMode: types.ProcessingS3UploadModeEndOfJob, LocalPath: aws.String("/opt/ml/processing/out"),
			},
		}}},
	}
}

func (b *bench) process(name string, change ...func(*sagemaker.CreateProcessingJobInput)) {
	b.t.Helper()
	input := processingInput(name)
	for _, f := range change {
		f(input)
	}
	_, err := b.CreateProcessingJob(b.t.Context(), input)
	require.NoError(b.t, err)
}

func (b *bench) processing(name string) *sagemaker.DescribeProcessingJobOutput {
	b.t.Helper()
	out, err := b.DescribeProcessingJob(b.t.Context(), &sagemaker.DescribeProcessingJobInput{ProcessingJobName: aws.String(name)})
	require.NoError(b.t, err)
	return out
}

func TestProcessingJobLife(t *testing.T) {
	b := start(t, nil)
	b.process("prep")
	require.Equal(t, types.ProcessingJobStatusInProgress, b.processing("prep").ProcessingJobStatus)
	require.Nil(t, b.processing("prep").ProcessingStartTime)
	b.pass(2 * time.Minute)
	require.Equal(t, epoch.Add(2*time.Minute), b.processing("prep").ProcessingStartTime.UTC())
	b.pass(3 * time.Minute)
	done := b.processing("prep")
	require.Equal(t, types.ProcessingJobStatusCompleted, done.ProcessingJobStatus)
	require.Equal(t, epoch.Add(5*time.Minute), done.ProcessingEndTime.UTC())
	require.EqualValues(t, 86400, aws.ToInt32(done.StoppingCondition.MaxRuntimeInSeconds))
	_, err := b.s3().HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("data"), Key: aws.String("prepared/part-00000")})
	require.NoError(t, err, "later steps find the output")

	_, err = b.CreateProcessingJob(t.Context(), processingInput("prep"))
	requireAPIError(t, err, "ResourceInUse", "Job name must be unique within an AWS account and region, and a job with this name already exists ("+arnPrefix+"processing-job/prep)")
	_, err = b.StopProcessingJob(t.Context(), &sagemaker.StopProcessingJobInput{ProcessingJobName: aws.String("prep")})
	requireAPIError(t, err, "ValidationException", "The request was rejected because the processing job is in status Completed")
	_, err = b.DeleteProcessingJob(t.Context(), &sagemaker.DeleteProcessingJobInput{ProcessingJobName: aws.String("prep")})
	require.NoError(t, err)
	b.pass(30 * time.Second)
	_, err = b.DescribeProcessingJob(t.Context(), &sagemaker.DescribeProcessingJobInput{ProcessingJobName: aws.String("prep")})
	requireAPIError(t, err, "ValidationException", "Could not find requested job with name: prep")
	b.process("prep")
}

func TestProcessingJobEnds(t *testing.T) {
	for _, row := range []struct {
		reason  string
		change  func(*sagemaker.CreateProcessingJobInput)
		fault   *fault.Rule
		stop    bool
		status  types.ProcessingJobStatus
		failure string
	}{
		{"stopped by a person", func(*sagemaker.CreateProcessingJobInput) {}, nil, true, types.ProcessingJobStatusStopped, ""},
		{
			"out of time",
			func(in *sagemaker.CreateProcessingJobInput) {
				in.StoppingCondition = &types.ProcessingStoppingCondition{MaxRuntimeInSeconds: aws.Int32(60)}
			},
			nil, false, types.ProcessingJobStatusStopped, "",
		},
		{
			"its script fails", func(*sagemaker.CreateProcessingJobInput) {},
			&fault.Rule{Action: fault.Fail, Kind: "ProcessingJob", Stage: "Processing", Reason: "AlgorithmError: exit code 1"},
			false, types.ProcessingJobStatusFailed, "AlgorithmError: exit code 1",
		},
		{
			"nowhere to write to",
			func(in *sagemaker.CreateProcessingJobInput) {
				in.ProcessingOutputConfig.Outputs[0].S3Output.S3Uri = aws.String("s3://absent/x")
			},
			nil, false, types.ProcessingJobStatusFailed, "ClientError: Failed to upload the outputs",
		},
	} {
		t.Run(row.reason, func(t *testing.T) {
			b := start(t, nil)
			if row.fault != nil {
				_, err := b.Faults().Add(*row.fault)
				require.NoError(t, err)
			}
			b.process("job", row.change)
			if row.stop {
				_, err := b.StopProcessingJob(t.Context(), &sagemaker.StopProcessingJobInput{ProcessingJobName: aws.String("job")})
				require.NoError(t, err)
				require.Equal(t, types.ProcessingJobStatusStopping, b.processing("job").ProcessingJobStatus)
			}
			b.pass(time.Hour)
			require.Equal(t, row.status, b.processing("job").ProcessingJobStatus)
			require.Contains(t, aws.ToString(b.processing("job").FailureReason), row.failure)
		})
	}
}
