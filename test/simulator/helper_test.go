package simulator_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"
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
	config.HTTPClient = newJudge(t)
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

// model makes a model with data of its own.
func (b *bench) model(name string) {
	b.t.Helper()
	require.NoError(b.t, b.PutObject("data", name+"/model.tar.gz", []byte(name)))
	_, err := b.CreateModel(b.t.Context(), modelInput(name))
	require.NoError(b.t, err)
}

func modelInput(name string) *sagemaker.CreateModelInput {
	return &sagemaker.CreateModelInput{
		ModelName: aws.String(name), ExecutionRoleArn: aws.String(role),
		PrimaryContainer: &types.ContainerDefinition{
			Image: aws.String("683313688378.dkr.ecr.us-east-1.amazonaws.com/xgboost:1.7-1"), ModelDataUrl: aws.String("s3://data/" + name + "/model.tar.gz"),
		},
	}
}

// endpointConfig makes a configuration with one variant of the model.
func (b *bench) endpointConfig(name, model string) {
	b.t.Helper()
	_, err := b.CreateEndpointConfig(b.t.Context(), &sagemaker.CreateEndpointConfigInput{
		EndpointConfigName: aws.String(name), ProductionVariants: []types.ProductionVariant{variant("AllTraffic", model, 1)},
	})
	require.NoError(b.t, err)
}

func variant(name, model string, weight float32) types.ProductionVariant {
	return types.ProductionVariant{
		VariantName: aws.String(name), ModelName: aws.String(model), InitialVariantWeight: aws.Float32(weight),
		InstanceType: types.ProductionVariantInstanceTypeMlM5Large, InitialInstanceCount: aws.Int32(1),
	}
}

// serve makes models one and two with a configuration each, and the endpoint
// "ep" in service of the first.
func (b *bench) serve() {
	b.t.Helper()
	for _, name := range []string{"one", "two"} {
		b.model(name)
		b.endpointConfig(name, name)
	}
	_, err := b.CreateEndpoint(b.t.Context(), &sagemaker.CreateEndpointInput{EndpointName: aws.String("ep"), EndpointConfigName: aws.String("one")})
	require.NoError(b.t, err)
	b.pass(10 * time.Minute)
	require.Equal(b.t, types.EndpointStatusInService, b.endpoint("ep").EndpointStatus)
}

func (b *bench) endpoint(name string) *sagemaker.DescribeEndpointOutput {
	b.t.Helper()
	out, err := b.DescribeEndpoint(b.t.Context(), &sagemaker.DescribeEndpointInput{EndpointName: aws.String(name)})
	require.NoError(b.t, err)
	return out
}

// update deploys another configuration to the endpoint "ep".
func (b *bench) update(config string, change ...func(*sagemaker.UpdateEndpointInput)) {
	b.t.Helper()
	input := &sagemaker.UpdateEndpointInput{EndpointName: aws.String("ep"), EndpointConfigName: aws.String(config)}
	for _, f := range change {
		f(input)
	}
	_, err := b.UpdateEndpoint(b.t.Context(), input)
	require.NoError(b.t, err)
}

// invoke asks the endpoint and says which model answered.
func (b *bench) invoke(endpoint string) string {
	b.t.Helper()
	out, err := sagemakerruntime.NewFromConfig(b.config).InvokeEndpoint(b.t.Context(), &sagemakerruntime.InvokeEndpointInput{
		EndpointName: aws.String(endpoint), Body: []byte("1,2"),
	})
	require.NoError(b.t, err)
	var answer struct {
		Model   string `json:"model"`
		Variant string `json:"variant"`
	}
	require.NoError(b.t, json.Unmarshal(out.Body, &answer))
	require.Equal(b.t, answer.Variant, aws.ToString(out.InvokedProductionVariant))
	return answer.Model
}

// count says how many of a hundred requests to "ep" each model answered.
func (b *bench) count() map[string]int {
	b.t.Helper()
	counts := map[string]int{}
	for range 100 {
		counts[b.invoke("ep")]++
	}
	return counts
}

func (b *bench) s3() *s3.Client { return s3.NewFromConfig(b.config) }

func (b *bench) deleteObject(client *s3.Client, bucket, key string) {
	b.t.Helper()
	_, err := client.DeleteObject(b.t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)})
	require.NoError(b.t, err)
}
