package kind

import (
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// Pipeline is a definition, which AWS keeps as text.
var Pipeline = reconcile.Kind{
	Object:    func() reconcile.Object { return new(v1alpha1.Pipeline) },
	Lifecycle: reconcile.Service,
	Create:    cloud.Op((*sagemaker.Client).CreatePipeline),
	Describe:  cloud.Op((*sagemaker.Client).DescribePipeline),
	Update:    cloud.Op((*sagemaker.Client).UpdatePipeline),
	Delete:    cloud.Op((*sagemaker.Client).DeletePipeline),
	Name:      "PipelineName",
	MaxName:   256,
	States:    health.Pipeline,
	Compare:   pipelineCompare,
	Reset:     pipelineReset,
	Blockers:  ofPipeline,
	Complete:  pipelineDefinition,
}
