package kind_test

import (
	"errors"
	"slices"
	"testing"

	smithy "github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

func properties(names ...string) []any {
	list := make([]any, 0, len(names))
	for _, name := range names {
		list = append(list, map[string]any{"VariantPropertyType": name})
	}
	return list
}

func TestRetainedForAutoscaling(t *testing.T) {
	for _, row := range []struct {
		reason     string
		have, want shape.Tree
	}{
		{"counts are scaling's, all else is the commit's", shape.Tree{}, shape.Tree{
			"RetainAllVariantProperties": true, "ExcludeRetainedVariantProperties": properties("DesiredWeight", "DataCaptureConfig"),
		}},
		{
			"the spec retains all",
			shape.Tree{"RetainAllVariantProperties": true},
			shape.Tree{"RetainAllVariantProperties": true},
		},
		{
			"the spec retains nothing",
			shape.Tree{"RetainAllVariantProperties": false},
			shape.Tree{"RetainAllVariantProperties": false},
		},
		{"the spec resets counts", shape.Tree{"ExcludeRetainedVariantProperties": properties("DesiredInstanceCount")}, shape.Tree{
			"RetainAllVariantProperties":       true,
			"ExcludeRetainedVariantProperties": properties("DesiredInstanceCount", "DesiredWeight", "DataCaptureConfig"),
		}},
	} {
		kind.Endpoint.Detach.Retain(row.have)
		require.Equal(t, row.want, row.have, row.reason)
	}
}

func TestWhatAConfigurationAsksFor(t *testing.T) {
	capture := func(percent int64) map[string]any {
		return map[string]any{"EnableCapture": true, "InitialSamplingPercentage": percent, "DestinationS3Uri": "s3://b/c"}
	}
	variants := []any{
		map[string]any{"VariantName": "a", "InitialVariantWeight": 0.9},
		map[string]any{"VariantName": "b", "InitialVariantWeight": 0.1},
	}
	weights := func(a, b float64) []any {
		return []any{
			map[string]any{"VariantName": "a", "DesiredWeight": a},
			map[string]any{"VariantName": "b", "DesiredWeight": b},
		}
	}
	for _, row := range []struct {
		reason                          string
		request, config, describe, want shape.Tree
	}{
		{
			"weights and capture",
			shape.Tree{},
			shape.Tree{"ProductionVariants": variants, "DataCaptureConfig": capture(10)},
			shape.Tree{},
			shape.Tree{
				"DesiredWeightsAndCapacities": weights(0.9, 0.1),
				"DataCaptureConfig":           map[string]any{"EnableCapture": true, "CurrentSamplingPercentage": int64(10), "DestinationS3Uri": "s3://b/c"},
			},
		},
		{
			"the only variant gets all requests", shape.Tree{}, shape.Tree{"ProductionVariants": variants[:1]}, shape.Tree{}, shape.Tree{},
		},
		{
			"capture that is on and not asked for",
			shape.Tree{},
			shape.Tree{},
			shape.Tree{"DataCaptureConfig": map[string]any{"EnableCapture": true}},
			shape.Tree{"DataCaptureConfig": map[string]any{"EnableCapture": false}},
		},
		{
			"a weight that the spec gives itself",
			shape.Tree{"DesiredWeightsAndCapacities": []any{map[string]any{"VariantName": "a", "DesiredWeight": 0.3}}},
			shape.Tree{"ProductionVariants": variants},
			shape.Tree{},
			shape.Tree{"DesiredWeightsAndCapacities": weights(0.3, 0.1)},
		},
		{
			"what is retained is whatever it is",
			shape.Tree{"RetainAllVariantProperties": true},
			shape.Tree{"ProductionVariants": variants, "DataCaptureConfig": capture(10)},
			shape.Tree{},
			shape.Tree{"RetainAllVariantProperties": true},
		},
		{
			"what is excluded from that is not",
			shape.Tree{"RetainAllVariantProperties": true, "ExcludeRetainedVariantProperties": properties("DesiredWeight")},
			shape.Tree{"ProductionVariants": variants, "DataCaptureConfig": capture(10)},
			shape.Tree{},
			shape.Tree{
				"RetainAllVariantProperties": true, "ExcludeRetainedVariantProperties": properties("DesiredWeight"),
				"DesiredWeightsAndCapacities": weights(0.9, 0.1),
			},
		},
	} {
		kind.Endpoint.Linked.Into(row.request, row.config, row.describe)
		require.Equal(t, row.want, row.request, row.reason)
	}
}

// What the loop deregisters for updates is of kinds that know of each other.
func TestDetachments(t *testing.T) {
	all := kinds()
	for _, k := range all {
		for _, name := range k.DetachedFor {
			require.NotNil(t, all[name].Detach, name)
			require.Equal(t, k.Kind(), all[name].Detach.Kind)
		}
		for _, name := range k.GoesWith {
			require.NotEmpty(t, all[name].DetachedFor, name)
			require.NotNil(t, k.Names, "a spec that gives the name of a %s is woken with it", name)
		}
		for _, path := range k.Restores {
			require.True(t, takes(k, path), path)
		}
		if k.Linked != nil {
			require.True(t, k.Create.HasInput(k.Linked.Member) && k.Linked.Describe.HasInput(k.Linked.Member) && k.Describe.HasOutput(k.Linked.Member))
			for _, member := range k.Linked.Adds {
				require.True(t, k.Describe.HasOutput(member) && !takes(k, member), member)
			}
		}
	}
	refused := kind.Endpoint.Detach.Refused
	says := func(code, message string) error { return &smithy.GenericAPIError{Code: code, Message: message} }
	require.True(t, refused(says("ValidationException", `The variant(s) "main" must be deregistered as Scalable Targets first.`)))
	require.False(t, refused(says("ValidationException", "The instance type is not supported.")))
	require.False(t, refused(says("AccessDeniedException", "no permission to deregister the scalable target")))
	require.False(t, refused(errors.New("a scalable target")))
	require.True(t, slices.Contains(all["ScalingPolicy"].GoesWith, "ScalableTarget"))
}
