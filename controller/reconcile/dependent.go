package reconcile

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	fluxmeta "github.com/fluxcd/pkg/apis/meta"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// The indexes by which objects find each other in the cache.
const (
	// indexTargets holds the custom resources a spec refers to.
	indexTargets = "targets"
	// indexUses holds the AWS objects that status says are used.
	indexUses = "uses"
	// indexClaims holds the AWS names an object has or wants.
	indexClaims = "claims"
)

func targetKey(kind, namespace, name string) string { return kind + "/" + namespace + "/" + name }
func useKey(kind, awsName string) string            { return kind + "/" + awsName }

// Indexes are those by which the loop finds objects of a kind in the cache. Setup adds them
// to a manager; a client made for tests needs them, too.
func Indexes(kind Kind) map[string]client.IndexerFunc {
	return map[string]client.IndexerFunc{
		indexTargets: func(o client.Object) []string { return targetKeys(kind, o) },
		indexUses:    useKeys,
		indexClaims:  func(o client.Object) []string { return claimKeys(kind, o) },
		indexNames:   func(o client.Object) []string { return nameKeys(kind, o) },
		indexCalled:  func(o client.Object) []string { return calledKeys(kind, o) },
	}
}

func targetKeys(kind Kind, o client.Object) []string {
	obj, ok := o.(Object)
	if !ok {
		return nil
	}
	_, spec, err := split(obj)
	if err != nil {
		return nil
	}
	var keys []string
	for _, t := range targets(kind.references(), obj.GetNamespace(), spec) {
		keys = append(keys, targetKey(t.kind, t.namespace, t.name))
	}
	return keys
}

func useKeys(o client.Object) []string {
	obj, ok := o.(Object)
	if !ok {
		return nil
	}
	var keys []string
	for _, ref := range usesOf(obj) {
		keys = append(keys, useKey(ref.Kind, ref.AWSName))
	}
	return keys
}

// usesOf are all AWS objects that an object needs: for what it is now, and for
// the revisions it keeps. A job that has ended needs nothing any more.
func usesOf(obj Object) []v1alpha1.ConsumedReference {
	if ended(obj) {
		return nil
	}
	uses := append([]v1alpha1.ConsumedReference(nil), obj.Common().References...)
	for _, revision := range obj.Common().Revisions {
		uses = append(uses, revision.References...)
	}
	return uses
}

// ended tells whether an object is a job of which no run may be at work.
func ended(obj Object) bool {
	runs := obj.Common().Runs
	return len(runs) > 0 && !slices.ContainsFunc(runs, func(run v1alpha1.Run) bool {
		switch run.Outcome {
		case v1alpha1.RunCompleted, v1alpha1.RunFailed, v1alpha1.RunStopped, v1alpha1.RunSuperseded:
			return false
		default:
			return true
		}
	})
}

func claimKeys(kind Kind, o client.Object) []string {
	obj, ok := o.(Object)
	if !ok {
		return nil
	}
	keys := []string{}
	if name := obj.Common().Name; name != "" {
		keys = append(keys, name)
	}
	if _, spec, err := split(obj); err == nil && len(kind.Within) == 0 {
		if name, _ := spec[kind.NameField()].(string); name != "" && name != obj.Common().Name {
			keys = append(keys, name)
		}
	}
	return keys
}

// list reads those objects of a kind that the options choose.
func (r *Reconciler) list(ctx context.Context, kind Kind, which ...client.ListOption) ([]Object, error) {
	list, err := kind.NewList(r.Client.Scheme())
	if err != nil {
		return nil, err
	}
	if err := r.Client.List(ctx, list, which...); err != nil {
		return nil, fmt.Errorf("listing %s: %w", kind.Kind(), err)
	}
	items, err := meta.ExtractList(list)
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", kind.Kind(), err)
	}
	objects := make([]Object, 0, len(items))
	for _, item := range items {
		if o, ok := item.(Object); ok {
			objects = append(objects, o)
		}
	}
	return objects, nil
}

