package kind

import (
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// Endpoint serves. AWS describes the configuration it serves with, and beside
// it the one it is changing to.
var Endpoint = reconcile.Kind{
	Object:    func() reconcile.Object { return new(v1alpha1.Endpoint) },
	Lifecycle: reconcile.Service,
	Create:    cloud.Op((*sagemaker.Client).CreateEndpoint),
	Describe:  cloud.Op((*sagemaker.Client).DescribeEndpoint),
	Update:    cloud.Op((*sagemaker.Client).UpdateEndpoint),
	Delete:    cloud.Op((*sagemaker.Client).DeleteEndpoint),
	Name:      "EndpointName",
	States:    health.Endpoint,
	Unread:    []string{"DeploymentConfig"},
	Serves: map[string]string{
		"EndpointConfigName":                          "EndpointConfig",
		"PendingDeploymentSummary.EndpointConfigName": "EndpointConfig",
	},
	Console: "endpoints",
}
