package manager

import (
	"context"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
)

const (
	// clusterNameRecord is the ConfigMap in the controller's namespace that records the
	// cluster name, under the key clusterNameKey. It carries no labels: no GitOps tool
	// prunes it.
	clusterNameRecord = "sagemaker-gitops-cluster-name"
	clusterNameKey    = "clusterName"
	// mostEvidence is how many custom resources of a kind are looked at when there is no
	// record, and mostLooks how many altogether.
	mostEvidence, mostLooks = 50, 200
)

// nameGuard keeps a controller with a mistyped cluster name from starting: it would
// know nothing of what the cluster has made in AWS, and make everything again.
type nameGuard struct {
	options *Options
	kube    client.Client
	reader  client.Reader
	scheme  *runtime.Scheme
	loops   reconcile.Options
}

// check compares the cluster name with the record, and makes the record where there is
// none. The record is created and changed atomically, so that of two controllers with
// different names one starts, whichever leads.
func (g *nameGuard) check(ctx context.Context) error {
	o := g.options
	if o.RuntimeNamespace == "" {
		ctrl.Log.Info("the cluster name is not guarded against typing errors: RUNTIME_NAMESPACE does not say in which namespace to record it")
		return nil
	}
	var record corev1.ConfigMap
	key := client.ObjectKey{Namespace: o.RuntimeNamespace, Name: clusterNameRecord}
	err := g.kube.Get(ctx, key, &record)
	if apierrors.IsNotFound(err) {
		if err := g.consult(ctx); err != nil {
			return err
		}
		record = corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}, Data: map[string]string{clusterNameKey: o.ClusterName},
		}
		err = g.kube.Create(ctx, &record, client.FieldOwner(reconcile.FieldOwner))
		if apierrors.IsAlreadyExists(err) { // made by another replica in this moment
			err = g.kube.Get(ctx, key, &record)
		}
	}
	if err != nil {
		return fmt.Errorf("could not read or write the ConfigMap %s, which records the cluster name: %w; the permissions are in kustomize/rbac", key, err)
	}
	return g.compare(ctx, &record)
}

// compare refuses a cluster name that is not the recorded one, unless it is renamed.
func (g *nameGuard) compare(ctx context.Context, record *corev1.ConfigMap) error {
	o, recorded, at := g.options, record.Data[clusterNameKey], client.ObjectKeyFromObject(record)
	switch {
	case recorded == o.ClusterName:
		return nil
	case o.RenameClusterFrom == "":
		return fmt.Errorf("--cluster-name is %q, but the ConfigMap %s records %q; set --cluster-name=%s, or rename the cluster with --rename-cluster-from=%s: %s",
			o.ClusterName, at, recorded, recorded, recorded, renamed)
	case o.RenameClusterFrom != recorded:
		return fmt.Errorf("--rename-cluster-from is %q, but the ConfigMap %s records %q; the cluster keeps its name until the two agree",
			o.RenameClusterFrom, at, recorded)
	}
	record.Data[clusterNameKey] = o.ClusterName
	if err := g.kube.Update(ctx, record, client.FieldOwner(reconcile.FieldOwner)); err != nil {
		return fmt.Errorf("could not record the new cluster name in the ConfigMap %s: %w", at, err)
	}
	ctrl.Log.Info("the cluster is renamed: "+renamed, "from", recorded, "to", o.ClusterName)
	return nil
}

// renamed is what becomes of a cluster under another name.
const renamed = "under another name a cluster adopts nothing that it has made in AWS, and runs every job anew"

// consult looks in AWS for what a cluster of another name has made of these very
// resources. One of ours is enough to go on.
func (g *nameGuard) consult(ctx context.Context) error {
	kinds, err := g.options.enabled()
	if err != nil {
		return err
	}
	var all []evidence
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		of, err := g.candidates(ctx, kinds[name])
		if err != nil {
			return fmt.Errorf("could not find out whether --cluster-name is right: %w", err)
		}
		all = append(all, of...)
	}
	slices.SortStableFunc(all, func(a, b evidence) int { return len(a.object.Common().ARN) - len(b.object.Common().ARN) })
	slices.Reverse(all) // what has been in AWS first
	var against error
	for _, e := range all[:min(len(all), mostLooks)] {
		cluster, err := e.loop.ClusterOf(ctx, e.object)
		switch {
		case err != nil:
			return fmt.Errorf("could not find out whether --cluster-name is right: the tags of %s: %w", e, err)
		case cluster == g.options.ClusterName:
			return nil
		case cluster == "", cluster == g.options.RenameClusterFrom:
		case against == nil:
			against = g.contradiction(e, cluster)
		}
	}
	return against
}

func (g *nameGuard) contradiction(e evidence, cluster string) error {
	o := g.options
	record := fmt.Sprintf("kubectl create configmap %s --namespace=%s --from-literal=%s=%s",
		clusterNameRecord, o.RuntimeNamespace, clusterNameKey, o.ClusterName)
	return fmt.Errorf("--cluster-name is %q, but the AWS object of %s carries the tags of cluster %q; set --cluster-name=%s, "+
		"or rename the cluster with --rename-cluster-from=%s: %s; if it is another cluster on purpose, record its name: %s",
		o.ClusterName, e, cluster, cluster, cluster, renamed, record)
}

// evidence is a custom resource whose AWS object may tell the cluster's name.
type evidence struct {
	loop   *reconcile.Reconciler
	object reconcile.Object
}

func (e evidence) String() string {
	return fmt.Sprintf("%s %s", e.loop.Kind.Kind(), client.ObjectKeyFromObject(e.object))
}

// candidates are some custom resources of a kind that the options choose.
func (g *nameGuard) candidates(ctx context.Context, kind reconcile.Kind) ([]evidence, error) {
	namespaces := g.options.Namespaces
	if len(namespaces) == 0 {
		namespaces = []string{metav1.NamespaceAll}
	}
	loop := reconcile.New(kind, g.loops)
	var all []evidence
	for _, namespace := range namespaces {
		list, err := kind.NewList(g.scheme)
		if err != nil {
			return nil, err
		}
		err = g.reader.List(ctx, list, client.InNamespace(namespace), client.MatchingLabelsSelector{Selector: g.loops.Selector}, client.Limit(mostEvidence))
		if meta.IsNoMatchError(err) {
			return nil, nil // its CRD is not installed
		}
		if err != nil {
			return nil, fmt.Errorf("listing %s: %w", kind.Kind(), err)
		}
		err = meta.EachListItem(list, func(item runtime.Object) error {
			if object, ok := item.(reconcile.Object); ok {
				all = append(all, evidence{loop, object})
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("listing %s: %w", kind.Kind(), err)
		}
	}
	return all, nil
}
