package story

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	scaling "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
)

const role = "arn:aws:iam::123456789012:role/sagemaker"

// Stage is a simulated account in which a story takes place.
type Stage struct {
	t     testing.TB
	aws   *simulator.Server
	clock *clocktesting.FakeClock
	// named are the identifiers that AWS made, by what stories call them.
	named map[string]string
}

// Furnish makes in AWS what stories refer to: data, the models and endpoint
// configurations one and two, an endpoint called serving, one called scaled that
// the cluster scales, a job definition called quality, a group of model packages
// called versions, a pipeline called steps, a lifecycle configuration called
// setup, a domain called d-team with a user called alice. The simulator's clock
// must be the one given.
func Furnish(tb testing.TB, server *simulator.Server, clock *clocktesting.FakeClock, cluster string) *Stage {
	tb.Helper()
	w := &Stage{t: tb, aws: server, clock: clock, named: map[string]string{}}
	ctx := tb.Context()
	config, err := server.AWSConfig(ctx)
	require.NoError(tb, err)
	api := sagemaker.NewFromConfig(config)
	w.studio(api) // first, since its ids are in digests
	for _, key := range []string{"abalone/train/part-0", "raw/part-0", "one/model.tar.gz", "two/model.tar.gz"} {
		require.NoError(w.t, w.aws.PutObject("acme-ml", key, []byte("data")))
	}
	for _, name := range []string{"one", "two"} {
		_, err := api.CreateModel(ctx, &sagemaker.CreateModelInput{
			ModelName: aws.String(name), ExecutionRoleArn: aws.String(role),
			PrimaryContainer: &types.ContainerDefinition{
				Image:        aws.String("683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"),
				ModelDataUrl: aws.String("s3://acme-ml/" + name + "/model.tar.gz"),
			},
		})
		require.NoError(w.t, err)
		w.clock.Step(time.Minute)
		_, err = api.CreateEndpointConfig(ctx, &sagemaker.CreateEndpointConfigInput{
			EndpointConfigName: aws.String(name),
			ProductionVariants: []types.ProductionVariant{{
				VariantName: aws.String("AllTraffic"), ModelName: aws.String(name), InitialInstanceCount: aws.Int32(2),
				InstanceType: types.ProductionVariantInstanceTypeMlM5Large,
			}},
		})
		require.NoError(w.t, err)
	}
	w.clock.Step(time.Minute)
	for _, name := range []string{"serving", "scaled"} {
		_, err := api.CreateEndpoint(ctx, &sagemaker.CreateEndpointInput{EndpointName: aws.String(name), EndpointConfigName: aws.String("one")})
		require.NoError(w.t, err)
	}
	w.clock.Step(time.Minute)
	w.monitor(api)
	w.register(api)
	w.clock.Step(time.Hour)
	_, err = applicationautoscaling.NewFromConfig(config).RegisterScalableTarget(ctx, &applicationautoscaling.RegisterScalableTargetInput{
		ServiceNamespace: scaling.ServiceNamespaceSagemaker, ResourceId: aws.String("endpoint/scaled/variant/AllTraffic"),
		ScalableDimension: scaling.ScalableDimensionSageMakerVariantDesiredInstanceCount, MinCapacity: aws.Int32(1), MaxCapacity: aws.Int32(4),
		Tags: map[string]string{identity.TagCluster: cluster},
	})
	require.NoError(w.t, err)
	w.clock.Step(time.Minute)
	return w
}

// Call says how stories call an identifier that AWS made.
func (w *Stage) Call(id, name string) { w.named[name] = id }

// Play puts the identifiers that AWS made into a text that calls them.
func (w *Stage) Play(text string) string {
	for name, id := range w.named {
		text = strings.ReplaceAll(text, name, id)
	}
	return text
}

// Tell calls identifiers in a text as stories do.
func (w *Stage) Tell(text string) string {
	for name, id := range w.named {
		text = strings.ReplaceAll(text, id, name)
	}
	return text
}

func (w *Stage) monitor(api *sagemaker.Client) {
	w.t.Helper()
	_, err := api.CreateDataQualityJobDefinition(w.t.Context(), &sagemaker.CreateDataQualityJobDefinitionInput{
		JobDefinitionName: aws.String("quality"), RoleArn: aws.String(role),
		DataQualityAppSpecification: &types.DataQualityAppSpecification{ImageUri: aws.String("156813124566.dkr.ecr.us-east-1.amazonaws.com/analyzer")},
		DataQualityJobInput: &types.DataQualityJobInput{EndpointInput: &types.EndpointInput{
			EndpointName: aws.String("serving"), LocalPath: aws.String("/opt/ml/processing/input"),
		}},
		DataQualityJobOutputConfig: &types.MonitoringOutputConfig{MonitoringOutputs: []types.MonitoringOutput{{
			S3Output: &types.MonitoringS3Output{S3Uri: aws.String("s3://acme-ml/reports/"), LocalPath: aws.String("/opt/ml/processing/output")},
		}}},
		JobResources: &types.MonitoringResources{ClusterConfig: &types.MonitoringClusterConfig{
			InstanceType: types.ProcessingInstanceTypeMlM5Large, InstanceCount: aws.Int32(1), VolumeSizeInGB: aws.Int32(20),
		}},
	})
	require.NoError(w.t, err)
}

func (w *Stage) register(api *sagemaker.Client) {
	w.t.Helper()
	ctx := w.t.Context()
	_, err := api.CreateModelPackageGroup(ctx, &sagemaker.CreateModelPackageGroupInput{ModelPackageGroupName: aws.String("versions")})
	require.NoError(w.t, err)
	_, err = api.CreatePipeline(ctx, &sagemaker.CreatePipelineInput{
		PipelineName: aws.String("steps"), RoleArn: aws.String(role), ClientRequestToken: aws.String("a-token-of-no-less-than-32-characters"),
		PipelineDefinition: aws.String(`{"Parameters":[{"Name":"Rounds","Type":"Integer"}],"Steps":[{"Name":"Train","Type":"Training"}]}`),
	})
	require.NoError(w.t, err)
	_, err = api.CreateNotebookInstanceLifecycleConfig(ctx, &sagemaker.CreateNotebookInstanceLifecycleConfigInput{
		NotebookInstanceLifecycleConfigName: aws.String("setup"),
	})
	require.NoError(w.t, err)
}

func (w *Stage) studio(api *sagemaker.Client) {
	w.t.Helper()
	made, err := api.CreateDomain(w.t.Context(), &sagemaker.CreateDomainInput{
		DomainName: aws.String("team"), AuthMode: types.AuthModeIam, VpcId: aws.String("vpc-1"), SubnetIds: []string{"subnet-1"},
		DefaultUserSettings: &types.UserSettings{ExecutionRole: aws.String(role)},
	})
	require.NoError(w.t, err)
	w.Call(aws.ToString(made.DomainId), "d-team")
	w.clock.Step(time.Hour)
	_, err = api.CreateUserProfile(w.t.Context(), &sagemaker.CreateUserProfileInput{DomainId: made.DomainId, UserProfileName: aws.String("alice")})
	require.NoError(w.t, err)
}
