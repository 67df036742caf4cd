// Package fault holds what a test asks the simulator to get wrong, or to come to:
// refusals, lost answers, delays, denied permissions, jobs that fail, updates that
// roll back, the metrics of a training job.
package fault

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Action is what a rule does.
type Action string

const (
	// Reject answers a request with Code and Message, without effect.
	Reject Action = "reject"
	// LoseResponse carries a request out and then closes the connection.
	LoseResponse Action = "lose-response"
	// Delay holds a request for Latency before it is carried out.
	Delay Action = "delay"
	// Deny answers AccessDenied as IAM does when Principal may not call
	// Operation. Operation AssumeRole denies assuming Role.
	Deny Action = "deny"
	// DenyPassRole answers AccessDenied when Principal passes Role.
	DenyPassRole Action = "deny-pass-role"
	// Unassumable makes SageMaker unable to assume Role, as in the first
	// minutes of a new role.
	Unassumable Action = "unassumable"
	// Fail ends the objects of Kind and Name as failed, with Reason, when they
	// have been in Stage for its time.
	Fail Action = "fail"
	// RollBack lets an endpoint's next update fail and go back to the earlier
	// configuration, with Reason.
	RollBack Action = "roll-back"
	// FailRollBack lets the update fail, and going back fail too.
	FailRollBack Action = "fail-roll-back"
	// Rewrite answers Operation with Value at the path Member, of every item where the
	// path leads through lists, whatever the object has there.
	Rewrite Action = "rewrite"
	// Measure gives training jobs of Name and HyperParameters their Metrics when they
	// have completed. It is no fault; without it a job has none.
	Measure Action = "measure"
)

// Rule is one fault. Operation, Name, Principal, Role and Kind are patterns as
// of path.Match in which "*" also matches "/"; empty matches all.
type Rule struct {
	// ID is given by Add.
	ID     string `json:"id,omitempty"`
	Action Action `json:"action"`
	// Times is how often the rule applies; 0 is until it is removed.
	Times int `json:"times,omitempty"`
	// Skip lets the first so many matches pass.
	Skip int `json:"skip,omitempty"`

	Operation string `json:"operation,omitempty"`
	Kind      string `json:"kind,omitempty"`
	Name      string `json:"name,omitempty"`
	Stage     string `json:"stage,omitempty"`
	Principal string `json:"principal,omitempty"`
	Role      string `json:"role,omitempty"`

	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
	// Status is the HTTP status of a rejection; 0 means 400.
	Status int    `json:"status,omitempty"`
	Reason string `json:"reason,omitempty"`
	// HyperParameters are those that a job must have to be measured so, as patterns.
	HyperParameters map[string]string `json:"hyperParameters,omitempty"`
	// Metrics are the final values, by name.
	Metrics map[string]float64 `json:"metrics,omitempty"`
	// Member is a dotted path of member names.
	Member string `json:"member,omitempty"`
	// Value is what is answered there; nil leaves the member out.
	Value any `json:"value,omitempty"`
	// Latency in nanoseconds when written as JSON.
	Latency time.Duration `json:"latency,omitempty"`
}

// Event is what rules are matched against.
type Event struct {
	Operation string
	Kind      string
	Name      string
	Stage     string
	Principal string
	Role      string
	// HyperParameters of a training job, where it is measured.
	HyperParameters map[string]string
}

// Set is the faults in force. It is safe for concurrent use.
type Set struct {
	operations []string
	stages     []string

	mu    sync.Mutex
	rules []*Rule
	last  int
}

// New makes an empty set. operations and stages (as "Kind/Stage") are all that
// rules can speak of.
func New(operations, stages []string) *Set {
	return &Set{operations: operations, stages: stages}
}

// Add puts a rule in force and returns its id. It refuses rules that cannot
// ever do anything.
func (s *Set) Add(rule Rule) (string, error) {
	if err := s.check(rule); err != nil {
		return "", fmt.Errorf("fault rule: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	rule.ID = "fault-" + strconv.Itoa(s.last)
	s.rules = append(s.rules, &rule)
	return rule.ID, nil
}

// Remove takes a rule out of force; it says whether there was one.
func (s *Set) Remove(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.rules)
	s.rules = slices.DeleteFunc(s.rules, func(r *Rule) bool { return r.ID == id })
	return len(s.rules) < before
}

// Clear takes every rule out of force.
func (s *Set) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = nil
}

