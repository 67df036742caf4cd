package kind

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// detachTargets is about the scalable targets of an endpoint. AWS lets the models of a
// scaled variant change. It refuses to change the variant's instance type, or to remove
// the variant, until the target is deregistered, and then deletes the target's scaling
// policies and scheduled actions with it.
var detachTargets = &reconcile.Detach{
	Kind: "ScalableTarget", Registered: targetsOf, With: goingWith, Refused: refusedForTargets, Retain: retainCounts,
}

var (
	describeEndpointConfig = cloud.Op((*sagemaker.Client).DescribeEndpointConfig)
	describeTargets        = cloud.ScalingOp((*applicationautoscaling.Client).DescribeScalableTargets)
)

// targetsOf lists the scalable targets of an endpoint's variants, and says which of them
// stand in the way of an update. What is served may be of a configuration that is gone:
// then AWS's refusal tells.
func targetsOf(ctx context.Context, client *cloud.Client, request, described shape.Tree) ([]reconcile.Attachment, error) {
	variants := items(described, "ProductionVariants")
	ids := make([]any, 0, len(variants))
	for _, variant := range variants {
		ids = append(ids, "endpoint/"+shape.String(described, "EndpointName")+"/variant/"+shape.String(variant, "VariantName"))
	}
	if len(ids) == 0 {
		return nil, nil
	}
	targets, err := pages(ctx, client, describeTargets, shape.Tree{"ServiceNamespace": "sagemaker", "ResourceIds": ids}, "ScalableTargets")
	if err != nil || len(targets) == 0 {
		return nil, err
	}
	served, err := configuration(ctx, client, shape.String(described, "EndpointConfigName"))
	if err != nil {
		return nil, err
	}
	next, err := configuration(ctx, client, shape.String(request, "EndpointConfigName"))
	if err != nil {
		return nil, err
	}
	all := make([]reconcile.Attachment, 0, len(targets))
	for _, target := range targets {
		_, variant, _ := strings.Cut(shape.String(target, "ResourceId"), "/variant/")
		all = append(all, reconcile.Attachment{
			Kind: "ScalableTarget", Name: nameOf(target, "ServiceNamespace", "ResourceId", "ScalableDimension"),
			ARN: shape.String(target, "ScalableTargetARN"), Why: inTheWay(variant, served, next),
		})
	}
	return all, nil
}

// inTheWay says why AWS does not update a variant from one configuration to another
// while the variant is scaled; empty if AWS does, or if that is not known.
func inTheWay(variant string, served, next shape.Tree) string {
	if next == nil {
		return ""
	}
	is, there := variantOf(served, variant), variantOf(next, variant)
	if there == nil {
		return fmt.Sprintf("variant %s is removed", variant)
	}
	from, to := shape.String(is, "InstanceType"), shape.String(there, "InstanceType")
	if is == nil || from == to {
		return ""
	}
	return fmt.Sprintf("the instance type of variant %s changes from %s to %s", variant, from, to)
}

func variantOf(config shape.Tree, name string) shape.Tree {
	for _, v := range items(config, "ProductionVariants") {
		if shape.String(v, "VariantName") == name {
			return v
		}
	}
	return nil
}

// configuration describes an endpoint configuration; nil means that there is none.
func configuration(ctx context.Context, client *cloud.Client, name string) (shape.Tree, error) {
	config, err := describeEndpointConfig.Call(ctx, client, shape.Tree{"EndpointConfigName": name})
	if cloud.Classify(err) == cloud.NotFound {
		return nil, nil
	}
	return config, err
}

// refusedForTargets tells whether AWS refused an update because of a scalable target. The
// rule is documented
// (https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling-update.html), the
// words are not.
func refusedForTargets(err error) bool {
	return cloud.Classify(err) == cloud.Validation && strings.Contains(strings.ToLower(cloud.Message(err)), "scalable target")
}
