package kind

import (
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// Model cannot be changed; AWS does not protect it while it is in use.
var Model = reconcile.Kind{
	Object:    func() reconcile.Object { return new(v1alpha1.Model) },
	Lifecycle: reconcile.Revision,
	Create:    cloud.Op((*sagemaker.Client).CreateModel),
	Describe:  cloud.Op((*sagemaker.Client).DescribeModel),
	Delete:    cloud.Op((*sagemaker.Client).DeleteModel),
	Name:      "ModelName",
	States:    health.Existence,
	Compare:   modelCompare,
	Console:   reconcile.Page{Path: "models"},
}
