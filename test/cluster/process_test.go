//go:build linux

package cluster

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestKilledParentTakesItsChildrenAlong(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	parent := exec.Command(self)
	parent.Env = append(os.Environ(), helperEnv+"=1")
	parent.Stderr = os.Stderr
	out, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	t.Cleanup(func() { _ = parent.Process.Kill() })
	line, err := bufio.NewReader(out).ReadBytes('\n')
	require.NoError(t, err)
	var told children
	require.NoError(t, json.Unmarshal(line, &told))
	require.Len(t, told.Pids, 8)
	for _, pid := range told.Pids {
		require.True(t, alive(pid))
	}
	removeAbandoned()
	require.DirExists(t, told.Dir, "a directory in use is kept")

	require.NoError(t, parent.Process.Signal(syscall.SIGKILL))
	require.Error(t, parent.Wait())
	eventually(t, "no child outlives the parent", func() error {
		for _, pid := range told.Pids {
			if alive(pid) {
				return fmt.Errorf("process %d is alive", pid)
			}
		}
		return nil
	})
	removeAbandoned()
	require.NoDirExists(t, told.Dir, "the next start clears what was left")
}

// A parent-death signal is bound to a thread; the child must not be.
func TestProcessOutlivesTheThreadThatStartedIt(t *testing.T) {
	type started struct {
		p   *process
		tid int
		err error
	}
	result := make(chan started)
	logPath := filepath.Join(t.TempDir(), "log")
	var start func()
	start = func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		if syscall.Gettid() == os.Getpid() {
			// Only the main thread does not. It is held until another has started.
			defer runtime.UnlockOSThread()
			elsewhere := make(chan struct{})
			go func() {
				defer close(elsewhere)
				start()
			}()
			<-elsewhere
			return
		}
		p, err := startProcess("cat", "/bin/sh", []string{"-c", "while :; do read -t 1 x < /dev/zero; done"}, nil, "", logPath)
		result <- started{p, syscall.Gettid(), err}
	}
	go start()
	got := <-result
	require.NoError(t, got.err)
	defer got.p.stop()
	eventually(t, "the thread ends", func() error {
		if _, err := os.Stat(fmt.Sprintf("/proc/self/task/%d", got.tid)); err == nil {
			return fmt.Errorf("thread %d is there", got.tid)
		}
		return nil
	})
	require.NoError(t, got.p.ended())
	require.True(t, alive(got.p.cmd.Process.Pid))
}

func TestStopEndsGrandchildren(t *testing.T) {
	dir := t.TempDir()
	script := "sleep 1000 & echo $! > pid.new && mv pid.new pid && wait"
	p, err := startProcess("shell", "/bin/sh", []string{"-c", script}, []string{"PATH=/usr/bin:/bin"}, dir, filepath.Join(dir, "log"))
	require.NoError(t, err)
	var grandchild int
	eventually(t, "the grandchild starts", func() error {
		content, err := os.ReadFile(filepath.Join(dir, "pid"))
		if err != nil {
			return err
		}
		_, err = fmt.Sscan(string(content), &grandchild)
		return err
	})
	require.True(t, alive(grandchild))
	p.stop()
	eventually(t, "the grandchild ends", func() error {
		if alive(grandchild) {
			return errors.New("it is alive")
		}
		return nil
	})
}

func TestReady(t *testing.T) {
	for _, test := range []struct {
		reason, script string
		check          error
		limit          time.Duration
		want           []string
	}{
		{
			reason: "a process that fails tells why", script: "echo out of cheese >&2; exit 3", check: errors.New("refused"),
			limit: patience, want: []string{"shell ended with exit status 3", "out of cheese"},
		},
		{
			reason: "one that ends well is not ready either", script: "exit 0", check: errors.New("refused"),
			limit: patience, want: []string{"shell ended with exit status 0"},
		},
		{
			reason: "one that never becomes ready tells the last answer", script: "echo thinking; exec sleep 1000",
			check: errors.New("refused"), limit: time.Second,
			want: []string{"shell did not become ready", "deadline exceeded", "refused", "thinking"},
		},
		{reason: "one that is ready", script: "exec sleep 1000", limit: patience},
	} {
		t.Run(test.reason, func(t *testing.T) {
			dir := t.TempDir()
			env := []string{"PATH=/usr/bin:/bin"}
			p, err := startProcess("shell", "/bin/sh", []string{"-c", test.script}, env, dir, filepath.Join(dir, "log"))
			require.NoError(t, err)
			defer p.stop()
			ctx, cancel := context.WithTimeout(t.Context(), test.limit)
			defer cancel()
			err = p.ready(ctx, func(context.Context) error { return test.check })
			if test.want == nil {
				require.NoError(t, err)
			}
			for _, want := range test.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

func TestTail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	require.Contains(t, tail(path), "no such file")
	var lines strings.Builder
	for i := range 10000 {
		fmt.Fprintf(&lines, "line %d\n", i)
	}
	require.NoError(t, os.WriteFile(path, []byte(lines.String()), 0o600))
	require.Len(t, strings.Split(tail(path), "\n"), tailLines)
	require.True(t, strings.HasSuffix(tail(path), "line 9999"))
}

func TestFreePort(t *testing.T) {
	seen := map[int]bool{}
	for range 50 {
		port, err := freePort()
		require.NoError(t, err)
		require.False(t, seen[port], "a port is given once")
		require.True(t, port >= firstPort && port < lastPort)
		seen[port] = true
	}
}
