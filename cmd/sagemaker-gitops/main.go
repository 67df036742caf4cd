// Command sagemaker-gitops makes Amazon SageMaker follow the custom resources
// that Argo CD or Flux apply from git.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/manager"
)

// version is set by the linker.
var version = "dev"

func main() {
	root := &cobra.Command{
		Use:           "sagemaker-gitops",
		Short:         "A git repository declares the whole ML lifecycle on Amazon SageMaker",
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(controllerCommand())
	if err := root.ExecuteContext(ctrl.SetupSignalHandler()); err != nil {
		fmt.Fprintln(os.Stderr, "sagemaker-gitops:", err)
		os.Exit(1)
	}
}

func controllerCommand() *cobra.Command {
	var options manager.Options
	cmd := &cobra.Command{
		Use:   "controller",
		Short: "Reconcile SageMaker custom resources until told to stop",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return manager.Run(cmd.Context(), options)
		},
	}
	options.BindFlags(cmd.Flags())
	return cmd
}
