package cluster

import (
	"crypto/rand"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func gitServer(t *testing.T) *GitServer {
	t.Helper()
	server, err := NewGitServer(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	return server
}

// cloned are the files of a fresh clone over HTTP, made by a git command that
// knows nothing of the server's.
func cloned(t *testing.T, url string) (files map[string]string, head string) {
	t.Helper()
	dir := t.TempDir()
	g, err := newGit(dir)
	require.NoError(t, err)
	_, err = g.run(t.Context(), dir, "clone", "--quiet", url, "clone")
	require.NoError(t, err)
	head, err = g.run(t.Context(), filepath.Join(dir, "clone"), "rev-parse", "HEAD")
	require.NoError(t, err)
	files = map[string]string{}
	root := filepath.Join(dir, "clone")
	require.NoError(t, filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		require.NoError(t, err)
		if entry.IsDir() && entry.Name() == ".git" {
			return filepath.SkipDir
		}
		if !entry.IsDir() {
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			name, err := filepath.Rel(root, path)
			require.NoError(t, err)
			files[filepath.ToSlash(name)] = string(content)
		}
		return nil
	}))
	return files, head
}

func TestRepository(t *testing.T) {
	ctx := t.Context()
	repository, err := gitServer(t).CreateRepository(ctx, "ml")
	require.NoError(t, err)
	var second, told string
	repository.Pushed = func(commit string) { told = commit }
	for _, step := range []struct {
		reason string
		act    func() (string, error)
		want   map[string]string
	}{
		{"a first tree", func() (string, error) {
			return repository.CommitTree(ctx, "first", fstest.MapFS{
				"base/a.yaml": {Data: []byte("a")}, "b.yaml": {Data: []byte("b")}, ".gitignore": {Data: []byte("c.yaml")},
			})
		}, map[string]string{"base/a.yaml": "a", "b.yaml": "b", ".gitignore": "c.yaml"}},
		{"files are added and changed, ignored ones too", func() (string, error) {
			hash, err := repository.Commit(ctx, "second", map[string]string{"base/a.yaml": "a2", "c.yaml": "c"})
			second = hash
			return hash, err
		}, map[string]string{"base/a.yaml": "a2", "b.yaml": "b", "c.yaml": "c", ".gitignore": "c.yaml"}},
		{"a revert undoes one commit", func() (string, error) {
			return repository.Revert(ctx, second)
		}, map[string]string{"base/a.yaml": "a", "b.yaml": "b", ".gitignore": "c.yaml"}},
		{"a directory is removed", func() (string, error) {
			return repository.Remove(ctx, "third", "base", ".gitignore")
		}, map[string]string{"b.yaml": "b"}},
		{"a tree replaces all", func() (string, error) {
			return repository.CommitTree(ctx, "fourth", fstest.MapFS{"d.yaml": {Data: []byte("d")}})
		}, map[string]string{"d.yaml": "d"}},
	} {
		hash, err := step.act()
		require.NoError(t, err, step.reason)
		files, head := cloned(t, repository.URL)
		require.Equal(t, step.want, files, step.reason)
		require.Equal(t, head, hash, step.reason)
		require.Equal(t, head, told, step.reason)
	}
}

func TestPushesThatAreLarge(t *testing.T) {
	noise := make([]byte, 3<<20)
	_, err := rand.Read(noise)
	require.NoError(t, err)
	content := hex.EncodeToString(noise)
	repository, err := gitServer(t).CreateRepository(t.Context(), "large")
	require.NoError(t, err)
	_, err = repository.Commit(t.Context(), "large", map[string]string{"noise": content})
	require.NoError(t, err, "beyond 1 MiB git sends chunks")
	files, _ := cloned(t, repository.URL)
	require.Equal(t, content, files["noise"])
}

func TestPushOfSomebodyElse(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	repository, err := gitServer(t).CreateRepository(ctx, "shared")
	require.NoError(t, err)
	_, err = repository.Commit(ctx, "ours", map[string]string{"ours": "1"})
	require.NoError(t, err)
	g, err := newGit(dir)
	require.NoError(t, err)
	clone := filepath.Join(dir, "clone")
	for _, args := range [][]string{
		{"-C", dir, "clone", "--quiet", repository.URL, clone},
		{"mv", "ours", "theirs"},
		{"commit", "--quiet", "--message=theirs"},
		{"push", "--quiet"},
	} {
		if args[0] != "-C" {
			args = append([]string{"-C", clone}, args...)
		}
		_, err := g.run(ctx, dir, args...)
		require.NoError(t, err)
	}
	_, err = repository.Commit(ctx, "ours again", map[string]string{"ours": "2"})
	require.NoError(t, err)
	files, _ := cloned(t, repository.URL)
	require.Equal(t, map[string]string{"ours": "2", "theirs": "1"}, files)
}

func TestAmbientGitConfigurationIsNotRead(t *testing.T) {
	home := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(home, ".gitconfig"), []byte("[broken"), 0o600))
	t.Setenv("HOME", home)
	t.Setenv("GIT_CONFIG_GLOBAL", filepath.Join(home, ".gitconfig"))
	t.Setenv("GIT_DIR", "/nowhere")
	t.Setenv("GIT_AUTHOR_DATE", "nonsense")
	t.Setenv("http_proxy", "http://127.0.0.1:1")
	require.Error(t, exec.Command("git", "status").Run(), "git heeds this configuration otherwise")
	repository, err := gitServer(t).CreateRepository(t.Context(), "ml")
	require.NoError(t, err)
	_, err = repository.Commit(t.Context(), "first", map[string]string{"a": "a"})
	require.NoError(t, err)
}

func TestGitErrors(t *testing.T) {
	ctx := t.Context()
	server := gitServer(t)
	repository, err := server.CreateRepository(ctx, "ml")
	require.NoError(t, err)
	first, err := repository.Commit(ctx, "first", map[string]string{"a": "a"})
	require.NoError(t, err)
	for _, test := range []struct {
		reason string
		act    func() error
		want   string
	}{
		{"the same name again", func() error { _, err := server.CreateRepository(ctx, "ml"); return err }, "exists already"},
		{"a name with a path", func() error { _, err := server.CreateRepository(ctx, "../ml"); return err }, "is no repository name"},
		{"a commit without a change", func() error {
			_, err := repository.Commit(ctx, "same", map[string]string{"a": "a"})
			return err
		}, "nothing to commit"},
		{"a path out of the tree", func() error {
			_, err := repository.Commit(ctx, "out", map[string]string{"../a": "a"})
			return err
		}, "is no path of a file"},
		{"git's own files", func() error {
			_, err := repository.Commit(ctx, "own", map[string]string{".git/config": "a"})
			return err
		}, "is no path of a file"},
		{"an unknown commit", func() error { _, err := repository.Revert(ctx, "feedface"); return err }, "git revert"},
		{"a file that is not there", func() error { _, err := repository.Remove(ctx, "x", "b"); return err }, "did not match any files"},
	} {
		require.ErrorContains(t, test.act(), test.want, test.reason)
	}
	_, head := cloned(t, repository.URL)
	require.Equal(t, first, head, "nothing of it was pushed")
}
