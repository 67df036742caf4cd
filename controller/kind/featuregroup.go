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

// FeatureGroup is a table of features, to which AWS can add columns.
var FeatureGroup = reconcile.Kind{
	Object:    func() reconcile.Object { return new(v1alpha1.FeatureGroup) },
	Lifecycle: reconcile.Service,
	Create:    cloud.Op((*sagemaker.Client).CreateFeatureGroup),
	Describe:  cloud.Op((*sagemaker.Client).DescribeFeatureGroup),
	Update:    cloud.Op((*sagemaker.Client).UpdateFeatureGroup),
	Delete:    cloud.Op((*sagemaker.Client).DeleteFeatureGroup),
	Name:      "FeatureGroupName",
	MaxName:   64,
	States:    health.FeatureGroup,
	Progress:  "LastUpdateStatus.Status",
	Failure:   "LastUpdateStatus.FailureReason",
	Fixed:     []string{"OnlineStoreConfig.SecurityConfig", "OnlineStoreConfig.StorageType", "OnlineStoreConfig.EnableOnlineStore"},
	Compare:   featureGroupCompare,
	Reset:     featureGroupReset,
	Reading:   additions,
	Changing:  oneAtATime,
	Retained:  true,
}

// additions takes the features that are not there yet out of the definitions:
// UpdateFeatureGroup wants them by themselves. What is left is fixed.
func additions(request, described shape.Tree) {
	known := map[string]bool{}
	have, _ := described["FeatureDefinitions"].([]any)
	for _, feature := range have {
		known[name(feature)] = true
	}
	var old, added []any
	want, _ := request["FeatureDefinitions"].([]any)
	for _, feature := range want {
		if known[name(feature)] {
			old = append(old, feature)
		} else {
			added = append(added, feature)
		}
	}
	if len(added) > 0 {
		request["FeatureDefinitions"], request["FeatureAdditions"] = old, added
	}
}

// oneAtATime leaves of what differs the first that UpdateFeatureGroup can take by
// itself, as it has to be.
func oneAtATime(request, described shape.Tree) {
	additions(request, described)
	parts := []string{"FeatureAdditions", "OnlineStoreConfig", "ThroughputConfig"}
	first := slices.IndexFunc(parts, func(member string) bool {
		want, ok := request[member]
		return ok && len(shape.Uncovered(shape.Tree{member: want}, described)) > 0
	})
	for i, member := range parts {
		if i != first {
			delete(request, member)
		}
	}
}

func name(feature any) string {
	t, _ := feature.(map[string]any)
	return shape.String(t, "FeatureName")
}
