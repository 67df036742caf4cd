package shape

import (
	"slices"
	"strings"
)

// Rules say how what is desired is compared with what AWS describes. A path is
// made of AWS's member names and has no list indices: Metrics.Label is that of
// every item of Metrics. The case of names does not count. A path that no rule
// names is compared exactly, numbers within the precision of 32 bits.
type Rules struct {
	// Unread are paths that AWS does not describe, or not as they were given.
	// They, and all below them, are never compared.
	Unread []string
	// WriteOnly are paths that AWS does not describe either, but that count: a
	// value other than the one applied last is a difference.
	WriteOnly []string
	// NeverShown are paths that AWS may accept without ever describing them. Where
	// AWS describes none, they are compared as WriteOnly ones are.
	NeverShown []string
	// ReadAs says under which path AWS describes a path, where the two differ.
	ReadAs map[string]string
	// Unordered are lists that are sets in AWS, which may describe them in another
	// order. The value is the member that names an item; empty if the items have
	// none and are compared whole.
	Unordered map[string]string
	// JSON are texts that are compared as JSON documents.
	JSON []string
	// Base64 are texts that are compared decoded, so that line ends do not count.
	Base64 []string
	// NameOrARN are texts in which AWS may describe an ARN where a name was given,
	// or a name where an ARN was.
	NameOrARN []string
	// Defaults are the values that an absent member stands for: AWS leaves them out,
	// or fills them in.
	Defaults map[string]any
}

// Hides tells whether AWS does not describe a path as it was given, so that nobody
// can tell by looking what it is.
func (r Rules) Hides(path string) bool { return has(r.Unread, path) || has(r.WriteOnly, path) }

// has tells whether a list of paths has a path.
func has(paths []string, path string) bool {
	return slices.ContainsFunc(paths, func(p string) bool { return strings.EqualFold(p, path) })
}

// at is the value for a path.
func at[V any](values map[string]V, path string) (V, bool) {
	if v, ok := values[path]; ok {
		return v, true
	}
	for p, v := range values {
		if strings.EqualFold(p, path) {
			return v, true
		}
	}
	var none V
	return none, false
}

// Within tells whether a path is another one or lies below it. List indices and
// the names of items do not count, nor does the case of names.
func Within(path, above string) bool {
	plain, above := strings.ToLower(Plain(path)), strings.ToLower(above)
	return plain == above || strings.HasPrefix(plain, above+".")
}

// Plain is a path without list indices and names of items.
func Plain(path string) string { return index.ReplaceAllString(path, "") }

// Readable is what AWS describes under the paths by which it was asked for, see
// ReadAs.
func (r Rules) Readable(described Tree) Tree {
	have := Clone(described)
	for path, as := range r.ReadAs {
		move(have, strings.Split(as, "."), strings.Split(path, "."))
	}
	return have
}

// move copies what stands at one path to another. It enters the lists above
// both.
func move(in any, from, to []string) {
	switch in := in.(type) {
	case []any:
		for _, item := range in {
			move(item, from, to)
		}
	case map[string]any:
		if len(from) > 1 && len(to) > 1 && strings.EqualFold(from[0], to[0]) {
			next, _ := Get(in, from[0])
			move(next, from[1:], to[1:])
			return
		}
		if v, ok := Lookup(in, strings.Join(from, ".")); ok {
			Put(in, strings.Join(to, "."), v)
		}
	}
}
