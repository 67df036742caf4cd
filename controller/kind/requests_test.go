package kind_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/sets"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/record"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/story"
)

var update = flag.Bool("update", false, "write testdata/*.log anew")

type step = story.Step

// TestRequestsOfEveryKind compares what the loop asks of AWS with what it has
// always asked: see testdata/README.md.
func TestRequestsOfEveryKind(t *testing.T) {
	for _, k := range kind.All() {
		t.Run(k.Kind(), func(t *testing.T) {
			w := newWorld(t, k)
			var log bytes.Buffer
			for _, step := range readStory(t, k) {
				if step.Say == "" {
					step.Say = "pushed"
				}
				fmt.Fprintf(&log, "# %s\n", step.Say)
				w.aws.Journal().Reset()
				w.push(step)
				w.writeLog(&log)
			}
			asked := sets.New[string]()
			for line := range strings.Lines(log.String()) {
				name, _, _ := strings.Cut(line, " ")
				asked.Insert(name)
			}
			for _, op := range []cloud.Operation{k.Create, k.Describe, k.Update, k.Adjust, k.Start, k.Stop, k.Delete} {
				require.True(t, !op.Exists() || asked.Has(op.Name), "the story never comes to %s", op.Name)
			}
			file := "testdata/" + strings.ToLower(k.Kind()) + ".log"
			if *update {
				require.NoError(t, os.WriteFile(file, log.Bytes(), 0o600))
			}
			golden, err := os.ReadFile(file)
			require.NoError(t, err, "write it with -update")
			require.Equal(t, string(golden), log.String(), "if this is meant, write it with -update")
		})
	}
}

func readStory(t *testing.T, k reconcile.Kind) []step {
	t.Helper()
	steps, err := story.Read(k.Kind())
	require.NoError(t, err)
	return steps
}

// world is one object, the loop of its kind and a simulated AWS account with
// what the object may need, see furnish.
type world struct {
	t     *testing.T
	kind  reconcile.Kind
	aws   *simulator.Server
	clock *clocktesting.FakeClock
	kube  client.Client
	loop  *reconcile.Reconciler
	key   client.ObjectKey
	spec  map[string]any
	stage *story.Stage
}

func newWorld(t *testing.T, k reconcile.Kind) *world {
	t.Helper()
	w := &world{
		t: t, kind: k, spec: map[string]any{}, key: client.ObjectKey{Namespace: "ml", Name: "abalone"},
		clock: clocktesting.NewFakeClock(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)),
	}
	var err error
	w.aws, err = simulator.New(simulator.Options{Clock: w.clock, ConsistencyWindow: simulator.Off, AsObserved: true, Seed: 1})
	require.NoError(t, err)
	require.NoError(t, w.aws.Start())
	t.Cleanup(func() { require.NoError(t, w.aws.Close()) })
	config, err := w.aws.AWSConfig(t.Context())
	require.NoError(t, err)
	w.stage = story.Furnish(t, w.aws, w.clock, "prod")

	scheme := runtime.NewScheme()
	require.NoError(t, clientgoscheme.AddToScheme(scheme))
	require.NoError(t, v1alpha1.AddToScheme(scheme))
	builder := fake.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(k.Object())
	for _, other := range kinds() {
		for index, keys := range reconcile.Indexes(other) {
			builder = builder.WithIndex(other.Object(), index, keys)
		}
	}
	builder = builder.WithObjects(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "ml"}})
	w.kube = builder.Build()
	w.loop = reconcile.New(k, reconcile.Options{
		Client: w.kube, Reader: w.kube, Clients: cloud.NewClients(config, w.clock, w.kube), Observer: cloud.NewObserver(w.clock, 30*time.Second),
		Recorder: &record.FakeRecorder{}, Clock: w.clock, ClusterName: "prod", Kinds: kinds(),
	})
	return w
}

