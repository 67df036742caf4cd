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
	for _, test := range []struct {
		reason string
		files  []string
		want   []string
	}{
		{"logs are kept, and nothing else", []string{"controller.log", "etcd/member/wal", "kubeconfig"}, []string{"controller.log"}},
		{"a directory without logs goes", []string{"sagemaker-gitops"}, nil},
	} {
		dir := filepath.Join(t.TempDir(), "demo")
		for _, file := range test.files {
			path := filepath.Join(dir, file)
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
			require.NoError(t, os.WriteFile(path, nil, 0o600))
		}
		logs, err := keepLogs(dir)
		require.NoError(t, err, test.reason)
		if test.want == nil {
			require.Empty(t, logs, test.reason)
			require.NoDirExists(t, dir, test.reason)
			continue
		}
		require.Equal(t, filepath.Join(dir, "*.log"), logs, test.reason)
		left, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Len(t, left, len(test.want), test.reason)
		for i, entry := range left {
			require.Equal(t, test.want[i], entry.Name(), test.reason)
		}
	}
}

// TestOnBench: what becomes of the directory when the story does not end well.
func TestOnBench(t *testing.T) {
	t.Setenv(cluster.AssetsEnv, t.TempDir()) // no bench starts: there is no etcd
	for _, test := range []struct {
		reason      string
		interrupted bool
		want        string
	}{
		{"a bench that does not start says why", false, cluster.AssetsEnv},
		{"what is interrupted does not go on", true, "canceled"},
	} {
		t.Setenv("TMPDIR", t.TempDir())
		ctx, cancel := context.WithCancel(t.Context())
		if test.interrupted {
			cancel()
		}
		err := onBench(ctx, story.NewLog(io.Discard), func(context.Context, *bench.Bench, *story.Log) error {
			t.Error("the story is told without a bench")
			return nil
		})
		cancel()
		require.ErrorContains(t, err, test.want, test.reason)
		left, err := os.ReadDir(os.TempDir())
		require.NoError(t, err)
		require.Empty(t, left, test.reason)
	}
}
