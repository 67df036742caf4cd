package health

import (
	"fmt"
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

const (
	ready       = "Ready"
	reconciling = "Reconciling"
	stalled     = "Stalled"
	isTrue      = "True"
)

// annotationSuspend is that of package v1alpha1, which is not imported here.
const annotationSuspend = "sagemaker.gitops.dev/suspend"

// Of judges an object of our API group, or of another kind that the loop of this
// project reconciles, given as decoded JSON or YAML (the Object of an
// unstructured.Unstructured). See the package's truth table. The verdict on any
// other object has no meaning. A nil or empty object is Missing, a malformed one
// Unknown with a message that names the field.
func Of(object map[string]any) Result {
	if len(object) == 0 {
		return Result{Status: Missing, Message: "there is no such object"}
	}

	f, err := read(object)
	if err != nil {
		return Result{Status: Unknown, Message: "malformed object: " + oneLine(err)}
	}

	switch {
	case f.deleting:
		return Result{Status: Progressing, Message: f.say(reconciling, "pending deletion")}
	case f.suspended:
		return Result{Status: Suspended, Message: f.say(ready, "suspended")}
	case f.observed == nil:
		return Result{Status: Progressing, Message: "not reconciled yet"}
	case *f.observed != f.generation:
		return f.judgeUnobserved()
	}

	return f.judge()
}

// judgeUnobserved is about an object whose present generation has not settled
// yet. If the controller is at work on this very generation, its condition says
// how far it has come.
func (f facts) judgeUnobserved() Result {
	for _, c := range f.conditions {
		if c.kind == reconciling && c.status == isTrue && c.observed != nil && *c.observed == f.generation {
			return Result{Status: waitingStatus(c.reason), Message: f.say(reconciling, c.reason)}
		}
	}

	return Result{Status: Progressing, Message: fmt.Sprintf(
		"generation %d not reconciled yet, last was %d", f.generation, *f.observed)}
}

// judge decides by the conditions of an object that is observed and stays.
func (f facts) judge() Result {
	for _, c := range f.conditions {
		if c.status != isTrue {
			continue
		}

		switch c.kind {
		case stalled:
			return Result{Status: stalledStatus(c.reason), Message: f.say(stalled, c.reason)}
		case reconciling:
			return Result{Status: waitingStatus(c.reason), Message: f.say(reconciling, c.reason)}
		}
	}

	for _, c := range f.conditions {
		if c.kind != ready {
			continue
		}

		if c.status == isTrue {
			return Result{Status: readyStatus(c.reason), Message: c.message}
		}

		return Result{Status: waitingStatus(c.reason), Message: f.say(ready, c.reason)}
	}

	return Result{Status: Progressing, Message: "no Ready condition yet"}
}

func readyStatus(why string) Status {
	if why == reason.StoppedWhenIdle {
		return Suspended
	}

	return Healthy
}

func stalledStatus(why string) Status {
	if why == reason.Stopped {
		return Suspended
	}

	return Degraded
}

func waitingStatus(why string) Status {
	if why == reason.AwaitingApproval {
		return Suspended
	}

	return Progressing
}

// say returns the message of the given condition, or else that of Ready, or
// else the fallback.
func (f facts) say(kind, fallback string) string {
	for _, wanted := range []string{kind, ready} {
		for _, c := range f.conditions {
			if c.kind == wanted && c.message != "" {
				return c.message
			}
		}
	}

	if fallback == "" {
		return "no message"
	}

	return fallback
}

func oneLine(err error) string {
	return strings.ReplaceAll(err.Error(), "\n", "; ")
}
