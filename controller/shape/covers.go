package shape

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strings"
)

// Difference is one place where what is wanted is not what is there.
type Difference struct {
	// Path of the member, such as ResourceConfig.InstanceCount,
	// ProductionVariants[0].ModelName or Dimensions[EndpointName].Value.
	Path string
	// Want and Have are the values; Have is nil where AWS has none, and Want where
	// AWS is to have none.
	Want, Have any
}

// In tells whether the difference is in the member at a path, which has no list
// indices.
func (d Difference) In(path string) bool { return Within(d.Path, path) }

var index = regexp.MustCompile(`\[[^\]]*\]`)

func (d Difference) String() string {
	return fmt.Sprintf("%s: want %v, have %v", d.Path, show(d.Want), show(d.Have))
}

func show(v any) string {
	if v == nil {
		return "nothing"
	}
	const most = 120
	s := fmt.Sprint(v)
	if len(s) > most {
		s = s[:most] + "…"
	}
	return s
}

// Uncovered lists where want is not covered by have when no rules are known, see
// Rules.Uncovered.
func Uncovered(want, have Tree, except ...string) []Difference {
	return Rules{}.Uncovered(want, have, except...)
}

// Uncovered lists where want is not covered by have: members that have lacks
// or has with another value. What have has beyond want does not count, since
// AWS fills in defaults; lists must be of equal length, their items are
// compared one by one. Paths in except (without list indices) and what lies
// below them are left out. have is as Readable makes it.
func (r Rules) Uncovered(want, have Tree, except ...string) []Difference {
	d := differ{rules: r, except: except}
	d.tree("", "", Compact(want), Compact(have))
	return d.found
}

type differ struct {
	rules  Rules
	except []string
	found  []Difference
}

func (d *differ) tree(path, plain string, want, have Tree) {
	for _, k := range sortedKeys(want) {
		h, _ := Get(have, k)
		d.value(join(path, k), join(plain, k), want[k], h)
	}
}

func (d *differ) value(path, plain string, want, have any) {
	if d.passesOver(plain, want, have) {
		return
	}
	switch w := want.(type) {
	case map[string]any:
		h, ok := have.(map[string]any)
		if ok || have == nil {
			d.tree(path, plain, w, h)
			return
		}
	case []any:
		h, ok := have.([]any)
		if ok && len(h) == len(w) {
			d.list(path, plain, w, h)
			return
		}
	}
	if !d.rules.equal(plain, want, have) {
		d.found = append(d.found, Difference{Path: path, Want: want, Have: have})
	}
}

// passesOver tells whether a place is not compared.
func (d *differ) passesOver(plain string, want, have any) bool {
	if has(d.except, plain) || has(d.rules.Unread, plain) || has(d.rules.WriteOnly, plain) {
		return true
	}
	if have != nil {
		return false
	}
	is, known := at(d.rules.Defaults, plain)
	return has(d.rules.NeverShown, plain) || known && d.rules.equal(plain, want, is)
}

// list compares lists of equal length.
func (d *differ) list(path, plain string, want, have []any) {
	key, unordered := at(d.rules.Unordered, plain)
	switch {
	case !unordered:
		for i := range want {
			d.value(fmt.Sprintf("%s[%d]", path, i), plain, want[i], have[i])
		}
	case key != "" && d.named(path, plain, key, want, have):
	case !pairs(want, have, func(w, h any) bool { return d.covered(plain, w, h) }):
		d.found = append(d.found, Difference{Path: path, Want: want, Have: have})
	}
}

// named compares the items of the same name; false means that they have not all
// one.
func (d *differ) named(path, plain, key string, want, have []any) bool {
	by := map[string]any{}
	for _, item := range have {
		by[itemName(item, key)] = item
	}
	for _, item := range want {
		if h, ok := by[itemName(item, key)]; !ok || h == nil || len(by) != len(want) {
			return false
		}
	}
	for _, item := range want {
		name := itemName(item, key)
		d.value(path+"["+name+"]", plain, item, by[name])
	}
	return true
}

func itemName(item any, key string) string {
	t, _ := item.(map[string]any)
	v, _ := Get(t, key)
	return fmt.Sprint(v)
}

func (d *differ) covered(plain string, want, have any) bool {
	inner := differ{rules: d.rules, except: d.except}
	inner.value("", plain, want, have)
	return len(inner.found) == 0
}

// pairs tells whether each item of one list can be paired with another item of the
// other.
func pairs(want, have []any, fit func(want, have any) bool) bool {
	partner := make([]int, len(have)) // 1 + the index of the item of want
	var find func(w int, tried []bool) bool
	find = func(w int, tried []bool) bool {
		for h := range have {
			if tried[h] || !fit(want[w], have[h]) {
				continue
			}
			tried[h] = true
			if partner[h] == 0 || find(partner[h]-1, tried) {
				partner[h] = w + 1
				return true
			}
		}
		return false
	}
	for w := range want {
		if !find(w, make([]bool, len(have))) {
			return false
		}
	}
	return true
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// equal compares scalars by the rule of their path; numbers by value, within the
// precision of float32, which is what AWS keeps of weights.
func (r Rules) equal(plain string, a, b any) bool {
	x, xok := toFloat(a)
	y, yok := toFloat(b)
	if xok && yok {
		return x == y || math.Abs(x-y) <= 1e-6*math.Max(math.Abs(x), math.Abs(y))
	}
	s, sok := a.(string)
	t, tok := b.(string)
	if sok && tok {
		return r.sameText(plain, s, t)
	}
	return reflect.DeepEqual(a, b)
}

func (r Rules) sameText(plain, a, b string) bool {
	if a == b {
		return true
	}
	if has(r.NameOrARN, plain) && isARN(a) != isARN(b) {
		return strings.EqualFold(resource(a), resource(b))
	}
	return r.text(plain, a) == r.text(plain, b)
}

func toFloat(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	default:
		return 0, false
	}
}
