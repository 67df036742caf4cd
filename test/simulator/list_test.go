package simulator_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"
)

// jobs lists training jobs and says whether there is another page.
func (b *bench) jobs(input sagemaker.ListTrainingJobsInput) (names []string, next *string) {
	b.t.Helper()
	out, err := b.ListTrainingJobs(b.t.Context(), &input)
	require.NoError(b.t, err)
	for _, job := range out.TrainingJobSummaries {
		names = append(names, aws.ToString(job.TrainingJobName))
	}
	return names, out.NextToken
}

func TestListFilters(t *testing.T) {
	b := start(t, nil)
	for _, name := range []string{"c-old", "a-mid", "b-new"} {
		b.train(name)
		b.pass(time.Minute)
	}
	_, err := b.StopTrainingJob(t.Context(), &sagemaker.StopTrainingJobInput{TrainingJobName: aws.String("c-old")})
	require.NoError(t, err)
	at := func(d time.Duration) *time.Time { return aws.Time(epoch.Add(d)) }
	for _, row := range []struct {
		reason string
		input  sagemaker.ListTrainingJobsInput
		want   []string
	}{
		{"by creation, oldest first", sagemaker.ListTrainingJobsInput{}, []string{"c-old", "a-mid", "b-new"}},
		{"newest first", sagemaker.ListTrainingJobsInput{SortOrder: types.SortOrderDescending}, []string{"b-new", "a-mid", "c-old"}},
		{"by name", sagemaker.ListTrainingJobsInput{SortBy: types.SortByName}, []string{"a-mid", "b-new", "c-old"}},
		{"part of the name", sagemaker.ListTrainingJobsInput{NameContains: aws.String("-mid")}, []string{"a-mid"}},
		{"created after", sagemaker.ListTrainingJobsInput{CreationTimeAfter: at(0)}, []string{"a-mid", "b-new"}},
		{"created before", sagemaker.ListTrainingJobsInput{CreationTimeBefore: at(time.Minute)}, []string{"c-old"}},
		{"changed after", sagemaker.ListTrainingJobsInput{LastModifiedTimeAfter: at(150 * time.Second)}, []string{"c-old", "b-new"}},
		{"changed before", sagemaker.ListTrainingJobsInput{LastModifiedTimeBefore: at(170 * time.Second)}, []string{"a-mid"}},
		{"status", sagemaker.ListTrainingJobsInput{StatusEquals: types.TrainingJobStatusStopping}, []string{"c-old"}},
	} {
		got, next := b.jobs(row.input)
		require.Equal(t, row.want, got, row.reason)
		require.Nil(t, next, row.reason)
	}
}

func TestListPages(t *testing.T) {
	b := start(t, nil)
	for i := range 25 {
		b.train("job-" + strconv.Itoa(i))
		b.pass(time.Second)
	}
	first, next := b.jobs(sagemaker.ListTrainingJobsInput{})
	require.Len(t, first, 10, "the default page")
	b.train("late")
	second, next2 := b.jobs(sagemaker.ListTrainingJobsInput{NextToken: next})
	require.Equal(t, "job-10", second[0])
	third, end := b.jobs(sagemaker.ListTrainingJobsInput{NextToken: next2, MaxResults: aws.Int32(100)})
	require.Len(t, third, 6, "what came since included")
	require.Nil(t, end)

	for _, row := range []struct {
		reason string
		input  sagemaker.ListTrainingJobsInput
	}{
		{"no token at all", sagemaker.ListTrainingJobsInput{NextToken: aws.String("nonsense")}},
		{"a token of another query", sagemaker.ListTrainingJobsInput{NextToken: next, NameContains: aws.String("job")}},
	} {
		_, err := b.ListTrainingJobs(t.Context(), &row.input)
		require.ErrorContains(t, err, "pagination token is invalid", row.reason)
	}
	_, err := b.ListModels(t.Context(), &sagemaker.ListModelsInput{NextToken: next})
	require.ErrorContains(t, err, "pagination token is invalid", "a token of another operation")
	b.pass(25 * time.Hour)
	_, err = b.ListTrainingJobs(t.Context(), &sagemaker.ListTrainingJobsInput{NextToken: next})
	require.ErrorContains(t, err, "pagination token is invalid", "tokens expire")
	_, err = b.ListTrainingJobs(t.Context(), &sagemaker.ListTrainingJobsInput{MaxResults: aws.Int32(101)})
	requireAPIError(t, err, "ValidationException", "1 validation error detected: Value '101' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 100")
}

func TestListTrainingJobsFiltersAfterPaging(t *testing.T) {
	b := start(t, nil)
	b.train("running")
	b.train("stopped")
	_, err := b.StopTrainingJob(t.Context(), &sagemaker.StopTrainingJobInput{TrainingJobName: aws.String("stopped")})
	require.NoError(t, err)
	input := sagemaker.ListTrainingJobsInput{StatusEquals: types.TrainingJobStatusStopping, MaxResults: aws.Int32(1)}
	page, next := b.jobs(input)
	require.Empty(t, page)
	require.NotNil(t, next, "an empty page may have a successor")
	input.NextToken = next
	page, next = b.jobs(input)
	require.Equal(t, []string{"stopped"}, page)
	require.Nil(t, next)
}

func TestListOtherKinds(t *testing.T) {
	b := start(t, nil)
	b.serve()
	b.process("prep")
	models, err := b.ListModels(t.Context(), &sagemaker.ListModelsInput{SortBy: types.ModelSortKeyName, SortOrder: types.OrderKeyAscending})
	require.NoError(t, err)
	require.Equal(t, "one", aws.ToString(models.Models[0].ModelName))
	require.Equal(t, arnPrefix+"model/two", aws.ToString(models.Models[1].ModelArn))
	configs, err := b.ListEndpointConfigs(t.Context(), &sagemaker.ListEndpointConfigsInput{NameContains: aws.String("w")})
	require.NoError(t, err)
	require.Len(t, configs.EndpointConfigs, 1)
	endpoints, err := b.ListEndpoints(t.Context(), &sagemaker.ListEndpointsInput{StatusEquals: types.EndpointStatusInService})
	require.NoError(t, err)
	require.Equal(t, epoch.Add(10*time.Minute), endpoints.Endpoints[0].LastModifiedTime.UTC())
	jobs, err := b.ListProcessingJobs(t.Context(), &sagemaker.ListProcessingJobsInput{})
	require.NoError(t, err)
	require.Equal(t, types.ProcessingJobStatusInProgress, jobs.ProcessingJobSummaries[0].ProcessingJobStatus)
}
