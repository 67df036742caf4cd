package examples_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"
)

// schemas validates objects as the API server does, by kind.
type schemas map[string]validation.SchemaValidator

func loadSchemas(t *testing.T) schemas {
	t.Helper()

	files, err := filepath.Glob("../kustomize/crd/bases/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)

	all := schemas{}

	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)

		var crd apiextensionsv1.CustomResourceDefinition
		require.NoError(t, yaml.UnmarshalStrict(text, &crd), file)

		var schema apiextensions.JSONSchemaProps
		require.NoError(t, apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(
			crd.Spec.Versions[0].Schema.OpenAPIV3Schema, &schema, nil), file)
		validator, _, err := validation.NewSchemaValidator(&schema)
		require.NoError(t, err, file)

		all[crd.Spec.Names.Kind] = validator
	}

	return all
}

func (s schemas) validate(t *testing.T, kind string, document []byte) field.ErrorList {
	t.Helper()

	require.Contains(t, s, kind, "there is a CRD of the kind")

	var object map[string]any
	require.NoError(t, json.Unmarshal(document, &object))

	return validation.ValidateCustomResource(nil, object, s[kind])
}
