package reconcile

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	fluxmeta "github.com/fluxcd/pkg/apis/meta"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// scalers are the objects that scale this one: those of kinds that stand aside for
// some kind and refer to it, or name what it is in AWS.
func (r *Reconciler) scalers(ctx context.Context, s *scope) ([]Object, error) {
	var all []Object
	for _, kind := range r.Kinds {
		if len(kind.StandsAsideFor) == 0 || !refers(kind, s.kind) {
			continue
		}
		others, err := r.dependents(ctx, kind, s.kind.Kind(), s.object)
		if err != nil {
			return nil, err
		}
		for _, o := range others {
			c, _, err := split(o)
			if err == nil && !c.Suspend && c.ManagementPolicy != v1alpha1.ManageObserve && r.selects(o) { // or nobody makes it stand aside
				all = append(all, o)
			}
		}
	}
	return all, nil
}

// aside tells whether there are objects that scale this one, and which of those
// that have to stand aside while it is updated it still waits for.
func (r *Reconciler) aside(ctx context.Context, s *scope) (some bool, waiting string, err error) {
	others, err := r.scalers(ctx, s)
	if err != nil {
		return false, "", err
	}
	for _, o := range others {
		kind := reflect.TypeOf(o).Elem().Name()
		if o.Common().ARN != "" && slices.Contains(r.Kinds[kind].StandsAsideFor, s.kind.Kind()) {
			return true, fmt.Sprintf("waiting for %s %s/%s to stand aside", kind, o.GetNamespace(), o.GetName()), nil
		}
	}
	return len(others) > 0, "", nil
}

// leaveToScalers takes out of the request what is not the spec's to say while the
// object is scaled, or changed by the clock.
func (r *Reconciler) leaveToScalers(ctx context.Context, s *scope) error {
	var theirs []string
	if len(s.kind.Scaled) > 0 {
		scalers, err := r.scalers(ctx, s)
		if err != nil {
			return err
		}
		if len(scalers) > 0 {
			theirs = s.kind.Scaled
		}
	}
	for name, paths := range s.kind.Yields {
		kind, enabled := r.Kinds[name]
		if !enabled || s.isNew() {
			continue
		}
		others, err := r.dependents(ctx, kind, s.kind.Kind(), s.object)
		if err != nil {
			return err
		}
		if len(others) > 0 {
			theirs = slices.Concat(theirs, paths)
		}
	}
	if len(theirs) > 0 {
		s.whole, s.yielded = s.request, theirs
		s.request = shape.Clone(s.request)
	}
	for _, path := range theirs {
		shape.Remove(s.request, path)
	}
	return nil
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

// named tells which update of an object of ours has to be waited for by one that
// gives its name in AWS.
func (r *Reconciler) named(ctx context.Context, self Object, ref v1alpha1.ConsumedReference) (waiting string, err error) {
	kind, ours := r.Kinds[ref.Kind]
	if !ours || !slices.Contains(r.Kind.StandsAsideFor, ref.Kind) {
		return "", nil
	}
	claiming, err := r.list(ctx, kind, client.MatchingFields{indexClaims: ref.AWSName})
	if err != nil {
		return "", err
	}
	for _, o := range claiming {
		if samePlace(o, self) && updating(o) {
			return fmt.Sprintf("%s: %s %s/%s is being updated", ref.Path, ref.Kind, o.GetNamespace(), o.GetName()), nil
		}
	}
	return "", nil
}

// isUpdating tells whether a target is being updated, or about to be.
func (r *Reconciler) isUpdating(ctx context.Context, reader client.Reader, t target) (bool, error) {
	if !slices.Contains(r.Kind.StandsAsideFor, t.kind) {
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
