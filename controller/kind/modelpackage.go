package kind

import (
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// ModelPackage is a version in the model registry, or a package without a group.
// AWS numbers versions and gives them no tags: their metadata says whose they
// are.
var ModelPackage = reconcile.Kind{
	Object:    func() reconcile.Object { return new(v1alpha1.ModelPackage) },
	Lifecycle: reconcile.Revision,
	Create:    cloud.Op((*sagemaker.Client).CreateModelPackage),
	Describe:  cloud.Op((*sagemaker.Client).DescribeModelPackage),
	Update:    cloud.Op((*sagemaker.Client).UpdateModelPackage),
	Delete:    cloud.Op((*sagemaker.Client).DeleteModelPackage),
	Name:      "ModelPackageName",
	Nameless:  true,
	ID:        "ModelPackageArn",
	Find:      version,
	Token:     "ClientToken",
	States:    health.ModelPackage,
	Mutable:   []string{"ModelApprovalStatus", "ApprovalDescription", "CustomerMetadataProperties", "ModelLifeCycle"},
	Reset:     modelPackageReset,
	Reading:   pending,
	Changing:  pending,
	Tags:      metadata{},
	Untagged:  true,
	Retained:  true,
	Approval:  true,
}

// pending drops the approval status unless it is a decision: that a version
// waits for one is only said when it is made, and what people then decide in
// AWS stands.
func pending(request, _ shape.Tree) {
	if shape.String(request, "ModelApprovalStatus") == "PendingManualApproval" {
		delete(request, "ModelApprovalStatus")
	}
}
