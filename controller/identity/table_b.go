package identity

import (
	"maps"
	"slices"
)

// frozen says what makes no difference in a request of a kind.
type frozen struct {
	// defaults are what AWS takes where a member is absent, always. Paths are of AWS's
	// member names; [] stands behind a list and means each of its items.
	defaults map[string]any
	// sets are the paths of lists whose order AWS does not act upon, the inner ones first.
	sets []string
}

// tableB belongs to hash version b and is as frozen as that: another row, or one less,
// moves digests and starts jobs again. Rules of comparison stand elsewhere and may grow.
//
// A default is here only if AWS answers with it whatever else the request has. Lists are
// here only if AWS treats them as sets: CloudFormation calls containers, entrypoints,
// arguments, inputs and outputs unordered too, but AWS acts upon their order.
var tableB = map[string]frozen{
	"TrainingJob": {
		defaults: trainingB("", map[string]any{"DebugRuleConfigurations[].VolumeSizeInGB": 0}),
		sets:     networkB("VpcConfig"),
	},
	"HyperParameterTuningJob": {
		defaults: trainingB("TrainingJobDefinition.", trainingB("TrainingJobDefinitions[].", nil)),
		sets:     slices.Concat(networkB("TrainingJobDefinition.VpcConfig"), networkB("TrainingJobDefinitions[].VpcConfig")),
	},
	"ProcessingJob": {
		defaults: map[string]any{
			"ProcessingInputs[].AppManaged":                       false,
			"ProcessingInputs[].S3Input.S3DataDistributionType":   "FullyReplicated",
			"ProcessingOutputConfig.Outputs[].AppManaged":         false,
			"NetworkConfig.EnableInterContainerTrafficEncryption": false,
			"NetworkConfig.EnableNetworkIsolation":                false,
		},
		sets: networkB("NetworkConfig.VpcConfig"),
	},
	"TransformJob": {defaults: map[string]any{
		"DataProcessing.InputFilter":     "$",
		"DataProcessing.OutputFilter":    "$",
		"DataProcessing.JoinSource":      "None",
		"TransformInput.CompressionType": "None",
		"TransformInput.SplitType":       "None",
		"TransformOutput.AssembleWith":   "None",
	}},
	"LabelingJob": {sets: networkB("LabelingJobAlgorithmsConfig.LabelingJobResourceConfig.VpcConfig")},
	"Model": {
		defaults: map[string]any{
			"EnableNetworkIsolation": false, "PrimaryContainer.Mode": "SingleModel", "Containers[].Mode": "SingleModel",
		},
		sets: networkB("VpcConfig"),
	},
	"EndpointConfig": {
		defaults: map[string]any{"EnableNetworkIsolation": false, "ProductionVariants[].InitialVariantWeight": 1},
		sets:     networkB("VpcConfig"),
	},
	"ModelPackage":                     {defaults: map[string]any{"CertifyForMarketplace": false}},
	"DataQualityJobDefinition":         monitoringB("DataQualityJob"),
	"ModelBiasJobDefinition":           monitoringB("ModelBiasJob"),
	"ModelExplainabilityJobDefinition": monitoringB("ModelExplainabilityJob"),
	"ModelQualityJobDefinition":        monitoringB("ModelQualityJob"),
	"MetricAlarm":                      {sets: []string{"Dimensions", "Metrics[].MetricStat.Metric.Dimensions"}},
	"ScalingPolicy": {sets: []string{
		"TargetTrackingScalingPolicyConfiguration.CustomizedMetricSpecification.Dimensions",
		"TargetTrackingScalingPolicyConfiguration.CustomizedMetricSpecification.Metrics[].MetricStat.Metric.Dimensions",
	}},
	"NotebookInstance": {sets: []string{"SecurityGroupIds"}},
	"Domain": {sets: slices.Concat([]string{
		"SubnetIds", "DefaultUserSettings.SecurityGroups", "DefaultSpaceSettings.SecurityGroups", "DomainSettings.SecurityGroupIds",
	}, hiddenB("DefaultUserSettings"))},
	"UserProfile": {sets: slices.Concat([]string{"UserSettings.SecurityGroups"}, hiddenB("UserSettings"))},
}

// trainingB are the defaults of a training job, or of those that a tuning job starts, and
// more of them.
func trainingB(below string, more map[string]any) map[string]any {
	all := map[string]any{
		below + "EnableNetworkIsolation":                                           false,
		below + "EnableInterContainerTrafficEncryption":                            false,
		below + "EnableManagedSpotTraining":                                        false,
		below + "InputDataConfig[].CompressionType":                                "None",
		below + "InputDataConfig[].RecordWrapperType":                              "None",
		below + "InputDataConfig[].DataSource.S3DataSource.S3DataDistributionType": "FullyReplicated",
		below + "OutputDataConfig.CompressionType":                                 "GZIP",
	}
	maps.Copy(all, more)
	return all
}

// monitoringB is for a definition whose members begin with the name.
func monitoringB(name string) frozen {
	return frozen{
		defaults: map[string]any{
			name + "Input.EndpointInput.S3InputMode":                        "File",
			name + "Input.EndpointInput.S3DataDistributionType":             "FullyReplicated",
			name + "Input.BatchTransformInput.S3InputMode":                  "File",
			name + "Input.BatchTransformInput.S3DataDistributionType":       "FullyReplicated",
			name + "OutputConfig.MonitoringOutputs[].S3Output.S3UploadMode": "EndOfJob",
			"StoppingCondition.MaxRuntimeInSeconds":                         3600,
			"NetworkConfig.EnableInterContainerTrafficEncryption":           false,
			"NetworkConfig.EnableNetworkIsolation":                          false,
		},
		sets: networkB("NetworkConfig.VpcConfig"),
	}
}

func networkB(path string) []string {
	return []string{path + ".SecurityGroupIds", path + ".Subnets"}
}

func hiddenB(path string) []string {
	path += ".StudioWebPortalSettings.Hidden"
	return []string{
		path + "AppTypes", path + "InstanceTypes", path + "MlTools",
		path + "SageMakerImageVersionAliases[].VersionAliases", path + "SageMakerImageVersionAliases",
	}
}
