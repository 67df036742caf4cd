package simulator

import (
	"fmt"
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/observed"
)

// ObservedFact is what AWS was seen to do to members of an answer; see README.md,
// "Answers as observed".
type ObservedFact struct {
	// ID names the fact.
	ID string
	// Operations are those whose answers it is about.
	Operations []string
	// Members are the paths it is about, without the steps into lists.
	Members []string
	// Change is what AWS does to them, such as fill, omit or reorder.
	Change string
}

// Observed lists the facts behind Options.AsObserved.
func Observed() ([]ObservedFact, error) {
	table, err := observed.Facts()
	if err != nil {
		return nil, fmt.Errorf("observed facts: %w", err)
	}
	facts := make([]ObservedFact, len(table))
	for i, fact := range table {
		facts[i] = ObservedFact{ID: fact.ID, Operations: fact.Operations, Change: string(fact.Change)}
		for _, path := range fact.Path {
			facts[i].Members = append(facts[i].Members, strings.ReplaceAll(path, ".*", ""))
		}
	}
	return facts, nil
}
