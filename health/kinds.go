package health

import (
	"maps"

	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// Existence is the table of kinds that have no status: what AWS describes is
// ready.
var Existence = States{Ready: reason.Created}

// Jobs run once and end.
var (
	// TrainingJob tells more in SecondaryStatus: also why it was stopped.
	TrainingJob = States{
		Member:   "TrainingJobStatus",
		Detail:   "SecondaryStatus",
		Running:  []string{"InProgress"},
		Stopping: []string{"Stopping"},
		Deleting: []string{"Deleting"},
		Done:     []string{"Completed"},
		Stopped:  []string{"Stopped"},
		Failed:   []string{"Failed"},
		Ready:    reason.Completed,
		Reasons: map[string]string{
			"MaxRuntimeExceeded":  reason.MaxRuntimeExceeded,
			"MaxWaitTimeExceeded": reason.MaxWaitTimeExceeded,
			"Interrupted":         reason.Interrupted,
		},
	}

	// ProcessingJob is a processing job.
	ProcessingJob = job("ProcessingJobStatus")

	// TransformJob is a batch transform job.
	TransformJob = job("TransformJobStatus")

	// HyperParameterTuningJob is a tuning job.
	HyperParameterTuningJob = States{
		Member:       "HyperParameterTuningJobStatus",
		Running:      []string{"InProgress"},
		Stopping:     []string{"Stopping"},
		Deleting:     []string{"Deleting"},
		Done:         []string{"Completed"},
		Stopped:      []string{"Stopped"},
		Failed:       []string{"Failed"},
		DeleteFailed: []string{"DeleteFailed"},
		Ready:        reason.Completed,
	}

	// LabelingJob is a labeling job.
	LabelingJob = States{
		Member:   "LabelingJobStatus",
		Creating: []string{"Initializing"},
		Running:  []string{"InProgress"},
		Stopping: []string{"Stopping"},
		Done:     []string{"Completed"},
		Stopped:  []string{"Stopped"},
		Failed:   []string{"Failed"},
		Ready:    reason.Completed,
	}

	// PipelineExecution is one execution of a SageMaker pipeline.
	PipelineExecution = States{
		Member:   "PipelineExecutionStatus",
		Running:  []string{"Executing"},
		Stopping: []string{"Stopping"},
		Done:     []string{"Succeeded"},
		Stopped:  []string{"Stopped"},
		Failed:   []string{"Failed", "CompletedWithFailures"},
		Ready:    reason.Completed,
		Reasons:  map[string]string{"CompletedWithFailures": reason.CompletedWithFailures},
	}
)

// Services go on existing.
var (
	// Endpoint may be in service with another configuration than the desired
	// one: a roll-back ends so. The caller compares.
	Endpoint = States{
		Member:         "EndpointStatus",
		Creating:       []string{"Creating"},
		Updating:       []string{"Updating", "SystemUpdating"},
		RollingBack:    []string{"RollingBack"},
		Deleting:       []string{"Deleting"},
		Done:           []string{"InService"},
		Failed:         []string{"Failed", "OutOfService"},
		RollbackFailed: []string{"UpdateRollbackFailed"},
		Ready:          reason.InService,
		Reasons:        map[string]string{"OutOfService": reason.OutOfService},
	}

	// InferenceComponent is a model on an endpoint that several share.
	InferenceComponent = States{
		Member:   "InferenceComponentStatus",
		Creating: []string{"Creating"},
		Updating: []string{"Updating"},
		Deleting: []string{"Deleting"},
		Done:     []string{"InService"},
		Failed:   []string{"Failed"},
		Ready:    reason.InService,
	}

	// MonitoringSchedule is Pending while it is made or changed.
	MonitoringSchedule = States{
		Member:   "MonitoringScheduleStatus",
		Creating: []string{"Pending"},
		Done:     []string{"Scheduled"},
		Stopped:  []string{"Stopped"},
		Failed:   []string{"Failed"},
		Ready:    reason.InService,
	}

	// NotebookInstance has to be stopped before AWS changes or deletes it.
	NotebookInstance = States{
		Member:   "NotebookInstanceStatus",
		Creating: []string{"Pending"},
		Updating: []string{"Updating", "PendingMaintenance", "InMaintenance"},
		Stopping: []string{"Stopping"},
		Deleting: []string{"Deleting"},
		Done:     []string{"InService"},
		Stopped:  []string{"Stopped"},
		Failed:   []string{"Failed"},
		Ready:    reason.InService,
	}

	// FeatureGroup is a feature group.
	FeatureGroup = States{
		Member:       "FeatureGroupStatus",
		Creating:     []string{"Creating"},
		Deleting:     []string{"Deleting"},
		Done:         []string{"Created"},
		Failed:       []string{"CreateFailed"},
		DeleteFailed: []string{"DeleteFailed"},
		Ready:        reason.Created,
	}

	// ModelPackage says here only whether the package is complete, not whether
	// it is approved.
	ModelPackage = States{
		Member:   "ModelPackageStatus",
		Creating: []string{"Pending", "InProgress"},
		Deleting: []string{"Deleting"},
		Done:     []string{"Completed"},
		Failed:   []string{"Failed"},
		Ready:    reason.Created,
	}

	// ModelPackageGroup is a group of model package versions.
	ModelPackageGroup = States{
		Member:       "ModelPackageGroupStatus",
		Creating:     []string{"Pending", "InProgress"},
		Deleting:     []string{"Deleting"},
		Done:         []string{"Completed"},
		Failed:       []string{"Failed"},
		DeleteFailed: []string{"DeleteFailed"},
		Ready:        reason.Created,
	}

	// Pipeline is the definition of a SageMaker pipeline.
	Pipeline = States{
		Member:   "PipelineStatus",
		Deleting: []string{"Deleting"},
		Done:     []string{"Active"},
		Ready:    reason.Created,
	}

	// Domain is a Studio domain.
	Domain = studio()

	// UserProfile is a user of a domain.
	UserProfile = studio()

	// Space is a space of a domain.
	Space = studio()

	// App is an application of a user or space. AWS goes on telling of a
	// deleted one for some time.
	App = States{
		Member:   "Status",
		Creating: []string{"Pending"},
		Deleting: []string{"Deleting"},
		Done:     []string{"InService"},
		Failed:   []string{"Failed"},
		Gone:     []string{"Deleted"},
		Ready:    reason.InService,
	}

	// Project is a project made from a Service Catalog template.
	Project = States{
		Member:       "ProjectStatus",
		Creating:     []string{"Pending", "CreateInProgress"},
		Updating:     []string{"UpdateInProgress"},
		Deleting:     []string{"DeleteInProgress"},
		Done:         []string{"CreateCompleted", "UpdateCompleted"},
		Failed:       []string{"CreateFailed"},
		UpdateFailed: []string{"UpdateFailed"},
		DeleteFailed: []string{"DeleteFailed"},
		Gone:         []string{"DeleteCompleted"},
		Ready:        reason.Created,
	}
)

// Kinds returns the table of every SageMaker kind of our API, by kind. The map
// is the caller's own; the slices in it are shared and must not be changed.
func Kinds() map[string]States {
	return maps.Clone(kinds)
}

var kinds = map[string]States{
	"App":                              App,
	"DataQualityJobDefinition":         Existence,
	"Domain":                           Domain,
	"Endpoint":                         Endpoint,
	"EndpointConfig":                   Existence,
	"FeatureGroup":                     FeatureGroup,
	"HyperParameterTuningJob":          HyperParameterTuningJob,
	"InferenceComponent":               InferenceComponent,
	"LabelingJob":                      LabelingJob,
	"MetricAlarm":                      Existence,
	"Model":                            Existence,
	"ModelBiasJobDefinition":           Existence,
	"ModelExplainabilityJobDefinition": Existence,
	"ModelPackage":                     ModelPackage,
	"ModelPackageGroup":                ModelPackageGroup,
	"ModelQualityJobDefinition":        Existence,
	"MonitoringSchedule":               MonitoringSchedule,
	"NotebookInstance":                 NotebookInstance,
	"NotebookInstanceLifecycleConfig":  Existence,
	"Pipeline":                         Pipeline,
	"PipelineExecution":                PipelineExecution,
	"ProcessingJob":                    ProcessingJob,
	"Project":                          Project,
	"ScalableTarget":                   Existence,
	"ScalingPolicy":                    Existence,
	"ScheduledAction":                  Existence,
	"Space":                            Space,
	"TrainingJob":                      TrainingJob,
	"TransformJob":                     TransformJob,
	"UserProfile":                      UserProfile,
}

func job(member string) States {
	return States{
		Member:   member,
		Running:  []string{"InProgress"},
		Stopping: []string{"Stopping"},
		Done:     []string{"Completed"},
		Stopped:  []string{"Stopped"},
		Failed:   []string{"Failed"},
		Ready:    reason.Completed,
	}
}

// studio is the table of the kinds that make up a Studio domain.
func studio() States {
	return States{
		Member:       "Status",
		Creating:     []string{"Pending"},
		Updating:     []string{"Updating"},
		Deleting:     []string{"Deleting"},
		Done:         []string{"InService"},
		Failed:       []string{"Failed"},
		UpdateFailed: []string{"Update_Failed"},
		DeleteFailed: []string{"Delete_Failed"},
		Ready:        reason.InService,
	}
}
