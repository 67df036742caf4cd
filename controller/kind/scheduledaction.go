package kind

import (
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// ScheduledAction changes the limits of a scalable target at set times. It goes
// with the target, in AWS.
var ScheduledAction = reconcile.Kind{
	Object:    func() reconcile.Object { return new(v1alpha1.ScheduledAction) },
	Lifecycle: reconcile.Service,
	Create:    cloud.ScalingOp((*applicationautoscaling.Client).PutScheduledAction),
	Describe: cloud.ScalingOp((*applicationautoscaling.Client).DescribeScheduledActions).
		One("ScheduledActions", "ScheduledActionName", "ScheduledActionNames"),
	Update:   cloud.ScalingOp((*applicationautoscaling.Client).PutScheduledAction),
	Delete:   cloud.ScalingOp((*applicationautoscaling.Client).DeleteScheduledAction),
	Name:     "ScheduledActionName",
	MaxName:  256,
	Within:   []string{"ServiceNamespace", "ScalableDimension", "ResourceId"},
	ARN:      "ScheduledActionARN",
	States:   health.Existence,
	Compare:  scheduledActionCompare,
	Reset:    scheduledActionReset,
	Complete: scalableDimension,
	Names:    scaledTarget,
	GoesWith: []string{"ScalableTarget"},
	Tags:     policyTags{},
	Untagged: true,
	Console:  reconcile.Page{Path: "endpoints", Name: scaledEndpoint},
}
