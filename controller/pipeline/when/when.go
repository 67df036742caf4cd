// Package when decides by an expression whether a step is wanted.
package when

import (
	"errors"
	"fmt"

	"github.com/google/cel-go/cel"
)

// maxCost is how much an expression may compute, in units of CEL.
const maxCost = 100_000

// Step is what an expression knows of a step.
type Step struct {
	// Phase is how far it is: Succeeded, as a rule.
	Phase string
	// Metrics are numbers that it has come to, by name.
	Metrics map[string]float64
}

// Condition is an expression that has been read.
type Condition struct{ program cel.Program }

// Read reads an expression. The error says what is wrong with it: it is no CEL, or
// gives no bool.
func Read(expression string) (*Condition, error) {
	env, err := cel.NewEnv(
		cel.Variable("params", cel.MapType(cel.StringType, cel.StringType)),
		cel.Variable("steps", cel.MapType(cel.StringType, cel.DynType)),
	)
	if err != nil {
		return nil, err
	}
	read, issues := env.Compile(expression)
	if err := issues.Err(); err != nil {
		return nil, err
	}
	if read.OutputType() != cel.BoolType && read.OutputType() != cel.DynType {
		return nil, fmt.Errorf("it gives a %s, and has to give true or false", read.OutputType())
	}
	program, err := env.Program(read, cel.CostLimit(maxCost))
	if err != nil {
		return nil, err
	}
	return &Condition{program}, nil
}

// Holds tells whether the condition is true. The error says why nobody can say: it
// speaks of a step, metric or parameter that there is not, or computes for too long.
func (c *Condition) Holds(params map[string]string, steps map[string]Step) (bool, error) {
	known := make(map[string]any, len(steps))
	for name, step := range steps {
		known[name] = map[string]any{"phase": step.Phase, "metrics": step.Metrics}
	}
	if params == nil {
		params = map[string]string{}
	}
	value, _, err := c.program.Eval(map[string]any{"params": params, "steps": known})
	if err != nil {
		return false, err
	}
	holds, ok := value.Value().(bool)
	if !ok {
		return false, errors.New("it gives neither true nor false")
	}
	return holds, nil
}
