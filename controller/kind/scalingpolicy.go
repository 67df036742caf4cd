package kind

import (
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// ScalingPolicy says by what a scalable target is scaled. It goes with the
// target, in AWS.
var ScalingPolicy = reconcile.Kind{
	Object:    func() reconcile.Object { return new(v1alpha1.ScalingPolicy) },
	Lifecycle: reconcile.Service,
	Create:    cloud.ScalingOp((*applicationautoscaling.Client).PutScalingPolicy),
	Describe:  cloud.ScalingOp((*applicationautoscaling.Client).DescribeScalingPolicies).One("ScalingPolicies", "PolicyName", "PolicyNames"),
	Update:    cloud.ScalingOp((*applicationautoscaling.Client).PutScalingPolicy),
	Delete:    cloud.ScalingOp((*applicationautoscaling.Client).DeleteScalingPolicy),
	Name:      "PolicyName",
	MaxName:   256,
	Within:    []string{"ServiceNamespace", "ScalableDimension", "ResourceId"},
	ARN:       "PolicyARN",
	States:    health.Existence,
	Compare:   scalingPolicyCompare,
	Reset:     scalingPolicyReset,
	Complete:  scalableDimension,
	Names:     scaledTarget,
	GoesWith:  []string{"ScalableTarget"},
	Tags:      policyTags{},
	Untagged:  true,
	Console:   reconcile.Page{Path: "endpoints", Name: scaledEndpoint},
}
