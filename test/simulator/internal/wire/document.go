package wire

import (
	"encoding/json"
	"strings"
)

// At walks nested objects and returns what is there, nil if nothing is.
func At(value any, path ...string) any {
	for _, name := range path {
		object, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = object[name]
	}
	return value
}

// String is the string at a path, "" if there is none.
func String(value any, path ...string) string {
	s, _ := At(value, path...).(string)
	return s
}

// Bool is the boolean at a path, false if there is none.
func Bool(value any, path ...string) bool {
	b, _ := At(value, path...).(bool)
	return b
}

// List is the list at a path, nil if there is none.
func List(value any, path ...string) []any {
	l, _ := At(value, path...).([]any)
	return l
}

// Object is the object at a path, nil if there is none.
func Object(value any, path ...string) Body {
	o, _ := At(value, path...).(map[string]any)
	return o
}

// Float is the number at a path, or the given default.
func Float(fallback float64, value any, path ...string) float64 {
	switch n := At(value, path...).(type) {
	case json.Number:
		if f, err := n.Float64(); err == nil {
			return f
		}
	case int:
		return float64(n)
	case float64:
		return n
	}
	return fallback
}

// Int is the whole number at a path, or the given default.
func Int(fallback int, value any, path ...string) int {
	return int(Float(float64(fallback), value, path...))
}

// Default sets members that are absent.
func Default(object Body, members Body) {
	for name, value := range members {
		if object[name] == nil {
			object[name] = Clone(value)
		}
	}
}

// Rewrite puts a value at a dotted path, in every item of the lists on the way; nil takes
// away what is there.
func Rewrite(value any, path string, with any) {
	name, rest, deeper := strings.Cut(path, ".")
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			Rewrite(item, path, with)
		}
	case map[string]any:
		switch {
		case deeper:
			Rewrite(value[name], rest, with)
		case with == nil:
			delete(value, name)
		default:
			value[name] = Clone(with)
		}
	}
}
