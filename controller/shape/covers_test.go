package shape_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

func TestUncovered(t *testing.T) {
	for _, row := range []struct {
		reason     string
		want, have shape.Tree
		except     []string
		uncovered  []string
	}{
		{
			"what AWS has beyond the spec are its defaults",
			shape.Tree{"A": "x"},
			shape.Tree{"A": "x", "B": int64(1)},
			nil, nil,
		},
		{"a value that differs is told with both", shape.Tree{"A": "x"}, shape.Tree{"A": "y"}, nil, []string{"A: want x, have y"}},
		{"so is a member AWS lacks", shape.Tree{"A": "x"}, shape.Tree{}, nil, []string{"A: want x, have nothing"}},
		{"case of names does not count", shape.Tree{"roleARN": "x"}, shape.Tree{"RoleArn": "x"}, nil, nil},
		{"case of values does", shape.Tree{"A": "x"}, shape.Tree{"A": "X"}, nil, []string{"A: want x, have X"}},
		{"absent, null and empty are the same", shape.Tree{"A": "", "B": nil, "C": []any{}, "D": map[string]any{"E": ""}}, shape.Tree{}, nil, nil},
		{"false is not absent", shape.Tree{"A": false}, shape.Tree{}, nil, []string{"A: want false, have nothing"}},
		{
			"all differences are told, in order",
			shape.Tree{"B": "1", "A": map[string]any{"Y": "2", "X": "3"}},
			shape.Tree{"A": map[string]any{"X": "0"}},
			nil,
			[]string{"A.X: want 3, have 0", "A.Y: want 2, have nothing", "B: want 1, have nothing"},
		},
		{
			"a structure AWS lacks is told member by member, so that Update knows which",
			shape.Tree{"A": map[string]any{"B": map[string]any{"C": int64(1)}}},
			shape.Tree{},
			nil,
			[]string{"A.B.C: want 1, have nothing"},
		},
		{
			"items of equally long lists are compared one by one",
			shape.Tree{"L": []any{map[string]any{"N": "a"}, map[string]any{"N": "b"}}},
			shape.Tree{"L": []any{map[string]any{"N": "a", "Default": true}, map[string]any{"N": "c"}}},
			nil,
			[]string{"L[1].N: want b, have c"},
		},
		{"lists of other lengths differ as a whole", shape.Tree{"L": []any{"a"}}, shape.Tree{"L": []any{"a", "b"}}, nil, []string{"L: want [a], have [a b]"}},
		{"the order of a list counts", shape.Tree{"L": []any{"a", "b"}}, shape.Tree{"L": []any{"b", "a"}}, nil, []string{"L[0]: want a, have b", "L[1]: want b, have a"}},
		{"another type is a difference", shape.Tree{"A": map[string]any{"B": "x"}}, shape.Tree{"A": "x"}, nil, []string{"A: want map[B:x], have x"}},
		{"a string is not its number", shape.Tree{"A": "1"}, shape.Tree{"A": int64(1)}, nil, []string{"A: want 1, have 1"}},
		{"whole numbers compare across types", shape.Tree{"A": int64(1)}, shape.Tree{"A": float64(1)}, nil, nil},
		{"AWS keeps weights as 32-bit floats", shape.Tree{"A": 0.1}, shape.Tree{"A": float64(float32(0.1))}, nil, nil},
		{"a weight that differs visibly does differ", shape.Tree{"A": 0.1}, shape.Tree{"A": 0.1001}, nil, []string{"A: want 0.1, have 0.1001"}},
		{"nothing near zero is taken for zero", shape.Tree{"A": 0.0}, shape.Tree{"A": 1e-9}, nil, []string{"A: want 0, have 1e-09"}},
		{
			"what cannot be compared is left out, with all below it and whatever its case",
			shape.Tree{"A": map[string]any{"B": "x", "C": map[string]any{"D": "y"}}},
			shape.Tree{},
			[]string{"a.c"},
			[]string{"A.B: want x, have nothing"},
		},
		{
			"in a list the exception holds for every item",
			shape.Tree{"L": []any{map[string]any{"N": "a", "M": "1"}, map[string]any{"N": "b", "M": "1"}}},
			shape.Tree{"L": []any{map[string]any{"M": "1"}, map[string]any{"M": "2"}}},
			[]string{"L.N"},
			[]string{"L[1].M: want 1, have 2"},
		},
		{"an exception is a whole path and no prefix of a name", shape.Tree{"AB": "x"}, shape.Tree{}, []string{"A"}, []string{"AB: want x, have nothing"}},
	} {
		t.Run(row.reason, func(t *testing.T) {
			found := shape.Uncovered(row.want, row.have, row.except...)
			require.Len(t, found, len(row.uncovered), "%v", found)
			for i, want := range row.uncovered {
				require.Equal(t, want, found[i].String())
			}
		})
	}
}

func TestALongValueIsCutInADifference(t *testing.T) {
	d := shape.Difference{Path: "PipelineDefinition", Want: strings.Repeat("x", 10_000)}
	require.Less(t, len(d.String()), 200)
	require.Contains(t, d.String(), "…, have nothing")
}
