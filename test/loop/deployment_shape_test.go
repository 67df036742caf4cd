package loop_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
)

// Endpoints that are not just instances of one model.

func jsonText(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}

// variantNumber is a number in what Describe tells of a variant.
func variantNumber(variant map[string]any, member string) string { return fmt.Sprint(variant[member]) }

// variant is what AWS tells of the endpoint's first variant, or first shadow.
func (w *world) variant(member string) map[string]any {
	o, _ := w.aws.Object("Endpoint", "abalone")
	variants, _ := o.Document[member].([]any)
	if len(variants) == 0 {
		return nil
	}
	first, _ := variants[0].(map[string]any)
	return first
}

// TestDeploymentShadow: a shadow gets a copy of the requests and answers nobody;
// another model for it rolls out, and it goes when git has none.
func TestDeploymentShadow(t *testing.T) {
	w := newDeploymentWorld(t)
	shadowed := func(version int) string {
		return deployment(1, fmt.Sprintf(`shadowVariants:
  - variantName: candidate
    instanceType: ml.m5.large
    initialInstanceCount: 1
    initialVariantWeight: 1
    model: {primaryContainer: {image: %s, modelDataURL: s3://acme-ml/models/v%d/model.tar.gz}}`, deploymentImage, version))
	}
	w.apply(shadowed(2))
	w.deployed()
	require.Equal(t, "candidate", w.variant("ShadowProductionVariants")["VariantName"])
	require.Equal(t, 2, w.mutations()["CreateModel"])
	w.apply(shadowed(3))
	w.until("the other model is behind it", func() bool {
		require.Contains(t, w.served(), "v1/", "no shadow ever answers")
		return isReady(w.deployment())
	})
	require.Equal(t, 3, w.mutations()["CreateModel"], "the one that answers stays what it is")
	require.Equal(t, 1, w.mutations()["UpdateEndpoint"])
	w.apply(deployment(1))
	w.deployed()
	require.Nil(t, w.variant("ShadowProductionVariants"))
	require.Contains(t, w.served(), "v1/")
}

// shared is an endpoint on whose instance a component serves the model of a
// version.
func components(version int, extra string) string {
	return fmt.Sprintf(`
kind: ModelDeployment
metadata: {name: abalone}
spec:
  executionRoleARN: arn:aws:iam::123456789012:role/abalone
  variants:
  - {variantName: shared, instanceType: ml.m5.4xlarge, initialInstanceCount: 1}
  components:
  - name: rings
    model: {primaryContainer: {image: %s, modelDataURL: s3://acme-ml/models/v%d/model.tar.gz}}
    specification: {computeResourceRequirements: {minMemoryRequiredInMb: 1024, numberOfCPUCoresRequired: 1}}
    copyCount: 1
    %s`, deploymentImage, version, extra)
}

// asks a component of the endpoint.
func (w *world) asks(component string) string {
	config, err := w.aws.AWSConfig(w.ctx)
	require.NoError(w.t, err)
	out, err := sagemakerruntime.NewFromConfig(config).InvokeEndpoint(w.ctx, &sagemakerruntime.InvokeEndpointInput{
		EndpointName: aws.String("abalone"), InferenceComponentName: &component, Body: []byte("1:2"),
	})
	if err != nil {
		return ""
	}
	return string(out.Body)
}

// TestDeploymentComponents: components share the instances of an endpoint; a model
// is changed in place, copies that are scaled stay as many, and all of it goes
// with the deployment.
func TestDeploymentComponents(t *testing.T) {
	w := newDeploymentWorld(t)
	autoscaled := `autoscaling:
      minCapacity: 0
      maxCapacity: 4
      policies: [{name: load, targetTracking: {targetValue: 5, predefinedMetricSpecification: {predefinedMetricType: SageMakerInferenceComponentInvocationsPerCopy}}}]`
	w.apply(components(1, autoscaled))
	w.deployed()
	name := w.aws.Objects("InferenceComponent")[0].Name
	require.Contains(t, w.asks(name), "v1/")
	require.Equal(t, "inference-component/"+name, w.requests("RegisterScalableTarget")[0]["ResourceId"])

	_, err := w.sagemaker().UpdateInferenceComponentRuntimeConfig(w.ctx, &sagemaker.UpdateInferenceComponentRuntimeConfigInput{
		InferenceComponentName: &name, DesiredRuntimeConfig: &types.InferenceComponentRuntimeConfig{CopyCount: aws.Int32(3)},
	})
	require.NoError(t, err)
	w.aws.Journal().Reset()
	w.pass(time.Hour, 10*time.Second)
	require.Empty(t, w.mutations(), "how many copies there are is not git's to say")

	w.apply(components(2, autoscaled))
	w.until("the other model answers", func() bool {
		require.NotEmpty(t, w.asks(name), "no request fails")
		return isReady(w.deployment()) && strings.Contains(w.asks(name), "v2/")
	})
	require.Zero(t, w.mutations()["UpdateEndpoint"], "the instances stay what they are")
	require.Len(t, w.requests("UpdateInferenceComponent"), 1)
	require.NotContains(t, w.requests("UpdateInferenceComponent")[0], "RuntimeConfig")

	require.NoError(t, w.kube.Delete(w.ctx, w.deployment()))
	w.until("nothing is left", func() bool {
		_, there := get(w, "abalone", &v1alpha1.ModelDeployment{})
		return !there && len(w.aws.Objects("InferenceComponent"))+len(w.aws.Objects("Endpoint"))+len(w.aws.Objects("ScalableTarget"))+len(w.aws.Objects("Model")) == 0
	})
}

