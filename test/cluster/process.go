package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"time"
)

const (
	readyPoll = 50 * time.Millisecond
	tailBytes = 4096
	tailLines = 12
)

// process is a child that ends with this process at the latest.
type process struct {
	name    string
	logPath string
	cmd     *exec.Cmd
	stopped atomic.Bool   // by us
	done    chan struct{} // closed when the process has ended
	err     error         // of the end; read after done
}

// startProcess runs a program with exactly the given environment, its output
// going to a file.
func startProcess(name, path string, args, env []string, dir, logPath string) (*process, error) {
	log, err := os.Create(logPath)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p := &process{name: name, logPath: logPath, cmd: exec.Command(path, args...), done: make(chan struct{})}
	p.cmd.Env, p.cmd.Dir = env, dir
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.SysProcAttr = tiedToParent()
	started := make(chan error)
	go func() {
		// The kernel sends the parent-death signal when the thread that forked
		// ends, so that thread must live as long as the child does.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return p, nil
}

// stop kills the process and its children and returns when it has ended. There
// is no grace: all state is thrown away, or made anew by a repeated build.
func (p *process) stop() {
	p.stopped.Store(true)
	select {
	case <-p.done:
	default:
		killGroup(p.cmd.Process.Pid)
		<-p.done
	}
}

// ended says why a process is no longer running, nil while it is.
func (p *process) ended() error {
	select {
	case <-p.done:
		return p.failure()
	default:
		return nil
	}
}

func (p *process) failure() error {
	state := "exit status 0"
	if p.err != nil {
		state = p.err.Error()
	}
	return fmt.Errorf("%s ended with %s, its log %s ends with:\n%s", p.name, state, p.logPath, tail(p.logPath))
}

// ready polls check until it passes, the process ends or ctx does.
func (p *process) ready(ctx context.Context, check func(context.Context) error) error {
	ticker := time.NewTicker(readyPoll)
	defer ticker.Stop()
	last := errors.New("never answered")
	for {
		if err := p.ended(); err != nil {
			return err
		}
		err := check(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s did not become ready: %w: %w, its log %s ends with:\n%s",
				p.name, ctx.Err(), last, p.logPath, tail(p.logPath))
		case <-p.done:
		case <-ticker.C:
		}
	}
}

// tail is the end of a log file, best effort: it only illustrates an error.
func tail(path string) string {
	file, err := os.Open(path)
	if err != nil {
		return err.Error()
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.Size() > tailBytes {
		_, _ = file.Seek(-tailBytes, io.SeekEnd)
	}
	content, err := io.ReadAll(io.LimitReader(file, tailBytes))
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	return strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}
