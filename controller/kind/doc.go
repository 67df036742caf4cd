// Package kind holds what the loop has to know about each SageMaker kind: one
// small file per kind, and the list of them all.
//
// To add a kind: let api/gen make its types, write its entry here and put it
// into All, and give its AWS states to package health. The tests of this
// package say what else is missing.
package kind

import (
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
)

// All are the kinds this controller knows, those that others refer to first.
func All() []reconcile.Kind {
	kinds := list()
	for i, k := range kinds {
		kinds[i].Deadlines = deadlines[k.Kind()]
	}
	return kinds
}

func list() []reconcile.Kind {
	return []reconcile.Kind{
		TrainingJob,
		ProcessingJob,
		TransformJob,
		HyperParameterTuningJob,
		LabelingJob,
		Model,
		EndpointConfig,
		MetricAlarm,
		Endpoint,
		InferenceComponent,
		ScalableTarget,
		ScalingPolicy,
		ScheduledAction,
		ModelPackageGroup,
		ModelPackage,
		Pipeline,
		PipelineExecution,
		FeatureGroup,
		NotebookInstanceLifecycleConfig,
		NotebookInstance,
		DataQualityJobDefinition,
		ModelBiasJobDefinition,
		ModelExplainabilityJobDefinition,
		ModelQualityJobDefinition,
		MonitoringSchedule,
		Domain,
		UserProfile,
		Space,
		App,
		Project,
	}
}
