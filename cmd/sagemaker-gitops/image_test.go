package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/yaml"
)

// TestImage carries out what the Dockerfile says, but for the images that it begins
// with: what it copies is enough to build the binary, and who runs it is whom the
// Deployment runs.
func TestImage(t *testing.T) {
	const repository = "../.."
	text, err := os.ReadFile(filepath.Join(repository, "Dockerfile"))
	require.NoError(t, err)
	build, final, found := strings.Cut(string(text), "\nFROM gcr.io/distroless/static:nonroot\n")
	require.True(t, found)

	source, out := t.TempDir(), filepath.Join(t.TempDir(), "sagemaker-gitops")
	for _, line := range regexp.MustCompile(`(?m)^COPY (.+) (\S+)$`).FindAllStringSubmatch(build, -1) {
		for from := range strings.FieldsSeq(line[1]) {
			copied(t, filepath.Join(repository, from), filepath.Join(source, from))
		}
	}
	commands := regexp.MustCompile(`(?m)^RUN (.+)$`).FindAllStringSubmatch(build, -1)
	require.Equal(t, "go mod download", commands[0][1])
	command := exec.CommandContext(t.Context(), "sh", "-ec", strings.ReplaceAll(commands[len(commands)-1][1], "/out/sagemaker-gitops", out))
	command.Dir = source
	command.Env = append(os.Environ(), "TARGETOS="+runtime.GOOS, "TARGETARCH="+runtime.GOARCH, "PACKAGE=./cmd/sagemaker-gitops", "VERSION=v1.2.3")
	answer, err := command.CombinedOutput()
	require.NoError(t, err, "%s", answer)
	answer, err = exec.CommandContext(t.Context(), out, "--version").CombinedOutput()
	require.NoError(t, err, "%s", answer)
	require.Equal(t, "sagemaker-gitops version v1.2.3\n", string(answer))

	require.Contains(t, final, "COPY --from=build /out/sagemaker-gitops /sagemaker-gitops\n")
	require.Contains(t, final, `ENTRYPOINT ["/sagemaker-gitops"]`, "the Deployment has arguments and no command")
	manifest, err := os.ReadFile(filepath.Join(repository, "kustomize", "manager", "deployment.yaml"))
	require.NoError(t, err)
	var deployment appsv1.Deployment
	require.NoError(t, yaml.UnmarshalStrict(manifest, &deployment))
	require.EqualValues(t, 65532, *deployment.Spec.Template.Spec.SecurityContext.RunAsUser)
	require.EqualValues(t, 65532, *deployment.Spec.Template.Spec.SecurityContext.RunAsGroup)
	require.Contains(t, final, "\nUSER 65532:65532\n")

	module, err := os.ReadFile(filepath.Join(repository, "go.mod"))
	require.NoError(t, err)
	wanted := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(module)
	require.Contains(t, build, "golang:"+string(wanted[1])+" AS build")
}

// copied copies a file, or a directory with all that is in it.
func copied(t *testing.T, from, to string) {
	t.Helper()
	info, err := os.Stat(from)
	require.NoError(t, err)
	if info.IsDir() {
		require.NoError(t, os.CopyFS(to, os.DirFS(from)))
		return
	}
	content, err := os.ReadFile(from)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(to, content, fs.FileMode(0o600)))
}
