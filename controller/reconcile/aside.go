package reconcile

import (
	"context"
	"fmt"

	fluxmeta "github.com/fluxcd/pkg/apis/meta"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// aside tells whether there are objects that have to stand aside while this one
// is updated, and which it still waits for.
func (r *Reconciler) aside(ctx context.Context, s *scope) (some bool, waiting string, err error) {
	for _, kind := range r.Kinds {
		if !kind.StandsAside || !refers(kind, s.kind) {
			continue
		}
		key := targetKey(s.kind.Kind(), s.object.GetNamespace(), s.object.GetName())
		others, err := r.list(ctx, kind, client.MatchingFields{indexTargets: key})
		if err != nil {
			return false, "", err
		}
		for _, o := range others {
			c, _, err := split(o)
			if err != nil || c.Suspend || c.ManagementPolicy == v1alpha1.ManageObserve {
				continue // nobody makes it stand aside
			}
			some = true
			if o.Common().ARN != "" && waiting == "" {
				waiting = fmt.Sprintf("waiting for %s %s/%s to stand aside", kind.Kind(), o.GetNamespace(), o.GetName())
			}
		}
	}
	return some, waiting, nil
}

// standAside deletes the AWS object while what it refers to is being updated;
// it is created again when that is over.
func (r *Reconciler) standAside(ctx context.Context, s *scope) (verdict, error) {
	v := progressing(reason.WaitingForReference, s.references.waiting, busyWait)
	status := s.object.Common()
	if status.ARN == "" {
		return v, nil
	}
	if err := r.identify(ctx, s); err != nil {
		return v, err
	}
	is, err := r.deleteObject(ctx, s, status.Name)
	if is.over && err == nil {
		status.ARN = ""
		return v, nil
	}
	return progressing(reason.WaitingForReference, s.references.waiting+"; standing aside", is.wait), err
}

// isUpdating tells whether a target is being updated, or about to be.
func (r *Reconciler) isUpdating(ctx context.Context, reader client.Reader, t target) (bool, error) {
	if !r.Kind.StandsAside {
		return false, nil
	}
	obj := r.Kinds[t.kind].Object()
	if err := reader.Get(ctx, client.ObjectKey{Namespace: t.namespace, Name: t.name}, obj); err != nil {
		return false, client.IgnoreNotFound(err)
	}
	return updating(obj), nil
}

func updating(obj Object) bool {
	is := meta.FindStatusCondition(obj.GetConditions(), fluxmeta.ReadyCondition)
	return is != nil && is.Reason == reason.Updating
}
