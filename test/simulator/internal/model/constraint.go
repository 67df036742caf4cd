package model

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// matches says whether a JSON value can be of the shape's type at all.
func matches(kind string, value any) *wire.Error {
	var found string
	switch v := value.(type) {
	case string:
		found = "STRING_VALUE"
		if kind == "string" || kind == "blob" {
			return nil
		}
	case bool:
		found = strings.ToUpper(strconv.FormatBool(v)) + "_VALUE"
		if kind == "boolean" {
			return nil
		}
	case json.Number:
		found = "NUMBER_VALUE"
		if slices.Contains([]string{"float", "double", "timestamp"}, kind) {
			return nil
		}
		if kind == "integer" || kind == "long" {
			if whole(v) {
				return nil
			}
			found = "DECIMAL_VALUE"
		}
	case []any:
		if kind == "list" {
			return nil
		}
		return wire.Errorf("SerializationException", "Unexpected list element termination")
	case map[string]any:
		if kind == "structure" || kind == "map" {
			return nil
		}
		return wire.Errorf("SerializationException", "Start of structure or map found where not expected.")
	}
	if kind == "structure" || kind == "map" || kind == "list" {
		return wire.Errorf("SerializationException", "Unexpected field type")
	}
	return wire.Errorf("SerializationException", "%s can not be converted to %s", found, javaType(kind))
}

func whole(n json.Number) bool {
	if _, err := n.Int64(); err == nil {
		return true
	}
	f, err := n.Float64()
	return err == nil && f == float64(int64(f))
}

func javaType(kind string) string {
	switch kind {
	case "integer":
		return "an Integer"
	case "timestamp":
		return "milliseconds since epoch"
	default:
		return "a " + strings.ToUpper(kind[:1]) + kind[1:]
	}
}

// violations are the constraints of a shape that a value itself breaks, its
// members left aside.
func violations(shape *Shape, value any) []string {
	var broken []string
	if shape.Max != nil && size(value) > *shape.Max {
		broken = append(broken, upper(shape))
	}
	if shape.Min != nil && size(value) < *shape.Min {
		broken = append(broken, lower(shape))
	}
	text, ok := value.(string)
	if !ok {
		return broken
	}
	if len(shape.Enum) > 0 && !slices.Contains(shape.Enum, text) {
		broken = append(broken, enum(shape))
	}
	if shape.pattern != nil && !shape.pattern.MatchString(text) {
		broken = append(broken, pattern(shape))
	}
	return broken
}

// all lists every constraint of a shape, as AWS does for plain list elements
// and map entries.
func all(shape *Shape) string {
	var constraints []string
	if shape.Max != nil {
		constraints = append(constraints, upper(shape))
	}
	if shape.Min != nil {
		constraints = append(constraints, lower(shape))
	}
	if len(shape.Enum) > 0 {
		constraints = append(constraints, enum(shape))
	}
	if shape.Pattern != "" {
		constraints = append(constraints, pattern(shape))
	}
	constraints = append(constraints, "Member must not be null")
	return "[" + strings.Join(constraints, ", ") + "]"
}

// size is what min and max speak of: a number's value, a string's length in
// UTF-16 units (Java's), the count of a list's or a map's members.
func size(value any) float64 {
	switch v := value.(type) {
	case json.Number:
		f, err := v.Float64()
		if err != nil {
			return 0
		}
		return f
	case string:
		return float64(len(utf16.Encode([]rune(v))))
	case []any:
		return float64(len(v))
	case map[string]any:
		return float64(len(v))
	default:
		return 0
	}
}

func upper(s *Shape) string {
	return "Member must have " + measure(s) + " less than or equal to " + number(*s.Max)
}

func lower(s *Shape) string {
	return "Member must have " + measure(s) + " greater than or equal to " + number(*s.Min)
}

func pattern(s *Shape) string {
	return "Member must satisfy regular expression pattern: " + s.Pattern
}

func enum(s *Shape) string {
	return "Member must satisfy enum value set: [" + strings.Join(s.Enum, ", ") + "]"
}

func measure(s *Shape) string {
	switch s.Type {
	case "string", "list", "map", "blob":
		return "length"
	default:
		return "value"
	}
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func isScalar(kind string) bool { return kind != "structure" && kind != "list" && kind != "map" }
