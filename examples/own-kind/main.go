// Command own-kind is this project's controller with one kind more: Repository, of Amazon
// ECR, which the same loop reconciles.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/pflag"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/manager"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/examples/own-kind/v1alpha1"
)

func main() {
	options := manager.Options{Own: []reconcile.Kind{repository}, OwnTypes: v1alpha1.AddToScheme}
	options.BindFlags(pflag.CommandLine)
	pflag.Parse()
	if err := manager.Run(ctrl.SetupSignalHandler(), options); err != nil {
		fmt.Fprintln(os.Stderr, "own-kind:", err)
		os.Exit(1)
	}
}
