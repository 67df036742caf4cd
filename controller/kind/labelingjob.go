package kind

import (
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// LabelingJob runs once and leaves its labels below its output path and name.
var LabelingJob = reconcile.Kind{
	Object:    func() reconcile.Object { return new(v1alpha1.LabelingJob) },
	Lifecycle: reconcile.Job,
	Create:    cloud.Op((*sagemaker.Client).CreateLabelingJob),
	Describe:  cloud.Op((*sagemaker.Client).DescribeLabelingJob),
	Stop:      cloud.Op((*sagemaker.Client).StopLabelingJob),
	Name:      "LabelingJobName",
	States:    health.LabelingJob,
	KeepsRuns: true,
	EndTime:   "LastModifiedTime",
	Console:   reconcile.Page{Path: "sagemaker/groundtruth#/labeling-jobs/details"},
}
