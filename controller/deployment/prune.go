package deployment

import (
	"context"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
)

// prune deletes configurations that history has no room for, and the models that
// only those used. What the endpoint serves, is asked for or may go back to
// stays.
func (r *Reconciler) prune(ctx context.Context, s *scene) error {
	keep := map[string]bool{s.facts.desired: true, s.facts.served: true, s.facts.asked: true, s.facts.good: true}
	for _, revision := range s.deployment.Status.Revisions {
		keep[revision.Name] = true
	}
	models := map[string]bool{}
	for _, m := range s.models {
		models[m.Name] = true
	}
	for i := range s.family.configs.Items {
		c := &s.family.configs.Items[i]
		if keep[c.Name] {
			modelsOf(c, models)
			continue
		}
		if err := s.family.Delete(ctx, c); err != nil {
			return err
		}
	}
	for i := range s.family.models.Items {
		m := &s.family.models.Items[i]
		if models[m.Name] {
			continue
		}
		if err := s.family.Delete(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

func modelsOf(c *v1alpha1.EndpointConfig, into map[string]bool) {
	for _, list := range [][]v1alpha1.ProductionVariant{c.Spec.ProductionVariants, c.Spec.ShadowProductionVariants} {
		for _, v := range list {
			if v.ModelName != nil {
				into[*v.ModelName] = true
			}
		}
	}
}
