// Command argocd is what the bench runs of Argo CD, as one program. Like Argo CD's
// own, it is what it is called: the application controller, the repository server, or
// argocd, of which there is `admin settings`, which looks at settings without a
// cluster. Beside them are kustomize, which the repository server calls, and a Redis,
// in which both keep what they have rendered.
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
	"github.com/argoproj/argo-cd/v3/cmd/argocd/commands/admin"
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
	case common.CommandCLI:
		command = cli()
	case "kustomize":
		return kustomize.NewDefaultCommand().Execute()
	case "redis":
		return redis(os.Args[1:])
	default:
		return fmt.Errorf("%s is none of %s, %s, %s, kustomize, redis",
			name, common.CommandApplicationController, common.CommandRepoServer, common.CommandCLI)
	}
	klog.SetLogger(log.NewLogrusLogger(log.NewWithCurrentConfig()))
	return command.Execute()
}

func cli() *cobra.Command {
	settings := &cobra.Command{Use: "admin"}
	settings.AddCommand(admin.NewSettingsCommand())
	command := &cobra.Command{Use: common.CommandCLI}
	command.AddCommand(settings)
	return command
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
