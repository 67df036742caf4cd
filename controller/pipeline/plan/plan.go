package plan

import (
	"encoding/json"
	"errors"
	"fmt"
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
	// Sources are where sources were found, and the digests of their content. Archives are
	// the same for versions of hash that know them by the bytes of archives; those of
	// Sources if nil.
	Sources, Archives map[string]render.Source
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
	// hash makes all digests.
	hash identity.Hash
	// older are the plans by older versions of hash.
	older []*Plan
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
	// sources are those that its templates see.
	sources map[string]render.Source
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
	plans, err := Versions(in)
	if err != nil {
		return nil, err
	}
	return choose(plans, in.Known), nil
}

// by makes the plan with the digests of one version of hash, all of them.
func (in Input) by(hash identity.Hash) (*Plan, error) {
	if hash.Archives && in.Archives != nil {
		in.Sources = in.Archives
	}
	p, err := assemble(in, hash, "")
	if err != nil || !slices.ContainsFunc(in.Spec.Steps, neverCached) {
		return p, err
	}
	return assemble(in, hash, p.Digest)
}

func neverCached(step v1alpha1.PipelineStep) bool { return step.Cache == v1alpha1.CacheNever }

// assemble makes the plan, knowing the digest that it would have if all steps were
// reused; empty at first.
func assemble(in Input, hash identity.Hash, cached string) (*Plan, error) {
	p := &Plan{input: in, hash: hash, cached: cached}
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
	p.Digest, err = hash.Sum(p.owner(), p.digests(p.graph.Order()), "")
	return p, err
}

// read parses a step and finds out what it needs.
func (p *Plan) read(spec v1alpha1.PipelineStep) (*Step, error) {
	step := &Step{Spec: spec, Needs: slices.Clone(spec.DependsOn), sources: p.input.Sources}
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

// scope is what a step's templates see, but for outputs.
func (p *Plan) scope(step *Step, path string) render.Scope {
	return render.Scope{
		Params:   p.input.Params,
		Sources:  step.sources,
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
