package kind

import (
	"slices"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

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
