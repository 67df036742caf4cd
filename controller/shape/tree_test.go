package shape_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

func TestGetAndLookup(t *testing.T) {
	tree := shape.Tree{
		"RoleArn": "exact", "roleARN": "folded", "Count": int64(1),
		"ResourceConfig": map[string]any{"instanceType": "ml.m5.large", "Groups": []any{map[string]any{"Name": "g"}}},
	}
	for _, row := range []struct {
		reason, path string
		want         any
		found        bool
	}{
		{"the exact name goes before another case of it", "roleARN", "folded", true},
		{"without an exact one the first in order decides, so that it is always the same", "ROLEARN", "exact", true},
		{"case does not count on the way", "resourceconfig.INSTANCETYPE", "ml.m5.large", true},
		{"a structure is a value too", "resourceConfig.groups", []any{map[string]any{"Name": "g"}}, true},
		{"a list is not entered", "ResourceConfig.Groups.Name", nil, false},
		{"a scalar has no members", "Count.Value", nil, false},
		{"what is not there", "Nothing", nil, false},
		{"no path leads nowhere", "", nil, false},
	} {
		t.Run(row.reason, func(t *testing.T) {
			got, found := shape.Lookup(tree, row.path)
			require.Equal(t, row.found, found)
			require.Equal(t, row.want, got)
		})
	}
	require.Equal(t, "ml.m5.large", shape.String(tree, "ResourceConfig.InstanceType"))
	require.Empty(t, shape.String(tree, "Count"), "a number is not a string")
	require.Empty(t, shape.String(nil, "Count"))
}

func TestSetKeepsTheNameThatIsThere(t *testing.T) {
	tree := shape.Tree{"roleARN": "old"}
	shape.Set(tree, "RoleArn", "new")
	shape.Set(tree, "Tags", []any{})
	require.Equal(t, shape.Tree{"roleARN": "new", "Tags": []any{}}, tree)
}

func TestRemove(t *testing.T) {
	for _, row := range []struct {
		reason, path string
		tree, want   shape.Tree
	}{
		{"a member goes", "B", shape.Tree{"A": 1, "B": 2}, shape.Tree{"A": 1}},
		{"whatever its case, and in every case there is", "roleArn", shape.Tree{"roleARN": 1, "RoleArn": 2}, shape.Tree{}},
		{"a nested member goes", "a.b", shape.Tree{"A": map[string]any{"B": 1, "C": 2}}, shape.Tree{"A": map[string]any{"C": 2}}},
		{
			"a structure that is left empty goes too, or it would count as different from an absent one", "A.B.C",
			shape.Tree{"A": map[string]any{"B": map[string]any{"C": 1}}, "D": 1},
			shape.Tree{"D": 1},
		},
		{"what is not there changes nothing", "A.X", shape.Tree{"A": map[string]any{"B": 1}}, shape.Tree{"A": map[string]any{"B": 1}}},
		{"a scalar on the way stays", "A.B", shape.Tree{"A": 1}, shape.Tree{"A": 1}},
		{"a list on the way stays", "A.B", shape.Tree{"A": []any{map[string]any{"B": 1}}}, shape.Tree{"A": []any{map[string]any{"B": 1}}}},
	} {
		t.Run(row.reason, func(t *testing.T) {
			shape.Remove(row.tree, row.path)
			require.Equal(t, row.want, row.tree)
		})
	}
}

func TestCloneIsDeep(t *testing.T) {
	original := shape.Tree{"A": map[string]any{"B": []any{map[string]any{"C": int64(1)}}}}
	c := shape.Clone(original)
	require.Equal(t, original, c)
	c["A"].(map[string]any)["B"].([]any)[0].(map[string]any)["C"] = int64(2)
	require.Equal(t, shape.Tree{"A": map[string]any{"B": []any{map[string]any{"C": int64(1)}}}}, original)
}

func TestCompact(t *testing.T) {
	for _, row := range []struct {
		reason     string
		tree, want shape.Tree
	}{
		{"nulls, empty structures, maps, lists and strings say nothing", shape.Tree{
			"A": nil, "B": map[string]any{}, "C": []any{}, "D": "", "E": "x",
		}, shape.Tree{"E": "x"}},
		{"at every depth", shape.Tree{"A": map[string]any{"B": map[string]any{"C": ""}}}, shape.Tree{}},
		{"zero and false do say something", shape.Tree{"A": int64(0), "B": false, "C": 0.0}, shape.Tree{"A": int64(0), "B": false, "C": 0.0}},
		{"the items of a list keep their places", shape.Tree{"A": []any{"x", "y"}}, shape.Tree{"A": []any{"x", "y"}}},
		{
			"an empty item stays what it is, so that the list can still be sent",
			shape.Tree{"A": []any{"", map[string]any{"B": ""}, []any{}}},
			shape.Tree{"A": []any{"", map[string]any{}, []any{}}},
		},
		{"what says nothing inside an item goes", shape.Tree{"A": []any{map[string]any{"B": "", "C": "x"}}}, shape.Tree{"A": []any{map[string]any{"C": "x"}}}},
		{"nothing is an empty tree", nil, shape.Tree{}},
	} {
		t.Run(row.reason, func(t *testing.T) {
			before := shape.Clone(row.tree)
			require.Equal(t, row.want, shape.Compact(row.tree))
			require.Equal(t, before, shape.Clone(row.tree), "the argument is left alone")
		})
	}
}
