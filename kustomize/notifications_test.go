package kustomize_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
)

const notifications = "components/flux-notifications/"

// sourceReference is how Flux's notification objects name others.
type sourceReference struct {
	APIVersion  string            `json:"apiVersion,omitempty"`
	Kind        string            `json:"kind"`
	Namespace   string            `json:"namespace,omitempty"`
	Name        string            `json:"name"`
	MatchLabels map[string]string `json:"matchLabels,omitempty"`
}

type secretReference struct {
	Name string `json:"name"`
}

// fluxObject is what we use of Provider, Alert and Receiver.
type fluxObject struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Spec struct {
		Type          string            `json:"type,omitempty"`
		Channel       string            `json:"channel,omitempty"`
		SecretRef     secretReference   `json:"secretRef,omitzero"`
		ProviderRef   secretReference   `json:"providerRef,omitzero"`
		EventSeverity string            `json:"eventSeverity,omitempty"`
		EventMetadata map[string]string `json:"eventMetadata,omitempty"`
		EventSources  []sourceReference `json:"eventSources,omitempty"`
		Events        []string          `json:"events,omitempty"`
		Resources     []sourceReference `json:"resources,omitempty"`
	} `json:"spec"`
}

// fluxObjects are those of a file, by name.
func fluxObjects(t *testing.T, file string) map[string]fluxObject {
	t.Helper()

	text, err := os.ReadFile(file)
	require.NoError(t, err)

	all := map[string]fluxObject{}

	for document := range strings.SplitSeq(string(text), "\n---\n") {
		var object fluxObject
		require.NoError(t, yaml.UnmarshalStrict([]byte(document), &object))
		require.NotEmpty(t, object.Namespace)

		all[object.Name] = object
	}

	return all
}

// TestNotificationsAreSent: the flag comes to those that are there.
func TestNotificationsAreSent(t *testing.T) {
	t.Parallel()

	args := build(t, "testdata/notifications").container(t).Args
	require.Equal(t, append(build(t, "default").container(t).Args,
		"--events-addr=http://notification-controller.flux-system.svc.cluster.local./"), args)
}

// fluxInstallation is Flux's installation with what our components make of it.
type fluxInstallation struct {
	crds        map[string]apiextensionsv1.CustomResourceDefinition
	accounts    []corev1.ServiceAccount
	deployments []appsv1.Deployment
	roles       []rbacv1.ClusterRole
	bindings    []rbacv1.ClusterRoleBinding
	policies    []networkingv1.NetworkPolicy
}

func buildFlux(t *testing.T) *fluxInstallation {
	t.Helper()

	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), "testdata/flux-system")
	require.NoError(t, err)

	all := &fluxInstallation{crds: map[string]apiextensionsv1.CustomResourceDefinition{}}

	for _, r := range resources.Resources() {
		text, err := r.AsYAML()
		require.NoError(t, err)

		switch kind := r.GetKind(); kind {
		case "CustomResourceDefinition":
			var crd apiextensionsv1.CustomResourceDefinition
			require.NoError(t, yaml.UnmarshalStrict(text, &crd))
			all.crds[crd.Spec.Names.Kind] = crd
		case "ServiceAccount":
			add(t, &all.accounts, text)
		case "Deployment":
			add(t, &all.deployments, text)
		case "ClusterRole":
			add(t, &all.roles, text)
		case "ClusterRoleBinding":
			add(t, &all.bindings, text)
		case "NetworkPolicy":
			add(t, &all.policies, text)
		default:
			require.Fail(t, "an object of a kind this test does not know", kind)
		}
	}

	return all
}

// TestFluxMayNameOurKinds: Alerts and Receivers may name every one of them, and name those
// of the examples.
func TestFluxMayNameOurKinds(t *testing.T) {
	t.Parallel()

	for _, row := range []struct {
		kind, list, patch, example string
		names                      func(fluxObject) []sourceReference
	}{
		{"Alert", "eventSources", "alert-kinds.yaml", "alert.yaml", func(o fluxObject) []sourceReference { return o.Spec.EventSources }},
		{"Receiver", "resources", "receiver-kinds.yaml", "receiver.yaml", func(o fluxObject) []sourceReference { return o.Spec.Resources }},
	} {
		t.Run(row.kind, func(t *testing.T) {
			t.Parallel()

			var patch strings.Builder

			enum := "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/" + row.list + "/items/properties/kind/enum/-"

			for _, crd := range crds(t) {
				patch.WriteString("- {op: add, path: " + enum + ", value: " + crd.Spec.Names.Kind + "}\n")
			}

			requireGenerated(t, notifications+"flux-system/"+row.patch, generated+patch.String())

			spec := buildFlux(t).crds[row.kind].Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
			kinds := spec.Properties[row.list].Items.Schema.Properties["kind"].Enum
			has := func(kind string) bool {
				return slices.ContainsFunc(kinds, func(one apiextensionsv1.JSON) bool { return string(one.Raw) == `"`+kind+`"` })
			}

			require.True(t, has("GitRepository"), "what is there stays")

			for _, crd := range crds(t) {
				require.True(t, has(crd.Spec.Names.Kind), crd.Spec.Names.Kind)
			}

			for _, object := range fluxObjects(t, notifications+"example/"+row.example) {
				for _, source := range row.names(object) {
					require.True(t, has(source.Kind), source.Kind)
				}
			}
		})
	}
}

