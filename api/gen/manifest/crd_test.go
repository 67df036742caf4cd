package manifest

import (
	"testing"

	"github.com/stretchr/testify/require"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/model"
)

func definition() *apiextensionsv1.CustomResourceDefinition {
	text := func() *apiextensionsv1.JSONSchemaPropsOrBool {
		return &apiextensionsv1.JSONSchemaPropsOrBool{Schema: &apiextensionsv1.JSONSchemaProps{Type: "string"}}
	}
	labels := apiextensionsv1.JSONSchemaProps{Type: "object", AdditionalProperties: text()}
	part := apiextensionsv1.JSONSchemaProps{Type: "object", Properties: map[string]apiextensionsv1.JSONSchemaProps{
		"labels": {Type: "object", AdditionalProperties: text()},
		"name":   {Type: "string"},
	}}
	spec := apiextensionsv1.JSONSchemaProps{Type: "object", Properties: map[string]apiextensionsv1.JSONSchemaProps{
		"labels": labels,
		"parts":  {Type: "array", Items: &apiextensionsv1.JSONSchemaPropsOrArray{Schema: &part}},
	}}
	out := &apiextensionsv1.CustomResourceDefinition{}
	out.Spec.Versions = []apiextensionsv1.CustomResourceDefinitionVersion{{
		Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{
			Properties: map[string]apiextensionsv1.JSONSchemaProps{"spec": spec},
		}},
	}}
	return out
}

func TestConstrain(t *testing.T) {
	crd := definition()
	require.NoError(t, constrain(crd, map[string]model.Constraint{
		"labels":         {Min: "0", Max: "9", Pattern: "^[a-z]*$"},
		"parts[].labels": {Min: "1"},
	}))
	spec := crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
	outer := spec.Properties["labels"].AdditionalProperties.Schema
	require.Nil(t, outer.MinLength, "0 says nothing")
	require.EqualValues(t, 9, *outer.MaxLength)
	require.Equal(t, "^[a-z]*$", outer.Pattern)
	inner := spec.Properties["parts"].Items.Schema.Properties["labels"].AdditionalProperties.Schema
	require.EqualValues(t, 1, *inner.MinLength)
	require.Nil(t, inner.MaxLength)
}

func TestConstrainRefuses(t *testing.T) {
	rows := []struct {
		reason, path string
		c            model.Constraint
		want         string
	}{
		{"a field that does not exist", "parts[].tags", model.Constraint{}, "no property tags"},
		{"a list that is none", "labels[]", model.Constraint{}, "labels is no list"},
		{"a map that is none", "parts[].name", model.Constraint{}, "no map"},
		{"a length that is no whole number", "labels", model.Constraint{Max: "1.5"}, "1.5"},
	}
	for _, row := range rows {
		t.Run(row.reason, func(t *testing.T) {
			err := constrain(definition(), map[string]model.Constraint{row.path: row.c})
			require.ErrorContains(t, err, "spec."+row.path)
			require.ErrorContains(t, err, row.want)
		})
	}
}

func TestKustomization(t *testing.T) {
	got := Kustomization(map[string][]byte{"b.yaml": nil, "a.yaml": nil})
	require.Contains(t, string(got), "resources:\n  - bases/a.yaml\n  - bases/b.yaml\n")
}

func TestFilesAreWrittenOnce(t *testing.T) {
	m := memory{}
	_, err := m.Open(nil, "a")
	require.NoError(t, err)
	_, err = m.Open(nil, "a")
	require.ErrorContains(t, err, "file a is written twice")
}
