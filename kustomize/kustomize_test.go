package kustomize_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// installation is what a kustomization installs, strictly decoded.
type installation struct {
	namespaces      []corev1.Namespace
	serviceAccounts []corev1.ServiceAccount
	configMaps      []corev1.ConfigMap
	deployments     []appsv1.Deployment
	roles           []rbacv1.Role
	bindings        []rbacv1.RoleBinding
	clusterRoles    []rbacv1.ClusterRole
	clusterBindings []rbacv1.ClusterRoleBinding
	// plurals are the resources of our group that have a CRD.
	plurals []string
}

const group = "sagemaker.gitops.dev"

func TestDefaultLacksOnlyTheClusterName(t *testing.T) {
	t.Parallel()

	all := build(t, "default")

	require.Len(t, all.configMaps, 1)
	require.Empty(t, all.configMaps[0].Data, "the user's overlay names the cluster, nobody else")

	env := all.container(t).Env[0]
	require.Equal(t, "CLUSTER_NAME", env.Name)
	require.Equal(t, "CLUSTER_NAME", env.ValueFrom.ConfigMapKeyRef.Key)
	require.Nil(t, env.ValueFrom.ConfigMapKeyRef.Optional, "without the key the kubelet refuses to start the pod")
	require.Equal(t, []string{"controller", "--cluster-name=$(CLUSTER_NAME)"}, all.container(t).Args)
}

