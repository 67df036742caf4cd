package kustomize_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/fluxcd/pkg/apis/kustomize"
	"github.com/fluxcd/pkg/runtime/cel"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"

	"github.com/sagemaker-gitops/sagemaker-gitops/health/script"
)

func TestArgoCDComponents(t *testing.T) {
	t.Parallel()

	config, notifications := argocd(t, "testdata/argocd", "argocd")

	require.Equal(t, "https://argocd.example.com", config["url"], "what is there stays")
	require.Contains(t, config, "resource.links")
	require.NotContains(t, config, "resource.customizations", "that would replace what others say there")

	size := 0
	for _, value := range config {
		size += len(value)
	}
	require.Less(t, size, 512<<10, "half of what a ConfigMap can hold")

	for _, kind := range script.Kinds() {
		require.Equal(t, script.Lua(), config["resource.customizations.health."+group+"_"+kind])

		var actions script.Actions
		require.NoError(t, yaml.UnmarshalStrict([]byte(config["resource.customizations.actions."+group+"_"+kind]), &actions))
		require.Equal(t, script.ActionsOf(kind), actions)
	}
	for group, kinds := range script.ACKKinds() {
		for _, kind := range kinds {
			require.Equal(t, script.ACKLua(kind), config["resource.customizations.health."+group+"_"+kind])
		}
	}

	require.Contains(t, notifications, "service.slack", "what is there stays")
	for _, name := range []string{"awaiting-approval", "degraded", "deployed"} {
		require.Contains(t, notifications, "trigger.on-sagemaker-"+name)
		require.Contains(t, notifications, "template.sagemaker-"+name)
	}

	there, notificationsThere := argocd(t, "testdata/argocd-elsewhere", "openshift-gitops")
	require.Equal(t, config, there)
	require.Equal(t, notifications, notificationsThere)
}

func TestArgoCDWildcard(t *testing.T) {
	t.Parallel()

	config, _ := argocd(t, "testdata/argocd-wildcard", "")

	var wildcards map[string]map[string]string
	require.NoError(t, yaml.UnmarshalStrict([]byte(config["resource.customizations"]), &wildcards))

	want := map[string]map[string]string{group + "/*": {"health.lua": script.Lua()}}
	for group := range script.ACKKinds() {
		want[group+"/*"] = map[string]string{"health.lua": script.ACKLuaOfGroup(group)}
	}
	require.Equal(t, want, wildcards)
	require.NotContains(t, config, "resource.customizations.health."+group+"_TrainingJob")
	require.Contains(t, config, "resource.customizations.actions."+group+"_TrainingJob", "actions know no wildcard")
}

// TestREADMENamesArgoCD: the version that the README names is the one that the bench builds.
func TestREADMENamesArgoCD(t *testing.T) {
	t.Parallel()

	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)

	for _, module := range []string{"../test/cluster/modules/argocd/go.mod", "../test/argocd/go.mod"} {
		text, err := os.ReadFile(module)
		require.NoError(t, err)

		version := regexp.MustCompile(`github.com/argoproj/argo-cd/v3 v(\S+)`).FindSubmatch(text)
		require.NotNil(t, version, module)
		require.Contains(t, string(readme), "tested with Argo CD "+string(version[1])+".", module)
	}
}

// TestFluxComponents: Flux itself takes the expressions.
func TestFluxComponents(t *testing.T) {
	t.Parallel()

	for _, directory := range []string{"testdata/flux", "testdata/flux-ours"} {
		resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), directory)
		require.NoError(t, err)
		require.Len(t, resources.Resources(), 1)
		document, err := resources.Resources()[0].AsYAML()
		require.NoError(t, err)

		var object struct {
			Metadata struct {
				Name string `json:"name"`
			} `json:"metadata"`
			Spec struct {
				Wait   bool                          `json:"wait"`
				Checks []kustomize.CustomHealthCheck `json:"healthCheckExprs"`
			} `json:"spec"`
		}
		require.NoError(t, yaml.Unmarshal(document, &object))
		require.Equal(t, "ml", object.Metadata.Name, "what is patched keeps its name")
		require.True(t, object.Spec.Wait)
		require.NotEmpty(t, object.Spec.Checks)
		_, err = cel.NewStatusReader(object.Spec.Checks)
		require.NoError(t, err)
	}
}

// argocd are the data of Argo CD's two ConfigMaps in what a directory builds, where they
// have the namespace that is given. Argo CD's own manifests give them none.
func argocd(t *testing.T, directory, namespace string) (config, notifications map[string]string) {
	t.Helper()

	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), directory)
	require.NoError(t, err)

	all := map[string]map[string]string{}
	for _, r := range resources.Resources() {
		document, err := r.AsYAML()
		require.NoError(t, err)
		var object corev1.ConfigMap
		require.NoError(t, yaml.UnmarshalStrict(document, &object))
		require.Equal(t, namespace, object.Namespace)
		all[object.Name] = object.Data
	}

	return all["argocd-cm"], all["argocd-notifications-cm"]
}
