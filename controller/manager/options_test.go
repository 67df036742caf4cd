package manager_test

import (
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/manager"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
)

func TestOwnKindsHaveNamesOfTheirOwn(t *testing.T) {
	options := manager.Options{Own: []reconcile.Kind{kind.Model}}
	options.BindFlags(pflag.NewFlagSet("", pflag.ContinueOnError))
	options.ClusterName = "prod"
	require.ErrorContains(t, options.Check(), "there are two kinds Model")
}
