package reconcile

import (
	"context"
	"encoding/json"
	"slices"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// scalers are the objects that scale this one: those of kinds that are detached for
// updates of some kind and refer to it, or name what it is in AWS.
func (r *Reconciler) scalers(ctx context.Context, s *scope) ([]Object, error) {
	var all []Object
	for _, kind := range r.Kinds {
		if len(kind.DetachedFor) == 0 || !refers(kind, s.kind) {
			continue
		}
		others, err := r.dependents(ctx, kind, s.kind.Kind(), s.object)
		if err != nil {
			return nil, err
		}
		for _, o := range others {
			if r.unmanaged(o) == "" {
				all = append(all, o)
			}
		}
	}
	return all, nil
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
	yielded, err := r.yielded(ctx, s)
	if err != nil {
		return err
	}
	theirs = slices.Concat(theirs, yielded)
	if len(theirs) > 0 {
		s.whole, s.yielded = s.request, theirs
		s.request = shape.Clone(s.request)
	}
	for _, path := range theirs {
		shape.Remove(s.request, path)
	}
	return nil
}

// yielded are the paths that objects of other kinds change, once the spec has been
// followed.
func (r *Reconciler) yielded(ctx context.Context, s *scope) ([]string, error) {
	var paths []string
	for name, yields := range s.kind.Yields {
		kind, enabled := r.Kinds[name]
		if !enabled || s.isNew() {
			continue
		}
		others, err := r.dependents(ctx, kind, s.kind.Kind(), s.object)
		if err != nil {
			return nil, err
		}
		if len(others) > 0 {
			paths = append(paths, yields...)
		}
	}
	return paths, nil
}

// detachment records what AWS has of an object that is about to be deregistered, as far
// as the spec does not say it.
func (r *Reconciler) detachment(s *scope, described shape.Tree) (*v1alpha1.Detachment, error) {
	kept := shape.Tree{}
	for _, path := range s.kind.restores() {
		if v, ok := shape.Lookup(described, path); ok {
			shape.Put(kept, path, v)
		}
	}
	data, err := json.Marshal(kept)
	if err != nil {
		return nil, err
	}
	return &v1alpha1.Detachment{
		For: s.references.detachedFor, Time: metaTime(r.Clock.Now()), Kept: &runtime.RawExtension{Raw: data},
	}, nil
}

// restore puts into the request of an object that is registered again what AWS had
// before, where the spec leaves that to AWS or to others.
func (r *Reconciler) restore(ctx context.Context, s *scope) error {
	d := s.object.Common().Detached
	if d == nil || d.Kept == nil {
		return nil
	}
	var kept shape.Tree
	if err := json.Unmarshal(d.Kept.Raw, &kept); err != nil {
		return nil //nolint:nilerr // somebody else wrote it; the spec alone is followed
	}
	paths, err := r.yielded(ctx, s)
	if err != nil {
		return err
	}
	s.request = shape.Clone(s.request)
	for _, path := range s.kind.restores() {
		v, ok := shape.Lookup(kept, path)
		if _, given := shape.Lookup(s.request, path); ok && (!given || slices.Contains(paths, path)) {
			shape.Put(s.request, path, v)
		}
	}
	return nil
}

// restores are the paths that a registration after an update takes over from the one
// before it.
func (k Kind) restores() []string {
	paths := slices.Clone(k.Restores)
	for _, yields := range k.Yields {
		paths = append(paths, yields...)
	}
	return paths
}
