package script

import (
	_ "embed" // for the scripts
	"strings"
)

//go:embed health.lua
var ours string

// Lua is the health script of Argo CD for every kind of sagemaker.gitops.dev.
func Lua() string { return ours }

// Expressions are those of an element of healthCheckExprs in a Kustomization or
// HelmRelease of Flux. Each is CEL over the fields of the object.
type Expressions struct {
	// InProgress is true for an object that is not done.
	InProgress string `json:"inProgress,omitempty"`
	// Failed is true for one that will not be done by itself.
	Failed string `json:"failed,omitempty"`
	// Current is true for one that is done.
	Current string `json:"current"`
}

// CEL are the expressions for every kind of sagemaker.gitops.dev. Flux needs none for
// them, since their status is what it looks for anyway; these also take an object
// that the controller has never seen for one in progress.
func CEL() Expressions {
	const (
		conditions = "status.?conditions.orValue([])"
		// Of Stalled and Reconciling the first one counts.
		abnormal = conditions + ".filter(c, c.status == 'True' && c.type in ['Reconciling', 'Stalled'])[?0].?type.orValue('')"
	)

	return Expressions{
		InProgress: lines("has(metadata.deletionTimestamp)",
			"status.?observedGeneration.orValue(-1) != metadata.generation",
			abnormal+" == 'Reconciling'"),
		Failed:  abnormal + " == 'Stalled'",
		Current: conditions + ".filter(c, c.type == 'Ready')[?0].?status.orValue('') == 'True'",
	}
}

// lines joins alternatives of an expression.
func lines(alternatives ...string) string { return strings.Join(alternatives, " ||\n") }
