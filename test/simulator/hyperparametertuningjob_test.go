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

func tuningInput(name string) *sagemaker.CreateHyperParameterTuningJobInput {
	training := trainingInput(name)
	return &sagemaker.CreateHyperParameterTuningJobInput{
		HyperParameterTuningJobName: aws.String(name),
		HyperParameterTuningJobConfig: &types.HyperParameterTuningJobConfig{
			Strategy:       types.HyperParameterTuningJobStrategyTypeRandom,
			ResourceLimits: &types.ResourceLimits{MaxNumberOfTrainingJobs: aws.Int32(3), MaxParallelTrainingJobs: aws.Int32(2)},
			HyperParameterTuningJobObjective: &types.HyperParameterTuningJobObjective{
				MetricName: aws.String("validation:rmse"), Type: types.HyperParameterTuningJobObjectiveTypeMinimize,
			},
			ParameterRanges: &types.ParameterRanges{},
		},
		TrainingJobDefinition: &types.HyperParameterTrainingJobDefinition{
			AlgorithmSpecification: &types.HyperParameterAlgorithmSpecification{
				TrainingImage: training.AlgorithmSpecification.TrainingImage, TrainingInputMode: types.TrainingInputModeFile,
			},
			RoleArn: aws.String(role), InputDataConfig: training.InputDataConfig, OutputDataConfig: training.OutputDataConfig,
			ResourceConfig: training.ResourceConfig, StoppingCondition: training.StoppingCondition,
			StaticHyperParameters: map[string]string{"objective": "reg:squarederror"},
			HyperParameterRanges: &types.ParameterRanges{
				IntegerParameterRanges:     []types.IntegerParameterRange{{Name: aws.String("max_depth"), MinValue: aws.String("3"), MaxValue: aws.String("9")}},
				ContinuousParameterRanges:  []types.ContinuousParameterRange{{Name: aws.String("eta"), MinValue: aws.String("0.1"), MaxValue: aws.String("0.5")}},
				CategoricalParameterRanges: []types.CategoricalParameterRange{{Name: aws.String("booster"), Values: []string{"gbtree", "dart"}}},
			},
		},
	}
}

