package argocd_test

import (
	"path/filepath"
	"testing"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/health"
	"github.com/argoproj/argo-cd/v3/util/lua"
	"github.com/stretchr/testify/require"
)

// verdict is a row of an expected.yaml.
type verdict struct {
	Object  string                  `json:"object"`
	Reason  string                  `json:"reason"`
	Argo    health.HealthStatusCode `json:"argo"`
	Message string                  `json:"message"`
}

func TestHealth(t *testing.T) {
	t.Parallel()

	for name, parts := range map[string][]string{"a key for each kind": {"health", "ack"}, "wildcards": {"wildcard"}} {
		overrides, err := configured(t, parts...).GetResourceOverrides()
		require.NoError(t, err)
		judge := lua.ResourceHealthOverrides(overrides)

		for _, directory := range []string{ours, acks} {
			for _, row := range expected[verdict](t, directory) {
				t.Run(name+"/"+row.Object, func(t *testing.T) {
					t.Parallel()

					object := load(t, filepath.Join(directory, row.Object))
					is, err := judge.GetResourceHealth(object)
					require.NoError(t, err)
					require.Equal(t, &health.HealthStatus{Status: row.Argo, Message: row.Message}, is, row.Reason)

					// Of what is being deleted Argo CD has words of its own.
					is, err = health.GetResourceHealth(object, judge)
					require.NoError(t, err)
					require.Equal(t, row.Argo, is.Status, row.Reason)
				})
			}
		}
	}
}

// TestWithout shows why: by itself this version of Argo CD has no opinion of them.
func TestWithout(t *testing.T) {
	t.Parallel()

	for _, file := range []string{filepath.Join(ours, "failed.yaml"), filepath.Join(acks, "training-failed.yaml")} {
		is, err := health.GetResourceHealth(load(t, file), lua.ResourceHealthOverrides{})
		require.NoError(t, err)
		require.Nil(t, is, "and so nothing waits for it")
	}
}
