// Package model knows the request shapes of the SageMaker API with their
// constraints, and judges requests as AWS does.
package model

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"sync"
)

//go:embed zz_generated.model.json.gz
var embedded []byte

// Model is the API model, in the form of AWS's own api-2.json.
type Model struct {
	Operations map[string]Operation `json:"operations"`
	Shapes     map[string]*Shape    `json:"shapes"`
}

// Operation names the shapes of an operation's request and answer.
type Operation struct {
	Input  Ref `json:"input"`
	Output Ref `json:"output"`
}

// Ref points to a shape.
type Ref struct {
	Shape string `json:"shape"`
}

// Shape is one type of the API and what its values must satisfy.
type Shape struct {
	Type     string         `json:"type"`
	Members  map[string]Ref `json:"members"`
	Required []string       `json:"required"`
	Member   Ref            `json:"member"`
	Key      Ref            `json:"key"`
	Value    Ref            `json:"value"`
	Min      *float64       `json:"min"`
	Max      *float64       `json:"max"`
	Pattern  string         `json:"pattern"`
	Enum     []string       `json:"enum"`

	order   []string
	pattern *regexp.Regexp
}

// Load decodes the embedded model, once; it never changes.
var Load = sync.OnceValues(load)

func load() (*Model, error) {
	reader, err := gzip.NewReader(bytes.NewReader(embedded))
	if err != nil {
		return nil, fmt.Errorf("open the embedded API model: %w", err)
	}
	return Parse(reader)
}

// Parse decodes a model.
func Parse(r io.Reader) (*Model, error) {
	m := new(Model)
	if err := json.NewDecoder(r).Decode(m); err != nil {
		return nil, fmt.Errorf("decode the API model: %w", err)
	}
	for name, shape := range m.Shapes {
		for member, ref := range shape.Members {
			shape.order = append(shape.order, member)
			if m.Shapes[ref.Shape] == nil {
				return nil, fmt.Errorf("shape %s: member %s has the unknown shape %q", name, member, ref.Shape)
			}
		}
		slices.Sort(shape.order)
		if shape.Pattern != "" {
			// Patterns beyond RE2 (look-around, repeats over 1000) are left
			// unchecked: Unchecked lists them.
			shape.pattern, _ = regexp.Compile(`\A(?:` + shape.Pattern + `)\z`)
		}
	}
	for name, operation := range m.Operations {
		for _, ref := range []Ref{operation.Input, operation.Output} {
			if ref.Shape != "" && m.Shapes[ref.Shape] == nil {
				return nil, fmt.Errorf("operation %s has the unknown shape %q", name, ref.Shape)
			}
		}
	}
	return m, nil
}

// Unchecked lists the shapes whose pattern Go's regular expressions cannot
// express.
func (m *Model) Unchecked() []string {
	var names []string
	for name, shape := range m.Shapes {
		if shape.Pattern != "" && shape.pattern == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Input is the shape of an operation's request, nil if the model lacks it.
func (m *Model) Input(operation string) *Shape {
	return m.Shapes[m.Operations[operation].Input.Shape]
}

// Has says whether the API has the operation at all.
func (m *Model) Has(operation string) bool {
	_, ok := m.Operations[operation]
	return ok
}
