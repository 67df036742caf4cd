package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/bench"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/cluster"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/demo/story"
)

func TestKeepLogs(t *testing.T) {
	dir := t.TempDir()
	for _, file := range []string{"controller.log", "etcd/member/wal", "kubeconfig"} {
		path := filepath.Join(dir, file)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, nil, 0o600))
	}
	require.NoError(t, keepLogs(dir))
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(dir, "controller.log")}, left)
}

// TestBenchThatDoesNotStart: no program is found, or nobody waits any more.
func TestBenchThatDoesNotStart(t *testing.T) {
	for _, test := range []struct {
		reason      string
		interrupted bool
		kept        int
	}{
		{"a failure tells where its logs are, and keeps them", false, 1},
		{"nobody looks at the logs of what was interrupted", true, 0},
	} {
		t.Run(test.reason, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			t.Setenv(cluster.AssetsEnv, t.TempDir())
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if test.interrupted {
				cancel()
			}
			err := onBench(ctx, story.NewLog(io.Discard), func(context.Context, *bench.Bench, *story.Log) error {
				return nil
			})
			require.Error(t, err)
			kept, globErr := filepath.Glob(filepath.Join(os.TempDir(), "sagemaker-gitops-demo-*"))
			require.NoError(t, globErr)
			require.Len(t, kept, test.kept)
			if !test.interrupted {
				require.ErrorContains(t, err, cluster.AssetsEnv)
				require.ErrorContains(t, err, "logs:     "+kept[0])
			}
		})
	}
}
