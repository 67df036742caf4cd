package plan

import (
	"fmt"
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
)

// Whys that are true only before, and only after the step's resource is created.
const (
	willCreate = "will create "
	created    = "created "
	// wasAbsent begins what earlier versions recorded in place of willCreate.
	wasAbsent = "there is no "
)

func (s *Step) resource() string {
	if s.template == nil {
		return s.Child
	}
	return s.Spec.Template.Kind + " " + s.Child
}

func whyRun(step *Step, f Facts) string {
	was, ok := f.Was[step.Spec.Name]
	if !ok || was.Digest == "" || was.Digest == step.Digest {
		return willCreate + step.resource()
	}
	return fmt.Sprintf("inputs changed (digest %s, was %s)", step.Digest, was.Digest)
}

func whyReuse(seen Seen) string {
	if len(seen.Differs) == 0 {
		return "there is one of the same digest"
	}
	return fmt.Sprintf("there is one; %s will take effect with the next", strings.Join(seen.Differs, ", "))
}

// recorded keeps what this plan did about a resource that exists, and why, as far as that
// is still true.
func (d *Decision) recorded(f Facts) {
	s, was := &d.Status, f.Was[d.Step.Spec.Name]
	if !f.Told || len(f.Seen[s.Name].Differs) > 0 || was.Digest != s.Digest {
		return
	}
	switch {
	case was.Action != v1alpha1.ActionRun && was.Action != v1alpha1.ActionUpdate:
	case was.Why == "", strings.HasPrefix(was.Why, willCreate), strings.HasPrefix(was.Why, wasAbsent):
		s.Action = was.Action
		s.Why = created + d.Step.resource()
	default:
		s.Action, s.Why = was.Action, was.Why
	}
}

// Created records that the step's resource was created, where status said that it will be,
// and is a sentence about it.
func (d *Decision) Created() string {
	text := created + d.Step.resource()
	if !strings.HasPrefix(d.Status.Why, willCreate) {
		return text + ": " + d.Status.Why
	}
	d.Status.Why = text
	return text
}

// idle takes back what was foreseen about a step that is skipped.
func (d *Decision) idle() {
	if strings.HasPrefix(d.Status.Why, willCreate) {
		d.Status.Why = ""
	}
}
