package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/trigger"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// followInterval is how often sources are looked at whose changes are a trigger.
const followInterval = 10 * time.Minute

// triggers reads the spec's.
func triggers(p *v1alpha1.ModelPipeline) (*trigger.Triggers, error) {
	read, err := trigger.Read(p.Spec.Triggers)
	if err != nil {
		return nil, reconcile.Refuse(reason.ValidationFailed, "%s", err)
	}
	if p.Spec.Triggers == nil {
		return read, nil
	}
	for _, name := range p.Spec.Triggers.OnSourceChange {
		if !slices.ContainsFunc(p.Spec.Sources, func(s v1alpha1.PipelineSource) bool { return s.Name == name }) {
			return nil, reconcile.Refuse(reason.ValidationFailed, "triggers.onSourceChange: there is no source %s", name)
		}
	}
	return read, nil
}

// token is that of the trigger that counts.
func token(p *v1alpha1.ModelPipeline) string {
	if is := p.Status.Trigger; is != nil {
		return is.Token
	}
	return ""
}

// busy tells whether a plan is at work, which triggers do not disturb.
func busy(p *v1alpha1.ModelPipeline) bool { return p.Status.Phase == v1alpha1.PipelineRunning }

// follow finds out which trigger counts, and when the next is due.
func (r *Reconciler) follow(ctx context.Context, s *scene, read *trigger.Triggers) error {
	status, now := &s.pipeline.Status, r.Clock.Now().Truncate(time.Second)
	if !read.Any() {
		if is := status.Trigger; is != nil {
			status.Trigger = nil
			if is.Token != "" { // which is in the digests
				status.Trigger = &v1alpha1.TriggerStatus{Token: is.Token, Time: is.Time}
			}
		}
		return nil
	}
	if status.Trigger == nil {
		status.Trigger = &v1alpha1.TriggerStatus{Time: metav1.NewTime(now)}
	}
	is := status.Trigger
	violations, missing, err := r.violations(ctx, s.pipeline)
	if err != nil {
		return err
	}
	is.Message = missing
	if !busy(s.pipeline) {
		if fired := read.Fired(is.Time.Time, is.Token != "", now, violations); fired != nil {
			is.Token, is.Time = fired.Token, metav1.NewTime(fired.Time)
			s.round.Eventf(ctx, reason.Triggered, "all jobs run again, for %s", fired.Token)
		}
	}
	is.Next = nil
	if next := read.Next(now); !next.IsZero() {
		is.Next = new(metav1.NewTime(next))
	}
	return nil
}

// violated is the status of an execution that found something.
const violated = "CompletedWithViolations"

// violations are those that the monitoring schedules of the spec have found, and which
// of these is not there.
func (r *Reconciler) violations(ctx context.Context, p *v1alpha1.ModelPipeline) (all []trigger.Execution, missing string, err error) {
	for _, v := range p.Spec.Triggers.OnViolation {
		var m v1alpha1.MonitoringSchedule
		err := r.Client.Get(ctx, client.ObjectKey{Namespace: p.Namespace, Name: monitor(p, v.MonitoringSchedule)}, &m)
		if apierrors.IsNotFound(err) {
			missing = fmt.Sprintf("triggers.onViolation: there is no MonitoringSchedule %s", v.MonitoringSchedule)
			continue
		}
		if err != nil {
			return nil, "", fmt.Errorf("reading MonitoringSchedule %s: %w", v.MonitoringSchedule, err)
		}
		for _, e := range m.Status.Executions {
			if e.MonitoringExecutionStatus != nil && *e.MonitoringExecutionStatus == violated && e.ScheduledTime != nil {
				all = append(all, trigger.Execution{Schedule: v.MonitoringSchedule, Time: e.ScheduledTime.Time})
			}
		}
	}
	return all, missing, nil
}

// monitor is the resource that a trigger means: that of a step, or another.
func monitor(p *v1alpha1.ModelPipeline, name string) string {
	for _, step := range p.Spec.Steps {
		if step.Name == name && step.Template != nil && step.Template.Kind == "MonitoringSchedule" {
			return p.Name + "-" + name
		}
	}
	return name
}

// followed tells whether a source is to be looked at again now.
func (r *Reconciler) followed(p *v1alpha1.ModelPipeline, source string) bool {
	if p.Spec.Triggers == nil || !slices.Contains(p.Spec.Triggers.OnSourceChange, source) || busy(p) {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.Clock.Since(r.looked[sourceKey(p, source)]) >= followInterval
}

// saw notes that a source was looked at.
func (r *Reconciler) saw(p *v1alpha1.ModelPipeline, source string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.looked[sourceKey(p, source)] = r.Clock.Now()
}

// forgetSources forgets when the sources of a pipeline were looked at, and its record.
func (r *Reconciler) forgetSources(p *v1alpha1.ModelPipeline) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.recorded, p.UID)
	for key := range r.looked {
		if strings.HasPrefix(key, sourceKey(p, "")) {
			delete(r.looked, key)
		}
	}
}

func sourceKey(p *v1alpha1.ModelPipeline, source string) string {
	return string(p.UID) + "/" + source
}

// due is the time until something is due that nobody tells of.
func due(p *v1alpha1.ModelPipeline, now time.Time) time.Duration {
	var after time.Duration
	sooner := func(d time.Duration) {
		if after == 0 || d < after {
			after = d
		}
	}
	for _, source := range p.Spec.Sources {
		switch {
		case source.Artifact != nil:
			sooner(artifactInterval)
		case source.ConfigMap != nil:
			sooner(configMapInterval)
		}
	}
	if len(p.Spec.ParamsFrom) > 0 {
		sooner(configMapInterval)
	}
	if p.Spec.Triggers != nil && len(p.Spec.Triggers.OnSourceChange) > 0 {
		sooner(followInterval)
	}
	if is := p.Status.Trigger; is != nil && is.Next != nil {
		sooner(max(is.Next.Sub(now), time.Second))
	}
	return after
}
