package cluster

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// ArgoCDNamespace is the namespace of Argo CD and of its Applications.
const ArgoCDNamespace = "argocd"

// verifyScript looks for the signature of every commit, also where none is asked for.
const verifyScript = "git-verify-wrapper.sh"

// ArgoCDOptions of [Cluster.StartArgoCD].
type ArgoCDOptions struct {
	// Settings are added to those that the ConfigMap argocd-cm comes with.
	Settings map[string]string
}

// ArgoCD is a running application controller with its repository server.
type ArgoCD struct {
	processes []*process
}

// StartArgoCD installs Argo CD's CRDs, settings and the AppProject default, starts
// a Redis, the repository server and the application controller, and returns when
// they are ready. Flags say where things are; --persist-resource-health has
// Applications tell the health of each resource, which is in Redis alone otherwise.
// All else is at its default, so a push is noticed within minutes unless the
// Application is asked to look. The destination https://kubernetes.default.svc is
// this cluster. On an existing cluster it fails: that cluster may run Argo CD of its
// own.
func (c *Cluster) StartArgoCD(ctx context.Context, options ArgoCDOptions) (*ArgoCD, error) {
	if c.existing != "" {
		return nil, fmt.Errorf("the existing cluster %s is left to its own Argo CD", c.existing)
	}
	binaries, err := buildArgoCD(ctx, c.log)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := c.InstallCRDs(ctx, binaries.CRDs...); err != nil {
		return nil, err
	}
	if err := c.installArgoCD(ctx, binaries.Settings, options.Settings); err != nil {
		return nil, err
	}
	argo := &ArgoCD{}
	if err := c.startArgoCD(ctx, argo, binaries); err != nil {
		argo.Stop()
		return nil, err
	}
	return argo, nil
}

// installArgoCD makes what Argo CD reads its settings from.
func (c *Cluster) installArgoCD(ctx context.Context, dir string, settings map[string]string) error {
	if err := c.ensureNamespace(ctx, ArgoCDNamespace); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return err
	}
	objects := []*unstructured.Unstructured{defaultProject()}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		object := new(unstructured.Unstructured)
		if err := yaml.Unmarshal(content, &object.Object); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if object.GetKind() == "ConfigMap" {
			for key, value := range settings {
				if err := unstructured.SetNestedField(object.Object, value, "data", key); err != nil {
					return fmt.Errorf("%s: %w", file, err)
				}
			}
		}
		objects = append(objects, object)
	}
	writer, err := client.New(c.Config, client.Options{})
	if err != nil {
		return err
	}
	for _, object := range objects {
		object.SetNamespace(ArgoCDNamespace)
		if err := writer.Create(ctx, object); err != nil {
			return fmt.Errorf("create %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	return nil
}

// defaultProject is what Argo CD's API server would make.
func defaultProject() *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject",
		"metadata": map[string]any{"name": "default"},
		"spec": map[string]any{
			"sourceRepos":              []any{"*"},
			"destinations":             []any{map[string]any{"server": "*", "namespace": "*"}},
			"clusterResourceWhitelist": []any{map[string]any{"group": "*", "kind": "*"}},
		},
	}}
}

func (c *Cluster) startArgoCD(ctx context.Context, argo *ArgoCD, binaries ArgoCDBinaries) error {
	var ports [4]int
	for i := range ports {
		var err error
		if ports[i], err = freePort(); err != nil {
			return err
		}
	}
	address := func(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
	redis, server, serverMetrics, controllerMetrics := ports[0], ports[1], ports[2], ports[3]
	parts, env, err := c.argoCDHome(binaries)
	if err != nil {
		return err
	}
	start := func(name string, args ...string) error {
		p, err := c.run(name, filepath.Join(parts, name), args, env)
		if err == nil {
			argo.processes = append(argo.processes, p)
		}
		return err
	}
	ready := func(port int) error {
		return argo.processes[len(argo.processes)-1].ready(ctx, func(ctx context.Context) error {
			return get(ctx, &rest.Config{}, "http://"+address(port)+"/healthz")
		})
	}
	if err := start("redis", address(redis)); err != nil {
		return err
	}
	if err := start("argocd-repo-server",
		"--redis="+address(redis),
		"--address=127.0.0.1", fmt.Sprintf("--port=%d", server),
		"--metrics-address=127.0.0.1", fmt.Sprintf("--metrics-port=%d", serverMetrics),
		"--disable-tls", "--client-ca-path=", // it is reached from this machine alone
	); err != nil {
		return err
	}
	if err := ready(serverMetrics); err != nil {
		return err
	}
	if err := start("argocd-application-controller",
		"--kubeconfig="+c.Kubeconfig, "--namespace="+ArgoCDNamespace,
		"--redis="+address(redis),
		"--repo-server="+address(server), "--repo-server-plaintext",
		fmt.Sprintf("--metrics-port=%d", controllerMetrics),
		"--persist-resource-health",
	); err != nil {
		return err
	}
	return ready(controllerMetrics)
}

// argoCDHome makes the directories of Argo CD, with its program under the names of
// its parts, and returns where these are and what the parts are to see.
func (c *Cluster) argoCDHome(binaries ArgoCDBinaries) (parts string, env []string, err error) {
	git, err := exec.LookPath("git")
	if err != nil {
		return "", nil, fmt.Errorf("the repository server needs the git command: %w", err)
	}
	home := filepath.Join(c.Dir, "argocd")
	dirs := map[string]string{
		"ARGOCD_TLS_DATA_PATH": filepath.Join(home, "tls"),
		"ARGOCD_SSH_DATA_PATH": filepath.Join(home, "ssh"),
	}
	parts = filepath.Join(home, "parts")
	for _, dir := range slices.Concat([]string{parts}, slices.Collect(maps.Values(dirs))) {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return "", nil, err
		}
	}
	for _, name := range []string{"redis", "argocd-repo-server", "argocd-application-controller", "kustomize"} {
		if err := os.Symlink(binaries.Program, filepath.Join(parts, name)); err != nil {
			return "", nil, err
		}
	}
	script, err := os.ReadFile(filepath.Join(binaries.Scripts, verifyScript))
	if err != nil {
		return "", nil, err
	}
	if err := os.WriteFile(filepath.Join(parts, verifyScript), script, 0o700); err != nil {
		return "", nil, err
	}
	env = []string{
		"KUBECONFIG=" + c.Kubeconfig,
		"ARGOCD_FAKE_IN_CLUSTER=true", // kubernetes.default.svc is what KUBECONFIG says
		"ARGOCD_GPG_ENABLED=false",    // there are no keys to keep
		"PATH=" + strings.Join([]string{parts, filepath.Dir(git), "/usr/local/bin", "/usr/bin", "/bin"}, ":"),
	}
	for name, dir := range dirs {
		env = append(env, name+"="+dir)
	}
	return parts, env, nil
}

// Stop kills all parts. Stopping the cluster does so too.
func (a *ArgoCD) Stop() {
	for _, p := range slices.Backward(a.processes) {
		p.stop()
	}
}
