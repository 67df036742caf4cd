package cluster

import (
	"context"
	"fmt"

	"k8s.io/client-go/rest"
)

// ProgramOptions of [Cluster.StartProgram].
type ProgramOptions struct {
	// Name is what errors call the program, and its log file: <Name>.log.
	Name string
	// Path of the executable, and its arguments.
	Path string
	Args []string
	// Env is all of its environment but PATH, HOME and TMPDIR.
	Env []string
	// ReadyURL answers 200 when the program is ready. Empty means that it is
	// ready once it runs.
	ReadyURL string
}

// Program is a program that runs beside the cluster: the controller under test.
type Program struct {
	process *process
}

// StartProgram runs a program as one of the cluster's processes and returns
// when it is ready: [Cluster.Err] tells of its end, [Cluster.Stop] ends it, and
// it dies with this process. A new start under the same name starts a new log.
func (c *Cluster) StartProgram(ctx context.Context, options ProgramOptions) (*Program, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	p, err := c.run(options.Name, options.Path, options.Args, options.Env)
	if err != nil {
		return nil, err
	}
	if options.ReadyURL != "" {
		err = p.ready(ctx, func(ctx context.Context) error { return get(ctx, &rest.Config{}, options.ReadyURL) })
	}
	if err != nil {
		p.stop()
		return nil, err
	}
	return &Program{p}, nil
}

// Stop kills the program and returns when it has ended. It may be called more
// than once.
func (p *Program) Stop() { p.process.stop() }

// FreeAddress is a host and port on 127.0.0.1 that nothing listens on and that
// this process has not been given before.
func FreeAddress() (string, error) {
	port, err := freePort()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("127.0.0.1:%d", port), nil
}