// Rules lists what is in force, with the times that are left.
func (s *Set) Rules() []Rule {
	s.mu.Lock()
	defer s.mu.Unlock()
	rules := make([]Rule, len(s.rules))
	for i, rule := range s.rules {
		rules[i] = *rule
	}
	return rules
}

// Take returns the first rule with this action that matches the event, and
// counts it as applied.
func (s *Set) Take(action Action, e Event) (Rule, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, rule := range s.rules {
		if rule.Action != action || !rule.matches(e) {
			continue
		}
		if rule.Skip > 0 {
			rule.Skip--
			continue
		}
		found := *rule
		switch {
		case rule.Times == 1:
			s.rules = slices.Delete(s.rules, i, i+1)
		case rule.Times > 1:
			rule.Times--
		}
		return found, true
	}
	return Rule{}, false
}

func (r *Rule) matches(e Event) bool {
	for name, pattern := range r.HyperParameters {
		if value, ok := e.HyperParameters[name]; !ok || !match(pattern, value) {
			return false
		}
	}
	return match(r.Operation, e.Operation) && match(r.Kind, e.Kind) && match(r.Name, e.Name) &&
		match(r.Stage, e.Stage) && match(r.Principal, e.Principal) && match(r.Role, e.Role)
}

func match(pattern, value string) bool {
	if pattern == "" {
		return true
	}
	ok, err := path.Match(flat(pattern), flat(value))
	return err == nil && ok
}

// flat hides slashes, at which path.Match would stop.
func flat(s string) string {
	out := []byte(s)
	for i, c := range out {
		if c == '/' {
			out[i] = 1
		}
	}
	return string(out)
}

func (s *Set) check(r Rule) error {
	if err := s.known(r); err != nil {
		return err
	}
	if err := complete(r); err != nil {
		return err
	}
	if r.Times < 0 || r.Skip < 0 || r.Latency < 0 {
		return errors.New("times, skip and latency must not be negative")
	}
	return nil
}

// known refuses patterns that nothing can match.
func (s *Set) known(r Rule) error {
	patterns := []string{r.Operation, r.Kind, r.Name, r.Stage, r.Principal, r.Role}
	for _, pattern := range slices.AppendSeq(patterns, maps.Values(r.HyperParameters)) {
		if _, err := path.Match(flat(pattern), ""); err != nil {
			return fmt.Errorf("pattern %q: %w", pattern, err)
		}
	}
	if !slices.ContainsFunc(s.operations, func(name string) bool { return match(r.Operation, name) }) {
		return fmt.Errorf("no operation is named %q", r.Operation)
	}
	if r.Kind == "" && r.Stage == "" {
		return nil
	}
	if !slices.ContainsFunc(s.stages, func(name string) bool {
		kind, stage, _ := strings.Cut(name, "/")
		return match(r.Kind, kind) && match(r.Stage, stage)
	}) {
		return fmt.Errorf("no kind %q has a stage %q that lasts", r.Kind, r.Stage)
	}
	return nil
}

// complete refuses rules without what their action needs.
func complete(r Rule) error {
	if len(r.HyperParameters) > 0 && r.Action != Measure {
		return errors.New("hyperParameters are for measure")
	}
	switch r.Action {
	case Reject:
		if r.Code == "" {
			return errors.New("reject needs a code")
		}
	case Delay:
		if r.Latency == 0 {
			return errors.New("delay needs a latency")
		}
	case Fail:
		if r.Kind == "" || r.Stage == "" || r.Reason == "" {
			return errors.New("fail needs kind, stage and reason")
		}
	case RollBack, FailRollBack:
		if r.Reason == "" {
			return fmt.Errorf("%s needs a reason", r.Action)
		}
	case Rewrite:
		if r.Operation == "" || r.Member == "" {
			return errors.New("rewrite needs operation and member")
		}
	case Measure:
		if len(r.Metrics) == 0 {
			return errors.New("measure needs metrics")
		}
	case LoseResponse, Deny, DenyPassRole, Unassumable:
	default:
		return fmt.Errorf("unknown action %q", r.Action)
	}
	return nil
}
