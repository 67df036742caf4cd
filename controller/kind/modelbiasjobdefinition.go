package kind

import (
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// ModelBiasJobDefinition says how the bias of a model is monitored. It cannot be changed.
var ModelBiasJobDefinition = reconcile.Kind{
	Object:    func() reconcile.Object { return new(v1alpha1.ModelBiasJobDefinition) },
	Lifecycle: reconcile.Revision,
	Create:    cloud.Op((*sagemaker.Client).CreateModelBiasJobDefinition),
	Describe:  cloud.Op((*sagemaker.Client).DescribeModelBiasJobDefinition),
	Delete:    cloud.Op((*sagemaker.Client).DeleteModelBiasJobDefinition),
	Name:      "JobDefinitionName",
	ARN:       "JobDefinitionArn",
	States:    health.Existence,
	Compare:   modelBiasJobDefinitionCompare,
}
