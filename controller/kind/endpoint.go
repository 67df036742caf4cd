package kind

import (
	"slices"

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

// configured adds to what is asked of an endpoint what its configuration says of weights
// and data capture: AWS may serve the configuration with those of an earlier one. What
// the spec has AWS retain is whatever it is.
func configured(request, config, described shape.Tree) {
	retains := func(property string) bool {
		all, _ := request["RetainAllVariantProperties"].(bool)
		return all && !excludes(items(request, "ExcludeRetainedVariantProperties"), property)
	}
	if !retains("DesiredWeight") {
		configureWeights(request, config)
	}
	if !retains("DataCaptureConfig") {
		configureCapture(request, config, described)
	}
}

// configureWeights asks for the weights of the configuration, where there are several
// variants and the spec gives no weight itself.
func configureWeights(request, config shape.Tree) {
	variants := items(config, "ProductionVariants")
	if len(variants) < 2 { // the only one gets all requests, whatever its weight
		return
	}
	asked := items(request, "DesiredWeightsAndCapacities")
	for _, v := range variants {
		weight, given := v["InitialVariantWeight"]
		i := slices.IndexFunc(asked, func(a shape.Tree) bool { return a["VariantName"] == v["VariantName"] })
		switch {
		case !given:
		case i < 0:
			asked = append(asked, shape.Tree{"VariantName": v["VariantName"], "DesiredWeight": weight})
		case asked[i]["DesiredWeight"] == nil:
			asked[i]["DesiredWeight"] = weight
		}
	}
	all := make([]any, len(asked))
	for i, a := range asked {
		all[i] = a
	}
	request["DesiredWeightsAndCapacities"] = all
}

// configureCapture asks for the data capture of the configuration, as Describe tells it.
func configureCapture(request, config, described shape.Tree) {
	asked, _ := config["DataCaptureConfig"].(map[string]any)
	served, _ := described["DataCaptureConfig"].(map[string]any)
	if enabled, _ := asked["EnableCapture"].(bool); enabled {
		request["DataCaptureConfig"] = shape.Tree{
			"EnableCapture": true, "CurrentSamplingPercentage": asked["InitialSamplingPercentage"], "DestinationS3Uri": asked["DestinationS3Uri"],
		}
	} else if enabled, _ := served["EnableCapture"].(bool); enabled {
		request["DataCaptureConfig"] = shape.Tree{"EnableCapture": false}
	}
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
