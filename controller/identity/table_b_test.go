package identity_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
)

// The table belongs to hash version b: a row more or less starts jobs again. What
// comparison has to know more is for the tables of comparison.
func TestTheTableOfVersionBNeverChanges(t *testing.T) {
	want, err := os.ReadFile("testdata/table_b.yaml")
	require.NoError(t, err)
	is, err := yaml.Marshal(identity.TableB())
	require.NoError(t, err)
	require.Equal(t, string(want), string(is), "testdata/README.md says what this means")
}
