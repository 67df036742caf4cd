package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/graph"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/render"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/when"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// Kind is what a plan has to know of a kind that steps can be.
type Kind struct {
	// Spec is the type of the resource's spec.
	Spec reflect.Type
	// Service says that the resource goes on existing under one name and is changed
	// in place. Others are made anew for every digest.
	Service bool
	// Job says that it runs, so that rerun makes another of it.
	Job bool
	// Instance is the path of a job's instance type; empty if it has none of its own.
	Instance string
	// Outside are the paths of the spec that are no part of a step's digest.
	Outside []string
	// Refused are fields of the spec that a step may not set.
	Refused []string
	// Written are the paths of the spec that say where a run writes, lists without
	// indices. They have to lie under the step's own path.
	Written []string
	// Foreign are the paths of references, lists without indices, to what may become
	// something else while the digest stays.
	Foreign []string
	// Outputs are the names of what other steps can take of it, for a spec.
	Outputs func(spec shape.Tree) []string
}

// MaxChecks is how many checks the gates of a pipeline may have together: status
// tells of each.
const MaxChecks = 100

// Input is all that a plan depends on.
type Input struct {
	// Cluster, Namespace and Pipeline say whose it is. They are in every digest.
	Cluster, Namespace, Pipeline string
	// Spec of the pipeline.
	Spec *v1alpha1.ModelPipelineSpec
	// Params are all parameters, those from ConfigMaps among them.
	Params map[string]string
	// Token is that of the trigger that counts; empty if there was none.
	Token string
	// Sources are where sources were found, and the digests of their content.
	Sources map[string]render.Source
	// Kinds are those that steps may be, by name.
	Kinds map[string]Kind
	// Hashes make digests; nil means those of identity.Supported.
	Hashes identity.Hashes
	// Known tells whether something has been made or judged for a digest, so that another
	// version of hash leaves it as it is. Nil knows nothing.
	Known func(digest string) bool
}

// Plan is what a spec asks for.
type Plan struct {
	// Digest is that of all steps together.
	Digest string
	// Steps in the order in which they can run.
	Steps []*Step
	graph *graph.Graph
	input Input
	// cached is the digest of the plan as it would be if all steps were reused.
	cached string
}

// Step is one step of a plan.
type Step struct {
	// Spec is the step as it is written.
	Spec v1alpha1.PipelineStep
	// Kind of its resource.
	Kind Kind
	// Digest of all that it is made of, with the digests of other steps in place of
	// what they make.
	Digest string
	// Child is the name of its resource; empty if it makes none.
	Child string
	// Needs are the steps that have to have succeeded.
	Needs []string
	// Path is where it may write.
	Path string
	// Checks are those of a gate, with their parameters filled in.
	Checks   []v1alpha1.GateCheck
	template *render.Template
	// outputs are the names of what others can take of it.
	outputs []string
	// when says whether it is wanted; nil if it always is.
	when *when.Condition
	// looks are where a gate's checks look for numbers, by check, and scope what
	// they see there.
	looks map[string]*render.Template
	scope render.Scope
}

// StepError says what is wrong with a step.
type StepError struct {
	Step string
	// Shared says that the step writes where others may write too.
	Shared bool
	Err    error
}

func (e *StepError) Error() string { return fmt.Sprintf("step %s: %s", e.Step, e.Err) }

func (e *StepError) Unwrap() error { return e.Err }

// Make makes the plan. The error is a *StepError, or one of package graph.
func Make(in Input) (*Plan, error) {
	p, err := assemble(in, "")
	if err != nil || !slices.ContainsFunc(in.Spec.Steps, neverCached) {
		return p, err
	}
	return assemble(in, p.Digest)
}

func neverCached(step v1alpha1.PipelineStep) bool { return step.Cache == v1alpha1.CacheNever }

// assemble makes the plan, knowing the digest that it would have if all steps were
// reused; empty at first.
func assemble(in Input, cached string) (*Plan, error) {
	p := &Plan{input: in, cached: cached}
	steps, checks := map[string]*Step{}, 0
	nodes := make([]graph.Node, 0, len(in.Spec.Steps))
	for _, spec := range in.Spec.Steps {
		step, err := p.read(spec)
		if err != nil {
			return nil, &StepError{Step: spec.Name, Err: err}
		}
		if spec.Gate != nil {
			checks += len(spec.Gate.Checks)
		}
		if checks > MaxChecks {
			return nil, &StepError{Step: spec.Name, Err: fmt.Errorf("gate.checks: a pipeline has %d checks at most, in all its gates", MaxChecks)}
		}
		steps[spec.Name] = step
		nodes = append(nodes, graph.Node{Name: spec.Name, Needs: step.Needs})
	}
	var err error
	if p.graph, err = graph.New(nodes); err != nil {
		return nil, err
	}
	for _, name := range p.graph.Order() {
		step := steps[name]
		step.Needs = p.graph.Needs(name)
		p.Steps = append(p.Steps, step)
		if err := p.digest(step); err != nil {
			if bad, ok := errors.AsType[*StepError](err); ok {
				return nil, bad
			}
			return nil, &StepError{Step: name, Err: err}
		}
	}
	p.Digest, err = p.hash(p.digests(p.graph.Order()), "")
	return p, err
}

