package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

const (
	// startTimeout bounds each wait for a process on a machine that is busy
	// with other things; an idle one needs a few seconds.
	startTimeout = 2 * time.Minute
	// The bench's clients are not to be throttled by their own side.
	clientQPS, clientBurst = 1000, 2000
)

// Cluster is a running Kubernetes API with garbage collection, namespaces and
// service accounts, but no nodes: a Pod stays Pending.
type Cluster struct {
	// Config is for a cluster administrator. Copy it before changing it.
	Config *rest.Config
	// Kubeconfig is the path of a file that says the same as Config.
	Kubeconfig string
	// Dir holds the log file of every process, <name>.log.
	Dir string

	log      io.Writer
	existing string // context, when the cluster is not ours
	tempDir  *tempDir

	mu        sync.Mutex
	processes []*process // in the order of their start
}

// Start starts a cluster and returns when it serves, with its CRDs established
// and its default service account made. Missing programs are built first, see
// [Build]. Under [UseExistingEnv] it connects to an existing cluster instead.
// ctx bounds the start only: the cluster runs until Stop or the end of this
// process. When a process fails to start, the error has the end of its log.
func Start(ctx context.Context, options Options) (*Cluster, error) {
	contextName, err := existingContext()
	if err != nil {
		return nil, err
	}
	if err := supported(); err != nil {
		return nil, err
	}
	c := &Cluster{log: options.log(), existing: contextName}
	if err := c.makeDir(options.Dir); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	if contextName == "" {
		err = c.startControlPlane(ctx, options.CRDs)
	} else {
		err = c.connect(ctx, options.CRDs)
	}
	if err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

func (c *Cluster) makeDir(dir string) error {
	if dir == "" {
		temp, err := newTempDir()
		if err != nil {
			return err
		}
		c.tempDir, c.Dir = temp, temp.path
	} else {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return err
		}
		c.Dir = abs
	}
	c.Kubeconfig = filepath.Join(c.Dir, "kubeconfig")
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return err
	}
	if err := os.Mkdir(c.tmp(), 0o700); err != nil {
		return fmt.Errorf("%s holds another cluster: %w", c.Dir, err)
	}
	return nil
}

// connect uses the existing cluster of the named context.
func (c *Cluster) connect(ctx context.Context, crds []string) error {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	raw, err := rules.Load()
	if err != nil {
		return fmt.Errorf("load the kubeconfig: %w", err)
	}
	if raw.Contexts[c.existing] == nil {
		return fmt.Errorf("%s=%s is not a context of your kubeconfig", ContextEnv, c.existing)
	}
	raw.CurrentContext = c.existing
	if err := c.configure(raw); err != nil {
		return err
	}
	return c.InstallCRDs(ctx, crds...)
}

// InstallCRDs creates or updates the CustomResourceDefinitions of files and
// directories and returns when the API serves them.
func (c *Cluster) InstallCRDs(ctx context.Context, paths ...string) error {
	if len(paths) == 0 {
		return nil
	}
	limit := startTimeout
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline))
	}
	if _, err := envtest.InstallCRDs(c.Config, envtest.CRDInstallOptions{
		Paths: paths, ErrorIfPathMissing: true, MaxTime: limit, PollInterval: readyPoll,
	}); err != nil {
		return fmt.Errorf("install CRDs: %w", err)
	}
	return nil
}

// Err says which process has ended without being stopped, and why; nil while
// all run.
func (c *Cluster) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.processes {
		if err := p.ended(); err != nil && !p.stopped.Load() {
			return err
		}
	}
	return nil
}

// Stop ends every process, the last started first, and removes the directory
// if it is a temporary one. It may be called more than once. An existing
// cluster is left as it is.
func (c *Cluster) Stop() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range slices.Backward(c.processes) {
		p.stop()
	}
	c.processes = nil
	if c.tempDir == nil {
		return nil
	}
	return c.tempDir.remove()
}

// run starts a process of the cluster, its log in <name>.log.
func (c *Cluster) run(name, path string, args, env []string) (*process, error) {
	p, err := startProcess(name, path, args, c.environment(env), c.Dir, filepath.Join(c.Dir, name+".log"))
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.processes = append(c.processes, p)
	return p, nil
}

func (c *Cluster) tmp() string { return filepath.Join(c.Dir, "tmp") }

// environment is all that a process of the cluster sees: nothing of this
// process' own environment, so no ambient kubeconfig, credential or proxy.
func (c *Cluster) environment(extra []string) []string {
	return append([]string{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + c.Dir, "TMPDIR=" + c.tmp()}, extra...)
}
