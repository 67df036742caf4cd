package kind

import (
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

var endpointCompare = shape.Rules{
	Unread:    []string{"DeploymentConfig", "RetainAllVariantProperties", "ExcludeRetainedVariantProperties", "RetainDeploymentConfig"},
	Unordered: map[string]string{"DesiredWeightsAndCapacities": "VariantName"},
}

// UpdateEndpoint gives variants the counts of the configuration again.
var endpointReset = reconcile.Reset{Omitted: []string{"DesiredWeightsAndCapacities"}}

var inferenceComponentCompare = shape.Rules{
	Unread: []string{
		"DeploymentConfig",
		// AWS describes neither: its summaries have no such members.
		"Specification.Container.ContainerMetricsConfig", "Specifications.Container.ContainerMetricsConfig",
	},
	ReadAs: map[string]string{
		"Specification.Container.Image":  "Specification.Container.DeployedImage.SpecifiedImage",
		"Specifications.Container.Image": "Specifications.Container.DeployedImage.SpecifiedImage",
		"RuntimeConfig.CopyCount":        "RuntimeConfig.DesiredCopyCount",
	},
}

var inferenceComponentReset = reconcile.Reset{Whole: []string{"Specification", "Specifications"}}

var modelCompare = shape.Rules{Unordered: networks("VpcConfig")}

var featureGroupCompare = shape.Rules{
	Unordered: map[string]string{"FeatureDefinitions": "FeatureName"},
	Defaults: map[string]any{
		"OnlineStoreConfig.EnableOnlineStore": false, "OfflineStoreConfig.DisableGlueTableCreation": false,
		"OfflineStoreConfig.TableFormat": "Glue", "ThroughputConfig.ThroughputMode": "OnDemand",
	},
}

var featureGroupReset = reconcile.Reset{
	Whole: []string{"ThroughputConfig"},
	With:  map[string]any{"ThroughputConfig": map[string]any{"ThroughputMode": "OnDemand"}},
}

var modelPackageReset = reconcile.Reset{
	With: map[string]any{"ApprovalDescription": "", "ModelLifeCycle.StageDescription": ""},
	Keys: map[string]string{"CustomerMetadataProperties": "CustomerMetadataPropertiesToRemove"},
	// A decision that git no longer makes is the registry's.
	Left: []string{"ModelApprovalStatus"},
}

var projectCompare = shape.Rules{Unordered: map[string]string{"ServiceCatalogProvisioningDetails.ProvisioningParameters": "Key"}}

var projectReset = reconcile.Reset{
	Whole: []string{"TemplateProviders"},
	With:  map[string]any{"ProjectDescription": ""},
}
