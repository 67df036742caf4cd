package e2e_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/bench"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/cluster"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/demo/story"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
)

const poll = 100 * time.Millisecond

// TestArgoCD is what Argo CD makes of pushes, on one bench. Each part of a group begins
// where the one before it ended. The groups mostly wait, so all of them run at once.
func TestArgoCD(t *testing.T) {
	t.Parallel()
	b, err := bench.Start(t.Context(), bench.Options{
		Dir: t.TempDir(), Log: t.Output(), Tool: cluster.ArgoCDTool, Durations: argoCDDurations(),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, errors.Join(b.Err(), b.Stop())) })

	examples := filepath.Join(b.Root, "examples")
	plain := newApplication(t, b, "abalone", os.DirFS(filepath.Join(examples, "plain-kinds")))
	plain.Path, plain.Namespace = "overlays/demo", story.Namespace
	pipeline := newApplication(t, b, "rings", renamed(t, filepath.Join(examples, "model-pipeline"), "rings"))
	pipeline.Path = "overlays/demo"
	waved := newApplication(t, b, "first", os.DirFS("testdata/waves"))
	kinds := newApplication(t, b, "snails", everyKindOf(t, filepath.Join(examples, "kinds"), "snails"))
	for _, a := range []*application{plain, pipeline} {
		startStopwatch(t, b, a.repository, a.Namespace, byApplication(b, a.Name))
	}

	var all sync.WaitGroup
	for _, group := range []struct {
		name  string
		parts []part
	}{
		{"plain-kinds", []part{
			{"push", trains, plain.train},
			{"client-side apply", clientWay, plain.applyByClient},
			{"server-side apply", serverWay, plain.applyByServer},
			{"server-side diff", dryRun, plain.compareByServer},
			{"bad commit", spoils, plain.spoil},
			{"revert", heals, plain.heal},
			{"hyperparameter", changes, plain.change},
			{"revert of it", goesBack, plain.goBack},
			{"newer commit", overtakes, plain.overtake},
			{"prune", prunes, plain.prune},
			{"cascade", foreground, plain.goForeground},
		}},
		{"model-pipeline", []part{
			{"approval", approves, pipeline.approve},
			{"no difference", everyKind, pipeline.differNowhere},
			{"worse model", gates, pipeline.worsen},
			{"revert", heals, pipeline.heal},
			{"cascade", background, pipeline.goBackground},
		}},
		{"waves", []part{{"waves", waves, waved.wait}}},
		{"kinds", []part{{"kinds", everyKind, kinds.settle}}},
	} {
		all.Go(func() {
			t.Run(group.name, func(t *testing.T) {
				for _, p := range group.parts {
					start := time.Now()
					if !t.Run(p.name, func(t *testing.T) {
						p.try(t)
						holds(cluster.ArgoCDTool, p.proves)
					}) {
						return
					}
					t.Logf("%s took %.1fs", p.name, time.Since(start).Seconds())
				}
			})
		})
	}
	all.Wait()
}

// argoCDDurations are short for what one manifest of each kind makes. A training job is at
// work for long enough to be overtaken.
func argoCDDurations() map[string]time.Duration {
	all := map[string]time.Duration{"TrainingJob/Training": 8 * time.Second}
	for _, stage := range []string{
		"App/Creating", "Domain/Creating", "FeatureGroup/Creating", "HyperParameterTuningJob/Tuning", "InferenceComponent/Creating",
		"LabelingJob/Initializing", "LabelingJob/Labeling", "MonitoringSchedule/Creating", "NotebookInstance/Pending",
		"PipelineExecution/Executing", "Project/Creating", "Space/Creating", "TransformJob/Starting", "TransformJob/Transforming",
		"UserProfile/Creating",
	} {
		all[stage] = time.Second
	}
	return all
}

// part of a group proves one row of the matrix.
type part struct {
	name   string
	proves row
	try    func(*testing.T)
}

// application is an Application of Argo CD with a repository of its own.
type application struct {
	bench.Application
	bench      *bench.Bench
	repository *cluster.Repository
	tree       fs.FS // what is pushed first
	prober     *story.Prober
	last       string // commit of which something is to be said later
}

// newApplication makes a repository, without a commit, and an Application that Argo
// CD is not given yet. What is in the tree is called like it, its namespace too if the
// tree does not say otherwise.
func newApplication(t *testing.T, b *bench.Bench, name string, tree fs.FS) *application {
	t.Helper()
	repository, err := b.Git.CreateRepository(t.Context(), name)
	require.NoError(t, err)
	a := &application{
		Application: bench.Application{Name: name, Repository: repository.URL, Path: ".", Namespace: name},
		bench:       b, repository: repository, tree: tree,
	}
	t.Cleanup(func() {
		if a.prober != nil {
			a.prober.Stop()
		}
	})
	return a
}

