package kind

import (
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// PipelineExecution runs a pipeline once. AWS knows it by an ARN of its own making
// and gives it no tags: its display name is ours, and says what became of it.
var PipelineExecution = reconcile.Kind{
	Object:    func() reconcile.Object { return new(v1alpha1.PipelineExecution) },
	Lifecycle: reconcile.Job,
	Create:    cloud.Op((*sagemaker.Client).StartPipelineExecution),
	Describe:  cloud.Op((*sagemaker.Client).DescribePipelineExecution),
	Update:    cloud.Op((*sagemaker.Client).UpdatePipelineExecution),
	Stop:      cloud.Op((*sagemaker.Client).StopPipelineExecution),
	Name:      "PipelineExecutionDisplayName",
	MaxName:   71, // AWS takes 82; the rest is for what becomes of it
	ID:        "PipelineExecutionArn",
	Find: listed(cloud.Op((*sagemaker.Client).ListPipelineExecutions), "PipelineExecutionSummaries",
		"PipelineExecutionDisplayName", "PipelineExecutionArn", setAside),
	Token:    "ClientRequestToken",
	States:   health.PipelineExecution,
	Mutable:  []string{"PipelineExecutionDescription", "ParallelismConfiguration"},
	Changing: whileExecuting,
	Compare:  pipelineExecutionCompare,
	Reset:    pipelineExecutionReset,
	Tags:     displayName{},
	Details: map[string]reconcile.Detail{
		"Steps": {Operation: cloud.Op((*sagemaker.Client).ListPipelineExecutionSteps), Member: "PipelineExecutionSteps"},
	},
	EndTime: "LastModifiedTime",
}

// whileExecuting drops what means nothing once an execution has ended.
func whileExecuting(request, described shape.Tree) {
	if shape.String(described, "PipelineExecutionStatus") != "Executing" {
		delete(request, "ParallelismConfiguration")
	}
}
