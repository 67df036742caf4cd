package bench

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Overlay is the directory of the example that Flux applies.
const Overlay = "./overlays/demo"

// Example is examples/plain-kinds, the repository of a user.
func (b *Bench) Example() fs.FS {
	return os.DirFS(filepath.Join(b.Root, "examples", "plain-kinds"))
}

// Edit pushes a file of the example with one change in it, and returns the
// commit. The old text must stand in the file exactly once.
func (b *Bench) Edit(ctx context.Context, message, path, old, changed string) (commit string, err error) {
	content, err := fs.ReadFile(b.Example(), path)
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(content), old); n != 1 {
		return "", fmt.Errorf("%q stands %d times in %s of the example, and is to stand there once", old, n, path)
	}
	return b.Repository.Commit(ctx, message, map[string]string{path: strings.Replace(string(content), old, changed, 1)})
}
