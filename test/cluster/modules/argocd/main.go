// Command argocd is what the bench runs of Argo CD, as one program. Like Argo CD's
// own, it is what it is called: the application controller or the repository server,
// and beside them kustomize, which the repository server calls, and a Redis, in which
// both keep what they have rendered.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/alicebob/miniredis/v2"
	controller "github.com/argoproj/argo-cd/v3/cmd/argocd-application-controller/commands"
	reposerver "github.com/argoproj/argo-cd/v3/cmd/argocd-repo-server/commands"
	"github.com/argoproj/argo-cd/v3/common"
	"github.com/argoproj/argo-cd/v3/util/log"
	"github.com/spf13/cobra"
	"k8s.io/klog/v2"
	kustomize "sigs.k8s.io/kustomize/kustomize/v5/commands"
)

func main() {
	if err := run(filepath.Base(os.Args[0])); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(name string) error {
	var command *cobra.Command
	switch name {
	case common.CommandApplicationController:
		command = controller.NewCommand()
	case common.CommandRepoServer:
		command = reposerver.NewCommand()
	case "kustomize":
		return kustomize.NewDefaultCommand().Execute()
	case "redis":
		return redis(os.Args[1:])
	default:
		return fmt.Errorf("%s is none of %s, %s, kustomize, redis", name, common.CommandApplicationController, common.CommandRepoServer)
	}
	klog.SetLogger(log.NewLogrusLogger(log.NewWithCurrentConfig()))
	return command.Execute()
}

// redis serves at the address that it is given until it is told to end.
func redis(arguments []string) error {
	if len(arguments) != 1 {
		return errors.New("redis takes an address")
	}
	server := miniredis.NewMiniRedis()
	if err := server.StartAddr(arguments[0]); err != nil {
		return err
	}
	defer server.Close()
	end := make(chan os.Signal, 1)
	signal.Notify(end, os.Interrupt, syscall.SIGTERM)
	<-end
	return nil
}
