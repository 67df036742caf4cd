package loop_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

// asked counts the calls of an operation since the journal was reset, refused ones
// included.
func (p *play) asked(operation cloud.Operation) int {
	return p.aws.Journal().Counts()[operation.Name]
}

// updated goes to the first step of the story that AWS makes by an update.
func (p *play) updated() (spec map[string]any, ok bool) {
	i := 1
	if p.kind.Kind() == "Pipeline" {
		i = 2 // the first change is one of the text only
	}
	if !p.kind.Update.Exists() || i >= len(p.steps) || p.steps[i].Until == reason.ImmutableField || len(p.steps[i].Spec) == 0 {
		return nil, false
	}
	return p.steps[i].Spec, true
}

// An update that AWS refuses is Stalled with AWS's words and is not repeated before the
// interval is over, of every kind. What there is in AWS goes on being observed as its
// state asks for. It heals when AWS takes the update.
func TestRefusedUpdate(t *testing.T) {
	t.Parallel()
	const words = "no such luck"
	for _, k := range kind.All() {
		if !k.Update.Exists() || k.Approval {
			continue // what people decide of a version is no update of ours
		}
		t.Run(k.Kind(), func(t *testing.T) {
			t.Parallel()
			p := newPlay(t, k)
			spec, ok := p.updated()
			require.True(t, ok, "the story of %s has no update", k.Kind())
			p.startController()
			p.tell(p.steps[0])
			refuse := fault.Rule{Action: fault.Reject, Operation: k.Update.Name, Code: "ValidationException", Message: words}
			if k.Kind() == "TrainingJob" {
				p.until("it takes updates", func() bool { return p.inStage() == "Downloading" })
			}
			p.fault(refuse)
			p.push(spec)
			p.until("the refusal is reported", func() bool {
				obj, _ := p.object()
				return isStalled(obj) && p.reason() == reason.ValidationFailed
			})
			obj, _ := p.object()
			require.Regexp(t, "^"+words, readyCondition(obj).Message)
			p.checked(obj)

			if k.Kind() == "TrainingJob" {
				p.until("the job's next stage is seen", func() bool { return p.secondary() == "Training" })
				require.LessOrEqual(t, p.asked(k.Update), 2, "once in each secondary status")
				p.until("the job's end is seen", func() bool { return p.reason() == reason.Completed && p.isReady() })
				return
			}
			p.aws.Journal().Reset()
			p.pass(time.Hour, 10*time.Second)
			require.LessOrEqual(t, p.asked(k.Update), 61, "once in each interval, which is a minute")
			p.until("it goes on being observed, and is tried again", func() bool { return p.asked(k.Describe) >= 10 && p.asked(k.Update) >= 2 })
			p.until("it is still refused", func() bool { return p.reason() == reason.ValidationFailed })

			p.aws.Faults().Clear()
			p.until("it heals", func() bool { return p.isReady() && p.calls(k.Update) > 0 })
		})
	}
}

// inStage is where the AWS object is in its life.
func (p *play) inStage() string {
	o, _ := p.inAWS()
	return o.Stage
}

// secondary is a training job's secondary status in status.
func (p *play) secondary() string {
	job, ok := get(p.world, "abalone", &v1alpha1.TrainingJob{})
	if !ok || job.Status.SecondaryStatus == nil {
		return ""
	}
	return *job.Status.SecondaryStatus
}

// An update that AWS takes back because the object is busy, in a state that stays, is
// repeated less and less often.
func TestBusyUpdate(t *testing.T) {
	t.Parallel()
	for _, k := range kind.All() {
		if !k.Update.Exists() || k.Approval || k.Lifecycle == reconcile.Job {
			continue
		}
		t.Run(k.Kind(), func(t *testing.T) {
			t.Parallel()
			p := newPlay(t, k)
			p.spec["interval"] = "1h"
			spec, _ := p.updated()
			p.startController()
			p.tell(p.steps[0])
			p.fault(fault.Rule{Action: fault.Reject, Operation: k.Update.Name, Code: "ConflictException", Message: "a person works with it"})
			p.push(spec)
			p.until("it waits", func() bool {
				obj, _ := p.object()
				return readyCondition(obj).Reason == reason.Busy
			})
			p.aws.Journal().Reset()
			p.pass(2*time.Hour, 5*time.Second)
			require.LessOrEqual(t, p.asked(k.Update), 32, "every five minutes in the end")
			p.aws.Faults().Clear()
			p.untilWithin("it goes on", 15*time.Minute, func() bool { return p.calls(k.Update) > 0 })
		})
	}
}

