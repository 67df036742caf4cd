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

// TestDeploymentTestChanges: what failed is asked again when the test itself was
// wrong, and not before.
func TestDeploymentTestChanges(t *testing.T) {
	w := newDeploymentWorld(t)
	tested := func(version int, matches string) string {
		return deployment(version, `smokeTests: [{name: version, body: "1:2", jsonPath: "{.modelDataUrl}", matches: "`+matches+`"}]`)
	}
	w.apply(tested(1, "v[1]/"))
	w.deployed()
	w.apply(tested(2, "v[1]/"))
	w.refusedFor(reason.SmokeTestFailed)
	require.Contains(t, w.served(), "v1/model.tar.gz")
	updates := w.mutations()["UpdateEndpoint"]
	w.apply(tested(2, "v[1]/") + "  tags: [{key: team, value: ml}]")
	w.pass(10*time.Minute, 10*time.Second)
	w.refusedFor(reason.SmokeTestFailed)
	require.Equal(t, updates, w.mutations()["UpdateEndpoint"], "another tag is no other test")

	w.apply(tested(2, "v[12]/"))
	require.True(t, w.deployed().Status.SmokeTests[0].Passed)
	require.Contains(t, w.served(), "v2/model.tar.gz")
	require.Nil(t, w.deployment().Status.Refused)
	require.Equal(t, updates+1, w.mutations()["UpdateEndpoint"])
}
