package loop_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

// split is how requests are split between two variants, and how many of them are
// captured.
type split struct {
	weight  float32
	capture int32
}

const splitVariants = `
  - {variantName: a, %s, instanceType: ml.m5.large, initialInstanceCount: 1, initialVariantWeight: %v%s}
  - {variantName: b, %s, instanceType: ml.m5.large, initialInstanceCount: 1, initialVariantWeight: 0.5}
  dataCaptureConfig:
    enableCapture: true
    initialSamplingPercentage: %d
    destinationS3URI: s3://acme-ml/capture
    captureOptions: [{captureMode: Input}, {captureMode: Output}]`

const scaledSplit = `
kind: ScalableTarget
metadata: {name: abalone-a}
spec: {endpointRef: {name: abalone}, variantName: a, minCapacity: 1, maxCapacity: 4}`

// plainSplit declares a split with an Endpoint that names its configuration as given,
// with more fields.
func plainSplit(s split, config, names, more string) string {
	return fmt.Sprintf(`
kind: Model
metadata: {name: abalone}
spec:
  executionRoleARN: arn:aws:iam::123456789012:role/abalone
  primaryContainer: {image: %s, modelDataURL: s3://acme-ml/models/v1/model.tar.gz}
---
kind: EndpointConfig
metadata: {name: abalone}
spec:
  %s
  productionVariants:%s
---
kind: Endpoint
metadata: {name: abalone}
spec: {%s%s, interval: 1m}`, deploymentImage, config,
		fmt.Sprintf(splitVariants, "modelRef: {name: abalone}", s.weight, "", "modelRef: {name: abalone}", s.capture), names, more)
}

// deployedSplit declares a split with a ModelDeployment, with more fields.
func deployedSplit(s split, more string) string {
	model := "model: {primaryContainer: {image: " + deploymentImage + ", modelDataURL: s3://acme-ml/models/v1/model.tar.gz}}"
	return fmt.Sprintf(`
kind: ModelDeployment
metadata: {name: abalone}
spec:
  executionRoleARN: arn:aws:iam::123456789012:role/abalone
  %s
  variants:%s`, more, fmt.Sprintf(splitVariants, model, s.weight, ", autoscaling: {minCapacity: 1, maxCapacity: 4}", model, s.capture))
}

// What autoscaling has set stays, and all else is what was pushed: with
// RetainAllVariantProperties alone AWS keeps the earlier weights and data capture, too.
// Ready says so only then. What a spec says of retaining itself is followed.
func TestRetainedProperties(t *testing.T) {
	byRef := func(more string) func(split) string {
		return func(s split) string {
			return plainSplit(s, "", "endpointConfigRef: {name: abalone}", more) + "\n---" + scaledSplit
		}
	}
	before, pushed := split{0.5, 10}, split{0.9, 100}
	for _, row := range []struct {
		reason  string
		declare func(split) string
		want    split
		count   int32
	}{
		{"an endpoint by reference", byRef(""), pushed, 3},
		{"an endpoint by name", func(s split) string {
			name := fmt.Sprintf("abalone-%d", s.capture)
			return plainSplit(s, "endpointConfigName: "+name, "endpointConfigName: "+name, "") + "\n---" + scaledSplit
		}, pushed, 3},
		{"a deployment", func(s split) string { return deployedSplit(s, "") }, pushed, 3},
		{"all is retained as the spec says", byRef(", retainAllVariantProperties: true"), before, 3},
		{"all but the weights are", byRef(
			", retainAllVariantProperties: true, excludeRetainedVariantProperties: [{variantPropertyType: DesiredWeight}]"), split{0.9, 10}, 3},
		{"nothing is", byRef(", retainAllVariantProperties: false"), pushed, 1},
		{"all but the counts are", byRef(", excludeRetainedVariantProperties: [{variantPropertyType: DesiredInstanceCount}]"), pushed, 1},
		{"a deployment whose spec retains all", func(s split) string {
			return deployedSplit(s, "rollout: {retainAllVariantProperties: true}")
		}, before, 3},
	} {
		t.Run(row.reason, func(t *testing.T) {
			w := newDeploymentWorld(t)
			ready := func() bool {
				target, ok := get(w, "abalone-a", &v1alpha1.ScalableTarget{})
				_, deployed := get(w, "abalone", &v1alpha1.ModelDeployment{})
				return ok && isReady(target) && isReady(w.endpoint()) && (!deployed || isReady(w.deployment()))
			}
			w.apply(row.declare(before))
			w.until("it is scaled", ready)
			_, err := w.sagemaker().UpdateEndpointWeightsAndCapacities(w.ctx, &sagemaker.UpdateEndpointWeightsAndCapacitiesInput{
				EndpointName:                aws.String("abalone"),
				DesiredWeightsAndCapacities: []types.DesiredWeightAndCapacity{{VariantName: aws.String("a"), DesiredInstanceCount: aws.Int32(3)}},
			})
			require.NoError(t, err)
			w.pass(2*time.Minute, step)
			w.aws.Journal().Reset()

			w.apply(row.declare(pushed))
			w.until("it is rolled out", func() bool { return len(w.carriedOut("UpdateEndpoint")) > 0 && ready() })
			is, err := w.sagemaker().DescribeEndpoint(w.ctx, &sagemaker.DescribeEndpointInput{EndpointName: aws.String("abalone")})
			require.NoError(t, err)
			require.InDelta(t, row.want.weight, *is.ProductionVariants[0].DesiredWeight, 0.001)
			require.Equal(t, row.count, *is.ProductionVariants[0].DesiredInstanceCount)
			require.Equal(t, row.want.capture, *is.DataCaptureConfig.CurrentSamplingPercentage)
			w.pass(time.Hour, 20*time.Second)
			require.Len(t, w.carriedOut("UpdateEndpoint", "UpdateEndpointWeightsAndCapacities", "DeregisterScalableTarget"), 1, "once")
			require.True(t, ready())
		})
	}
}

