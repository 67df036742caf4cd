// Command bench-binaries builds the programs of the test bench into the user's
// cache directory and prints their paths. It runs inside the repository and
// takes no arguments.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/cluster"
)

func main() {
	if len(os.Args) > 1 {
		fmt.Fprintln(os.Stderr, "bench-binaries takes no arguments")
		os.Exit(2)
	}
	if err := build(); err != nil {
		fmt.Fprintf(os.Stderr, "bench-binaries: %v\n", err)
		os.Exit(1)
	}
}

func build() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	paths, err := cluster.Build(ctx, os.Stderr, cluster.FluxTool, cluster.ArgoCDTool)
	if err != nil {
		return err
	}
	for _, path := range paths {
		fmt.Println(path)
	}
	return nil
}