// AWS refuses to change a training job that starts, so that it is not asked then.
func TestTrainingJobIsNotUpdatedWhileItStarts(t *testing.T) {
	t.Parallel()
	p := newPlay(t, kind.TrainingJob, "TrainingJob/Starting", "TrainingJob/Training")
	p.startController()
	p.tell(p.steps[0])
	require.Equal(t, "Starting", p.inStage())
	p.push(p.steps[1].Spec)
	p.pass(20*time.Minute, time.Minute)
	require.Equal(t, "Starting", p.inStage())
	require.Zero(t, p.asked(kind.TrainingJob.Update), "AWS would refuse it")
	p.until("it is updated", func() bool { return p.calls(kind.TrainingJob.Update) == 1 })
	p.ready()
	require.Equal(t, 1, p.asked(kind.TrainingJob.Update), "nothing was refused")
	o, _ := p.inAWS()
	config, _ := o.Document["ProfilerConfig"].(map[string]any)
	require.Equal(t, json.Number("1000"), config["ProfilingIntervalInMilliseconds"])
}

// A running job takes new profiler rules, and only those are sent; the profiler and the
// warm pool are changed in calls of their own, each in its time.
func TestTrainingJobTakesOneChangeAtATime(t *testing.T) {
	t.Parallel()
	p := newPlay(t, kind.TrainingJob)
	p.startController()
	rule := func(name string) any {
		return map[string]any{"ruleConfigurationName": name, "ruleEvaluatorImage": "123456789012.dkr.ecr.us-east-1.amazonaws.com/rules:1"}
	}
	pool := func(seconds int) any {
		return map[string]any{"instanceType": "ml.m5.xlarge", "instanceCount": 1, "volumeSizeInGB": 10, "keepAlivePeriodInSeconds": seconds}
	}
	first := p.steps[0]
	first.Spec["profilerRuleConfigurations"] = []any{rule("one")}
	first.Spec["resourceConfig"] = pool(1800)
	p.tell(first)
	p.push(map[string]any{
		"profilerRuleConfigurations": []any{rule("one"), rule("two")},
		"profilerConfig":             p.steps[1].Spec["profilerConfig"],
		"resourceConfig":             pool(900),
	})
	p.until("all is changed", func() bool { return p.calls(kind.TrainingJob.Update) == 2 })
	p.ready()
	sent := p.requests(kind.TrainingJob.Update.Name)
	require.Contains(t, sent[0], "ProfilerConfig")
	require.NotContains(t, sent[0], "ResourceConfig")
	rules, _ := sent[0]["ProfilerRuleConfigurations"].([]any)
	require.Len(t, rules, 1, "only the new one")
	require.Contains(t, sent[1], "ResourceConfig")
	require.NotContains(t, sent[1], "ProfilerConfig")
	require.Equal(t, 2, p.asked(kind.TrainingJob.Update), "nothing was refused")
}

// A job whose update AWS refuses can still be stopped.
func TestStopOfAJobWhoseUpdateIsRefused(t *testing.T) {
	t.Parallel()
	p := newPlay(t, kind.TrainingJob)
	p.startController()
	p.tell(p.steps[0])
	p.fault(fault.Rule{Action: fault.Reject, Operation: kind.TrainingJob.Update.Name, Code: "ValidationException", Message: "no such luck"})
	p.push(p.steps[1].Spec)
	p.until("the refusal is reported", func() bool { return p.reason() == reason.ValidationFailed })
	p.annotate(map[string]string{v1alpha1.AnnotationStop: "now"})
	p.untilWithin("it is stopped", 10*time.Minute, func() bool { return p.reason() == reason.Stopped })
}

// A profilerConfig that git takes out of a running job's spec is disabled in AWS, once.
func TestProfilerRemoved(t *testing.T) {
	t.Parallel()
	p := newPlay(t, kind.TrainingJob, "TrainingJob/Training")
	p.startController()
	p.tell(p.steps[0])
	p.push(map[string]any{"profilerConfig": nil})
	p.until("the profiler is disabled", func() bool {
		o, _ := p.inAWS()
		config, _ := o.Document["ProfilerConfig"].(map[string]any)
		return config["DisableProfiler"] == true
	})
	p.pass(10*time.Minute, 10*time.Second)
	require.Equal(t, 1, p.asked(kind.TrainingJob.Update))
	require.Equal(t, reason.Running, p.reason())
	require.Equal(t, 1, p.asked(kind.TrainingJob.Create))
}
