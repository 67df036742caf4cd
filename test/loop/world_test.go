// Package loop_test runs the controller, in this process and on a virtual
// clock, against a real Kubernetes API server and the simulated SageMaker.
package loop_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fluxcd/pkg/runtime/conditions/check"
	"github.com/go-logr/logr"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/manager"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/cluster"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
)

// shared is the API server of all tests; each has a namespace of its own.
var shared *cluster.Cluster

// longTests are those that -short leaves out: each plays many lives, one after the other.
const longTests = "^Test(EveryKind|.*AtRest|.*Crash.*|.*Histories|Random.*|.*Example.*)$"

func TestMain(m *testing.M) {
	ctrl.SetLogger(logr.Discard())
	flag.Parse()
	if skip := flag.Lookup("test.skip"); testing.Short() && skip.Value.String() == "" {
		_ = skip.Value.Set(longTests)
	}
	// A world waits most of the time, for moments to pass and for the API server.
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		_ = flag.Set("test.parallel", strconv.Itoa(3*runtime.GOMAXPROCS(0)))
	}
	code := 1
	defer func() { os.Exit(code) }()
	var err error
	if shared, err = cluster.Start(context.Background(), cluster.Options{CRDs: []string{"../../kustomize/crd/bases"}}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	defer func() { _ = shared.Stop() }()
	code = m.Run()
}

// world is one test's part of the world: a namespace, an AWS account and time.
type world struct {
	t         *testing.T
	ctx       context.Context //nolint:containedctx // it is the test's own, as long as the world
	namespace string
	clock     *clocktesting.FakeClock
	aws       *simulator.Server
	kube      client.Client
	cluster   string   // the controller's cluster name
	kinds     []string // that the controller reconciles; none means all
	subject   string   // the name of the pipeline that the test is about
	// account is the service account as which the controller asks the API server; none
	// means somebody who may do everything.
	account string
	// runtime is the namespace in which the controller records its cluster name; none
	// means that the name is not guarded. renameFrom is the flag --rename-cluster-from.
	runtime, renameFrom string
	// selector and endpointURL are flags of the controller.
	selector, endpointURL string
	hashes                identity.Hashes
	stop                  func()
	crash                 *crash
	// written counts what the controller has written to Kubernetes.
	written atomic.Int64
}

var worlds atomic.Int64

// asObserved is how AWS answers unless a test says otherwise.
var asObserved = flag.Bool("as-observed", true, "let AWS answer as it was seen to answer, and not as it was asked")

// newWorld makes a world for a test that runs beside others, in which some stages of
// AWS's last for most of an hour.
func newWorld(t *testing.T, long ...string) *world {
	t.Helper()
	t.Parallel()
	return newLonelyWorld(t, long...)
}

func newLonelyWorld(t *testing.T, long ...string) *world {
	t.Helper()
	namespace := fmt.Sprintf("w%d-%d", worlds.Add(1), os.Getpid())
	return newWorldIn(t, namespace, time.Now().Truncate(time.Second), simulator.Options{Durations: durations(long...), Seed: 1, AsObserved: *asObserved})
}

// durations are those of AWS's stages in the tests, some of them most of an hour.
func durations(long ...string) map[string]time.Duration {
	durations := map[string]time.Duration{}
	for stage := range simulator.Stages() {
		durations[stage] = 20 * time.Second
	}
	for _, stage := range []string{ // so that one can be stopped under load
		"TrainingJob/Training", "ProcessingJob/Processing", "TransformJob/Transforming", "HyperParameterTuningJob/Tuning",
		"LabelingJob/Labeling", "PipelineExecution/Executing",
	} {
		durations[stage] = 3 * time.Minute
	}
	for _, stage := range long {
		durations[stage] = 50 * time.Minute
	}
	return durations
}

