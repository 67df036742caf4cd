package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const progressInterval = 10 * time.Second

// toolchain builds recipes with the go command into the cache.
type toolchain struct {
	goCommand  string
	cache      string
	buildCache string
	modCache   string
	env        []string
	log        io.Writer
}

func newToolchain(ctx context.Context, cache string, log io.Writer) (*toolchain, error) {
	goCommand, err := exec.LookPath("go")
	if err != nil {
		return nil, fmt.Errorf("the bench's programs are built with the go command: %w", err)
	}
	t := &toolchain{goCommand: goCommand, cache: cache, log: log}
	// What the cache key does not know must not reach the build.
	t.env = append(slices.DeleteFunc(os.Environ(), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return slices.Contains([]string{"GOFLAGS", "GOWORK", "GOOS", "GOARCH", "CGO_ENABLED", "GO111MODULE"}, name)
	}), "GOFLAGS=", "GOWORK=off", "CGO_ENABLED=0")
	out, err := t.output(ctx, "", "env", "GOCACHE", "GOMODCACHE")
	if err != nil {
		return nil, err
	}
	dirs := strings.Split(strings.TrimSpace(out), "\n")
	if len(dirs) != 2 {
		return nil, fmt.Errorf("go env GOCACHE GOMODCACHE answered %q", out)
	}
	t.buildCache, t.modCache = dirs[0], dirs[1]
	return t, nil
}

// checkDisk refuses to start a build that would fill a disk.
func (t *toolchain) checkDisk(todo []recipe) error {
	var need uint64
	for _, r := range todo {
		need += r.disk
	}
	for _, dir := range []string{t.buildCache, t.modCache, t.cache} {
		free, err := freeDisk(dir)
		if err != nil {
			return fmt.Errorf("free disk under %s: %w", dir, err)
		}
		if free < need {
			return fmt.Errorf("building the bench's programs needs %s free under %s, where %s are left",
				gigabytes(need), dir, gigabytes(free))
		}
	}
	return nil
}

func gigabytes(bytes uint64) string {
	return fmt.Sprintf("%.1f GB", float64(bytes)/1e9)
}

// build makes one executable and moves it into the cache in one step, so that
// a cache entry is whole or absent.
func (t *toolchain) build(ctx context.Context, r recipe, number, total int) error {
	staging, err := os.MkdirTemp(t.cache, stagingPrefix)
	if err != nil {
		return err
	}
	defer os.RemoveAll(staging)
	if err := os.Chmod(staging, 0o755); err != nil {
		return err
	}
	logPath := filepath.Join(t.cache, r.name+".log")
	args := slices.Concat([]string{"build"}, r.flags, []string{"-o", filepath.Join(staging, r.name), r.pkg})
	start := time.Now()
	step := fmt.Sprintf("building %s %s (%d of %d)", r.name, r.version, number, total)
	fmt.Fprintf(t.log, "cluster: %s\n", step)
	p, err := startProcess(r.name, t.goCommand, args, t.env, r.moduleDir, logPath)
	if err != nil {
		return err
	}
	defer p.stop()
	ticker := time.NewTicker(progressInterval)
	defer ticker.Stop()
	for running := true; running; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.done:
			running = false
		case <-ticker.C:
			fmt.Fprintf(t.log, "cluster: %s, %s so far\n", step, time.Since(start).Round(time.Second))
		}
	}
	if p.err != nil {
		return p.failure()
	}
	if len(r.copies) > 0 {
		if err := t.copyFiles(ctx, r, staging); err != nil {
			return err
		}
	}
	entry := filepath.Dir(r.executable(t.cache))
	if err := os.RemoveAll(entry); err != nil {
		return err
	}
	if err := os.Rename(staging, entry); err != nil {
		return err
	}
	fmt.Fprintf(t.log, "cluster: built %s %s in %s\n", r.name, r.version, time.Since(start).Round(time.Second))
	return nil
}

// prefetch downloads what later builds need while an earlier one keeps the
// processors busy, until stop is called. What it fails to get, the build asks for
// again, and tells.
func (t *toolchain) prefetch(ctx context.Context, later []recipe) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, r := range later {
			if _, err := t.output(ctx, r.moduleDir, slices.Concat([]string{"list", "-deps"}, r.flags, []string{r.pkg})...); err != nil {
				return
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// copyFiles takes what belongs to an executable from the module it was built from.
func (t *toolchain) copyFiles(ctx context.Context, r recipe, to string) error {
	module, err := t.output(ctx, r.moduleDir, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", r.module)
	if err != nil {
		return err
	}
	for dir, globs := range r.copies {
		if err := os.Mkdir(filepath.Join(to, dir), 0o755); err != nil {
			return err
		}
		for _, glob := range globs {
			from := filepath.Join(strings.TrimSpace(module), filepath.FromSlash(glob))
			if err := copyAll(from, filepath.Join(to, dir)); err != nil {
				return err
			}
		}
	}
	return nil
}

func copyAll(glob, to string) error {
	files, err := filepath.Glob(glob)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("no file is called %s", glob)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(file)), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (t *toolchain) output(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, t.goCommand, args...)
	cmd.Dir, cmd.Env = dir, t.env
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return "", fmt.Errorf("go %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(exit.Stderr)))
	}
	if err != nil {
		return "", fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
	}
	return string(out), nil
}
