package loop_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// What holds during any roll-out.

const slowCanary = "rollout: {strategy: Canary, stepSize: 50%, bakeTime: 2m, terminationWait: 1m}"

// TestDeploymentKeepsTheOldUntilTheNewServes: while a configuration takes over,
// the one before is there with its model and all its instances, and answers
// everything until the new instances are up.
func TestDeploymentKeepsTheOldUntilTheNewServes(t *testing.T) {
	w := newDeploymentWorld(t)
	w.apply(deployment(1, slowCanary))
	old := w.deployed().Status.ServedConfig
	model := w.aws.Objects("Model")[0].Name
	w.apply(deployment(2, slowCanary))
	answers := map[string]map[string]int{} // by stage and version
	w.until("the new one serves", func() bool {
		o, _ := w.aws.Object("Endpoint", "abalone")
		if o.Document["EndpointConfigName"] != old {
			return true
		}
		_, kept := w.aws.Object("EndpointConfig", old)
		require.True(t, kept, "the old configuration is there")
		_, kept = w.aws.Object("Model", model)
		require.True(t, kept, "and so is its model")
		variants, _ := o.Document["ProductionVariants"].([]any)
		variant, _ := variants[0].(map[string]any)
		require.Equal(t, "2", variantNumber(variant, "CurrentInstanceCount"), "with all its instances")
		version := servedVersion.FindStringSubmatch(w.served())
		require.NotNil(t, version, "no request fails")
		if answers[o.Stage] == nil {
			answers[o.Stage] = map[string]int{}
		}
		answers[o.Stage][version[1]]++
		return false
	})
	require.Positive(t, answers["Updating"]["1"])
	require.Zero(t, answers["Updating"]["2"], "instances that are not up are asked nothing")
	require.Positive(t, answers["Shifting"]["1"], "half of the requests still go to the old one")
	require.Positive(t, answers["Shifting"]["2"])
	w.deployed()
	require.Contains(t, w.served(), "v2/")
}

// TestDeploymentCanaryIsInGit: all there is to a canary stands in the spec. A
// controller that knows nothing else goes on with it, and to ask for another way
// of rolling out is no roll-out.
func TestDeploymentCanaryIsInGit(t *testing.T) {
	w := newDeploymentWorld(t)
	w.apply(deployment(1, slowCanary))
	w.deployed()
	w.apply(deployment(2, slowCanary))
	w.until("it bakes", func() bool {
		p := w.deployment().Status.Rollout
		return p != nil && p.Stage == "Baking"
	})
	w.restartController()
	w.deployed()
	require.Contains(t, w.served(), "v2/")
	require.Equal(t, 1, w.mutations()["UpdateEndpoint"])

	w.apply(deployment(2, "rollout: {strategy: Linear, stepSize: 25%}"))
	w.pass(time.Hour, 10*time.Second)
	w.deployed()
	require.Equal(t, 1, w.mutations()["UpdateEndpoint"], "it is for the next change")
	w.apply(deployment(3, "rollout: {strategy: Linear, stepSize: 25%}"))
	w.deployed()
	updates := w.requests("UpdateEndpoint")
	require.Contains(t, jsonText(t, updates[len(updates)-1]), `"LINEAR"`)
}

// TestDeploymentRevertsWithoutTraining: going back by two commits trains nothing
// and serves the model of that time.
func TestDeploymentRevertsWithoutTraining(t *testing.T) {
	w := newDeploymentWorld(t)
	w.apply(trained())
	serves := func(rounds int) {
		w.apply(trainingJob(rounds))
		w.until("its model serves", func() bool {
			return w.ran(rounds) && isReady(w.job()) && isReady(w.deployment()) && strings.Contains(w.served(), w.job().Status.Name)
		})
	}
	serves(100)
	first := w.deployment().Status.ServedConfig
	serves(200)
	serves(300)
	w.aws.Journal().Reset()
	serves(100)
	require.Equal(t, first, w.deployment().Status.ServedConfig)
	require.Equal(t, map[string]int{"UpdateEndpoint": 1}, w.mutations(), "nothing is made, not even a configuration")
}

// TestDeploymentGoesBackThoughItsEndpointIsGone: somebody deletes the Endpoint
// resource of a deployment that has gone back; it comes again with what served.
func TestDeploymentGoesBackThoughItsEndpointIsGone(t *testing.T) {
	w := newDeploymentWorld(t)
	tests := `smokeTests: [{name: version, body: "1:2", contentType: text/libsvm, jsonPath: "{.modelDataUrl}", matches: "v1/"}]`
	w.apply(deployment(1, tests))
	w.deployed()
	w.apply(deployment(2, tests))
	w.refusedFor(reason.SmokeTestFailed)
	require.NoError(t, w.kube.Delete(w.ctx, w.endpoint()))
	uid := w.endpoint().UID
	w.until("it is there again, with the model that passed", func() bool {
		e, there := get(w, "abalone", &v1alpha1.Endpoint{})
		return there && e.UID != uid && isReady(e) && strings.Contains(w.served(), "v1/")
	})
	w.refusedFor(reason.SmokeTestFailed)
}
