// Package importing_test takes the project's libraries into somebody else's module.
package importing_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

const platform = `// Package platform is somebody else's.
package platform

import (
	_ "github.com/sagemaker-gitops/sagemaker-gitops/controller/manager"
	_ "github.com/sagemaker-gitops/sagemaker-gitops/health"
)
`

// unreachable are the words of the go command where the module proxy does not answer.
var unreachable = regexp.MustCompile(`dial tcp|no such host|connection refused|i/o timeout|TLS handshake timeout|network is unreachable|module lookup disabled`)

// TestImportedModule: a module that imports health and controller/manager, with no replace
// directive but the one that leads to this directory, is tidied, built and listed.
func TestImportedModule(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	dir := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	ours, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	version := regexp.MustCompile(`(?m)^go .*$`).FindString(string(ours))
	write("go.mod", "module example.com/platform\n\n"+version+"\n\n"+
		"require github.com/sagemaker-gitops/sagemaker-gitops v0.0.0\n\n"+
		"replace github.com/sagemaker-gitops/sagemaker-gitops => "+root+"\n")
	write("platform.go", platform)

	run := func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off", "GOTOOLCHAIN=local")
		out, err := cmd.CombinedOutput()
		if err != nil && unreachable.Match(out) {
			t.Skipf("the module proxy cannot be reached: go %v: %s", args, out) //nolint:forbidigo // there is nothing to tidy with
		}
		require.NoError(t, err, "go %v: %s", args, out)
		return string(out)
	}
	run("mod", "tidy")
	run("build", "./...")
	require.Contains(t, run("list", "-m", "all"), "github.com/sagemaker-gitops/sagemaker-gitops v0.0.0 => "+root)
	require.NotContains(t, run("list", "-deps", "./..."), "gitops-engine", "only health/argocd needs the engine")
}
