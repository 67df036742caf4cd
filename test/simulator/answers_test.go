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

// empty is the list that AWS was seen to answer although its model forbids it.
var empty = regexp.MustCompile(`^ValidationException: 1 validation error detected: Value '\[\]' at 'inputDataConfig' `)

// Do implements aws.HTTPClient.
func (j *judge) Do(r *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(r)
	protocol := wire.JSON
	service, operation, known := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if rest, isCBOR := strings.CutPrefix(r.URL.Path, "/service/"); isCBOR {
		protocol = wire.CBOR
		service, operation, known = strings.Cut(rest, "/operation/")
	}
	if err != nil || !known || response.StatusCode != http.StatusOK {
		return response, err
	}
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(answer))
	decoded, failure := protocol.Decode(answer)
	assert.Nil(j.t, failure, operation)
	if service == cloudWatch {
		j.judgeCBOR(operation, decoded)
		return response, nil
	}
	j.judge(service, operation, answer, decoded)
	return response, nil
}

// judgeCBOR does for CloudWatch what judge does for SageMaker.
func (j *judge) judgeCBOR(operation string, decoded wire.Body) {
	inModel := operation
	if j.api.Has("CloudWatch" + operation) {
		inModel = "CloudWatch" + operation
	}
	if invalid := j.api.ValidateAnswer(inModel, decoded); invalid != nil {
		assert.Fail(j.t, invalid.Error(), operation)
	}
	_, vector := cborVector(j.t, filepath.Join("response_snapshot", operation+".response.snap"))
	theirs, failure := wire.CBOR.Decode(vector)
	assert.Nil(j.t, failure, operation)
	assert.Empty(j.t, uncovered(decoded, theirs, operation))
}

func (j *judge) judge(service, operation string, answer []byte, decoded wire.Body) {
	if invalid := j.api.ValidateAnswer(operation, decoded); invalid != nil && !empty.MatchString(invalid.Error()) {
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
