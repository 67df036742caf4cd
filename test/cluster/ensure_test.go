package cluster

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var hello = target{
	name: "hello", dir: "hello", module: "example.com/hello", pkg: "example.com/hello", disk: 1 << 20, copies: fluxCRDs,
}

// helloRepository is a repository with a nested module for a small program. It
// becomes the working directory, with an empty cache of binaries.
func helloRepository(t *testing.T) (moduleDir, cache string) {
	t.Helper()
	out, err := exec.Command("go", "env", "GOCACHE").Output()
	require.NoError(t, err)
	t.Setenv("GOCACHE", strings.TrimSpace(string(out))) // lies below the cache directory by default
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	root := t.TempDir()
	moduleDir = filepath.Join(root, "test", "cluster", "modules", "hello")
	write(t, filepath.Join(root, "go.mod"), "module "+rootModule+"\n")
	write(t, filepath.Join(moduleDir, "go.mod"), "module example.com/nested\n\ngo 1.26.0\n\n"+
		"require example.com/hello v1.2.3\n\nreplace example.com/hello v1.2.3 => ./hello\n")
	write(t, filepath.Join(moduleDir, "go.sum"), "")
	write(t, filepath.Join(moduleDir, "hello", "go.mod"), "module example.com/hello\n\ngo 1.26.0\n")
	write(t, filepath.Join(moduleDir, "hello", "main.go"), "package main\n\nfunc main() { println(\"hello\") }\n")
	write(t, filepath.Join(moduleDir, "hello", "config", "crd", "bases", "a.yaml"), "kind: A\n")
	t.Chdir(filepath.Join(root, "test"))
	cache, err = binaryCache()
	require.NoError(t, err)
	return moduleDir, cache
}

func write(t *testing.T, path, content string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

func TestEnsureBuildsOnce(t *testing.T) {
	moduleDir, cache := helloRepository(t)
	t.Setenv("GOFLAGS", "-tags=nonsense -mod=nonsense")
	t.Setenv("GOOS", "plan9")
	write(t, filepath.Join(cache, stagingPrefix+"killed", "hello"), "half a program")
	var log bytes.Buffer
	paths, err := ensure(t.Context(), &log, hello)
	require.NoError(t, err)
	require.Contains(t, log.String(), "cluster: building hello v1.2.3 (1 of 1)\n")
	out, err := exec.Command(paths["hello"]).CombinedOutput()
	require.NoError(t, err)
	require.Equal(t, "hello\n", string(out))
	require.FileExists(t, filepath.Join(beside(paths["hello"], crdsDir), "a.yaml"))
	require.NoDirExists(t, filepath.Join(cache, stagingPrefix+"killed"), "what a killed build left is cleared")

	log.Reset()
	again, err := ensure(t.Context(), &log, hello)
	require.NoError(t, err)
	require.Equal(t, paths, again)
	require.Empty(t, log.String(), "nothing is built twice")

	write(t, filepath.Join(moduleDir, "go.sum"), "\n")
	changed, err := ensure(t.Context(), &log, hello)
	require.NoError(t, err)
	require.NotEqual(t, paths, changed, "a change of the module's files builds anew")
	require.FileExists(t, changed["hello"])

	write(t, filepath.Join(moduleDir, "doc.go"), "package nested\n")
	code, err := ensure(t.Context(), &log, hello)
	require.NoError(t, err)
	require.NotEqual(t, changed, code, "its code is among them")
}

func TestEnsureFromManySides(t *testing.T) {
	helloRepository(t)
	var log lockedBuffer
	var group sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		group.Go(func() { _, errs[i] = ensure(t.Context(), &log, hello) })
	}
	group.Wait()
	require.NoError(t, errors.Join(errs...))
	require.Equal(t, 1, strings.Count(log.String(), "cluster: building hello"), log.String())
}

type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func TestEnsureWaitsForAnotherProcess(t *testing.T) {
	_, cache := helloRepository(t)
	write(t, filepath.Join(cache, "lock"), "")
	other, err := os.Open(filepath.Join(cache, "lock"))
	require.NoError(t, err)
	defer other.Close()
	locked, err := tryLock(other)
	require.NoError(t, err)
	require.True(t, locked)
	ctx, cancel := context.WithTimeout(t.Context(), 2*lockPoll)
	defer cancel()
	var log bytes.Buffer
	_, err = ensure(ctx, &log, hello)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, "cluster: another process is building the bench's programs, waiting for it\n", log.String())
}