// read parses a step and finds out what it needs.
func (p *Plan) read(spec v1alpha1.PipelineStep) (*Step, error) {
	step := &Step{Spec: spec, Needs: slices.Clone(spec.DependsOn)}
	if spec.When != "" {
		var err error
		if step.when, err = when.Read(spec.When); err != nil {
			return nil, fmt.Errorf("when: %w", err)
		}
	}
	switch {
	case spec.Template == nil && (spec.Retry != nil || len(spec.InstanceFallback) > 0 || neverCached(spec)):
		return nil, errors.New("retry, instanceFallback and cache are for jobs")
	case spec.Template == nil && spec.Timeout != nil:
		return nil, errors.New("timeout is for what a step makes")
	case spec.Template != nil:
		kind, ok := p.input.Kinds[spec.Template.Kind]
		if !ok {
			return nil, fmt.Errorf("template.kind: there is no kind %s that a step can be", spec.Template.Kind)
		}
		if spec.Retry != nil && !kind.Job {
			return nil, fmt.Errorf("retry: a %s is no job", spec.Template.Kind)
		}
		if neverCached(spec) && !kind.Job {
			return nil, fmt.Errorf("cache: a %s is no job", spec.Template.Kind)
		}
		if len(spec.InstanceFallback) > 0 && kind.Instance == "" {
			return nil, fmt.Errorf("instanceFallback: a %s has no instance type of its own", spec.Template.Kind)
		}
		step.Kind = kind
		var tree shape.Tree
		if err := json.Unmarshal(spec.Template.Spec.Raw, &tree); err != nil {
			return nil, fmt.Errorf("template.spec: %w", err)
		}
		var err error
		if step.template, err = render.Parse(tree); err != nil {
			return nil, fmt.Errorf("template.spec.%w", err)
		}
		for _, use := range step.template.Uses() {
			step.Needs = append(step.Needs, use.Step)
		}
	case spec.Gate != nil:
		return step, step.readChecks()
	}
	return step, nil
}

func (p *Plan) owner() identity.Owner {
	return identity.Owner{Cluster: p.input.Cluster, Namespace: p.input.Namespace, Kind: "ModelPipeline", Name: p.input.Pipeline}
}