// dependents are the objects of a kind that refer to an object of another, or use
// what it is in AWS without having found it by a reference.
func (r *Reconciler) dependents(ctx context.Context, kind Kind, of string, target Object) ([]Object, error) {
	found, err := r.list(ctx, kind, client.MatchingFields{indexTargets: targetKey(of, target.GetNamespace(), target.GetName())})
	if err != nil || target.Common().Name == "" {
		return found, err
	}
	users, err := r.list(ctx, kind, client.MatchingFields{indexUses: useKey(of, target.Common().Name)})
	if err != nil {
		return nil, err
	}
	for _, u := range users {
		known := slices.ContainsFunc(found, func(o Object) bool { return o.GetUID() == u.GetUID() })
		if !known && samePlace(u, target) {
			found = append(found, u)
		}
	}
	return found, nil
}

// samePlace tells whether two objects are in one account and region of AWS.
func samePlace(a, b Object) bool {
	return a.Common().AccountID == b.Common().AccountID && a.Common().Region == b.Common().Region
}

// refers tells whether specs of one kind may refer to objects of another.
func refers(from, to Kind) bool {
	for _, field := range from.references() {
		switch {
		case field.Kind == to.Kind(),
			field.Kind == "" && field.Value == v1alpha1.ReferenceModelData && to.ModelData != "",
			field.Kind == "" && field.Value != v1alpha1.ReferenceModelData && strings.HasSuffix(to.Kind(), "JobDefinition"):
			return true
		}
	}
	return false
}

// unaware finds a dependent that still claims to be ready with what this
// object was before, or may do so in this moment. Until there is none this
// object must not be ready: otherwise a whole chain could be ready while its
// end serves something old.
func (r *Reconciler) unaware(ctx context.Context, s *scope) (string, time.Duration, error) {
	me := s.object
	stale := false
	for _, kind := range r.Kinds {
		if !refers(kind, s.kind) {
			continue
		}
		dependents, err := r.list(ctx, kind, client.MatchingFields{indexTargets: targetKey(s.kind.Kind(), me.GetNamespace(), me.GetName())})
		if err != nil {
			return "", 0, err
		}
		for _, d := range dependents {
			if !d.GetDeletionTimestamp().IsZero() || isSuspended(d) || !consumedBefore(d, s.kind.Kind(), me) || kind.isOver(d) {
				continue
			}
			if _, why := settledSince(d); why == "" {
				waited := r.memory.since(me.GetUID(), untold+string(d.GetUID())+" "+me.Common().Name)
				if !r.selects(d) && (waited >= othersPatience || s.wasReadyAs(me.Common().Name)) {
					continue
				}
				wait := min(max(waited, settleTime), lastLook) // it wakes this object when it has taken note
				return fmt.Sprintf("waiting for %s to take note of the change", label(kind.Kind(), d)), wait, nil
			}
			stale = true
		}
	}
	if !stale {
		return "", 0, nil
	}
	// A dependent may be about to write that it is ready, from what it read
	// before this object said that it is not. By then it will have.
	is := meta.FindStatusCondition(s.before.GetConditions(), fluxmeta.ReadyCondition)
	if is == nil || is.Status == metav1.ConditionTrue {
		return "telling dependents of the change", settleTime, nil
	}
	if wait := settleTime - r.Clock.Since(is.LastTransitionTime.Time); wait > 0 {
		return "telling dependents of the change", wait, nil
	}
	return "", 0, nil
}

// othersPatience is how long a change waits for dependents that this controller does not
// reconcile: perhaps another one does.
const othersPatience = time.Minute

// isOver tells whether an object is a job that has ended and, since its spec gives it a
// name, never runs again: what it consumed stays as it was.
func (k Kind) isOver(obj Object) bool {
	if k.Lifecycle != Job || !ended(obj) {
		return false
	}
	_, spec, err := split(obj)
	return err == nil && shape.String(spec, k.NameField()) != ""
}

