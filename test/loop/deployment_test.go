package loop_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

const deploymentImage = "141502667606.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"

// deployment serves the model of a version on one instance.
func deployment(version int, extra ...string) string {
	return fmt.Sprintf(`
kind: ModelDeployment
metadata: {name: abalone}
spec:
  executionRoleARN: arn:aws:iam::123456789012:role/abalone
  variants:
  - variantName: main
    instanceType: ml.m5.large
    initialInstanceCount: 2
    initialVariantWeight: 1
    model: {primaryContainer: {image: %s, modelDataURL: s3://acme-ml/models/v%d/model.tar.gz}}
  %s
`, deploymentImage, version, strings.Join(extra, "\n  "))
}

// newDeploymentWorld has the models of some versions.
func newDeploymentWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	for version := range 10 {
		require.NoError(t, w.aws.PutObject("acme-ml", fmt.Sprintf("models/v%d/model.tar.gz", version), []byte{byte(version)}))
	}
	w.startController()
	return w
}

func (w *world) deployment() *v1alpha1.ModelDeployment {
	d, _ := get(w, "abalone", &v1alpha1.ModelDeployment{})
	return d
}

// deployed waits until the deployment is ready with its present spec.
func (w *world) deployed() *v1alpha1.ModelDeployment {
	w.t.Helper()
	w.until("the deployment is ready", func() bool { return isReady(w.deployment()) })
	d := w.deployment()
	w.checked(d)
	return d
}

// refusedFor waits until the deployment is stalled for the reason.
func (w *world) refusedFor(why string) *v1alpha1.ModelDeployment {
	w.t.Helper()
	w.until("the deployment is stalled: "+why, func() bool {
		d := w.deployment()
		return isStalled(d) && readyCondition(d).Reason == why
	})
	d := w.deployment()
	w.checked(d)
	return d
}

// TestDeployment: one object makes model, configuration and endpoint; a changed
// model rolls out; going back makes nothing new.
func TestDeployment(t *testing.T) {
	w := newDeploymentWorld(t)
	w.apply(deployment(1))
	first := w.deployed()
	require.Equal(t, map[string]int{"CreateModel": 1, "CreateEndpointConfig": 1, "CreateEndpoint": 1}, w.mutations())
	require.Equal(t, v1alpha1.DeploymentServing, first.Status.Phase)
	require.Equal(t, first.Status.DesiredConfig, first.Status.ServedConfig)
	require.Equal(t, "https://runtime.sagemaker.us-east-1.amazonaws.com/endpoints/abalone/invocations", first.Status.URL)
	require.Contains(t, w.served(), "v1/model.tar.gz")
	require.NotNil(t, first.Status.CreationTime)
	require.EqualValues(t, 2, *first.Status.Variants[0].DesiredInstanceCount)
	require.InEpsilon(t, 1, *first.Status.Variants[0].DesiredWeight, 0.001)
	require.Equal(t, deploymentImage, *first.Status.Variants[0].DeployedImages[0].SpecifiedImage)

	w.apply(deployment(2))
	second := w.deployed()
	require.NotEqual(t, first.Status.ServedConfig, second.Status.ServedConfig)
	require.Contains(t, w.served(), "v2/model.tar.gz")
	require.Equal(t, map[string]int{"CreateModel": 2, "CreateEndpointConfig": 2, "CreateEndpoint": 1, "UpdateEndpoint": 1}, w.mutations())

	w.apply(deployment(1))
	back := w.deployed()
	require.Equal(t, first.Status.ServedConfig, back.Status.ServedConfig)
	require.Contains(t, w.served(), "v1/model.tar.gz")
	require.Equal(t, map[string]int{"CreateModel": 2, "CreateEndpointConfig": 2, "CreateEndpoint": 1, "UpdateEndpoint": 2}, w.mutations())

	require.NoError(t, w.kube.Delete(w.ctx, back))
	w.until("nothing is left", func() bool {
		_, there := get(w, "abalone", &v1alpha1.ModelDeployment{})
		return !there && len(w.aws.Objects("Endpoint"))+len(w.aws.Objects("EndpointConfig"))+len(w.aws.Objects("Model")) == 0
	})
}

