package v1alpha1_test

import (
	"math/rand"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/randfill"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
)

// object is what every kind is.
type object interface {
	runtime.Object
	metav1.Object
	GetConditions() []metav1.Condition
	SetConditions(conditions []metav1.Condition)
	Common() *v1alpha1.CommonStatus
}

// newKinds returns an empty object of every registered kind.
func newKinds(t *testing.T) map[string]object {
	t.Helper()
	scheme := runtime.NewScheme()
	require.NoError(t, v1alpha1.AddToScheme(scheme))
	kinds := map[string]object{}
	for name := range scheme.KnownTypes(v1alpha1.GroupVersion) {
		if !scheme.Recognizes(v1alpha1.GroupVersion.WithKind(name + "List")) {
			continue
		}
		made, err := scheme.New(v1alpha1.GroupVersion.WithKind(name))
		require.NoError(t, err)
		kind, ok := made.(object)
		require.True(t, ok, "%s must have conditions and a common status", name)
		kinds[name] = kind
	}
	return kinds
}

// filled returns an object of every kind in which every field is set.
func filled(t *testing.T) map[string]object {
	t.Helper()
	return filledIn(t, 1, 0)
}

// filledIn returns an object of every kind with made-up values. The chance
// that a field is absent is between 0 and 1.
func filledIn(t *testing.T, seed int64, absent float64) map[string]object {
	t.Helper()
	filler := randfill.NewWithSeed(seed).NilChance(absent).NumElements(1, 2).MaxDepth(40).Funcs(
		func(v *metav1.Time, c randfill.Continue) { *v = metav1.Unix(rand.New(c.Rand).Int63n(1<<32), 0) },
		func(v *runtime.RawExtension, _ randfill.Continue) { v.Raw = []byte(`{"a":1}`) },
		func(_ *metav1.TypeMeta, _ randfill.Continue) {},
		func(v *metav1.ObjectMeta, _ randfill.Continue) { v.Name, v.Namespace = "name", "namespace" },
	)
	kinds := newKinds(t)
	for name, kind := range kinds {
		filler.Fill(kind)
		kind.GetObjectKind().SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(name))
	}
	return kinds
}

func TestEveryKindIsRegistered(t *testing.T) {
	kinds := newKinds(t)
	require.Len(t, kinds, 32)
	require.Len(t, readCRDs(t), 32)
	for name, crd := range readCRDs(t) {
		require.Contains(t, kinds, name)
		require.Equal(t, v1alpha1.Group, crd.Spec.Group)
		require.Equal(t, []string{"sagemaker"}, crd.Spec.Names.Categories)
	}
}

func TestShortNamesAreDistinct(t *testing.T) {
	taken := map[string]string{}
	for name, crd := range readCRDs(t) {
		for _, short := range append(crd.Spec.Names.ShortNames, crd.Spec.Names.Plural, crd.Spec.Names.Singular) {
			require.NotContains(t, taken, short, "of %s", name)
			taken[short] = name
		}
	}
}

func TestConditionsAreThoseOfTheStatus(t *testing.T) {
	conditions := []metav1.Condition{{Type: "Ready", Status: metav1.ConditionTrue}}
	for name, kind := range newKinds(t) {
		kind.SetConditions(conditions)
		require.Equal(t, conditions, kind.GetConditions(), name)
		require.Equal(t, conditions, kind.Common().Conditions, name)
	}
}

// visit calls do for every field of a struct type and of those it holds, with
// the field's path in JSON.
func visit(typ reflect.Type, prefix string, do func(path string, owner reflect.Type, f reflect.StructField)) {
	for f := range typ.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" && strings.Contains(options, "inline") {
			visit(f.Type, prefix, do)
			continue
		}
		do(prefix+name, typ, f)
		inner, lists := f.Type, 0
		for {
			if inner.Kind() == reflect.Slice {
				lists++
			} else if inner.Kind() != reflect.Pointer && inner.Kind() != reflect.Map {
				break
			}
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct && inner.PkgPath() == reflect.TypeFor[v1alpha1.Reference]().PkgPath() {
			visit(inner, prefix+name+strings.Repeat("[]", lists)+".", do)
		}
	}
}

// specOf is the type of a kind's spec.
func specOf(t *testing.T, kind object) reflect.Type {
	t.Helper()
	f, ok := reflect.TypeOf(kind).Elem().FieldByName("Spec")
	require.True(t, ok)
	return f.Type
}