// wasReadyAs tells whether the object was ready under that AWS name when the round began.
func (s *scope) wasReadyAs(name string) bool {
	_, why := settledSince(s.before)
	return why == "" && s.before.Common().Name == name
}

// consumedBefore tells whether a dependent consumed the object under an AWS
// name that it no longer has.
func consumedBefore(dependent Object, kind string, me Object) bool {
	for _, ref := range dependent.Common().References {
		if ref.Kind == kind && ref.Namespace == me.GetNamespace() && ref.Name == me.GetName() && ref.AWSName != me.Common().Name {
			return true
		}
	}
	return false
}

func isSuspended(obj Object) bool {
	c, _, err := split(obj)
	return err == nil && c.Suspend
}

// userOf names a custom resource, other than the object itself and its owner, that
// uses the AWS object; empty if there is none.
func (r *Reconciler) userOf(ctx context.Context, self Object, awsName string) (string, error) {
	for _, kind := range r.Kinds {
		if !refers(kind, r.Kind) {
			continue
		}
		users, err := r.list(ctx, kind, client.MatchingFields{indexUses: useKey(r.Kind.Kind(), awsName)})
		if err != nil {
			return "", err
		}
		for _, u := range users {
			if u.GetUID() != self.GetUID() && !metav1.IsControlledBy(self, u) && samePlace(u, self) {
				return fmt.Sprintf("%s %s/%s", kind.Kind(), u.GetNamespace(), u.GetName()), nil
			}
		}
	}
	return "", nil
}

// needs names a custom resource that cannot do without the AWS object of a kind
// now: one that is made of it, or one with a revision of it that is itself in
// use. History alone needs nothing: a revision that comes back brings what it
// needs with it.
func (r *Reconciler) needs(ctx context.Context, kind Kind, self Object, awsName string) (string, error) {
	for _, other := range r.Kinds {
		if !refers(other, kind) {
			continue
		}
		users, err := r.list(ctx, other, client.MatchingFields{indexUses: useKey(kind.Kind(), awsName)})
		if err != nil {
			return "", err
		}
		for _, u := range users {
			if u.GetUID() == self.GetUID() || !samePlace(u, self) {
				continue
			}
			if by, err := r.needsIt(ctx, other, u, kind, awsName); err != nil || by != "" {
				return by, err
			}
		}
	}
	return "", nil
}

// needsIt tells whether a user is made of the AWS object, or who uses a revision
// of it that is.
func (r *Reconciler) needsIt(ctx context.Context, kind Kind, user Object, of Kind, awsName string) (string, error) {
	if consumes(user.Common().References, of.Kind(), awsName) {
		return fmt.Sprintf("%s %s/%s", kind.Kind(), user.GetNamespace(), user.GetName()), nil
	}
	for _, revision := range user.Common().Revisions {
		if revision.Name == user.Common().Name || !consumes(revision.References, of.Kind(), awsName) {
			continue
		}
		if by, err := r.needs(ctx, kind, user, revision.Name); err != nil || by != "" {
			return by, err
		}
	}
	return "", nil
}

// claim refuses an AWS name that an older object has.
func (r *Reconciler) claim(ctx context.Context, s *scope) error {
	name := s.awsName()
	others, err := r.list(ctx, s.kind, client.MatchingFields{indexClaims: name})
	if err != nil {
		return err
	}
	for _, other := range others {
		theirs := other.Common()
		if other.GetUID() == s.object.GetUID() || !older(other, s.object) ||
			theirs.Name != "" && (theirs.Region != s.client.Region || theirs.AccountID != s.client.Account) {
			continue
		}
		return &refusal{reason.NameClaimed, fmt.Sprintf("the AWS name %s is claimed by %s %s/%s, which is older",
			name, s.kind.Kind(), other.GetNamespace(), other.GetName())}
	}
	return nil
}

func older(a, b Object) bool {
	at, bt := a.GetCreationTimestamp(), b.GetCreationTimestamp()
	if at.Equal(&bt) {
		return a.GetUID() < b.GetUID()
	}
	return at.Before(&bt)
}
