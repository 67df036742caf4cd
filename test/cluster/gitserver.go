package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cgi"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// maxPush bounds a push whose length the client does not announce, in bytes.
const maxPush = 256 << 20

var repositoryName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// GitServer serves git repositories over HTTP on 127.0.0.1, for reading and
// pushing, to everybody who can reach the port.
type GitServer struct {
	// URL of the server. A repository's URL is URL/<name>.git.
	URL string

	dir    string
	git    git
	server *http.Server
	served chan error
}

// NewGitServer starts a server whose repositories live under dir. It needs the
// git command with its http-backend, and reads no git configuration but the
// repositories' own.
func NewGitServer(dir string) (*GitServer, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	home := filepath.Join(dir, "home")
	if err := os.MkdirAll(home, 0o755); err != nil {
		return nil, err
	}
	g, err := newGit(home)
	if err != nil {
		return nil, err
	}
	execPath, err := g.run(context.Background(), dir, "--exec-path")
	if err != nil {
		return nil, err
	}
	backend := filepath.Join(execPath, "git-http-backend")
	if _, err := os.Stat(backend); err != nil {
		return nil, fmt.Errorf("git comes without its HTTP server: %w", err)
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return nil, err
	}
	root := filepath.Join(dir, "repositories")
	if err := os.MkdirAll(root, 0o755); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	handler := withLength(&cgi.Handler{
		Path: backend,
		Dir:  root,
		Env:  append(g.env, "GIT_PROJECT_ROOT="+root, "GIT_HTTP_EXPORT_ALL=1"),
	})
	s := &GitServer{
		URL:    "http://" + listener.Addr().String(),
		dir:    dir,
		git:    g,
		server: &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second},
		served: make(chan error, 1),
	}
	go func() { s.served <- s.server.Serve(listener) }()
	return s, nil
}

// Close ends the server; the repositories stay on disk.
func (s *GitServer) Close() error {
	err := s.server.Close()
	if served := <-s.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	s.served <- http.ErrServerClosed // for a second Close
	return err
}

// CreateRepository makes an empty repository with a first branch main, and a
// work tree to commit from.
func (s *GitServer) CreateRepository(ctx context.Context, name string) (*Repository, error) {
	if !repositoryName.MatchString(name) || strings.HasSuffix(name, ".git") {
		return nil, fmt.Errorf("%q is no repository name: letters, digits, dots, dashes, without .git", name)
	}
	bare := filepath.Join(s.dir, "repositories", name+".git")
	if _, err := os.Stat(bare); err == nil {
		return nil, fmt.Errorf("repository %s exists already", name)
	}
	if _, err := s.git.run(ctx, s.dir, "init", "--quiet", "--bare", "--initial-branch=main", bare); err != nil {
		return nil, err
	}
	for _, setting := range [][2]string{
		{"http.receivepack", "true"}, // anonymous pushes are off by default
		{"receive.autogc", "false"},  // would run on after the push
	} {
		if _, err := s.git.run(ctx, bare, "config", setting[0], setting[1]); err != nil {
			return nil, err
		}
	}
	r := &Repository{URL: s.URL + "/" + name + ".git", git: s.git, work: filepath.Join(s.dir, "work", name)}
	if _, err := s.git.run(ctx, s.dir, "clone", "--quiet", r.URL, r.work); err != nil {
		return nil, err
	}
	return r, nil
}

// withLength gives requests of unknown length one, which CGI needs: git sends
// larger packs in chunks.
func withLength(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength < 0 {
			body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPush))
			if err != nil {
				http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			r.ContentLength, r.TransferEncoding = int64(len(body)), nil
		}
		next.ServeHTTP(w, r)
	})
}
