package bench

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// ExampleName is the directory of the example, as seen from the checkout.
func (b *Bench) ExampleName() string { return path.Join("examples", cmp.Or(b.example, usualExample)) }

// Example is the repository of a user.
func (b *Bench) Example() fs.FS {
	return os.DirFS(filepath.Join(b.Root, filepath.FromSlash(b.ExampleName())))
}

// Edit pushes a file of the example with one change in it, and returns the
// commit. The old text must stand in the file exactly once.
func (b *Bench) Edit(ctx context.Context, message, file, old, changed string) (commit string, err error) {
	content, err := fs.ReadFile(b.Example(), file)
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(content), old); n != 1 {
		return "", fmt.Errorf("%q stands %d times in %s of the example, and is to stand there once", old, n, file)
	}
	return b.Repository.Commit(ctx, message, map[string]string{file: strings.Replace(string(content), old, changed, 1)})
}
