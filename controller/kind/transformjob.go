package kind

import (
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// TransformJob runs once. AWS never forgets its name.
var TransformJob = reconcile.Kind{
	Object:    func() reconcile.Object { return new(v1alpha1.TransformJob) },
	Lifecycle: reconcile.Job,
	Create:    cloud.Op((*sagemaker.Client).CreateTransformJob),
	Describe:  cloud.Op((*sagemaker.Client).DescribeTransformJob),
	Stop:      cloud.Op((*sagemaker.Client).StopTransformJob),
	Name:      "TransformJobName",
	States:    health.TransformJob,
	EndTime:   "TransformEndTime",
	Console:   reconcile.Page{Path: "transform-jobs"},
}