// TestDeploymentAtRest: what serves costs one look per interval and writes
// nothing.
func TestDeploymentAtRest(t *testing.T) {
	w := newDeploymentWorld(t)
	w.apply(deployment(1))
	before := w.deployed()
	w.pass(time.Minute, 2*time.Second)
	w.aws.Journal().Reset()
	w.pass(6*time.Hour, 30*time.Second)
	require.Empty(t, w.mutations())
	counts := w.aws.Journal().Counts()
	require.LessOrEqual(t, counts["DescribeEndpoint"], 6*6+1, "an endpoint is looked at every ten minutes")
	require.LessOrEqual(t, counts["DescribeModel"], 7)
	require.LessOrEqual(t, counts["DescribeEndpointConfig"], 7)
	require.Equal(t, before.ResourceVersion, w.deployment().ResourceVersion, "nothing is written")
}

func rollsBackOnce() fault.Rule {
	return fault.Rule{Action: fault.RollBack, Kind: "Endpoint", Reason: "The new fleet failed its ping health check.", Times: 1}
}

// TestDeploymentRollsBack: what AWS takes back is told with AWS's words and is
// not tried again; the earlier model serves on, and a revert is healthy.
func TestDeploymentRollsBack(t *testing.T) {
	w := newDeploymentWorld(t)
	w.apply(deployment(1))
	first := w.deployed()
	w.fault(rollsBackOnce())
	w.apply(deployment(2))
	d := w.refusedFor(reason.RolledBack)
	require.Contains(t, readyCondition(d).Message, "The new fleet failed its ping health check.")
	require.Equal(t, v1alpha1.DeploymentRolledBack, d.Status.Phase)
	require.Equal(t, first.Status.ServedConfig, d.Status.ServedConfig)
	require.Contains(t, w.served(), "v1/model.tar.gz")
	w.pass(2*time.Hour, 10*time.Second)
	require.Equal(t, 1, w.mutations()["UpdateEndpoint"], "it is not tried again")

	w.apply(deployment(1))
	w.deployed()
	require.Equal(t, 1, w.mutations()["UpdateEndpoint"], "going back to what serves needs no roll-out")

	w.apply(deployment(3))
	w.deployed()
	require.Contains(t, w.served(), "v3/model.tar.gz")
}

// TestDeploymentRefusals: what cannot work is refused before anything is made.
func TestDeploymentRefusals(t *testing.T) {
	rows := []struct {
		reason, spec, why, want string
	}{
		{"a canary is at most half", deployment(1, "rollout: {strategy: Canary, stepSize: 60%}"), reason.ValidationFailed, "rollout.stepSize"},
		{"variants that are not scaled to zero", strings.ReplaceAll(deployment(1), "initialInstanceCount: 2",
			"initialInstanceCount: 2\n    autoscaling: {minCapacity: 0, maxCapacity: 2}"), reason.ValidationFailed, "variants[main].autoscaling.minCapacity"},
		{"a smoke test of a variant that does not exist", deployment(1, "smokeTests: [{name: a, variantName: other}]"), reason.ValidationFailed, `"other" is none of the variants`},
	}
	w := newDeploymentWorld(t)
	for _, row := range rows {
		t.Run(row.reason, func(t *testing.T) {
			w.apply(row.spec)
			d := w.refusedFor(row.why)
			require.Contains(t, readyCondition(d).Message, row.want)
			require.Empty(t, w.mutations())
			require.NoError(t, w.kube.Delete(w.ctx, d))
			w.until("it is gone", func() bool { _, there := get(w, "abalone", &v1alpha1.ModelDeployment{}); return !there })
		})
	}
}
