// Package sagemaker is the table of SageMaker kinds that are simulated: one
// entry, in one file, for each.
package sagemaker

import "github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"

// Kinds lists every simulated kind.
func Kinds() []*engine.Kind {
	return []*engine.Kind{
		trainingJob, processingJob, transformJob, hyperParameterTuningJob, labelingJob,
		model, endpointConfig, endpoint, inferenceComponent,
		modelPackageGroup, modelPackage,
		pipeline, pipelineExecution,
		featureGroup,
		notebookLifecycle, notebookInstance,
		dataQualityJobDefinition, modelBiasJobDefinition, modelExplainabilityJobDefinition, modelQualityJobDefinition,
		monitoringSchedule,
		domain, userProfile, space, app,
		project,
	}
}
