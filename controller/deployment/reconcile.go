package deployment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/child"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// Reconciler is the loop of ModelDeployments.
type Reconciler struct {
	reconcile.Options

	frame *reconcile.Composite
}

// New makes the loop.
func New(o reconcile.Options) *Reconciler {
	return &Reconciler{Options: o, frame: reconcile.NewComposite(Kind, o)}
}

const (
	// soon is when to look again at what nobody tells of.
	soon = 5 * time.Second
	// alarmWait is between two looks at an alarm that keeps a roll-out from
	// beginning.
	alarmWait = time.Minute
)

// scene is all that one round knows.
type scene struct {
	round      *reconcile.Round
	deployment *v1alpha1.ModelDeployment
	render     renderer
	sources    sources
	family     *family

	models     []*v1alpha1.Model
	config     *v1alpha1.EndpointConfig
	alarms     []*v1alpha1.MetricAlarm
	components []*v1alpha1.InferenceComponent
	scaling    scaling
	// problem is the child that cannot become what it is to be.
	problem reconcile.Object
	facts   facts
}

// Reconcile is one round for one deployment.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	round, err := r.frame.Begin(ctx, req)
	if err != nil || round == nil {
		return ctrl.Result{}, err
	}
	d, ok := round.Object.(*v1alpha1.ModelDeployment)
	if !ok {
		return ctrl.Result{}, fmt.Errorf("%T is no ModelDeployment", round.Object)
	}
	if err := round.Malformed(); err != nil {
		if !d.GetDeletionTimestamp().IsZero() {
			return round.EndDeletion(ctx, reconcile.Verdict{}, err)
		}
		return round.End(ctx, reconcile.Verdict{}, err)
	}
	if !d.GetDeletionTimestamp().IsZero() {
		return r.reconcileDeletion(ctx, round, d)
	}
	if round.Suspended() {
		return round.End(ctx, reconcile.Suspended(), nil)
	}
	if err := check(d); err != nil {
		d.Status.Phase = v1alpha1.DeploymentRefused
		return round.End(ctx, reconcile.Verdict{}, err)
	}
	s, err := r.look(ctx, round, d)
	if err != nil {
		return round.End(ctx, reconcile.Verdict{}, claimed(err))
	}
	s.tell()
	v, err := r.act(ctx, s)
	return round.End(ctx, v, claimed(err))
}

// look finds out what is wanted and what there is. A scene whose sources wait
// has no more than that.
func (r *Reconciler) look(ctx context.Context, round *reconcile.Round, d *v1alpha1.ModelDeployment) (*scene, error) {
	s := &scene{round: round, deployment: d, render: newRenderer(d, r.ClusterName, round.Retains())}
	var err error
	if s.family, err = r.gather(ctx, d); err != nil {
		return nil, err
	}
	s.render.hashes, s.render.made = r.Hashes, s.family.revisions()
	s.render.owns = func(k reconcile.Kind, name string) (bool, error) {
		obj := k.Object()
		obj.SetNamespace(d.Namespace)
		obj.SetName(name)
		switch is := obj.(type) {
		case *v1alpha1.Model:
			is.Spec.Control, is.Spec.ModelName = s.render.control, &name
		case *v1alpha1.EndpointConfig:
			is.Spec.Control, is.Spec.EndpointConfigName = s.render.control, &name
		}
		return round.Owns(ctx, k, obj)
	}
	if s.facts.claimed, s.facts.handedOver, err = r.claims(ctx, s); err != nil || s.facts.claimed || s.facts.handedOver {
		return s, err
	}
	if s.sources, err = r.find(ctx, round, d, s.render); err != nil {
		return nil, err
	}
	if s.facts.waiting = s.sources.waiting != ""; s.facts.waiting {
		return s, nil
	}
	if err := s.want(); err != nil {
		return nil, err
	}
	return s, s.weigh()
}

