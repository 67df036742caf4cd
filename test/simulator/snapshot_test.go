package simulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/model"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// sdkFolder is where the SDK's module keeps its vectors.
func sdkFolder(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/service/sagemaker").Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}

// snapshot is a recorded message: its headers and its JSON body.
func snapshot(t *testing.T, path string) (headers map[string]string, body string) {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	head, body, _ := strings.Cut(string(content), "\n\n{")
	if body != "" {
		body = "{" + body
	}
	headers = map[string]string{}
	for line := range strings.Lines(head) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), ": "); found {
			headers[name] = value
		}
	}
	return headers, body
}

// TestSDKRequests sends every request the SDK ships as a vector for an
// operation we simulate. Its values are nonsense: a refusal must be AWS's.
func TestSDKRequests(t *testing.T) {
	folder := sdkFolder(t)
	b := start(t, nil)
	operations := b.Operations()
	require.Greater(t, len(operations), 28)
	for _, operation := range operations {
		headers, body := snapshot(t, filepath.Join(folder, "request_snapshot", operation+".request.snap"))
		require.Equal(t, "SageMaker."+operation, headers["X-Amz-Target"])
		headers["Authorization"] = authorization
		status, answer := b.post(headers, strings.NewReader(body))
		if status == http.StatusOK {
			require.True(t, json.Valid([]byte(answer)), operation)
			continue
		}
		require.Equal(t, http.StatusBadRequest, status, "%s: %s", operation, answer)
		var failure struct {
			Type    string `json:"__type"`
			Message string `json:"message"`
		}
		require.NoError(t, json.Unmarshal([]byte(answer), &failure), operation)
		require.Equal(t, "ValidationException", failure.Type, "%s: %s", operation, answer)
		require.NotEmpty(t, failure.Message, operation)
	}
}

// TestAnswersAreSDKResponses makes the simulator answer with all it has and
// holds that against the response the SDK ships, which has every member there
// is: no member of ours may be unknown or of another type, and none may break
// the API model's constraints on answers.
func TestAnswersAreSDKResponses(t *testing.T) {
	folder := sdkFolder(t)
	b := start(t, nil)
	b.serve()
	_, err := b.CreateEndpoint(t.Context(), &sagemaker.CreateEndpointInput{EndpointName: aws.String("other"), EndpointConfigName: aws.String("one")})
	require.NoError(t, err)
	b.train("done")
	b.pass(10 * time.Minute)
	b.train("job", func(in *sagemaker.CreateTrainingJobInput) {
		in.ResourceConfig.KeepAlivePeriodInSeconds = aws.Int32(600)
		in.VpcConfig = &types.VpcConfig{SecurityGroupIds: []string{"sg-1"}, Subnets: []string{"subnet-1"}}
		in.Environment = map[string]string{"A": "1"}
		in.Tags = []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}
	})
	b.process("prep")
	b.update("two", func(in *sagemaker.UpdateEndpointInput) {
		in.DeploymentConfig = &types.DeploymentConfig{RollingUpdatePolicy: &types.RollingUpdatePolicy{
			MaximumBatchSize: &types.CapacitySize{Type: types.CapacitySizeTypeCapacityPercent, Value: aws.Int32(50)}, WaitIntervalInSeconds: aws.Int32(600),
		}}
	})
	b.pass(time.Minute)
	api, err := model.Load()
	require.NoError(t, err)
	for _, row := range []struct{ operation, request string }{
		{"DescribeTrainingJob", `{"TrainingJobName":"job"}`},
		{"DescribeProcessingJob", `{"ProcessingJobName":"prep"}`},
		{"DescribeModel", `{"ModelName":"one"}`},
		{"DescribeEndpointConfig", `{"EndpointConfigName":"one"}`},
		{"DescribeEndpoint", `{"EndpointName":"ep"}`},
		{"ListTrainingJobs", `{}`},
		{"ListProcessingJobs", `{}`},
		{"ListModels", `{"MaxResults":1}`},
		{"ListEndpointConfigs", `{}`},
		{"ListEndpoints", `{}`},
		{"ListTags", `{"ResourceArn":"` + arnPrefix + `training-job/job"}`},
		{"AddTags", `{"ResourceArn":"` + arnPrefix + `model/one","Tags":[{"Key":"a","Value":"b"}]}`},
		{"DeleteTags", `{"ResourceArn":"` + arnPrefix + `model/one","TagKeys":["a"]}`},
		{"StopProcessingJob", `{"ProcessingJobName":"prep"}`},
		{"DescribeTrainingJob", `{"TrainingJobName":"done"}`},
		{"UpdateTrainingJob", `{"TrainingJobName":"job","ProfilerConfig":{"DisableProfiler":true}}`},
		{"UpdateEndpointWeightsAndCapacities", `{"EndpointName":"other","DesiredWeightsAndCapacities":[{"VariantName":"AllTraffic","DesiredWeight":2}]}`},
		{"CreateEndpoint", `{"EndpointName":"new","EndpointConfigName":"one"}`},
	} {
		operation, request := row.operation, row.request
		status, answer := b.post(map[string]string{"X-Amz-Target": "SageMaker." + operation, "Authorization": authorization}, strings.NewReader(request))
		require.Equal(t, http.StatusOK, status, "%s: %s", operation, answer)
		_, body := snapshot(t, filepath.Join(folder, "response_snapshot", operation+".response.snap"))
		if body == "" {
			body = "{}"
		}
		decoded, failure := wire.Decode([]byte(answer))
		require.Nil(t, failure, operation)
		if invalid := api.ValidateAnswer(operation, decoded); invalid != nil {
			// AWS itself leaves this required member out until there is a model.
			require.Equal(t, "ValidationException: 1 validation error detected: Value null at 'modelArtifacts' failed to satisfy "+
				"constraint: Member must not be null", invalid.Error(), answer)
			require.Contains(t, answer, `"TrainingJobStatus":"InProgress"`)
		}
		var ours, theirs any
		require.NoError(t, json.Unmarshal([]byte(answer), &ours), operation)
		require.NoError(t, json.Unmarshal([]byte(body), &theirs), "%s: the SDK's response", operation)
		require.Empty(t, uncovered(ours, theirs, operation))
	}
}

// uncovered lists the paths of value that pattern lacks or has differently.
func uncovered(value, pattern any, path string) []string {
	var missing []string
	switch v := value.(type) {
	case map[string]any:
		members, ok := pattern.(map[string]any)
		if !ok {
			return []string{path}
		}
		free, isMap := members["key0"] // a map from strings, whatever its keys
		for name, member := range v {
			expected, known := members[name]
			if isMap {
				expected, known = free, true
			}
			if !known {
				missing = append(missing, path+"."+name)
				continue
			}
			missing = append(missing, uncovered(member, expected, path+"."+name)...)
		}
	case []any:
		list, ok := pattern.([]any)
		if !ok {
			return []string{path}
		}
		for _, member := range v {
			missing = append(missing, uncovered(member, list[0], path)...)
		}
	default:
		if fmt.Sprintf("%T", value) != fmt.Sprintf("%T", pattern) {
			return []string{fmt.Sprintf("%s is %T, not %T", path, value, pattern)}
		}
	}
	return missing
}
