package simulator_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

func TestFaultRejects(t *testing.T) {
	b := start(t, nil)
	_, err := b.Faults().Add(fault.Rule{
		Action: fault.Reject, Operation: "Create*", Name: "job-?", Skip: 1, Times: 2, Code: "InternalFailure", Message: "boom", Status: 500,
	})
	require.NoError(t, err)
	b.train("job-1")
	for _, name := range []string{"job-2", "job-3"} {
		_, err = b.CreateTrainingJob(t.Context(), trainingInput(name))
		requireAPIError(t, err, "InternalFailure", "boom")
		require.False(t, b.Exists("TrainingJob", name), "refused before any effect")
	}
	b.train("job-4")
	b.train("other")
}

func TestFaultLosesResponse(t *testing.T) {
	b := start(t, nil)
	_, err := b.Faults().Add(fault.Rule{Action: fault.LoseResponse, Operation: "CreateTrainingJob", Times: 1})
	require.NoError(t, err)
	_, err = b.CreateTrainingJob(t.Context(), trainingInput("job"))
	require.Error(t, err)
	var answered smithy.APIError
	require.NotErrorAs(t, err, &answered, "no answer, not even an error")
	require.True(t, b.Exists("TrainingJob", "job"), "but carried out")
	_, err = b.CreateTrainingJob(t.Context(), trainingInput("job"))
	require.ErrorContains(t, err, "already exists")
	entries := b.Journal().Entries()
	require.True(t, entries[0].Lost)
	require.False(t, entries[1].Lost)
}

func TestFaultDelays(t *testing.T) {
	b := start(t, nil)
	_, err := b.Faults().Add(fault.Rule{Action: fault.Delay, Operation: "ListModels", Latency: time.Minute, Times: 1})
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() {
		_, err := b.ListModels(context.Background(), &sagemaker.ListModelsInput{})
		done <- err
	}()
	require.Eventually(t, b.clock.HasWaiters, 10*time.Second, time.Millisecond)
	require.Empty(t, done, "not answered before its time")
	b.pass(time.Minute)
	require.NoError(t, <-done)
}

func TestFaultDenies(t *testing.T) {
	b := start(t, nil)
	for _, rule := range []fault.Rule{
		{Action: fault.Deny, Operation: "DeleteModel"},
		{Action: fault.DenyPassRole, Role: "arn:aws:iam::*:role/secret/*"},
		{Action: fault.Unassumable, Role: "*/broken"},
	} {
		_, err := b.Faults().Add(rule)
		require.NoError(t, err)
	}
	const user = "arn:aws:iam::123456789012:user/simulated"
	_, err := b.DeleteModel(t.Context(), &sagemaker.DeleteModelInput{ModelName: aws.String("m")})
	requireAPIError(t, err, "AccessDeniedException", "User: "+user+" is not authorized to perform: sagemaker:DeleteModel on resource: "+arnPrefix+"model/m because no identity-based policy allows the sagemaker:DeleteModel action")
	input := trainingInput("job")
	input.RoleArn = aws.String("arn:aws:iam::123456789012:role/secret/admin")
	_, err = b.CreateTrainingJob(t.Context(), input)
	requireAPIError(t, err, "AccessDeniedException", "User: "+user+" is not authorized to perform: iam:PassRole on resource: arn:aws:iam::123456789012:role/secret/admin because no identity-based policy allows the iam:PassRole action")
	input.RoleArn = aws.String("arn:aws:iam::123456789012:role/broken")
	_, err = b.CreateTrainingJob(t.Context(), input)
	require.ErrorContains(t, err, "Could not assume role arn:aws:iam::123456789012:role/broken.")
	b.Faults().Clear()
	_, err = b.CreateTrainingJob(t.Context(), input)
	require.NoError(t, err)

	_, err = b.Faults().Add(fault.Rule{Action: fault.Deny, Operation: "AddTags"})
	require.NoError(t, err)
	b.train("plain")
	input = trainingInput("tagged")
	input.Tags = []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}
	_, err = b.CreateTrainingJob(t.Context(), input)
	require.ErrorContains(t, err, "is not authorized to perform: sagemaker:AddTags on resource: "+arnPrefix+"training-job/tagged")
}

func TestJournal(t *testing.T) {
	b := start(t, nil)
	b.train("job")
	b.training("job")
	_, err := b.StopTrainingJob(t.Context(), &sagemaker.StopTrainingJobInput{TrainingJobName: aws.String("none")})
	require.Error(t, err)
	require.Equal(t, map[string]int{"CreateTrainingJob": 1, "DescribeTrainingJob": 1, "StopTrainingJob": 1}, b.Journal().Counts())
	entries := b.Journal().Mutations()
	require.Len(t, entries, 2)
	require.Equal(t, "CreateTrainingJob", entries[0].Operation)
	require.Equal(t, "job", entries[0].Request["TrainingJobName"])
	require.Equal(t, epoch, entries[0].Time)
	require.Equal(t, "123456789012", entries[0].Account)
	require.True(t, entries[0].Succeeded())
	require.False(t, entries[1].Succeeded())
	require.Equal(t, "Requested resource not found.", entries[1].Message)
	require.Equal(t, 3, entries[1].Sequence)
	b.Journal().Reset()
	require.Empty(t, b.Journal().Entries())
	require.Empty(t, b.Journal().Counts())
}

// post sends a raw request and gives status and body.
func (b *bench) post(headers map[string]string, body io.Reader) (int, string) {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.URL(), body)
	require.NoError(b.t, err)
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(b.t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	return response.StatusCode, string(answer)
}
