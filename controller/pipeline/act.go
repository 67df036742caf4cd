package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	fluxmeta "github.com/fluxcd/pkg/apis/meta"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/plan"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// rehearse asks the API server whether it would take the resources of a new plan,
// before anything runs.
func (r *Reconciler) rehearse(ctx context.Context, s *scene) error {
	for _, step := range s.plan.Steps {
		if step.Child == "" || s.children[childKey(step.Spec.Template.Kind, step.Child)] != nil {
			continue
		}
		spec, err := s.plan.Placeholder(step)
		if err != nil {
			return err
		}
		obj, err := r.made(s, step, spec)
		if err != nil {
			return &plan.StepError{Step: step.Spec.Name, Err: err}
		}
		if err := s.family.Adopt(obj); err != nil {
			return err
		}
		err = r.Client.Create(ctx, obj, client.DryRunAll, client.FieldOwner(reconcile.FieldOwner))
		if reconcile.RefusedByKubernetes(err) {
			return &plan.StepError{Step: step.Spec.Name, Err: err}
		}
		if err != nil && !apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("step %s: %w", step.Spec.Name, err)
		}
	}
	return nil
}

// act makes, changes and runs again what is due.
func (r *Reconciler) act(ctx context.Context, s *scene) error {
	for i, d := range s.decisions {
		var err error
		want := s.wanted[d.Step.Spec.Name]
		switch {
		case want == nil:
			continue
		case d.Create:
			if err = s.family.Create(ctx, want); err == nil {
				s.round.Eventf(ctx, reason.Creating, "step %s: %s", d.Step.Spec.Name, s.decisions[i].Created())
			}
		case d.Update:
			is := s.children[childKey(d.Status.Kind, d.Step.Child)]
			if err = s.family.Update(ctx, is, want); err == nil {
				s.round.Eventf(ctx, reason.Updating, "step %s: changing %s", d.Step.Spec.Name, d.Step.Child)
			}
		case d.Stop:
			is := s.children[childKey(d.Status.Kind, d.Step.Child)]
			if err = r.stop(ctx, is, d); err == nil {
				s.round.Eventf(ctx, reason.Stopping, "step %s: %s", d.Step.Spec.Name, d.Status.Message)
			}
		case d.Retry:
			is := s.children[childKey(d.Status.Kind, d.Step.Child)]
			if err = r.runAgain(ctx, is, d); err == nil {
				s.round.Eventf(ctx, reason.Progressing, "step %s: %s", d.Step.Spec.Name, d.Status.Message)
			}
		}
		if reconcile.RefusedByKubernetes(err) { // by a policy that has come since the rehearsal, say
			return &plan.StepError{Step: d.Step.Spec.Name, Err: err}
		}
		if err != nil {
			return fmt.Errorf("step %s: %w", d.Step.Spec.Name, err)
		}
	}
	if s.round.Force() != "" {
		s.round.Forced()
	}
	return nil
}

// runAgain asks a job to run once more, on another instance type if need be: that is
// no part of its digest.
func (r *Reconciler) runAgain(ctx context.Context, obj client.Object, d plan.Decision) error {
	token := fmt.Sprintf("%s%d", retryToken, d.Status.Attempt)
	change := shape.Tree{"metadata": map[string]any{"annotations": map[string]any{
		fluxmeta.ReconcileRequestAnnotation: token, fluxmeta.ForceRequestAnnotation: token,
	}}}
	if d.Instance != "" {
		shape.Put(change, "spec."+d.Step.Kind.Instance, d.Instance)
	}
	patch, err := json.Marshal(change)
	if err != nil {
		return err
	}
	return r.Client.Patch(ctx, obj, client.RawPatch(types.MergePatchType, patch), client.FieldOwner(reconcile.FieldOwner))
}

// stop asks a job to stop.
func (r *Reconciler) stop(ctx context.Context, obj client.Object, d plan.Decision) error {
	token := fmt.Sprintf("%s%d", stopToken, d.Status.Attempt)
	if obj.GetAnnotations()[v1alpha1.AnnotationStop] == token {
		return nil
	}
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:%q}}}`, v1alpha1.AnnotationStop, token)
	return r.Client.Patch(ctx, obj, client.RawPatch(types.MergePatchType, patch), client.FieldOwner(reconcile.FieldOwner))
}

// planned tells whether a child is one of the plan's.
func (s *scene) planned(key string) bool {
	return slices.ContainsFunc(s.plan.Steps, func(step *plan.Step) bool {
		return step.Child != "" && childKey(step.Spec.Template.Kind, step.Child) == key
	})
}

// supersede lets go of jobs at work that the plan does not have: they are stopped,
// even those that are to be retained when they have ended.
func (r *Reconciler) supersede(ctx context.Context, s *scene) error {
	for _, key := range slices.Sorted(maps.Keys(s.children)) {
		obj := s.children[key]
		if !r.isJob(obj) || s.planned(key) || !obj.GetDeletionTimestamp().IsZero() {
			continue
		}
		if is := reconcile.Judged(obj); is != nil && is.Status != metav1.ConditionUnknown {
			continue // it has ended
		}
		if err := s.family.DeleteWith(ctx, obj, v1alpha1.DeletionDelete); err != nil {
			return kept(obj, err)
		}
		s.round.Eventf(ctx, reason.Stopping, "stopping %s, which the plan has no more", obj.GetName())
	}
	return nil
}

// prune lets go of what superseded plans have left: of each step the newest are
// kept, of steps that are no more nothing. AWS's record of jobs stays, for it is what
// keeps them from running again.
func (r *Reconciler) prune(ctx context.Context, s *scene) error {
	left := map[string][]reconcile.Object{}
	for key, obj := range s.children {
		if !s.planned(key) && obj.GetDeletionTimestamp().IsZero() {
			step := obj.GetLabels()[labelStep]
			left[step] = append(left[step], obj)
		}
	}
	for _, step := range slices.Sorted(maps.Keys(left)) {
		keep := historyLimit(s.pipeline)
		if s.plan.Step(step) == nil {
			keep = 0
		}
		objects := left[step]
		slices.SortFunc(objects, func(a, b reconcile.Object) int {
			return b.GetCreationTimestamp().Compare(a.GetCreationTimestamp().Time)
		})
		for i, obj := range objects {
			if i < keep {
				continue
			}
			if err := r.forget(ctx, s, obj); err != nil {
				return kept(obj, err)
			}
		}
	}
	return nil
}

func (r *Reconciler) forget(ctx context.Context, s *scene, obj reconcile.Object) error {
	if r.isJob(obj) {
		return s.family.DeleteWith(ctx, obj, v1alpha1.DeletionRetain)
	}
	return s.family.Delete(ctx, obj)
}

// kept makes a step's error of a refusal to let go of what it has made.
func kept(obj client.Object, err error) error {
	if reconcile.RefusedByKubernetes(err) {
		return &plan.StepError{Step: obj.GetLabels()[labelStep], Err: err}
	}
	return err
}

func (r *Reconciler) isJob(obj reconcile.Object) bool {
	return r.kinds[reflect.TypeOf(obj).Elem().Name()].Job
}
