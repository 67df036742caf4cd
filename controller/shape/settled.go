package shape

import (
	"cmp"
	"maps"
	"slices"
)

// Settled is what AWS describes with the items of its sets in one order. AWS may give
// them another order with every answer, which is no news.
func (r Rules) Settled(described Tree) Tree {
	sets := maps.Clone(r.Unordered)
	for path, as := range r.ReadAs {
		if key, ok := at(r.Unordered, path); ok {
			sets[as] = key
		}
	}
	settled := Clone(described)
	settle(sets, "", settled)
	return settled
}

func settle(sets map[string]string, plain string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			settle(sets, join(plain, name), member)
		}
	case []any:
		for _, item := range v {
			settle(sets, plain, item)
		}
		if _, unordered := at(sets, plain); unordered {
			slices.SortFunc(v, func(a, b any) int { return cmp.Compare(asJSON(a), asJSON(b)) })
		}
	}
}
