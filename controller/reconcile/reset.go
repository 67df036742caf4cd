package reconcile

import (
	"reflect"
	"slices"
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// Reset says how AWS unsets a member that git no longer has. Paths are as in
// shape.Rules. A known default (Compare.Defaults) is sent where nothing else is said;
// what has none of all this AWS cannot unset, which makes the object Stalled.
type Reset struct {
	// Put says that Update sets the whole object: it unsets what it is not given.
	Put bool
	// Whole are members that Update sets as a whole, where it leaves others alone that
	// it is not given: it unsets what is left out below them.
	Whole []string
	// Omitted are members that Update unsets whenever it is not given them.
	Omitted []string
	// With are the values that unset a member: an empty one, or the default.
	With map[string]any
	// Flags are the members of Update that unset another member by being true.
	Flags map[string]string
	// Keys are the members of Update that take the keys to be removed from a map.
	Keys map[string]string
	// Name are members that are the object's own name unless they are set.
	Name []string
	// Never are paths with a default that AWS does not go back to.
	Never []string
	// Left are paths that are left to AWS, or to people, once git does not have them.
	Left []string
}

// way is how a path is reset.
type way int

const (
	impossible way = iota
	// left is not reset.
	left
	// sentWhole is left out of what is sent whole.
	sentWhole
	// flagged is unset by another member.
	flagged
	// keyed is taken out of a map.
	keyed
	// valued is set to a value.
	valued
)

// reset is how one path that git no longer has is unset.
type reset struct {
	path string
	way  way
	// member is where to put the value, or what is sent whole, or what takes the key.
	member string
	value  any
	// have is what AWS has.
	have any
}

// difference is a reset that has not had its effect.
func (r reset) difference() shape.Difference {
	return shape.Difference{Path: r.path, Want: r.value, Have: r.have}
}

// resetOf finds out how a path is reset. desired is what git has, by path.
func (k Kind) resetOf(path, name string, desired map[string]any) reset {
	r := reset{path: path}
	wants := func(member string) bool { _, ok := desired[member]; return ok }
	list, _, inList := strings.Cut(path, "[")
	switch whole := above(k.Reset.Whole, path); {
	case above(k.Reset.Left, path) != "":
		r.way = left
	case !k.changes(path):
	case k.Reset.Put, above(k.Reset.Omitted, path) != "":
		r.way = sentWhole
	case whole != "" && wants(whole):
		r.way, r.member = sentWhole, whole
	case inList && wants(list):
		r.way, r.member = sentWhole, list
	default:
		r.way, r.member, r.value = k.unset(path, name, wants)
	}
	return r
}

// unset is how a single member is unset.
func (k Kind) unset(path, name string, wants func(string) bool) (way, string, any) {
	for member, flag := range k.Reset.Flags {
		if shape.Within(path, member) && !wants(member) {
			return flagged, flag, nil
		}
	}
	for member, keys := range k.Reset.Keys {
		if key, ok := strings.CutPrefix(path, member+"."); ok {
			return keyed, keys, key
		}
	}
	plain := shape.Plain(path)
	if slices.Contains(k.Reset.Name, plain) {
		return valued, plain, name
	}
	for member, value := range k.Reset.With {
		if shape.Within(path, member) && !wants(member) {
			return valued, member, value
		}
	}
	if value, ok := k.Compare.Defaults[plain]; ok && above(k.Reset.Never, path) == "" {
		return valued, plain, value
	}
	return impossible, "", nil
}

// changes tells whether Update or Adjust can change a path.
func (k Kind) changes(path string) bool {
	return above(k.mutable(), path) != "" && above(k.Fixed, path) == ""
}

// above is the one of the paths that a path is, or lies below; empty if it is none.
func above(paths []string, path string) string {
	for _, p := range paths {
		if shape.Within(path, p) {
			return p
		}
	}
	return ""
}

// done tells whether AWS has the value already that the reset sets.
func (r reset) done() bool { return r.way == valued && reflect.DeepEqual(r.value, r.have) }

// byAcceptance tells whether a reset has had its effect as soon as AWS accepts it: what
// AWS describes afterwards is its own choice.
func (r reset) byAcceptance() bool { return r.way == sentWhole || r.way == keyed }

// apply puts resets into what is sent to Update. whole is the whole request.
func (r Reset) apply(request, whole shape.Tree, resets []reset) {
	for _, one := range resets {
		member := one.member
		if one.way == flagged {
			request[member] = true
			continue
		}
		if one.way == keyed {
			keys, _ := request[member].([]any)
			request[member] = append(keys, one.value)
			continue
		}
		// AWS may want the members beside it, too.
		top, _, _ := strings.Cut(member, ".")
		if _, sent := shape.Get(request, top); !sent && top != "" {
			if v, ok := shape.Get(whole, top); ok {
				shape.Put(request, top, shape.Clone(shape.Tree{top: v})[top])
			}
		}
		if one.way == valued {
			shape.Put(request, member, one.value)
		}
	}
}
