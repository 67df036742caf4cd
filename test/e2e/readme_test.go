package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
)

const repository = "../.."

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, "README.md"))
	require.NoError(t, err)
	return string(text)
}

// blocks are the code blocks of a language.
func blocks(text, language string) []string {
	matches := regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(text, -1)
	found := make([]string, 0, len(matches))
	for _, match := range matches {
		found = append(found, match[1])
	}
	return found
}

// TestREADMECommands: each command is run as written: here, by CI, or as what
// the story's test does.
func TestREADMECommands(t *testing.T) {
	read := func(path string) string {
		content, err := os.ReadFile(filepath.Join(repository, path))
		require.NoError(t, err)
		return string(content)
	}
	var seen []string
	for _, block := range blocks(readme(t), "sh") {
		for command := range strings.Lines(block) {
			command = strings.TrimSpace(command)
			seen = append(seen, command)
			switch command {
			case "make demo":
				require.Contains(t, read("Makefile"), "demo: preflight", command)
				require.Contains(t, read("Makefile"), "\tgo run ./test/demo\n", "TestStory tells what this command tells")
			case "make playground":
				require.Contains(t, read("Makefile"), "\tgo run ./test/demo --playground\n", "TestStory tries what this command prints")
			case "make test":
				require.Contains(t, read(".ci/run"), "\nstep make test\n", "CI runs it")
			case "make help":
				cmd := exec.CommandContext(t.Context(), "make", "help")
				cmd.Dir = repository
				out, err := cmd.CombinedOutput()
				require.NoError(t, err, "%s", out)
				require.Contains(t, string(out), "playground")
			default:
				t.Errorf("nothing runs the documented command %q", command)
			}
		}
	}
	require.Equal(t, []string{"make demo", "make test"}, seen[:2], "the two commands that come first")
}

// TestREADMEInstall builds the documented kustomization on this checkout.
func TestREADMEInstall(t *testing.T) {
	manifests := blocks(readme(t), "yaml")
	require.Len(t, manifests, 1)
	here, err := filepath.Abs(filepath.Join(repository, "kustomize", "default"))
	require.NoError(t, err)
	overlay, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	local, err := filepath.Rel(overlay, here)
	require.NoError(t, err)
	remote := regexp.MustCompile(`https://github.com/\S*//kustomize/default\S*`)
	require.Regexp(t, remote, manifests[0])
	require.NoError(t, os.WriteFile(filepath.Join(overlay, "kustomization.yaml"),
		[]byte(remote.ReplaceAllString(manifests[0], local)), 0o600))

	all, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), overlay)
	require.NoError(t, err)

	kinds := map[string]int{}
	for _, resource := range all.Resources() {
		kinds[resource.GetKind()]++
		if resource.GetKind() != "ConfigMap" {
			continue
		}
		document, err := resource.Map()
		require.NoError(t, err)
		var settings corev1.ConfigMap
		require.NoError(t, runtime.DefaultUnstructuredConverter.FromUnstructured(document, &settings))
		require.Equal(t, map[string]string{"CLUSTER_NAME": "prod-eu", "AWS_REGION": "eu-west-1"}, settings.Data)
	}
	require.Equal(t, 1, kinds["Deployment"])
	require.Equal(t, 1, kinds["ConfigMap"])
	require.Equal(t, len(kind.All())+2, kinds["CustomResourceDefinition"], "each kind, ModelDeployment and ModelPipeline")
}

// TestREADMEKinds: the table has the kinds that are reconciled, and no others.
func TestREADMEKinds(t *testing.T) {
	_, table, found := strings.Cut(readme(t), "## Kinds\n")
	require.True(t, found)
	table, _, _ = strings.Cut(table, "\n## ")
	rows := regexp.MustCompile(`(?m)^\| ([A-Z]\w+) \| (job|revision|service) \|`).FindAllStringSubmatch(table, -1)
	documented := make([]string, 0, len(rows))
	for _, row := range rows {
		documented = append(documented, row[1])
	}
	reconciled := make([]string, 0, len(kind.All()))
	for _, k := range kind.All() {
		reconciled = append(reconciled, k.Kind())
	}
	require.Equal(t, reconciled, documented)
}

// TestREADMELinks: what it refers to in this repository exists.
func TestREADMELinks(t *testing.T) {
	links := regexp.MustCompile(`\]\(([^)#]+)(#[^)]*)?\)`).FindAllStringSubmatch(readme(t), -1)
	require.NotEmpty(t, links)
	for _, link := range links {
		require.NotContains(t, link[1], "://", "no link leads out of the repository")
		_, err := os.Stat(filepath.Join(repository, link[1]))
		require.NoError(t, err)
	}
}
