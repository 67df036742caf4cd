// Package story holds for each kind what somebody might push, one change after
// the other, and what is to come of it; and what they might push by mistake.
// Stories are played against the simulated AWS, see Furnish.
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
	// Calls is an operation that AWS has carried out for the step, where Until does not
	// tell.
	Calls string
	// Spec are the fields that change; without any the object is deleted.
	Spec map[string]any
}

// Bad are mistakes that somebody might make in the first step of a story.
type Bad struct {
	// Schema is one that the API server refuses, in a field of the kind's own.
	Schema Mistake
	// Refused is one that AWS refuses by rules of its own.
	Refused Mistake
}

// Mistake is a mistake, and what becomes of it.
type Mistake struct {
	// Say is the rule that it breaks.
	Say string
	// Spec are the fields in which it is.
	Spec map[string]any
	// Denied is the operation that the controller may not call, where AWS refuses
	// nothing else of the kind.
	Denied string
	// Until is the reason of the condition Ready that says so.
	Until string
	// Words are in the refusal of the API server, or begin that of AWS.
	Words string
}

//go:embed *.yaml bad/*.yaml
var files embed.FS

// ReadBad reads the mistakes that can be made with a kind.
func ReadBad(kind string) (Bad, error) {
	text, err := files.ReadFile("bad/" + strings.ToLower(kind) + ".yaml")
	if err != nil {
		return Bad{}, fmt.Errorf("kind %s has no mistakes: %w", kind, err)
	}
	var bad Bad
	if err := yaml.UnmarshalStrict(text, &bad); err != nil {
		return Bad{}, fmt.Errorf("the mistakes with %s: %w", kind, err)
	}
	return bad, nil
}

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
