package kind

import (
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// DataQualityJobDefinition says how the quality of data is monitored. It cannot be changed.
var DataQualityJobDefinition = reconcile.Kind{
	Object:    func() reconcile.Object { return new(v1alpha1.DataQualityJobDefinition) },
	Lifecycle: reconcile.Revision,
	Create:    cloud.Op((*sagemaker.Client).CreateDataQualityJobDefinition),
	Describe:  cloud.Op((*sagemaker.Client).DescribeDataQualityJobDefinition),
	Delete:    cloud.Op((*sagemaker.Client).DeleteDataQualityJobDefinition),
	Name:      "JobDefinitionName",
	ARN:       "JobDefinitionArn",
	States:    health.Existence,
	Compare:   dataQualityJobDefinitionCompare,
}
