package pipeline

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
)

func all() map[string]reconcile.Kind {
	kinds := map[string]reconcile.Kind{Kind.Kind(): Kind}
	for _, k := range kind.All() {
		kinds[k.Kind()] = k
	}
	return kinds
}

// What a digest leaves out are fields that there are: one that is misspelt would
// make jobs run again for nothing.
func TestFieldsOutsideDigestsExist(t *testing.T) {
	for name, k := range steps(all()) {
		for _, path := range slices.Concat(k.Outside, k.Written, k.Refused, k.Foreign) {
			if path == "rerun" || path == "suspend" {
				continue
			}
			require.True(t, leads(k.Spec, strings.Split(path, ".")), "%s has no %s", name, path)
		}
	}
}

func leads(in reflect.Type, path []string) bool {
	for in.Kind() == reflect.Pointer || in.Kind() == reflect.Slice {
		in = in.Elem()
	}
	if in.Kind() != reflect.Struct {
		return false
	}
	for _, f := range reflect.VisibleFields(in) {
		if tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); tag == path[0] {
			return len(path) == 1 || leads(f.Type, path[1:])
		}
	}
	return false
}

// What is made once for a digest refers to nothing that is made anew beside it.
func TestForeignReferences(t *testing.T) {
	kinds := steps(all())
	require.Equal(t, []string{"modelRef"}, kinds["TransformJob"].Foreign)
	require.Contains(t, kinds["Model"].Foreign, "primaryContainer.modelDataRef")
	require.NotContains(t, kinds["DataQualityJobDefinition"].Foreign, "dataQualityJobInput.endpointInput.endpointRef", "an endpoint stays")
	require.Empty(t, kinds["MonitoringSchedule"].Foreign, "a service follows")
}

// Every kind but pipelines can be a step, and every job says what is no part of its
// digest.
func TestStepKinds(t *testing.T) {
	kinds := steps(all())
	require.Len(t, kinds, len(kind.All()))
	require.NotContains(t, kinds, Kind.Kind())
	for name, k := range kinds {
		require.False(t, k.Job && k.Service, name)
		require.Equal(t, k.Job, len(k.Outside) > 0, name)
		require.Subset(t, k.Outputs(nil), []string{"name", "arn"}, name)
	}
}
