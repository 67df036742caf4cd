package model

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// Validate judges a request. It answers nil, AWS's SerializationException for
// a value of the wrong JSON type, or AWS's ValidationException that lists
// every constraint the request breaks.
//
// Assumption: members that the model does not know are ignored, as AWS's JSON
// protocol does; Prune takes them out.
func (m *Model) Validate(operation string, body wire.Body) *wire.Error {
	return m.judge(m.Input(operation), body)
}

// ValidateAnswer judges an answer as Validate does a request: the simulator
// must not tell what AWS could not.
func (m *Model) ValidateAnswer(operation string, body wire.Body) *wire.Error {
	return m.judge(m.Shapes[m.Operations[operation].Output.Shape], body)
}

func (m *Model) judge(shape *Shape, body wire.Body) *wire.Error {
	if shape == nil {
		return nil
	}
	c := checker{model: m}
	if err := c.structure(shape, body, ""); err != nil {
		return err
	}
	if len(c.broken) == 0 {
		return nil
	}
	noun := "errors"
	if len(c.broken) == 1 {
		noun = "error"
	}
	return wire.Invalid("%d validation %s detected: %s", len(c.broken), noun, strings.Join(c.broken, "; "))
}

// Prune removes what the model does not know from a request.
func (m *Model) Prune(operation string, body wire.Body) wire.Body {
	shape := m.Input(operation)
	if shape == nil {
		return body
	}
	pruned, _ := m.prune(shape, body).(wire.Body)
	return pruned
}

func (m *Model) prune(shape *Shape, value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, member := range v {
			ref, known := shape.Members[name]
			if shape.Type == "map" {
				ref, known = shape.Value, true
			}
			if known && member != nil {
				out[name] = m.prune(m.Shapes[ref.Shape], member)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, member := range v {
			out[i] = m.prune(m.Shapes[shape.Member.Shape], member)
		}
		return out
	default:
		return value
	}
}

type checker struct {
	model  *Model
	broken []string
}

func (c *checker) structure(shape *Shape, value any, path string) *wire.Error {
	object, ok := value.(map[string]any)
	if !ok {
		return wire.Errorf("SerializationException", "Unexpected field type")
	}
	for _, name := range shape.order {
		at := join(path, lowerCamel(name))
		member := object[name]
		if member == nil {
			if slices.Contains(shape.Required, name) {
				c.broken = append(c.broken, fmt.Sprintf("Value null at '%s' failed to satisfy constraint: Member must not be null", at))
			}
			continue
		}
		if err := c.value(c.model.Shapes[shape.Members[name].Shape], member, at); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) value(shape *Shape, value any, at string) *wire.Error {
	if err := matches(shape.Type, value); err != nil {
		return err
	}
	c.report(shape, value, at)
	switch v := value.(type) {
	case map[string]any:
		if shape.Type == "map" {
			return c.entries(shape, v, at)
		}
		return c.structure(shape, v, at)
	case []any:
		return c.elements(shape, v, at)
	}
	return nil
}

// elements checks a list: objects one by one under "path.N.member", plain
// values together, in one message.
func (c *checker) elements(shape *Shape, list []any, at string) *wire.Error {
	element := c.model.Shapes[shape.Member.Shape]
	broken := false
	for i, member := range list {
		switch {
		case member == nil:
			broken = true
		case isScalar(element.Type):
			if err := matches(element.Type, member); err != nil {
				return err
			}
			broken = broken || len(violations(element, member)) > 0
		default:
			if err := c.value(element, member, at+"."+strconv.Itoa(i+1)+".member"); err != nil {
				return err
			}
		}
	}
	if broken {
		c.broken = append(c.broken, failed(list, at, "Member must satisfy constraint: "+all(element)))
	}
	return nil
}

func (c *checker) entries(shape *Shape, entries map[string]any, at string) *wire.Error {
	key, element := c.model.Shapes[shape.Key.Shape], c.model.Shapes[shape.Value.Shape]
	badKey, badValue := false, false
	for _, name := range sorted(entries) {
		badKey = badKey || len(violations(key, name)) > 0
		member := entries[name]
		if member == nil {
			badValue = true
			continue
		}
		if !isScalar(element.Type) {
			if err := c.value(element, member, at+"."+name+".member"); err != nil {
				return err
			}
			continue
		}
		if err := matches(element.Type, member); err != nil {
			return err
		}
		badValue = badValue || len(violations(element, member)) > 0
	}
	if badKey {
		c.broken = append(c.broken, failed(entries, at, "Map keys must satisfy constraint: "+all(key)))
	}
	if badValue {
		c.broken = append(c.broken, failed(entries, at, "Map value must satisfy constraint: "+all(element)))
	}
	return nil
}

func (c *checker) report(shape *Shape, value any, at string) {
	for _, violation := range violations(shape, value) {
		c.broken = append(c.broken, failed(value, at, violation))
	}
}

func failed(value any, at, constraint string) string {
	return fmt.Sprintf("Value '%s' at '%s' failed to satisfy constraint: %s", display(value), at, constraint)
}

// display renders a value as AWS's Java services print it.
func display(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case string:
		return v
	case []any:
		parts := make([]string, len(v))
		for i, member := range v {
			parts[i] = display(member)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		parts := make([]string, 0, len(v))
		for _, name := range sorted(v) {
			parts = append(parts, name+"="+display(v[name]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case json.Number:
		return v.String()
	default:
		return fmt.Sprint(v)
	}
}

func sorted(object map[string]any) []string {
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func lowerCamel(name string) string {
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToLower(first)) + name[size:]
}
