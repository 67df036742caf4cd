package loop_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// TestDeploymentInPlace: what is no part of a configuration's content reaches
// everything that is in service, without a roll-out.
func TestDeploymentInPlace(t *testing.T) {
	w := newDeploymentWorld(t)
	w.apply(deployment(1))
	w.deployed()
	w.aws.Journal().Reset()
	w.apply(deployment(1, "tags: [{key: team, value: ml}]", "interval: 20m"))
	w.until("all carry the tag", func() bool {
		for _, kind := range []string{"Model", "EndpointConfig", "Endpoint"} {
			for _, o := range w.aws.Objects(kind) {
				if o.Tags["team"] != "ml" {
					return false
				}
			}
		}
		return isReady(w.deployment())
	})
	require.Empty(t, w.carriedOut("CreateModel", "CreateEndpointConfig", "UpdateEndpoint"))
	w.aws.Journal().Reset()
	w.pass(2*time.Hour, 30*time.Second)
	require.Empty(t, w.mutations())
	require.Contains(t, w.served(), "v1/model.tar.gz")
}

// TestDeploymentNameTaken: a resource of somebody else that has the name of one
// to be made is told, and left alone.
func TestDeploymentNameTaken(t *testing.T) {
	w := newDeploymentWorld(t)
	w.apply(deployment(1))
	config := w.deployed().Status.DesiredConfig
	require.NoError(t, w.kube.Delete(w.ctx, w.deployment()))
	w.until("it is gone", func() bool { _, there := get(w, "abalone", &v1alpha1.ModelDeployment{}); return !there })
	w.apply(`
kind: EndpointConfig
metadata: {name: ` + config + `}
spec: {suspend: true, productionVariants: [{variantName: main, modelName: x, instanceType: ml.m5.large, initialInstanceCount: 1}]}`)
	w.apply(deployment(1))
	d := w.refusedFor(reason.NameClaimed)
	require.Contains(t, readyCondition(d).Message, "EndpointConfig "+config+" exists and belongs to nobody")
	require.Empty(t, w.aws.Objects("Endpoint"))
}
