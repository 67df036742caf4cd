package v1alpha1_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
)

// composites are the kinds that are made of other kinds of ours.
var composites = map[string]bool{"ModelDeployment": true, "ModelPipeline": true}

// Every field that is a reference is in the table, and the table has no other.
func TestReferencesAreComplete(t *testing.T) {
	references := map[reflect.Type]bool{
		reflect.TypeFor[v1alpha1.Reference]():              true,
		reflect.TypeFor[v1alpha1.DataReference]():          true,
		reflect.TypeFor[v1alpha1.JobDefinitionReference](): true,
	}
	kinds := newKinds(t)
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			fields := map[string]reflect.Type{}
			var found []string
			visit(specOf(t, kind), "", func(path string, owner reflect.Type, f reflect.StructField) {
				if references[owner] {
					return
				}
				fields[path] = f.Type
				if f.Type.Kind() == reflect.Pointer && references[f.Type.Elem()] {
					require.True(t, strings.HasSuffix(path, "Ref"), path)
					found = append(found, path)
				}
			})
			var listed []string
			for _, ref := range v1alpha1.References[name] {
				listed = append(listed, ref.Path)
				require.Equal(t, reflect.TypeFor[*string](), fields[ref.Fills], "%s fills %s", ref.Path, ref.Fills)
				require.Equal(t, parent(ref.Path), parent(ref.Fills), "a reference stands beside what it fills")
				require.NotEmpty(t, ref.Value, ref.Path)
				if ref.Kind == "" {
					require.NotEqual(t, reflect.TypeFor[*v1alpha1.Reference](), fields[ref.Path], "%s must say its kind", ref.Path)
					continue
				}
				require.Contains(t, kinds, ref.Kind, ref.Path)
				require.Equal(t, reflect.TypeFor[*v1alpha1.Reference](), fields[ref.Path], ref.Path)
			}
			if composites[name] {
				require.Empty(t, listed, "its references are resolved in the specs of what it is made of")
				return
			}
			require.ElementsMatch(t, found, listed)
		})
	}
	for name := range v1alpha1.References {
		require.Contains(t, kinds, name)
	}
}

func parent(path string) string {
	return path[:strings.LastIndex(path, ".")+1]
}

func TestReferencesOfTheMainJob(t *testing.T) {
	rows := []struct {
		reason string
		kind   string
		want   v1alpha1.ReferenceField
	}{
		{
			"a model takes its data from a finished job", "Model",
			v1alpha1.ReferenceField{Path: "primaryContainer.modelDataRef", Fills: "primaryContainer.modelDataURL", Value: v1alpha1.ReferenceModelData},
		},
		{
			"so does each container of an inference pipeline", "Model",
			v1alpha1.ReferenceField{Path: "containers[].modelDataRef", Fills: "containers[].modelDataURL", Value: v1alpha1.ReferenceModelData},
		},
		{
			"a variant serves a model", "EndpointConfig",
			v1alpha1.ReferenceField{Path: "productionVariants[].modelRef", Fills: "productionVariants[].modelName", Kind: "Model", Value: v1alpha1.ReferenceName},
		},
		{
			"an endpoint serves a configuration", "Endpoint",
			v1alpha1.ReferenceField{Path: "endpointConfigRef", Fills: "endpointConfigName", Kind: "EndpointConfig", Value: v1alpha1.ReferenceName},
		},
		{
			"AWS makes the id of a domain", "UserProfile",
			v1alpha1.ReferenceField{Path: "domainRef", Fills: "domainID", Kind: "Domain", Value: v1alpha1.ReferenceID},
		},
		{
			"four kinds of job definition share one field", "MonitoringSchedule",
			v1alpha1.ReferenceField{
				Path: "monitoringScheduleConfig.monitoringJobDefinitionRef", Fills: "monitoringScheduleConfig.monitoringJobDefinitionName",
				Value: v1alpha1.ReferenceName,
			},
		},
		{
			"a model package serves under its ARN", "Model",
			v1alpha1.ReferenceField{Path: "primaryContainer.modelPackageRef", Fills: "primaryContainer.modelPackageName", Kind: "ModelPackage", Value: v1alpha1.ReferenceARN},
		},
	}
	for _, row := range rows {
		t.Run(row.reason, func(t *testing.T) {
			require.Contains(t, v1alpha1.References[row.kind], row.want)
		})
	}
}
