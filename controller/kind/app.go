package kind

import (
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// App runs for a user or in a space. AWS deletes it when it is idle or failed.
var App = reconcile.Kind{
	Object:          func() reconcile.Object { return new(v1alpha1.App) },
	Lifecycle:       reconcile.Service,
	Create:          cloud.Op((*sagemaker.Client).CreateApp),
	Describe:        cloud.Op((*sagemaker.Client).DescribeApp),
	Delete:          cloud.Op((*sagemaker.Client).DeleteApp),
	Name:            "AppName",
	Within:          []string{"DomainId", "UserProfileName", "SpaceName", "AppType"},
	States:          health.App,
	FailsForGood:    true,
	StopsByDeletion: true,
	Console:         reconcile.Page{Path: "studio", Name: domain},
}
