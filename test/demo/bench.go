package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/bench"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/demo/story"
)

// parentPoll is how soon the end of the parent is noticed.
const parentPoll = time.Second

// withParent ends with the parent process: `go run` and make do not pass on
// what ends them.
func withParent(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	parent := os.Getppid()
	go func() {
		ticker := time.NewTicker(parentPoll)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				if os.Getppid() != parent {
					cancel()
				}
			}
		}
	}()
	return ctx, cancel
}

// onBench runs tell on a bench of its own and ends the bench. Its directory is
// removed, but for the logs of a failure, of which the error tells.
func onBench(ctx context.Context, log *story.Log, tell func(context.Context, *bench.Bench, *story.Log) error) (err error) {
	dir, err := os.MkdirTemp("", "sagemaker-gitops-demo-")
	if err != nil {
		return err
	}
	defer func() {
		if err == nil || ctx.Err() != nil {
			err = errors.Join(err, os.RemoveAll(dir))
			return
		}
		logs, keepErr := keepLogs(dir)
		if logs != "" {
			err = fmt.Errorf("%w\n  logs:     %s", err, logs)
		}
		err = errors.Join(err, keepErr)
	}()
	b, err := bench.Start(ctx, bench.Options{Dir: dir, Log: os.Stdout, Step: func(what string) { log.Sayf("%s", what) }})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Stop()) }()
	return tell(ctx, b, log)
}

// keepLogs removes everything from a bench's directory but the logs, and the
// directory if there are none. It tells where they are.
func keepLogs(dir string) (logs string, err error) {
	logs = filepath.Join(dir, "*.log")
	kept, err := filepath.Glob(logs)
	if err != nil {
		return "", err
	}
	if len(kept) == 0 {
		return "", os.RemoveAll(dir)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	var errs []error
	for _, entry := range entries {
		if filepath.Ext(entry.Name()) != ".log" {
			errs = append(errs, os.RemoveAll(filepath.Join(dir, entry.Name())))
		}
	}
	return logs, errors.Join(errs...)
}

// demo tells the whole story and what it has cost.
func demo(ctx context.Context, b *bench.Bench, log *story.Log) error {
	s := story.New(b, log)
	defer s.Stop()
	for _, chapter := range story.Pipeline() {
		if err := s.Tell(ctx, chapter); err != nil {
			return err
		}
	}
	s.Stop()
	if err := s.Report(os.Stdout); err != nil {
		return err
	}
	fmt.Println("\nevery line above marked ok was checked; `make playground` leaves it running for you to push to")
	return nil
}
