package identity

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// normalB is Hash.Normal of version b. Names of members match whatever their case, so
// that it serves for specs too.
func normalB(kind string, request shape.Tree) { tableB[kind].normal(request) }

func (f frozen) normal(request shape.Tree) {
	for _, path := range slices.Sorted(maps.Keys(f.defaults)) {
		leaveOut(request, path, f.defaults[path])
	}
	for _, path := range f.sets {
		sortAt(request, path)
	}
}

// leaveOut removes the member at a path where it is what AWS takes anyway.
func leaveOut(tree shape.Tree, path string, value any) {
	each(tree, path, func(t shape.Tree, member string) {
		if is, ok := shape.Get(t, member); ok && text(is) == text(value) {
			shape.Remove(t, member)
		}
	})
}

// sortAt sorts the list at a path by what is in it.
func sortAt(tree shape.Tree, path string) {
	each(tree, path, func(t shape.Tree, member string) {
		if list, ok := shape.Get(t, member); ok {
			if items, ok := list.([]any); ok {
				slices.SortStableFunc(items, func(a, b any) int { return cmp.Compare(text(a), text(b)) })
			}
		}
	})
}

// each calls f with every structure that the last member of a path may be in.
func each(tree shape.Tree, path string, f func(t shape.Tree, member string)) {
	name, rest, nested := strings.Cut(path, ".")
	if !nested {
		f(tree, name)
		return
	}
	name, isList := strings.CutSuffix(name, "[]")
	is, _ := shape.Get(tree, name)
	items := []any{is}
	if isList {
		items, _ = is.([]any)
	}
	for _, item := range items {
		if inner, ok := item.(map[string]any); ok {
			each(inner, rest, f)
		}
	}
}

// text is a value as JSON, in which whole numbers are the same in every type.
func text(value any) string {
	made, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(made)
}
