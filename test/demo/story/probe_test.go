package story

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/bench"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

var served = model{"job", "s3://acme-ml/model.tar.gz"}

// endpoint is a simulator whose endpoint serves one model.
func endpoint(t *testing.T) *bench.Bench {
	t.Helper()
	server, err := simulator.New(simulator.Options{
		ConsistencyWindow: simulator.Off,
		Durations:         map[string]time.Duration{"Endpoint/Creating": 0},
	})
	require.NoError(t, err)
	require.NoError(t, server.Start())
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	require.NoError(t, server.PutObject("acme-ml", "model.tar.gz", nil))
	config, err := server.AWSConfig(t.Context())
	require.NoError(t, err)
	client := sagemaker.NewFromConfig(config)
	_, err = client.CreateModel(t.Context(), &sagemaker.CreateModelInput{
		ModelName: aws.String("m"), ExecutionRoleArn: aws.String("arn:aws:iam::123456789012:role/r"),
		PrimaryContainer: &types.ContainerDefinition{
			Image: aws.String("123456789012.dkr.ecr.us-east-1.amazonaws.com/x:1"), ModelDataUrl: aws.String(served.data),
		},
	})
	require.NoError(t, err)
	_, err = client.CreateEndpointConfig(t.Context(), &sagemaker.CreateEndpointConfigInput{
		EndpointConfigName: aws.String("c"), ProductionVariants: []types.ProductionVariant{{
			VariantName: aws.String("main"), ModelName: aws.String("m"),
			InstanceType: types.ProductionVariantInstanceTypeMlM5Large, InitialInstanceCount: aws.Int32(1),
		}},
	})
	require.NoError(t, err)
	_, err = client.CreateEndpoint(t.Context(), &sagemaker.CreateEndpointInput{
		EndpointName: aws.String(Name), EndpointConfigName: aws.String("c"),
	})
	require.NoError(t, err)
	return &bench.Bench{AWS: server}
}

// TestExpectServed: what the invocations tell is not made better than it is.
func TestExpectServed(t *testing.T) {
	other := model{"other", "s3://acme-ml/other.tar.gz"}
	fail := fault.Rule{Action: fault.Reject, Operation: "InvokeEndpoint", Code: "ModelError", Message: "out of memory", Status: 424}
	failOnce := fail
	failOnce.Times = 1
	for _, test := range []struct {
		reason  string
		faults  []fault.Rule
		before  int // answers before the faults
		expects []model
		want    string
	}{
		{reason: "it serves as expected", expects: []model{served}},
		{reason: "another model is expected", expects: []model{other}, want: other.data},
		{reason: "another model was to answer first", expects: []model{other, served}, want: "in this order"},
		{reason: "one failure, long past, counts", faults: []fault.Rule{failOnce}, before: 1, expects: []model{served}, want: "1 failures, the first"},
		{reason: "it fails now", faults: []fault.Rule{fail}, expects: []model{served}, want: "out of memory"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			b := endpoint(t)
			config, err := b.AWSConfig(t.Context())
			require.NoError(t, err)
			var told strings.Builder
			s := New(b, NewLog(&told))
			s.prober = StartProber(t.Context(), config, Name)
			defer s.Stop()
			for range test.before {
				_, err := s.prober.Next(t.Context())
				require.NoError(t, err)
			}
			for _, rule := range test.faults {
				_, err := b.AWS.Faults().Add(rule)
				require.NoError(t, err)
			}
			if test.before > 0 {
				for n := 0; n == 0; n, _ = failures(s.prober.Answers()) {
					_, err := s.prober.Next(t.Context())
					require.NoError(t, err)
				}
			}

			err = s.expectServed(t.Context(), 0, test.expects...)

			if test.want == "" {
				require.NoError(t, err)
				require.Contains(t, told.String(), "ok since the push answered, in this order: job")
				return
			}
			untrue, ok := errors.AsType[*UntrueError](err)
			require.True(t, ok, "%v", err)
			require.Contains(t, untrue.Error(), test.want)
		})
	}
}

func TestProberEnds(t *testing.T) {
	b := endpoint(t)
	config, err := b.AWSConfig(t.Context())
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	p := StartProber(ctx, config, Name)
	_, err = p.Next(t.Context())
	require.NoError(t, err)
	cancel()
	p.Stop()
	p.Stop()
	n, _ := failures(p.Answers())
	require.Zero(t, n, "the end of the prober is no failure of the endpoint")
	_, err = p.Next(t.Context())
	require.Error(t, err, "no answer will come")
}

func TestModels(t *testing.T) {
	a, b, none := Answer{Model: "a"}, Answer{Model: "b"}, Answer{Err: errors.New("gone")}
	for _, test := range []struct {
		reason  string
		answers []Answer
		want    []string
		failed  int
	}{
		{"nobody was asked", nil, nil, 0},
		{"the same one again", []Answer{a, a}, []string{"a"}, 0},
		{"one after the other", []Answer{a, a, b}, []string{"a", "b"}, 0},
		{"back and forth is seen", []Answer{a, b, a}, []string{"a", "b", "a"}, 0},
		{"nobody's answer is no model", []Answer{a, none, a, none}, []string{"a"}, 2},
	} {
		require.Equal(t, test.want, models(test.answers), test.reason)
		n, first := failures(test.answers)
		require.Equal(t, test.failed, n, test.reason)
		require.Equal(t, test.failed > 0, first != nil, test.reason)
	}
}

func TestMovedByTurns(t *testing.T) {
	for _, test := range []struct {
		reason, list string
		want         bool
	}{
		{"both answered by turns, then the new one", "abab", true},
		{"for longer", "abababab", true},
		{"at once is no canary", "ab", false},
		{"the old one answers still", "aba", false},
		{"the old one was not there at first", "baba", false},
		{"a third", "abcb", false},
		{"nobody", "", false},
	} {
		require.Equal(t, test.want, movedByTurns(strings.Split(test.list, ""), "a", "b"), test.reason)
	}
}
