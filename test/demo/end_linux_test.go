package main

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCommand(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "demo")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)

	t.Run("arguments", func(t *testing.T) { testArguments(t, binary) })
	t.Run("end", func(t *testing.T) { testEnd(t, binary) })
}

func testArguments(t *testing.T, binary string) {
	t.Helper()
	for _, argument := range []string{"playground", "--nonsense"} {
		cmd := exec.CommandContext(t.Context(), binary, argument)
		out, err := cmd.CombinedOutput()
		require.Error(t, err, "%q is nothing the demo takes", argument)
		require.Contains(t, string(out), strings.TrimLeft(argument, "-"))
		require.Equal(t, 2, cmd.ProcessState.ExitCode())
	}
}

// testEnd: however the demo ends, nothing of it runs on.
func testEnd(t *testing.T, binary string) {
	t.Helper()
	for _, test := range []struct {
		reason string
		// command has the demo as $0.
		command string
		signal  syscall.Signal
		status  int // -1: by the signal
		says    string
	}{
		{"what systems send to end a process", `exec "$0"`, syscall.SIGTERM, interrupted, "nothing is left running"},
		{"Ctrl-C in the playground is no failure", `exec "$0" --playground`, syscall.SIGINT, 0, "nothing is left running"},
		{"killed, it cannot end anything itself", `exec "$0"`, syscall.SIGKILL, -1, ""},
		{"its parent is killed, as go run is", `"$0"; true`, syscall.SIGKILL, -1, "nothing is left running"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			temp := t.TempDir()
			cmd := exec.CommandContext(t.Context(), "sh", "-c", test.command, binary)
			cmd.Env = append(os.Environ(), "TMPDIR="+temp)
			read, write, err := os.Pipe()
			require.NoError(t, err)
			defer read.Close()
			cmd.Stdout, cmd.Stderr = write, write
			require.NoError(t, cmd.Start())
			require.NoError(t, write.Close())
			lines := bufio.NewScanner(read)
			var said strings.Builder
			for lines.Scan() && !strings.Contains(lines.Text(), "Flux's source-controller") {
				said.WriteString(lines.Text() + "\n")
			}
			require.NotEmpty(t, processes(temp), "the API server runs by now: %s", said.String())

			require.NoError(t, cmd.Process.Signal(test.signal))
			for lines.Scan() { // until the last process that may write has ended
				said.WriteString(lines.Text() + "\n")
			}
			err = cmd.Wait()

			require.Contains(t, said.String(), test.says)
			status := 0
			if exit, ok := errors.AsType[*exec.ExitError](err); ok {
				status = exit.ExitCode()
			}
			require.Equal(t, test.status, status, said.String())
			require.Eventually(t, func() bool { return len(processes(temp)) == 0 }, time.Minute, 50*time.Millisecond,
				"left running: %v", processes(temp))
			if test.says != "" {
				left, err := os.ReadDir(temp)
				require.NoError(t, err)
				require.Empty(t, left, "nothing is left on disk either")
			}
		})
	}
}

// processes are the command lines of those that have to do with a directory.
func processes(dir string) []string {
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return nil
	}
	var found []string
	for _, file := range files {
		// Of a process that has ended there is none, or an empty one.
		if line, err := os.ReadFile(file); err == nil && strings.Contains(string(line), dir) {
			found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return found
}
