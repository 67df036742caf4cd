package kind

import (
	"maps"
	"reflect"
	"slices"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
)

// sets are lists that AWS may describe in another order and whose items have no
// names. Where no source is given beside a list, AWS marks it as unordered in the
// schema of its CloudFormation type.
func sets(paths ...string) map[string]string {
	unordered := map[string]string{}
	for _, path := range paths {
		unordered[path] = ""
	}
	return unordered
}

// with is several rules together.
func with[V any](rules ...map[string]V) map[string]V {
	all := map[string]V{}
	for _, one := range rules {
		maps.Copy(all, one)
	}
	return all
}

// networks are the security groups and subnets of network configurations.
func networks(paths ...string) map[string]string {
	unordered := map[string]string{}
	for _, path := range paths {
		unordered[path+".SecurityGroupIds"], unordered[path+".Subnets"] = "", ""
	}
	return unordered
}

// noned are members whose pattern in the API model takes the word None, which detaches
// what they name.
var noned = []string{"LifecycleConfigArn", "BuiltInLifecycleConfigArn", "SageMakerImageVersionArn", "TrainingPlanArn"}

// emptied are the values that unset the settings of Studio in these members of an
// update, which leaves alone what it is not given: an empty list, or None.
func emptied(update cloud.Operation, members ...string) map[string]any {
	values := map[string]any{}
	for _, member := range members {
		if f, ok := update.Input().FieldByName(member); ok {
			empty(values, member, f.Type)
		}
	}
	return values
}

func empty(values map[string]any, path string, in reflect.Type) {
	for in.Kind() == reflect.Pointer {
		in = in.Elem()
	}
	switch in.Kind() {
	case reflect.Slice:
		values[path] = []any{}
	case reflect.Struct:
		for f := range in.Fields() {
			if !f.IsExported() {
				continue
			}
			if slices.Contains(noned, f.Name) {
				values[path+"."+f.Name] = "None"
				continue
			}
			empty(values, path+"."+f.Name, f.Type)
		}
	default:
	}
}

// userDefaults are what AWS fills into the settings of a user, or leaves out of them.
// That a profile that may not use RStudio says nothing of it is known from the
// Terraform provider's issue 35382.
func userDefaults(settings string) map[string]any {
	return map[string]any{
		settings + ".RStudioServerProAppSettings.AccessStatus":                                "DISABLED",
		settings + ".SharingSettings.NotebookOutputOption":                                    "Disabled",
		settings + ".StudioWebPortal":                                                         "ENABLED",
		settings + ".DefaultLandingUri":                                                       "studio::",
		settings + ".SpaceStorageSettings.DefaultEbsStorageSettings.DefaultEbsVolumeSizeInGb": int64(5),
		settings + ".SpaceStorageSettings.DefaultEbsStorageSettings.MaximumEbsVolumeSizeInGb": int64(100),
	}
}

// userSets are the sets in the settings of a user.
func userSets(settings string) map[string]string {
	return sets(
		settings+".SecurityGroups", settings+".KernelGatewayAppSettings.CustomImages", settings+".RSessionAppSettings.CustomImages",
		settings+".StudioWebPortalSettings.HiddenAppTypes", settings+".StudioWebPortalSettings.HiddenInstanceTypes",
		settings+".StudioWebPortalSettings.HiddenMlTools", settings+".StudioWebPortalSettings.HiddenSageMakerImageVersionAliases",
		settings+".StudioWebPortalSettings.HiddenSageMakerImageVersionAliases.VersionAliases",
	)
}