// TestNotificationControllerMayAsk: it finds our objects and annotates them, and no other
// controller of Flux may do more than before.
func TestNotificationControllerMayAsk(t *testing.T) {
	t.Parallel()

	all := buildFlux(t)
	require.Len(t, all.roles, 1)
	require.Equal(t, []rbacv1.PolicyRule{{
		APIGroups: []string{group}, Resources: []string{"*"}, Verbs: []string{"get", "list", "watch", "patch"},
	}}, all.roles[0].Rules)

	require.Len(t, all.bindings, 1)
	require.Equal(t, all.roles[0].Name, all.bindings[0].RoleRef.Name)

	account := all.accounts[0]
	require.Equal(t, []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: account.Namespace, Name: account.Name}}, all.bindings[0].Subjects)
}

func TestAlertExample(t *testing.T) {
	t.Parallel()

	objects := fluxObjects(t, notifications+"example/alert.yaml")
	provider, alert := objects["ml-channel"], objects["ml"]
	require.Equal(t, "Provider", provider.Kind)
	require.Equal(t, provider.Name, alert.Spec.ProviderRef.Name)
	require.Equal(t, provider.Namespace, alert.Namespace)
}

func TestReceiverExamples(t *testing.T) {
	t.Parallel()

	objects := fluxObjects(t, notifications+"example/receiver.yaml")
	push, news := objects["ml"], objects["ml-news"]
	require.Equal(t, "github", push.Spec.Type)
	require.NotEmpty(t, push.Spec.SecretRef.Name)
	require.Equal(t, []sourceReference{{APIVersion: "source.toolkit.fluxcd.io/v1", Kind: "GitRepository", Name: "ml"}}, push.Spec.Resources)

	require.Equal(t, push.Spec.SecretRef, news.Spec.SecretRef)
	require.Len(t, news.Spec.Resources, 2)

	for _, object := range news.Spec.Resources {
		require.Equal(t, v1alpha1.GroupVersion.String(), object.APIVersion, "Flux knows no other kinds' version")
		require.Equal(t, object.Name == "*", object.MatchLabels != nil, "Flux selects by labels, or by name")
	}
}

// TestArtifactsCanBeFetched: the policy lets the controller that is installed, and nobody
// else, to the port at which Flux serves.
func TestArtifactsCanBeFetched(t *testing.T) {
	t.Parallel()

	flux, ours := buildFlux(t), build(t, "default")
	require.Len(t, flux.policies, 1)

	policy, server := flux.policies[0], flux.deployments[0]
	require.Equal(t, server.Namespace, policy.Namespace)
	require.Equal(t, []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}, policy.Spec.PolicyTypes)

	selects := func(selector *metav1.LabelSelector, is map[string]string) bool {
		all, err := metav1.LabelSelectorAsSelector(selector)
		require.NoError(t, err)

		return all.Matches(labels.Set(is))
	}
	require.True(t, selects(&policy.Spec.PodSelector, server.Spec.Template.Labels))
	require.True(t, selects(&policy.Spec.PodSelector, map[string]string{"app": "source-watcher"}))
	require.False(t, selects(&policy.Spec.PodSelector, map[string]string{"app": "kustomize-controller"}))

	require.Len(t, policy.Spec.Ingress, 1)
	rule := policy.Spec.Ingress[0]
	require.Len(t, rule.From, 1)

	// The API server gives each namespace this label.
	name := map[string]string{corev1.LabelMetadataName: ours.namespaces[0].Name}
	require.Equal(t, ours.deployments[0].Namespace, ours.namespaces[0].Name)
	require.True(t, selects(rule.From[0].NamespaceSelector, name))
	require.True(t, selects(rule.From[0].PodSelector, ours.deployments[0].Spec.Template.Labels))
	require.False(t, selects(rule.From[0].NamespaceSelector, map[string]string{corev1.LabelMetadataName: "ml-prod"}))

	port := server.Spec.Template.Spec.Containers[0].Ports[0]
	require.Equal(t, "http", port.Name)
	require.Len(t, rule.Ports, 1)
	require.Equal(t, port.ContainerPort, rule.Ports[0].Port.IntVal)
	require.Equal(t, port.Protocol, *rule.Ports[0].Protocol)
}
