package shape

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strconv"
	"strings"
)

// Index is every value in a tree by its path, the structures and lists above the
// others included. Items of lists stand in brackets: by name where the rules say
// which member that is, else by their place. Lists of other things than
// structures, and sets whose items have no names, are one value. Paths that are
// never compared are left out.
func (r Rules) Index(t Tree) map[string]any {
	all := map[string]any{}
	for path, node := range r.nodes(Compact(t)) {
		all[path] = node.value
	}
	return all
}

// Fingerprints are short hashes of all values in a tree that have none below them,
// by path, see Index. Beyond so many entries, or bytes of paths and hashes, the
// values of one structure are one entry under its own path: first those of the
// structure that has the most.
func (r Rules) Fingerprints(t Tree, entries, size int) map[string]string {
	nodes := r.nodes(Compact(t))
	length := 0
	prints := map[string]string{}
	for path, n := range nodes {
		if path != "" && n.below == 0 {
			prints[path] = r.Fingerprint(path, n.value)
			length += len(path) + hashLength
		}
	}
	for (len(prints) > entries || length > size) && len(prints) > 1 {
		path := fullest(nodes)
		for child, n := range nodes {
			if n.above == path && child != "" {
				length -= len(child) + hashLength
				delete(prints, child)
				delete(nodes, child)
			}
		}
		n := nodes[path]
		n.below = 0
		nodes[path] = n
		prints[path] = r.Fingerprint(path, n.value)
		length += len(path) + hashLength
	}
	return prints
}

// fullest is the path of the structure that has the most values and no structures
// below it.
func fullest(nodes map[string]node) string {
	leaves := map[string]int{}
	for path, n := range nodes {
		if path != "" && n.below == 0 {
			leaves[n.above]++
		}
	}
	var full []string
	for path, n := range leaves {
		if n == nodes[path].below {
			full = append(full, path)
		}
	}
	return slices.MaxFunc(full, func(a, b string) int {
		return cmp.Or(cmp.Compare(leaves[a], leaves[b]), cmp.Compare(a, b))
	})
}

const hashLength = 8

// Fingerprint is a short hash of a value, the same for all that are equal by the
// rules of its path.
func (r Rules) Fingerprint(path string, value any) string {
	sum := sha256.Sum256([]byte(asJSON(r.Canonical(Plain(path), value))))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:hashLength]
}

// node is a value in a tree.
type node struct {
	value any
	// above is the path of the structure that it is in, below how many values it
	// has itself.
	above string
	below int
}

func (r Rules) nodes(t Tree) map[string]node {
	w := walk{rules: r, nodes: map[string]node{}}
	w.value("", "", "", t)
	return w.nodes
}

type walk struct {
	rules Rules
	nodes map[string]node
}

// value takes a value down, with all below it; it returns how many values that is
// for the structure above: one, or none if the value is never compared.
func (w walk) value(path, plain, above string, v any) int {
	if plain != "" && has(w.rules.Unread, plain) {
		return 0
	}
	n := node{value: v, above: above}
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			n.below += w.value(join(path, k), join(plain, k), path, e)
		}
	case []any:
		for i, item := range v {
			if name, ok := w.itemName(plain, i, item); ok {
				n.below += w.value(path+"["+name+"]", plain, path, item)
			}
		}
	}
	w.nodes[path] = n
	return 1
}

// itemName is how an item of a list is told from the others; false means that the
// list counts as a whole.
func (w walk) itemName(plain string, i int, item any) (string, bool) {
	if _, is := item.(map[string]any); !is {
		return "", false
	}
	key, unordered := at(w.rules.Unordered, plain)
	switch {
	case !unordered:
		return strconv.Itoa(i), true
	case key != "":
		return itemName(item, key), true
	default:
		return "", false
	}
}
