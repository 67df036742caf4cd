package model

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
)

// Trim returns the part of the API that the named operations reach. It fails
// on an operation or a shape the model does not have.
func (a *API) Trim(operations []string) (*API, error) {
	out := &API{Operations: map[string]*Operation{}, Shapes: map[string]*Shape{}}
	for _, name := range operations {
		op, ok := a.Operations[name]
		if !ok {
			return nil, fmt.Errorf("model has no operation %q", name)
		}
		out.Operations[name] = op
		for _, ref := range op.refs() {
			if err := a.reach(ref.Shape, out.Shapes); err != nil {
				return nil, fmt.Errorf("operation %s: %w", name, err)
			}
		}
	}
	return out, nil
}

func (a *API) reach(name string, seen map[string]*Shape) error {
	if _, ok := seen[name]; ok {
		return nil
	}
	s, err := a.Shape(name)
	if err != nil {
		return err
	}
	seen[name] = s
	for _, ref := range s.Refs() {
		if err := a.reach(ref.Shape, seen); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (o *Operation) refs() []Ref {
	refs := append([]Ref(nil), o.Errors...)
	for _, ref := range []*Ref{o.Input, o.Output} {
		if ref != nil {
			refs = append(refs, *ref)
		}
	}
	return refs
}

// Refs are the shapes that a shape is made of.
func (s *Shape) Refs() []Ref {
	var refs []Ref
	for _, name := range s.MemberNames() {
		refs = append(refs, s.Members[name])
	}
	for _, ref := range []*Ref{s.Member, s.Key, s.Value} {
		if ref != nil {
			refs = append(refs, *ref)
		}
	}
	return refs
}

// Compressed is the API as gzipped JSON. The same API gives the same bytes.
func (a *API) Compressed() ([]byte, error) {
	text, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("failed to encode the model: %w", err)
	}
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(text); err != nil {
		return nil, fmt.Errorf("failed to compress the model: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("failed to compress the model: %w", err)
	}
	return out.Bytes(), nil
}
