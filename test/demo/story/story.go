package story

import (
	"context"
	"fmt"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/bench"
)

const (
	// Namespace is where the example's overlay puts its objects.
	Namespace = "ml-demo"
	// Name is what each of them is called, the endpoint in AWS included.
	Name = "abalone"
)

// Chapter is one thing that happens.
type Chapter struct {
	// Letter is what the documentation calls it.
	Letter string
	Title  string
	tell   func(*Story, context.Context) error
}

// Chapters are all, in order: each begins where the one before it ended.
func Chapters() []Chapter {
	return []Chapter{
		{"a", "a push trains a model and serves it", (*Story).train},
		{"b", "another hyperparameter is another model, rolled out without a gap", (*Story).change},
		{"c", "a bad push fails fast, and the old model serves on", (*Story).spoil},
		{"d", "git revert of it heals, without training", (*Story).heal},
		{"e", "git revert of the hyperparameter brings the first model back, without training", (*Story).goBack},
	}
}

// Story is told once, chapter by chapter, on one bench.
type Story struct {
	bench  *bench.Bench
	log    *Log
	prober *Prober

	first, second   model  // what the pushes of (a) and (b) trained
	changed, spoilt string // commits
	seconds         []float64
}

// model is what a training job made.
type model struct {
	job  string // name in AWS
	data string // S3 URI
}

// New makes the story of a bench whose repository is empty. Stop ends it.
func New(b *bench.Bench, log *Log) *Story {
	return &Story{bench: b, log: log}
}

// Stop ends the invocations of the endpoint.
func (s *Story) Stop() {
	if s.prober != nil {
		s.prober.Stop()
	}
}

// Tell tells a chapter. The error is an [*UntrueError] if a line of it is not true.
func (s *Story) Tell(ctx context.Context, chapter Chapter) error {
	s.log.Begin(chapter.Letter, chapter.Title)
	start := time.Now()
	if err := chapter.tell(s, ctx); err != nil {
		return fmt.Errorf("(%s) %w", chapter.Letter, err)
	}
	s.seconds = append(s.seconds, time.Since(start).Seconds())
	return nil
}

func (s *Story) train(ctx context.Context) error {
	commit, err := s.bench.Repository.CommitTree(ctx, "Train abalone and serve it", s.bench.Example())
	if err != nil {
		return err
	}
	s.log.Sayf("pushed %s: %s as it is, 50 rounds", short(commit), s.bench.ExampleName())
	if err := s.bench.Deploy(ctx, bench.Overlay); err != nil {
		return err
	}
	s.log.Sayf("Flux is given the repository: a GitRepository, and a Kustomization with wait: true")
	if err := s.awaitReady(ctx, commit, training); err != nil {
		return err
	}
	if err := s.expectJobs(1, "one push is one training job"); err != nil {
		return err
	}
	if s.first, err = s.trained(ctx, commit, "50"); err != nil {
		return err
	}
	config, err := s.bench.AWSConfig(ctx)
	if err != nil {
		return err
	}
	// It outlives this chapter, and so this chapter's context.
	s.prober = StartProber(context.WithoutCancel(ctx), config, Name)
	s.log.Sayf("from now on the endpoint is invoked every %s, to the end", probeInterval)
	return s.expectServed(ctx, 0, s.first)
}

func (s *Story) change(ctx context.Context) error {
	answered, jobs, updates := len(s.prober.Answers()), s.jobs(), s.count("UpdateEndpoint")
	var err error
	if s.changed, err = s.bench.Edit(ctx, "Train for more rounds", "overlays/demo/training-job.yaml",
		`num_round: "50"`, `num_round: "75"`); err != nil {
		return err
	}
	s.log.Sayf("pushed %s: 75 rounds", short(s.changed))
	if err := s.awaitReady(ctx, s.changed, training); err != nil {
		return err
	}
	if err := s.expectJobs(jobs+1, "one changed hyperparameter is exactly one new training job"); err != nil {
		return err
	}
	if s.second, err = s.trained(ctx, s.changed, "75"); err != nil {
		return err
	}
	if err := s.expect("the endpoint was updated once", fmt.Sprint(updates+1, " UpdateEndpoint in all"),
		fmt.Sprint(s.count("UpdateEndpoint"), " UpdateEndpoint in all")); err != nil {
		return err
	}
	return s.expectMoved(ctx, answered, s.first, s.second)
}

func (s *Story) heal(ctx context.Context) error {
	answered, asked := len(s.prober.Answers()), s.count("CreateTrainingJob")
	commit, err := s.bench.Repository.Revert(ctx, s.spoilt)
	if err != nil {
		return err
	}
	s.log.Sayf("pushed %s: git revert %s", short(commit), short(s.spoilt))
	if err := s.awaitReady(ctx, commit, serving); err != nil {
		return err
	}
	if err := s.expectNothingTrained(asked); err != nil {
		return err
	}
	return s.expectServed(ctx, answered, s.second)
}

func (s *Story) goBack(ctx context.Context) error {
	answered, asked := len(s.prober.Answers()), s.count("CreateTrainingJob")
	commit, err := s.bench.Repository.Revert(ctx, s.changed)
	if err != nil {
		return err
	}
	s.log.Sayf("pushed %s: git revert %s", short(commit), short(s.changed))
	if err := s.awaitReady(ctx, commit, serving); err != nil {
		return err
	}
	if err := s.expectNothingTrained(asked); err != nil {
		return err
	}
	return s.expectMoved(ctx, answered, s.second, s.first)
}

func short(commit string) string { return commit[:min(7, len(commit))] }
