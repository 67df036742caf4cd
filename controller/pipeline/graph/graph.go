// Package graph orders the steps of a pipeline by what they need. It knows
// nothing else of them.
package graph

import (
	"fmt"
	"slices"
	"strings"
)

// Node is a step and the names of those that must have succeeded before it. A name
// may stand there more than once.
type Node struct {
	Name  string
	Needs []string
}

// Graph is a set of steps without cycles.
type Graph struct {
	order []string
	needs map[string][]string
}

// UnknownError says that a step needs one that does not exist.
type UnknownError struct{ Step, Needs string }

func (e *UnknownError) Error() string {
	return fmt.Sprintf("step %s needs step %s, which does not exist", e.Step, e.Needs)
}

// CycleError says that steps need each other. The path begins and ends with the
// same step.
type CycleError struct{ Path []string }

func (e *CycleError) Error() string {
	return "steps need each other: " + strings.Join(e.Path, " needs ")
}

// DuplicateError says that two steps have one name.
type DuplicateError struct{ Step string }

func (e *DuplicateError) Error() string { return fmt.Sprintf("there are two steps %s", e.Step) }

// New orders nodes. The error is an *UnknownError, a *CycleError or a
// *DuplicateError.
func New(nodes []Node) (*Graph, error) {
	g := &Graph{needs: make(map[string][]string, len(nodes))}
	for _, n := range nodes {
		if _, twice := g.needs[n.Name]; twice {
			return nil, &DuplicateError{n.Name}
		}
		needs := slices.Clone(n.Needs)
		slices.Sort(needs)
		g.needs[n.Name] = slices.Compact(needs)
	}
	for _, n := range nodes {
		for _, need := range g.needs[n.Name] {
			if _, exists := g.needs[need]; !exists {
				return nil, &UnknownError{n.Name, need}
			}
		}
	}
	done := make(map[string]bool, len(nodes))
	for _, n := range nodes {
		if cycle := g.visit(n.Name, done, nil); cycle != nil {
			return nil, &CycleError{cycle}
		}
	}
	return g, nil
}

// visit appends a step to the order behind all that it needs. It returns the
// cycle it runs into, if there is one.
func (g *Graph) visit(name string, done map[string]bool, path []string) []string {
	if done[name] {
		return nil
	}
	if at := slices.Index(path, name); at >= 0 {
		return append(slices.Clone(path[at:]), name)
	}
	path = append(path, name)
	for _, need := range g.needs[name] {
		if cycle := g.visit(need, done, path); cycle != nil {
			return cycle
		}
	}
	done[name] = true
	g.order = append(g.order, name)
	return nil
}

// Order lists the steps so that each stands behind all that it needs, and
// otherwise in the order in which they were given.
func (g *Graph) Order() []string { return slices.Clone(g.order) }

// Needs are the steps that one needs itself, sorted.
func (g *Graph) Needs(step string) []string { return slices.Clone(g.needs[step]) }

// Upstream are the steps that one needs, and those that they need, in order.
func (g *Graph) Upstream(step string) []string {
	reached := map[string]bool{}
	var reach func(string)
	reach = func(name string) {
		for _, need := range g.needs[name] {
			if !reached[need] {
				reached[need] = true
				reach(need)
			}
		}
	}
	reach(step)
	return g.only(reached)
}

// Downstream are the steps that need one, and those that need them, in order.
func (g *Graph) Downstream(step string) []string {
	reached := map[string]bool{step: true}
	for _, name := range g.order {
		if slices.ContainsFunc(g.needs[name], func(need string) bool { return reached[need] }) {
			reached[name] = true
		}
	}
	delete(reached, step)
	return g.only(reached)
}

func (g *Graph) only(steps map[string]bool) []string {
	return slices.DeleteFunc(g.Order(), func(name string) bool { return !steps[name] })
}
