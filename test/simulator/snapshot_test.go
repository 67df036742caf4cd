package simulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"
)

// sdkFolder is where the SDK's module keeps its vectors.
func sdkFolder(t *testing.T) string {
	t.Helper()
	folder, err := findSDK()
	require.NoError(t, err)
	return folder
}

var findSDK = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/service/sagemaker").Output()
	return strings.TrimSpace(string(out)), err
})

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
		require.Contains(t, []string{"ValidationException", "ResourceNotFound"}, failure.Type, "%s: %s", operation, answer)
		require.NotEmpty(t, failure.Message, operation)
	}
}

// TestAnswersAreSDKResponses makes the simulator answer what the other tests,
// whose answers are all judged, do not ask for.
func TestAnswersAreSDKResponses(t *testing.T) {
	b := start(t, nil)
	b.serve()
	b.train("job", func(in *sagemaker.CreateTrainingJobInput) {
		in.ResourceConfig.KeepAlivePeriodInSeconds = aws.Int32(600)
		in.VpcConfig = &types.VpcConfig{SecurityGroupIds: []string{"sg-1"}, Subnets: []string{"subnet-1"}}
		in.Environment = map[string]string{"A": "1"}
		in.Tags = []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}
	})
	b.update("two", func(in *sagemaker.UpdateEndpointInput) {
		in.DeploymentConfig = &types.DeploymentConfig{RollingUpdatePolicy: &types.RollingUpdatePolicy{
			MaximumBatchSize: &types.CapacitySize{Type: types.CapacitySizeTypeCapacityPercent, Value: aws.Int32(50)}, WaitIntervalInSeconds: aws.Int32(600),
		}}
	})
	b.pass(time.Minute)
	b.endpoint("ep")
	b.training("job")
	for _, list := range []func() error{
		func() error {
			_, err := b.ListModels(t.Context(), &sagemaker.ListModelsInput{MaxResults: aws.Int32(1)})
			return err
		},
		func() error {
			_, err := b.ListEndpointConfigs(t.Context(), &sagemaker.ListEndpointConfigsInput{})
			return err
		},
		func() error {
			_, err := b.ListEndpoints(t.Context(), &sagemaker.ListEndpointsInput{})
			return err
		},
		func() error {
			_, err := b.ListTrainingJobs(t.Context(), &sagemaker.ListTrainingJobsInput{})
			return err
		},
		func() error {
			_, err := b.ListTags(t.Context(), &sagemaker.ListTagsInput{ResourceArn: aws.String(arnPrefix + "training-job/job")})
			return err
		},
	} {
		require.NoError(t, list())
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
