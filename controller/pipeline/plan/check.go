package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/client-go/util/jsonpath"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/render"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// readChecks finds out where a gate's checks look, and what it needs.
func (s *Step) readChecks() error {
	s.looks = map[string]*render.Template{}
	for _, check := range s.Spec.Gate.Checks {
		at := "gate.checks[" + check.Name + "]"
		if check.Metric != nil {
			s.Needs = append(s.Needs, check.Metric.Step)
			continue
		}
		if check.S3JSON != nil {
			if err := jsonpath.New(check.Name).Parse(check.S3JSON.JSONPath); err != nil {
				return fmt.Errorf("%s.s3JSON.jsonPath: %w", at, err)
			}
		}
		looks, err := render.Parse(place(check))
		if err != nil {
			return fmt.Errorf("%s.%w", at, err)
		}
		s.looks[check.Name] = looks
		for _, use := range looks.Uses() {
			s.Needs = append(s.Needs, use.Step)
		}
	}
	return nil
}

// place is what may be a template in what says where a check looks, at its own path.
func place(check v1alpha1.GateCheck) shape.Tree {
	if c := check.CloudWatch; c != nil {
		dimensions := shape.Tree{}
		for name, value := range c.Dimensions {
			dimensions[name] = value
		}
		return shape.Tree{"cloudWatch": shape.Tree{"dimensions": dimensions}}
	}
	return shape.Tree{"s3JSON": shape.Tree{"uri": check.S3JSON.URI}}
}

// lookedAt are the places where a gate's checks look, as far as they are known now.
func (p *Plan) lookedAt(step *Step) (shape.Tree, error) {
	step.scope = p.scope(step, "")
	places := shape.Tree{}
	for name, looks := range step.looks {
		where, err := looks.Render(p.abstract(step), nil)
		if err != nil {
			return nil, fmt.Errorf("gate.checks[%s].%w", name, err)
		}
		if uri, ok := shape.Lookup(where, "s3JSON.uri"); ok {
			places[name] = uri
		} else {
			places[name] = where["cloudWatch"]
		}
	}
	return places, nil
}

// checks are those of a gate with their parameters filled in.
func (p *Plan) checks(step *Step) ([]v1alpha1.GateCheck, error) {
	checks := slices.Clone(step.Spec.Gate.Checks)
	for i := range checks {
		if metric := checks[i].Metric; metric != nil {
			of := p.Step(metric.Step)
			if of.template == nil || !slices.Contains(measured, of.Spec.Template.Kind) {
				return nil, fmt.Errorf("gate.checks[%s].metric.step: step %s is no %s", checks[i].Name, of.Spec.Name, strings.Join(measured, " or "))
			}
		}
		for field, text := range map[string]*string{"min": &checks[i].Min, "max": &checks[i].Max} {
			filled, err := p.number(step, *text)
			if err != nil {
				return nil, fmt.Errorf("gate.checks[%s].%s: %w", checks[i].Name, field, err)
			}
			*text = filled
		}
	}
	return checks, nil
}

// measured are the kinds of which AWS tells numbers.
var measured = []string{"TrainingJob", "HyperParameterTuningJob"}

// number is a bound that may be a template.
func (p *Plan) number(step *Step, text string) (string, error) {
	if text == "" {
		return "", nil
	}
	template, err := render.Parse(shape.Tree{"bound": text})
	if err != nil {
		return "", errors.Unwrap(err)
	}
	if len(template.Uses()) > 0 {
		return "", errors.New("a bound does not depend on what a step makes")
	}
	tree, err := template.Render(p.scope(step, ""), nil)
	if err != nil {
		return "", errors.Unwrap(err)
	}
	filled := shape.String(tree, "bound")
	if _, err := bound(filled); err != nil {
		return "", fmt.Errorf("%q is no number", filled)
	}
	return filled, nil
}