// push applies a step, and lets the loop work and time pass until AWS has followed.
func (w *world) push(s step) {
	w.t.Helper()
	ctx := w.t.Context()
	w.apply(s)
	for end := w.clock.Now().Add(4 * time.Hour); ; {
		result, err := w.loop.Reconcile(ctx, ctrl.Request{NamespacedName: w.key})
		require.NoError(w.t, err)
		obj, err := w.get(ctx)
		if s.Spec == nil && err != nil {
			require.NoError(w.t, client.IgnoreNotFound(err))
			return
		}
		require.NoError(w.t, err)
		if id := obj.Common().ID; id != "" {
			w.stage.Call(id, "(made by AWS)")
		}
		for _, run := range obj.Common().Runs {
			if run.ID != "" {
				w.stage.Call(run.ID, "(made by AWS for "+run.Name+")")
			}
		}
		if s.Spec != nil && told(obj) == s.Until && (s.Calls == "" || w.aws.Journal().Counts()[s.Calls] > 0) {
			return
		}
		require.True(w.t, w.clock.Now().Before(end), "%s: waited in vain for %s: %+v", s.Say, s.Until, obj.GetConditions())
		w.clock.Step(max(result.RequeueAfter, time.Second))
	}
}

// apply applies a step as a GitOps tool and the API server would.
func (w *world) apply(s step) {
	w.t.Helper()
	ctx := w.t.Context()
	was, err := w.get(ctx)
	maps.Copy(w.spec, s.Spec)
	switch {
	case s.Spec == nil:
		require.NoError(w.t, err)
		require.NoError(w.t, w.kube.Delete(ctx, was))
	case err != nil:
		require.NoError(w.t, client.IgnoreNotFound(err))
		obj := w.object()
		obj.SetGeneration(1)
		require.NoError(w.t, w.kube.Create(ctx, obj))
	default:
		obj := w.object()
		obj.SetGeneration(was.GetGeneration() + 1)
		obj.SetFinalizers(was.GetFinalizers())
		obj.SetResourceVersion(was.GetResourceVersion())
		require.NoError(w.t, w.kube.Update(ctx, obj))
	}
}

// told is the reason of the condition Ready, once it speaks of the present spec.
func told(obj reconcile.Object) string {
	is := meta.FindStatusCondition(obj.GetConditions(), "Ready")
	if is == nil || is.ObservedGeneration != obj.GetGeneration() {
		return ""
	}
	return is.Reason
}

func (w *world) get(ctx context.Context) (reconcile.Object, error) {
	obj := w.kind.Object()
	return obj, w.kube.Get(ctx, w.key, obj)
}

func (w *world) object() reconcile.Object {
	w.t.Helper()
	data, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"namespace": w.key.Namespace, "name": w.key.Name, "uid": "0"}, "spec": w.spec,
	})
	require.NoError(w.t, err)
	obj := w.kind.Object()
	decoder := json.NewDecoder(strings.NewReader(w.stage.Play(string(data))))
	decoder.DisallowUnknownFields()
	require.NoError(w.t, decoder.Decode(obj))
	return obj
}

// random are the tokens that the SDK makes up.
var random = regexp.MustCompile(`"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"`)

// writeLog writes the requests that reached SageMaker and what scales and judges
// its endpoints. What is asked again
// before anything has been changed stands there once.
func (w *world) writeLog(log *bytes.Buffer) {
	w.t.Helper()
	asked := sets.New[string]()
	for _, e := range w.aws.Journal().Entries() {
		if e.Service == "sts" || e.Service == "s3" {
			continue
		}
		body, err := json.MarshalIndent(e.Request, "", "  ")
		require.NoError(w.t, err)
		text := fmt.Sprintf("%s %s\n", e.Operation, body)
		if !e.Succeeded() {
			text += fmt.Sprintf("-> %s: %s\n", e.Code, e.Message)
		}
		text = random.ReplaceAllString(text, `"(random)"`)
		text = w.stage.Tell(text)
		if e.Mutation() {
			asked.Clear()
		}
		if !asked.Has(text) {
			log.WriteString(text)
		}
		asked.Insert(text)
	}
	log.WriteString("\n")
}
