package shape

import (
	"maps"
	"slices"
	"strings"
)

// Tree is a structure: member names to scalars, Trees' underlying maps, and
// lists. The dynamic types are those of encoding/json and of Kubernetes'
// unstructured objects: map[string]any, []any, string, bool, int64, float64.
type Tree = map[string]any

// Get returns the member of t that has the name, whatever the case.
func Get(t Tree, name string) (any, bool) {
	if v, ok := t[name]; ok {
		return v, true
	}
	for _, k := range sortedKeys(t) {
		if strings.EqualFold(k, name) {
			return t[k], true
		}
	}
	return nil, false
}

// Lookup follows a dotted path of member names, whatever their case. It does
// not enter lists.
func Lookup(t Tree, path string) (any, bool) {
	var v any = t
	for name := range strings.SplitSeq(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil, false
		}
		if v, ok = Get(m, name); !ok {
			return nil, false
		}
	}
	return v, true
}

// String is Lookup for a string; "" when there is none.
func String(t Tree, path string) string {
	v, _ := Lookup(t, path)
	s, _ := v.(string)
	return s
}

// Set sets the member of t that has the name, whatever the case.
func Set(t Tree, name string, value any) {
	for k := range t {
		if strings.EqualFold(k, name) {
			name = k
			break
		}
	}
	t[name] = value
}

// Put sets the member at a dotted path, whatever the case, and makes the
// structures above it that are not there. It leaves the tree alone where
// something else than a structure is in the way.
func Put(t Tree, path string, value any) {
	name, rest, nested := strings.Cut(path, ".")
	if !nested {
		Set(t, name, value)
		return
	}
	v, ok := Get(t, name)
	if !ok {
		v = Tree{}
		t[name] = v
	}
	if m, ok := v.(map[string]any); ok {
		Put(m, rest, value)
	}
}

// Remove deletes the member at a dotted path, whatever the case, and then the
// structures above it that this leaves empty.
func Remove(t Tree, path string) {
	name, rest, nested := strings.Cut(path, ".")
	for _, k := range sortedKeys(t) {
		if !strings.EqualFold(k, name) {
			continue
		}
		if !nested {
			delete(t, k)
			continue
		}
		if m, ok := t[k].(map[string]any); ok {
			Remove(m, rest)
			if len(m) == 0 {
				delete(t, k)
			}
		}
	}
}

// Clone copies a tree, so that changing the copy leaves the original alone.
func Clone(t Tree) Tree {
	c, _ := clone(t).(map[string]any)
	return c
}

func clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		c := make(map[string]any, len(v))
		for k, e := range v {
			c[k] = clone(e)
		}
		return c
	case []any:
		c := make([]any, len(v))
		for i, e := range v {
			c[i] = clone(e)
		}
		return c
	default:
		return v
	}
}

// Compact removes what says nothing: nulls, empty structures, maps and lists,
// and empty strings, at every depth. AWS makes no difference between those and
// an absent member.
func Compact(t Tree) Tree {
	c, _ := compact(t).(map[string]any)
	if c == nil {
		return Tree{}
	}
	return c
}

func compact(v any) any {
	switch v := v.(type) {
	case map[string]any:
		c := make(map[string]any, len(v))
		for k, e := range v {
			if e = compact(e); e != nil {
				c[k] = e
			}
		}
		if len(c) == 0 {
			return nil
		}
		return c
	case []any:
		if len(v) == 0 {
			return nil
		}
		c := make([]any, len(v))
		for i, e := range v {
			if c[i] = compact(e); c[i] == nil {
				c[i] = empty(e) // places in a list count
			}
		}
		return c
	case string:
		if v == "" {
			return nil
		}
		return v
	default:
		return v
	}
}

// empty is what a value of which nothing is left is in a list.
func empty(v any) any {
	switch v.(type) {
	case map[string]any:
		return map[string]any{}
	case []any:
		return []any{}
	default:
		return v
	}
}

func sortedKeys(t Tree) []string {
	return slices.Sorted(maps.Keys(t))
}
