package kind

import (
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
)

// apps are the applications in a domain, of a user or in a space, as by says. AWS tells
// of deleted ones for a while.
func apps(by map[string]string) reconcile.Blocker {
	return reconcile.Blocker{
		Kind: "App", List: cloud.Op((*sagemaker.Client).ListApps), By: by,
		Member: "Apps", Name: []string{"AppType", "AppName"}, Status: "Status", Over: []string{"Deleted", "Failed"},
	}
}

// spaces are those of a domain, or those in it that belong to whom where says.
func spaces(where map[string]string) reconcile.Blocker {
	return reconcile.Blocker{
		Kind: "Space", List: cloud.Op((*sagemaker.Client).ListSpaces), By: map[string]string{"DomainIdEquals": "DomainId"}, Where: where,
		Member: "Spaces", Name: []string{"SpaceName"}, Status: "Status",
	}
}

var (
	inDomain = []reconcile.Blocker{
		apps(map[string]string{"DomainIdEquals": "DomainId"}),
		spaces(nil),
		{
			Kind: "UserProfile", List: cloud.Op((*sagemaker.Client).ListUserProfiles), By: map[string]string{"DomainIdEquals": "DomainId"},
			Member: "UserProfiles", Name: []string{"UserProfileName"}, Status: "Status",
		},
	}
	ofUser = []reconcile.Blocker{
		apps(map[string]string{"DomainIdEquals": "DomainId", "UserProfileNameEquals": "UserProfileName"}),
		spaces(map[string]string{"OwnershipSettingsSummary.OwnerUserProfileName": "UserProfileName"}),
	}
	inSpace    = []reconcile.Blocker{apps(map[string]string{"DomainIdEquals": "DomainId", "SpaceNameEquals": "SpaceName"})}
	onEndpoint = []reconcile.Blocker{{
		Kind: "InferenceComponent", List: cloud.Op((*sagemaker.Client).ListInferenceComponents), By: map[string]string{"EndpointNameEquals": "EndpointName"},
		Member: "InferenceComponents", Name: []string{"InferenceComponentName"}, Status: "InferenceComponentStatus",
	}}
	inGroup = []reconcile.Blocker{{
		Kind: "ModelPackage", List: cloud.ListModelPackages, By: map[string]string{"ModelPackageGroupName": "ModelPackageGroupName"},
		Member: "ModelPackageSummaryList", Name: []string{"ModelPackageGroupName", "ModelPackageVersion"}, Status: "ModelPackageStatus",
	}}
	ofPipeline = []reconcile.Blocker{{
		Kind: "PipelineExecution", List: cloud.Op((*sagemaker.Client).ListPipelineExecutions), By: map[string]string{"PipelineName": "PipelineName"},
		Member: "PipelineExecutionSummaries", Name: []string{"PipelineExecutionDisplayName"}, Status: "PipelineExecutionStatus",
		Over: []string{"Succeeded", "Failed", "Stopped"},
	}}
)
