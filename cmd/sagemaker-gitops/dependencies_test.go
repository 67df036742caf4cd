package main

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What the binary must not link: it would cost its users memory, trust and
// downloads for nothing.
func TestTheBinaryIsFreeOfWhatOnlyTestsNeed(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "../...").CombinedOutput()
	require.NoError(t, err, "%s", out)
	linked := strings.Fields(string(out))
	require.Contains(t, linked, "github.com/sagemaker-gitops/sagemaker-gitops/controller/manager")
	for _, row := range []struct{ reason, path string }{
		{"Argo CD's engine brings 700 packages", "github.com/argoproj/"},
		{"the simulator and the bench", "github.com/sagemaker-gitops/sagemaker-gitops/test"},
		{"the generator", "github.com/sagemaker-gitops/sagemaker-gitops/api/gen"},
		{"the S3 of the simulator", "github.com/johannesboyne/gofakes3"},
		{"kubectl", "k8s.io/kubectl"},
		{"Kubernetes itself", "k8s.io/kubernetes"},
		{"the API server", "k8s.io/apiserver"},
		{"etcd", "go.etcd.io/"},
		{"testing", "github.com/stretchr/testify"},
	} {
		for _, pkg := range linked {
			require.False(t, strings.HasPrefix(pkg, row.path), "%s: %s", row.reason, pkg)
		}
	}
}
