package e2e_test

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/bench"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/demo/story"
)

// TestStory tells the story of `make demo`, whose every line is an assertion,
// and then does what `make playground` proposes.
func TestStory(t *testing.T) {
	log := story.NewLog(t.Output())
	b, err := bench.Start(t.Context(), bench.Options{
		Dir: t.TempDir(), Log: t.Output(), Step: func(what string) { log.Sayf("%s", what) },
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Stop()) })

	s := story.New(b, log)
	defer s.Stop()
	for _, chapter := range story.Chapters() {
		require.NoError(t, s.Tell(t.Context(), chapter))
	}
	require.NoError(t, s.Report(t.Output()))
	require.NoError(t, b.Err())
	tryTips(t, b)
}

// tryTips runs the commands the playground prints, as they are written.
func tryTips(t *testing.T, b *bench.Bench) {
	t.Helper()
	guide, directory := story.Guide(b), t.TempDir()
	for _, tip := range story.Tips(b) {
		require.Contains(t, guide, "\n"+tip.Command+"\n")
		if _, err := exec.LookPath(tip.Needs); err != nil {
			t.Logf("NOT TRIED, there is no %s on this machine: %s", tip.Needs, tip.Command)
			continue
		}
		cmd := exec.CommandContext(t.Context(), "sh", "-c", tip.Command)
		cmd.Dir = directory
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s: %s", tip.Command, out)
		t.Logf("%s\n%s", tip.Command, out)
	}
}
