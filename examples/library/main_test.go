package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/cluster"
)

const patience = time.Minute

// TestDeploy carries the program out on a real API server. The test stands in for the
// controller and says of each object what it has made of it.
func TestDeploy(t *testing.T) {
	log.SetLogger(logr.Discard()) // of the CRD installer, which complains otherwise
	c, err := cluster.Start(t.Context(), cluster.Options{CRDs: []string{"../../kustomize/crd/bases"}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Stop()) })
	c.Config.WarningHandler = rest.NoWarnings{}
	kube, err := client.New(c.Config, client.Options{})
	require.NoError(t, err)
	namespace := &corev1.Namespace{}
	namespace.Name = "ml"
	require.NoError(t, kube.Create(t.Context(), namespace))

	var out bytes.Buffer
	deployed := start(t, c.Config, &out, "manifests.yaml")
	require.False(t, exists(t, kube, "EndpointConfig"), "its wave has not come")
	judge(t, kube, "Model", 1, "Ready", "model abalone exists")
	judge(t, kube, "EndpointConfig", 1, "Ready", "endpoint config abalone exists")
	require.NoError(t, <-deployed)
	require.True(t, strings.HasPrefix(out.String(), "Succeeded successfully synced"), out.String())
	require.True(t, strings.HasSuffix(out.String(), "Healthy \n"), out.String())

	// A commit that takes one object away and changes the other for the worse.
	text, err := os.ReadFile("manifests.yaml")
	require.NoError(t, err)
	model, _, _ := strings.Cut(strings.Replace(string(text), "abalone:1", "typo:1", 1), "\n---\n")
	changed := filepath.Join(t.TempDir(), "manifests.yaml")
	require.NoError(t, os.WriteFile(changed, []byte(model), 0o600))
	deployed = start(t, c.Config, &out, changed)
	judge(t, kube, "Model", 2, "Stalled", "AWS knows no such image")
	require.ErrorContains(t, <-deployed, "Model abalone: AWS knows no such image")
	require.True(t, exists(t, kube, "EndpointConfig"), "what served before is not deleted for a model that failed")
	judge(t, kube, "Model", 2, "Ready", "model abalone exists")
	require.NoError(t, <-start(t, c.Config, &out, changed))
	require.Eventually(t, func() bool { return !exists(t, kube, "EndpointConfig") }, patience, 100*time.Millisecond)
}

func start(t *testing.T, config *rest.Config, out *bytes.Buffer, file string) <-chan error {
	t.Helper()

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	deployed := make(chan error, 1)
	go func() { deployed <- deploy(ctx, out, config, "ml", file) }()

	return deployed
}

func judge(t *testing.T, kube client.Client, kind string, generation int64, condition, message string) {
	t.Helper()

	require.Eventually(t, func() bool {
		object := find(t, kube, kind)
		if object == nil || object.GetGeneration() != generation {
			return false
		}
		object.Object["status"] = map[string]any{"observedGeneration": generation, "conditions": []any{map[string]any{
			"type": condition, "status": "True", "reason": "Tested", "message": message, "lastTransitionTime": "2026-03-02T09:30:00Z",
		}}}
		return kube.Status().Update(t.Context(), object) == nil
	}, patience, 100*time.Millisecond, "%s is at generation %d", kind, generation)
}

func exists(t *testing.T, kube client.Client, kind string) bool {
	t.Helper()

	return find(t, kube, kind) != nil
}

func find(t *testing.T, kube client.Client, kind string) *unstructured.Unstructured {
	t.Helper()

	object := &unstructured.Unstructured{}
	object.SetAPIVersion("sagemaker.gitops.dev/v1alpha1")
	object.SetKind(kind)
	if err := kube.Get(t.Context(), client.ObjectKey{Namespace: "ml", Name: "abalone"}, object); err != nil {
		return nil
	}

	return object
}

func TestRead(t *testing.T) {
	t.Parallel()

	_, err := read("ml", "nowhere.yaml")
	require.ErrorIs(t, err, os.ErrNotExist)
	objects, err := read("ml", "manifests.yaml")
	require.NoError(t, err)
	require.Len(t, objects, 2)
	require.Equal(t, "ml", objects[1].GetNamespace())
	require.Equal(t, map[string]string{ours: "true", "argocd.argoproj.io/sync-wave": "1"}, objects[1].GetAnnotations())
}
