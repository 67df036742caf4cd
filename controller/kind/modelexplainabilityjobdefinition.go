package kind

import (
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// ModelExplainabilityJobDefinition says how what a model goes by is monitored. It cannot be changed.
var ModelExplainabilityJobDefinition = reconcile.Kind{
	Object:    func() reconcile.Object { return new(v1alpha1.ModelExplainabilityJobDefinition) },
	Lifecycle: reconcile.Revision,
	Create:    cloud.Op((*sagemaker.Client).CreateModelExplainabilityJobDefinition),
	Describe:  cloud.Op((*sagemaker.Client).DescribeModelExplainabilityJobDefinition),
	Delete:    cloud.Op((*sagemaker.Client).DeleteModelExplainabilityJobDefinition),
	Name:      "JobDefinitionName",
	ARN:       "JobDefinitionArn",
	States:    health.Existence,
	Compare:   modelExplainabilityJobDefinitionCompare,
}
