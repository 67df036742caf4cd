package kind

import (
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

var trainingJobCompare = shape.Rules{Unread: []string{"SessionChainingConfig"}, Unordered: networks("VpcConfig")}

var trainingJobReset = reconcile.Reset{
	Whole: []string{"ProfilerConfig"},
	With: map[string]any{
		"ProfilerConfig": map[string]any{"DisableProfiler": true}, "RemoteDebugConfig.EnableRemoteDebug": false,
		"ResourceConfig.KeepAlivePeriodInSeconds": int64(0),
	},
}

var processingJobCompare = shape.Rules{Unordered: networks("NetworkConfig.VpcConfig")}

var hyperParameterTuningJobCompare = shape.Rules{Unordered: networks("TrainingJobDefinition.VpcConfig", "TrainingJobDefinitions.VpcConfig")}

var dataQualityJobDefinitionCompare = shape.Rules{Unordered: networks("NetworkConfig.VpcConfig")}

var modelBiasJobDefinitionCompare = shape.Rules{Unordered: networks("NetworkConfig.VpcConfig")}

var modelExplainabilityJobDefinitionCompare = shape.Rules{Unordered: networks("NetworkConfig.VpcConfig")}

var modelQualityJobDefinitionCompare = shape.Rules{Unordered: networks("NetworkConfig.VpcConfig")}

var monitoringScheduleCompare = shape.Rules{Unordered: networks("MonitoringScheduleConfig.MonitoringJobDefinition.NetworkConfig.VpcConfig")}

// UpdateMonitoringSchedule is always given the whole configuration.
var monitoringScheduleReset = reconcile.Reset{Put: true}

var pipelineCompare = shape.Rules{
	WriteOnly: []string{"PipelineDefinitionS3Location"},
	JSON:      []string{"PipelineDefinition"},
}

var pipelineReset = reconcile.Reset{
	With: map[string]any{"PipelineDescription": ""},
	Name: []string{"PipelineDisplayName"},
	// One of the two takes the other's place.
	Left: []string{"PipelineDefinition", "PipelineDefinitionS3Location"},
}

var pipelineExecutionCompare = shape.Rules{Unread: []string{"PipelineName", "PipelineParameters", "MlflowExperimentName"}}

var pipelineExecutionReset = reconcile.Reset{With: map[string]any{"PipelineExecutionDescription": ""}}
