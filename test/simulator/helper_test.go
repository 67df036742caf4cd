package simulator_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
)

const role = "arn:aws:iam::123456789012:role/sagemaker"

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// bench is a simulator on a virtual clock with a client.
type bench struct {
	*simulator.Server
	*sagemaker.Client
	t      *testing.T
	clock  *clocktesting.FakeClock
	config aws.Config
}

// start runs a simulator for a test; without options it is consistent at once.
func start(t *testing.T, change func(*simulator.Options)) *bench {
	t.Helper()
	clock := clocktesting.NewFakeClock(epoch)
	options := simulator.Options{Clock: clock, ConsistencyWindow: simulator.Off, RolePropagation: simulator.Off}
	if change != nil {
		change(&options)
	}
	server, err := simulator.New(options)
	require.NoError(t, err)
	require.NoError(t, server.Start())
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	require.NoError(t, server.PutObject("data", "train/part-0", []byte("1,2,3")))
	config, err := server.AWSConfig(t.Context())
	require.NoError(t, err)
	config.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	return &bench{Server: server, Client: sagemaker.NewFromConfig(config), t: t, clock: clock, config: config}
}

// pass lets virtual time pass.
func (b *bench) pass(d time.Duration) { b.clock.Step(d) }

func trainingInput(name string) *sagemaker.CreateTrainingJobInput {
	return &sagemaker.CreateTrainingJobInput{
		TrainingJobName: aws.String(name),
		RoleArn:         aws.String(role),
		AlgorithmSpecification: &types.AlgorithmSpecification{
			TrainingImage: aws.String("683313688378.dkr.ecr.us-east-1.amazonaws.com/xgboost:1.7-1"), TrainingInputMode: types.TrainingInputModeFile,
		},
		HyperParameters: map[string]string{"num_round": "10"},
		InputDataConfig: []types.Channel{{
			ChannelName: aws.String("train"),
			DataSource:  &types.DataSource{S3DataSource: &types.S3DataSource{S3DataType: types.S3DataTypeS3Prefix, S3Uri: aws.String("s3://data/train")}},
		}},
		OutputDataConfig:  &types.OutputDataConfig{S3OutputPath: aws.String("s3://data/out/")},
		ResourceConfig:    &types.ResourceConfig{InstanceType: types.TrainingInstanceTypeMlM5Xlarge, InstanceCount: aws.Int32(1), VolumeSizeInGB: aws.Int32(10)},
		StoppingCondition: &types.StoppingCondition{MaxRuntimeInSeconds: aws.Int32(3600)},
	}
}

func (b *bench) train(name string, change ...func(*sagemaker.CreateTrainingJobInput)) {
	b.t.Helper()
	input := trainingInput(name)
	for _, f := range change {
		f(input)
	}
	_, err := b.CreateTrainingJob(b.t.Context(), input)
	require.NoError(b.t, err)
}

func (b *bench) training(name string) *sagemaker.DescribeTrainingJobOutput {
	b.t.Helper()
	out, err := b.DescribeTrainingJob(b.t.Context(), &sagemaker.DescribeTrainingJobInput{TrainingJobName: aws.String(name)})
	require.NoError(b.t, err)
	return out
}

// requireAPIError checks code and exact words of AWS's refusal.
func requireAPIError(t *testing.T, err error, code, message string) {
	t.Helper()
	var apiError smithy.APIError
	require.ErrorAs(t, err, &apiError)
	require.Equal(t, code, apiError.ErrorCode())
	require.Equal(t, message, apiError.ErrorMessage())
}
