package deployment

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/child"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// want renders all that the deployment stands for.
func (s *scene) want() error {
	byPath := map[string]string{}
	for _, p := range places(&s.deployment.Spec) {
		m, err := s.render.model(p, s.sources.models[p.path])
		if err != nil {
			return err
		}
		byPath[p.path] = m.Name
		if !slices.ContainsFunc(s.models, func(other *v1alpha1.Model) bool { return other.Name == m.Name }) {
			s.models = append(s.models, m)
		}
	}
	var err error
	if s.config, err = s.render.config(byPath, s.sources.names); err != nil {
		return err
	}
	endpoint := s.round.Name()
	if s.components, err = s.render.components(endpoint, byPath); err != nil {
		return err
	}
	s.scaling = s.render.scaling(endpoint)
	s.alarms, err = s.render.alarms(endpoint, s.config.Name)
	return err
}

// weigh turns what there is into facts.
func (s *scene) weigh() error {
	status, f := &s.deployment.Status, &s.facts
	f.desired, f.good = s.config.Name, status.LastGoodConfig
	f.prepared = true
	for _, m := range s.models {
		if err := weighRevision(s, s.family.models.Items, m); err != nil {
			return err
		}
	}
	if err := weighRevision(s, s.family.configs.Items, s.config); err != nil {
		return err
	}
	f.goBack = s.deployment.Spec.Rollout == nil || s.deployment.Spec.Rollout.OnSmokeTestFailure != "Hold"
	f.replace = s.deployment.Spec.AllowReplacement
	s.weighTests()
	if err := s.weighServices(); err != nil {
		return err
	}
	return s.weighEndpoint()
}

// weighRevision looks at a model or configuration. Its name says what it is, so
// that it can differ only in what is changed in place, such as tags and whose
// identity AWS is called with.
func weighRevision[O any, P interface {
	*O
	reconcile.Object
}](s *scene, have []O, want P) error {
	is := find[O, P](have, want.GetName())
	if is == nil {
		s.facts.prepared = false
		return nil
	}
	same, err := child.Same(is, want)
	if err != nil {
		return err
	}
	if !same || !is.GetDeletionTimestamp().IsZero() || reconcile.Settled(is) != "" {
		s.facts.prepared = false
	}
	if same && isStuck(is) && s.problem == nil {
		s.facts.unfit, s.problem = true, is
	}
	return nil
}

// weighTests looks at the outcomes of the tests as they are now. It forgets them
// if somebody asks to try again what failed.
func (s *scene) weighTests() {
	status, f := &s.deployment.Status, &s.facts
	refused := status.Refused != nil && status.Refused.Config == f.desired && status.Refused.Reason == reason.SmokeTestFailed
	if refused && s.round.Force() != "" {
		status.Refused, status.SmokeTests = nil, nil
		s.round.Forced()
	}
	f.tested = true
	for _, outcome := range results(s.deployment, f.desired) {
		f.tested = f.tested && outcome != nil && outcome.Passed
		f.failing = f.failing || outcome != nil && !outcome.Passed
	}
	if f.refused = refused && f.failing; refused && !f.refused {
		status.Refused = nil // the test that failed has changed
	}
}

// weighServices compares what stands beside the endpoint.
func (s *scene) weighServices() error {
	alarms, err := compare(s.family.alarms.Items, s.alarms)
	if err != nil {
		return err
	}
	components, err := compare(s.family.components.Items, s.components)
	if err != nil {
		return err
	}
	targets, err := compare(s.family.targets.Items, s.scaling.targets)
	if err != nil {
		return err
	}
	policies, err := compare(s.family.policies.Items, s.scaling.policies)
	if err != nil {
		return err
	}
	schedules, err := compare(s.family.schedules.Items, s.scaling.schedules)
	if err != nil {
		return err
	}
	s.facts.armed = alarms.complete
	s.facts.placed = components.complete
	s.facts.scaled = targets.complete && policies.complete && schedules.complete
	for _, one := range []progress{alarms, components, targets, policies, schedules} {
		if one.stuck != nil && s.problem == nil {
			s.facts.stuck, s.problem = true, one.stuck
		}
	}
	return nil
}

func (s *scene) weighEndpoint() error {
	e, f := s.family.endpoint, &s.facts
	if e == nil {
		return nil
	}
	f.exists, f.leaving = e.DeletionTimestamp.IsZero(), !e.DeletionTimestamp.IsZero()
	f.asked, f.served = asked(e), served(e)
	f.settled = reconcile.Settled(e) == "" && f.served == f.asked
	if is := reconcile.Judged(e); is != nil && is.Status == metav1.ConditionFalse {
		f.failed = is.Reason
	}
	f.converts = converts(e, s.deployment)
	armed, err := child.Same(e, s.armed(f.asked))
	if err != nil {
		return err
	}
	f.disarmed, err = child.Same(e, s.disarmed(f.asked))
	f.outdated = !armed && !f.disarmed
	return err
}

// armed is the endpoint resource during a roll-out, disarmed after it.
func (s *scene) armed(config string) *v1alpha1.Endpoint {
	return s.render.endpoint(config, slices.Concat(namedAlarms(s.deployment.Spec.Rollout), alarmNames(s.alarms)))
}

func (s *scene) disarmed(config string) *v1alpha1.Endpoint {
	return s.render.endpoint(config, namedAlarms(s.deployment.Spec.Rollout))
}

// asked is the configuration that an endpoint resource asks for; empty if a
// person has taken it out.
func asked(e *v1alpha1.Endpoint) string {
	if e.Spec.EndpointConfigName == nil {
		return ""
	}
	return *e.Spec.EndpointConfigName
}

// served is the configuration that AWS told an endpoint serves; empty if that is
// not known.
func served(e *v1alpha1.Endpoint) string {
	for _, ref := range e.Status.References {
		if ref.Path == "status.EndpointConfigName" {
			return ref.AWSName
		}
	}
	if e.Status.ARN == "" {
		return ""
	}
	for _, ref := range e.Status.References {
		if ref.Path == "endpointConfigName" {
			return ref.AWSName
		}
	}
	return ""
}

// converts tells whether an endpoint would have to change between instances and
// serverless, which AWS refuses.
func converts(e *v1alpha1.Endpoint, d *v1alpha1.ModelDeployment) bool {
	if len(e.Status.ProductionVariants) == 0 {
		return false
	}
	is := slices.ContainsFunc(e.Status.ProductionVariants, func(v v1alpha1.ProductionVariantSummary) bool {
		return v.CurrentServerlessConfig != nil || v.DesiredServerlessConfig != nil
	})
	return is != slices.ContainsFunc(d.Spec.Variants, isServerless)
}