// newWorldIn makes a world with a namespace, a time at which it begins, and options of
// its AWS.
func newWorldIn(t *testing.T, namespace string, start time.Time, options simulator.Options) *world {
	t.Helper()
	w := &world{t: t, ctx: t.Context(), cluster: "test", subject: "abalone", namespace: namespace, clock: clocktesting.NewFakeClock(start)}
	options.Clock = w.clock
	var err error
	w.aws, err = simulator.New(options)
	require.NoError(t, err)
	require.NoError(t, w.aws.Start())
	t.Cleanup(func() { require.NoError(t, w.aws.Close()) })
	require.NoError(t, w.aws.CreateBucket("acme-ml"))
	require.NoError(t, w.aws.PutObject("acme-ml", "abalone/train/part-0", []byte("1 1:2")))

	scheme, err := manager.Scheme()
	require.NoError(t, err)
	w.kube, err = client.New(w.clientConfig(""), client.Options{Scheme: scheme})
	require.NoError(t, err)
	err = w.kube.Create(w.ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.namespace}})
	require.NoError(t, client.IgnoreAlreadyExists(err)) // one that is given may be there from before
	t.Cleanup(func() { w.stopController() })
	return w
}

// startController starts a controller as after an installation or a restart:
// it knows nothing but what Kubernetes and AWS tell.
func (w *world) startController() {
	w.t.Helper()
	if w.crash == nil {
		w.startWith(nil, nil)
		return
	}
	w.startWith(w.crash.kubernetes, w.crash.aws())
}

// startWith starts a controller whose requests to Kubernetes and AWS go through
// what is given.
func (w *world) startWith(kubernetes func(http.RoundTripper) http.RoundTripper, cloud httpClient) {
	w.t.Helper()
	require.NoError(w.t, w.tryStart(kubernetes, cloud))
}

// tryStart starts a controller, unless it refuses to.
func (w *world) tryStart(kubernetes func(http.RoundTripper) http.RoundTripper, cloud httpClient) error {
	w.t.Helper()
	var o manager.Options
	o.BindFlags(pflag.NewFlagSet("", pflag.ContinueOnError))
	o.ClusterName, o.Clock, o.Namespaces = w.cluster, w.clock, []string{w.namespace}
	o.Kinds, o.LabelSelector, o.SageMakerEndpointURL = w.kinds, w.selector, w.endpointURL
	o.Hashes = w.hashes
	o.LeaderElection.Enable, o.MetricsAddr, o.HealthAddr = false, "0", "0"
	o.RuntimeNamespace, o.RenameClusterFrom = w.runtime, w.renameFrom

	kube := w.configOf(w.account)
	kube.Wrap(w.counting)
	config, err := w.aws.AWSConfig(w.ctx)
	require.NoError(w.t, err)
	if kubernetes != nil {
		kube.Wrap(kubernetes)
	}
	if cloud != nil {
		config.HTTPClient = cloud
	}
	ctx, cancel := context.WithCancel(context.Background())
	mgr, err := manager.New(ctx, kube, config, o)
	if err != nil {
		cancel()
		return err
	}
	done := make(chan error, 1)
	go func() { done <- mgr.Start(ctx) }()
	w.stop = func() {
		cancel()
		require.NoError(w.t, <-done)
	}
	return nil
}

// configOf is a configuration of clients that are a service account, <namespace>:<name>,
// or somebody who may do everything.
func (w *world) configOf(account string) *rest.Config {
	config := rest.CopyConfig(shared.Config)
	if account != "" {
		config.Impersonate = rest.ImpersonationConfig{
			UserName: "system:serviceaccount:" + account, Groups: []string{"system:serviceaccounts", "system:authenticated"},
		}
	}
	return config
}

func (w *world) stopController() {
	if w.stop != nil {
		w.stop()
		w.stop = nil
	}
}

func (w *world) restartController() {
	w.stopController()
	w.startController()
}

// apply creates the objects of a YAML text or updates their specs, metadata
// and annotations, as a GitOps tool does.
func (w *world) apply(text string) {
	w.t.Helper()
	for doc := range strings.SplitSeq(text, "\n---\n") {
		obj := w.parse(doc)
		require.NoError(w.t, w.kube.Patch(w.ctx, obj, client.Apply, client.FieldOwner("git"), client.ForceOwnership)) //nolint:staticcheck // the objects are made of text
	}
}