// TestDeploymentAsynchronous: an endpoint that queues its requests may be scaled
// to nothing; that is no fault, and a new model leaves it there.
func TestDeploymentAsynchronous(t *testing.T) {
	w := newDeploymentWorld(t)
	queued := func(version int) string {
		return strings.ReplaceAll(deployment(version, "asyncInferenceConfig: {outputConfig: {s3OutputPath: s3://acme-ml/answers}}"), "initialInstanceCount: 2", `initialInstanceCount: 1
    autoscaling:
      minCapacity: 0
      maxCapacity: 3
      policies:
      - name: backlog
        targetTracking:
          targetValue: 5
          customizedMetricSpecification:
            {namespace: AWS/SageMaker, metricName: ApproximateBacklogSizePerInstance, statistic: Average, dimensions: [{name: EndpointName, value: abalone}]}`)
	}
	w.apply(queued(1))
	require.Equal(t, "https://runtime.sagemaker.us-east-1.amazonaws.com/endpoints/abalone/async-invocations", w.deployed().Status.URL)
	_, err := w.sagemaker().UpdateEndpointWeightsAndCapacities(w.ctx, &sagemaker.UpdateEndpointWeightsAndCapacitiesInput{
		EndpointName: aws.String("abalone"), DesiredWeightsAndCapacities: []types.DesiredWeightAndCapacity{{VariantName: aws.String("main"), DesiredInstanceCount: aws.Int32(0)}},
	})
	require.NoError(t, err)
	for range 60 {
		w.pass(10*time.Second, 5*time.Second)
		require.True(t, isReady(w.deployment()), "nobody asks anything, so nothing runs")
	}
	require.Equal(t, "0", variantNumber(w.variant("ProductionVariants"), "CurrentInstanceCount"))
	w.apply(queued(2))
	w.deployed()
	require.Equal(t, "0", variantNumber(w.variant("ProductionVariants"), "CurrentInstanceCount"))
	config, err := w.aws.AWSConfig(w.ctx)
	require.NoError(t, err)
	_, err = sagemakerruntime.NewFromConfig(config).InvokeEndpointAsync(w.ctx, &sagemakerruntime.InvokeEndpointAsyncInput{
		EndpointName: aws.String("abalone"), InputLocation: aws.String("s3://acme-ml/models/v1/model.tar.gz"),
	})
	require.NoError(t, err)
}

// TestDeploymentSchedules: limits that change by the clock are AWS's to change;
// schedules follow git, and go with it.
func TestDeploymentSchedules(t *testing.T) {
	w := newDeploymentWorld(t)
	scheduled := func(cron string) string {
		return strings.ReplaceAll(deployment(1), "initialInstanceCount: 2", `initialInstanceCount: 2
    autoscaling:
      minCapacity: 2
      maxCapacity: 4
      schedules: [{name: morning, schedule: "`+cron+`", timezone: Europe/Amsterdam, minCapacity: 3, maxCapacity: 6}]`)
	}
	w.apply(scheduled("cron(0 8 * * ? *)"))
	w.deployed()
	require.Len(t, w.aws.Objects("ScheduledAction"), 1)
	config, err := w.aws.AWSConfig(w.ctx)
	require.NoError(t, err)
	_, err = applicationautoscaling.NewFromConfig(config).RegisterScalableTarget(w.ctx, &applicationautoscaling.RegisterScalableTargetInput{
		ServiceNamespace: "sagemaker", ScalableDimension: "sagemaker:variant:DesiredInstanceCount", ResourceId: aws.String("endpoint/abalone/variant/main"),
		MinCapacity: aws.Int32(3), MaxCapacity: aws.Int32(6), // as the schedule does when it is due
	})
	require.NoError(t, err)
	w.aws.Journal().Reset()
	w.pass(3*time.Hour, 10*time.Second)
	require.Empty(t, w.mutations(), "what the schedule has set stays")
	require.Equal(t, "3", fmt.Sprint(w.aws.Objects("ScalableTarget")[0].Document["MinCapacity"]))
	require.True(t, isReady(w.deployment()))

	w.apply(scheduled("cron(0 9 * * ? *)"))
	w.deployed()
	require.Equal(t, "cron(0 9 * * ? *)", w.aws.Objects("ScheduledAction")[0].Document["Schedule"])
	require.Zero(t, w.mutations()["UpdateEndpoint"])
	w.apply(deployment(1))
	w.until("nothing scales it any more", func() bool {
		return isReady(w.deployment()) && len(w.aws.Objects("ScheduledAction"))+len(w.aws.Objects("ScalableTarget")) == 0
	})
}
