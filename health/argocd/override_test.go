package argocd_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	enginehealth "github.com/argoproj/argo-cd/gitops-engine/pkg/health"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	"github.com/sagemaker-gitops/sagemaker-gitops/health/argocd"
)

// TestOverride: the engine says of every fixture what package health says.
func TestOverride(t *testing.T) {
	t.Parallel()

	const fixtures = "../testdata"

	text, err := os.ReadFile(filepath.Join(fixtures, "expected.yaml"))
	require.NoError(t, err)

	var rows []struct {
		Object  string                        `json:"object"`
		Argo    enginehealth.HealthStatusCode `json:"argo"`
		Message string                        `json:"message"`
	}
	require.NoError(t, yaml.Unmarshal(text, &rows))
	require.NotEmpty(t, rows)

	for _, row := range rows {
		text, err := os.ReadFile(filepath.Join(fixtures, row.Object))
		require.NoError(t, err)
		object := parse(t, string(text))

		is, err := argocd.Override{}.GetResourceHealth(object)
		require.NoError(t, err)
		require.Equal(t, &enginehealth.HealthStatus{Status: row.Argo, Message: row.Message}, is, row.Object)

		is, err = enginehealth.GetResourceHealth(object, argocd.Override{})
		require.NoError(t, err)
		require.Equal(t, row.Argo, is.Status, row.Object)
	}
}

type opinion struct {
	is  *enginehealth.HealthStatus
	err error
}

func (o opinion) GetResourceHealth(*unstructured.Unstructured) (*enginehealth.HealthStatus, error) {
	return o.is, o.err
}

func TestOthers(t *testing.T) {
	t.Parallel()

	other := parse(t, "{apiVersion: example.com/v1, kind: TrainingJob}")
	ours := parse(t, "{apiVersion: sagemaker.gitops.dev/v1alpha1, kind: TrainingJob}")
	want := &enginehealth.HealthStatus{Status: enginehealth.HealthStatusDegraded}
	cause := errors.New("no")

	is, err := argocd.Override{}.GetResourceHealth(other)
	require.NoError(t, err)
	require.Nil(t, is, "it is the engine's to judge")

	is, err = argocd.Override{Others: opinion{is: want}}.GetResourceHealth(other)
	require.NoError(t, err)
	require.Equal(t, want, is)

	_, err = argocd.Override{Others: opinion{err: cause}}.GetResourceHealth(other)
	require.ErrorIs(t, err, cause)

	is, err = argocd.Override{Others: opinion{is: want, err: cause}}.GetResourceHealth(ours)
	require.NoError(t, err)
	require.Equal(t, enginehealth.HealthStatusProgressing, is.Status, "nobody else is asked about ours")

	is, err = argocd.Override{Groups: []string{"example.com"}, Others: opinion{err: cause}}.GetResourceHealth(other)
	require.NoError(t, err)
	require.Equal(t, enginehealth.HealthStatusProgressing, is.Status, "nor about a group of ours")
}

func parse(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()

	document, err := yaml.YAMLToJSON([]byte(text))
	require.NoError(t, err)

	object := map[string]any{}
	require.NoError(t, json.Unmarshal(document, &object))

	return &unstructured.Unstructured{Object: object}
}
