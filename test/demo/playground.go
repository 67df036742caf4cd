package main

import (
	"context"
	"fmt"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/bench"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/demo/story"
)

// look is how often the playground tells what has changed.
const look = time.Second

// play tells the first chapter, says how to go on, and tells what changes until
// ctx ends.
func play(ctx context.Context, b *bench.Bench, log *story.Log) error {
	s := story.New(b, log)
	defer s.Stop()
	if err := s.Tell(ctx, story.Pipeline()[0]); err != nil {
		return err
	}
	s.Stop()
	fmt.Print("\n" + story.Guide(b) + "\n")
	log.Begin("you", "it is your turn; what changes is told below, Ctrl-C ends everything")

	ticker := time.NewTicker(look)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		err := s.Look(ctx)
		if err == nil {
			err = b.Err()
		}
		if err != nil {
			return err
		}
	}
}
