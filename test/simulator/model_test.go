package simulator_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"
)

func TestModel(t *testing.T) {
	b := start(t, nil)
	b.model("one")
	out, err := b.DescribeModel(t.Context(), &sagemaker.DescribeModelInput{ModelName: aws.String("one")})
	require.NoError(t, err)
	require.Equal(t, arnPrefix+"model/one", aws.ToString(out.ModelArn))
	require.Equal(t, "s3://data/one/model.tar.gz", aws.ToString(out.PrimaryContainer.ModelDataUrl))
	require.Equal(t, "s3://data/one/model.tar.gz", aws.ToString(out.PrimaryContainer.ModelDataSource.S3DataSource.S3Uri))
	require.Equal(t, types.ContainerModeSingleModel, out.PrimaryContainer.Mode)
	require.Equal(t, epoch, out.CreationTime.UTC())
	_, err = b.CreateModel(t.Context(), modelInput("one"))
	requireAPIError(t, err, "ValidationException", `Cannot create already existing model "`+arnPrefix+`model/one".`)
	_, err = b.DeleteModel(t.Context(), &sagemaker.DeleteModelInput{ModelName: aws.String("one")})
	require.NoError(t, err)
	_, err = b.DescribeModel(t.Context(), &sagemaker.DescribeModelInput{ModelName: aws.String("one")})
	requireAPIError(t, err, "ValidationException", `Could not find model "`+arnPrefix+`model/one".`)
	_, err = b.DeleteModel(t.Context(), &sagemaker.DeleteModelInput{ModelName: aws.String("one")})
	requireAPIError(t, err, "ValidationException", `Could not find model "`+arnPrefix+`model/one".`)
}

func TestModelRefusals(t *testing.T) {
	for _, row := range []struct {
		reason  string
		change  func(*sagemaker.CreateModelInput)
		message string
	}{
		{
			"model data must be there",
			func(in *sagemaker.CreateModelInput) {
				in.PrimaryContainer.ModelDataUrl = aws.String("s3://data/absent.tar.gz")
			},
			`Could not access model data at s3://data/absent.tar.gz. Please ensure that the role "` + role + `" exists and that its trust relationship policy allows the action "sts:AssumeRole" for the service principal "sagemaker.amazonaws.com". Also ensure that the role has "s3:GetObject" permissions and that the object is located in us-east-1.`,
		},
		{
			"one way to name containers",
			func(in *sagemaker.CreateModelInput) {
				in.Containers = []types.ContainerDefinition{*in.PrimaryContainer}
			},
			"Specify either PrimaryContainer or Containers, and not both.",
		},
		{
			"no containers at all",
			func(in *sagemaker.CreateModelInput) { in.PrimaryContainer = nil },
			"Specify either PrimaryContainer or Containers, and not both.",
		},
		{
			"every broken constraint is told",
			func(in *sagemaker.CreateModelInput) {
				in.ModelName = aws.String("-")
				in.PrimaryContainer.Mode = "Both"
			},
			"2 validation errors detected: Value '-' at 'modelName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9]([\\-a-zA-Z0-9]*[a-zA-Z0-9])?; " +
				"Value 'Both' at 'primaryContainer.mode' failed to satisfy constraint: Member must satisfy enum value set: [SingleModel, MultiModel]",
		},
	} {
		t.Run(row.reason, func(t *testing.T) {
			b := start(t, nil)
			require.NoError(t, b.PutObject("data", "new/model.tar.gz", nil))
			input := modelInput("new")
			row.change(input)
			_, err := b.CreateModel(t.Context(), input)
			requireAPIError(t, err, "ValidationException", row.message)
			require.False(t, b.Exists("Model", "new"))
		})
	}
}

func TestEndpointConfig(t *testing.T) {
	b := start(t, nil)
	b.model("one")
	b.endpointConfig("config", "one")
	name := aws.String("config")
	out, err := b.DescribeEndpointConfig(t.Context(), &sagemaker.DescribeEndpointConfigInput{EndpointConfigName: name})
	require.NoError(t, err)
	require.Equal(t, arnPrefix+"endpoint-config/config", aws.ToString(out.EndpointConfigArn))
	require.Equal(t, "one", aws.ToString(out.ProductionVariants[0].ModelName))
	_, err = b.CreateEndpointConfig(t.Context(), &sagemaker.CreateEndpointConfigInput{
		EndpointConfigName: name, ProductionVariants: []types.ProductionVariant{variant("v", "one", 1)},
	})
	requireAPIError(t, err, "ValidationException", `Cannot create already existing endpoint configuration "`+arnPrefix+`endpoint-config/config".`)
	_, err = b.DeleteEndpointConfig(t.Context(), &sagemaker.DeleteEndpointConfigInput{EndpointConfigName: name})
	require.NoError(t, err)
	_, err = b.DescribeEndpointConfig(t.Context(), &sagemaker.DescribeEndpointConfigInput{EndpointConfigName: name})
	requireAPIError(t, err, "ValidationException", `Could not find endpoint configuration "`+arnPrefix+`endpoint-config/config".`)
}

