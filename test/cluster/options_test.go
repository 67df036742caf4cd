package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

func TestExistingContext(t *testing.T) {
	for _, test := range []struct {
		reason, use, context, want, err string
	}{
		{reason: "nothing set: a cluster of our own"},
		{reason: "a context alone is not an order", context: "prod"},
		{reason: "false says no", use: "false", context: "prod"},
		{reason: "true with a context", use: "true", context: "dev", want: "dev"},
		{reason: "true without a context", use: "true", err: "USE_EXISTING_CLUSTER=true needs CLUSTER_CONTEXT to name a context of your kubeconfig"},
		{reason: "neither true nor false", use: "maybe", context: "dev", err: `USE_EXISTING_CLUSTER="maybe" is neither true nor false`},
	} {
		t.Run(test.reason, func(t *testing.T) {
			t.Setenv(UseExistingEnv, test.use)
			t.Setenv(ContextEnv, test.context)
			got, err := existingContext()
			if test.err != "" {
				require.EqualError(t, err, test.err)
				_, err = Start(t.Context(), Options{})
				require.EqualError(t, err, test.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

// ambientKubeconfig has two contexts, the current one of which leads nowhere.
func ambientKubeconfig(t *testing.T, kubeconfig string) string {
	t.Helper()
	config, err := clientcmd.LoadFromFile(kubeconfig)
	require.NoError(t, err)
	config.Clusters["prod"] = &clientcmdapi.Cluster{Server: "https://127.0.0.1:1"}
	config.Contexts["prod"] = &clientcmdapi.Context{Cluster: "prod"}
	config.CurrentContext = "prod"
	path := filepath.Join(t.TempDir(), "config")
	require.NoError(t, clientcmd.WriteToFile(*config, path))
	return path
}

func TestExistingCluster(t *testing.T) {
	running, _ := sharedCluster(t)
	t.Setenv(clientcmd.RecommendedConfigPathEnvVar, ambientKubeconfig(t, running.Kubeconfig))
	t.Setenv(UseExistingEnv, "true")
	t.Setenv(AssetsEnv, t.TempDir()) // nothing of ours may be needed

	t.Setenv(ContextEnv, "staging")
	_, err := Start(t.Context(), Options{})
	require.EqualError(t, err, "CLUSTER_CONTEXT=staging is not a context of your kubeconfig")

	t.Setenv(ContextEnv, "bench")
	c, err := Start(t.Context(), Options{CRDs: []string{"testdata/widget.yaml"}})
	require.NoError(t, err)
	require.Equal(t, running.Config.Host, c.Config.Host)
	require.Empty(t, c.processes)
	written, err := clientcmd.LoadFromFile(c.Kubeconfig)
	require.NoError(t, err)
	require.Len(t, written.Contexts, 1, "nobody can slip into another context")
	_, err = c.StartFlux(t.Context(), FluxOptions{})
	require.EqualError(t, err, "the existing cluster bench is left to its own Flux")
	require.NoError(t, c.Stop())
	require.NoDirExists(t, c.Dir)
	require.NoError(t, running.serves(t.Context()), "an existing cluster is not stopped")
}

func TestAmbientKubeconfigIsNotRead(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "config")
	require.NoError(t, os.WriteFile(broken, []byte("not a kubeconfig"), 0o600))
	t.Setenv(clientcmd.RecommendedConfigPathEnvVar, broken)
	t.Setenv(UseExistingEnv, "")
	c, err := Start(t.Context(), Options{Dir: t.TempDir()})
	require.NoError(t, err)
	require.NoError(t, c.serves(t.Context()))
	for _, pid := range c.pids() {
		environment, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		require.NoError(t, err)
		require.NotContains(t, string(environment), broken)
	}
	require.NoError(t, c.Stop())
	require.FileExists(t, c.Kubeconfig, "a directory that was asked for is left")
}

func TestAssets(t *testing.T) {
	executable := func(t *testing.T, dir, name string) {
		t.Helper()
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o755))
	}
	for _, test := range []struct {
		reason  string
		given   []string
		missing []string
		err     string
	}{
		{reason: "all three", given: []string{"etcd", "kube-apiserver", "kube-controller-manager"}},
		{
			reason: "the two that such directories hold", given: []string{"etcd", "kube-apiserver"},
			missing: []string{"kube-controller-manager"},
		},
		{reason: "without etcd", given: []string{"kube-apiserver"}, err: "holds no executable etcd"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range test.given {
				executable(t, dir, name)
			}
			t.Setenv(AssetsEnv, dir)
			found, err := assetsFromEnv()
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				return
			}
			require.NoError(t, err)
			var missing []string
			for _, m := range found.missing() {
				missing = append(missing, m.name)
			}
			require.Equal(t, test.missing, missing)
			programs := found.controlPlane(map[string]string{"kube-controller-manager": "built"})
			require.Equal(t, filepath.Join(dir, "etcd"), programs.Etcd)
			if test.missing != nil {
				require.Equal(t, "built", programs.ControllerManager)
			}
		})
	}
	t.Setenv(AssetsEnv, "")
	found, err := assetsFromEnv()
	require.NoError(t, err)
	require.Len(t, found.missing(), 3)
}

func TestStartUsesAssets(t *testing.T) {
	built, err := buildControlPlane(t.Context(), testWriter{t})
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.Symlink(built.Etcd, filepath.Join(dir, "etcd")))
	require.NoError(t, os.Symlink(built.APIServer, filepath.Join(dir, "kube-apiserver")))
	t.Setenv(AssetsEnv, dir)
	c, err := Start(t.Context(), Options{})
	require.NoError(t, err)
	started := make([]string, 0, len(c.processes))
	for _, p := range c.processes {
		started = append(started, p.cmd.Path)
	}
	require.Equal(t, []string{
		filepath.Join(dir, "etcd"), filepath.Join(dir, "kube-apiserver"), built.ControllerManager,
	}, started)
	require.NoError(t, c.Stop())
}

func TestStartFailureCarriesTheLog(t *testing.T) {
	built, err := buildControlPlane(t.Context(), testWriter{t})
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.Symlink(built.APIServer, filepath.Join(dir, "kube-apiserver")))
	script := "#!/bin/sh\necho no room for data\nexit 1\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "etcd"), []byte(script), 0o755))
	t.Setenv(AssetsEnv, dir)
	_, err = Start(t.Context(), Options{})
	require.ErrorContains(t, err, "etcd ended with exit status 1")
	require.ErrorContains(t, err, "no room for data")
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(line []byte) (int, error) {
	w.t.Logf("%s", line)
	return len(line), nil
}
