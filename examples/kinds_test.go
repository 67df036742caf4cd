package examples_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
)

// TestKinds holds the example of every kind against the API, as the API server
// does.
func TestKinds(t *testing.T) {
	t.Parallel()

	decoder := strictDecoder(t)
	schemas := loadSchemas(t)
	readme, err := os.ReadFile("kinds/README.md")
	require.NoError(t, err)

	for _, k := range kind.All() {
		t.Run(k.Kind(), func(t *testing.T) {
			t.Parallel()

			file := strings.ToLower(k.Kind()) + ".yaml"
			text, err := os.ReadFile("kinds/" + file)
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(string(text), "# "), "it says what it shows")
			require.Contains(t, string(readme), "["+k.Kind()+"]("+file+")")
			document, err := yaml.YAMLToJSONStrict(text)
			require.NoError(t, err)
			_, gvk, err := decoder.Decode(document, nil, nil)
			require.NoError(t, err, "it has only fields of its kind")
			require.Equal(t, k.Kind(), gvk.Kind)
			require.Empty(t, schemas.validate(t, k.Kind(), document))
		})
	}
}
