package loop_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/manager"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
)

// recorder keeps every state of the chain's objects that the API server told,
// each with what the endpoint in AWS was when it was told.
type recorder struct {
	aws    *simulator.Server
	mu     sync.Mutex
	states []telling
}

// telling is a state of one object of the chain, and AWS's of the endpoint then.
type telling struct {
	object   reconcile.Object
	endpoint simulator.Object
}

func (w *world) record() *recorder {
	w.t.Helper()
	scheme, err := manager.Scheme()
	require.NoError(w.t, err)
	c, err := client.NewWithWatch(w.clientConfig(""), client.Options{Scheme: scheme})
	require.NoError(w.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	w.t.Cleanup(cancel)
	r := &recorder{aws: w.aws}
	for _, list := range []client.ObjectList{
		&v1alpha1.TrainingJobList{}, &v1alpha1.ModelList{}, &v1alpha1.EndpointConfigList{}, &v1alpha1.EndpointList{},
	} {
		events, err := c.Watch(ctx, list, client.InNamespace(w.namespace))
		require.NoError(w.t, err)
		go r.follow(events)
	}
	return r
}

func (r *recorder) follow(events watch.Interface) {
	for e := range events.ResultChan() {
		if obj, ok := e.Object.(reconcile.Object); ok {
			endpoint, _ := r.aws.Object("Endpoint", "abalone")
			r.mu.Lock()
			r.states = append(r.states, telling{obj, endpoint})
			r.mu.Unlock()
		}
	}
}

// heard waits until the recorder was told all that is written: a push after
// that cannot change what AWS is seen to do at a moment before it.
func (w *world) heard(r *recorder) {
	w.t.Helper()
	for _, obj := range w.chain() {
		require.Eventually(w.t, func() bool {
			r.mu.Lock()
			defer r.mu.Unlock()
			return slices.ContainsFunc(r.states, func(m telling) bool {
				return kindOf(m.object) == kindOf(obj) && revision(m.object) >= revision(obj)
			})
		}, eventually, time.Millisecond)
	}
}

// replay calls f with the newest state of every kind after each write, in the
// order of the writes, and with the endpoint in AWS.
func (r *recorder) replay(f func(now map[string]reconcile.Object, endpoint simulator.Object)) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.SortStableFunc(r.states, func(a, b telling) int { return revision(a.object) - revision(b.object) })
	now := map[string]reconcile.Object{}
	for _, m := range r.states {
		now[kindOf(m.object)] = m.object
		f(now, m.endpoint)
	}
	return len(r.states)
}

func kindOf(obj reconcile.Object) string {
	return strings.TrimPrefix(fmt.Sprintf("%T", obj), "*v1alpha1.")
}

func revision(obj reconcile.Object) int {
	n, _ := strconv.Atoi(obj.GetResourceVersion())
	return n
}

// TestNeverReadyWithSomethingElse records every write while pushes, reverts
// and restarts go on, and finds no moment at which all four objects are ready
// and the endpoint in AWS is busy or serves another number of rounds than the
// applied one. What the objects say of AWS themselves proves nothing: they must
// say the same.
func TestNeverReadyWithSomethingElse(t *testing.T) {
	w := newWorld(t)
	r := w.record()
	w.startController()
	w.apply(abalone())
	w.until("100 rounds serve", w.chainReady)
	pushes := []struct {
		rounds int
		settle bool // wait until it serves before the next push
		reason string
	}{
		{200, true, "a new run"},
		{100, true, "going back needs no job, so everything is quick"},
		{200, false, "there and"},
		{100, false, "back again before anything settled"},
		{300, false, "a new run, superseded"},
		{200, true, "by one that exists"},
	}
	for _, p := range pushes {
		w.heard(r)
		w.apply(trainingJob(p.rounds))
		if p.settle {
			w.until(p.reason, func() bool { return w.chainReady() && w.ran(p.rounds) })
		}
	}
	w.restartController()
	w.heard(r)
	w.apply(trainingJob(100))
	w.until("100 rounds serve again", func() bool { return w.chainReady() && w.ran(100) })
	w.heard(r)

	ready := 0
	writes := r.replay(func(now map[string]reconcile.Object, endpoint simulator.Object) {
		if len(now) < 4 {
			return
		}
		for _, obj := range now {
			if !isReady(obj) {
				return
			}
		}
		ready++
		job, _ := now["TrainingJob"].(*v1alpha1.TrainingJob)
		at := "at resourceVersion " + now["Endpoint"].GetResourceVersion()
		require.Equal(t, "InService", endpoint.Status, at)
		config := fmt.Sprint(endpoint.Document["EndpointConfigName"])
		require.Equal(t, job.Spec.HyperParameters["num_round"], w.roundsOf(config), at)
		require.Equal(t, config, referenced(now["Endpoint"], "endpointConfigRef"), at)
	})
	t.Logf("%d writes, %d of them with the whole chain ready", writes, ready)
	require.GreaterOrEqual(t, ready, 5)
}

// referenced is what an object says a reference stands for in AWS.
func referenced(obj reconcile.Object, path string) string {
	for _, ref := range obj.Common().References {
		if ref.Path == path {
			return ref.AWSName
		}
	}
	return ""
}

// roundsOf is the number of rounds of the training job whose model an endpoint
// configuration in AWS is made of.
func (w *world) roundsOf(config string) string {
	w.t.Helper()
	c, ok := w.aws.Object("EndpointConfig", config)
	require.True(w.t, ok, "configuration %s exists", config)
	variant, _ := c.Document["ProductionVariants"].([]any)[0].(map[string]any)
	m, ok := w.aws.Object("Model", fmt.Sprint(variant["ModelName"]))
	require.True(w.t, ok)
	container, _ := m.Document["PrimaryContainer"].(map[string]any)
	url := fmt.Sprint(container["ModelDataUrl"])
	for _, job := range w.aws.Objects("TrainingJob") {
		if strings.Contains(url, "/"+job.Name+"/") {
			parameters, _ := job.Document["HyperParameters"].(map[string]any)
			return fmt.Sprint(parameters["num_round"])
		}
	}
	return "nothing"
}
