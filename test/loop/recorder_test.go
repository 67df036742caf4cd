package loop_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/manager"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
)

// recorder keeps every state of the chain's objects that the API server told.
type recorder struct {
	mu     sync.Mutex
	states []reconcile.Object
}

func (w *world) record() *recorder {
	w.t.Helper()
	scheme, err := manager.Scheme()
	require.NoError(w.t, err)
	c, err := client.NewWithWatch(shared.Config, client.Options{Scheme: scheme})
	require.NoError(w.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	w.t.Cleanup(cancel)
	r := &recorder{}
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
			r.mu.Lock()
			r.states = append(r.states, obj)
			r.mu.Unlock()
		}
	}
}

// replay calls f with the newest state of every kind after each write, in the
// order of the writes.
func (r *recorder) replay(f func(map[string]reconcile.Object)) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.SortStableFunc(r.states, func(a, b reconcile.Object) int { return revision(a) - revision(b) })
	now := map[string]reconcile.Object{}
	for _, obj := range r.states {
		now[strings.TrimPrefix(fmt.Sprintf("%T", obj), "*v1alpha1.")] = obj
		f(now)
	}
	return len(r.states)
}

func revision(obj reconcile.Object) int {
	n, _ := strconv.Atoi(obj.GetResourceVersion())
	return n
}

// TestNeverReadyWithSomethingElse records every write while pushes, reverts
// and restarts go on, and finds no moment at which all four objects are ready
// and the endpoint serves another number of rounds than the applied one.
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
		w.apply(trainingJob(p.rounds))
		if p.settle {
			w.until(p.reason, func() bool { return w.chainReady() && w.ran(p.rounds) })
		}
	}
	w.restartController()
	w.apply(trainingJob(100))
	w.until("100 rounds serve again", func() bool { return w.chainReady() && w.ran(100) })

	ready := 0
	writes := r.replay(func(now map[string]reconcile.Object) {
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
		require.Equal(t, job.Spec.HyperParameters["num_round"], w.servedBy(now["Endpoint"]), "at resourceVersion %s", now["Endpoint"].GetResourceVersion())
	})
	t.Logf("%d writes, %d of them with the whole chain ready", writes, ready)
	require.GreaterOrEqual(t, ready, 5)
}

// servedBy follows an endpoint's status through AWS to the number of rounds of
// the training job whose model it serves.
func (w *world) servedBy(endpoint reconcile.Object) string {
	w.t.Helper()
	var config string
	for _, ref := range endpoint.Common().References {
		if ref.Path == "endpointConfigRef" {
			config = ref.AWSName
		}
	}
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
