package cluster

import (
	"context"
	"fmt"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// widgetHealth calls a Widget healthy once it has a size.
const widgetHealth = `if obj.spec ~= nil and obj.spec.size ~= nil then
  return {status = "Healthy", message = "it has a size"}
end
return {status = "Progressing", message = "it has no size"}
`

// TestArgoCD is the way from a push to what Argo CD says of it, by the real parts: a
// kustomization is built, and health is judged by the given script.
func TestArgoCD(t *testing.T) {
	ctx := t.Context()
	c, api := sharedCluster(t)
	start := time.Now()
	argo, err := c.StartArgoCD(ctx, ArgoCDOptions{Settings: map[string]string{
		"resource.customizations.health.bench.example.com_Widget": widgetHealth,
	}})
	require.NoError(t, err)
	t.Logf("Argo CD ready after %s", time.Since(start).Round(time.Millisecond))

	server, err := NewGitServer(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	repository, err := server.CreateRepository(ctx, "app")
	require.NoError(t, err)
	const widget = "apiVersion: bench.example.com/v1\nkind: Widget\nmetadata: {name: one}\n"
	first, err := repository.CommitTree(ctx, "first", fstest.MapFS{
		"deploy/kustomization.yaml": {Data: []byte("namespace: default\nresources: [widget.yaml, two.yaml]\n")},
		"deploy/widget.yaml":        {Data: []byte(widget)},
		"deploy/two.yaml":           {Data: []byte(configMapYAML("argo", "a"))},
	})
	require.NoError(t, err)

	application := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
		"metadata": map[string]any{"namespace": ArgoCDNamespace, "name": "bench"},
		"spec": map[string]any{
			"project":     "default",
			"source":      map[string]any{"repoURL": repository.URL, "path": "deploy", "targetRevision": "main"},
			"destination": map[string]any{"server": "https://kubernetes.default.svc", "namespace": "default"},
			"syncPolicy":  map[string]any{"automated": map[string]any{"prune": true, "selfHeal": true}},
		},
	}}
	require.NoError(t, api.Create(ctx, application))

	reaches := func(commit, health string) {
		t.Helper()
		start := time.Now()
		require.NoError(t, api.Patch(ctx, application, client.RawPatch(types.MergePatchType,
			[]byte(`{"metadata":{"annotations":{"argocd.argoproj.io/refresh":"normal"}}}`))))
		eventually(t, "the Application is synced at the pushed commit, and "+health, func() error {
			if err := c.Err(); err != nil {
				return err
			}
			if err := api.Get(ctx, client.ObjectKeyFromObject(application), application); err != nil {
				return err
			}
			revision, _, _ := unstructured.NestedString(application.Object, "status", "sync", "revision")
			synced, _, _ := unstructured.NestedString(application.Object, "status", "sync", "status")
			healthy, _, _ := unstructured.NestedString(application.Object, "status", "health", "status")
			if revision == commit && synced == "Synced" && healthy == health {
				return nil
			}
			return fmt.Errorf("the Application says %v", application.Object["status"])
		})
		t.Logf("%s at %s after %s", health, commit[:7], time.Since(start).Round(time.Millisecond))
	}

	reaches(first, "Progressing")
	second, err := repository.Commit(ctx, "second", map[string]string{"deploy/widget.yaml": widget + "spec: {size: 1}\n"})
	require.NoError(t, err)
	reaches(second, "Healthy")
	removal, err := repository.Commit(ctx, "without the widget", map[string]string{
		"deploy/kustomization.yaml": "namespace: default\nresources: [two.yaml]\n",
	})
	require.NoError(t, err)
	reaches(removal, "Healthy")
	eventually(t, "what git no longer has is pruned", func() error {
		one := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "bench.example.com/v1", "kind": "Widget"}}
		one.SetNamespace("default")
		one.SetName("one")
		return gone(ctx, api, one)()
	})

	argo.Stop()
	require.NoError(t, c.Err(), "processes we stopped are no failure")
}

// TestArgoCDNeedsGit: it clones by the git command.
func TestArgoCDNeedsGit(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, _, err := (&Cluster{Dir: t.TempDir()}).argoCDHome(ArgoCDBinaries{})
	require.ErrorContains(t, err, "git")
	_, err = (&Cluster{existing: "theirs"}).StartArgoCD(context.Background(), ArgoCDOptions{})
	require.ErrorContains(t, err, "theirs")
}
