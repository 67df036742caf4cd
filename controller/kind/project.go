package kind

import (
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// Project is made from a template of Service Catalog.
var Project = reconcile.Kind{
	Object:    func() reconcile.Object { return new(v1alpha1.Project) },
	Lifecycle: reconcile.Service,
	Create:    cloud.Op((*sagemaker.Client).CreateProject),
	Describe:  cloud.Op((*sagemaker.Client).DescribeProject),
	Update:    cloud.Op((*sagemaker.Client).UpdateProject),
	Delete:    cloud.Op((*sagemaker.Client).DeleteProject),
	Name:      "ProjectName",
	MaxName:   32,
	States:    health.Project,
	Mutable: []string{
		"ProjectDescription", "TemplateProviders",
		"ServiceCatalogProvisioningDetails.ProvisioningArtifactId", "ServiceCatalogProvisioningDetails.ProvisioningParameters",
	},
	Compare:  projectCompare,
	Reset:    projectReset,
	Fixed:    []string{"TemplateProviders.CfnTemplateProvider.RoleARN"},
	Reading:  templates,
	Changing: provisioning,
	Failure:  "ServiceCatalogProvisionedProductDetails.ProvisionedProductStatusMessage",
}

// templates gives the details of a project's templates the names that they were
// created with.
func templates(_, described shape.Tree) {
	details, _ := described["TemplateProviderDetails"].([]any)
	providers := make([]any, len(details))
	for i, detail := range details {
		provider, _ := detail.(map[string]any)
		providers[i] = map[string]any{"CfnTemplateProvider": provider["CfnTemplateProviderDetail"]}
	}
	described["TemplateProviders"] = providers
}

// provisioning gives what is changed the names that UpdateProject has for it.
func provisioning(request, _ shape.Tree) {
	for update, member := range map[string]string{
		"ServiceCatalogProvisioningUpdateDetails": "ServiceCatalogProvisioningDetails",
		"TemplateProvidersToUpdate":               "TemplateProviders",
	} {
		if v, ok := request[member]; ok {
			request[update] = v
			delete(request, member)
		}
	}
}
