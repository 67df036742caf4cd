package simulator_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/stretchr/testify/require"
	"k8s.io/utils/clock"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
)

// control makes a control call and gives status and body.
func (b *bench) control(method, path, body string) (int, string) {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), method, b.URL()+"/_simulator/"+path, strings.NewReader(body))
	require.NoError(b.t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(b.t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	return response.StatusCode, string(answer)
}

func TestControl(t *testing.T) {
	b := start(t, func(o *simulator.Options) { o.RolePropagation = time.Minute })
	for _, row := range []struct {
		reason, method, path, body string
		status                     int
		answer                     string
	}{
		{"it lives", "GET", "health", "", 200, `{"status":"ok","account":"123456789012","region":"us-east-1"}`},
		{"the time", "GET", "clock", "", 200, `{"time":"2026-03-01T12:00:00Z","virtual":true}`},
		{"time passes", "POST", "clock", `{"advance":"90s"}`, 200, `{"time":"2026-03-01T12:01:30Z","virtual":true}`},
		{"not backwards", "POST", "clock", `{"advance":"-1s"}`, 400, `{"error":"advance \"-1s\" is not a duration such as 90s or 10m"}`},
		{"no such member", "POST", "clock", `{"forward":"1s"}`, 400, `{"error":"request body: json: unknown field \"forward\""}`},
		{"a bucket", "PUT", "s3/made", "", 200, `{}`},
		{"an object in a bucket to be made", "PUT", "s3/other/a/b", "content", 200, `{}`},
		{"a name that S3 refuses", "PUT", "s3/UPPER", "", 400, `{"error":"bucket \"UPPER\": InvalidBucketName: bucket must start and end with 'a-z, 0-9', and contain only 'a-z, 0-9, -' in between"}`},
		{"a fault", "POST", "faults", `{"action":"delay","operation":"ListModels","latency":"250ms","times":1}`, 200, `{"id":"fault-1"}`},
		{"faults in force", "GET", "faults", "", 200, `[{"id":"fault-1","action":"delay","operation":"ListModels","latency":"250ms","times":1}]`},
		{"no latency", "POST", "faults", `{"action":"delay","latency":"soon"}`, 400, `{"error":"latency \"soon\" is not a duration such as 250ms"}`},
		{"no such action", "POST", "faults", `{"action":"explode"}`, 400, `{"error":"fault rule: unknown action \"explode\""}`},
		{"one fault out of force", "DELETE", "faults/fault-1", "", 200, `{}`},
		{"which is gone", "DELETE", "faults/fault-1", "", 404, `{"error":"no fault \"fault-1\" is in force"}`},
		{"all faults out of force", "DELETE", "faults", "", 200, `{}`},
		{"a new role", "POST", "roles", `{"arn":"arn:aws:iam::123456789012:role/new"}`, 200, `{}`},
		{"a role of no name", "POST", "roles", `{}`, 400, `{"error":"a role needs an arn"}`},
		{"nothing in service", "POST", "endpoints/none/systemupdate", "", 409, `{"error":"endpoint \"none\" is not in service"}`},
		{"no such call", "GET", "nonsense", "", 404, `{"error":"no control call GET /_simulator/nonsense"}`},
		{"nothing asked yet", "GET", "journal", "", 200, `[]`},
	} {
		status, answer := b.control(row.method, row.path, row.body)
		require.Equal(t, row.status, status, "%s: %s", row.reason, answer)
		require.JSONEq(t, row.answer, answer, row.reason)
	}
	input := trainingInput("job")
	input.RoleArn = aws.String("arn:aws:iam::123456789012:role/new")
	_, err := b.CreateTrainingJob(t.Context(), input)
	require.ErrorContains(t, err, "Could not assume role")
	_, err = b.ListModels(t.Context(), &sagemaker.ListModelsInput{})
	require.NoError(t, err)
	_, answer := b.control("GET", "journal/counts", "")
	require.JSONEq(t, `{"CreateTrainingJob":1,"ListModels":1}`, answer)
	_, answer = b.control("GET", "journal?mutations=true", "")
	require.Contains(t, answer, `"operation": "CreateTrainingJob"`)
	require.NotContains(t, answer, "ListModels")
	_, answer = b.control("GET", "journal?operation=ListModels", "")
	require.NotContains(t, answer, "CreateTrainingJob")
	status, _ := b.control("DELETE", "journal", "")
	require.Equal(t, 200, status)
	require.Empty(t, b.Journal().Entries())
	b.train("seen")
	_, answer = b.control("GET", "objects?kind=TrainingJob", "")
	require.Contains(t, answer, `"TrainingJobStatus": "InProgress"`)
	_, answer = b.control("GET", "stages", "")
	require.Contains(t, answer, `"Endpoint/Creating": "10m0s"`)
	_, answer = b.control("GET", "operations", "")
	require.Contains(t, answer, `"DeleteProcessingJob"`)
}

func TestControlOfRealClock(t *testing.T) {
	b := start(t, func(o *simulator.Options) { o.Clock = clock.RealClock{} })
	status, answer := b.control("POST", "clock", `{"advance":"1s"}`)
	require.Equal(t, http.StatusConflict, status)
	require.Contains(t, answer, "which cannot be advanced")
}
