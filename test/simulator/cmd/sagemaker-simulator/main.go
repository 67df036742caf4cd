// Command sagemaker-simulator serves a simulated Amazon SageMaker, with STS,
// S3 and SageMaker Runtime, on one local port.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := command().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "sagemaker-simulator:", err)
		os.Exit(1) //nolint:gocritic // the signal handler ends with the process
	}
}
