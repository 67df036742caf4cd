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
	// Path of the member, such as ResourceConfig.InstanceCount or
	// ProductionVariants[0].ModelName.
	Path string
	// Want and Have are the values; Have is nil where AWS has none.
	Want, Have any
}

// In tells whether the difference is in the member at a path, which has no list
// indices.
func (d Difference) In(path string) bool {
	plain := index.ReplaceAllString(d.Path, "")
	return strings.EqualFold(plain, path) || strings.HasPrefix(strings.ToLower(plain), strings.ToLower(path)+".")
}

var index = regexp.MustCompile(`\[\d+\]`)

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

// Uncovered lists where want is not covered by have: members that have lacks
// or has with another value. What have has beyond want does not count, since
// AWS fills in defaults; lists must be of equal length, their items are
// compared one by one. Paths in except (without list indices) and what lies
// below them are left out.
func Uncovered(want, have Tree, except ...string) []Difference {
	var d differ
	for _, e := range except {
		d.except = append(d.except, strings.ToLower(e))
	}
	d.tree("", "", Compact(want), Compact(have))
	return d.found
}

type differ struct {
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
	for _, e := range d.except {
		if strings.ToLower(plain) == e {
			return
		}
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
			for i := range w {
				d.value(fmt.Sprintf("%s[%d]", path, i), plain, w[i], h[i])
			}
			return
		}
	}
	if !equal(want, have) {
		d.found = append(d.found, Difference{Path: path, Want: want, Have: have})
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// equal compares scalars; numbers by value, within the precision of float32,
// which is what AWS keeps of weights.
func equal(a, b any) bool {
	x, xok := toFloat(a)
	y, yok := toFloat(b)
	if xok && yok {
		return x == y || math.Abs(x-y) <= 1e-6*math.Max(math.Abs(x), math.Abs(y))
	}
	return reflect.DeepEqual(a, b)
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
