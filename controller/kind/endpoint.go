package kind

import (
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
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
	Adjust:    cloud.Op((*sagemaker.Client).UpdateEndpointWeightsAndCapacities),
	Delete:    cloud.Op((*sagemaker.Client).DeleteEndpoint),
	Name:      "EndpointName",
	States:    health.Endpoint,
	Blockers:  onEndpoint,
	// A Failed endpoint can only be deleted.
	FailsForGood: true,
	Compare:      endpointCompare,
	Reset:        endpointReset,
	WentBack: func(request, described shape.Tree, _ bool) bool {
		return shape.String(request, "EndpointConfigName") != shape.String(described, "EndpointConfigName")
	},
	Reading: weights,
	Linked: &reconcile.Linked{
		Member: "EndpointConfigName", Describe: describeEndpointConfig, Into: configured, Adds: []string{"DataCaptureConfig"},
	},
	Detach: detachTargets,
	Serves: map[string]string{
		"EndpointConfigName":                          "EndpointConfig",
		"PendingDeploymentSummary.EndpointConfigName": "EndpointConfig",
	},
	Console: reconcile.Page{Path: "endpoints"},
}

// weights tells the weights and capacities of variants as an endpoint is asked
// for them.
func weights(request, described shape.Tree) {
	variants, _ := described["ProductionVariants"].([]any)
	want, asks := request["DesiredWeightsAndCapacities"].([]any)
	if !asks {
		described["DesiredWeightsAndCapacities"] = variants
		return
	}
	have := make([]any, len(want))
	for i, change := range want {
		for _, variant := range variants {
			is, _ := variant.(map[string]any)
			if asked, _ := change.(map[string]any); asked["VariantName"] == is["VariantName"] {
				is = shape.Clone(is)
				is["ServerlessUpdateConfig"] = is["DesiredServerlessConfig"]
				have[i] = is
			}
		}
	}
	described["DesiredWeightsAndCapacities"] = have
}
