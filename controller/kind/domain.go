package kind

import (
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// Domain is where Studio's users work. AWS makes its id.
var Domain = reconcile.Kind{
	Object:    func() reconcile.Object { return new(v1alpha1.Domain) },
	Lifecycle: reconcile.Service,
	Create:    cloud.Op((*sagemaker.Client).CreateDomain),
	Describe:  cloud.Op((*sagemaker.Client).DescribeDomain),
	Update:    updateDomain,
	Delete:    cloud.Op((*sagemaker.Client).DeleteDomain),
	Name:      "DomainName",
	ID:        "DomainId",
	Find:      listed(cloud.Op((*sagemaker.Client).ListDomains), "Domains", "DomainName", "DomainId"),
	States:    health.Domain,
	Blockers:  inDomain,
	Mutable: []string{
		"DefaultUserSettings", "DefaultSpaceSettings", "DomainSettings", "SubnetIds", "VpcId", "AppNetworkAccessType",
		"AppSecurityGroupManagement", "TagPropagation", "HomeEfsFileSystemCreation",
	},
	Compare:  domainCompare,
	Reset:    domainReset,
	Changing: domainSettings,
	Retained: true,
	Console:  reconcile.Page{Path: "studio", Name: domain},
}

var updateDomain = cloud.Op((*sagemaker.Client).UpdateDomain)

// domain is the page that shows the domain and what is in it.
func domain(address shape.Tree) string { return shape.String(address, "DomainId") }

// domainSettings hands the settings to Update under the name it has for them.
func domainSettings(request, _ shape.Tree) {
	if settings, ok := request["DomainSettings"].(map[string]any); ok {
		update := shape.Clone(settings)
		if r, ok := update["RStudioServerProDomainSettings"]; ok {
			delete(update, "RStudioServerProDomainSettings")
			update["RStudioServerProDomainSettingsForUpdate"] = r
		}
		request["DomainSettingsForUpdate"] = update
	}
}
