package simulator_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

const definition = `{"Version":"2020-12-01","Parameters":[{"Name":"Rounds","Type":"Integer"}],"Steps":[{"Name":"Train","Type":"Training"},{"Name":"Register","Type":"RegisterModel"}]}`

func TestPipelineLife(t *testing.T) {
	b := start(t, nil)
	name := aws.String("abalone")
	input := &sagemaker.CreatePipelineInput{
		PipelineName: name, RoleArn: aws.String(role), ClientRequestToken: aws.String(strings.Repeat("t", 32)), PipelineDefinition: aws.String("{"),
	}
	_, err := b.CreatePipeline(t.Context(), input)
	requireAPIError(t, err, "ValidationException", "Unable to parse pipeline definition: unexpected end of JSON input")
	require.NoError(t, b.PutObject("data", "pipeline.json", []byte(definition)))
	input.PipelineDefinition, input.PipelineDefinitionS3Location = nil, &types.PipelineDefinitionS3Location{Bucket: aws.String("data"), ObjectKey: aws.String("pipeline.json")}
	_, err = b.CreatePipeline(t.Context(), input)
	require.NoError(t, err)
	_, err = b.CreatePipeline(t.Context(), input)
	require.NoError(t, err, "the same token is the same pipeline")
	_, err = b.UpdatePipeline(t.Context(), &sagemaker.UpdatePipelineInput{PipelineName: name, PipelineDescription: aws.String("snails")})
	require.NoError(t, err)
	out, err := b.DescribePipeline(t.Context(), &sagemaker.DescribePipelineInput{PipelineName: name})
	require.NoError(t, err)
	require.JSONEq(t, definition, aws.ToString(out.PipelineDefinition))
	require.Equal(t, "snails", aws.ToString(out.PipelineDescription))

	run := &sagemaker.StartPipelineExecutionInput{PipelineName: name, ClientRequestToken: aws.String(strings.Repeat("r", 32)), PipelineExecutionDisplayName: aws.String("first")}
	_, err = b.StartPipelineExecution(t.Context(), run)
	requireAPIError(t, err, "ValidationException", "Parameter values are not specified for parameters that do not have a default value: [Rounds]")
	run.PipelineParameters = []types.Parameter{{Name: aws.String("Rounds"), Value: aws.String("10")}}
	started, err := b.StartPipelineExecution(t.Context(), run)
	require.NoError(t, err)
	again, err := b.StartPipelineExecution(t.Context(), run)
	require.NoError(t, err)
	require.Equal(t, started.PipelineExecutionArn, again.PipelineExecutionArn)
	execution := func(arn *string) *sagemaker.DescribePipelineExecutionOutput {
		out, err := b.DescribePipelineExecution(t.Context(), &sagemaker.DescribePipelineExecutionInput{PipelineExecutionArn: arn})
		require.NoError(t, err)
		return out
	}
	require.Equal(t, types.PipelineExecutionStatusExecuting, execution(started.PipelineExecutionArn).PipelineExecutionStatus)
	_, err = b.DeletePipeline(t.Context(), &sagemaker.DeletePipelineInput{PipelineName: name, ClientRequestToken: aws.String(strings.Repeat("d", 32))})
	requireAPIError(t, err, "ConflictException", "Pipeline '"+arnPrefix+"pipeline/abalone' has running executions.")
	b.pass(4 * time.Minute)
	require.Equal(t, types.PipelineExecutionStatusSucceeded, execution(started.PipelineExecutionArn).PipelineExecutionStatus)
	steps, err := b.ListPipelineExecutionSteps(t.Context(), &sagemaker.ListPipelineExecutionStepsInput{PipelineExecutionArn: started.PipelineExecutionArn})
	require.NoError(t, err)
	require.Len(t, steps.PipelineExecutionSteps, 2)
	require.Equal(t, "Register", aws.ToString(steps.PipelineExecutionSteps[0].StepName))
	parameters, err := b.ListPipelineParametersForExecution(t.Context(), &sagemaker.ListPipelineParametersForExecutionInput{PipelineExecutionArn: started.PipelineExecutionArn})
	require.NoError(t, err)
	require.Equal(t, run.PipelineParameters, parameters.PipelineParameters)

	_, err = b.Faults().Add(fault.Rule{Action: fault.Fail, Kind: "PipelineExecution", Stage: "Executing", Skip: 1, Times: 1, Reason: "ClientError: no"})
	require.NoError(t, err)
	run.ClientRequestToken = aws.String(strings.Repeat("s", 32))
	failing, err := b.StartPipelineExecution(t.Context(), run)
	require.NoError(t, err)
	b.pass(4 * time.Minute)
	require.Equal(t, types.PipelineExecutionStatusFailed, execution(failing.PipelineExecutionArn).PipelineExecutionStatus)
	_, err = b.RetryPipelineExecution(t.Context(), &sagemaker.RetryPipelineExecutionInput{
		PipelineExecutionArn: failing.PipelineExecutionArn, ClientRequestToken: aws.String(strings.Repeat("y", 32)),
	})
	require.NoError(t, err)
	_, err = b.StopPipelineExecution(t.Context(), &sagemaker.StopPipelineExecutionInput{
		PipelineExecutionArn: failing.PipelineExecutionArn, ClientRequestToken: aws.String(strings.Repeat("z", 32)),
	})
	require.NoError(t, err)
	b.pass(time.Minute)
	require.Equal(t, types.PipelineExecutionStatusStopped, execution(failing.PipelineExecutionArn).PipelineExecutionStatus)
	_, err = b.UpdatePipelineExecution(t.Context(), &sagemaker.UpdatePipelineExecutionInput{
		PipelineExecutionArn: failing.PipelineExecutionArn, PipelineExecutionDisplayName: aws.String("renamed"),
	})
	require.NoError(t, err)
	list, err := b.ListPipelineExecutions(t.Context(), &sagemaker.ListPipelineExecutionsInput{PipelineName: name})
	require.NoError(t, err)
	require.Len(t, list.PipelineExecutionSummaries, 2)
	require.Equal(t, "renamed", aws.ToString(list.PipelineExecutionSummaries[0].PipelineExecutionDisplayName))
	_, err = b.DeletePipeline(t.Context(), &sagemaker.DeletePipelineInput{PipelineName: name, ClientRequestToken: aws.String(strings.Repeat("d", 32))})
	require.NoError(t, err)
	_, err = b.DescribePipeline(t.Context(), &sagemaker.DescribePipelineInput{PipelineName: name})
	requireAPIError(t, err, "ResourceNotFound", "Pipeline '"+arnPrefix+"pipeline/abalone' does not exist.")
}
