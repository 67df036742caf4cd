// Command library makes a namespace what a file of manifests says, and waits until AWS has
// done it: a small Argo CD, made of its gitops-engine and our health.
//
//	KUBECONFIG=... go run ./examples/library ml examples/library/manifests.yaml
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/cache"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/health"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/sync"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/sync/common"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/utils/kube"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/sagemaker-gitops/sagemaker-gitops/health/argocd"
)

// ours marks what was made from the file: what has it and is not there any more goes.
const ours = "library.example.com/managed"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := fmt.Errorf("usage: %s <namespace> <file>", os.Args[0])
	if len(os.Args) == 3 {
		var config *rest.Config
		if config, err = clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG")); err == nil {
			err = deploy(ctx, os.Stdout, config, os.Args[1], os.Args[2])
		}
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// deploy applies and waits. It is an error if anything fails.
func deploy(ctx context.Context, out io.Writer, config *rest.Config, namespace, file string) error {
	objects, err := read(namespace, file)
	if err != nil {
		return err
	}
	live := cache.NewClusterCache(config,
		cache.SetNamespaces([]string{namespace}),
		cache.SetSettings(cache.Settings{ResourceHealthOverride: argocd.Override{}, ResourcesFilter: cache.NewNoopSettings()}),
		cache.SetPopulateResourceInfoHandler(func(u *unstructured.Unstructured, _ bool) (any, bool) {
			_, is := u.GetAnnotations()[ours]
			return is, is // true: the manifest is kept
		}))
	if err := live.EnsureSynced(); err != nil {
		return err
	}
	defer live.Invalidate()
	syncer := argocd.Syncer{
		Config: config, Cache: live, Namespace: namespace,
		Managed: func(r *cache.Resource) bool { return r.Info == true },
		Options: []sync.SyncOpt{sync.WithPrune(true), sync.WithServerSideApply(true), sync.WithServerSideApplyManager("library")},
	}
	result, err := syncer.Sync(ctx, file, objects)
	fmt.Fprintln(out, result.Phase, result.Message)
	if err != nil {
		return err
	}
	for ; ctx.Err() == nil; <-time.After(time.Second) { // the last wave is applied, and may not be healthy yet
		is, err := syncer.HealthOf(ctx, objects)
		fmt.Fprintln(out, is.Status, is.Message)
		if err != nil || is.Status == health.HealthStatusHealthy && result.Phase == common.OperationSucceeded {
			return err
		}
		if is.Status == health.HealthStatusDegraded || result.Phase != common.OperationSucceeded {
			return fmt.Errorf("%s: %s: %s", file, result.Message, is.Message)
		}
	}
	return ctx.Err()
}

func read(namespace, file string) ([]*unstructured.Unstructured, error) {
	text, err := os.ReadFile(file) //nolint:gosec // it is what the user asks for
	if err != nil {
		return nil, err
	}
	objects, err := kube.SplitYAML(text)
	for _, object := range objects {
		object.SetNamespace(namespace)
		err = errors.Join(err, unstructured.SetNestedField(object.Object, "true", "metadata", "annotations", ours))
	}
	return objects, err
}
