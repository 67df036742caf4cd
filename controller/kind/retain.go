package kind

import "github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"

// retainCounts has AWS keep the counts of instances that scaling has set. Without
// exclusions AWS would keep the weights and the data capture of the earlier
// configuration, too (aws/aws-cdk issue 23151), and the commit would not be served. What
// the spec says itself stands.
func retainCounts(request shape.Tree) {
	if _, says := request["RetainAllVariantProperties"]; says {
		return
	}
	request["RetainAllVariantProperties"] = true
	excluded := items(request, "ExcludeRetainedVariantProperties")
	var all []any
	for _, property := range []string{"DesiredInstanceCount", "DesiredWeight", "DataCaptureConfig"} {
		if property != "DesiredInstanceCount" || excludes(excluded, property) {
			all = append(all, map[string]any{"VariantPropertyType": property})
		}
	}
	request["ExcludeRetainedVariantProperties"] = all
}

func excludes(excluded []shape.Tree, property string) bool {
	for _, e := range excluded {
		if shape.String(e, "VariantPropertyType") == property {
			return true
		}
	}
	return false
}
