package loop_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

const scriptFailed = "LifecycleConfigurationError: script ended with 1"

// failedApp is a world in which AWS could not create an App.
func failedApp(t *testing.T) *play {
	t.Helper()
	p := newPlay(t, kind.App)
	p.fault(fault.Rule{Action: fault.Fail, Kind: "App", Stage: "Creating", Reason: scriptFailed, Times: 1})
	p.startController()
	p.push(p.steps[0].Spec)
	p.until("it has failed", func() bool { return p.reason() == reason.Failed })
	return p
}

// AWS lists no tags of a failed App. That does not hide why it failed. It is replaced at
// the next push, or when somebody forces it, and not before.
func TestFailedApp(t *testing.T) {
	t.Parallel()
	for what, act := range map[string]func(p *play){
		"a push":                           func(p *play) { p.push(map[string]any{"resourceSpec": map[string]any{"instanceType": "ml.t3.medium"}}) },
		"a push that AWS does not tell of": func(p *play) { p.push(map[string]any{"interval": "2m"}) },
		"forceAt":                          func(p *play) { p.force() },
		"forceAt after a restart":          func(p *play) { p.restartController(); p.force() },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			p := failedApp(t)
			p.restartController()
			p.pass(3*time.Hour, time.Minute)
			obj, _ := p.object()
			require.True(t, isStalled(obj))
			require.Equal(t, reason.Failed, readyCondition(obj).Reason)
			require.Regexp(t, "^"+scriptFailed, readyCondition(obj).Message)
			require.Equal(t, 1, p.asked(kind.App.Create))
			p.checked(obj)

			act(p)
			p.until("it is replaced", func() bool { return p.reason() == reason.InService && p.isReady() })
			require.Equal(t, 2, p.calls(kind.App.Create))
			require.LessOrEqual(t, p.asked(kind.App.Delete), 1)
		})
	}
}

// AWS has deleted a failed App: deleting the custom resource does not wait for more.
func TestFailedAppIsDeleted(t *testing.T) {
	t.Parallel()
	for _, restarted := range []bool{false, true} {
		p := failedApp(t)
		if restarted {
			p.restartController()
			p.until("it is seen", func() bool { return p.reason() == reason.Failed })
		}
		p.remove()
		p.untilWithin("it is let go", 10*time.Minute, func() bool { _, there := p.object(); return !there })
		require.LessOrEqual(t, p.asked(kind.App.Delete), 10)
	}
}

// An App that AWS deletes when it is idle is not created again by itself, nor by a
// restart. A push creates it again, and so does forceAt.
func TestIdleApp(t *testing.T) {
	t.Parallel()
	for what, act := range map[string]func(p *play){
		"a push":  func(p *play) { p.push(map[string]any{"interval": "2m"}) },
		"forceAt": func(p *play) { p.force() },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			p := newPlay(t, kind.App)
			p.startController()
			p.tell(p.steps[0])
			p.ready()
			o, _ := p.inAWS()
			p.aws.Journal().Reset()
			require.True(t, p.aws.Enter(o.ARN, "Deleting", ""), "AWS stops what is idle")
			p.until("it is reported", func() bool { return p.reason() == reason.StoppedWhenIdle && p.isReady() })
			obj, _ := p.object()
			p.checked(obj)
			p.pass(12*time.Hour, time.Minute)
			_, told := p.withARN(o.ARN)
			require.False(t, told, "AWS has forgotten it")
			p.restartController()
			p.pass(12*time.Hour, time.Minute)
			require.Equal(t, reason.StoppedWhenIdle, p.reason())
			require.True(t, p.isReady())
			require.Empty(t, p.aws.Journal().Mutations())

			act(p)
			p.until("it is created again", func() bool { return p.reason() == reason.InService && p.isReady() })
			require.Equal(t, 1, p.calls(kind.App.Create))
		})
	}
}

// One that was in service, failed, and of which AWS then no longer tells, is not said to
// have been idle, and is not created again by itself.
func TestAppThatFailedInService(t *testing.T) {
	t.Parallel()
	p := newPlay(t, kind.App)
	p.startController()
	p.tell(p.steps[0])
	o, _ := p.inAWS()
	p.aws.Journal().Reset()
	require.True(t, p.aws.Enter(o.ARN, "Failed", "the instance is gone"))
	p.until("it has failed", func() bool { return p.reason() == reason.Failed })
	require.True(t, p.aws.Enter(o.ARN, "Deleted", ""))
	p.pass(3*time.Hour, time.Minute)
	obj, _ := p.object()
	require.True(t, isStalled(obj))
	require.Equal(t, reason.Failed, p.reason())
	require.Zero(t, p.calls(kind.App.Create))
	p.force()
	p.until("it is created again", func() bool { return p.reason() == reason.InService && p.isReady() })
}
