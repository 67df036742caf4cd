package cluster

import (
	"errors"
	"os"
	"path/filepath"
)

const tempPrefix = "sagemaker-gitops-cluster-"

// tempDir is a directory that its process holds locked, so that what a killed
// process left is told from what is in use.
type tempDir struct {
	path string
	lock *os.File
}

func newTempDir() (*tempDir, error) {
	removeAbandoned()
	path, err := os.MkdirTemp("", tempPrefix)
	if err != nil {
		return nil, err
	}
	lock, err := os.Create(filepath.Join(path, "locking"))
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(path))
	}
	d := &tempDir{path, lock}
	if _, err := tryLock(lock); err != nil {
		return nil, errors.Join(err, d.remove())
	}
	// Others see the file only once it is locked.
	if err := os.Rename(lock.Name(), filepath.Join(path, "lock")); err != nil {
		return nil, errors.Join(err, d.remove())
	}
	return d, nil
}

func (d *tempDir) remove() error {
	defer d.lock.Close()
	return os.RemoveAll(d.path)
}

// removeAbandoned clears the directories of killed processes, best effort:
// another user's cannot be removed. One without a lock file is just being made.
func removeAbandoned() {
	dirs, err := filepath.Glob(filepath.Join(os.TempDir(), tempPrefix+"*"))
	if err != nil {
		return
	}
	for _, dir := range dirs {
		lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR, 0)
		if err != nil {
			continue
		}
		if free, err := tryLock(lock); err == nil && free {
			_ = os.RemoveAll(dir)
		}
		_ = lock.Close()
	}
}
