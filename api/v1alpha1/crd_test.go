package v1alpha1_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"sigs.k8s.io/yaml"
)

// crdDir holds the generated CRDs.
const crdDir = "../../kustomize/crd/bases"

// maxAnnotation is the most bytes that all annotations of an object may have.
// kubectl apply keeps the whole object in one.
const maxAnnotation = 262144

// readCRDs returns the generated CRDs by kind.
func readCRDs(t *testing.T) map[string]*apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(crdDir, "*.yaml"))
	require.NoError(t, err)
	crds := map[string]*apiextensionsv1.CustomResourceDefinition{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		crd := &apiextensionsv1.CustomResourceDefinition{}
		require.NoError(t, yaml.UnmarshalStrict(text, crd), path)
		crds[crd.Spec.Names.Kind] = crd
	}
	require.NotEmpty(t, crds)
	return crds
}

// The API server refuses a CRD with one bad pattern or one CEL rule that may
// cost too much.
func TestCRDsAreAccepted(t *testing.T) {
	for kind, crd := range readCRDs(t) {
		t.Run(kind, func(t *testing.T) {
			apiextensionsv1.SetDefaults_CustomResourceDefinition(crd)
			apiextensionsv1.SetDefaults_CustomResourceDefinitionSpec(&crd.Spec)
			internal := &apiextensions.CustomResourceDefinition{}
			require.NoError(t, apiextensionsv1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(crd, internal, nil))
			internal.Status.StoredVersions = []string{"v1alpha1"}
			require.Empty(t, validation.ValidateCustomResourceDefinition(t.Context(), internal))
		})
	}
}

func TestCRDsFitAnAnnotation(t *testing.T) {
	for kind, crd := range readCRDs(t) {
		text, err := json.Marshal(crd)
		require.NoError(t, err)
		require.Less(t, len(text), maxAnnotation, "client-side apply must be able to keep %s", kind)
	}
}

// structural is the schema of a CRD's only version as the API server uses it.
func structural(t *testing.T, crd *apiextensionsv1.CustomResourceDefinition) *schema.Structural {
	t.Helper()
	require.Len(t, crd.Spec.Versions, 1)
	internal := &apiextensions.JSONSchemaProps{}
	require.NoError(t, apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(
		crd.Spec.Versions[0].Schema.OpenAPIV3Schema, internal, nil))
	out, err := schema.NewStructural(internal)
	require.NoError(t, err)
	return out
}
