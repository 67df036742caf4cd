package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/plan"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/trigger"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
)

// mark is how AWS is told of which plan a service is.
func mark(digest, token string) string {
	if token == "" {
		return digest
	}
	return digest + "@" + token
}

// ticks is how many times of its schedules a pipeline looks for that is new here.
const ticks = 3

// remind finds out in AWS what status does not tell of a pipeline that is new here, as
// after the loss of a cluster: which trigger counts, and whether what serves is of
// this very plan, so that nobody is asked about it again.
func (r *Reconciler) remind(ctx context.Context, s *scene, read *trigger.Triggers) error {
	if s.pipeline.Status.PlanDigest != "" {
		return r.recall(ctx, s)
	}
	served, err := r.served(ctx, s)
	if err != nil {
		return err
	}
	digest, token, _ := strings.Cut(served, "@")
	if token != "" && at(served) >= at(mark("", s.input.Token)) { // a record may know of a later one
		s.count(token)
	}
	if err := r.lastTick(ctx, s, read); err != nil {
		return err
	}
	if err := s.recognise(digest); err != nil {
		return err
	}
	if err := r.recall(ctx, s); err != nil || digest != s.plan.Digest {
		return err
	}
	// The rest of it is told, and the plan kept, when all steps are known.
	s.pipeline.Status.Serving = &v1alpha1.ServedPlan{PlanDigest: digest, Token: token, Time: metav1.NewTime(r.Clock.Now())}
	return nil
}

// count makes a trigger the one that counts.
func (s *scene) count(token string) {
	if s.pipeline.Status.Trigger == nil {
		s.pipeline.Status.Trigger = &v1alpha1.TriggerStatus{}
	}
	s.pipeline.Status.Trigger.Token = token
}

// replan makes the plan for the trigger that counts.
func (s *scene) replan() error {
	s.input.Token = token(s.pipeline)
	made, err := plan.Make(s.input)
	if err == nil {
		s.plan = made
	}
	return err
}

// served is the mark on what serves, of several that of the latest trigger; empty if
// nothing serves.
func (r *Reconciler) served(ctx context.Context, s *scene) (string, error) {
	newest := ""
	for _, step := range s.plan.Steps {
		if !serves(step) {
			continue
		}
		kind, obj, err := r.service(s, step)
		if err != nil {
			return "", err
		}
		is, err := s.round.Plan(ctx, kind, obj)
		if err != nil {
			return "", fmt.Errorf("step %s: %w", step.Spec.Name, err)
		}
		if newest == "" || is != "" && at(is) > at(newest) {
			newest = is
		}
	}
	return newest, nil
}

// serves tells whether a step makes what others call.
func serves(step *plan.Step) bool {
	return step.Spec.Template != nil && slices.Contains([]string{"ModelDeployment", "Endpoint"}, step.Spec.Template.Kind)
}

// at is the time in a mark, which sorts as a text does.
func at(mark string) string {
	_, token, _ := strings.Cut(mark, "@")
	return token[strings.LastIndex(token, "/")+1:]
}

// service is the resource that has the object of a step in AWS: of a deployment that
// is its endpoint.
func (r *Reconciler) service(s *scene, step *plan.Step) (reconcile.Kind, reconcile.Object, error) {
	spec, err := s.plan.Placeholder(step)
	if err != nil {
		return reconcile.Kind{}, nil, err
	}
	obj, err := r.made(s, step, spec)
	if err != nil {
		return reconcile.Kind{}, nil, &plan.StepError{Step: step.Spec.Name, Err: err}
	}
	d, ok := obj.(*v1alpha1.ModelDeployment)
	if !ok {
		return r.Kinds[step.Spec.Template.Kind], obj, nil
	}
	endpoint := &v1alpha1.Endpoint{Spec: v1alpha1.EndpointSpec{Control: d.Spec.Control, EndpointName: d.Spec.EndpointName}}
	endpoint.Namespace, endpoint.Name = d.Namespace, d.Name
	if d.Spec.EndpointName != nil {
		endpoint.Name = strings.ToLower(*d.Spec.EndpointName)
	}
	return r.Kinds["Endpoint"], endpoint, nil
}

// lastTick looks for a plan of the last times of schedules that has begun: a job of it
// is there.
func (r *Reconciler) lastTick(ctx context.Context, s *scene, read *trigger.Triggers) error {
	for _, tick := range read.Due(s.pipeline.CreationTimestamp.AddDate(-1, 0, 0), r.Clock.Now(), ticks) {
		if tick.Token == token(s.pipeline) {
			return nil
		}
		in := s.input
		in.Token = tick.Token
		versions, err := plan.Versions(in)
		if err != nil {
			return err
		}
		for _, made := range versions {
			begun, err := r.begun(ctx, s, made)
			if err != nil {
				return err
			}
			if begun {
				s.count(tick.Token)
				return nil
			}
		}
	}
	return nil
}

// recognise takes what serves for known, by whatever version of hash it was planned.
func (s *scene) recognise(served string) error {
	in := s.input
	in.Token = token(s.pipeline)
	versions, err := plan.Versions(in)
	if err != nil {
		return err
	}
	for _, made := range versions {
		if made.Digest == served {
			s.known[served] = true
		}
	}
	return s.replan()
}

// recall looks in AWS for what older versions of hash have named, of all jobs and
// revisions that nothing tells of: status may be lost, or remember fewer plans than there
// were. The plan is made again with what is found.
func (r *Reconciler) recall(ctx context.Context, s *scene) error {
	found := false
	for _, was := range s.plan.Unknown(s.input.Known) {
		there, err := r.there(ctx, s, was.Plan, was.Step)
		if err == nil && there {
			if there, err = r.there(ctx, s, s.plan, s.plan.Step(was.Step.Spec.Name)); !there {
				s.known[was.Step.Digest], found = true, true
			}
		}
		if err != nil {
			return err
		}
	}
	if !found {
		return nil
	}
	return s.replan()
}

// there tells whether AWS has a job or revision of a plan.
func (r *Reconciler) there(ctx context.Context, s *scene, of *plan.Plan, step *plan.Step) (bool, error) {
	spec, err := of.Placeholder(step)
	if err != nil {
		return false, err
	}
	obj, err := r.made(s, step, spec)
	if err != nil {
		return false, &plan.StepError{Step: step.Spec.Name, Err: err}
	}
	there, err := s.round.HasRun(ctx, r.Kinds[step.Spec.Template.Kind], obj)
	if err != nil {
		return false, fmt.Errorf("step %s: %w", step.Spec.Name, err)
	}
	return there, nil
}

// begun tells whether AWS has a job of a plan that needs no other.
func (r *Reconciler) begun(ctx context.Context, s *scene, of *plan.Plan) (bool, error) {
	for _, step := range of.Steps {
		if !step.Kind.Job || len(step.Needs) > 0 {
			continue
		}
		if there, err := r.there(ctx, s, of, step); err != nil || there {
			return there, err
		}
	}
	return false, nil
}
