package plan

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/render"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

func (p *Plan) owner() identity.Owner {
	return identity.Owner{Cluster: p.input.Cluster, Namespace: p.input.Namespace, Kind: "ModelPipeline", Name: p.input.Pipeline}
}

// digest finds out a step's digest, and all that follows from it.
func (p *Plan) digest(step *Step) error {
	document := shape.Tree{"pipeline": p.input.Pipeline, "step": step.Spec.Name}
	rerun := ""
	switch {
	case step.template != nil:
		document["kind"] = step.Spec.Template.Kind
		spec, err := step.render(p.abstract(step), step.Kind.Spec) // 1 and "{{ .params.one }}" are the same
		if err != nil {
			return err
		}
		for _, path := range slices.Concat(p.control(step), step.Kind.Outside) {
			leaveOut(spec, path)
		}
		if p.hash.Normal != nil {
			p.hash.Normal(step.Spec.Template.Kind, spec)
		}
		document["spec"], document["sources"] = spec, p.sources(step.template)
		if step.Kind.Job {
			rerun = Rerun(p.input.Spec.Rerun, p.input.Token)
		}
		if neverCached(step.Spec) && p.cached != "" {
			document["plan"] = p.cached
		}
	case step.Spec.Gate != nil:
		checks, err := p.checks(step)
		if err != nil {
			return err
		}
		step.Checks = checks
		if document["checks"], err = plain(checks); err != nil {
			return err
		}
		if document["reports"], err = p.lookedAt(step); err != nil {
			return err
		}
		document["of"] = p.digests(step.Needs)
	default:
		document["of"] = p.digests(p.graph.Upstream(step.Spec.Name))
	}
	var err error
	if step.Digest, err = p.hash.Sum(p.owner(), document, rerun); err != nil {
		return err
	}
	step.Path = strings.Join([]string{strings.TrimSuffix(p.input.Spec.Artifacts, "/"), p.input.Pipeline, step.Spec.Name, step.Digest}, "/")
	if step.template == nil {
		return nil
	}
	step.Child = p.input.Pipeline + "-" + step.Spec.Name
	if !step.Kind.Service {
		step.Child += "-" + step.Digest
	}
	return p.checkSpec(step)
}

// Rerun is what makes jobs run again that are made of the same: the field of that name,
// and the token of a trigger.
func Rerun(field, token string) string {
	if token == "" {
		return field
	}
	return field + "@" + token
}

// leaveOut removes a path, of a list at its root in every item.
func leaveOut(spec shape.Tree, path string) {
	name, rest, _ := strings.Cut(path, ".")
	list, ok := spec[name].([]any)
	if !ok || rest == "" {
		shape.Remove(spec, path)
		return
	}
	for _, item := range list {
		if inner, ok := item.(map[string]any); ok {
			shape.Remove(inner, rest)
		}
	}
}

// abstract is what a template sees while digests are made: what says the same about
// what comes out, wherever it is kept.
func (p *Plan) abstract(step *Step) render.Scope {
	scope := p.scope(step, "{path}")
	scope.Sources = map[string]render.Source{}
	for name, source := range p.input.Sources {
		scope.Sources[name] = render.Source{URI: "{source}", Digest: source.Digest}
	}
	scope.Output = func(use render.Use) (string, error) {
		digest, err := p.check(use)
		return "{" + digest + "/" + use.Output + "}", err
	}
	return scope
}

// sources are the digests of those that a template speaks of.
func (p *Plan) sources(t *render.Template) shape.Tree {
	used := shape.Tree{}
	for name, source := range p.input.Sources {
		if t.Mentions("sources") || t.Mentions("sources", name) || t.Mentions("sources", name, "uri") || t.Mentions("sources", name, "digest") {
			used[name] = source.Digest
		}
	}
	return used
}

// plain is a value as it stands in JSON.
func plain(v any) (any, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var made any
	err = json.Unmarshal(text, &made)
	return made, err
}

// control are the fields of a step's spec that speak to the controller and of who pays,
// and not of what comes out: tags, and the fields that the API gives to all kinds of a
// lifecycle.
func (p *Plan) control(step *Step) []string {
	fields := []string{"tags"}
	for embedded := range step.Kind.Spec.Fields() {
		if !slices.Contains(controls, embedded.Type) {
			continue
		}
		for field := range embedded.Type.Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if name != "region" || !p.hash.Archives { // version a took it for a part of what comes out
				fields = append(fields, name)
			}
		}
	}
	return fields
}

// controls are the types of control fields. Others that are embedded say something to AWS.
var controls = []reflect.Type{
	reflect.TypeFor[v1alpha1.Control](), reflect.TypeFor[v1alpha1.JobControl](), reflect.TypeFor[v1alpha1.DriftControl](),
	reflect.TypeFor[v1alpha1.RevisionControl](), reflect.TypeFor[v1alpha1.ExternalIDControl](),
}
