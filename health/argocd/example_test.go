package argocd_test

import (
	"context"
	"fmt"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/cache"
	enginehealth "github.com/argoproj/argo-cd/gitops-engine/pkg/health"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/sync"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"

	"github.com/sagemaker-gitops/sagemaker-gitops/health/argocd"
)

// A controller that embeds the gitops-engine judges our objects as Argo CD does.
func ExampleOverride() {
	job := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "sagemaker.gitops.dev/v1alpha1",
		"kind":       "TrainingJob",
		"metadata":   map[string]any{"name": "abalone", "generation": int64(1)},
		"status": map[string]any{
			"observedGeneration": int64(1),
			"conditions": []any{
				map[string]any{"type": "Stalled", "status": "True", "reason": "ClientError", "message": "ClientError: No S3 objects found"},
			},
		},
	}}
	is, err := enginehealth.GetResourceHealth(job, argocd.Override{})
	fmt.Println(is.Status, is.Message, err)
	// Output: Degraded ClientError: No S3 objects found <nil>
}

// A commit is applied wave by wave; each waits for the health of the one before.
func ExampleSyncer() { //nolint:testableexamples // it takes a cluster
	apply := func(ctx context.Context, config *rest.Config, objects []*unstructured.Unstructured) error {
		live := cache.NewClusterCache(config,
			cache.SetSettings(cache.Settings{ResourceHealthOverride: argocd.Override{}, ResourcesFilter: cache.NewNoopSettings()}),
			cache.SetPopulateResourceInfoHandler(func(*unstructured.Unstructured, bool) (any, bool) { return nil, true }))
		if err := live.EnsureSynced(); err != nil {
			return err
		}
		defer live.Invalidate()

		syncer := argocd.Syncer{
			Config: config, Cache: live, Namespace: "ml",
			Managed: func(r *cache.Resource) bool { return r.Ref.Namespace == "ml" },
			Options: []sync.SyncOpt{sync.WithServerSideApply(true), sync.WithServerSideApplyManager("example")},
		}
		result, err := syncer.Sync(ctx, "9f8e7d6", objects)
		fmt.Println(result.Phase, result.Message)

		return err
	}
	_ = apply
}
