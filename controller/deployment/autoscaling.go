package deployment

import (
	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
)

// scaling are the resources that scale a variant or a component.
type scaling struct {
	targets   []*v1alpha1.ScalableTarget
	policies  []*v1alpha1.ScalingPolicy
	schedules []*v1alpha1.ScheduledAction
}

// scaling makes what scales the endpoint. endpoint is its name in AWS.
func (r renderer) scaling(endpoint string) scaling {
	var out scaling
	spec := r.deployment.Spec.DeepCopy()
	for _, v := range spec.Variants {
		if v.Autoscaling == nil {
			continue
		}
		target := &v1alpha1.ScalableTarget{Spec: v1alpha1.ScalableTargetSpec{ScalableResourceControl: v1alpha1.ScalableResourceControl{
			EndpointRef: &v1alpha1.Reference{Name: endpointResource(r.deployment)}, VariantName: v.VariantName,
		}}}
		if v.ServerlessConfig != nil {
			target.Spec.ScalableDimension = new("sagemaker:variant:DesiredProvisionedConcurrency")
		}
		out.add(r, target, *v.VariantName, endpoint, v.Autoscaling)
	}
	for _, c := range spec.Components {
		if c.Autoscaling == nil {
			continue
		}
		target := &v1alpha1.ScalableTarget{Spec: v1alpha1.ScalableTargetSpec{ScalableResourceControl: v1alpha1.ScalableResourceControl{
			InferenceComponentRef: &v1alpha1.Reference{Name: r.deployment.Name + "-" + c.Name},
		}}}
		out.add(r, target, c.Name, endpoint, c.Autoscaling)
	}
	return out
}

// add adds the target of a variant or component, with what scales it.
func (s *scaling) add(r renderer, target *v1alpha1.ScalableTarget, of, endpoint string, a *v1alpha1.Autoscaling) {
	drift := r.deployment.Spec.DriftControl
	target.Name = childName(r.deployment.Name, of)
	target.Spec.Control, target.Spec.DriftControl = r.control, drift
	target.Spec.MinCapacity, target.Spec.MaxCapacity = &a.MinCapacity, &a.MaxCapacity
	target.Spec.SuspendedState, target.Spec.Tags = a.Suspended, tagMap(r.deployment.Spec.Tags)
	s.targets = append(s.targets, target)
	ref := &v1alpha1.Reference{Name: target.Name}
	for _, p := range a.Policies {
		policy := &v1alpha1.ScalingPolicy{Spec: v1alpha1.ScalingPolicySpec{
			Control: r.control, DriftControl: drift, ScalableTargetRef: ref, ScalableDimension: target.Spec.ScalableDimension,
			PolicyName: new(endpoint + "-" + of + "-" + p.Name), PolicyType: new("TargetTrackingScaling"),
			TargetTrackingScalingPolicyConfiguration: p.TargetTracking, StepScalingPolicyConfiguration: p.StepScaling,
		}}
		if p.StepScaling != nil {
			policy.Spec.PolicyType = new("StepScaling")
		}
		policy.Name = childName(target.Name, p.Name)
		s.policies = append(s.policies, policy)
	}
	for _, at := range a.Schedules {
		schedule := &v1alpha1.ScheduledAction{Spec: v1alpha1.ScheduledActionSpec{
			Control: r.control, DriftControl: drift, ScalableTargetRef: ref, ScalableDimension: target.Spec.ScalableDimension,
			ScheduledActionName: new(endpoint + "-" + of + "-" + at.Name), Schedule: &at.Schedule, Timezone: at.Timezone,
			ScalableTargetAction: &v1alpha1.ScalableTargetAction{MinCapacity: at.MinCapacity, MaxCapacity: at.MaxCapacity},
		}}
		schedule.Name = childName(target.Name, at.Name)
		s.schedules = append(s.schedules, schedule)
	}
}

func tagMap(tags []v1alpha1.Tag) map[string]string {
	if len(tags) == 0 {
		return nil
	}
	all := map[string]string{}
	for _, t := range tags {
		all[*t.Key] = *t.Value
	}
	return all
}
