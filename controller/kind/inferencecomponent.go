package kind

import (
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
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
	Scaled:    []string{"RuntimeConfig.CopyCount"},
	Compare:   inferenceComponentCompare,
	Reset:     inferenceComponentReset,
	// AWS keeps the reason of a failure when a later update succeeds.
	WentBack: func(_, described shape.Tree, asBefore bool) bool {
		return asBefore && shape.String(described, "FailureReason") != ""
	},
	Serves: map[string]string{"Specification.ModelName": "Model"},
}
