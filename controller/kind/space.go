package kind

import (
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// Space is a place in a domain where applications run.
var Space = reconcile.Kind{
	Object:    func() reconcile.Object { return new(v1alpha1.Space) },
	Lifecycle: reconcile.Service,
	Create:    cloud.Op((*sagemaker.Client).CreateSpace),
	Describe:  cloud.Op((*sagemaker.Client).DescribeSpace),
	Update:    updateSpace,
	Delete:    cloud.Op((*sagemaker.Client).DeleteSpace),
	Name:      "SpaceName",
	Within:    []string{"DomainId"},
	States:    health.Space,
	Compare:   spaceCompare,
	Reset:     spaceReset,
	Blockers:  inSpace,
	Retained:  true,
	Console:   reconcile.Page{Path: "studio", Name: domain},
}

var updateSpace = cloud.Op((*sagemaker.Client).UpdateSpace)