func TestEndpointConfigRefusals(t *testing.T) {
	serverless := variant("v", "one", 1)
	serverless.ServerlessConfig = &types.ProductionVariantServerlessConfig{MaxConcurrency: aws.Int32(1), MemorySizeInMB: aws.Int32(1024)}
	for _, row := range []struct {
		reason   string
		variants []types.ProductionVariant
		message  string
	}{
		{"the model must be there", []types.ProductionVariant{variant("v", "none", 1)}, `Could not find model "` + arnPrefix + `model/none".`},
		{
			"names of variants differ",
			[]types.ProductionVariant{variant("v", "one", 1), variant("v", "one", 1)},
			`Variant names must be unique within an endpoint configuration: "v" is used twice.`,
		},
		{"one kind of capacity", []types.ProductionVariant{serverless}, `Variant "v" must have either an InstanceType or a ServerlessConfig, and not both.`},
		{
			"objects in lists are told by their place",
			[]types.ProductionVariant{variant("v", "one", 1), variant("w", "one", -1)},
			"1 validation error detected: Value '-1' at 'productionVariants.2.member.initialVariantWeight' failed to satisfy constraint: Member must have value greater than or equal to 0",
		},
	} {
		t.Run(row.reason, func(t *testing.T) {
			b := start(t, nil)
			b.model("one")
			_, err := b.CreateEndpointConfig(t.Context(), &sagemaker.CreateEndpointConfigInput{EndpointConfigName: aws.String("c"), ProductionVariants: row.variants})
			requireAPIError(t, err, "ValidationException", row.message)
		})
	}
}

func TestEndpointServesModelOfEveryForm(t *testing.T) {
	b := start(t, nil)
	require.NoError(t, b.PutObject("data", "tree/model/weights.bin", []byte("w")))
	input := modelInput("tree")
	input.PrimaryContainer.ModelDataUrl = nil
	input.PrimaryContainer.ModelDataSource = &types.ModelDataSource{S3DataSource: &types.S3ModelDataSource{
		S3Uri: aws.String("s3://data/tree/model/"), S3DataType: types.S3ModelDataTypeS3Prefix, CompressionType: types.ModelCompressionTypeNone,
	}}
	_, err := b.CreateModel(t.Context(), input)
	require.NoError(t, err)
	v := variant("v", "tree", 1)
	v.InstanceType, v.InitialInstanceCount = "", nil
	v.ServerlessConfig = &types.ProductionVariantServerlessConfig{MaxConcurrency: aws.Int32(1), MemorySizeInMB: aws.Int32(1024)}
	_, err = b.CreateEndpointConfig(t.Context(), &sagemaker.CreateEndpointConfigInput{
		EndpointConfigName: aws.String("c"), ProductionVariants: []types.ProductionVariant{v},
		DataCaptureConfig: &types.DataCaptureConfig{
			EnableCapture: aws.Bool(true), InitialSamplingPercentage: aws.Int32(20), DestinationS3Uri: aws.String("s3://data/captured"),
			CaptureOptions: []types.CaptureOption{{CaptureMode: types.CaptureModeInput}},
		},
	})
	require.NoError(t, err)
	_, err = b.CreateEndpoint(t.Context(), &sagemaker.CreateEndpointInput{EndpointName: aws.String("ep"), EndpointConfigName: aws.String("c")})
	require.NoError(t, err)
	b.pass(time.Hour)
	got := b.endpoint("ep")
	require.Equal(t, types.EndpointStatusInService, got.EndpointStatus)
	require.EqualValues(t, 1024, aws.ToInt32(got.ProductionVariants[0].CurrentServerlessConfig.MemorySizeInMB))
	require.EqualValues(t, 20, aws.ToInt32(got.DataCaptureConfig.CurrentSamplingPercentage))
	require.Equal(t, types.CaptureStatusStarted, got.DataCaptureConfig.CaptureStatus)
	require.Equal(t, "tree", b.invoke("ep"))
}
