package kind

import (
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// TrainingJob runs once and leaves a model below its output path and name.
var TrainingJob = reconcile.Kind{
	Object:    func() reconcile.Object { return new(v1alpha1.TrainingJob) },
	Lifecycle: reconcile.Job,
	Create:    cloud.Op((*sagemaker.Client).CreateTrainingJob),
	Describe:  cloud.Op((*sagemaker.Client).DescribeTrainingJob),
	Update:    cloud.Op((*sagemaker.Client).UpdateTrainingJob),
	Stop:      cloud.Op((*sagemaker.Client).StopTrainingJob),
	Delete:    cloud.Op((*sagemaker.Client).DeleteTrainingJob),
	Name:      "TrainingJobName",
	States:    health.TrainingJob,
	Mutable:   []string{"ProfilerConfig", "ProfilerRuleConfigurations", "RemoteDebugConfig", "ResourceConfig.KeepAlivePeriodInSeconds"},
	Changing:  inItsTime,
	Compare:   trainingJobCompare,
	Reset:     trainingJobReset,
	KeepsRuns: true,
	ModelData: "modelArtifacts.s3ModelArtifacts",
	EndTime:   "TrainingEndTime",
	Billable:  "BillableTimeInSeconds",
	Console:   reconcile.Page{Path: "jobs"},
}
