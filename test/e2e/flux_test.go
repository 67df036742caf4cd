package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/bench"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/cluster"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
)

// fluxScenarios are what TestFlux does, each with a directory of its name in
// testdata/flux: sync.yaml is what Flux is given, the rest what its repository holds.
var fluxScenarios = []struct {
	name string
	run  func(u *fluxUser)
}{
	{"wait", fluxWait},
	{"submitted", fluxSubmitted},
	{"serving", fluxServing},
	{"overtake", fluxOvertake},
	{"revert", fluxRevert},
	{"expressions", fluxExpressions},
	{"control", fluxControl},
	{"prune", fluxPrune},
	{"delete", fluxDelete},
	{"depends", fluxDepends},
	{"substitute", fluxSubstitute},
	{"events", fluxEvents},
	{"artifact", fluxArtifact},
	{"kinds", fluxKinds},
}

// fluxRows are what some of them prove.
var fluxRows = map[string][]row{
	"wait":     {serverWay, dryRun},
	"overtake": {overtakes},
	"prune":    {prunes, foreground},
	"delete":   {background},
	"depends":  {waves},
	"kinds":    {everyKind},
}

// TestFlux uses Flux as its documentation offers it. README.md has the table. The
// scenarios mostly wait, so all of them run at once, however few processors there are.
func TestFlux(t *testing.T) {
	t.Parallel()
	sink := newEventSink(t)
	b, err := bench.Start(t.Context(), bench.Options{
		Dir: t.TempDir(), Log: t.Output(), EventsAddr: sink.URL, Step: func(what string) { t.Log(what) },
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, errors.Join(b.Err(), b.Stop())) })
	var all sync.WaitGroup
	for _, scenario := range fluxScenarios {
		all.Go(func() {
			t.Run(scenario.name, func(t *testing.T) {
				scenario.run(newFluxUser(t, b, sink, scenario.name))
				for _, r := range fluxRows[scenario.name] {
					holds(cluster.FluxTool, r)
				}
			})
		})
	}
	all.Wait()
}

// TestREADMEScenarios: the table has each scenario, and none that is not run.
func TestREADMEScenarios(t *testing.T) {
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	rows := regexp.MustCompile("(?m)^\\| .* \\| `TestFlux/(\\w+)` \\|").FindAllStringSubmatch(string(text), -1)
	require.Len(t, rows, len(fluxScenarios))
	for i, scenario := range fluxScenarios {
		require.Equal(t, scenario.name, rows[i][1])
		require.DirExists(t, path.Join("testdata", "flux", scenario.name))
	}
	require.Contains(t, string(text), "`TestStory/model-pipeline`", "the demo shows the other layout")
}

// patience is how long anything may take, on a machine that does a lot besides, and with
// four workers of Flux for all scenarios.
const patience = 4 * time.Minute

// fluxUser is somebody with a repository and a namespace, both named like the
// scenario.
type fluxUser struct {
	*testing.T

	bench      *bench.Bench
	sink       *eventSink
	name       string
	repository *cluster.Repository
	tree       fs.FS // what is pushed first
}

func newFluxUser(t *testing.T, b *bench.Bench, sink *eventSink, name string) *fluxUser {
	t.Helper()
	u := &fluxUser{T: t, bench: b, sink: sink, name: name, tree: os.DirFS(path.Join("testdata", "flux", name))}
	var err error
	u.repository, err = b.Git.CreateRepository(u.Context(), name)
	require.NoError(t, err)
	require.NoError(t, b.Kube.Create(u.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}))
	t.Cleanup(func() {
		if t.Failed() {
			u.tell()
		}
	})
	return u
}

// tell logs what the objects of the namespace say of themselves, for whoever asks why a
// test has failed.
func (u *fluxUser) tell() {
	for kind, apiVersion := range map[string]string{
		"GitRepository": "source.toolkit.fluxcd.io/v1", "OCIRepository": "source.toolkit.fluxcd.io/v1", "Bucket": "source.toolkit.fluxcd.io/v1",
		"ExternalArtifact": "source.toolkit.fluxcd.io/v1",
		"ModelPipeline":    v1alpha1.GroupVersion.String(), "TrainingJob": v1alpha1.GroupVersion.String(), "Endpoint": v1alpha1.GroupVersion.String(),
	} {
		list := &unstructured.UnstructuredList{Object: map[string]any{"apiVersion": apiVersion, "kind": kind + "List"}}
		if err := u.bench.Kube.List(context.WithoutCancel(u.Context()), list, client.InNamespace(u.name)); err != nil {
			u.Log(kind, err)
		}
		for _, object := range list.Items {
			u.Log(kind, object.GetName(), object.Object["status"])
		}
	}
}

// push pushes what the repository begins with.
func (u *fluxUser) push() (commit string) {
	u.Helper()
	commit, err := u.repository.CommitTree(u.Context(), "first", u.tree)
	require.NoError(u, err)
	return commit
}

// sync gives Flux what stands in sync.yaml, or is made of that by a kustomization, at the
// addresses there are here.
func (u *fluxUser) sync(addresses ...string) {
	u.Helper()
	directory := path.Join("testdata", "flux", u.name)
	text, err := os.ReadFile(path.Join(directory, "sync.yaml"))
	require.NoError(u, err)
	if _, err := os.Stat(path.Join(directory, "kustomization.yaml")); err == nil {
		all, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), directory)
		require.NoError(u, err)
		text, err = all.AsYaml()
		require.NoError(u, err)
	}
	text = []byte(strings.NewReplacer(append(addresses, "https://git.example.com/acme/ml", u.repository.URL)...).Replace(string(text)))
	documents := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), len(text))
	for {
		object := new(unstructured.Unstructured)
		err := documents.Decode(&object.Object)
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(u, err)
		require.NoError(u, u.bench.Kube.Create(u.Context(), object))
	}
}

