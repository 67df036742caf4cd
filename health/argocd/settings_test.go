package argocd_test

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

const repository = "../.."

// TestSettingsAreApplied does what the kubectl commands in kustomize/README.md do to the
// ConfigMap of an Argo CD that is there already, twice: all keys of all files are in it.
func TestSettingsAreApplied(t *testing.T) {
	t.Parallel()

	kube, err := client.New(config, client.Options{})
	require.NoError(t, err)
	require.NoError(t, kube.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "argocd"}}))

	settings := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "argocd-cm", Namespace: "argocd"}}
	settings.Labels = map[string]string{"app.kubernetes.io/part-of": "argocd"}
	settings.Data = map[string]string{"url": "https://argocd.example.com"}
	require.NoError(t, kube.Create(t.Context(), settings, client.FieldOwner("argocd")))

	want := map[string]string{"url": "https://argocd.example.com"}

	for range 2 {
		for _, command := range applyCommands(t) {
			text, err := os.ReadFile(filepath.Join(repository, command.file))
			require.NoError(t, err)
			require.NoError(t, yaml.Unmarshal(text, &struct {
				Data *map[string]string `json:"data"`
			}{&want}))

			document, err := yaml.YAMLToJSON(text)
			require.NoError(t, err)
			require.NoError(t, kube.Patch(t.Context(), settings.DeepCopy(), client.RawPatch(types.ApplyPatchType, document), client.FieldOwner(command.manager)), command.file)
		}

		require.NoError(t, kube.Get(t.Context(), client.ObjectKeyFromObject(settings), settings))
		require.Equal(t, want, settings.Data)
	}

	for _, what := range []string{"health", "actions"} {
		require.Contains(t, settings.Data, "resource.customizations."+what+".sagemaker.gitops.dev_Endpoint")
	}
}

type applyCommand struct{ manager, file string }

// applyCommands are those in kustomize/README.md.
func applyCommands(t *testing.T) []applyCommand {
	t.Helper()

	text, err := os.ReadFile(filepath.Join(repository, "kustomize", "README.md"))
	require.NoError(t, err)

	lines := regexp.MustCompile(`(?m)^kubectl apply .*$`).FindAllString(string(text), -1)
	all := make([]applyCommand, 0, len(lines))

	for _, line := range lines {
		var one applyCommand

		flags := flag.NewFlagSet(line, flag.ContinueOnError)
		flags.SetOutput(io.Discard)
		serverSide := flags.Bool("server-side", false, "")
		flags.StringVar(&one.manager, "field-manager", "kubectl", "")
		flags.StringVar(&one.file, "f", "", "")
		require.NoError(t, flags.Parse(strings.Fields(line)[2:]), line)
		require.True(t, *serverSide, line)

		all = append(all, one)
	}

	require.NotEmpty(t, all)

	return all
}
