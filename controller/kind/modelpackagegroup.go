package kind

import (
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// ModelPackageGroup holds the versions of a model. AWS can change nothing of it but
// its tags.
var ModelPackageGroup = reconcile.Kind{
	Object:    func() reconcile.Object { return new(v1alpha1.ModelPackageGroup) },
	Lifecycle: reconcile.Service,
	Create:    cloud.Op((*sagemaker.Client).CreateModelPackageGroup),
	Describe:  cloud.Op((*sagemaker.Client).DescribeModelPackageGroup),
	Delete:    cloud.Op((*sagemaker.Client).DeleteModelPackageGroup),
	Name:      "ModelPackageGroupName",
	States:    health.ModelPackageGroup,
	Blockers:  inGroup,
	Retained:  true,
}
