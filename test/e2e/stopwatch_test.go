package e2e_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/bench"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/cluster"
)

// stopwatch notes when a repository is pushed to, and when what comes of it. A watch of
// the API server tells it of each change.
type stopwatch struct {
	judge
	bench     *bench.Bench
	namespace string

	mu     sync.Mutex
	pushes []*push
}

// judge is the Application or Kustomization that says whether a commit is healthy.
type judge struct {
	tool                   cluster.Tool
	apiVersion, kind, name string
	healthy                func(ctx context.Context, commit string) (bool, error)
}

// push is a commit, and when what came of it: none of it counts after healthy.
type push struct {
	commit string
	// pushed is when git push had returned.
	pushed time.Time
	// applied is when the last object that is from git changed in the cluster.
	applied time.Time
	// settled is when the last job in AWS had completed, or the endpoint was in service.
	settled time.Time
	// ready is when the last object that is from git became Ready.
	ready time.Time
	// healthy is when the tool called the commit healthy.
	healthy time.Time
}

func byApplication(b *bench.Bench, name string) judge {
	return judge{cluster.ArgoCDTool, "argoproj.io/v1alpha1", "Application", name, func(ctx context.Context, commit string) (bool, error) {
		state, _, err := b.State(ctx, name)
		return state.HealthyAt(commit), err
	}}
}

func byKustomization(b *bench.Bench, name string) judge {
	return judge{cluster.FluxTool, "kustomize.toolkit.fluxcd.io/v1", "Kustomization", name, func(ctx context.Context, commit string) (bool, error) {
		verdict, _, err := b.Verdict(ctx, name)
		return verdict.ReadyAt(commit), err
	}}
}

// conditioned is an object of ours.
type conditioned interface {
	client.Object
	GetConditions() []metav1.Condition
}

// startStopwatch starts one for a repository, whose objects are in a namespace.
func startStopwatch(t *testing.T, b *bench.Bench, repository *cluster.Repository, namespace string, j judge) {
	t.Helper()
	w := &stopwatch{judge: j, bench: b, namespace: namespace}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	all, err := cache.New(b.Cluster.Config, cache.Options{Scheme: b.Kube.Scheme()})
	require.NoError(t, err)
	for _, object := range []client.Object{
		new(v1alpha1.ModelPipeline), new(v1alpha1.TrainingJob), new(v1alpha1.Model), new(v1alpha1.EndpointConfig), new(v1alpha1.Endpoint),
		&unstructured.Unstructured{Object: map[string]any{"apiVersion": j.apiVersion, "kind": j.kind}},
	} {
		informer, err := all.GetInformer(ctx, object)
		require.NoError(t, err)
		_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
			AddFunc:    func(now any) { w.see(ctx, nil, now) },
			UpdateFunc: func(before, now any) { w.see(ctx, before, now) },
		})
		require.NoError(t, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- all.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
		w.mu.Lock()
		defer w.mu.Unlock()
		took(w.tool, w.pushes)
	})
	require.True(t, all.WaitForCacheSync(ctx))
	repository.Pushed = w.push
}

func (w *stopwatch) push(commit string) {
	p := &push{commit: commit, pushed: time.Now()}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pushes = append(w.pushes, p)
}

// see notes a change of an object if it tells something of the last push.
func (w *stopwatch) see(ctx context.Context, before, now any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.pushes) == 0 {
		return
	}
	last := w.pushes[len(w.pushes)-1]
	if !last.healthy.IsZero() {
		return
	}
	switch object := now.(type) {
	case conditioned:
		if object.GetNamespace() != w.namespace || len(object.GetOwnerReferences()) > 0 {
			return
		}
		old, _ := before.(conditioned)
		if old == nil || old.GetGeneration() != object.GetGeneration() {
			last.applied = time.Now()
		}
		if isReady(object) && (old == nil || !isReady(old)) {
			last.ready = time.Now()
		}
	case client.Object:
		if object.GetName() != w.name {
			return
		}
		if healthy, err := w.healthy(ctx, last.commit); err == nil && healthy {
			last.healthy, last.settled = time.Now(), w.settled()
		}
	}
}

// isReady says whether an object is Ready as it is now.
func isReady(object conditioned) bool {
	ready := meta.FindStatusCondition(object.GetConditions(), "Ready")
	return ready != nil && ready.Status == metav1.ConditionTrue && ready.ObservedGeneration == object.GetGeneration()
}

// settled is when AWS was last done with something for the namespace.
func (w *stopwatch) settled() (last time.Time) {
	for _, object := range w.bench.AWS.Objects("") {
		if object.Tags["sagemaker.gitops.dev/namespace"] != w.namespace || object.Status != "Completed" && object.Status != "InService" {
			continue
		}
		if done, ok := object.Document["LastModifiedTime"].(time.Time); ok && done.After(last) {
			last = done
		}
	}
	return last
}
