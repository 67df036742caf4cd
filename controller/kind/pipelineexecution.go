package kind

import (
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// maxExecutionName is how long a display name may be: AWS takes 82 characters, and
// the rest is for what becomes of the execution.
const maxExecutionName = 82 - len(superseded)

// PipelineExecution runs a pipeline once. AWS knows it by an ARN of its own making
// and gives it no tags: its description carries the owner's token.
var PipelineExecution = reconcile.Kind{
	Object:    func() reconcile.Object { return new(v1alpha1.PipelineExecution) },
	Lifecycle: reconcile.Job,
	Create:    cloud.Op((*sagemaker.Client).StartPipelineExecution),
	Describe:  describeExecution,
	Update:    updateExecution,
	Stop:      cloud.Op((*sagemaker.Client).StopPipelineExecution),
	Name:      executionName,
	MaxName:   maxExecutionName,
	ID:        "PipelineExecutionArn",
	Find:      execution,
	Token:     "ClientRequestToken",
	States:    health.PipelineExecution,
	Mutable:   []string{"PipelineExecutionDescription", "ParallelismConfiguration"},
	Reading:   unsigned,
	Changing:  signed,
	Compare:   pipelineExecutionCompare,
	Reset:     pipelineExecutionReset,
	Tags:      ownerToken{},
	Untagged:  true,
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
