// Command demo shows on this machine what happens between a git push and a
// trained model that answers, and checks every step that it shows: with a real
// Kubernetes API, real Flux, the built controller, and a simulated SageMaker.
//
// It ends with status 0 if all was true, 1 if not, 130 when interrupted. With
// --playground it tells the first chapter and leaves everything running for you
// to push to, until it is interrupted.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/demo/story"
)

const interrupted = 130

func main() {
	playground := flag.Bool("playground", false, "serve a first model, then leave everything running to push to")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "demo: unexpected argument %q\n", flag.Arg(0))
		os.Exit(2)
	}
	os.Exit(run(*playground))
}

func run(playground bool) (status int) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := withParent(ctx)
	defer cancel()

	tell := demo
	if playground {
		tell = play
	}
	err := onBench(ctx, story.NewLog(os.Stdout), tell)
	switch {
	case ctx.Err() != nil: // what went wrong then is a consequence
		fmt.Println("ended: nothing is left running")
		if playground {
			return 0
		}
		return interrupted
	case err != nil:
		fmt.Fprintf(os.Stderr, "\ndemo: %v\n", err)
		return 1
	default:
		return 0
	}
}