func TestEveryCRDIsInstalled(t *testing.T) {
	t.Parallel()

	files, err := filepath.Glob("crd/bases/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	require.Len(t, build(t, "default").plurals, len(files))
}

func TestInstallOverlay(t *testing.T) {
	t.Parallel()

	all := build(t, "testdata/install")
	require.Len(t, all.configMaps, 1)

	config := all.configMaps[0]
	require.Equal(t, map[string]string{"CLUSTER_NAME": "prod-eu", "AWS_REGION": "eu-west-1"}, config.Data)

	container := all.container(t)
	require.Equal(t, config.Name, container.Env[0].ValueFrom.ConfigMapKeyRef.Name, "the name's hash is followed")
	require.Equal(t, config.Name, container.EnvFrom[0].ConfigMapRef.Name, "the name's hash is followed")
	require.True(t, strings.HasSuffix(container.Image, "/sagemaker-gitops:v0.1.0"), container.Image)

	require.Len(t, all.namespaces, 1)
	require.Equal(t, "ml-platform", all.namespaces[0].Name, "the namespace can be chosen")
	require.Contains(t, all.serviceAccounts[0].Annotations, "eks.amazonaws.com/role-arn")
}

// TestREADME builds the kustomization that the README tells users to write.
func TestREADME(t *testing.T) {
	t.Parallel()

	text, err := os.ReadFile("README.md")
	require.NoError(t, err)

	_, rest, found := strings.Cut(string(text), "```yaml\n")
	require.True(t, found)
	block, _, found := strings.Cut(rest, "```")
	require.True(t, found)

	here, err := filepath.Abs("default")
	require.NoError(t, err)
	overlay, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	local, err := filepath.Rel(overlay, here)
	require.NoError(t, err)

	remote := regexp.MustCompile(`https://github.com/[^ ]*//kustomize/default[^ \n]*`)
	require.Regexp(t, remote, block)
	require.NoError(t, os.WriteFile(
		filepath.Join(overlay, "kustomization.yaml"), []byte(remote.ReplaceAllString(block, local)), 0o600))

	all := build(t, overlay)
	require.Len(t, all.configMaps, 1)
	require.Equal(t, "prod-eu", all.configMaps[0].Data["CLUSTER_NAME"])
	require.Equal(t, "<registry>/sagemaker-gitops:<version>", all.container(t).Image)
	require.Contains(t, all.serviceAccounts[0].Annotations, "eks.amazonaws.com/role-arn")
}

func TestBindingsLeadSomewhere(t *testing.T) {
	t.Parallel()

	all := build(t, "testdata/install")
	account := all.serviceAccounts[0]
	subject := []rbacv1.Subject{{Kind: "ServiceAccount", Name: account.Name, Namespace: account.Namespace}}

	require.Equal(t, "ml-platform", account.Namespace)
	require.Equal(t, account.Name, all.deployments[0].Spec.Template.Spec.ServiceAccountName)
	require.Len(t, all.clusterBindings, 2, "the controller's own and object-identity's")
	require.Len(t, all.bindings, 2, "the leader's lease and the record of the cluster name")

	for _, binding := range all.clusterBindings {
		require.Equal(t, subject, binding.Subjects, binding.Name)
		all.clusterRole(t, binding.RoleRef.Name)
	}

	for _, binding := range all.bindings {
		require.Equal(t, subject, binding.Subjects, binding.Name)
		role := slices.IndexFunc(all.roles, func(r rbacv1.Role) bool { return r.Name == binding.RoleRef.Name })
		require.NotEqual(t, -1, role, binding.Name)
		require.Equal(t, all.deployments[0].Namespace, all.roles[role].Namespace)
	}
}

func TestControllerMayNoMoreThanItNeeds(t *testing.T) {
	t.Parallel()

	all := build(t, "default")

	for _, rule := range all.clusterRole(t, "sagemaker-gitops-controller").Rules {
		require.NotContains(t, rule.Verbs, "*")
		require.NotContains(t, rule.APIGroups, "*")
		require.NotContains(t, rule.Resources, "secrets")
		require.NotContains(t, rule.Resources, "serviceaccounts/token", "that is what object-identity is for")

		if slices.Contains(rule.APIGroups, group) {
			if slices.Contains(rule.Verbs, "stop") {
				require.Equal(t, []string{"stop"}, rule.Verbs, "approving and rolling back are for people")
				continue
			}
			if slices.Contains(rule.Verbs, "create") {
				require.ElementsMatch(t, rule.Verbs, []string{"create", "delete"})
				require.Equal(t, []string{"*"}, rule.Resources, "a step of a pipeline may be of any kind")
				continue
			}
			require.NotContains(t, rule.Verbs, "delete", "deleting is for people and their tools")
			require.Subset(t, rule.Verbs, []string{"get", "list", "watch", "patch"}, "the loop reads and patches")
			continue
		}
		if slices.Contains(rule.Resources, "controllerrevisions") {
			require.Equal(t, []string{"controllerrevisions"}, rule.Resources, "the history of pipelines is its own")
			continue
		}
		require.NotContains(t, rule.Verbs, "delete")
	}
}

func TestRolesOfPeople(t *testing.T) {
	t.Parallel()

	all := build(t, "default")
	for _, row := range []struct {
		reason, level string
		resources     []string
		verbs         []string
	}{
		{"who may see pods may see our objects", "view", []string{"*"}, []string{"get", "list", "watch"}},
		{
			"who may edit may edit every kind, and no status", "edit", all.plurals,
			[]string{"create", "update", "patch", "delete", "deletecollection"},
		},
		{"deciding is more than editing", "admin", all.plurals, []string{"approve", "rollback", "stop"}},
	} {
		t.Run(row.level, func(t *testing.T) {
			t.Parallel()

			role := all.clusterRole(t, "sagemaker-gitops-"+row.level)
			require.Equal(t, "true", role.Labels["rbac.authorization.k8s.io/aggregate-to-"+row.level], row.reason)
			require.Len(t, role.Rules, 1, row.reason)
			require.Equal(t, []string{group}, role.Rules[0].APIGroups, row.reason)
			require.ElementsMatch(t, row.resources, role.Rules[0].Resources, row.reason)
			require.ElementsMatch(t, row.verbs, role.Rules[0].Verbs, row.reason)
		})
	}
}

func TestPodIsRestricted(t *testing.T) {
	t.Parallel()

	all := build(t, "default")
	require.Equal(t, "restricted", all.namespaces[0].Labels["pod-security.kubernetes.io/enforce"])

	pod := all.deployments[0].Spec.Template.Spec
	require.True(t, *pod.SecurityContext.RunAsNonRoot)
	require.Equal(t, corev1.SeccompProfileTypeRuntimeDefault, pod.SecurityContext.SeccompProfile.Type)

	container := all.container(t)
	require.False(t, *container.SecurityContext.AllowPrivilegeEscalation)
	require.True(t, *container.SecurityContext.ReadOnlyRootFilesystem)
	require.Equal(t, []corev1.Capability{"ALL"}, container.SecurityContext.Capabilities.Drop)

	ports := map[string]int32{}
	for _, port := range container.Ports {
		ports[port.Name] = port.ContainerPort
	}

	require.Equal(t, map[string]int32{"http-prom": 8080, "healthz": 9440}, ports)
	require.Contains(t, ports, container.LivenessProbe.HTTPGet.Port.StrVal)
	require.Contains(t, ports, container.ReadinessProbe.HTTPGet.Port.StrVal)
}

// TestMemoryLimit: what Go keeps to leaves a tenth of the container's memory for the rest.
func TestMemoryLimit(t *testing.T) {
	t.Parallel()

	container := build(t, "default").container(t)
	index := slices.IndexFunc(container.Env, func(e corev1.EnvVar) bool { return e.Name == "GOMEMLIMIT" })
	require.GreaterOrEqual(t, index, 0)

	number, found := strings.CutSuffix(container.Env[index].Value, "MiB") // the form that Go reads
	require.True(t, found)

	limit := resource.MustParse(number + "Mi")
	require.InDelta(t, 0.9, limit.AsApproximateFloat64()/container.Resources.Limits.Memory().AsApproximateFloat64(), 0.01)
}

func (i *installation) container(t *testing.T) corev1.Container {
	t.Helper()

	require.Len(t, i.deployments, 1)

	containers := i.deployments[0].Spec.Template.Spec.Containers
	require.Len(t, containers, 1)

	return containers[0]
}

func (i *installation) clusterRole(t *testing.T, name string) rbacv1.ClusterRole {
	t.Helper()

	index := slices.IndexFunc(i.clusterRoles, func(r rbacv1.ClusterRole) bool { return r.Name == name })
	require.GreaterOrEqual(t, index, 0, "there is a ClusterRole %s", name)

	return i.clusterRoles[index]
}

func build(t *testing.T, directory string) *installation {
	t.Helper()

	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), directory)
	require.NoError(t, err)

	all := &installation{}

	for _, r := range resources.Resources() {
		if r.GetKind() == "CustomResourceDefinition" {
			// A CRD's name is the plural and the group.
			plural, found := strings.CutSuffix(r.GetName(), "."+group)
			require.True(t, found, "%s is of our group", r.GetName())
			all.plurals = append(all.plurals, plural)

			continue
		}

		document, err := r.AsYAML()
		require.NoError(t, err)

		switch kind := r.GetKind(); kind {
		case "Namespace":
			add(t, &all.namespaces, document)
		case "ServiceAccount":
			add(t, &all.serviceAccounts, document)
		case "ConfigMap":
			add(t, &all.configMaps, document)
		case "Deployment":
			add(t, &all.deployments, document)
		case "Role":
			add(t, &all.roles, document)
		case "RoleBinding":
			add(t, &all.bindings, document)
		case "ClusterRole":
			add(t, &all.clusterRoles, document)
		case "ClusterRoleBinding":
			add(t, &all.clusterBindings, document)
		default:
			require.Fail(t, "an object of a kind this test does not know", kind)
		}
	}

	return all
}

// add decodes a document strictly and appends it.
func add[T any](t *testing.T, to *[]T, document []byte) {
	t.Helper()

	var object T
	require.NoError(t, yaml.UnmarshalStrict(document, &object))
	*to = append(*to, object)
}

// TestComponentsTogether: all components go with each other, under any prefix and in
// any namespace.
func TestComponentsTogether(t *testing.T) {
	t.Parallel()

	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), "testdata/everything")
	require.NoError(t, err)

	text, err := resources.AsYaml()
	require.NoError(t, err)
	require.NotContains(t, string(text), "namespace: sagemaker-gitops-system")

	kinds := map[string][]string{}
	for _, r := range resources.Resources() {
		kinds[r.GetKind()] = append(kinds[r.GetKind()], r.GetName())
	}

	require.Len(t, kinds["ValidatingAdmissionPolicy"], 6)
	require.ElementsMatch(t, kinds["ValidatingAdmissionPolicy"], kinds["ValidatingAdmissionPolicyBinding"])

	for _, name := range kinds["ValidatingAdmissionPolicy"] {
		require.Contains(t, string(text), "policyName: "+name+"\n", "names are followed")
	}
}
