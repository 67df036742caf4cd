package cloud_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"
	"k8s.io/utils/clock"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

func TestInvocationURL(t *testing.T) {
	for _, row := range []struct {
		reason, arn string
		async       bool
		want        string
	}{
		{
			"in the partition of nearly everybody", "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/abalone", false,
			"https://runtime.sagemaker.eu-west-1.amazonaws.com/endpoints/Abalone/invocations",
		},
		{
			"requests that are queued", "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/abalone", true,
			"https://runtime.sagemaker.eu-west-1.amazonaws.com/endpoints/Abalone/async-invocations",
		},
		{
			"in China", "arn:aws-cn:sagemaker:cn-north-1:123456789012:endpoint/abalone", false,
			"https://runtime.sagemaker.cn-north-1.amazonaws.com.cn/endpoints/Abalone/invocations",
		},
		{
			"of the US government", "arn:aws-us-gov:sagemaker:us-gov-west-1:123456789012:endpoint/abalone", false,
			"https://runtime.sagemaker.us-gov-west-1.amazonaws.com/endpoints/Abalone/invocations",
		},
		{"a partition whose domain is not known is not guessed", "arn:aws-new:sagemaker:x-1:123456789012:endpoint/abalone", false, ""},
		{"no endpoint yet", "", false, ""},
		{"no ARN", "abalone", false, ""},
	} {
		t.Run(row.reason, func(t *testing.T) { require.Equal(t, row.want, cloud.InvocationURL(row.arn, "Abalone", row.async)) })
	}
}

// serving is an account whose endpoint serves two variants.
func serving(t *testing.T) *account {
	t.Helper()
	server, err := simulator.New(simulator.Options{ConsistencyWindow: simulator.Off, Durations: map[string]time.Duration{"Endpoint/Creating": 0}})
	require.NoError(t, err)
	require.NoError(t, server.Start())
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	require.NoError(t, server.PutObject("acme-ml", "model.tar.gz", nil))
	a := &account{Server: server}
	a.config, err = server.AWSConfig(t.Context())
	require.NoError(t, err)
	api := sagemaker.NewFromConfig(a.config)
	_, err = api.CreateModel(t.Context(), &sagemaker.CreateModelInput{
		ModelName: aws.String("m"), ExecutionRoleArn: aws.String("arn:aws:iam::123456789012:role/r"),
		PrimaryContainer: &types.ContainerDefinition{Image: aws.String("123456789012.dkr.ecr.us-east-1.amazonaws.com/x:1"), ModelDataUrl: aws.String("s3://acme-ml/model.tar.gz")},
	})
	require.NoError(t, err)
	variant := func(name string) types.ProductionVariant {
		return types.ProductionVariant{VariantName: aws.String(name), ModelName: aws.String("m"), InstanceType: types.ProductionVariantInstanceTypeMlM5Large, InitialInstanceCount: aws.Int32(1)}
	}
	_, err = api.CreateEndpointConfig(t.Context(), &sagemaker.CreateEndpointConfigInput{
		EndpointConfigName: aws.String("c"), ProductionVariants: []types.ProductionVariant{variant("a"), variant("b")},
	})
	require.NoError(t, err)
	_, err = api.CreateEndpoint(t.Context(), &sagemaker.CreateEndpointInput{EndpointName: aws.String("abalone"), EndpointConfigName: aws.String("c")})
	require.NoError(t, err)
	return a
}

func TestInvoke(t *testing.T) {
	a := serving(t)
	c, err := a.clients().For(t.Context(), cloud.Identity{})
	require.NoError(t, err)
	for _, variant := range []string{"b", "a", "b", "b"} {
		body, err := c.Invoke(t.Context(), cloud.Invocation{Endpoint: "abalone", Variant: variant, ContentType: "text/libsvm", Body: []byte("1:2")})
		require.NoError(t, err)
		var answer map[string]string
		require.NoError(t, json.Unmarshal(body, &answer))
		require.Equal(t, variant, answer["variant"], "the one that was asked")
		require.Equal(t, "s3://acme-ml/model.tar.gz", answer["modelDataUrl"])
	}
	_, err = c.Invoke(t.Context(), cloud.Invocation{Endpoint: "none"})
	require.Equal(t, cloud.Validation, cloud.Classify(err), "%v", err)
	require.Contains(t, cloud.Message(err), "Endpoint none of account 123456789012 not found.")
}

// TestInvokeFails: whose fault it is that there is no answer, and in which words.
func TestInvokeFails(t *testing.T) {
	for _, row := range []struct {
		reason string
		rule   fault.Rule
		class  cloud.Class
		says   string
	}{
		{"the model fails", fault.Rule{
			Action: fault.Reject, Operation: "InvokeEndpoint", Code: "ModelError", Status: http.StatusFailedDependency,
			Message: `Received server error (500) from primary with message "no such column"`,
		}, cloud.Validation, `message "no such column"`},
		{"SageMaker fails", fault.Rule{
			Action: fault.Reject, Operation: "InvokeEndpoint", Code: "InternalFailure", Status: http.StatusInternalServerError,
			Message: "try again",
		}, cloud.Server, "try again"},
		{"too many requests", fault.Rule{
			Action: fault.Reject, Operation: "InvokeEndpoint", Code: "ThrottlingException", Status: http.StatusBadRequest,
			Message: "Rate exceeded",
		}, cloud.Throttle, "Rate exceeded"},
		{"not allowed", fault.Rule{Action: fault.Deny, Operation: "InvokeEndpoint"}, cloud.Auth, "is not authorized to perform: sagemaker:InvokeEndpoint"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			a := serving(t)
			_, err := a.Faults().Add(row.rule)
			require.NoError(t, err)
			c, err := a.clients().For(t.Context(), cloud.Identity{})
			require.NoError(t, err)
			_, err = c.Invoke(t.Context(), cloud.Invocation{Endpoint: "abalone", Body: []byte("1:2")})
			require.Equal(t, row.class, cloud.Classify(err), "%v", err)
			require.Contains(t, cloud.Message(err), row.says)
			require.Equal(t, 1, a.Journal().Counts()["InvokeEndpoint"], "the loop repeats calls, and nobody else")
		})
	}
}

// TestInvokeInTime: a model that does not answer does not hold a worker, and is
// told apart from a controller that is stopping.
func TestInvokeInTime(t *testing.T) {
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer silent.Close()
	a := newAccount(t)
	c, err := cloud.NewClients(a.config, clock.RealClock{}, nil).For(t.Context(), cloud.Identity{})
	require.NoError(t, err)
	a.runtime = silent.Listener.Addr().String()

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = c.Invoke(ctx, cloud.Invocation{Endpoint: "abalone"})
	require.Equal(t, cloud.Server, cloud.Classify(err), "%v", err)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, "AWS did not answer in time", cloud.Message(err))

	stopping, stop := context.WithCancel(t.Context())
	stop()
	_, err = c.Invoke(stopping, cloud.Invocation{Endpoint: "abalone"})
	require.Equal(t, cloud.Server, cloud.Classify(err), "%v", err)
	require.NotErrorIs(t, err, context.DeadlineExceeded)
}
