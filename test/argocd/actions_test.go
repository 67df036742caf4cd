package argocd_test

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/argoproj/argo-cd/v3/pkg/apiclient/application"
	"github.com/argoproj/argo-cd/v3/util/lua"
	jsonpatch "github.com/evanphx/json-patch"
	"github.com/stretchr/testify/require"
)

const actionable = "testdata"

// offer is a row of testdata/expected.yaml.
type offer struct {
	Object  string            `json:"object"`
	Reason  string            `json:"reason"`
	Offers  map[string]bool   `json:"offers"`
	Titles  map[string]string `json:"titles"`
	Actions []struct {
		Name        string             `json:"name"`
		Params      map[string]string  `json:"params"`
		Annotations map[string]*string `json:"annotations"`
	} `json:"actions"`
}

// TestActions looks at the patches that Argo CD sends.
func TestActions(t *testing.T) {
	t.Parallel()

	overrides, err := configured(t, "actions").GetResourceOverrides()
	require.NoError(t, err)
	vm := lua.VM{ResourceOverrides: overrides}
	time := regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`)

	for _, row := range expected[offer](t, actionable) {
		for _, try := range row.Actions {
			t.Run(row.Object+"/"+try.Name, func(t *testing.T) {
				t.Parallel()

				object := load(t, filepath.Join(actionable, row.Object))
				action, err := vm.GetResourceAction(object, try.Name)
				require.NoError(t, err)

				params := make([]*application.ResourceActionParameters, 0, len(try.Params))
				for name, value := range try.Params {
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
				want, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": try.Annotations}})
				require.NoError(t, err)
				require.JSONEq(t, string(want), time.ReplaceAllString(string(patch), "<now>"))
			})
		}
	}
}

func TestRefusedActions(t *testing.T) {
	t.Parallel()

	overrides, err := configured(t, "actions").GetResourceOverrides()
	require.NoError(t, err)
	vm := lua.VM{ResourceOverrides: overrides}

	suspended := load(t, filepath.Join(actionable, "suspended.yaml"))
	action, err := vm.GetResourceAction(suspended, "approve")
	require.NoError(t, err)
	_, err = vm.ExecuteResourceAction(suspended, action.ActionLua, nil)
	require.ErrorContains(t, err, "0 steps await a decision: name one", "the user is told why")
}

func TestDiscovery(t *testing.T) {
	t.Parallel()

	overrides, err := configured(t, "actions").GetResourceOverrides()
	require.NoError(t, err)
	vm := lua.VM{ResourceOverrides: overrides}

	for _, row := range expected[offer](t, actionable) {
		object := load(t, filepath.Join(actionable, row.Object))
		scripts, err := vm.GetResourceActionDiscovery(object)
		require.NoError(t, err)
		actions, err := vm.ExecuteResourceActionDiscovery(object, scripts)
		require.NoError(t, err)

		is, titles := map[string]bool{}, map[string]string{}
		for _, action := range actions {
			is[action.Name] = !action.Disabled
			titles[action.Name] = action.DisplayName
			require.NotEmpty(t, action.DisplayName)
		}
		require.Equal(t, row.Offers, is, row.Reason)
		for action, title := range row.Titles {
			require.Equal(t, title, titles[action], row.Reason)
		}
	}
}
