package v1alpha1_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// What a client writes is what another reads, in JSON and as the unstructured
// objects of the controllers' caches, whichever fields are there.
func TestRoundTrip(t *testing.T) {
	const seeds = 20
	for seed := range int64(seeds) {
		absent := float64(seed) / seeds
		for name, kind := range filledIn(t, seed, absent) {
			text, err := json.Marshal(kind)
			require.NoError(t, err)
			decoder := json.NewDecoder(bytes.NewReader(text))
			decoder.DisallowUnknownFields()
			read := reflect.New(reflect.TypeOf(kind).Elem()).Interface()
			require.NoError(t, decoder.Decode(read))
			require.Equal(t, kind, read, "%s, seed %d", name, seed)

			tree, err := runtime.DefaultUnstructuredConverter.ToUnstructured(kind)
			require.NoError(t, err)
			again := reflect.New(reflect.TypeOf(kind).Elem()).Interface()
			require.NoError(t, runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(tree, again, true))
			require.Equal(t, kind, again, "%s, seed %d", name, seed)
		}
	}
}

// The API server drops what the schema does not know: it must know every field
// of the types.
func TestNothingIsPruned(t *testing.T) {
	crds := readCRDs(t)
	for name, kind := range filled(t) {
		t.Run(name, func(t *testing.T) {
			text, err := json.Marshal(kind)
			require.NoError(t, err)
			object := &unstructured.Unstructured{}
			require.NoError(t, object.UnmarshalJSON(text))
			kept := object.DeepCopy()
			pruning.Prune(kept.Object, structural(t, crds[name]), true)
			require.Equal(t, object.Object, kept.Object)
		})
	}
}

func TestDeepCopySharesNothing(t *testing.T) {
	for name, kind := range filled(t) {
		t.Run(name, func(t *testing.T) {
			before, err := json.Marshal(kind)
			require.NoError(t, err)
			copied := kind.DeepCopyObject()
			require.Equal(t, kind, copied)

			spoil(reflect.ValueOf(copied).Elem())
			spoilt, err := json.Marshal(copied)
			require.NoError(t, err)
			require.NotEqual(t, string(before), string(spoilt))

			after, err := json.Marshal(kind)
			require.NoError(t, err)
			require.JSONEq(t, string(before), string(after))
		})
	}
}

// spoil changes everything that a value holds or points to.
func spoil(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			spoil(v.Elem())
		}
	case reflect.Struct:
		for _, f := range v.Fields() {
			if f.CanSet() {
				spoil(f)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			spoil(v.Index(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			v.SetMapIndex(key, reflect.Zero(v.Type().Elem()))
		}
	case reflect.Uint8: // of a RawExtension: {"a":1}
		if v.Uint() == '1' {
			v.SetUint('2')
		}
	case reflect.String:
		v.SetString(v.String() + " spoilt")
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(v.Int() + 1)
	case reflect.Float64:
		v.SetFloat(-v.Float() - 1)
	case reflect.Bool:
		v.SetBool(!v.Bool())
	default: // the interface in a RawExtension, which is nil
	}
}