// act does the one thing that the stage asks for.
func (r *Reconciler) act(ctx context.Context, s *scene) (reconcile.Verdict, error) {
	stage := judge(s.facts)
	s.deployment.Status.Phase = phases[stage]
	if err := r.relay(ctx, s); err != nil {
		return reconcile.Verdict{}, err
	}
	switch stage {
	case Claimed:
		return reconcile.Stalled(reason.NameClaimed, s.family.other.Error(), s.round.Interval()), nil
	case HandedOver:
		s.deployment.Status.References = nil // whom it referred to need not wait for it
		return reconcile.Ready(reason.HandedOver, s.family.other.Error(), 0), nil
	case Sourcing:
		return reconcile.Progressing(reason.WaitingForReference, s.sources.waiting, s.round.Interval()), nil
	case Preparing:
		return r.prepare(ctx, s)
	case Unfit, Broken:
		return s.stuck(), nil
	case Incompatible:
		return s.incompatible(), nil
	case Replacing:
		return r.replace(ctx, s)
	case Arming:
		return r.arm(ctx, s)
	case RollingOut:
		return r.rollOut(ctx, s, s.facts.desired)
	case GoingBack:
		return r.goBack(ctx, s, s.facts.target())
	case Adjusting:
		return r.adjust(ctx, s)
	case RolledBack:
		return r.rolledBack(ctx, s)
	case Placing:
		return r.place(ctx, s)
	case Verifying:
		return r.verify(ctx, s)
	case Untested:
		return s.untested(), nil
	case Disarming:
		return r.disarm(ctx, s)
	case Scaling:
		return r.scale(ctx, s)
	default:
		return r.serve(ctx, s)
	}
}

// prepare makes the models, and then the configuration, and gives them what is
// changed in place.
func (r *Reconciler) prepare(ctx context.Context, s *scene) (reconcile.Verdict, error) {
	ready := true
	for _, m := range s.models {
		if err := ensure(ctx, s.family, s.family.models.Items, m); err != nil {
			return reconcile.Verdict{}, err
		}
		is := find[v1alpha1.Model](s.family.models.Items, m.Name)
		ready = ready && is != nil && reconcile.Settled(is) == ""
	}
	waiting := "waiting for the models"
	if ready {
		waiting = "waiting for " + s.config.Name
		if err := ensure(ctx, s.family, s.family.configs.Items, s.config); err != nil {
			return reconcile.Verdict{}, err
		}
	}
	return reconcile.Progressing(reason.Creating, waiting, 0), nil
}

// claimed makes a refusal of an error that a name is taken, or that the API server
// does not take what is to be made.
func claimed(err error) error {
	if other, ok := errors.AsType[*child.OtherOwnerError](err); ok {
		return reconcile.Refuse(reason.NameClaimed, "%s", other.Error())
	}
	if reconcile.RefusedByKubernetes(err) {
		return reconcile.Refuse(reason.ValidationFailed, "%s", err)
	}
	return err
}

// stuck is the verdict of a child that cannot become what it is to be: its own
// words.
func (s *scene) stuck() reconcile.Verdict {
	is := s.problem
	if is == nil {
		is = s.family.endpoint
	}
	c := reconcile.Judged(is)
	if c == nil {
		return reconcile.Progressing(reason.Progressing, "waiting for "+is.GetName(), soon)
	}
	return reconcile.Stalled(c.Reason, fmt.Sprintf("%s (%s)", c.Message, is.GetName()), s.round.Interval())
}

// arm makes the alarms for a roll-out, and sees that those which are named exist
// and are quiet.
func (r *Reconciler) arm(ctx context.Context, s *scene) (reconcile.Verdict, error) {
	err := keep(ctx, s.family, s.family.alarms.Items, s.alarms)
	return reconcile.Progressing(reason.Creating, "waiting for the alarms of the roll-out", 0), err
}

// rollOut gives the endpoint a configuration, or says how far it is with it.
func (r *Reconciler) rollOut(ctx context.Context, s *scene, config string) (reconcile.Verdict, error) {
	e := s.family.endpoint
	if e != nil && asked(e) == config {
		return s.underway(), nil
	}
	if e != nil {
		if v, ok, err := r.quiet(ctx, s, namedAlarms(s.deployment.Spec.Rollout)); err != nil || !ok {
			return v, err
		}
	}
	want := s.armed(config)
	if e == nil {
		if err := s.family.Create(ctx, want); err != nil {
			return reconcile.Verdict{}, err
		}
		return reconcile.Progressing(reason.Creating, "creating endpoint "+s.round.Name(), 0), nil
	}
	// What is no longer scaled must not stand in the way of the update.
	if err := r.unscale(ctx, s); err != nil {
		return reconcile.Verdict{}, err
	}
	s.deployment.Status.Rollout = &v1alpha1.RolloutProgress{Config: config, StartTime: new(metav1.NewTime(r.Clock.Now()))}
	v := reconcile.Progressing(reason.Updating, fmt.Sprintf("rolling out %s to endpoint %s", config, s.round.Name()), 0)
	if err := s.round.Save(ctx, v); err != nil {
		return reconcile.Verdict{}, err
	}
	if err := s.family.Update(ctx, e, want); err != nil {
		return reconcile.Verdict{}, err
	}
	s.round.Eventf(ctx, reason.Updating, "rolling out %s", config)
	return v, nil
}

