package simulator_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

func specification(model string) *types.InferenceComponentSpecification {
	return &types.InferenceComponentSpecification{ModelName: aws.String(model), ComputeResourceRequirements: &types.InferenceComponentComputeResourceRequirements{
		MinMemoryRequiredInMb: aws.Int32(1024), NumberOfCpuCoresRequired: aws.Float32(1),
	}}
}

// serveComponents makes models one and two, and an endpoint "ep" that hosts
// components of the first.
func (b *bench) serveComponents(names ...string) {
	b.t.Helper()
	b.model("one")
	b.model("two")
	host := variant("AllTraffic", "one", 1)
	host.ModelName = nil
	_, err := b.CreateEndpointConfig(b.t.Context(), &sagemaker.CreateEndpointConfigInput{
		EndpointConfigName: aws.String("host"), ExecutionRoleArn: aws.String(role), ProductionVariants: []types.ProductionVariant{host},
	})
	require.NoError(b.t, err)
	_, err = b.CreateEndpoint(b.t.Context(), &sagemaker.CreateEndpointInput{EndpointName: aws.String("ep"), EndpointConfigName: aws.String("host")})
	require.NoError(b.t, err)
	b.pass(10 * time.Minute)
	for _, name := range names {
		_, err := b.CreateInferenceComponent(b.t.Context(), &sagemaker.CreateInferenceComponentInput{
			InferenceComponentName: aws.String(name), EndpointName: aws.String("ep"), VariantName: aws.String("AllTraffic"),
			Specification: specification("one"), RuntimeConfig: &types.InferenceComponentRuntimeConfig{CopyCount: aws.Int32(1)},
		})
		require.NoError(b.t, err)
	}
	b.pass(4 * time.Minute)
}

func (b *bench) runtime() *sagemakerruntime.Client { return sagemakerruntime.NewFromConfig(b.config) }

func TestInvokeComponent(t *testing.T) {
	b := start(t, nil)
	b.serveComponents("llm")
	ask := func(component string) (string, error) {
		in := &sagemakerruntime.InvokeEndpointInput{EndpointName: aws.String("ep"), Body: []byte("1")}
		if component != "" {
			in.InferenceComponentName = aws.String(component)
		}
		out, err := b.runtime().InvokeEndpoint(t.Context(), in)
		if err != nil {
			return "", err
		}
		return string(out.Body), nil
	}
	_, err := ask("")
	requireAPIError(t, err, "ValidationError", "Inference Component Name header is required for endpoints to which you plan to deploy inference components. "+
		"Please include Inference Component Name header or consider using SageMaker models.")
	_, err = ask("none")
	requireAPIError(t, err, "ValidationError", "Inference Component none of endpoint ep not found.")
	answer, err := ask("llm")
	require.NoError(t, err)
	require.JSONEq(t, `{"endpoint":"ep","variant":"AllTraffic","endpointConfig":"host","inferenceComponent":"llm","model":"one","modelDataUrl":"s3://data/one/model.tar.gz"}`, answer)

	_, err = b.UpdateInferenceComponent(t.Context(), &sagemaker.UpdateInferenceComponentInput{InferenceComponentName: aws.String("llm"), Specification: specification("two")})
	require.NoError(t, err)
	answer, err = ask("llm")
	require.NoError(t, err)
	require.Contains(t, answer, `"model":"one"`, "the old model serves until the update is over")
	b.pass(3 * time.Minute)
	answer, err = ask("llm")
	require.NoError(t, err)
	require.Contains(t, answer, `"model":"two","modelDataUrl":"s3://data/two/model.tar.gz"`)

	_, err = b.UpdateInferenceComponentRuntimeConfig(t.Context(), &sagemaker.UpdateInferenceComponentRuntimeConfigInput{
		InferenceComponentName: aws.String("llm"), DesiredRuntimeConfig: &types.InferenceComponentRuntimeConfig{CopyCount: aws.Int32(0)},
	})
	require.NoError(t, err)
	b.pass(3 * time.Minute)
	_, err = ask("llm")
	requireAPIError(t, err, "ValidationError", "Inference Component has no capacity to process this request. ApplicationAutoScaling may be in-progress "+
		"(if configured) or try to increase the capacity by invoking UpdateInferenceComponentRuntimeConfig API.")
	entries := b.Journal().Entries()
	require.Equal(t, map[string]any{"EndpointName": "ep", "InferenceComponentName": "llm"}, entries[len(entries)-1].Request)
}

// A variant that is asked for answers while traffic is shifted, too: from either
// fleet, by their shares.
func TestInvokeVariantWhileShifting(t *testing.T) {
	b := start(t, nil)
	b.serve()
	b.alarm("errors")
	b.update("two", func(in *sagemaker.UpdateEndpointInput) { in.DeploymentConfig = canary("errors") })
	b.pass(10 * time.Minute)
	counts := map[string]int{}
	for range 10 {
		out, err := b.runtime().InvokeEndpoint(t.Context(), &sagemakerruntime.InvokeEndpointInput{
			EndpointName: aws.String("ep"), Body: []byte("1"), TargetVariant: aws.String("AllTraffic"),
		})
		require.NoError(t, err)
		var answer struct {
			Model string `json:"model"`
		}
		require.NoError(t, json.Unmarshal(out.Body, &answer))
		counts[answer.Model]++
	}
	require.Equal(t, map[string]int{"one": 5, "two": 5}, counts)
	_, err := b.runtime().InvokeEndpoint(t.Context(), &sagemakerruntime.InvokeEndpointInput{
		EndpointName: aws.String("ep"), Body: []byte("1"), TargetVariant: aws.String("none"),
	})
	requireAPIError(t, err, "ValidationError", "Variant none of endpoint ep not found.")
}

