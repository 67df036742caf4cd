package argocd_test

import (
	"encoding/json"
	"regexp"
	"testing"

	"github.com/argoproj/argo-cd/v3/pkg/apiclient/application"
	"github.com/argoproj/argo-cd/v3/util/lua"
	jsonpatch "github.com/evanphx/json-patch"
	"github.com/stretchr/testify/require"
)

const job = `
apiVersion: sagemaker.gitops.dev/v1alpha1
kind: TrainingJob
metadata: {name: abalone, namespace: ml, generation: 2, finalizers: [], labels: {}, annotations: {theirs: "1"}}
spec: {hyperParameters: {}, inputDataConfig: [{channelName: train, shuffleConfig: {}}], resourceConfig: {instanceCount: 1, volumeSizeInGB: 10}}
status:
  observedGeneration: 2
  billableTimeInSeconds: 9007199254740991
  conditions: [{type: Stalled, status: "True", reason: AlgorithmError}]
`

const pipeline = `
apiVersion: sagemaker.gitops.dev/v1alpha1
kind: ModelPipeline
metadata: {name: abalone, namespace: ml, generation: 2}
spec: {steps: []}
status:
  observedGeneration: 1
  conditions: [{type: Reconciling, status: "True", reason: AwaitingApproval}]
  steps: [{name: train, phase: Succeeded}, {name: release, phase: AwaitingApproval, evidence: e1}]
  serving: {planDigest: p2}
  history: [{planDigest: p1}]
`

const rolledBack = `
apiVersion: sagemaker.gitops.dev/v1alpha1
kind: ModelPipeline
metadata: {name: abalone, namespace: ml, annotations: {sagemaker.gitops.dev/rollback: p1, theirs: "1"}}
`

const suspended = `
apiVersion: sagemaker.gitops.dev/v1alpha1
kind: ModelPipeline
metadata: {name: abalone, namespace: ml, annotations: {sagemaker.gitops.dev/suspend: "true"}}
`

// TestActions looks at the patches that Argo CD sends.
func TestActions(t *testing.T) {
	t.Parallel()

	overrides, err := configured(t, "actions").GetResourceOverrides()
	require.NoError(t, err)
	vm := lua.VM{ResourceOverrides: overrides}
	time := regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`)

	for _, row := range []struct {
		action, object string
		params         map[string]string
		annotations    string
	}{
		{"reconcile", job, nil, `{"reconcile.fluxcd.io/requestedAt":"<time>"}`},
		{"rerun", job, nil, `{"reconcile.fluxcd.io/forceAt":"<time>","reconcile.fluxcd.io/requestedAt":"<time>"}`},
		{"stop", job, nil, `{"sagemaker.gitops.dev/stop":"<time>"}`},
		{"suspend", job, nil, `{"sagemaker.gitops.dev/suspend":"true"}`},
		{"resume", suspended, nil, `{"sagemaker.gitops.dev/suspend":null}`},
		{"retry", pipeline, nil, `{"reconcile.fluxcd.io/forceAt":"<time>","reconcile.fluxcd.io/requestedAt":"<time>"}`},
		{"approve", pipeline, nil, `{"sagemaker.gitops.dev/approve":"release=e1"}`},
		{"approve", pipeline, map[string]string{"step": "release", "evidence": "e1"}, `{"sagemaker.gitops.dev/approve":"release=e1"}`},
		{"reject", pipeline, map[string]string{"step": "", "evidence": ""}, `{"sagemaker.gitops.dev/reject":"release=e1"}`},
		{"rollback", pipeline, nil, `{"sagemaker.gitops.dev/rollback":"p1"}`},
		{"rollback", pipeline, map[string]string{"plan": "p1"}, `{"sagemaker.gitops.dev/rollback":"p1"}`},
		{"roll-forward", rolledBack, nil, `{"sagemaker.gitops.dev/rollback":null}`},
	} {
		t.Run(row.action, func(t *testing.T) {
			t.Parallel()

			object := parse(t, row.object)
			action, err := vm.GetResourceAction(object, row.action)
			require.NoError(t, err)

			params := make([]*application.ResourceActionParameters, 0, len(row.params))
			for name, value := range row.params {
				params = append(params, &application.ResourceActionParameters{Name: &name, Value: &value})
			}
			changed, err := vm.ExecuteResourceAction(object, action.ActionLua, params)
			require.NoError(t, err)
			require.Len(t, changed, 1)
			require.Equal(t, lua.PatchOperation, changed[0].K8SOperation)

			before, err := json.Marshal(object)
			require.NoError(t, err)
			after, err := json.Marshal(changed[0].UnstructuredObj)
			require.NoError(t, err)
			patch, err := jsonpatch.CreateMergePatch(before, after)
			require.NoError(t, err)
			require.JSONEq(t, `{"metadata":{"annotations":`+row.annotations+`}}`, time.ReplaceAllString(string(patch), "<time>"))
		})
	}
}

func TestRefusedActions(t *testing.T) {
	t.Parallel()

	overrides, err := configured(t, "actions").GetResourceOverrides()
	require.NoError(t, err)
	vm := lua.VM{ResourceOverrides: overrides}

	action, err := vm.GetResourceAction(parse(t, suspended), "approve")
	require.NoError(t, err)
	_, err = vm.ExecuteResourceAction(parse(t, suspended), action.ActionLua, nil)
	require.ErrorContains(t, err, "0 steps await a decision: name one", "the user is told why")
}

func TestDiscovery(t *testing.T) {
	t.Parallel()

	overrides, err := configured(t, "actions").GetResourceOverrides()
	require.NoError(t, err)
	vm := lua.VM{ResourceOverrides: overrides}

	for text, want := range map[string]map[string]bool{ // whether each is enabled
		job: {"reconcile": true, "suspend": true, "resume": false, "stop": false, "rerun": true},
		pipeline: {
			"reconcile": true, "suspend": true, "resume": false, "retry": false,
			"approve": true, "reject": true, "rollback": true, "roll-forward": false,
		},
		suspended: {
			"reconcile": true, "suspend": false, "resume": true, "retry": false,
			"approve": false, "reject": false, "rollback": false, "roll-forward": false,
		},
	} {
		object := parse(t, text)
		scripts, err := vm.GetResourceActionDiscovery(object)
		require.NoError(t, err)
		actions, err := vm.ExecuteResourceActionDiscovery(object, scripts)
		require.NoError(t, err)

		is := map[string]bool{}
		for _, action := range actions {
			is[action.Name] = !action.Disabled
			require.NotEmpty(t, action.DisplayName)
		}
		require.Equal(t, want, is)
	}
}
