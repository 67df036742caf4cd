package cluster

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

const (
	lockPoll      = 200 * time.Millisecond
	stagingPrefix = "building-"
)

// ensure returns the paths of the targets' executables by name and builds
// those that the cache lacks.
func ensure(ctx context.Context, log io.Writer, targets ...target) (map[string]string, error) {
	if err := supported(); err != nil {
		return nil, err
	}
	paths := make(map[string]string, len(targets))
	if len(targets) == 0 {
		return paths, nil
	}
	root, err := repositoryRoot()
	if err != nil {
		return nil, err
	}
	cache, err := binaryCache()
	if err != nil {
		return nil, err
	}
	recipes := make([]recipe, 0, len(targets))
	for _, t := range targets {
		r, err := t.recipe(root)
		if err != nil {
			return nil, err
		}
		recipes = append(recipes, r)
		paths[t.name] = r.executable(cache)
	}
	if len(absent(recipes, cache)) == 0 {
		return paths, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return nil, err
	}
	unlock, err := lockCache(ctx, log, cache)
	if err != nil {
		return nil, err
	}
	defer unlock()
	todo := absent(recipes, cache) // another process may have built them meanwhile
	if len(todo) == 0 {
		return paths, nil
	}
	tool, err := newToolchain(ctx, cache, log)
	if err != nil {
		return nil, err
	}
	if err := tool.checkDisk(todo); err != nil {
		return nil, err
	}
	if err := removeStaging(cache); err != nil {
		return nil, err
	}
	defer tool.prefetch(ctx, todo[1:])()
	for i, r := range todo {
		if err := tool.build(ctx, r, i+1, len(todo)); err != nil {
			return nil, fmt.Errorf("build %s %s: %w", r.name, r.version, err)
		}
	}
	return paths, nil
}

func absent(recipes []recipe, cache string) []recipe {
	var todo []recipe
	for _, r := range recipes {
		if _, err := os.Stat(r.executable(cache)); err != nil {
			todo = append(todo, r)
		}
	}
	return todo
}

// removeStaging clears what a killed build left. The caller holds the lock.
func removeStaging(cache string) error {
	left, err := filepath.Glob(filepath.Join(cache, stagingPrefix+"*"))
	if err != nil {
		return err
	}
	for _, dir := range left {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	return nil
}

// binaryCache is $XDG_CACHE_HOME/sagemaker-gitops/bench, ~/.cache by default.
func binaryCache() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no place to keep the built programs: %w", err)
	}
	return filepath.Join(dir, "sagemaker-gitops", "bench"), nil
}

// lockCache waits until this process alone may build into the cache. The
// kernel drops the lock with the process, so a crash leaves nothing locked.
func lockCache(ctx context.Context, log io.Writer, cache string) (unlock func(), err error) {
	file, err := os.OpenFile(filepath.Join(cache, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	ticker := time.NewTicker(lockPoll)
	defer ticker.Stop()
	for said := false; ; {
		free, err := tryLock(file)
		if err != nil {
			_ = file.Close()
			return nil, fmt.Errorf("lock %s: %w", file.Name(), err)
		}
		if free {
			return func() { _ = file.Close() }, nil
		}
		if !said {
			fmt.Fprintln(log, "cluster: another process is building the bench's programs, waiting for it")
			said = true
		}
		select {
		case <-ctx.Done():
			_ = file.Close()
			return nil, fmt.Errorf("wait for another build: %w", ctx.Err())
		case <-ticker.C:
		}
	}
}
