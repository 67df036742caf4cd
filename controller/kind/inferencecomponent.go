package kind

import (
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// InferenceComponent is a model among others on an endpoint.
var InferenceComponent = reconcile.Kind{
	Object:    func() reconcile.Object { return new(v1alpha1.InferenceComponent) },
	Lifecycle: reconcile.Service,
	Create:    cloud.Op((*sagemaker.Client).CreateInferenceComponent),
	Describe:  cloud.Op((*sagemaker.Client).DescribeInferenceComponent),
	Update:    cloud.Op((*sagemaker.Client).UpdateInferenceComponent),
	Delete:    cloud.Op((*sagemaker.Client).DeleteInferenceComponent),
	Name:      "InferenceComponentName",
	States:    health.InferenceComponent,
	Unread:    []string{"DeploymentConfig"},
	Scaled:    []string{"RuntimeConfig.CopyCount"},
	ReadAs: map[string]string{
		"Specification.Container.Image": "Specification.Container.DeployedImage.SpecifiedImage",
		"RuntimeConfig.CopyCount":       "RuntimeConfig.DesiredCopyCount",
	},
	Serves: map[string]string{"Specification.ModelName": "Model"},
}