func TestHyperParameterTuningJobLife(t *testing.T) {
	b := start(t, nil)
	name := aws.String("tune")
	_, err := b.CreateHyperParameterTuningJob(t.Context(), tuningInput("tune"))
	require.NoError(t, err)
	describe := func(name string) *sagemaker.DescribeHyperParameterTuningJobOutput {
		out, err := b.DescribeHyperParameterTuningJob(t.Context(), &sagemaker.DescribeHyperParameterTuningJobInput{HyperParameterTuningJobName: aws.String(name)})
		require.NoError(t, err)
		return out
	}
	require.Equal(t, types.HyperParameterTuningJobStatusInProgress, describe("tune").HyperParameterTuningJobStatus)
	b.pass(30 * time.Second)
	require.EqualValues(t, 2, aws.ToInt32(describe("tune").TrainingJobStatusCounters.InProgress), "no more than two at once")
	b.pass(time.Hour)
	done := describe("tune")
	require.Equal(t, types.HyperParameterTuningJobStatusCompleted, done.HyperParameterTuningJobStatus)
	require.EqualValues(t, 3, aws.ToInt32(done.TrainingJobStatusCounters.Completed))
	jobs, err := b.ListTrainingJobsForHyperParameterTuningJob(t.Context(), &sagemaker.ListTrainingJobsForHyperParameterTuningJobInput{
		HyperParameterTuningJobName: name, SortBy: types.TrainingJobSortByOptionsFinalObjectiveMetricValue, SortOrder: types.SortOrderAscending,
	})
	require.NoError(t, err)
	require.Len(t, jobs.TrainingJobSummaries, 3)
	require.Equal(t, jobs.TrainingJobSummaries[0].TrainingJobName, done.BestTrainingJob.TrainingJobName, "the least is the best")
	best := b.training(aws.ToString(done.BestTrainingJob.TrainingJobName))
	require.Equal(t, done.HyperParameterTuningJobArn, best.TuningJobArn)
	require.Equal(t, done.BestTrainingJob.TunedHyperParameters["eta"], best.HyperParameters["eta"])
	require.NotEmpty(t, aws.ToString(best.ModelArtifacts.S3ModelArtifacts))
	_, err = b.CreateHyperParameterTuningJob(t.Context(), tuningInput("tune"))
	requireAPIError(t, err, "ResourceInUse", "Resource Already Exists: Hyperparameter tuning job with name tune already exists. Choose a different name.")

	_, err = b.CreateHyperParameterTuningJob(t.Context(), tuningInput("stopped"))
	require.NoError(t, err)
	b.pass(time.Minute)
	_, err = b.StopHyperParameterTuningJob(t.Context(), &sagemaker.StopHyperParameterTuningJobInput{HyperParameterTuningJobName: aws.String("stopped")})
	require.NoError(t, err)
	b.pass(time.Hour)
	require.Equal(t, types.HyperParameterTuningJobStatusStopped, describe("stopped").HyperParameterTuningJobStatus)
	require.EqualValues(t, 2, aws.ToInt32(describe("stopped").TrainingJobStatusCounters.Stopped))

	_, err = b.Faults().Add(fault.Rule{Action: fault.Fail, Kind: "TrainingJob", Name: "fails-*", Stage: "Training", Reason: "AlgorithmError: no"})
	require.NoError(t, err)
	_, err = b.CreateHyperParameterTuningJob(t.Context(), tuningInput("fails"))
	require.NoError(t, err)
	b.pass(time.Hour)
	require.Equal(t, types.HyperParameterTuningJobStatusFailed, describe("fails").HyperParameterTuningJobStatus)
	list, err := b.ListHyperParameterTuningJobs(t.Context(), &sagemaker.ListHyperParameterTuningJobsInput{})
	require.NoError(t, err)
	require.Len(t, list.HyperParameterTuningJobSummaries, 3)

	_, err = b.DeleteHyperParameterTuningJob(t.Context(), &sagemaker.DeleteHyperParameterTuningJobInput{HyperParameterTuningJobName: name})
	require.NoError(t, err)
	b.pass(time.Minute)
	_, err = b.DescribeHyperParameterTuningJob(t.Context(), &sagemaker.DescribeHyperParameterTuningJobInput{HyperParameterTuningJobName: name})
	requireAPIError(t, err, "ResourceNotFound", "Amazon SageMaker can't find a tuning job with the name tune.")
	require.NotNil(t, b.training(aws.ToString(best.TrainingJobName)), "its training jobs stay")
}

// What the training jobs came to is what the tuning job judges by.
func TestHyperParameterTuningJobMeasured(t *testing.T) {
	b := start(t, nil)
	for job, rmse := range map[string]float64{"tune-001-*": 2.3, "tune-002-*": 2.1, "tune-003-*": 2.2} {
		_, err := b.Faults().Add(fault.Rule{Action: fault.Measure, Name: job, Metrics: map[string]float64{"train:rmse": 1, "validation:rmse": rmse}})
		require.NoError(t, err)
	}
	_, err := b.CreateHyperParameterTuningJob(t.Context(), tuningInput("tune"))
	require.NoError(t, err)
	b.pass(time.Hour)
	done, err := b.DescribeHyperParameterTuningJob(t.Context(), &sagemaker.DescribeHyperParameterTuningJobInput{HyperParameterTuningJobName: aws.String("tune")})
	require.NoError(t, err)
	require.Regexp(t, "^tune-002-", *done.BestTrainingJob.TrainingJobName)
	require.InDelta(t, 2.1, *done.BestTrainingJob.FinalHyperParameterTuningJobObjectiveMetric.Value, 1e-6)
}
