// Package story holds for each kind what somebody might push, one change after
// the other, and what is to come of it. Stories are played against the simulated
// AWS, see Furnish.
package story

import (
	"embed"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"
)

// Step is one push of a story, and what the controller is waited for after it.
type Step struct {
	// Say is what the push does.
	Say string
	// Until is the reason of the condition Ready.
	Until string
	// Spec are the fields that change; without any the object is deleted.
	Spec map[string]any
}

//go:embed *.yaml
var files embed.FS

// Read reads the story of a kind. The last step deletes the object.
func Read(kind string) ([]Step, error) {
	text, err := files.ReadFile(strings.ToLower(kind) + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("kind %s has no story: %w", kind, err)
	}
	var steps []Step
	if err := yaml.UnmarshalStrict(text, &steps); err != nil {
		return nil, fmt.Errorf("the story of %s: %w", kind, err)
	}
	if len(steps) < 2 || steps[len(steps)-1].Spec != nil {
		return nil, fmt.Errorf("the story of %s does not end with a deletion", kind)
	}
	return steps, nil
}
