package kind

import (
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// ProcessingJob runs once and writes where its outputs say, whatever it is
// called: another run may write over what an earlier one left.
var ProcessingJob = reconcile.Kind{
	Object:    func() reconcile.Object { return new(v1alpha1.ProcessingJob) },
	Lifecycle: reconcile.Job,
	Create:    cloud.Op((*sagemaker.Client).CreateProcessingJob),
	Describe:  cloud.Op((*sagemaker.Client).DescribeProcessingJob),
	Stop:      cloud.Op((*sagemaker.Client).StopProcessingJob),
	Delete:    cloud.Op((*sagemaker.Client).DeleteProcessingJob),
	Name:      "ProcessingJobName",
	States:    health.ProcessingJob,
	Compare:   processingJobCompare,
	EndTime:   "ProcessingEndTime",
	Console:   reconcile.Page{Path: "processing-jobs"},
}
