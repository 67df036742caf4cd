package argocd

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/cache"
	enginehealth "github.com/argoproj/argo-cd/gitops-engine/pkg/health"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/sync"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/sync/common"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/sync/hook"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/utils/kube"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/utils/tracing"
	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
)

// ignoreHealth is an annotation of Argo CD, which the engine does not know.
const ignoreHealth = "argocd.argoproj.io/ignore-healthcheck"

// Syncer makes a cluster what git says: it applies objects wave by wave, and begins a
// wave when the one before is healthy.
type Syncer struct {
	// Config leads to the API server.
	Config *rest.Config
	// Cache is the engine's view of the cluster. It has to keep the manifests of managed
	// objects (cache.SetPopulateResourceInfoHandler), and should judge by Override, too.
	Cache cache.ClusterCache
	// Managed tells which live objects belong to what is synced. Those that git does not
	// name are pruned if Options say sync.WithPrune(true).
	Managed func(*cache.Resource) bool
	// Namespace is that of objects of namespaced kinds which name none.
	Namespace string
	// Health judges objects; nil means Override{}.
	Health enginehealth.HealthOverride
	// Interval is the time between two looks at what is waited for; 0 means a second.
	Interval time.Duration
	// Options are given to the engine at each look. Health and state are set already.
	Options []sync.SyncOpt
}

// Result is how a sync ended.
type Result struct {
	// Phase is Succeeded, Failed or Error; whatever it was then, if the context ended.
	Phase common.OperationPhase
	// Message says why.
	Message string
	// Resources are what became of each object.
	Resources []common.ResourceSyncResult
}

// Sync applies the objects of a revision and waits. As in Argo CD it has succeeded when
// the last wave is applied, healthy or not, unless that has hooks; and it has failed as
// soon as an object in an earlier wave is Degraded. A sync that fails is no error: see
// Phase. An error is one of the API server, or of the context; then hooks are told to
// end, and the result is how far the sync had come.
func (s *Syncer) Sync(ctx context.Context, revision string, objects []*unstructured.Unstructured) (Result, error) {
	kubectl := newKubectl()
	is := Result{Phase: common.OperationRunning}
	started := metav1.Now()

	for {
		placed := s.placed(objects)

		live, err := s.live(ctx, kubectl, placed, is.Resources)
		ended := ctx.Err() != nil

		if ended { // which hooks there are has to be known to end them
			live, err = s.live(context.WithoutCancel(ctx), kubectl, placed, is.Resources)
		}

		if err != nil {
			return is, err
		}

		options := append([]sync.SyncOpt{
			sync.WithLogr(logr.Discard()),
			sync.WithInitialState(is.Phase, is.Message, is.Resources, started),
			sync.WithHealthOverride(s.health()),
		}, s.Options...)

		step, done, err := sync.NewSyncContext(
			revision, sync.Reconcile(placed, live, s.Namespace, s.Cache), s.Config, s.Config, kubectl, s.Namespace, options...)
		if err != nil {
			return is, fmt.Errorf("sync of %s: %w", revision, err)
		}

		if !ended {
			step.Sync()
			is.Phase, is.Message, is.Resources = step.GetState()
			ended = !is.Phase.Completed() && !s.wait(ctx)
		}

		if ended {
			err = fmt.Errorf("sync of %s: %w: %s", revision, context.Cause(ctx), is.Message)

			step.Terminate()
			is.Phase, is.Message, is.Resources = step.GetState()
		}

		done()

		if err != nil || is.Phase.Completed() {
			return is, err
		}
	}
}

// placed are the objects with the namespace in which Argo CD applies them. A kind that the
// API server does not know yet is taken for a namespaced one, as there.
func (s *Syncer) placed(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	all := make([]*unstructured.Unstructured, len(objects))

	for i, object := range objects {
		all[i] = object.DeepCopy()

		switch {
		case !kube.IsNamespacedOrUnknown(s.Cache, object.GroupVersionKind().GroupKind()):
			all[i].SetNamespace("")
		case object.GetNamespace() == "":
			all[i].SetNamespace(s.Namespace)
		}
	}

	return all
}

