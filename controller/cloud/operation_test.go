package cloud_test

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

var (
	create   = cloud.Op((*sagemaker.Client).CreateModel)
	describe = cloud.Op((*sagemaker.Client).DescribeModel)
)

func connected(t *testing.T) (*account, *cloud.Client) {
	t.Helper()
	a := newAccount(t)
	c, err := a.clients().For(t.Context(), cloud.Identity{})
	require.NoError(t, err)
	return a, c
}

func TestOperation(t *testing.T) {
	require.False(t, cloud.Operation{}.Exists())
	require.False(t, cloud.Operation{}.HasInput("ModelName"))
	require.True(t, create.Exists())
	require.Equal(t, "CreateModel", create.Name)
	require.Equal(t, "CreateModelInput", create.Input().Name())
	require.Equal(t, "CreateModelOutput", create.Output().Name())
	for _, row := range []struct {
		reason, member string
		input, output  bool
	}{
		{"a member of the input", "PrimaryContainer", true, false},
		{"whatever its case", "primarycontainer", true, false},
		{"one of the output", "ModelArn", false, true},
		{"a field of the SDK's own", "noSmithyDocumentSerde", false, false},
		{"none", "", false, false},
	} {
		require.Equal(t, row.input, create.HasInput(row.member), row.reason)
		require.Equal(t, row.output, create.HasOutput(row.member), row.reason)
	}
}

func TestRequestTakesAllAndSelectWhatFits(t *testing.T) {
	spec := shape.Tree{"modelName": "m", "executionRoleARN": "r", "primaryContainer": map[string]any{"modelDataURL": "s3://b/k"}}
	want := shape.Tree{"ModelName": "m", "ExecutionRoleArn": "r", "PrimaryContainer": map[string]any{"ModelDataUrl": "s3://b/k"}}
	request, err := create.Request(spec)
	require.NoError(t, err)
	require.Equal(t, want, request)
	selected, err := describe.Select(spec)
	require.NoError(t, err)
	require.Equal(t, shape.Tree{"ModelName": "m"}, selected)
	_, err = describe.Request(spec)
	require.EqualError(t, err, `DescribeModel: DescribeModelInput has no member "executionRoleARN"`)
	_, err = describe.Select(shape.Tree{"modelName": int64(1)})
	require.EqualError(t, err, "DescribeModel: modelName: want a string, got int64 1")
}

func TestCall(t *testing.T) {
	a, c := connected(t)
	out, err := create.Call(t.Context(), c, shape.Tree{
		"modelName": "m", "executionRoleARN": "arn:aws:iam::123456789012:role/r", "status": "is not a member and is left out",
		"primaryContainer": map[string]any{"image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/i:1"},
	})
	require.NoError(t, err)
	require.Equal(t, shape.Tree{"ModelArn": "arn:aws:sagemaker:us-east-1:123456789012:model/m"}, out)

	asked := len(a.Journal().Entries())
	_, err = cloud.AddTags.Call(t.Context(), c, shape.Tree{"Tags": []any{map[string]any{"Key": "k"}}})
	require.Equal(t, "missing required field, AddTagsInput.ResourceArn.; missing required field, AddTagsInput.Tags[0].Value.", cloud.Message(err),
		"the SDK sees at once what is missing")
	require.Equal(t, cloud.Validation, cloud.Classify(err))
	require.Len(t, a.Journal().Entries(), asked, "and does not ask AWS")
}

// Some operations are on several objects at once: the loop has one.
func TestOneOfSeveral(t *testing.T) {
	a, c := connected(t)
	for _, op := range []cloud.Operation{
		cloud.AlarmOp((*cloudwatch.Client).DescribeAlarms).One("MetricAlarms", "AlarmName", "AlarmNames"),
		cloud.AlarmOp((*cloudwatch.Client).DeleteAlarms).On("AlarmName", "AlarmNames"),
	} {
		require.True(t, op.HasInput("AlarmName"))
		_, err := op.Call(t.Context(), c, shape.Tree{"AlarmName": "errors", "Threshold": 1.5})
		require.Equal(t, cloud.NotFound, cloud.Classify(err), "%s: %v", op.Name, err)
		entries := a.Journal().Entries()
		asked := entries[len(entries)-1]
		require.Equal(t, op.Name, asked.Operation)
		require.Equal(t, map[string]any{"AlarmNames": []any{"errors"}}, asked.Request)
	}
}

func TestACallThatIsNotAnsweredInTime(t *testing.T) {
	a, c := connected(t)
	a.answer(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := describe.Call(ctx, c, shape.Tree{"ModelName": "m"})
	require.Equal(t, cloud.Server, cloud.Classify(err), "nobody knows whether it had an effect")
	require.Equal(t, "AWS did not answer in time", cloud.Message(err))
}

// A call is made once: the loop repeats it, when the object's turn comes.
func TestWhatComesOfBrokenAnswers(t *testing.T) {
	for reason, row := range map[string]struct {
		answer http.HandlerFunc
		class  cloud.Class
		says   string
	}{
		"a load balancer answers in AWS's place": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, "<html>no backend</html>")
		}, cloud.Server, ""},
		"an empty failure": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, cloud.Server, ""},
		"a connection that breaks off": {func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_ = conn.Close()
			}
		}, cloud.Server, "EOF"},
		"an answer that is no JSON": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{") }, cloud.Server, ""},
		"AWS's own throttle": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"__type":"ThrottlingException","message":"Rate exceeded"}`)
		}, cloud.Throttle, "Rate exceeded"},
		"AWS's own failure": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, `{"__type":"InternalFailure"}`)
		}, cloud.Server, ""},
		"a failure of AWS with a name that is not known yet": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, `{"__type":"DependencyFailure","message":"no"}`)
		}, cloud.Server, "no"},
	} {
		t.Run(reason, func(t *testing.T) {
			var calls atomic.Int64
			a, c := connected(t)
			a.answer(t, func(w http.ResponseWriter, r *http.Request) {
				calls.Add(1)
				row.answer(w, r)
			})
			_, err := describe.Call(t.Context(), c, shape.Tree{"ModelName": "m"})
			require.Error(t, err)
			require.Equal(t, row.class, cloud.Classify(err), "%v", err)
			require.Contains(t, cloud.Message(err), row.says)
			require.EqualValues(t, 1, calls.Load())
		})
	}
}
