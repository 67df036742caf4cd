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

func labelingInput(name string) *sagemaker.CreateLabelingJobInput {
	return &sagemaker.CreateLabelingJobInput{
		LabelingJobName: aws.String(name), LabelAttributeName: aws.String("label"), RoleArn: aws.String(role),
		InputConfig: &types.LabelingJobInputConfig{DataSource: &types.LabelingJobDataSource{
			S3DataSource: &types.LabelingJobS3DataSource{ManifestS3Uri: aws.String("s3://data/train/part-0")},
		}},
		OutputConfig: &types.LabelingJobOutputConfig{S3OutputPath: aws.String("s3://data/labels/")},
		HumanTaskConfig: &types.HumanTaskConfig{
			WorkteamArn: aws.String(arnPrefix + "workteam/private-crowd/us"), TaskTitle: aws.String("t"), TaskDescription: aws.String("d"),
			UiConfig:                          &types.UiConfig{UiTemplateS3Uri: aws.String("s3://data/ui.liquid")},
			NumberOfHumanWorkersPerDataObject: aws.Int32(1), TaskTimeLimitInSeconds: aws.Int32(60),
		},
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("ml")}},
	}
}

func TestLabelingJobLife(t *testing.T) {
	b := start(t, nil)
	_, err := b.CreateLabelingJob(t.Context(), labelingInput("birds"))
	require.NoError(t, err)
	describe := func() *sagemaker.DescribeLabelingJobOutput {
		out, err := b.DescribeLabelingJob(t.Context(), &sagemaker.DescribeLabelingJobInput{LabelingJobName: aws.String("birds")})
		require.NoError(t, err)
		return out
	}
	require.Equal(t, types.LabelingJobStatusInitializing, describe().LabelingJobStatus)
	require.Equal(t, "ml", aws.ToString(describe().Tags[0].Value), "this Describe tells tags")
	b.pass(5 * time.Minute)
	require.Equal(t, types.LabelingJobStatusInProgress, describe().LabelingJobStatus)
	require.EqualValues(t, 1, aws.ToInt32(describe().LabelCounters.Unlabeled))
	b.pass(time.Hour)
	done := describe()
	require.Equal(t, types.LabelingJobStatusCompleted, done.LabelingJobStatus)
	require.EqualValues(t, 1, aws.ToInt32(done.LabelCounters.TotalLabeled))
	require.Equal(t, "s3://data/labels/birds/manifests/output/output.manifest", aws.ToString(done.LabelingJobOutput.OutputDatasetS3Uri))

	_, err = b.CreateLabelingJob(t.Context(), labelingInput("birds"))
	requireAPIError(t, err, "ResourceInUse", "Labeling job names must be unique within an AWS account and region, and a labeling job with this name already exists ("+arnPrefix+"labeling-job/birds)")
	_, err = b.StopLabelingJob(t.Context(), &sagemaker.StopLabelingJobInput{LabelingJobName: aws.String("birds")})
	requireAPIError(t, err, "ValidationException", "The request was rejected because the labeling job is in status Completed")
	list, err := b.ListLabelingJobs(t.Context(), &sagemaker.ListLabelingJobsInput{})
	require.NoError(t, err)
	require.Len(t, list.LabelingJobSummaryList, 1)
}

func TestLabelingJobEndsEarly(t *testing.T) {
	b := start(t, nil)
	_, err := b.Faults().Add(fault.Rule{Action: fault.Fail, Kind: "LabelingJob", Name: "failing", Stage: "Labeling", Reason: "ClientError: no worker"})
	require.NoError(t, err)
	for _, name := range []string{"failing", "stopped"} {
		_, err := b.CreateLabelingJob(t.Context(), labelingInput(name))
		require.NoError(t, err)
	}
	_, err = b.StopLabelingJob(t.Context(), &sagemaker.StopLabelingJobInput{LabelingJobName: aws.String("stopped")})
	require.NoError(t, err)
	b.pass(2 * time.Hour)
	for name, want := range map[string]types.LabelingJobStatus{"failing": types.LabelingJobStatusFailed, "stopped": types.LabelingJobStatusStopped} {
		out, err := b.DescribeLabelingJob(t.Context(), &sagemaker.DescribeLabelingJobInput{LabelingJobName: aws.String(name)})
		require.NoError(t, err)
		require.Equal(t, want, out.LabelingJobStatus)
	}
	input := labelingInput("nothing")
	input.InputConfig.DataSource.S3DataSource.ManifestS3Uri = aws.String("s3://data/none")
	_, err = b.CreateLabelingJob(t.Context(), input)
	requireAPIError(t, err, "ValidationException", "The manifest s3://data/none does not exist or role \""+role+"\" cannot read it.")
	_, err = b.DescribeLabelingJob(t.Context(), &sagemaker.DescribeLabelingJobInput{LabelingJobName: aws.String("nothing")})
	requireAPIError(t, err, "ResourceNotFound", "Could not find labeling job \""+arnPrefix+"labeling-job/nothing\".")
}
