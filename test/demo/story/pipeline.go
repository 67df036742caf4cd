package story

import (
	"context"
	"fmt"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/bench"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

// Pipeline are the chapters that examples/model-pipeline goes through.
func Pipeline() []Chapter {
	return []Chapter{
		{"a", "a push trains a model, a commit approves it, and it serves", (*Story).begin},
		{"b", "another hyperparameter: what depends on it runs, and is rolled out without a gap", (*Story).improve},
		{"c", "a worse model fails at the gate, and the old one serves on", (*Story).worsen},
		{"d", "git revert of it heals, without a job or a question", (*Story).recoverPipeline},
		{"e", "git revert of the hyperparameter brings the first model back, without a job or a question", (*Story).comeBack},
	}
}

// measures are what the simulated training comes to, the first that fits: an algorithm
// that runs would find out for itself.
var measures = []struct {
	parameters map[string]string
	rmse       float64
}{
	{map[string]string{"eta": "0.9"}, 2.61},
	{map[string]string{"num_round": "50"}, 2.20},
	{nil, 2.08},
}

func (s *Story) arrange() error {
	for _, m := range measures {
		if _, err := s.bench.AWS.Faults().Add(fault.Rule{
			Action: fault.Measure, HyperParameters: m.parameters, Metrics: map[string]float64{"validation:rmse": m.rmse},
		}); err != nil {
			return err
		}
	}
	s.log.Sayf("the simulator is told what jobs come to: an rmse of %.2f with eta 0.9, of %.2f with 50 rounds, else of %.2f",
		measures[0].rmse, measures[1].rmse, measures[2].rmse)
	return nil
}

func (s *Story) begin(ctx context.Context) error {
	if err := s.arrange(); err != nil {
		return err
	}
	commit, err := s.push(ctx, "Train abalone and serve it")
	if err != nil {
		return err
	}
	s.log.Sayf("Flux is given the repository: a GitRepository, and a Kustomization that applies it and waits for nothing, so that an approval gets through")
	if err := s.awaitApplied(ctx, commit); err != nil {
		return err
	}
	if err := s.bench.Deploy(ctx, bench.Judges); err != nil {
		return err
	}
	s.log.Sayf("and a second Kustomization, %s, that depends on the first and waits for the ModelPipeline", bench.Judges)
	waiting, err := s.awaitApproval(ctx, commit)
	if err != nil {
		return err
	}
	if err := s.expectRan(made{1, 1}, "one push is one processing job and one training job"); err != nil {
		return err
	}
	if err := s.expectGate("rmse is 2.20", waiting); err != nil {
		return err
	}
	if err := s.expect("nothing serves yet", "0 endpoints in AWS", fmt.Sprint(len(s.bench.AWS.Objects("Endpoint")), " endpoints in AWS")); err != nil {
		return err
	}
	if s.first, err = s.trained(ctx, stepOf(waiting, "train").Child, commit, "50"); err != nil {
		return err
	}
	if err := s.approve(ctx, waiting); err != nil {
		return err
	}
	if err := s.probe(ctx); err != nil {
		return err
	}
	return s.expectServed(ctx, 0, s.first)
}

func (s *Story) improve(ctx context.Context) error {
	answered, before, updates := len(s.prober.Answers()), s.made(), s.count("UpdateEndpoint")
	var err error
	if s.changed, err = s.bench.Edit(ctx, "Train for more rounds", "overlays/demo/params.yaml", `rounds: "50"`, `rounds: "75"`); err != nil {
		return err
	}
	s.log.Sayf("pushed %s: 75 rounds", short(s.changed))
	waiting, err := s.awaitApproval(ctx, s.changed)
	if err != nil {
		return err
	}
	if err := s.expectRan(made{before.processing, before.training + 1}, "only what depends on it has run: one training job, no processing job"); err != nil {
		return err
	}
	for _, step := range []struct {
		name   string
		action v1alpha1.StepAction
	}{{"prepare", v1alpha1.ActionReuse}, {"train", v1alpha1.ActionRun}} {
		is := stepOf(waiting, step.name)
		if err := s.expect(fmt.Sprintf("the plan said so: %s %s, %s", is.Action, step.name, is.Why), string(step.action), string(is.Action)); err != nil {
			return err
		}
	}
	if err := s.expectGate("rmse is 2.08", waiting); err != nil {
		return err
	}
	if s.second, err = s.trained(ctx, stepOf(waiting, "train").Child, s.changed, "75"); err != nil {
		return err
	}
	if err := s.expectServed(ctx, answered, s.first); err != nil {
		return err
	}
	if err := s.approve(ctx, waiting); err != nil {
		return err
	}
	if err := s.expect("the endpoint was updated once", fmt.Sprint(updates+1, " UpdateEndpoint in all"),
		fmt.Sprint(s.count("UpdateEndpoint"), " UpdateEndpoint in all")); err != nil {
		return err
	}
	return s.expectMovedByTurns(ctx, answered, s.first, s.second)
}

func (s *Story) worsen(ctx context.Context) error {
	answered, before := len(s.prober.Answers()), s.made()
	pushed := time.Now()
	var err error
	if s.spoilt, err = s.bench.Edit(ctx, "Learn faster", "base/model-pipeline.yaml", `eta: "0.2"`, `eta: "0.9"`); err != nil {
		return err
	}
	s.log.Sayf("pushed %s: eta 0.9, of which the model becomes worse", short(s.spoilt))
	if err := s.awaitFailed(ctx, s.spoilt, pushed); err != nil {
		return err
	}
	p, err := s.pipeline(ctx)
	if err != nil {
		return err
	}
	if err := s.expectStalled("the ModelPipeline", p, reason.GateFailed, "rmse is 2.61, which is more than 2.50"); err != nil {
		return err
	}
	for _, check := range stepOf(p, "quality").Checks {
		if err := s.expect(fmt.Sprintf("check %s: %s", check.Name, check.Message), "Failed at 2.61", check.Outcome+" at "+check.Value); err != nil {
			return err
		}
	}
	if err := s.expect("step serve was not begun", string(v1alpha1.StepBlocked), string(stepOf(p, "serve").Phase)); err != nil {
		return err
	}
	if err := s.expectRan(made{before.processing, before.training + 1}, "one training job found that out"); err != nil {
		return err
	}
	return s.expectServed(ctx, answered, s.second)
}

func (s *Story) recoverPipeline(ctx context.Context) error {
	if err := s.heal(ctx); err != nil {
		return err
	}
	p, err := s.pipeline(ctx)
	if err != nil {
		return err
	}
	is := stepOf(p, "approve")
	return s.expect("nobody was asked: "+is.Message, string(v1alpha1.StepSucceeded), string(is.Phase))
}

func (s *Story) comeBack(ctx context.Context) error {
	answered, asked := len(s.prober.Answers()), s.asked()
	pushed := time.Now()
	commit, err := s.revert(ctx, s.changed)
	if err != nil {
		return err
	}
	if err := s.awaitReady(ctx, commit, serving); err != nil {
		return err
	}
	if err := s.expectNothingRan(asked); err != nil {
		return err
	}
	p, err := s.pipeline(ctx)
	if err != nil {
		return err
	}
	for _, step := range []string{"quality", "approve"} {
		is := stepOf(p, step)
		if err := s.expect(fmt.Sprintf("step %s was not asked again: %s", step, is.Why), "this plan has served before", is.Why); err != nil {
			return err
		}
	}
	if err := s.expectMovedByTurns(ctx, answered, s.second, s.first); err != nil {
		return err
	}
	return s.expectSoon(s.prober.Answers()[answered:], pushed, s.first)
}

// pipeline is the ModelPipeline as it is now.
func (s *Story) pipeline(ctx context.Context) (*v1alpha1.ModelPipeline, error) {
	p := new(v1alpha1.ModelPipeline)
	return p, s.bench.Kube.Get(ctx, key, p)
}

// stepOf is what a pipeline's status tells of a step.
func stepOf(p *v1alpha1.ModelPipeline, name string) v1alpha1.StepStatus {
	for _, step := range p.Status.Steps {
		if step.Name == name {
			return step
		}
	}
	return v1alpha1.StepStatus{}
}

// expectGate holds that the gate has passed with what a check says.
func (s *Story) expectGate(says string, p *v1alpha1.ModelPipeline) error {
	is := stepOf(p, "quality")
	passed := is.Phase == v1alpha1.StepSucceeded && len(is.Checks) > 0 && is.Checks[0].Message == says
	return s.expectTrue("the gate has passed: "+is.Message, passed, "Succeeded, "+says, fmt.Sprint(is.Phase, ", ", is.Message))
}
