// Package gate judges what the steps of a pipeline have made by numbers, and binds
// approvals to what they were given for.
package gate

import (
	"fmt"
	"math"
	"strconv"
)

// Outcome of a check or of a gate.
type Outcome string

const (
	// Passed means that every number is within its bounds.
	Passed Outcome = "Passed"
	// Failed means that one is not.
	Failed Outcome = "Failed"
	// Inconclusive means that one is missing or no number, so that nobody can say.
	Inconclusive Outcome = "Inconclusive"
)

// Check is a bound on a number.
type Check struct {
	// Name of the check.
	Name string
	// Min and Max are inclusive; nil is no bound.
	Min, Max *float64
	// Precision is how many digits behind the point count; nil is all of them. What
	// differs beyond it is the same number, to the check and to an approval.
	Precision *int
	// MaxRegression is by how much the number may be worse than the one it is
	// compared with, as a share of that: 0.02 for 2%. Only with Compared.
	MaxRegression float64
	// HigherIsBetter says which way is worse.
	HigherIsBetter bool
	// Compared says that the number is compared with another.
	Compared bool
}

// Value is a number that was looked for.
type Value struct {
	// Number is what was found.
	Number float64
	// Missing says why nothing was; empty if something was.
	Missing string
}

// Result is what came of a check.
type Result struct {
	Name    string
	Outcome Outcome
	// Value is the number as it counts, in decimal; empty if there is none.
	Value string
	// Message says it in words.
	Message string
}

// Judge compares a number with its bounds. with is the number that it is compared
// with; one that is missing there is no bound: before anything serves there is
// nothing to be worse than.
func (c Check) Judge(value, with Value) Result {
	r := Result{Name: c.Name}
	if value.Missing != "" {
		return c.inconclusive(r, value.Missing)
	}
	if math.IsNaN(value.Number) || math.IsInf(value.Number, 0) {
		return c.inconclusive(r, fmt.Sprintf("%v is no number to be judged", value.Number))
	}
	n := c.round(value.Number)
	r.Value = c.format(n)
	switch {
	case c.Min != nil && n < c.round(*c.Min):
		r.Outcome, r.Message = Failed, fmt.Sprintf("%s is %s, which is less than %s", c.Name, r.Value, c.format(*c.Min))
		return r
	case c.Max != nil && n > c.round(*c.Max):
		r.Outcome, r.Message = Failed, fmt.Sprintf("%s is %s, which is more than %s", c.Name, r.Value, c.format(*c.Max))
		return r
	case c.Compared && with.Missing == "":
		return c.compare(r, n, with.Number)
	}
	r.Outcome, r.Message = Passed, fmt.Sprintf("%s is %s", c.Name, r.Value)
	if c.Compared {
		r.Message += fmt.Sprintf(", and there is nothing to compare it with: %s", with.Missing)
	}
	return r
}

func (c Check) compare(r Result, n, with float64) Result {
	if math.IsNaN(with) || math.IsInf(with, 0) {
		return c.inconclusive(r, fmt.Sprintf("%v, which it is compared with, is no number", with))
	}
	with = c.round(with)
	allowed := math.Abs(with) * c.MaxRegression
	worst := c.round(with + allowed)
	worse := n > worst
	if c.HigherIsBetter {
		worst = c.round(with - allowed)
		worse = n < worst
	}
	r.Outcome, r.Message = Passed, fmt.Sprintf("%s is %s, compared with %s", c.Name, r.Value, c.format(with))
	if worse {
		r.Outcome = Failed
		r.Message = fmt.Sprintf("%s is %s, which is worse than %s by more than %s%%: at worst %s", c.Name, r.Value, c.format(with),
			strconv.FormatFloat(c.MaxRegression*100, 'g', 4, 64), c.format(worst))
	}
	return r
}

func (c Check) inconclusive(r Result, why string) Result {
	r.Outcome, r.Message = Inconclusive, fmt.Sprintf("%s: %s", c.Name, why)
	return r
}

func (c Check) round(n float64) float64 {
	if c.Precision == nil {
		return n
	}
	scale := math.Pow10(*c.Precision)
	return math.Round(n*scale) / scale
}

func (c Check) format(n float64) string {
	if c.Precision == nil {
		return strconv.FormatFloat(n, 'g', -1, 64)
	}
	return strconv.FormatFloat(c.round(n), 'f', *c.Precision, 64)
}

// Overall is what checks come to together: the worst of them, where one that has
// failed is worse than one of which nothing is known.
func Overall(results []Result) Outcome {
	overall := Passed
	for _, r := range results {
		switch r.Outcome {
		case Failed:
			return Failed
		case Inconclusive:
			overall = Inconclusive
		case Passed:
		}
	}
	return overall
}
