// Package model holds the description of an AWS API that the generator works
// on: operations and the shapes they reach.
//
// Its JSON form is that of the api-2.json files of the AWS SDKs, so that
// whoever knows those can read it.
package model

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
)

// The shape types that occur in a model.
const (
	String    = "string"
	Boolean   = "boolean"
	Integer   = "integer"
	Long      = "long"
	Float     = "float"
	Double    = "double"
	Timestamp = "timestamp"
	Blob      = "blob"
	List      = "list"
	Map       = "map"
	Structure = "structure"
)

// API is a service.
type API struct {
	Operations map[string]*Operation `json:"operations"`
	Shapes     map[string]*Shape     `json:"shapes"`
}

// Operation is one call. Output is nil when the answer is empty.
type Operation struct {
	Name   string `json:"name"`
	Input  *Ref   `json:"input,omitempty"`
	Output *Ref   `json:"output,omitempty"`
	Errors []Ref  `json:"errors,omitempty"`
}

// Ref names a shape.
type Ref struct {
	Shape string `json:"shape"`
}

// Shape is a type with its constraints. Which fields are set depends on Type.
type Shape struct {
	Type      string         `json:"type"`
	Union     bool           `json:"union,omitempty"`
	Sensitive bool           `json:"sensitive,omitempty"`
	Exception bool           `json:"exception,omitempty"`
	Required  []string       `json:"required,omitempty"`
	Members   map[string]Ref `json:"members,omitempty"`
	Member    *Ref           `json:"member,omitempty"`
	Key       *Ref           `json:"key,omitempty"`
	Value     *Ref           `json:"value,omitempty"`
	Enum      []string       `json:"enum,omitempty"`
	Constraint

	// Docs is where the API reference of the shape's service begins, and Title
	// the shape's name there. Empty means what holds for most.
	Docs  string `json:"-"`
	Title string `json:"-"`
}

// Constraint limits a value: the length of a string, the number of elements
// of a list or map, or the range of a number, and what a string looks like.
// A pattern describes the whole value, whether or not it is anchored.
type Constraint struct {
	Min     json.Number `json:"min,omitempty"`
	Max     json.Number `json:"max,omitempty"`
	Pattern string      `json:"pattern,omitempty"`
}

// Requires says whether the member must be present.
func (s *Shape) Requires(member string) bool {
	return slices.Contains(s.Required, member)
}

// MemberNames lists the members of a structure in alphabetical order.
func (s *Shape) MemberNames() []string {
	names := make([]string, 0, len(s.Members))
	for name := range s.Members {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// Shape returns a shape by name. It fails on a name the model does not have.
func (a *API) Shape(name string) (*Shape, error) {
	s, ok := a.Shapes[name]
	if !ok {
		return nil, fmt.Errorf("model has no shape %q", name)
	}
	return s, nil
}

// Input returns the name and the shape of an operation's input.
func (a *API) Input(operation string) (string, *Shape, error) {
	op, ok := a.Operations[operation]
	if !ok || op.Input == nil {
		return "", nil, fmt.Errorf("model has no operation %q with an input", operation)
	}
	s, err := a.Shape(op.Input.Shape)
	return op.Input.Shape, s, err
}

// Output returns the name and the shape of an operation's output.
func (a *API) Output(operation string) (string, *Shape, error) {
	op, ok := a.Operations[operation]
	if !ok || op.Output == nil {
		return "", nil, fmt.Errorf("model has no operation %q with an output", operation)
	}
	s, err := a.Shape(op.Output.Shape)
	return op.Output.Shape, s, err
}
