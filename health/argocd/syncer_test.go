package argocd_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/cache"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/engine"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/sync"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/sync/common"
	"github.com/go-logr/logr"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/sagemaker-gitops/sagemaker-gitops/health/argocd"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/cluster"
)

const (
	patience = time.Minute
	interval = 200 * time.Millisecond
)

var config *rest.Config

func TestMain(m *testing.M) {
	log.SetLogger(logr.Discard()) // of the CRD installer, which complains otherwise
	code := 1
	defer func() { os.Exit(code) }()
	c, err := cluster.Start(context.Background(), cluster.Options{CRDs: []string{"../../kustomize/crd/bases"}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	defer func() { _ = c.Stop() }()
	config = c.Config
	config.WarningHandler = rest.NoWarnings{}
	code = m.Run()
}

// stage is a namespace with a model in one wave and a configuration in the next.
type stage struct {
	t         *testing.T
	kube      client.Client
	namespace string
	syncer    argocd.Syncer
	ended     chan struct{}
	result    argocd.Result
	err       error
}

func newStage(t *testing.T) *stage {
	t.Helper()

	kube, err := client.New(config, client.Options{})
	require.NoError(t, err)
	namespace := &corev1.Namespace{}
	namespace.GenerateName = "sync-"
	require.NoError(t, kube.Create(t.Context(), namespace))

	clusterCache := cache.NewClusterCache(config,
		cache.SetNamespaces([]string{namespace.Name}),
		cache.SetSettings(cache.Settings{ResourceHealthOverride: argocd.Override{}, ResourcesFilter: cache.NewNoopSettings()}),
		cache.SetLogr(logr.Discard()),
		cache.SetPopulateResourceInfoHandler(func(*unstructured.Unstructured, bool) (any, bool) { return nil, true }),
	)
	require.NoError(t, clusterCache.EnsureSynced())
	t.Cleanup(func() { clusterCache.Invalidate() })

	return &stage{t: t, kube: kube, namespace: namespace.Name, syncer: argocd.Syncer{
		Config: config, Cache: clusterCache, Namespace: namespace.Name, Interval: interval,
		Managed: func(r *cache.Resource) bool {
			return r.Ref.Namespace == namespace.Name && r.ResourceKey().Group == "sagemaker.gitops.dev"
		},
		Options: []sync.SyncOpt{sync.WithServerSideApply(true), sync.WithServerSideApplyManager("git"), sync.WithPrune(true)},
	}}
}

func (s *stage) objects(role string) []*unstructured.Unstructured {
	s.t.Helper()

	all := []*unstructured.Unstructured{
		parse(s.t, `
apiVersion: sagemaker.gitops.dev/v1alpha1
kind: Model
metadata: {name: abalone, annotations: {argocd.argoproj.io/sync-wave: "0"}}
spec:
  executionRoleARN: arn:aws:iam::111122223333:role/`+role+`
  primaryContainer: {image: "111122223333.dkr.ecr.eu-west-1.amazonaws.com/abalone:1"}
`),
		parse(s.t, `
apiVersion: sagemaker.gitops.dev/v1alpha1
kind: EndpointConfig
metadata: {name: abalone, annotations: {argocd.argoproj.io/sync-wave: "1"}}
spec:
  productionVariants: [{variantName: main, modelRef: {name: abalone}, instanceType: ml.m5.large, initialInstanceCount: 1}]
`),
	}
	for _, object := range all {
		object.SetNamespace(s.namespace)
	}

	return all
}

func (s *stage) start(ctx context.Context, revision string, objects []*unstructured.Unstructured) {
	s.ended = make(chan struct{})
	go func() {
		defer close(s.ended)
		s.result, s.err = s.syncer.Sync(ctx, revision, objects)
	}()
}

func (s *stage) end() argocd.Result {
	s.t.Helper()

	select {
	case <-s.ended:
	case <-time.After(patience):
		require.Fail(s.t, "the sync does not end")
	}
	require.NoError(s.t, s.err)

	return s.result
}

func (s *stage) health() string {
	s.t.Helper()

	return s.healthOf(s.objects("b")...)
}

func (s *stage) healthOf(objects ...*unstructured.Unstructured) string {
	s.t.Helper()

	is, err := s.syncer.HealthOf(s.t.Context(), objects)
	require.NoError(s.t, err)

	return string(is.Status) + " " + is.Message
}

func (s *stage) get(kind string) *unstructured.Unstructured {
	object := &unstructured.Unstructured{}
	object.SetAPIVersion("sagemaker.gitops.dev/v1alpha1")
	object.SetKind(kind)
	if err := s.kube.Get(s.t.Context(), client.ObjectKey{Namespace: s.namespace, Name: "abalone"}, object); err != nil {
		return nil
	}

	return object
}

// judge stands in for the controller: it says of the model what it found.
func (s *stage) judge(generation int64, conditions ...any) {
	s.t.Helper()

	require.EventuallyWithT(s.t, func(t *assert.CollectT) {
		object := s.get("Model")
		require.NotNil(t, object)
		require.Equal(t, generation, object.GetGeneration())
		object.Object["status"] = map[string]any{"observedGeneration": generation, "conditions": conditions}
		require.NoError(t, s.kube.Status().Update(s.t.Context(), object))
	}, patience, interval)
}

func condition(kind, why, message string) any {
	return map[string]any{"type": kind, "status": "True", "reason": why, "message": message, "lastTransitionTime": "2026-03-02T09:30:00Z"}
}

func TestWaveWaitsForHealth(t *testing.T) {
	t.Parallel()

	s := newStage(t)
	s.start(t.Context(), "first", s.objects("a"))
	require.Eventually(t, func() bool { return s.get("Model") != nil }, patience, interval)
	require.Never(t, func() bool { return s.get("EndpointConfig") != nil }, 5*interval, interval, "nobody has judged the model")
	s.judge(1, condition("Ready", "Created", "model abalone exists"))
	is := s.end()
	require.Equal(t, common.OperationSucceeded, is.Phase, is.Message)
	require.Len(t, is.Resources, 2)
	require.NotNil(t, s.get("EndpointConfig"))
	require.Equal(t, "Progressing EndpointConfig abalone: generation 1 not reconciled yet, last was -1", s.health())

	// A change: the model is ready, but not for what it is now.
	s.start(t.Context(), "second", s.objects("b"))
	require.Eventually(t, func() bool { return s.get("Model").GetGeneration() == 2 }, patience, interval)
	require.Never(t, func() bool {
		select {
		case <-s.ended:
			return true
		default:
			return false
		}
	}, 5*interval, interval, "what it was before does not count")
	s.judge(2, condition("Ready", "Created", "model abalone exists"))
	require.Equal(t, common.OperationSucceeded, s.end().Phase)

	// What git does not name any more goes.
	s.start(t.Context(), "third", s.objects("b")[:1])
	require.Equal(t, common.OperationSucceeded, s.end().Phase)
	require.Eventually(t, func() bool { return s.get("EndpointConfig") == nil }, patience, interval)
	require.Equal(t, "Missing EndpointConfig abalone:", s.health())
}

func TestDegradedFails(t *testing.T) {
	t.Parallel()

	s := newStage(t)
	s.start(t.Context(), "first", s.objects("a"))
	s.judge(1, condition("Stalled", "ValidationFailed", "AWS knows no such image"))
	is := s.end()
	require.Equal(t, common.OperationFailed, is.Phase)
	require.Nil(t, s.get("EndpointConfig"), "the next wave does not begin")
	require.Equal(t, "AWS knows no such image", is.Resources[0].Message)
	require.Equal(t, "Degraded Model abalone: AWS knows no such image", s.health())
}

// TestNamespaceOfThoseThatNameNone: it is the Syncer's, and the objects stay as they are.
func TestNamespaceOfThoseThatNameNone(t *testing.T) {
	t.Parallel()

	s := newStage(t)
	objects := s.objects("a")
	for _, object := range objects {
		object.SetNamespace("")
	}
	s.start(t.Context(), "first", objects)
	s.judge(1, condition("Ready", "Created", "model abalone exists"))
	is := s.end()
	require.Equal(t, common.OperationSucceeded, is.Phase, is.Message)
	require.NotNil(t, s.get("EndpointConfig"))
	require.Equal(t, "Progressing EndpointConfig abalone: generation 1 not reconciled yet, last was -1", s.healthOf(objects...))
	require.Empty(t, objects[0].GetNamespace())

	require.Equal(t, "Healthy ", s.healthOf(parse(t, "{apiVersion: v1, kind: Namespace, metadata: {name: "+s.namespace+"}}")), "a kind that has none")
}

// TestWhatDoesNotCount: hooks, and what git says not to judge.
func TestWhatDoesNotCount(t *testing.T) {
	t.Parallel()

	s := newStage(t)
	s.start(t.Context(), "first", s.objects("a"))
	s.judge(1, condition("Stalled", "ValidationFailed", "AWS knows no such image"))
	s.end()

	for _, row := range []struct{ reason, annotation, value, want string }{
		{"a hook", "argocd.argoproj.io/hook", "PostSync", "Healthy "},
		{"what is never applied", "argocd.argoproj.io/hook", "Skip", "Healthy "},
		{"a hook of Helm", "helm.sh/hook", "post-install", "Healthy "},
		{"what is not to be judged", "argocd.argoproj.io/ignore-healthcheck", "true", "Healthy "},
		{"what is", "argocd.argoproj.io/ignore-healthcheck", "false", "Degraded Model abalone: AWS knows no such image"},
	} {
		model := s.objects("a")[0]
		model.SetAnnotations(map[string]string{row.annotation: row.value})
		require.Equal(t, row.want, s.healthOf(model), row.reason)
	}
}

func TestContextEnds(t *testing.T) {
	t.Parallel()

	s := newStage(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	s.start(ctx, "first", s.objects("a"))
	require.Eventually(t, func() bool { return s.get("Model") != nil }, patience, interval)
	cause := fmt.Errorf("a newer commit: %w", context.Canceled)
	cancel(cause)
	<-s.ended
	require.ErrorIs(t, s.err, cause)
	require.Len(t, s.result.Resources, 1)
}

// TestContextHasEnded: nothing is applied, and the error says why.
func TestContextHasEnded(t *testing.T) {
	t.Parallel()

	s := newStage(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := fmt.Errorf("a newer commit: %w", context.Canceled)
	cancel(cause)
	s.start(ctx, "first", s.objects("a"))
	<-s.ended
	require.ErrorIs(t, s.err, cause)
	require.Nil(t, s.get("Model"))
}

// TestEnginesOwnSync shows what Syncer is for. Should it fail one day, the engine's own
// Sync will do.
func TestEnginesOwnSync(t *testing.T) {
	t.Parallel()

	s := newStage(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience/4)
	defer cancel()
	judged := make(chan struct{})
	go func() {
		defer close(judged)
		s.judge(1, condition("Ready", "Created", "model abalone exists"))
	}()
	own := engine.NewEngine(config, s.syncer.Cache, engine.WithLogr(logr.Discard()))
	_, err := own.Sync(ctx, s.objects("a"), s.syncer.Managed, "first", s.namespace,
		sync.WithServerSideApply(true), sync.WithServerSideApplyManager("git"), sync.WithHealthOverride(argocd.Override{}), sync.WithLogr(logr.Discard()))
	<-judged
	require.ErrorIs(t, err, context.DeadlineExceeded, "it waits for a model that is ready")
	require.Nil(t, s.get("EndpointConfig"))
}
