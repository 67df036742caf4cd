package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func bench(kind, name string, spec map[string]any) *unstructured.Unstructured {
	object := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	object.SetGroupVersionKind(schema.GroupVersionKind{Group: "bench.example.com", Version: "v1", Kind: kind})
	object.SetNamespace("default")
	object.SetName(name)
	return object
}

func configMap(namespace, name string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
}

// gone makes a check that passes once the object does not exist.
func gone(ctx context.Context, api client.Client, object client.Object) func() error {
	return func() error {
		err := api.Get(ctx, client.ObjectKeyFromObject(object), object)
		if err == nil {
			return fmt.Errorf("%s is still there", object.GetName())
		}
		return client.IgnoreNotFound(err)
	}
}

func TestVersion(t *testing.T) {
	c, _ := sharedCluster(t)
	version, err := discovery.NewDiscoveryClientForConfigOrDie(c.Config).ServerVersion()
	require.NoError(t, err)
	require.Regexp(t, `^v1\.\d+\.\d+`, version.GitVersion, "clients decide by it")
	require.Equal(t, "1", version.Major)
}

func TestCustomResources(t *testing.T) {
	c, api := sharedCluster(t)
	require.NoError(t, c.InstallCRDs(t.Context(), "testdata/gadget.yaml"))
	require.NoError(t, c.InstallCRDs(t.Context(), "testdata/gadget.yaml"), "installing again updates")
	for _, test := range []struct {
		reason, kind string
		spec         map[string]any
		size         int64
		refused      string
	}{
		{reason: "a kind installed at the start, with a default", kind: "Widget", spec: map[string]any{}, size: 3},
		{reason: "a kind installed later", kind: "Gadget", spec: map[string]any{"size": int64(7)}, size: 7},
		{reason: "the schema is enforced", kind: "Widget", spec: map[string]any{"size": int64(0)}, refused: "spec.size"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			object := bench(test.kind, "round-trip", test.spec)
			err := api.Create(t.Context(), object)
			if test.refused != "" {
				require.True(t, apierrors.IsInvalid(err), "%v", err)
				require.ErrorContains(t, err, test.refused)
				return
			}
			require.NoError(t, err)
			got := bench(test.kind, "", nil)
			require.NoError(t, api.Get(t.Context(), client.ObjectKeyFromObject(object), got))
			size, _, err := unstructured.NestedInt64(got.Object, "spec", "size")
			require.NoError(t, err)
			require.Equal(t, test.size, size)
			require.NoError(t, api.Delete(t.Context(), got))
		})
	}
	err := c.InstallCRDs(t.Context(), "testdata/absent.yaml")
	require.ErrorContains(t, err, "testdata/absent.yaml")
}

func TestGarbageCollection(t *testing.T) {
	_, api := sharedCluster(t)
	builtIn, custom := configMap("default", "owner"), bench("Widget", "owner", map[string]any{})
	for _, test := range []struct {
		reason string
		owner  client.Object
		gvk    schema.GroupVersionKind
	}{
		{"a ConfigMap owned by a ConfigMap", builtIn, corev1.SchemeGroupVersion.WithKind("ConfigMap")},
		{"a ConfigMap owned by a custom resource installed at the start", custom, custom.GroupVersionKind()},
	} {
		t.Run(test.reason, func(t *testing.T) {
			require.NoError(t, api.Create(t.Context(), test.owner))
			owned := configMap("default", "owned")
			owned.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(test.owner, test.gvk)}
			require.NoError(t, api.Create(t.Context(), owned))
			require.NoError(t, api.Delete(t.Context(), test.owner))
			eventually(t, "the owner is gone", gone(t.Context(), api, owned))
		})
	}
}

func TestNamespaceDeletion(t *testing.T) {
	_, api := sharedCluster(t)
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "short-lived"}}
	require.NoError(t, api.Create(t.Context(), namespace))
	content := configMap(namespace.Name, "content")
	require.NoError(t, api.Create(t.Context(), content))
	require.NoError(t, api.Delete(t.Context(), namespace))
	eventually(t, "a namespace takes its content along", gone(t.Context(), api, namespace))
	require.NoError(t, gone(t.Context(), api, content)())
}

func TestServiceAccountHasNoRightsByItself(t *testing.T) {
	c, api := sharedCluster(t)
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "default"}}
	token := &authenticationv1.TokenRequest{}
	require.NoError(t, api.SubResource("token").Create(t.Context(), account, token))
	config := rest.AnonymousClientConfig(c.Config)
	config.BearerToken = token.Status.Token
	asAccount, err := client.New(config, client.Options{})
	require.NoError(t, err)
	err = asAccount.List(t.Context(), &corev1.SecretList{})
	require.True(t, apierrors.IsForbidden(err), "%v", err)
	require.ErrorContains(t, err, "system:serviceaccount:default:default")
}

func TestValidatingAdmissionPolicy(t *testing.T) {
	_, api := sharedCluster(t)
	policy := &admissionv1.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: "no-forbidden"},
		Spec: admissionv1.ValidatingAdmissionPolicySpec{
			MatchConstraints: &admissionv1.MatchResources{ResourceRules: []admissionv1.NamedRuleWithOperations{{
				RuleWithOperations: admissionv1.RuleWithOperations{
					Operations: []admissionv1.OperationType{admissionv1.Create},
					Rule:       admissionv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}},
				},
			}}},
			Validations: []admissionv1.Validation{{
				Expression: "object.metadata.name != 'forbidden'", Message: "this name is forbidden",
			}},
		},
	}
	require.NoError(t, api.Create(t.Context(), policy))
	require.NoError(t, api.Create(t.Context(), &admissionv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "no-forbidden"},
		Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: policy.Name, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny},
		},
	}))
	eventually(t, "the policy takes effect", func() error {
		err := api.Create(t.Context(), configMap("default", "forbidden"), client.DryRunAll)
		if err == nil {
			return errors.New("the ConfigMap was admitted")
		}
		require.ErrorContains(t, err, "this name is forbidden")
		return nil
	})
}

func TestStopLeavesNothing(t *testing.T) {
	c, err := Start(t.Context(), Options{})
	require.NoError(t, err)
	require.NoError(t, c.Err())
	pids := c.pids()
	require.Len(t, pids, 3)
	for _, pid := range pids {
		require.True(t, alive(pid))
	}
	require.NoError(t, c.Stop())
	for _, pid := range pids {
		require.False(t, alive(pid))
	}
	require.NoDirExists(t, c.Dir)
	require.NoError(t, c.Stop(), "stopping twice is no error")
}

func TestErrNamesTheProcessThatEnded(t *testing.T) {
	dir := t.TempDir()
	c, err := Start(t.Context(), Options{Dir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Stop()) })
	_, err = Start(t.Context(), Options{Dir: dir})
	require.ErrorContains(t, err, "holds another cluster")

	victim, err := os.FindProcess(c.pids()[2])
	require.NoError(t, err)
	require.NoError(t, victim.Kill())
	eventually(t, "the end is noticed", func() error {
		if c.Err() == nil {
			return errors.New("nothing noticed")
		}
		return nil
	})
	require.ErrorContains(t, c.Err(), "kube-controller-manager ended with signal: killed")
}
