package kind_test

import (
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// row says what makes no difference to the digests of a kind.
type row struct {
	Defaults map[string]any `json:"defaults,omitempty"`
	Sets     []string       `json:"sets,omitempty"`
}

func tableB(t *testing.T) map[string]row {
	t.Helper()
	text, err := os.ReadFile("../identity/testdata/table_b.yaml")
	require.NoError(t, err)
	var table map[string]row
	require.NoError(t, yaml.UnmarshalStrict(text, &table))
	return table
}

// digestB is that of what a kind's Create takes.
func digestB(t *testing.T, k reconcile.Kind, request shape.Tree) string {
	t.Helper()
	digests, err := k.Digests(nil, identity.Owner{Cluster: "prod", Namespace: "ml", Kind: k.Kind(), Name: "abalone"}, request)
	require.NoError(t, err)
	return digests[0]
}

// TestDigestsOfPermutations: the order of a list is a part of the digest of every job
// and revision, unless the frozen table of the hash version says that the list is a set.
func TestDigestsOfPermutations(t *testing.T) {
	t.Parallel()
	table := tableB(t)
	for _, k := range kind.All() {
		if k.Lifecycle == reconcile.Service {
			continue // its digest names nothing
		}
		t.Run(k.Kind(), func(t *testing.T) {
			t.Parallel()
			base := filled(k)
			want, changed := digestB(t, k, base), 0
			for _, path := range listsIn(base, "") {
				turned := shape.Clone(base)
				turnAround(turned, path)
				is := digestB(t, k, turned)
				switch {
				case slices.Contains(table[k.Kind()].Sets, path):
					require.Equal(t, want, is, "%s is a set", path)
				case !inDigest(t, k, base, path):
				default:
					changed++
					require.NotEqual(t, want, is, "the order of %s counts", path)
				}
			}
			t.Logf("the order of %d lists counts", changed)
			for _, path := range table[k.Kind()].Sets {
				require.Contains(t, listsIn(base, ""), path, "Create takes such a list")
			}
		})
	}
}

// TestDigestsOfDefaults: a default that is written out is the same as an absent one, and
// any other value is not.
func TestDigestsOfDefaults(t *testing.T) {
	t.Parallel()
	for name, row := range tableB(t) {
		i := slices.IndexFunc(kind.All(), func(k reconcile.Kind) bool { return k.Kind() == name })
		require.NotEqual(t, -1, i, name)
		k := kind.All()[i]
		for path, value := range row.Defaults {
			t.Run(name+"/"+path, func(t *testing.T) {
				t.Parallel()
				absent, written, other := filled(k), filled(k), filled(k)
				require.True(t, reach(absent, path, func(m map[string]any, member string) { delete(m, member) }), "Create takes it")
				reach(written, path, func(m map[string]any, member string) { m[member] = value })
				require.Equal(t, digestB(t, k, absent), digestB(t, k, written))
				reach(other, path, func(m map[string]any, member string) { m[member] = another(value) })
				require.NotEqual(t, digestB(t, k, absent), digestB(t, k, other))
			})
		}
	}
}

// another is a value of the same type.
func another(value any) any {
	switch value := value.(type) {
	case bool:
		return !value
	case string:
		return value + "x"
	default:
		return int64(7)
	}
}

// filled is a request in which every list has two items, and nothing is as anything else.
func filled(k reconcile.Kind) shape.Tree {
	n := 0
	value, _ := fill(k.Create.Input(), 0, &n).(map[string]any)
	delete(value, "Tags")
	return value
}

func fill(of reflect.Type, depth int, n *int) any {
	if depth > 12 || of == reflect.TypeFor[time.Time]() {
		return nil
	}
	*n++
	switch of.Kind() {
	case reflect.Pointer:
		return fill(of.Elem(), depth, n)
	case reflect.Struct:
		all := map[string]any{}
		for field := range of.Fields() {
			if value := fill(field.Type, depth+1, n); field.IsExported() && value != nil {
				all[field.Name] = value
			}
		}
		return all
	case reflect.Slice:
		first, second := fill(of.Elem(), depth+1, n), fill(of.Elem(), depth+1, n)
		if first == nil {
			return nil
		}
		return []any{first, second}
	case reflect.Map:
		return map[string]any{fmt.Sprint("k", *n): fill(of.Elem(), depth+1, n)}
	case reflect.String:
		return fmt.Sprint("s", *n)
	case reflect.Bool:
		return true
	case reflect.Int32, reflect.Int64, reflect.Float32, reflect.Float64:
		return int64(*n%1000 + 10000)
	default:
		return nil // a union, of which a request has one member at most
	}
}

// listsIn are the paths of all lists, looked for in the first item of each.
func listsIn(value any, path string) []string {
	switch value := value.(type) {
	case map[string]any:
		all := make([]string, 0, len(value))
		for _, name := range slices.Sorted(maps.Keys(value)) {
			all = append(all, listsIn(value[name], strings.TrimPrefix(path+"."+name, "."))...)
		}
		return all
	case []any:
		return append(listsIn(value[0], path+"[]"), path)
	default:
		return nil
	}
}

// reach calls f with the structure that has the last member of a path, and that; lists are
// entered at the first item. It tells whether there is one.
func reach(tree map[string]any, path string, f func(m map[string]any, member string)) bool {
	name, rest, nested := strings.Cut(path, ".")
	if !nested {
		_, ok := tree[name]
		f(tree, name)
		return ok
	}
	name, isList := strings.CutSuffix(name, "[]")
	value := tree[name]
	if list, ok := value.([]any); ok && isList {
		value = list[0]
	}
	inner, ok := value.(map[string]any)
	return ok && reach(inner, rest, f)
}

func turnAround(tree map[string]any, path string) {
	reach(tree, path, func(m map[string]any, member string) {
		if list, ok := m[member].([]any); ok {
			slices.Reverse(list)
		}
	})
}

// inDigest tells whether a list is a part of the digest at all: AWS can change some in
// place.
func inDigest(t *testing.T, k reconcile.Kind, base shape.Tree, path string) bool {
	t.Helper()
	without := shape.Clone(base)
	reach(without, path, func(m map[string]any, member string) { delete(m, member) })
	return digestB(t, k, base) != digestB(t, k, without)
}