// hash is a digest, by the version of what is known already.
func (p *Plan) hash(document shape.Tree, rerun string) (string, error) {
	hashes, known := p.input.Hashes, p.input.Known
	if hashes == nil {
		hashes = identity.Supported()
	}
	if known == nil {
		known = func(string) bool { return false }
	}
	digests, err := hashes.All(p.owner(), document, rerun)
	if err != nil {
		return "", err
	}
	return identity.Keep(digests, known), nil
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
		for _, path := range slices.Concat(control, step.Kind.Outside) {
			leaveOut(spec, path)
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
	if step.Digest, err = p.hash(document, rerun); err != nil {
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

// control are fields that speak to the controller and of who pays, and not of what
// comes out.
var control = []string{
	"adoptionPolicy", "assumeRole", "deletionPolicy", "externalID", "interval", "managementPolicy", "readiness", "revisionHistoryLimit",
	"serviceAccountName", "suspend", "tags",
}

// scope is what a step's templates see, but for outputs.
func (p *Plan) scope(step *Step, path string) render.Scope {
	return render.Scope{
		Params:   p.input.Params,
		Sources:  p.input.Sources,
		Step:     render.Step{Name: step.Spec.Name, Path: path},
		Pipeline: render.Pipeline{Name: p.input.Pipeline, Namespace: p.input.Namespace},
	}
}

func (s *Step) render(scope render.Scope, as reflect.Type) (shape.Tree, error) {
	tree, err := s.template.Render(scope, as)
	if err != nil {
		return nil, fmt.Errorf("template.spec.%w", err)
	}
	return tree, nil
}

// check tells the digest of the step that an output is of, if it has that output.
func (p *Plan) check(use render.Use) (string, error) {
	from := p.Step(use.Step)
	if from.template == nil {
		return "", fmt.Errorf("step %s makes nothing, and so has no output %s", use.Step, use.Output)
	}
	if !slices.Contains(from.outputs, use.Output) {
		return "", fmt.Errorf("step %s has no output %s, but %s", use.Step, use.Output, strings.Join(from.outputs, ", "))
	}
	return from.Digest, nil
}

func (p *Plan) digests(steps []string) shape.Tree {
	all := shape.Tree{}
	for _, name := range steps {
		all[name] = p.Step(name).Digest
	}
	return all
}

// Step is the step of a name; nil if the plan has none.
func (p *Plan) Step(name string) *Step {
	for _, step := range p.Steps {
		if step.Spec.Name == name {
			return step
		}
	}
	return nil
}

// Digests are those of all steps, by name.
func (p *Plan) Digests() map[string]string {
	all := make(map[string]string, len(p.Steps))
	for _, step := range p.Steps {
		all[step.Spec.Name] = step.Digest
	}
	return all
}

// Uses are the outputs of other steps that a step's resource is made of.
func (s *Step) Uses() []render.Use {
	if s.template == nil {
		return nil
	}
	return s.template.Uses()
}

// Upstream are the digests of all steps that one comes after, by name.
func (p *Plan) Upstream(step string) map[string]string {
	all := map[string]string{}
	for _, name := range p.graph.Upstream(step) {
		all[name] = p.Step(name).Digest
	}
	return all
}

// Render is the spec of a step's resource. output tells what other steps have made.
func (p *Plan) Render(step *Step, output func(render.Use) (string, error)) (shape.Tree, error) {
	scope := p.scope(step, step.Path)
	scope.Output = output
	tree, err := step.render(scope, step.Kind.Spec)
	if err != nil {
		return nil, &StepError{Step: step.Spec.Name, Err: err}
	}
	return tree, nil
}

// Placeholder is the spec of a step's resource with something like the outputs of
// other steps in place of them: it has the form that it will have.
func (p *Plan) Placeholder(step *Step) (shape.Tree, error) {
	return p.Render(step, func(use render.Use) (string, error) {
		switch use.Output {
		case "arn":
			return "arn:aws:sagemaker:us-east-1:123456789012:placeholder/" + use.Step, nil
		case "name":
			return use.Step + "-placeholder", nil
		default:
			return "s3://placeholder/" + use.Step + "/" + use.Output, nil
		}
	})
}

// checkSpec refuses what no resource of the kind has, and what writes where another
// run may write too.
func (p *Plan) checkSpec(step *Step) error {
	if p.input.Spec.Artifacts == "" && step.template.Mentions("step", "path") {
		return errors.New("template.spec uses .step.path, which needs spec.artifacts")
	}
	spec, err := p.Placeholder(step)
	if err != nil {
		return errors.Unwrap(err)
	}
	step.outputs = step.Kind.Outputs(spec)
	slices.Sort(step.outputs)
	for _, field := range step.Kind.Refused {
		if _, set := spec[field]; set {
			return fmt.Errorf("template.spec.%s: the pipeline says that itself", field)
		}
	}
	if err := fits(spec, step.Kind.Spec); err != nil {
		return fmt.Errorf("template.spec.%w", err)
	}
	if neverCached(step.Spec) {
		return nil // nobody takes it for the output of another run
	}
	for _, path := range step.Kind.Foreign {
		for at := range values(spec, strings.Split(path, "."), "") {
			return fmt.Errorf(
				"template.spec.%s: what is outside of the pipeline may become something else without a new digest. Take it from a step, or name it as AWS does", at)
		}
	}
	for _, path := range step.Kind.Written {
		for at, value := range values(spec, strings.Split(path, "."), "") {
			uri, ok := value.(string)
			if ok && !strings.HasPrefix(uri+"/", step.Path+"/") {
				return &StepError{Step: step.Spec.Name, Shared: true, Err: fmt.Errorf(
					"template.spec.%s: another run of the step would write to %s too. Let it write below {{ .step.path }}", at, uri)}
			}
		}
	}
	return nil
}

// fits tells what is in a spec that its type has not, or of another type.
func fits(spec shape.Tree, as reflect.Type) error {
	text, err := json.Marshal(spec)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(reflect.New(as).Interface()); err != nil {
		if bad, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return fmt.Errorf("%s: %s is not what stands there", bad.Field, bad.Value)
		}
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}

// values are those at a path of names in a tree, by the path with list indices.
func values(tree shape.Tree, path []string, at string) map[string]any {
	found := map[string]any{}
	value, there := tree[path[0]]
	at += path[0]
	if len(path) == 1 {
		if there {
			found[at] = value
		}
		return found
	}
	switch v := value.(type) {
	case map[string]any:
		maps.Copy(found, values(v, path[1:], at+"."))
	case []any:
		for i, item := range v {
			if inner, ok := item.(map[string]any); ok {
				maps.Copy(found, values(inner, path[1:], fmt.Sprintf("%s[%d].", at, i)))
			}
		}
	}
	return found
}