// Weights that a person has shifted are those of the configuration again, without a new
// fleet; counts stay.
func TestShiftedWeights(t *testing.T) {
	w := newDeploymentWorld(t)
	w.apply(plainSplit(split{0.5, 10}, "", "endpointConfigRef: {name: abalone}", ""))
	w.until("it serves", func() bool { return isReady(w.endpoint()) })
	w.aws.Journal().Reset()
	_, err := w.sagemaker().UpdateEndpointWeightsAndCapacities(w.ctx, &sagemaker.UpdateEndpointWeightsAndCapacitiesInput{
		EndpointName: aws.String("abalone"),
		DesiredWeightsAndCapacities: []types.DesiredWeightAndCapacity{
			{VariantName: aws.String("a"), DesiredWeight: aws.Float32(0.1), DesiredInstanceCount: aws.Int32(2)},
		},
	})
	require.NoError(t, err)
	w.until("the weight is git's", func() bool {
		is, err := w.sagemaker().DescribeEndpoint(w.ctx, &sagemaker.DescribeEndpointInput{EndpointName: aws.String("abalone")})
		return err == nil && *is.ProductionVariants[0].CurrentWeight == 0.5 && *is.ProductionVariants[0].DesiredInstanceCount == 2 && isReady(w.endpoint())
	})
	require.Empty(t, w.carriedOut("UpdateEndpoint"))
}

// outage refuses an operation with a server's error until it is cleared.
func outage(operation string) fault.Rule {
	return fault.Rule{Action: fault.Reject, Operation: operation, Code: "InternalFailure", Message: "An internal error occurred.", Status: 500}
}

// An update that AWS did not take, while autoscaling changed the object, is tried again:
// nothing has gone back.
func TestOutageWhileScaling(t *testing.T) {
	t.Parallel()
	t.Run("Endpoint", func(t *testing.T) {
		w := newDeploymentWorld(t)
		w.apply(plainEndpoint(1, "ml.m5.large"))
		w.serves(1)
		w.scale(scaledNames[0].target, scaledNames[0].policy)
		w.fault(outage("UpdateEndpoint"))
		w.apply(plainEndpoint(2, "ml.m5.large"))
		w.until("AWS fails", func() bool { return readyCondition(w.endpoint()).Reason == reason.ServerError })
		for count := range int32(3) {
			_, err := w.sagemaker().UpdateEndpointWeightsAndCapacities(w.ctx, &sagemaker.UpdateEndpointWeightsAndCapacitiesInput{
				EndpointName:                aws.String("abalone"),
				DesiredWeightsAndCapacities: []types.DesiredWeightAndCapacity{{VariantName: aws.String("main"), DesiredInstanceCount: aws.Int32(2 + count)}},
			})
			require.NoError(t, err)
			for range 30 {
				w.pass(step, step)
				require.NotEqual(t, reason.RolledBack, readyCondition(w.endpoint()).Reason)
			}
		}
		w.aws.Faults().Clear()
		w.serves(2)
		w.until("it is scaled on", w.isScaled)
		require.Zero(t, w.deregistered())
	})
	t.Run("InferenceComponent", func(t *testing.T) {
		t.Parallel()
		p := newPlay(t, kind.InferenceComponent)
		p.startController()
		p.tell(p.steps[0])
		o, _ := p.inAWS()
		p.fault(outage("UpdateInferenceComponent"))
		p.push(map[string]any{"specification": p.steps[1].Spec["specification"]})
		p.until("AWS fails", func() bool {
			return p.reason() == reason.ServerError || strings.Contains(p.message(), "internal error")
		})
		_, err := p.sagemaker().UpdateInferenceComponentRuntimeConfig(p.ctx, &sagemaker.UpdateInferenceComponentRuntimeConfigInput{
			InferenceComponentName: aws.String(o.Name), DesiredRuntimeConfig: &types.InferenceComponentRuntimeConfig{CopyCount: aws.Int32(2)},
		})
		require.NoError(t, err)
		for range 30 {
			p.pass(step, step)
			obj, _ := p.object()
			require.NotEqual(t, reason.RolledBack, readyCondition(obj).Reason)
		}
		p.aws.Faults().Clear()
		p.ready()
	})
}

func (p *play) message() string {
	obj, _ := p.object()
	return readyCondition(obj).Message
}
