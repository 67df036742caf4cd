package argocd_test

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/argoproj/argo-cd/v3/util/settings"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/kubernetes/fake"
	"sigs.k8s.io/yaml"
)

const (
	components = "../../kustomize/components/argocd"
	ours       = "../../health/testdata"
	acks       = "../../health/script/testdata/ack"
)

// configured is Argo CD's reader of a ConfigMap that components have been added to.
func configured(t *testing.T, parts ...string) *settings.SettingsManager {
	t.Helper()

	config := configMap(t, parts...)

	return settings.NewSettingsManager(t.Context(), fake.NewClientset(config), config.Namespace)
}

func configMap(t *testing.T, parts ...string) *corev1.ConfigMap {
	t.Helper()

	all := &corev1.ConfigMap{}
	for _, part := range parts {
		files, err := filepath.Glob(filepath.Join(components, part, "argocd-*cm.yaml"))
		require.NoError(t, err)
		require.Len(t, files, 1)
		text, err := os.ReadFile(files[0])
		require.NoError(t, err)
		var one corev1.ConfigMap
		require.NoError(t, yaml.UnmarshalStrict(text, &one))
		if all.Data == nil {
			all = &one
		}
		maps.Copy(all.Data, one.Data)
	}

	return all
}

func load(t *testing.T, file string) *unstructured.Unstructured {
	t.Helper()

	text, err := os.ReadFile(file)
	require.NoError(t, err)

	return parse(t, string(text))
}

func parse(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()

	document, err := yaml.YAMLToJSON([]byte(text))
	require.NoError(t, err)
	object := map[string]any{}
	require.NoError(t, json.Unmarshal(document, &object))

	return &unstructured.Unstructured{Object: object}
}

// expected are the rows of a directory's expected.yaml.
func expected[T any](t *testing.T, directory string) []T {
	t.Helper()

	text, err := os.ReadFile(filepath.Join(directory, "expected.yaml"))
	require.NoError(t, err)
	var rows []T
	require.NoError(t, yaml.Unmarshal(text, &rows))
	require.NotEmpty(t, rows)

	return rows
}
