package manager_test

import (
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/manager"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
)

func TestOwnKindsHaveNamesOfTheirOwn(t *testing.T) {
	deployment := kind.Model
	deployment.Object = func() reconcile.Object {
		type ModelDeployment struct{ v1alpha1.Model }
		return new(ModelDeployment)
	}
	for name, own := range map[string]reconcile.Kind{"Model": kind.Model, "ModelDeployment": deployment} {
		options := manager.Options{Own: []reconcile.Kind{own}}
		options.BindFlags(pflag.NewFlagSet("", pflag.ContinueOnError))
		options.ClusterName = "prod"
		require.ErrorContains(t, options.Check(), "there are two kinds "+name+":")
	}
}