func TestEnsureErrors(t *testing.T) {
	for _, test := range []struct {
		reason  string
		prepare func(t *testing.T, moduleDir string, h *target)
		want    []string
	}{
		{"a build that fails shows its last lines", func(t *testing.T, moduleDir string, _ *target) {
			t.Helper()
			write(t, filepath.Join(moduleDir, "hello", "main.go"), "package main\n\nfunc main() { nonsense }\n")
		}, []string{"build hello v1.2.3", "undefined: nonsense"}},
		{"a disk that is too small", func(_ *testing.T, _ string, h *target) { h.disk = 1 << 60 }, []string{"building the bench's programs needs 1152921504.6 GB free under ", ", where ", " GB are left"}},
		{"a module that does not pin the program", func(_ *testing.T, _ string, h *target) {
			h.module = "example.com/hell"
		}, []string{"does not require example.com/hell"}},
		{"a module without checksums", func(t *testing.T, moduleDir string, _ *target) {
			t.Helper()
			require.NoError(t, os.Remove(filepath.Join(moduleDir, "go.sum")))
		}, []string{"module for hello", "go.sum"}},
		{"definitions that are missing", func(t *testing.T, moduleDir string, _ *target) {
			t.Helper()
			require.NoError(t, os.RemoveAll(filepath.Join(moduleDir, "hello", "config")))
		}, []string{"no file is called ", "config/crd/bases/*.yaml"}},
		{"no go command", func(t *testing.T, _ string, _ *target) {
			t.Helper()
			t.Setenv("PATH", t.TempDir())
		}, []string{"built with the go command"}},
		{"outside of the repository", func(t *testing.T, _ string, _ *target) {
			t.Helper()
			t.Chdir(t.TempDir())
		}, []string{"is not inside a checkout of " + rootModule}},
	} {
		t.Run(test.reason, func(t *testing.T) {
			moduleDir, cache := helloRepository(t)
			h := hello
			test.prepare(t, moduleDir, &h)
			_, err := ensure(t.Context(), testWriter{t}, h)
			for _, want := range test.want {
				require.ErrorContains(t, err, want)
			}
			left, err := filepath.Glob(filepath.Join(cache, "*", "hello"))
			require.NoError(t, err)
			require.Empty(t, left, "no half-made entry")
		})
	}
}

func TestEnsureStopsWhenTold(t *testing.T) {
	_, cache := helloRepository(t)
	ctx, cancel := context.WithCancel(t.Context())
	tool, err := newToolchain(ctx, cache, testWriter{t})
	require.NoError(t, err)
	root, err := repositoryRoot()
	require.NoError(t, err)
	r, err := hello.recipe(root)
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(cache, 0o755))
	tool.goCommand = filepath.Join(t.TempDir(), "go")
	require.NoError(t, os.WriteFile(tool.goCommand, []byte("#!/bin/sh\nexec sleep 1000\n"), 0o755))
	timer := time.AfterFunc(poll, cancel)
	defer timer.Stop()
	require.ErrorIs(t, tool.build(ctx, r, 1, 1), context.Canceled)
	left, err := filepath.Glob(filepath.Join(cache, stagingPrefix+"*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestRecipes(t *testing.T) {
	root, err := repositoryRoot()
	require.NoError(t, err)
	keys := map[string]string{}
	for _, original := range append(controlPlaneTargets, sourceController, kustomizeController, argoCD) {
		r, err := original.recipe(root)
		require.NoError(t, err)
		require.Regexp(t, `^v\d+\.\d+\.\d+$`, r.version, original.name)
		require.NotContains(t, keys, r.key, "%s and %s share a key", original.name, keys[r.key])
		keys[r.key] = original.name

		same, err := original.recipe(root)
		require.NoError(t, err)
		require.Equal(t, r.key, same.key, "the key depends on its inputs alone")
		stamped := original
		stamped.stamp = func(string) []string { return []string{"-X a.b=c"} }
		other, err := stamped.recipe(root)
		require.NoError(t, err)
		require.NotEqual(t, r.key, other.key, "build flags are in the key")
	}
}

func TestKubernetesStamp(t *testing.T) {
	require.Subset(t, kubernetesStamp("v1.36.3"), []string{
		"-X k8s.io/component-base/version.gitVersion=v1.36.3",
		"-X k8s.io/component-base/version.gitMajor=1",
		"-X k8s.io/client-go/pkg/version.gitMinor=36",
	})
}
