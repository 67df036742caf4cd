package cluster

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Repository is a repository of a [GitServer] with a work tree on branch main.
// Each of its methods makes one commit on what the server has, pushes it over
// HTTP as a user would, and returns the commit's hash. A commit that would
// change nothing is an error. It is for one goroutine at a time.
type Repository struct {
	// URL to clone from and push to.
	URL string
	// Pushed is told of each commit when git push has returned. Nil means nobody is.
	Pushed func(commit string)

	git  git
	work string
}

// Commit writes the files, given by slash-separated path, and leaves the
// others as they are.
func (r *Repository) Commit(ctx context.Context, message string, files map[string]string) (hash string, err error) {
	if err := r.sync(ctx); err != nil {
		return "", err
	}
	for path, content := range files {
		if err := r.write(path, []byte(content)); err != nil {
			return "", err
		}
	}
	return r.push(ctx, message)
}

// CommitTree makes the repository hold exactly the tree's files.
func (r *Repository) CommitTree(ctx context.Context, message string, tree fs.FS) (hash string, err error) {
	if err := r.sync(ctx); err != nil {
		return "", err
	}
	if _, err := r.git.run(ctx, r.work, "rm", "-r", "--quiet", "--ignore-unmatch", "."); err != nil {
		return "", err
	}
	err = fs.WalkDir(tree, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(tree, path)
		if err != nil {
			return err
		}
		return r.write(path, content)
	})
	if err != nil {
		return "", err
	}
	return r.push(ctx, message)
}

// Remove deletes files and directories, given by slash-separated path.
func (r *Repository) Remove(ctx context.Context, message string, paths ...string) (hash string, err error) {
	if err := r.sync(ctx); err != nil {
		return "", err
	}
	args := append([]string{"rm", "-r", "--quiet", "--"}, paths...)
	if _, err := r.git.run(ctx, r.work, args...); err != nil {
		return "", err
	}
	return r.push(ctx, message)
}

// Revert undoes one commit, as git revert does.
func (r *Repository) Revert(ctx context.Context, commit string) (hash string, err error) {
	if err := r.sync(ctx); err != nil {
		return "", err
	}
	if _, err := r.git.run(ctx, r.work, "revert", "--no-edit", commit); err != nil {
		return "", err
	}
	return r.pushHead(ctx)
}

// sync makes the work tree what the server has, so that neither somebody
// else's push nor an operation of ours that failed stands in the way.
func (r *Repository) sync(ctx context.Context) error {
	if _, err := r.git.run(ctx, r.work, "fetch", "--quiet", "origin"); err != nil {
		return err
	}
	branches, err := r.git.run(ctx, r.work, "branch", "--remotes", "--list", "origin/main")
	if err != nil {
		return err
	}
	if branches != "" {
		if _, err := r.git.run(ctx, r.work, "reset", "--quiet", "--hard", "origin/main"); err != nil {
			return err
		}
	}
	_, err = r.git.run(ctx, r.work, "clean", "-ffdxq")
	return err
}

func (r *Repository) write(path string, content []byte) error {
	if !fs.ValidPath(path) || path == "." || path == ".git" || strings.HasPrefix(path, ".git/") {
		return fmt.Errorf("%q is no path of a file in a repository", path)
	}
	file := filepath.Join(r.work, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, content, 0o644)
}

func (r *Repository) push(ctx context.Context, message string) (string, error) {
	if _, err := r.git.run(ctx, r.work, "add", "--all", "--force"); err != nil {
		return "", err
	}
	if _, err := r.git.run(ctx, r.work, "commit", "--quiet", "--message="+message); err != nil {
		return "", err
	}
	return r.pushHead(ctx)
}

func (r *Repository) pushHead(ctx context.Context) (string, error) {
	commit, err := r.git.run(ctx, r.work, "rev-parse", "HEAD")
	if err != nil {
		return "", err
	}
	if _, err := r.git.run(ctx, r.work, "push", "--quiet", "origin", "main"); err != nil {
		return "", err
	}
	if r.Pushed != nil {
		r.Pushed(commit)
	}
	return commit, nil
}

// git runs the git command in an environment of its own.
type git struct {
	path string
	env  []string
}

func newGit(home string) (git, error) {
	path, err := exec.LookPath("git")
	if err != nil {
		return git{}, fmt.Errorf("the bench needs the git command: %w", err)
	}
	return git{path, []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + home,
		"GIT_CONFIG_GLOBAL=" + os.DevNull,
		"GIT_CONFIG_NOSYSTEM=1",
		"GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=bench", "GIT_AUTHOR_EMAIL=bench@example.com",
		"GIT_COMMITTER_NAME=bench", "GIT_COMMITTER_EMAIL=bench@example.com",
		// A clean-up in the background would outlive the command.
		"GIT_CONFIG_COUNT=2",
		"GIT_CONFIG_KEY_0=gc.auto", "GIT_CONFIG_VALUE_0=0",
		"GIT_CONFIG_KEY_1=maintenance.auto", "GIT_CONFIG_VALUE_1=false",
	}}, nil
}

// run returns the command's trimmed standard output.
func (g git) run(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, g.path, args...)
	cmd.Dir, cmd.Env = dir, g.env
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(complaint.String()+string(out)))
	}
	return strings.TrimSpace(string(out)), nil
}
