package story

import (
	"context"
	"fmt"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/bench"
)

const (
	poll = 200 * time.Millisecond
	// patience bounds every wait; on an idle machine none takes a quarter of it.
	patience = 3 * time.Minute
	// soon is how soon one wants to know, on a machine that does other things too.
	soon = time.Minute
)

// path is the way a push takes to Ready.
type path bool

const (
	training path = true  // a job runs before
	serving  path = false // no job runs
)

// awaitApplied waits until Flux has applied the commit.
func (s *Story) awaitApplied(ctx context.Context, commit string) error {
	line := fmt.Sprintf("the Kustomization %s is Ready=True at %s: it is applied", bench.Applies, short(commit))
	return s.await(ctx, line, commit, func(now sight) (bool, error) { return now.applied.ReadyAt(commit), nil })
}

// awaitReady waits until Flux says that the commit is applied and healthy. It
// holds that Flux never says so while a job runs.
func (s *Story) awaitReady(ctx context.Context, commit string, p path) error {
	line := fmt.Sprintf("Flux says Ready=True at %s", short(commit))
	notYet := 0
	err := s.await(ctx, line, commit, func(now sight) (bool, error) {
		switch {
		case now.healthy.FailedAt(commit):
			return false, &UntrueError{line, "Ready=True", now.healthy.String()}
		case now.running > 0 && now.healthy.ReadyAt(commit):
			return false, &UntrueError{"Flux says not ready while a job runs", "Ready=Unknown", now.healthy.String()}
		case now.running > 0:
			notYet++
		}
		return now.healthy.ReadyAt(commit), nil
	})
	if err != nil {
		return err
	}
	if p == training {
		return s.expectTrue("and it did not while the training job ran", notYet > 0, "a look at Flux during the job", "no job was seen running")
	}
	return nil
}

// awaitFailed waits until Flux says that the commit is applied and not healthy, and
// holds that this was soon after the push.
func (s *Story) awaitFailed(ctx context.Context, commit string, pushed time.Time) error {
	line := fmt.Sprintf("Flux says Ready=False (HealthCheckFailed) at %s", short(commit))
	if err := s.await(ctx, line, commit, func(now sight) (bool, error) {
		if now.healthy.ReadyAt(commit) {
			return false, &UntrueError{line, "Ready=False", now.healthy.String()}
		}
		return now.healthy.FailedAt(commit), nil
	}); err != nil {
		return err
	}
	took := time.Since(pushed)
	return s.expectTrue(fmt.Sprintf("that was %.1fs after the push", took.Seconds()), took < soon, "less than "+soon.String(), took.String())
}

// await polls until done says so of a commit, telling what changes meanwhile.
func (s *Story) await(ctx context.Context, line, commit string, done func(now sight) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for {
		now, err := s.look(ctx)
		if err == nil {
			err = s.hurry(ctx, now, commit)
		}
		if err == nil {
			err = s.bench.Err()
		}
		if err != nil {
			return s.why(ctx, line, err)
		}
		ok, err := done(now)
		if err != nil {
			return err
		}
		if ok {
			s.log.OKf("%s", line)
			return nil
		}
		select {
		case <-ctx.Done():
			return s.why(ctx, line, ctx.Err())
		case <-ticker.C:
		}
	}
}

// hurry has Flux judge a commit as soon as it is applied, once. By itself Flux looks
// when the commit comes, finds that it is not applied yet, and looks again half a minute
// later: nothing where jobs take hours.
func (s *Story) hurry(ctx context.Context, now sight, commit string) error {
	if s.hurried == commit || !now.applied.ReadyAt(commit) || !now.healthy.PutOff() {
		return nil
	}
	s.hurried = commit
	s.log.Sayf("Flux would look at %s again in 30s, and is asked to do so now, as flux reconcile does", bench.Judges)
	return s.bench.Reconcile(ctx, bench.Judges)
}

// why tells a wait that took too long from other reasons to end it.
func (s *Story) why(ctx context.Context, line string, err error) error {
	if ctx.Err() == context.DeadlineExceeded {
		return &UntrueError{line, fmt.Sprintf("within %s", patience), s.log.State()}
	}
	return fmt.Errorf("while waiting until %s: %w", line, err)
}