// goBack gives the endpoint the last good configuration again, all at once and
// whatever alarms say: what serves now has failed.
func (r *Reconciler) goBack(ctx context.Context, s *scene, config string) (reconcile.Verdict, error) {
	e := s.family.endpoint
	if e != nil && asked(e) == config {
		return s.underway(), nil
	}
	want := s.render.endpoint(config, nil)
	want.Spec.DeploymentConfig = nil
	if e == nil {
		return reconcile.Progressing(reason.Creating, "creating endpoint "+s.round.Name(), 0), s.family.Create(ctx, want)
	}
	if err := s.family.Update(ctx, e, want); err != nil {
		return reconcile.Verdict{}, err
	}
	s.round.Eventf(ctx, reason.Updating, "going back to %s", config)
	return reconcile.Progressing(reason.Updating, fmt.Sprintf("going back to %s on endpoint %s", config, s.round.Name()), 0), nil
}

// quiet says what is wrong with alarms that the spec names: AWS would refuse a
// roll-out, or take it back at once.
func (r *Reconciler) quiet(ctx context.Context, s *scene, names []string) (reconcile.Verdict, bool, error) {
	if len(names) == 0 {
		return reconcile.Verdict{}, true, nil
	}
	c, err := s.round.Client(ctx)
	if err != nil {
		return reconcile.Verdict{}, false, err
	}
	states, err := c.AlarmStates(ctx, names)
	if err != nil {
		return reconcile.Verdict{}, false, err
	}
	for _, name := range names {
		switch state, ok := states[name]; {
		case !ok:
			return reconcile.Stalled(reason.AlarmNotReady, fmt.Sprintf("rollout.alarms.names: there is no CloudWatch alarm %s", name), alarmWait), false, nil
		case state == cloud.AlarmOn:
			return reconcile.Stalled(reason.AlarmNotReady,
				fmt.Sprintf("rollout.alarms.names: alarm %s has gone off already, so a roll-out would be taken back", name), alarmWait), false, nil
		}
	}
	return reconcile.Verdict{}, true, nil
}

// rolledBack is the verdict on a roll-out that AWS took back, with the alarms
// that had gone off.
func (r *Reconciler) rolledBack(ctx context.Context, s *scene) (reconcile.Verdict, error) {
	e := s.family.endpoint
	status := &s.deployment.Status
	is := reconcile.Judged(e)
	if status.Refused == nil || status.Refused.Config != s.facts.desired {
		status.Refused = &v1alpha1.RefusedConfig{
			Config: s.facts.desired, Reason: reason.RolledBack, Message: is.Message,
			Alarms: r.gone(ctx, s, e, is.Message), Time: metav1.NewTime(r.Clock.Now()),
		}
		status.Rollout = nil
	}
	message := is.Message
	var unnamed []string
	for _, name := range status.Refused.Alarms {
		if !strings.Contains(message, name) {
			unnamed = append(unnamed, name)
		}
	}
	if len(unnamed) > 0 {
		message = fmt.Sprintf("%s; gone off: %s", message, strings.Join(unnamed, ", "))
	}
	return reconcile.Stalled(reason.RolledBack, message, s.round.Interval()), nil
}

// gone are those of a roll-out's alarms that AWS names, or that have gone off.
func (r *Reconciler) gone(ctx context.Context, s *scene, e *v1alpha1.Endpoint, message string) []string {
	var all, off []string
	if c := e.Spec.DeploymentConfig; c != nil && c.AutoRollbackConfiguration != nil {
		for _, a := range c.AutoRollbackConfiguration.Alarms {
			all = append(all, *a.AlarmName)
		}
	}
	if len(all) == 0 {
		return nil
	}
	states := map[string]string{}
	if c, err := s.round.Client(ctx); err == nil {
		if states, err = c.AlarmStates(ctx, all); err != nil {
			ctrl.LoggerFrom(ctx).V(1).Info("the alarms' states are left out", "reason", cloud.Message(err))
		}
	}
	for _, name := range all {
		if strings.Contains(message, name) || states[name] == cloud.AlarmOn {
			off = append(off, name)
		}
	}
	return off
}

// verify asks one smoke test.
func (r *Reconciler) verify(ctx context.Context, s *scene) (reconcile.Verdict, error) {
	if err := r.ask(ctx, s.round, s.deployment, s.facts.desired); err != nil {
		return reconcile.Verdict{}, err
	}
	for _, outcome := range results(s.deployment, s.facts.desired) {
		if outcome != nil && !outcome.Passed {
			s.refuse(outcome, r.Clock.Now())
		}
	}
	return reconcile.Progressing(reason.Verifying, "asking the smoke tests of "+s.facts.desired, time.Millisecond), nil
}