// renamed is a directory in which what was called abalone has another name, as has
// the namespace, and in which AWS accounts are the bench's.
func renamed(t *testing.T, directory, name string) fstest.MapFS {
	t.Helper()
	names := strings.NewReplacer("name: abalone", "name: "+name, "Name: abalone", "Name: "+name,
		story.Namespace, name, "123456789012", bench.Account)
	source, tree := os.DirFS(directory), fstest.MapFS{}
	require.NoError(t, fs.WalkDir(source, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(source, path)
		tree[path] = &fstest.MapFile{Data: []byte(names.Replace(string(text)))}
		return err
	}))
	return tree
}

// give pushes the tree and gives Argo CD the Application.
func (a *application) give(t *testing.T) (commit string) {
	t.Helper()
	commit, err := a.repository.CommitTree(t.Context(), "First", a.tree)
	require.NoError(t, err)
	require.NoError(t, a.bench.CreateApplication(t.Context(), a.Application))
	return commit
}

// edit pushes a file of the tree with one change in it.
func (a *application) edit(t *testing.T, file, old, changed string) (commit string) {
	t.Helper()
	return a.push(t, map[string]string{file: a.changed(t, file, old, changed)})
}

// changed is a file of the tree with one change in it.
func (a *application) changed(t *testing.T, file, old, changed string) string {
	t.Helper()
	content, err := fs.ReadFile(a.tree, file)
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(content), old), "%q stands once in %s", old, file)
	return strings.Replace(string(content), old, changed, 1)
}

func (a *application) push(t *testing.T, files map[string]string) (commit string) {
	t.Helper()
	commit, err := a.repository.Commit(t.Context(), "Change", files)
	require.NoError(t, err)
	require.NoError(t, a.bench.Refresh(t.Context(), a.Name))
	return commit
}

func (a *application) revert(t *testing.T, what string) (commit string) {
	t.Helper()
	commit, err := a.repository.Revert(t.Context(), what)
	require.NoError(t, err)
	require.NoError(t, a.bench.Refresh(t.Context(), a.Name))
	return commit
}

// await looks at what Argo CD says until done says so, and returns the last look.
func (a *application) await(t *testing.T, what string, done func(bench.State) bool) bench.State {
	t.Helper()
	start := time.Now()
	var state bench.State
	require.True(t, until(t, a.bench, func(ctx context.Context) bool {
		var err error
		state, _, err = a.bench.State(ctx, a.Name)
		require.NoError(t, err)
		return done(state)
	}), "%s; Argo CD says: %s", what, state)
	t.Logf("%5.1fs %s", time.Since(start).Seconds(), what)
	return state
}

// awaitHealthy waits until a commit is healthy. None is while one of its jobs runs.
func (a *application) awaitHealthy(t *testing.T, commit string) {
	t.Helper()
	a.awaitAt(t, commit, "Healthy")
}

func (a *application) awaitAt(t *testing.T, commit, health string) bench.State {
	t.Helper()
	running := 0
	return a.await(t, "synced at "+commit[:7]+", and "+health, func(state bench.State) bool {
		if running > 0 {
			require.False(t, state.HealthyAt(commit), "healthy while a job runs: %s", state)
		}
		running = a.running()
		return state.At(commit, health)
	})
}

// jobs are those in AWS that were made for what is called like the Application.
func (a *application) jobs() []simulator.Object {
	return a.inAWS("ProcessingJob", "TrainingJob")
}

func (a *application) inAWS(kinds ...string) []simulator.Object {
	var objects []simulator.Object
	for _, kind := range kinds {
		for _, object := range a.bench.AWS.Objects(kind) {
			if strings.HasPrefix(object.Name, a.Name) {
				objects = append(objects, object)
			}
		}
	}
	return objects
}

// running is how many of the jobs are at work.
func (a *application) running() int {
	n := 0
	for _, job := range a.jobs() {
		if job.Status == "InProgress" {
			n++
		}
	}
	return n
}

// until polls until done, or for as long as a test has patience.
func until(t *testing.T, b *bench.Bench, done func(context.Context) bool) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for !done(ctx) {
		require.NoError(t, b.Err())
		select {
		case <-ctx.Done():
			return false
		case <-ticker.C:
		}
	}
	return true
}
