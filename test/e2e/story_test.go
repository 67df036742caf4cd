package e2e_test

import (
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/bench"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/cluster"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/demo/story"
)

// TestStory tells the story of `make demo`, whose every line is an assertion, and then
// does what `make playground` proposes.
func TestStory(t *testing.T) {
	t.Parallel()
	t.Run("model-pipeline", func(t *testing.T) {
		t.Parallel()
		tryTips(t, tell(t, "model-pipeline", bench.Judges, story.Pipeline(), map[string]row{"a": approves, "c": gates}))
	})
	t.Run("plain-kinds", func(t *testing.T) {
		t.Parallel()
		tell(t, "plain-kinds", bench.Applies, story.PlainKinds(), map[string]row{"a": trains, "b": changes, "c": spoils, "d": heals, "e": goesBack})
	})
}

// tell tells chapters, of which some prove a row of the matrix. A Kustomization judges
// each commit.
func tell(t *testing.T, example, judge string, chapters []story.Chapter, rows map[string]row) *bench.Bench {
	t.Helper()
	log := story.NewLog(t.Output())
	b, err := bench.Start(t.Context(), bench.Options{
		Dir: t.TempDir(), Log: t.Output(), Example: example, Step: func(what string) { log.Sayf("%s", what) },
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Stop()) })
	startStopwatch(t, b, b.Repository, story.Namespace, byKustomization(b, judge))

	idle := memory(t, b)
	t.Logf("the idle controller holds %.0f MB", idle/1e6)
	require.Less(t, idle, 120e6, "idle memory with all kinds registered")

	s := story.New(b, log)
	defer s.Stop()
	for _, chapter := range chapters {
		require.NoError(t, s.Tell(t.Context(), chapter))
		if r := rows[chapter.Letter]; r != "" {
			holds(cluster.FluxTool, r)
		}
	}
	require.NoError(t, s.Report(t.Output()))
	require.NoError(t, b.Err())
	return b
}

// memory is what the controller's process holds, in bytes.
func memory(t *testing.T, b *bench.Bench) float64 {
	t.Helper()
	var text []byte
	// The metrics are served from some moment after the controller is ready.
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.MetricsURL, nil)
		require.NoError(c, err)
		response, err := http.DefaultClient.Do(request)
		require.NoError(c, err)
		defer func() { require.NoError(c, response.Body.Close()) }()
		text, err = io.ReadAll(response.Body)
		require.NoError(c, err)
	}, time.Minute, 100*time.Millisecond)
	line := regexp.MustCompile(`(?m)^process_resident_memory_bytes (\S+)$`).FindSubmatch(text)
	require.NotNil(t, line, "the metric is told")
	bytes, err := strconv.ParseFloat(string(line[1]), 64)
	require.NoError(t, err)
	return bytes
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
		if strings.Contains(tip.Command, "approvals.yaml") {
			requireApproval(t, b)
		}
	}
}

// requireApproval waits until the pipeline has taken an approval from the guide.
func requireApproval(t *testing.T, b *bench.Bench) {
	t.Helper()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		var p v1alpha1.ModelPipeline
		require.NoError(c, b.Kube.Get(t.Context(), client.ObjectKey{Namespace: story.Namespace, Name: story.Name}, &p))
		for _, step := range p.Status.Steps {
			if step.Name == "approve" {
				require.Equal(c, "approved by me", step.Message)
			}
		}
		require.Equal(c, v1alpha1.PipelineCompleted, p.Status.Phase)
	}, time.Minute, 100*time.Millisecond)
}