// refuse notes that a configuration failed a smoke test.
func (s *scene) refuse(outcome *v1alpha1.SmokeTestResult, now time.Time) {
	s.deployment.Status.Refused = &v1alpha1.RefusedConfig{
		Config: outcome.Config, Reason: reason.SmokeTestFailed, Time: metav1.NewTime(now),
		Message: fmt.Sprintf("smoke test %s: %s", outcome.Name, outcome.Message),
	}
}

// untested is the verdict on a configuration that failed a smoke test.
func (s *scene) untested() reconcile.Verdict {
	refused := s.deployment.Status.Refused
	if refused == nil {
		return reconcile.Progressing(reason.Verifying, "a smoke test failed", soon)
	}
	s.deployment.Status.Rollout = nil
	now := fmt.Sprintf("%s serves", s.facts.served)
	return reconcile.Stalled(reason.SmokeTestFailed, fmt.Sprintf("%s (%s; %s is not tried again until the spec changes or forceAt asks for it)",
		refused.Message, now, refused.Config), s.round.Interval())
}

// adjust gives the endpoint settings that are no part of the configuration.
func (r *Reconciler) adjust(ctx context.Context, s *scene) (reconcile.Verdict, error) {
	want := s.armed(s.facts.desired)
	if s.facts.served == s.facts.desired {
		want = s.disarmed(s.facts.desired)
	}
	return reconcile.Progressing(reason.Updating, "adjusting endpoint "+s.round.Name(), 0), s.family.Update(ctx, s.family.endpoint, want)
}

// disarm takes alarms that were made for the roll-out out of the endpoint, so
// that they can be deleted.
func (r *Reconciler) disarm(ctx context.Context, s *scene) (reconcile.Verdict, error) {
	err := s.family.Update(ctx, s.family.endpoint, s.disarmed(s.facts.desired))
	return reconcile.Progressing(reason.Verifying, "the roll-out is over", 0), err
}

// place makes the components.
func (r *Reconciler) place(ctx context.Context, s *scene) (reconcile.Verdict, error) {
	err := keep(ctx, s.family, s.family.components.Items, s.components)
	return reconcile.Progressing(reason.Creating, "waiting for the components", 0), err
}

// scale makes what scales the endpoint.
func (r *Reconciler) scale(ctx context.Context, s *scene) (reconcile.Verdict, error) {
	err := keep(ctx, s.family, s.family.targets.Items, s.scaling.targets)
	if err == nil {
		err = keep(ctx, s.family, s.family.policies.Items, s.scaling.policies)
	}
	if err == nil {
		err = keep(ctx, s.family, s.family.schedules.Items, s.scaling.schedules)
	}
	return reconcile.Progressing(reason.Progressing, "waiting for what scales the endpoint", 0), err
}

// unscale takes away what scales parts that stay and are not to be scaled any more, so that
// their counts are those of the spec again. A part that goes is scaled until it has gone:
// the update may fail, and the endpoint deregisters it as far as AWS wants that.
func (r *Reconciler) unscale(ctx context.Context, s *scene) error {
	for i := range s.family.targets.Items {
		is := &s.family.targets.Items[i]
		if find[v1alpha1.ScalableTarget](values(s.scaling.targets), is.Name) != nil || s.loses(is.Spec.VariantName) {
			continue
		}
		if err := s.family.Delete(ctx, is); err != nil {
			return err
		}
	}
	return nil
}

// loses tells whether the endpoint will not have a variant any more.
func (s *scene) loses(variant *string) bool {
	return variant != nil && !slices.ContainsFunc(s.deployment.Spec.Variants, func(v v1alpha1.DeploymentVariant) bool { return *v.VariantName == *variant })
}

// serve is the verdict on an endpoint that serves what it is to serve. What is
// superfluous goes.
func (r *Reconciler) serve(ctx context.Context, s *scene) (reconcile.Verdict, error) {
	status := &s.deployment.Status
	status.LastGoodConfig, status.Rollout, status.Refused = s.facts.desired, nil, nil
	status.References = s.sources.consumed
	if s.round.Force() != "" {
		s.round.Forced()
	}
	if err := keep[v1alpha1.MetricAlarm](ctx, s.family, s.family.alarms.Items, nil); err != nil {
		return reconcile.Verdict{}, err
	}
	s.remember(r.Clock.Now())
	if err := r.prune(ctx, s); err != nil {
		return reconcile.Verdict{}, err
	}
	is := reconcile.Judged(s.family.endpoint)
	return reconcile.Ready(is.Reason, is.Message, s.round.Interval()), nil
}
