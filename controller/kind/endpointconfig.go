package kind

import (
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// EndpointConfig cannot be changed; AWS does not protect it while it is in use.
var EndpointConfig = reconcile.Kind{
	Object:    func() reconcile.Object { return new(v1alpha1.EndpointConfig) },
	Lifecycle: reconcile.Revision,
	Create:    cloud.Op((*sagemaker.Client).CreateEndpointConfig),
	Describe:  describeEndpointConfig,
	Delete:    cloud.Op((*sagemaker.Client).DeleteEndpointConfig),
	Name:      "EndpointConfigName",
	States:    health.Existence,
	Console:   reconcile.Page{Path: "endpointConfig"},
}
