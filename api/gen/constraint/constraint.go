// Package constraint adds to a model what aws-sdk-go-v2 does not carry:
// lengths, ranges and patterns, and the errors of operations.
//
// They come from the model of the last release of aws-sdk-go v1. What is newer
// than that release, or has changed since, stands in the overlay.
package constraint

import (
	"encoding/json"
	"fmt"
	"os"
	"sort"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/model"
)

// ReadFile reads a model in the form of the SDKs' api-2.json.
func ReadFile(path string) (*model.API, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("failed to read the older model: %w", err)
	}
	older := &model.API{}
	if err := json.Unmarshal(text, older); err != nil {
		return nil, fmt.Errorf("failed to decode the older model %s: %w", path, err)
	}
	return older, nil
}

// Apply copies the constraints of the older model to the shapes of the same
// name, then those of the overlay. It refuses an overlay entry for a shape the
// API does not have, and one that changes nothing.
func Apply(api, older *model.API, overlay map[string]model.Constraint) error {
	for name, s := range api.Shapes {
		if old, ok := older.Shapes[name]; ok && old.Type == s.Type {
			s.Constraint = old.Constraint
		}
	}
	for _, name := range sortedNames(overlay) {
		s, ok := api.Shapes[name]
		if !ok {
			return fmt.Errorf("overlay: the API has no shape %s", name)
		}
		if s.Constraint == overlay[name] {
			return fmt.Errorf("overlay: %s says what the older model says already", name)
		}
		s.Constraint = overlay[name]
	}
	for name, op := range api.Operations {
		old, ok := older.Operations[name]
		if !ok {
			continue
		}
		for _, ref := range old.Errors {
			if _, ok := api.Shapes[ref.Shape]; ok {
				op.Errors = append(op.Errors, ref)
			}
		}
	}
	return nil
}

func sortedNames(m map[string]model.Constraint) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
