package story

import (
	"context"
	"fmt"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/bench"
)

const (
	// Namespace is where the examples' overlays put their objects.
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

// Story is told once, chapter by chapter, on one bench.
type Story struct {
	bench  *bench.Bench
	log    *Log
	prober *Prober

	first, second   model  // what the pushes of (a) and (b) trained
	changed, spoilt string // commits
	hurried         string // the commit that Flux was asked to judge at once
	approvals       string // lines of the file with all of them
	chapters        []toldChapter
}

// toldChapter is one that was told.
type toldChapter struct {
	Chapter
	seconds float64
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

// Tell tells a chapter: each begins where the one before it ended. The error is an
// [*UntrueError] if a line of it is not true.
func (s *Story) Tell(ctx context.Context, chapter Chapter) error {
	s.log.Begin(chapter.Letter, chapter.Title)
	start := time.Now()
	if err := chapter.tell(s, ctx); err != nil {
		return fmt.Errorf("(%s) %w", chapter.Letter, err)
	}
	s.chapters = append(s.chapters, toldChapter{chapter, time.Since(start).Seconds()})
	return nil
}

// push pushes the whole example and gives Flux the repository.
func (s *Story) push(ctx context.Context, message string) (commit string, err error) {
	if commit, err = s.bench.Repository.CommitTree(ctx, message, s.bench.Example()); err != nil {
		return "", err
	}
	s.log.Sayf("pushed %s: %s as it is, 50 rounds", short(commit), s.bench.ExampleName())
	return commit, s.bench.Deploy(ctx, bench.Applies)
}

// revert pushes a git revert.
func (s *Story) revert(ctx context.Context, what string) (commit string, err error) {
	if commit, err = s.bench.Repository.Revert(ctx, what); err != nil {
		return "", err
	}
	s.log.Sayf("pushed %s: git revert %s", short(commit), short(what))
	return commit, nil
}

// heal takes back what went wrong.
func (s *Story) heal(ctx context.Context) error {
	answered, asked := len(s.prober.Answers()), s.asked()
	commit, err := s.revert(ctx, s.spoilt)
	if err != nil {
		return err
	}
	if err := s.awaitReady(ctx, commit, serving); err != nil {
		return err
	}
	if err := s.expectNothingRan(asked); err != nil {
		return err
	}
	return s.expectServed(ctx, answered, s.second)
}

// probe invokes the endpoint from now on, and so longer than the chapter lasts.
func (s *Story) probe(ctx context.Context) error {
	config, err := s.bench.AWSConfig(ctx)
	if err != nil {
		return err
	}
	s.prober = StartProber(context.WithoutCancel(ctx), config, Name)
	s.log.Sayf("from now on the endpoint is invoked every %s, to the end", probeInterval)
	return nil
}

func short(commit string) string { return commit[:min(7, len(commit))] }
