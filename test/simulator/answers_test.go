package simulator_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/model"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// judge is an HTTP client that holds every answer of the simulator against the
// response the SDK ships, which has every member there is, and against the API
// model's constraints on answers.
type judge struct {
	t      *testing.T
	folder string
	api    *model.Model
}

var loadModel = sync.OnceValues(model.Load)

func newJudge(t *testing.T) *judge {
	t.Helper()
	api, err := loadModel()
	require.NoError(t, err)
	return &judge{t, sdkFolder(t), api}
}

// absent are required members that AWS itself leaves out: the model of a job
// that has none yet, the token after the last page, the name of a version in a
// group. Assumption: the endpoint of a job definition that reads batches.
var absent = regexp.MustCompile(`^ValidationException: \d validation errors? detected: (; )?` +
	`(Value null at '(modelArtifacts|nextToken|modelPackageName|[.\w]+\.modelPackageName|jobDefinitionSummaries\.1\.member\.endpointName)' ` +
	`failed to satisfy constraint: Member must not be null(; )?)+$`)

// Do implements aws.HTTPClient.
func (j *judge) Do(r *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(r)
	service, operation, isJSON := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if err != nil || !isJSON || response.StatusCode != http.StatusOK {
		return response, err
	}
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(answer))
	j.judge(service, operation, answer)
	return response, nil
}

func (j *judge) judge(service, operation string, answer []byte) {
	decoded, failure := wire.Decode(answer)
	assert.Nil(j.t, failure, operation)
	if invalid := j.api.ValidateAnswer(operation, decoded); invalid != nil {
		assert.Regexp(j.t, absent, invalid.Error(), "%s: %s", operation, answer)
	}
	if service != "SageMaker" {
		return // only SageMaker's client ships responses
	}
	_, body := snapshot(j.t, filepath.Join(j.folder, "response_snapshot", operation+".response.snap"))
	if body == "" {
		body = "{}"
	}
	var ours, theirs any
	assert.NoError(j.t, json.Unmarshal(answer, &ours), operation)
	assert.NoError(j.t, json.Unmarshal([]byte(body), &theirs), "%s: the SDK's response", operation)
	assert.Empty(j.t, uncovered(ours, theirs, operation))
}
