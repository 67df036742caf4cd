package e2e_test

import (
	"fmt"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

// approve: a pipeline that waits for a person is Suspended, and a commit with the
// approval gets through and makes it Healthy.
func (a *application) approve(t *testing.T) {
	t.Helper()
	a.arrange(t)
	commit := a.give(t)
	a.awaitAt(t, commit, "Progressing")
	state := a.awaitAt(t, commit, "Suspended")
	require.Contains(t, state.Of("ModelPipeline").Message, "approve")
	require.Equal(t, "Succeeded", state.Phase, "the operation does not wait for the approval")
	require.Empty(t, a.inAWS("Endpoint"))

	before := a.jobs()
	const file = "overlays/demo/approvals.yaml"
	approvals, err := fs.ReadFile(a.tree, file)
	require.NoError(t, err)
	a.awaitHealthy(t, a.push(t, map[string]string{
		file: string(approvals) + fmt.Sprintf("    - {step: approve, evidence: %q, by: alice}\n", a.evidence(t)),
	}))
	require.Len(t, a.jobs(), len(before), "the approval runs no job")
	endpoints := a.inAWS("Endpoint")
	require.Len(t, endpoints, 1)
	require.Equal(t, "InService", endpoints[0].Status)
	a.probe(t)
	a.requireServed(t, a.trained(t, "50"))
}

// arrange tells the simulator what jobs come to.
func (a *application) arrange(t *testing.T) {
	t.Helper()
	for _, rule := range []fault.Rule{
		{HyperParameters: map[string]string{"eta": "0.9"}, Metrics: map[string]float64{"validation:rmse": 2.61}},
		{Metrics: map[string]float64{"validation:rmse": 2.2}},
	} {
		rule.Action, rule.Name = fault.Measure, a.Name+"-*"
		_, err := a.bench.AWS.Faults().Add(rule)
		require.NoError(t, err)
	}
}

// worsen: a model that does not pass the gate costs one job, and the one before serves.
func (a *application) worsen(t *testing.T) {
	t.Helper()
	before := a.jobs()
	a.last = a.edit(t, "base/model-pipeline.yaml", `eta: "0.2"`, `eta: "0.9"`)
	state := a.awaitAt(t, a.last, "Degraded")
	require.Contains(t, state.Of("ModelPipeline").Message, "rmse is 2.61, which is more than 2.50")
	require.Len(t, a.jobs(), len(before)+1)
	a.requireServed(t, a.trained(t, "50"))
}

// evidence is what an approval is to name.
func (a *application) evidence(t *testing.T) string {
	t.Helper()
	var p v1alpha1.ModelPipeline
	require.NoError(t, a.bench.Kube.Get(t.Context(), client.ObjectKey{Namespace: a.Namespace, Name: a.Name}, &p))
	for _, step := range p.Status.Steps {
		if step.Name == "approve" {
			return step.Evidence
		}
	}
	require.Fail(t, "no step waits")
	return ""
}
