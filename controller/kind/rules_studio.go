package kind

import (
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

var domainCompare = shape.Rules{
	Unread: []string{"RetentionPolicy"},
	Unordered: with(
		sets("SubnetIds", "DomainSettings.SecurityGroupIds", "DomainSettings.DockerSettings.VpcOnlyTrustedAccounts"),
		sets("DefaultSpaceSettings.SecurityGroups", "DefaultSpaceSettings.KernelGatewayAppSettings.CustomImages"), userSets("DefaultUserSettings"),
	),
	Defaults: with(userDefaults("DefaultUserSettings"), map[string]any{
		"AppNetworkAccessType": "PublicInternetOnly", "HomeEfsFileSystemCreation": "Enabled", "TagPropagation": "DISABLED",
		"DomainSettings.IpAddressType": "ipv4",
	}),
}

var domainReset = reconcile.Reset{With: with(
	emptied(updateDomain, "DefaultUserSettings", "DefaultSpaceSettings"),
	map[string]any{"DomainSettings.SecurityGroupIds": []any{}, "DomainSettings.DockerSettings.VpcOnlyTrustedAccounts": []any{}},
)}

var userProfileCompare = shape.Rules{Unordered: userSets("UserSettings"), Defaults: userDefaults("UserSettings")}

var userProfileReset = reconcile.Reset{With: emptied(updateProfile, "UserSettings")}

var spaceCompare = shape.Rules{Unordered: sets("SpaceSettings.KernelGatewayAppSettings.CustomImages")}

var spaceReset = reconcile.Reset{With: emptied(updateSpace, "SpaceSettings")}

var notebookInstanceCompare = shape.Rules{
	ReadAs: map[string]string{
		"LifecycleConfigName": "NotebookInstanceLifecycleConfigName",
		"SecurityGroupIds":    "SecurityGroups",
	},
	Unordered: map[string]string{"SecurityGroupIds": "", "AdditionalCodeRepositories": "", "AcceleratorTypes": ""},
	Defaults: map[string]any{
		"DirectInternetAccess": "Enabled", "RootAccess": "Enabled", "VolumeSizeInGB": int64(5), "IpAddressType": "ipv4",
		"InstanceMetadataServiceConfiguration.MinimumInstanceMetadataServiceVersion": "1",
	},
}

var notebookInstanceReset = reconcile.Reset{
	Flags: map[string]string{
		"LifecycleConfigName":        "DisassociateLifecycleConfig",
		"AcceleratorTypes":           "DisassociateAcceleratorTypes",
		"DefaultCodeRepository":      "DisassociateDefaultCodeRepository",
		"AdditionalCodeRepositories": "DisassociateAdditionalCodeRepositories",
	},
	Never: []string{"VolumeSizeInGB"}, // AWS makes no volume smaller
}

var notebookInstanceLifecycleConfigCompare = shape.Rules{Base64: []string{"OnCreate.Content", "OnStart.Content"}}

var notebookInstanceLifecycleConfigReset = reconcile.Reset{With: map[string]any{"OnCreate": []any{}, "OnStart": []any{}}}
