package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http/httptrace"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/fluxcd/pkg/http/fetch"
)

const (
	// maxArtifact is how large an artifact may be, packed, and those of its files that
	// count, in bytes.
	maxArtifact = 64 << 20
	// answerTime is how long nothing at all may come of one, for a worker waits.
	answerTime = 15 * time.Second
	// fetchTime is how long it may take to fetch one.
	fetchTime = time.Minute
)

var errTooLarge = fmt.Errorf("the files are larger than %d MiB", maxArtifact>>20)

// download fetches an artifact into a directory. Its error says who failed at which
// address.
func download(ctx context.Context, server, address, digest, directory string, answer time.Duration) error {
	fetching, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	var answered atomic.Bool
	silence, stop := context.WithTimeout(ctx, answer)
	defer stop()
	context.AfterFunc(silence, func() {
		if !answered.Load() {
			cancel()
		}
	})
	fetching = httptrace.WithClientTrace(fetching, &httptrace.ClientTrace{GotFirstResponseByte: func() { answered.Store(true) }})
	err := fetch.New(fetch.WithUntar(), fetch.WithMaxDownloadSize(maxArtifact), fetch.WithRetries(0)).FetchWithContext(fetching, address, digest, directory)
	if short, ok := errors.AsType[*url.Error](err); ok {
		err = short.Err
	}
	switch {
	case err == nil:
		return nil
	case answered.Load() && fetching.Err() != nil:
		return fmt.Errorf("%s did not get done at %s within %s", server, address, fetchTime)
	case answered.Load() && errors.Is(err, fetch.ErrFileNotFound):
		return fmt.Errorf("%s has nothing at %s", server, address)
	case answered.Load():
		return fmt.Errorf("%s, at %s: %w", server, address, err)
	case fetching.Err() != nil:
		return fmt.Errorf("%s did not answer at %s within %s: does a NetworkPolicy forbid it?", server, address, answer)
	default:
		return fmt.Errorf("%s did not answer at %s: %w", server, address, err)
	}
}

// filesOf are the files in a directory below another.
func filesOf(directory, below string) (map[string][]byte, error) {
	root, err := os.OpenRoot(directory) // what a path or a link says stays within
	if err != nil {
		return nil, err
	}
	defer root.Close()
	files, size := map[string][]byte{}, 0
	start := filepath.Clean(filepath.FromSlash(below))
	err = fs.WalkDir(root.FS(), filepath.ToSlash(start), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := root.ReadFile(filepath.FromSlash(path))
		if err != nil {
			return err
		}
		if size += len(content); size > maxArtifact {
			return errTooLarge
		}
		name, err := filepath.Rel(start, filepath.FromSlash(path))
		files[filepath.ToSlash(name)] = content
		return err
	})
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return nil, nil
	}
	return files, err
}
