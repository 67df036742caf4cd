package kind

import (
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// HyperParameterTuningJob runs training jobs and keeps the best. Their names
// begin with its own, so that it leaves the models of each run where they are.
var HyperParameterTuningJob = reconcile.Kind{
	Object:    func() reconcile.Object { return new(v1alpha1.HyperParameterTuningJob) },
	Lifecycle: reconcile.Job,
	Create:    cloud.Op((*sagemaker.Client).CreateHyperParameterTuningJob),
	Describe:  cloud.Op((*sagemaker.Client).DescribeHyperParameterTuningJob),
	Stop:      cloud.Op((*sagemaker.Client).StopHyperParameterTuningJob),
	Delete:    cloud.Op((*sagemaker.Client).DeleteHyperParameterTuningJob),
	Name:      "HyperParameterTuningJobName",
	MaxName:   identity.MaxTuningName,
	States:    health.HyperParameterTuningJob,
	Compare:   hyperParameterTuningJobCompare,
	KeepsRuns: true,
	ModelData: "modelArtifacts.s3ModelArtifacts",
	EndTime:   "HyperParameterTuningEndTime",
	Details: map[string]reconcile.Detail{
		"TrainingJobs": {
			Operation: cloud.Op((*sagemaker.Client).ListTrainingJobsForHyperParameterTuningJob), Member: "TrainingJobSummaries",
		},
		"ModelArtifacts": {
			Operation: cloud.Op((*sagemaker.Client).DescribeTrainingJob), With: bestTrainingJob, Member: "ModelArtifacts",
			Required: true,
		},
	},
	Console: reconcile.Page{Path: "hyper-tuning-jobs"},
}

func bestTrainingJob(described shape.Tree) shape.Tree {
	best := shape.String(described, "BestTrainingJob.TrainingJobName")
	if best == "" {
		return nil
	}
	return shape.Tree{"TrainingJobName": best}
}
