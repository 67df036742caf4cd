package kustomize_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
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

func fluxObjects(t *testing.T, file string) map[string]fluxObject {
	t.Helper()

	text, err := os.ReadFile(file)
	require.NoError(t, err)

	all := map[string]fluxObject{}

	for document := range strings.SplitSeq(string(text), "\n---\n") {
		var object fluxObject
		require.NoError(t, yaml.UnmarshalStrict([]byte(document), &object))
		require.NotEmpty(t, object.Namespace)

		all[object.Kind] = object
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

// TestAlertsMayNameOurKinds: every one of them, and those of the example.
func TestAlertsMayNameOurKinds(t *testing.T) {
	t.Parallel()

	var patch strings.Builder

	const enum = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/eventSources/items/properties/kind/enum/-"

	for _, crd := range crds(t) {
		patch.WriteString("- {op: add, path: " + enum + ", value: " + crd.Spec.Names.Kind + "}\n")
	}

	requireGenerated(t, notifications+"flux-system/alert-kinds.yaml", generated+patch.String())

	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), "testdata/flux-system")
	require.NoError(t, err)

	var alerts apiextensionsv1.CustomResourceDefinition

	for _, r := range resources.Resources() {
		text, err := r.AsYAML()
		require.NoError(t, err)

		if r.GetKind() == "ClusterRole" {
			require.Contains(t, string(text), group)

			continue
		}

		require.NoError(t, yaml.UnmarshalStrict(text, &alerts))
	}

	spec := alerts.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
	kinds := spec.Properties["eventSources"].Items.Schema.Properties["kind"].Enum
	has := func(kind string) bool {
		return slices.ContainsFunc(kinds, func(one apiextensionsv1.JSON) bool { return string(one.Raw) == `"`+kind+`"` })
	}

	for _, crd := range crds(t) {
		require.True(t, has(crd.Spec.Names.Kind), crd.Spec.Names.Kind)
	}

	objects := fluxObjects(t, notifications+"example/alert.yaml")
	require.Equal(t, objects["Provider"].Name, objects["Alert"].Spec.ProviderRef.Name)
	require.Equal(t, objects["Provider"].Namespace, objects["Alert"].Namespace)

	for _, source := range objects["Alert"].Spec.EventSources {
		require.True(t, has(source.Kind), source.Kind)
	}
}

func TestReceiverExample(t *testing.T) {
	t.Parallel()

	receiver := fluxObjects(t, notifications+"example/receiver.yaml")["Receiver"]
	require.Equal(t, "github", receiver.Spec.Type)
	require.NotEmpty(t, receiver.Spec.SecretRef.Name)
	require.Equal(t, []sourceReference{{APIVersion: "source.toolkit.fluxcd.io/v1", Kind: "GitRepository", Name: "ml"}}, receiver.Spec.Resources)
}
