package cluster

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestProgram(t *testing.T) {
	t.Setenv("NOT_FOR_PROGRAMS", "ambient")
	c, _ := sharedCluster(t)
	address, err := FreeAddress()
	require.NoError(t, err)

	for _, test := range []struct {
		reason  string
		script  string
		url     string
		wantErr string
	}{
		{
			reason: "a program without a readiness address is ready once it runs",
			script: "exec sleep 600",
		},
		{
			reason:  "a program that ends before it is ready is told with its log",
			script:  "echo the greeting is $GREETING; exit 3",
			url:     "http://" + address,
			wantErr: "the greeting is hello",
		},
		{
			reason:  "nothing of this process' environment reaches it",
			script:  "echo [$NOT_FOR_PROGRAMS$KUBECONFIG]; exit 3",
			url:     "http://" + address,
			wantErr: "[]",
		},
	} {
		program, err := c.StartProgram(t.Context(), ProgramOptions{
			Name: "program", Path: "/bin/sh", Args: []string{"-c", test.script}, Env: []string{"GREETING=hello"}, ReadyURL: test.url,
		})
		require.FileExists(t, filepath.Join(c.Dir, "program.log"), test.reason)
		if test.wantErr != "" {
			require.ErrorContains(t, err, test.wantErr, test.reason)
			continue
		}
		require.NoError(t, err, test.reason)
		require.NoError(t, c.Err(), test.reason)
		pid := program.process.cmd.Process.Pid
		require.True(t, alive(pid), test.reason)
		program.Stop()
		program.Stop()
		require.False(t, alive(pid), "stopped programs have ended")
	}
	require.NoError(t, c.Err(), "programs that we stopped, or that never started, are no failure of the cluster")

	_, err = c.StartProgram(t.Context(), ProgramOptions{Name: "absent", Path: filepath.Join(t.TempDir(), "absent")})
	require.ErrorIs(t, err, os.ErrNotExist)
}
