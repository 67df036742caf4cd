package child_test

import (
	"context"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/child"
)

func deployment(name string, labels map[string]string) *v1alpha1.ModelDeployment {
	return &v1alpha1.ModelDeployment{ObjectMeta: metav1.ObjectMeta{Namespace: "ml", Name: name, UID: types.UID("uid-of-" + name), Labels: labels}}
}

// newFamily is the family of an owner, in a cluster with some objects.
func newFamily(t *testing.T, owner client.Object, objects ...client.Object) child.Family {
	t.Helper()
	scheme := runtime.NewScheme()
	require.NoError(t, v1alpha1.AddToScheme(scheme))
	kube := fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).Build()
	return child.Family{Owner: owner, Client: kube, Reader: kube, FieldOwner: "test"}
}

func model(name, image string) *v1alpha1.Model {
	return &v1alpha1.Model{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ml", Name: name},
		Spec:       v1alpha1.ModelSpec{PrimaryContainer: &v1alpha1.ContainerDefinition{Image: &image}},
	}
}

func controlled(m *v1alpha1.Model, by *metav1.OwnerReference) *v1alpha1.Model {
	if by != nil {
		by.Controller = new(true)
		m.OwnerReferences = []metav1.OwnerReference{*by}
	}
	return m
}

func ownerOf(name string) *metav1.OwnerReference {
	return &metav1.OwnerReference{APIVersion: v1alpha1.GroupVersion.String(), Kind: "ModelDeployment", Name: name, UID: types.UID("uid-of-" + name)}
}

// TestAdopt: a child is its owner's, and nobody takes it for what he has applied.
func TestAdopt(t *testing.T) {
	for _, row := range []struct {
		reason             string
		owner, child, want map[string]string
	}{
		{"no label but the owner's mark", nil, nil, nil},
		{"what people sort by is inherited", map[string]string{"team": "ml", "app.kubernetes.io/name": "abalone"}, nil, map[string]string{"team": "ml", "app.kubernetes.io/name": "abalone"}},
		{"the child's own labels stay", map[string]string{"team": "ml"}, map[string]string{"part": "model"}, map[string]string{"team": "ml", "part": "model"}},
		{"Argo CD would prune what carries its label", map[string]string{"argocd.argoproj.io/instance": "app", "app.kubernetes.io/instance": "app", "team": "ml"}, nil, map[string]string{"team": "ml"}},
		{"Flux's kustomize-controller knows its own by these", map[string]string{"kustomize.toolkit.fluxcd.io/name": "ml", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}, nil, nil},
		{"so do its helm-controller and Helm", map[string]string{"helm.toolkit.fluxcd.io/name": "ml", "app.kubernetes.io/managed-by": "Helm"}, nil, nil},
		{"and kubectl apply with a set", map[string]string{"applyset.kubernetes.io/part-of": "applyset-x-v1"}, nil, nil},
		{"an owner that is a child itself keeps its mark for itself", map[string]string{child.LabelOwner: "ModelPipeline.x"}, nil, nil},
	} {
		t.Run(row.reason, func(t *testing.T) {
			f := newFamily(t, deployment("abalone", row.owner))
			m := model("m", "x:1")
			m.Labels = row.child
			require.NoError(t, f.Adopt(m))
			want := map[string]string{child.LabelOwner: "ModelDeployment.abalone"}
			maps.Copy(want, row.want)
			require.Equal(t, want, m.Labels)
			require.True(t, f.Has(m))
			require.Equal(t, "ModelDeployment", metav1.GetControllerOf(m).Kind)
			require.Equal(t, "ml", m.Namespace)
		})
	}
}

func TestAdoptOfALongName(t *testing.T) {
	f := newFamily(t, deployment("a"+strings.Repeat("-b", 60), nil))
	m := model("m", "x:1")
	require.NoError(t, f.Adopt(m))
	value := m.Labels[child.LabelOwner]
	require.LessOrEqual(t, len(value), 63, "a label holds no more")
	require.Regexp(t, "[a-z0-9]$", value, "and ends so")
}

// TestOtherOwner: an object of a child's name that is somebody else's is told
// whose it is, and is left alone.
func TestOtherOwner(t *testing.T) {
	for _, row := range []struct {
		reason string
		owner  *metav1.OwnerReference
		want   string
	}{
		{"another deployment's", ownerOf("other"), "Model m belongs to ModelDeployment other"},
		{"one of that name before, whose objects are being collected", &metav1.OwnerReference{
			APIVersion: v1alpha1.GroupVersion.String(), Kind: "ModelDeployment", Name: "abalone", UID: "earlier",
		}, "Model m belongs to ModelDeployment abalone"},
		{"nobody's", nil, "Model m exists and belongs to nobody: remove it, or choose another name"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			there := controlled(model("m", "x:1"), row.owner)
			f := newFamily(t, deployment("abalone", nil), there)
			var got v1alpha1.Model
			exists, err := f.Get(t.Context(), &got, "m")
			require.True(t, exists)
			var other *child.OtherOwnerError
			require.ErrorAs(t, err, &other)
			require.EqualError(t, other, row.want)

			err = f.Create(t.Context(), model("m", "x:2"))
			require.ErrorAs(t, err, &other)
			require.EqualError(t, other, row.want)
			require.NoError(t, f.Client.Get(t.Context(), client.ObjectKeyFromObject(there), &got))
			require.Equal(t, "x:1", *got.Spec.PrimaryContainer.Image)
		})
	}
}

