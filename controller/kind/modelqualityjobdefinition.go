package kind

import (
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// ModelQualityJobDefinition says how the quality of answers is monitored. It cannot be changed.
var ModelQualityJobDefinition = reconcile.Kind{
	Object:    func() reconcile.Object { return new(v1alpha1.ModelQualityJobDefinition) },
	Lifecycle: reconcile.Revision,
	Create:    cloud.Op((*sagemaker.Client).CreateModelQualityJobDefinition),
	Describe:  cloud.Op((*sagemaker.Client).DescribeModelQualityJobDefinition),
	Delete:    cloud.Op((*sagemaker.Client).DeleteModelQualityJobDefinition),
	Name:      "JobDefinitionName",
	ARN:       "JobDefinitionArn",
	States:    health.Existence,
	Compare:   modelQualityJobDefinitionCompare,
}