func TestInvokeAsync(t *testing.T) {
	b := start(t, nil)
	b.serve()
	_, err := b.CreateEndpointConfig(t.Context(), &sagemaker.CreateEndpointConfigInput{
		EndpointConfigName: aws.String("queued"), ProductionVariants: []types.ProductionVariant{variant("AllTraffic", "one", 1)},
		AsyncInferenceConfig: &types.AsyncInferenceConfig{OutputConfig: &types.AsyncInferenceOutputConfig{
			S3OutputPath: aws.String("s3://data/answers/"), S3FailurePath: aws.String("s3://data/failures"),
		}},
	})
	require.NoError(t, err)
	_, err = b.CreateEndpoint(t.Context(), &sagemaker.CreateEndpointInput{EndpointName: aws.String("async"), EndpointConfigName: aws.String("queued")})
	require.NoError(t, err)
	b.pass(10 * time.Minute)
	require.NoError(t, b.PutObject("data", "asked/1.csv", []byte("1,2")))
	runtime := b.runtime()
	ask := func(in *sagemakerruntime.InvokeEndpointAsyncInput) (*sagemakerruntime.InvokeEndpointAsyncOutput, error) {
		in.EndpointName = aws.String("async")
		return runtime.InvokeEndpointAsync(t.Context(), in)
	}

	_, err = runtime.InvokeEndpoint(t.Context(), &sagemakerruntime.InvokeEndpointInput{EndpointName: aws.String("async"), Body: []byte("1")})
	requireAPIError(t, err, "ValidationError", "Endpoint async is asynchronous: use InvokeEndpointAsync.")
	_, err = runtime.InvokeEndpointAsync(t.Context(), &sagemakerruntime.InvokeEndpointAsyncInput{
		EndpointName: aws.String("ep"), InputLocation: aws.String("s3://data/asked/1.csv"),
	})
	requireAPIError(t, err, "ValidationError", "Endpoint ep is not asynchronous: use InvokeEndpoint.")
	_, err = ask(&sagemakerruntime.InvokeEndpointAsyncInput{})
	requireAPIError(t, err, "ValidationError", "Exactly one of Body and InputLocation must be provided.")
	_, err = ask(&sagemakerruntime.InvokeEndpointAsyncInput{Body: make([]byte, 128_001)})
	requireAPIError(t, err, "ValidationError", "The request body must not have more than 128000 bytes.")

	first, err := ask(&sagemakerruntime.InvokeEndpointAsyncInput{InputLocation: aws.String("s3://data/asked/1.csv")})
	require.NoError(t, err)
	second, err := ask(&sagemakerruntime.InvokeEndpointAsyncInput{Body: []byte("1,2")})
	require.NoError(t, err)
	require.NotEqual(t, first.InferenceId, second.InferenceId)
	id := aws.ToString(first.InferenceId)
	require.Equal(t, "s3://data/answers/"+id+".out", aws.ToString(first.OutputLocation))
	require.Equal(t, "s3://data/failures/"+id+"-error.out", aws.ToString(first.FailureLocation))
	named, err := ask(&sagemakerruntime.InvokeEndpointAsyncInput{
		InputLocation: aws.String("s3://data/asked/1.csv"), InferenceId: aws.String("i-1"), Filename: aws.String("answer.json"), S3OutputPathExtension: aws.String("march"),
	})
	require.NoError(t, err)
	require.Equal(t, "i-1", aws.ToString(named.InferenceId))
	require.Equal(t, "s3://data/answers/march/answer.json", aws.ToString(named.OutputLocation))
	lost, err := ask(&sagemakerruntime.InvokeEndpointAsyncInput{InputLocation: aws.String("s3://data/asked/none.csv"), InferenceId: aws.String("lost")})
	require.NoError(t, err, "the input is looked at later")

	_, err = b.GetObject("data", "answers/"+id+".out")
	require.Error(t, err, "not yet")
	b.pass(30 * time.Second)
	for _, key := range []string{"answers/" + id + ".out", "answers/" + aws.ToString(second.InferenceId) + ".out", "answers/march/answer.json"} {
		answer, err := b.GetObject("data", key)
		require.NoError(t, err, key)
		require.JSONEq(t, `{"endpoint":"async","variant":"AllTraffic","endpointConfig":"queued","model":"one","modelDataUrl":"s3://data/one/model.tar.gz"}`, string(answer))
	}
	_, err = b.GetObject("data", "answers/lost.out")
	require.Error(t, err)
	failure, err := b.GetObject("data", "failures/lost-error.out")
	require.NoError(t, err)
	require.Contains(t, string(failure), "s3://data/asked/none.csv")
	require.Equal(t, "s3://data/failures/lost-error.out", aws.ToString(lost.FailureLocation))

	_, err = b.Faults().Add(fault.Rule{Action: fault.Deny, Operation: "InvokeEndpointAsync", Times: 1})
	require.NoError(t, err)
	_, err = ask(&sagemakerruntime.InvokeEndpointAsyncInput{Body: []byte("1")})
	require.ErrorContains(t, err, "sagemaker:InvokeEndpointAsync")
}