func (w *world) parse(doc string) client.Object {
	w.t.Helper()
	u := newUnstructured()
	require.NoError(w.t, yaml.UnmarshalStrict([]byte(doc), &u.Object))
	if u.GetAPIVersion() == "" {
		u.SetAPIVersion("sagemaker.gitops.dev/v1alpha1")
	}
	u.SetNamespace(w.namespace)
	return u
}

// get reads an object; ok is false if it does not exist.
func get[T reconcile.Object](w *world, name string, obj T) (T, bool) {
	w.t.Helper()
	err := w.kube.Get(w.ctx, client.ObjectKey{Namespace: w.namespace, Name: name}, obj)
	if apierrors.IsNotFound(err) {
		return obj, false
	}
	require.NoError(w.t, err)
	return obj, true
}

// until lets virtual time pass until the condition holds.
func (w *world) until(what string, condition func() bool) {
	w.t.Helper()
	w.untilWithin(what, 6*time.Hour, condition)
}

// step is how virtual time passes while a test waits: so much of it for every
// moment of real time that lets the controller's goroutines work.
const (
	step   = 2 * time.Second
	moment = 5 * time.Millisecond
	// patience is how many steps a condition is not asked again as long as there is
	// no news: what AWS does by itself is then seen.
	patience = 5
	// grace is how long a busy controller has in real time to do something, when no more
	// virtual time may pass. It begins anew with everything that the controller does, up
	// to restless times: then it is at something that never ends.
	grace    = time.Minute
	restless = 5000
	// eventually is how long the API server may take to do in real time what it does within
	// seconds on an idle machine.
	eventually = 10 * time.Minute
)

// untilWithin lets virtual time pass until the condition holds, so much of it at most. In
// real time it waits for as long as there is virtual time left, or news: however slow the
// machine is, the controller comes to what is due.
func (w *world) untilWithin(what string, virtual time.Duration, condition func() bool) {
	w.t.Helper()
	end := w.clock.Now().Add(virtual)
	var deadline time.Time
	for last, still := int64(-1), 0; ; {
		known := w.news()
		if condition() {
			return
		}
		over := w.clock.Now().After(end)
		if over && known != last && still < restless {
			deadline = time.Now().Add(grace)
			still++
		}
		last = known
		if over && time.Now().After(deadline) {
			w.t.Fatalf("waited in vain until %s\n%s", what, w.describe())
		}
		for range patience {
			if !over {
				w.clock.Step(step)
			}
			<-time.After(moment)
			if w.news() != known {
				break
			}
		}
	}
}

// news changes when the controller has written something, or AWS was asked
// something.
func (w *world) news() int64 { return w.written.Load() + int64(w.aws.Journal().Sequence()) }

func (w *world) counting(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		response, err := next.RoundTrip(r)
		if r.Method != http.MethodGet {
			w.written.Add(1)
		}
		return response, err
	})
}

// pass lets so much virtual time pass, and the controller come to rest. What it may
// not have come to yet, on a busy machine, is for until: after pass a test says what
// must not have happened, or what was so all the time.
func (w *world) pass(d time.Duration, stride time.Duration) {
	for end := w.clock.Now().Add(d); w.clock.Now().Before(end); {
		w.clock.Step(stride)
		<-time.After(moment)
	}
	known := w.news()
	for still, most := 0, 400; still < 10 && most > 0; most-- {
		<-time.After(moment)
		still++
		if now := w.news(); now != known {
			known, still = now, 0
		}
	}
}

// checked asserts that an object's conditions are as kstatus wants them.
func (w *world) checked(obj reconcile.Object) {
	w.t.Helper()
	checker := check.NewChecker(w.kube, &check.Conditions{NegativePolarity: []string{"Stalled", "Reconciling"}})
	checker.DisableFetch = true
	fail, _ := checker.Check(w.ctx, obj)
	require.NoError(w.t, fail)
}
