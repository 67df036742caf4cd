package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const components = "../../../kustomize/components"

func TestComponentsAreFresh(t *testing.T) {
	t.Parallel()

	all, err := files()
	require.NoError(t, err)

	for name, want := range all {
		is, err := os.ReadFile(filepath.Join(components, name))
		require.NoError(t, err)
		require.Equal(t, string(want), string(is), "%s: run make generate", name)
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()

	directory := t.TempDir()
	require.Error(t, write(directory), "the directories of the components are not made here")

	for _, name := range []string{"argocd/health", "argocd/actions", "argocd/ack", "argocd/wildcard", "flux/ack"} {
		require.NoError(t, os.MkdirAll(filepath.Join(directory, name), 0o700))
	}

	require.NoError(t, write(directory))
	is, err := os.ReadFile(filepath.Join(directory, "argocd/health/argocd-cm.yaml"))
	require.NoError(t, err)
	require.Contains(t, string(is), made)
}