// begin pushes what the repository begins with, and gives it to Flux.
func (u *fluxUser) begin() (commit string) {
	u.Helper()
	commit = u.push()
	u.sync()
	return commit
}

// edit pushes one file as it was at first, but for changes, each of a text that stands
// there once.
func (u *fluxUser) edit(file string, changes ...string) (commit string) {
	u.Helper()
	content, err := fs.ReadFile(u.tree, file)
	require.NoError(u, err)
	for i := 0; i < len(changes); i += 2 {
		require.Equal(u, 1, strings.Count(string(content), changes[i]), changes[i])
	}
	return u.pushed(u.repository.Commit(u.Context(), "change "+file, map[string]string{file: strings.NewReplacer(changes...).Replace(string(content))}))
}

// revert takes a commit back.
func (u *fluxUser) revert(commit string) string {
	u.Helper()
	return u.pushed(u.repository.Revert(u.Context(), commit))
}

// pushed tells Flux of a commit, as a webhook would.
func (u *fluxUser) pushed(commit string, err error) string {
	u.Helper()
	require.NoError(u, err)
	source := fluxObject("source.toolkit.fluxcd.io/v1", "GitRepository", u.name, u.name)
	u.annotate(source, "reconcile.fluxcd.io/requestedAt")
	return commit
}

func fluxObject(apiVersion, kind, namespace, name string) *unstructured.Unstructured {
	object := &unstructured.Unstructured{Object: map[string]any{"apiVersion": apiVersion, "kind": kind}}
	object.SetNamespace(namespace)
	object.SetName(name)
	return object
}

// annotate gives annotations one value that they did not have before, and returns it.
func (u *fluxUser) annotate(object client.Object, annotations ...string) (token string) {
	u.Helper()
	token = time.Now().Format(time.RFC3339Nano)
	pairs := make([]string, len(annotations))
	for i, annotation := range annotations {
		pairs[i] = `"` + annotation + `":"` + token + `"`
	}
	patch := `{"metadata":{"annotations":{` + strings.Join(pairs, ",") + `}}}`
	require.NoError(u, u.bench.Kube.Patch(u.Context(), object, client.RawPatch(types.MergePatchType, []byte(patch))))
	return token
}

// until waits for something that comes about by itself.
func (u *fluxUser) until(what string, holds func() bool) {
	u.Helper()
	start := time.Now()
	for !holds() {
		require.Less(u, time.Since(start), patience, "not true: %s", what)
		u.rest()
	}
	u.Logf("%s after %.1fs", what, time.Since(start).Seconds())
}

// verdict is what Flux says of a Kustomization.
func (u *fluxUser) verdict(kustomization string) bench.Verdict {
	u.Helper()
	verdict, _, err := u.bench.Verdict(u.Context(), kustomization)
	require.NoError(u, err)
	return verdict
}

// untilReady waits until Flux calls a commit healthy.
func (u *fluxUser) untilReady(kustomization, commit string) {
	u.Helper()
	u.untilVerdict("Ready at "+commit, kustomization, func(v bench.Verdict) bool { return v.ReadyAt(commit) })
}

// failFast is how long after an object of ours is Stalled Flux may take to say so. It
// looks every five seconds; its timeout is five minutes.
const failFast = time.Minute

// untilFailed waits until Flux calls a commit unhealthy, soon after the object that the
// conditions are of.
func (u *fluxUser) untilFailed(kustomization, commit string, conditions func() []metav1.Condition) bench.Verdict {
	u.Helper()
	verdict := u.untilVerdict("HealthCheckFailed at "+commit, kustomization, func(v bench.Verdict) bool { return v.FailedAt(commit) })
	stalled := meta.FindStatusCondition(conditions(), "Stalled")
	require.NotNil(u, stalled)
	took := verdict.Ready.LastTransitionTime.Sub(stalled.LastTransitionTime.Time)
	u.Logf("Flux says so %s after the object", took)
	require.LessOrEqual(u, took, failFast)
	return verdict
}

func (u *fluxUser) untilVerdict(what, kustomization string, holds func(bench.Verdict) bool) (verdict bench.Verdict) {
	u.Helper()
	start := time.Now()
	for verdict = u.verdict(kustomization); !holds(verdict); verdict = u.verdict(kustomization) {
		require.Less(u, time.Since(start), patience, "%s: not %s, but %s", kustomization, what, verdict)
		u.rest()
	}
	u.Logf("%s: %s after %.1fs", kustomization, what, time.Since(start).Seconds())
	return verdict
}

// rest is the time between two looks.
func (u *fluxUser) rest() {
	select {
	case <-u.Context().Done():
	case <-time.After(200 * time.Millisecond):
	}
}

// get reads one of our objects, named like the scenario.
func get[T any, P interface {
	*T
	client.Object
}](u *fluxUser) P {
	u.Helper()
	object := P(new(T))
	require.NoError(u, u.bench.Kube.Get(u.Context(), client.ObjectKey{Namespace: u.name, Name: u.name}, object))
	return object
}

// jobs are those that AWS has had of a kind for this namespace, the oldest first.
func (u *fluxUser) jobs(kind string) []simulator.Object {
	var own []simulator.Object
	for _, object := range u.bench.AWS.Objects(kind) {
		if object.Tags["sagemaker.gitops.dev/namespace"] == u.name {
			own = append(own, object)
		}
	}
	return own
}

// running tells whether a job of this namespace is at work.
func (u *fluxUser) running() bool {
	for _, job := range u.jobs("TrainingJob") {
		if job.Status == "InProgress" {
			return true
		}
	}
	return false
}