// TestLifeOfAChild: made, seen, changed once, and removed.
func TestLifeOfAChild(t *testing.T) {
	stranger := controlled(model("other-m", "x:1"), ownerOf("other"))
	stranger.Labels = map[string]string{child.LabelOwner: "ModelDeployment.abalone"} // by somebody's hand
	f := newFamily(t, deployment("abalone", map[string]string{"team": "ml"}), stranger)
	var got v1alpha1.Model
	exists, err := f.Get(t.Context(), &got, "m")
	require.NoError(t, err)
	require.False(t, exists)
	require.NoError(t, f.Create(t.Context(), model("m", "x:1")))

	seen := func() []v1alpha1.Model {
		var list v1alpha1.ModelList
		require.NoError(t, f.List(t.Context(), &list))
		return list.Items
	}
	require.Len(t, seen(), 1, "a label makes nobody a member of the family")
	first := seen()[0]
	require.NoError(t, f.Update(t.Context(), &first, model("m", "x:1")))
	require.Equal(t, first.ResourceVersion, seen()[0].ResourceVersion, "nothing is written that is there")

	first.Annotations, first.Finalizers = map[string]string{"a": "b"}, []string{"c/d"}
	require.NoError(t, f.Client.Update(t.Context(), &first))
	require.NoError(t, f.Update(t.Context(), &first, model("m", "x:2")))
	second := seen()[0]
	require.Equal(t, "x:2", *second.Spec.PrimaryContainer.Image)
	require.Equal(t, "b", second.Annotations["a"], "what others have put there stays")
	require.Equal(t, []string{"c/d"}, second.Finalizers)
	require.Equal(t, "ml", second.Labels["team"])

	second.Finalizers = nil
	require.NoError(t, f.Client.Update(t.Context(), &second))
	require.NoError(t, f.Delete(t.Context(), &second))
	require.Empty(t, seen())
	require.NoError(t, f.Delete(t.Context(), &second), "it may be gone already")
}

// TestAChildWithoutItsLabel: List does not see it, but nobody else has its name.
func TestAChildWithoutItsLabel(t *testing.T) {
	lost := controlled(model("m", "x:1"), ownerOf("abalone"))
	f := newFamily(t, deployment("abalone", nil), lost)
	var list v1alpha1.ModelList
	require.NoError(t, f.List(t.Context(), &list))
	require.Empty(t, list.Items)
	require.NoError(t, f.Create(t.Context(), model("m", "x:2")))
	require.NoError(t, f.List(t.Context(), &list))
	require.Len(t, list.Items, 1)
	require.Equal(t, "x:2", *list.Items[0].Spec.PrimaryContainer.Image)
}

func TestDeleteLeavesANewOneAlone(t *testing.T) {
	f := newFamily(t, deployment("abalone", nil), controlled(model("m", "x:1"), ownerOf("abalone")))
	var asked client.DeleteOptions
	f.Client = interceptor.NewClient(f.Client.(client.WithWatch), interceptor.Funcs{
		Delete: func(_ context.Context, _ client.WithWatch, _ client.Object, opts ...client.DeleteOption) error {
			asked.ApplyOptions(opts)
			return nil
		},
	})
	is := model("m", "x:1")
	is.UID = "earlier"
	require.NoError(t, f.Delete(t.Context(), is))
	require.EqualValues(t, "earlier", *asked.Preconditions.UID, "the API server deletes no other object of that name")
	require.Equal(t, metav1.DeletePropagationBackground, *asked.PropagationPolicy)

	asked = client.DeleteOptions{}
	is.DeletionTimestamp = new(metav1.NewTime(time.Unix(0, 0)))
	require.NoError(t, f.Delete(t.Context(), is))
	require.Nil(t, asked.Preconditions, "what is being deleted is not deleted again")
}

func TestSame(t *testing.T) {
	labelled := func(labels map[string]string) *v1alpha1.Model {
		m := model("m", "x:1")
		m.Labels = labels
		return m
	}
	described := model("m", "x:1")
	described.Status.Name, described.Annotations, described.Generation = "m", map[string]string{"a": "b"}, 7
	for _, row := range []struct {
		reason    string
		obj, with *v1alpha1.Model
		want      bool
	}{
		{"the same", model("m", "x:1"), model("m", "x:1"), true},
		{"another spec", model("m", "x:1"), model("m", "x:2"), false},
		{"what others say of it", described, model("m", "x:1"), true},
		{"a label that is there already", labelled(map[string]string{"team": "ml", "more": "x"}), labelled(map[string]string{"team": "ml"}), true},
		{"a label that is not", labelled(nil), labelled(map[string]string{"team": "ml"}), false},
		{"a label of another value", labelled(map[string]string{"team": "a"}), labelled(map[string]string{"team": "b"}), false},
	} {
		t.Run(row.reason, func(t *testing.T) {
			same, err := child.Same(row.obj, row.with)
			require.NoError(t, err)
			require.Equal(t, row.want, same)
		})
	}
}
