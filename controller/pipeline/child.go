package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	fluxmeta "github.com/fluxcd/pkg/apis/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/child"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/plan"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/render"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// see tells what there is of a step's resource.
func (r *Reconciler) see(s *scene, step *plan.Step) (plan.Seen, error) {
	kind := step.Spec.Template.Kind
	want, err := r.want(s, step)
	if err != nil {
		return plan.Seen{}, err
	}
	obj := s.children[childKey(kind, step.Child)]
	if obj == nil {
		return plan.Seen{}, nil
	}
	seen := plan.Seen{State: plan.Working}
	switch {
	case step.Kind.Service && want == nil: // what it needs is not there
		seen.Outdated = obj.GetLabels()[v1alpha1.LabelDigest] != step.Digest
	case step.Kind.Service:
		same, err := child.Same(obj, want)
		if err != nil {
			return seen, err
		}
		seen.Outdated = !same
	case want != nil:
		same, err := child.Same(obj, want)
		if err != nil {
			return seen, err
		}
		if !same {
			if seen.Differs, err = differs(obj, want); err != nil {
				return seen, err
			}
		}
	}
	if !obj.GetDeletionTimestamp().IsZero() {
		seen.Message = "waiting for " + obj.GetName() + ", which is being deleted, to be gone"
		return seen, nil
	}
	is := reconcile.Judged(obj)
	if is == nil || obj.GetAnnotations()[fluxmeta.ForceRequestAnnotation] != obj.Common().LastHandledForceAt {
		return seen, nil // it has not been judged since
	}
	seen.Reason, seen.Message, seen.FailedAt, seen.Attempt = is.Reason, is.Message, is.LastTransitionTime.Time, attempt(obj)
	seen.TimedOut = timedOut(obj)
	switch {
	case reconcile.Settled(obj) == "":
		seen.State = plan.Done
	case is.Status == metav1.ConditionFalse:
		seen.State = plan.Broken
	}
	return seen, nil
}

// retryToken is what a child is asked to run again with.
const retryToken = "retry-"

// stopToken is what a child is asked to stop with that takes too long.
const stopToken = "timeout-"

// timedOut tells whether the pipeline has asked for the present run of a child to stop.
func timedOut(obj reconcile.Object) bool {
	status := obj.Common()
	return slices.ContainsFunc(status.Runs, func(run v1alpha1.Run) bool {
		return run.Name == status.Name && strings.HasPrefix(run.StopRequest, stopToken)
	})
}

// attempt is how many times a child has been asked to run again.
func attempt(obj client.Object) int32 {
	n, err := strconv.ParseInt(strings.TrimPrefix(obj.GetAnnotations()[fluxmeta.ForceRequestAnnotation], retryToken), 10, 32)
	if err != nil {
		return 0
	}
	return int32(n)
}

// want is what a step's resource is to be; nil if nobody knows yet what the steps
// have made that it needs.
func (r *Reconciler) want(s *scene, step *plan.Step) (reconcile.Object, error) {
	name := step.Spec.Template.Kind
	spec, err := s.plan.Render(step, func(use render.Use) (string, error) { return r.output(s, use) })
	if errors.Is(err, errNotYet) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	obj, err := r.made(s, step, spec)
	if err != nil {
		return nil, fmt.Errorf("step %s: %s: %w", step.Spec.Name, name, err)
	}
	s.wanted[step.Spec.Name] = obj
	return obj, nil
}

// made is the resource of a step with a spec.
func (r *Reconciler) made(s *scene, step *plan.Step, spec shape.Tree) (reconcile.Object, error) {
	spec = shape.Clone(spec)
	s.inherit(spec)
	text, err := json.Marshal(map[string]any{"spec": spec})
	if err != nil {
		return nil, err
	}
	obj := r.Kinds[step.Spec.Template.Kind].Object()
	if err := json.Unmarshal(text, obj); err != nil {
		return nil, err
	}
	obj.SetName(step.Child)
	obj.SetNamespace(s.pipeline.Namespace)
	obj.SetLabels(map[string]string{labelStep: step.Spec.Name, v1alpha1.LabelDigest: step.Digest})
	if serves(step) {
		obj.SetAnnotations(map[string]string{v1alpha1.AnnotationPlan: mark(s.plan.Digest, s.input.Token)})
	}
	return obj, nil
}

// inherit gives a child the pipeline's control fields that it does not set itself.
func (s *scene) inherit(spec shape.Tree) {
	of := s.pipeline.Spec.Control
	for field, value := range map[string]string{
		"region": of.Region, "serviceAccountName": of.ServiceAccountName,
		"deletionPolicy": string(of.DeletionPolicy), "adoptionPolicy": string(of.AdoptionPolicy),
	} {
		if _, set := spec[field]; !set && value != "" {
			spec[field] = value
		}
	}
	if _, set := spec["assumeRole"]; !set && of.AssumeRole != nil {
		spec["assumeRole"] = map[string]any{"roleARN": of.AssumeRole.RoleARN, "externalID": of.AssumeRole.ExternalID}
	}
}

var errNotYet = errors.New("the step has not made it yet")

// output is what a step has made, once it has.
func (r *Reconciler) output(s *scene, use render.Use) (string, error) {
	step := s.plan.Step(use.Step)
	kind := step.Spec.Template.Kind
	obj := s.children[childKey(kind, step.Child)]
	if obj == nil || reconcile.Settled(obj) != "" || obj.GetLabels()[v1alpha1.LabelDigest] != step.Digest {
		return "", errNotYet
	}
	value, err := valueOf(r.Kinds[kind], obj, use.Output)
	if err != nil {
		return "", err
	}
	if value == "" {
		return "", fmt.Errorf("step %s has come to no %s", use.Step, use.Output)
	}
	return value, nil
}

// differs are the paths in which a child is not what it would be if it were made
// now.
func differs(obj, want client.Object) ([]string, error) {
	have, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		return nil, err
	}
	is, err := runtime.DefaultUnstructuredConverter.ToUnstructured(want)
	if err != nil {
		return nil, err
	}
	spec, _ := is["spec"].(map[string]any)
	has, _ := have["spec"].(map[string]any)
	var paths []string
	for _, d := range shape.Uncovered(spec, has) {
		paths = append(paths, d.Path)
	}
	return paths, nil
}
