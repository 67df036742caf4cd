package pipeline

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/plan"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/render"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// claims refuses a plan whose endpoint is somebody else's, before anything runs that
// could not be served: an Endpoint resource is there that is not of this plan, or an
// older pipeline wants the same.
func (r *Reconciler) claims(ctx context.Context, s *scene) error {
	wanted, err := r.endpoints(s)
	if err != nil || len(wanted) == 0 {
		return err
	}
	for name, step := range wanted {
		var is v1alpha1.Endpoint
		err := r.Reader.Get(ctx, client.ObjectKey{Namespace: s.pipeline.Namespace, Name: name}, &is)
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("reading Endpoint %s: %w", name, err)
		}
		if other, err := r.other(ctx, s, step, &is); err != nil || other != "" {
			return claimed(step, name, other, err)
		}
	}
	var all v1alpha1.ModelPipelineList
	if err := r.Client.List(ctx, &all, client.InNamespace(s.pipeline.Namespace)); err != nil {
		return fmt.Errorf("listing pipelines: %w", err)
	}
	for i := range all.Items {
		if p := &all.Items[i]; older(p, s.pipeline) {
			for name := range r.wants(ctx, p) {
				if step := wanted[name]; step != nil {
					return claimed(step, name, "ModelPipeline "+p.Name+" wants it, and is older", nil)
				}
			}
		}
	}
	return nil
}

func claimed(step *plan.Step, name, other string, err error) error {
	if err != nil {
		return err
	}
	return reconcile.Refuse(reason.NameClaimed, "step %s: template.spec.endpointName: endpoint %s: %s", step.Spec.Name, name, other)
}

func older(p, than *v1alpha1.ModelPipeline) bool {
	if p.UID == than.UID || !p.DeletionTimestamp.IsZero() {
		return false
	}
	if order := p.CreationTimestamp.Compare(than.CreationTimestamp.Time); order != 0 {
		return order < 0
	}
	return p.Name < than.Name
}

// other says whose an Endpoint resource is; empty if it is that of a step, or is handed
// over to it.
func (r *Reconciler) other(ctx context.Context, s *scene, step *plan.Step, is *v1alpha1.Endpoint) (string, error) {
	owner := metav1.GetControllerOf(is)
	if owner == nil {
		return "it belongs to nobody: remove the resource, or choose another name", nil
	}
	if owner.UID == s.pipeline.UID || owner.Kind == "ModelDeployment" && owner.Name == step.Child {
		return "", nil
	}
	if owner.Kind == "ModelDeployment" {
		var giver v1alpha1.ModelDeployment
		err := r.Reader.Get(ctx, client.ObjectKey{Namespace: is.Namespace, Name: owner.Name}, &giver)
		if client.IgnoreNotFound(err) != nil {
			return "", fmt.Errorf("reading ModelDeployment %s: %w", owner.Name, err)
		}
		if err == nil && giver.Spec.HandOverTo == step.Child {
			return "", nil
		}
	}
	return fmt.Sprintf("it belongs to %s %s", owner.Kind, owner.Name), nil
}

// endpoints are the names of the Endpoint resources of a plan, with their steps.
func (r *Reconciler) endpoints(s *scene) (map[string]*plan.Step, error) {
	all := map[string]*plan.Step{}
	for _, step := range s.plan.Steps {
		if !serves(step) {
			continue
		}
		_, obj, err := r.service(s, step)
		if err != nil {
			return nil, err
		}
		all[obj.GetName()] = step
	}
	return all, nil
}

// wants are the Endpoint resources of another pipeline, as far as its plan can be
// made; of one that cannot be carried out it has none.
func (r *Reconciler) wants(ctx context.Context, p *v1alpha1.ModelPipeline) map[string]*plan.Step {
	params, err := r.params(ctx, p)
	if err != nil {
		return nil
	}
	sources := map[string]render.Source{}
	for _, source := range p.Spec.Sources {
		sources[source.Name] = render.Source{}
	}
	other := &scene{pipeline: p, input: plan.Input{
		Cluster: r.ClusterName, Namespace: p.Namespace, Pipeline: p.Name, Spec: &p.Spec, Params: params, Sources: sources, Kinds: r.kinds,
	}}
	if other.plan, err = plan.Make(other.input); err != nil {
		return nil
	}
	names, err := r.endpoints(other)
	if err != nil {
		return nil
	}
	return names
}