// wait waits until it is time for the next look; false means that the context has ended.
func (s *Syncer) wait(ctx context.Context) bool {
	interval := s.Interval
	if interval <= 0 {
		interval = time.Second
	}

	select {
	case <-ctx.Done():
		return false
	case <-time.After(interval):
		return true
	}
}

// live are the objects as they are now. What is waited for is read from the API server,
// for the cache may not have seen what was applied a moment ago.
func (s *Syncer) live(
	ctx context.Context, kubectl kube.Kubectl, objects []*unstructured.Unstructured, results []common.ResourceSyncResult,
) (map[kube.ResourceKey]*unstructured.Unstructured, error) {
	live, err := s.Cache.GetManagedLiveObjs(objects, s.Managed)
	if err != nil {
		return nil, fmt.Errorf("reading live objects: %w", err)
	}

	kinds := map[kube.ResourceKey]schema.GroupVersionKind{}
	for _, object := range objects {
		kinds[kube.GetResourceKey(object)] = object.GroupVersionKind()
	}

	for _, r := range results {
		kind, ours := kinds[r.ResourceKey]
		if !ours || r.HookPhase != common.OperationRunning {
			continue
		}

		object, err := kubectl.GetResource(ctx, s.Config, kind, r.ResourceKey.Name, r.ResourceKey.Namespace)

		switch {
		case apierrors.IsNotFound(err):
			delete(live, r.ResourceKey)
		case err != nil:
			return nil, fmt.Errorf("reading %s: %w", r.ResourceKey, err)
		default:
			live[r.ResourceKey] = object
		}
	}

	return live, nil
}

// HealthOf is the health of objects together, much as Argo CD gives an Application: the
// worst of them, with a message that names the object. Hooks, objects with the annotation
// argocd.argoproj.io/ignore-healthcheck: "true" and those that are judged by nobody do not
// count. An object that is not there is Missing; Argo CD, which calls the Application
// OutOfSync then, says so only if none is there. They are read from the API server, whose
// errors it returns.
func (s *Syncer) HealthOf(ctx context.Context, objects []*unstructured.Unstructured) (enginehealth.HealthStatus, error) {
	worst := enginehealth.HealthStatus{Status: enginehealth.HealthStatusHealthy}
	kubectl := newKubectl()

	for _, object := range s.placed(objects) {
		if hook.IsHook(object) || hook.Skip(object) || object.GetAnnotations()[ignoreHealth] == "true" {
			continue
		}

		key := kube.GetResourceKey(object)

		live, err := kubectl.GetResource(ctx, s.Config, object.GroupVersionKind(), key.Name, key.Namespace)
		if err != nil && !apierrors.IsNotFound(err) {
			return worst, fmt.Errorf("reading %s %s: %w", key.Kind, key.Name, err)
		}

		is := &enginehealth.HealthStatus{Status: enginehealth.HealthStatusMissing}
		if err == nil {
			if is, err = enginehealth.GetResourceHealth(live, s.health()); err != nil {
				return worst, fmt.Errorf("judging %s %s: %w", key.Kind, key.Name, err)
			}
		}

		if is != nil && enginehealth.IsWorse(worst.Status, is.Status) {
			worst = enginehealth.HealthStatus{Status: is.Status, Message: strings.TrimSpace(fmt.Sprintf("%s %s: %s", key.Kind, key.Name, is.Message))}
		}
	}

	return worst, nil
}

func newKubectl() kube.Kubectl {
	return &kube.KubectlCmd{Log: logr.Discard(), Tracer: tracing.NopTracer{}}
}

func (s *Syncer) health() enginehealth.HealthOverride {
	if s.Health == nil {
		return Override{}
	}

	return s.Health
}
