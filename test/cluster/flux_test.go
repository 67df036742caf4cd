package cluster

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func fluxObject(apiVersion, kind string, spec map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": apiVersion, "kind": kind,
		"metadata": map[string]any{"namespace": "default", "name": "bench"},
		"spec":     spec,
	}}
}

func configMapYAML(name, value string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, namespace: default}\ndata: {value: %q}\n", name, value)
}

// TestFlux is the way from a push to what Flux says of it, by the real parts.
func TestFlux(t *testing.T) {
	ctx := t.Context()
	c, api := sharedCluster(t)
	start := time.Now()
	flux, err := c.StartFlux(ctx, FluxOptions{})
	require.NoError(t, err)
	t.Logf("Flux ready after %s", time.Since(start).Round(time.Millisecond))

	server, err := NewGitServer(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	repository, err := server.CreateRepository(ctx, "app")
	require.NoError(t, err)
	first, err := repository.CommitTree(ctx, "first", fstest.MapFS{
		"deploy/one.yaml": {Data: []byte(configMapYAML("one", "a"))},
		"deploy/two.yaml": {Data: []byte(configMapYAML("two", "a"))},
	})
	require.NoError(t, err)

	source := fluxObject("source.toolkit.fluxcd.io/v1", "GitRepository", map[string]any{
		"interval": "1s", "url": repository.URL, "ref": map[string]any{"branch": "main"},
	})
	kustomization := fluxObject("kustomize.toolkit.fluxcd.io/v1", "Kustomization", map[string]any{
		"interval": "1m", "timeout": "30s", "path": "./deploy", "prune": true, "wait": true,
		"sourceRef": map[string]any{"kind": "GitRepository", "name": "bench"},
	})
	require.NoError(t, api.Create(ctx, source))
	require.NoError(t, api.Create(ctx, kustomization))

	readyAt := func(commit string) {
		t.Helper()
		start := time.Now()
		eventually(t, "the Kustomization is ready at the pushed commit", func() error {
			if err := c.Err(); err != nil {
				return err
			}
			if err := api.Get(ctx, client.ObjectKeyFromObject(kustomization), kustomization); err != nil {
				return err
			}
			return fluxReady(kustomization, "main@sha1:"+commit)
		})
		t.Logf("ready at %s after %s", commit[:7], time.Since(start).Round(time.Millisecond))
	}
	value := func(name string) string {
		t.Helper()
		got := configMap("default", name)
		require.NoError(t, api.Get(ctx, client.ObjectKeyFromObject(got), got))
		return got.Data["value"]
	}

	readyAt(first)
	require.Equal(t, "a", value("one"))

	second, err := repository.Commit(ctx, "second", map[string]string{"deploy/one.yaml": configMapYAML("one", "b")})
	require.NoError(t, err)
	readyAt(second)
	require.Equal(t, "b", value("one"))
	require.Equal(t, "a", value("two"))

	revert, err := repository.Revert(ctx, second)
	require.NoError(t, err)
	readyAt(revert)
	require.Equal(t, "a", value("one"))

	removal, err := repository.Remove(ctx, "without two", "deploy/two.yaml")
	require.NoError(t, err)
	readyAt(removal)
	eventually(t, "what git no longer has is pruned", gone(ctx, api, configMap("default", "two")))

	flux.Stop()
	require.NoError(t, c.Err(), "a process we stopped is no failure")
}

func fluxReady(object *unstructured.Unstructured, revision string) error {
	applied, _, _ := unstructured.NestedString(object.Object, "status", "lastAppliedRevision")
	observed, _, _ := unstructured.NestedInt64(object.Object, "status", "observedGeneration")
	conditions, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	var seen []string
	for _, item := range conditions {
		condition := item.(map[string]any)
		if condition["type"] == "Ready" && condition["status"] == "True" &&
			applied == revision && observed == object.GetGeneration() {
			return nil
		}
		seen = append(seen, fmt.Sprintf("%v=%v: %v", condition["type"], condition["status"], condition["message"]))
	}
	return fmt.Errorf("applied %q of %q; %s", applied, revision, strings.Join(seen, "; "))
}
