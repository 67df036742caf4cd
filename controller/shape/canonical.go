package shape

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
)

// text is a text as it is compared.
func (r Rules) text(plain, s string) string {
	switch {
	case has(r.JSON, plain):
		return canonicalJSON(s)
	case has(r.Base64, plain):
		return decoded(s)
	default:
		return s
	}
}

// canonicalJSON is a JSON text with its members in order and without spaces; any
// other text as it is.
func canonicalJSON(text string) string {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil || decoder.More() {
		return text
	}
	out, err := json.Marshal(v)
	if err != nil {
		return text
	}
	return string(out)
}

// decoded is what a base64 text holds; any other text as it is.
func decoded(text string) string {
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return text
	}
	return "base64 " + string(data)
}

func isARN(s string) bool { return strings.HasPrefix(s, "arn:") }

// resource is the name in an ARN, without the type that stands before it; any
// other text as it is.
func resource(s string) string {
	if !isARN(s) {
		return s
	}
	parts := strings.SplitN(s, ":", 6)
	last := parts[len(parts)-1]
	if _, name, typed := strings.Cut(last, "/"); typed {
		return name
	}
	return last
}

// Canonical is a value in the one form that all values have that are equal by the
// rules of its path.
func (r Rules) Canonical(plain string, value any) any {
	switch v := value.(type) {
	case map[string]any:
		c := make(map[string]any, len(v))
		for k, e := range v {
			c[strings.ToLower(k)] = r.Canonical(join(plain, k), e)
		}
		return c
	case []any:
		c := make([]any, len(v))
		for i, e := range v {
			c[i] = r.Canonical(plain, e)
		}
		if _, unordered := at(r.Unordered, plain); unordered {
			slices.SortFunc(c, func(a, b any) int { return cmp.Compare(asJSON(a), asJSON(b)) })
		}
		return c
	case string:
		if has(r.NameOrARN, plain) {
			return strings.ToLower(resource(v))
		}
		return r.text(plain, v)
	case float64:
		return number(v)
	case int64:
		return strconv.FormatInt(v, 10)
	default:
		return v
	}
}

// number is a whole number's digits, or those of another that 32 bits keep.
func number(f float64) string {
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return strconv.FormatInt(int64(f), 10)
	}
	return strconv.FormatFloat(f, 'g', 6, 64)
}

func asJSON(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(data)
}
