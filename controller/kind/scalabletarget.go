package kind

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// ScalableTarget says between which limits a variant of an endpoint, or an
// inference component, is scaled. AWS refuses some changes of an endpoint while
// there is one, see detachTargets.
var ScalableTarget = reconcile.Kind{
	Object:      func() reconcile.Object { return new(v1alpha1.ScalableTarget) },
	Lifecycle:   reconcile.Service,
	Create:      cloud.ScalingOp((*applicationautoscaling.Client).RegisterScalableTarget),
	Describe:    describeTarget,
	Update:      cloud.ScalingOp((*applicationautoscaling.Client).RegisterScalableTarget),
	Delete:      cloud.ScalingOp((*applicationautoscaling.Client).DeregisterScalableTarget),
	Name:        "ScalableDimension",
	Within:      []string{"ServiceNamespace", "ResourceId"},
	ARN:         "ScalableTargetARN",
	States:      health.Existence,
	Compare:     scalableTargetCompare,
	Complete:    scalableResource,
	Names:       scaledName,
	Tags:        targetTags{},
	DetachedFor: []string{"Endpoint"},
	Restores:    []string{"SuspendedState"},
	Yields:      map[string][]string{"ScheduledAction": {"MinCapacity", "MaxCapacity"}},
	Console:     reconcile.Page{Path: "endpoints", Name: scaledEndpoint},
}

var describeTarget = cloud.ScalingOp((*applicationautoscaling.Client).DescribeScalableTargets).One("ScalableTargets", "ResourceId", "ResourceIds")

// scaledName is what a resource id names: a variant of an endpoint, or an inference
// component.
func scaledName(spec shape.Tree) []v1alpha1.ConsumedReference {
	parts := strings.Split(shape.String(spec, "resourceID"), "/")
	kind := map[string]string{"endpoint": "Endpoint", "inference-component": "InferenceComponent"}[parts[0]]
	if kind == "" || len(parts) < 2 {
		return nil
	}
	return []v1alpha1.ConsumedReference{{Path: "resourceID", Kind: kind, AWSName: parts[1], Value: parts[1]}}
}

// scaledTarget is the scalable target of the resource that a policy or a scheduled action
// names.
func scaledTarget(spec shape.Tree) []v1alpha1.ConsumedReference {
	id := shape.String(spec, "resourceID")
	if id == "" {
		return nil
	}
	name := strings.Join([]string{"sagemaker", id, dimensionOf(spec)}, "/")
	return []v1alpha1.ConsumedReference{{Path: "resourceID", Kind: "ScalableTarget", AWSName: name, Value: id}}
}

// scaledEndpoint is the endpoint whose page shows how its variants are scaled.
func scaledEndpoint(address shape.Tree) string {
	endpoint, _ := strings.CutPrefix(shape.String(address, "ResourceId"), "endpoint/")
	name, _, found := strings.Cut(endpoint, "/variant/")
	if !found {
		return ""
	}
	return name
}

// scalableResource makes a resource id of the endpoint and variant, or of the
// inference component, that the spec names.
func scalableResource(ctx context.Context, reader client.Reader, namespace string, spec shape.Tree) (string, error) {
	if component := shape.String(spec, "inferenceComponentName"); component != "" {
		spec["resourceID"] = "inference-component/" + component
	}
	if endpoint := shape.String(spec, "endpointName"); endpoint != "" {
		spec["resourceID"] = "endpoint/" + endpoint + "/variant/" + shape.String(spec, "variantName")
	}
	for _, own := range []string{"endpointName", "variantName", "inferenceComponentName"} {
		delete(spec, own)
	}
	return scalableDimension(ctx, reader, namespace, spec)
}

// scalableDimension fills in what a resource is nearly always scaled in.
func scalableDimension(_ context.Context, _ client.Reader, _ string, spec shape.Tree) (string, error) {
	spec["serviceNamespace"], spec["scalableDimension"] = "sagemaker", dimensionOf(spec)
	return "", nil
}

// dimensionOf is the dimension that a spec gives, or else the usual one.
func dimensionOf(spec shape.Tree) string {
	if dimension := shape.String(spec, "scalableDimension"); dimension != "" {
		return dimension
	}
	if strings.HasPrefix(shape.String(spec, "resourceID"), "inference-component/") {
		return "sagemaker:inference-component:DesiredCopyCount"
	}
	return "sagemaker:variant:DesiredInstanceCount"
}
