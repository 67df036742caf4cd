package story

import (
	"context"
	"fmt"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/bench"
)

// PlainKinds are the chapters that examples/plain-kinds goes through.
func PlainKinds() []Chapter {
	return []Chapter{
		{"a", "a push trains a model and serves it", (*Story).train},
		{"b", "another hyperparameter is another model, rolled out without a gap", (*Story).change},
		{"c", "a bad push fails fast, and the old model serves on", (*Story).spoil},
		{"d", "git revert of it heals, without training", (*Story).heal},
		{"e", "git revert of the hyperparameter brings the first model back, without training", (*Story).goBack},
	}
}

func (s *Story) train(ctx context.Context) error {
	commit, err := s.push(ctx, "Train abalone and serve it")
	if err != nil {
		return err
	}
	s.log.Sayf("Flux is given the repository: a GitRepository, and a Kustomization with wait: true")
	if err := s.awaitReady(ctx, commit, training); err != nil {
		return err
	}
	if err := s.expectRan(made{0, 1}, "one push is one training job"); err != nil {
		return err
	}
	if s.first, err = s.trained(ctx, Name, commit, "50"); err != nil {
		return err
	}
	if err := s.probe(ctx); err != nil {
		return err
	}
	return s.expectServed(ctx, 0, s.first)
}

func (s *Story) change(ctx context.Context) error {
	answered, before, updates := len(s.prober.Answers()), s.made(), s.count("UpdateEndpoint")
	var err error
	if s.changed, err = s.bench.Edit(ctx, "Train for more rounds", "overlays/demo/training-job.yaml",
		`num_round: "50"`, `num_round: "75"`); err != nil {
		return err
	}
	s.log.Sayf("pushed %s: 75 rounds", short(s.changed))
	if err := s.awaitReady(ctx, s.changed, training); err != nil {
		return err
	}
	if err := s.expectRan(made{0, before.training + 1}, "one changed hyperparameter is exactly one new training job"); err != nil {
		return err
	}
	if s.second, err = s.trained(ctx, Name, s.changed, "75"); err != nil {
		return err
	}
	if err := s.expect("the endpoint was updated once", fmt.Sprint(updates+1, " UpdateEndpoint in all"),
		fmt.Sprint(s.count("UpdateEndpoint"), " UpdateEndpoint in all")); err != nil {
		return err
	}
	return s.expectServed(ctx, answered, s.first, s.second)
}

func (s *Story) spoil(ctx context.Context) error {
	const good, bad = "s3://" + bench.Bucket + "/abalone/train/", "s3://" + bench.Bucket + "/abalone/trian/"
	answered, before := len(s.prober.Answers()), s.made()
	pushed := time.Now()
	var err error
	if s.spoilt, err = s.bench.Edit(ctx, "Move the training data", "base/training-job.yaml", good, bad); err != nil {
		return err
	}
	s.log.Sayf("pushed %s: the training data are where nothing is, %s", short(s.spoilt), bad)
	if err := s.awaitFailed(ctx, s.spoilt, pushed); err != nil {
		return err
	}
	var job v1alpha1.TrainingJob
	if err := s.bench.Kube.Get(ctx, key, &job); err != nil {
		return err
	}
	if err := s.expectStalled("the TrainingJob", &job, reason.ValidationFailed,
		fmt.Sprintf("No S3 objects found under S3 URL %q", bad)); err != nil {
		return err
	}
	if err := s.expectRan(before, "no training job came of it"); err != nil {
		return err
	}
	return s.expectServed(ctx, answered, s.second)
}

func (s *Story) goBack(ctx context.Context) error {
	answered, asked := len(s.prober.Answers()), s.asked()
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
	return s.expectServed(ctx, answered, s.second, s.first)
}
