package deployment

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// TestExamples: what users copy passes, and asks for what it says.
func TestExamples(t *testing.T) {
	overlays, err := filepath.Glob("../../examples/model-deployment/overlays/*")
	require.NoError(t, err)
	require.NotEmpty(t, overlays)
	for _, overlay := range overlays {
		t.Run(filepath.Base(overlay), func(t *testing.T) {
			all, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), overlay)
			require.NoError(t, err)
			found := 0
			for _, r := range all.Resources() {
				if r.GetKind() != "ModelDeployment" {
					continue
				}
				found++
				text, err := r.AsYAML()
				require.NoError(t, err)
				d := read(t, string(text))
				require.NoError(t, check(d))
				require.NotNil(t, deploymentConfig(d.Spec.Rollout, nil))
			}
			require.Equal(t, 1, found)
		})
	}
}
