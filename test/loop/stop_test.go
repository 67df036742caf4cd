package loop_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

// stopJob asks to stop a job as a person does.
func (w *world) stopJob(obj reconcile.Object, token string) {
	w.t.Helper()
	patch := client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"annotations":{"sagemaker.gitops.dev/stop":"`+token+`"}}}`))
	require.NoError(w.t, w.kube.Patch(w.ctx, obj, patch))
}

// argo is what Argo CD thinks of an object.
func (w *world) argo(obj reconcile.Object) health.Status {
	w.t.Helper()
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	require.NoError(w.t, err)
	return health.Of(content).Status
}

// TestStoppedOnRequest: a job that a person has stopped by annotation says so, whatever
// becomes of the controller, costs nothing from then on, and runs again when asked to.
func TestStoppedOnRequest(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(trainingJob(100))
	w.until("it runs", func() bool { return len(w.jobs("InProgress")) == 1 })
	w.stopJob(w.job(), "a")
	message := w.because(reason.Stopped, jobOf(w))
	require.Contains(t, message, "as the annotation sagemaker.gitops.dev/stop asked")
	job := w.job()
	require.Equal(t, health.Suspended, w.argo(job))
	require.Equal(t, "a", job.Status.LastHandledStop)
	require.Equal(t, v1alpha1.RunStopped, job.Status.Runs[0].Outcome)
	require.Equal(t, "a", job.Status.Runs[0].StopRequest)

	w.restartController()
	w.aws.Journal().Reset()
	w.pass(time.Hour, time.Minute)
	require.Empty(t, w.aws.Journal().Counts())
	require.Equal(t, reason.Stopped, readyCondition(w.job()).Reason)

	w.forced(w.job(), "again")
	w.until("it has run again", func() bool { return isReady(w.job()) })
	require.Regexp(t, "-r2$", w.job().Status.Name)
	require.Equal(t, map[string]int{"CreateTrainingJob": 1, "AddTags": 1}, w.mutations())
}

// TestStopCrashes kills the controller at each of the effects of stopping a job.
func TestStopCrashes(t *testing.T) {
	t.Parallel()
	script := func(w *world, c *crash) {
		w.kinds = chainKinds
		w.startController()
		w.apply(trainingJob(100))
		w.until("it runs", func() bool { return len(w.jobs("InProgress")) == 1 && readyCondition(w.job()).Reason == reason.Running })
		w.stopController()
		w.crash = c
		w.startController()
		w.stopJob(w.job(), "a")
		w.reviving("it is stopped on request", func() bool { return isStalled(w.job()) })
		require.Equal(w.t, reason.Stopped, readyCondition(w.job()).Reason)
		require.Equal(w.t, "a", w.job().Status.LastHandledStop)
	}
	uneventful := &crash{}
	script(newLonelyWorld(t, "TrainingJob/Training"), uneventful)
	require.Greater(t, uneventful.effects, 2)
	for at := 1; at <= uneventful.effects; at++ {
		t.Run("effect "+string(rune('0'+at)), func(t *testing.T) {
			script(newWorld(t, "TrainingJob/Training"), &crash{at: at})
		})
	}
}

// TestStoppedBeforeItStarts: a job that is asked to stop while it waits is not started
// for that.
func TestStoppedBeforeItStarts(t *testing.T) {
	w := newWorld(t)
	w.startController()
	text := replace(trainingJob(100), "roleARN: arn:aws:iam::123456789012:role/abalone", "roleARN: arn:aws:iam::123456789012:role/abalone\n  suspend: true")
	w.apply(text)
	w.until("it waits", func() bool { return readyCondition(w.job()).Reason == reason.Suspended })
	w.stopJob(w.job(), "a")
	w.apply(trainingJob(100))
	require.Contains(t, w.because(reason.Stopped, jobOf(w)), "has not been started")
	require.Equal(t, health.Suspended, w.argo(w.job()))
	w.restartController()
	w.pass(time.Hour, time.Minute)
	require.Empty(t, w.mutations())

	w.forced(w.job(), "now")
	w.until("it has run", func() bool { return isReady(w.job()) })
	require.Equal(t, 1, w.mutations()["CreateTrainingJob"])

	w.apply(trainingJob(200))
	w.until("another spec runs", func() bool { return isReady(w.job()) && w.mutations()["CreateTrainingJob"] == 2 })
	require.Zero(t, w.mutations()["StopTrainingJob"])
}

// TestStoppedForLackOfQuota: neither is one that AWS has refused so far, with which a
// pipeline loses patience.
func TestStoppedForLackOfQuota(t *testing.T) {
	w := newPipelineWorld(t)
	w.fault(fault.Rule{
		Action: fault.Reject, Operation: "CreateTrainingJob", Code: "ResourceLimitExceeded",
		Message: "The account-level service limit 'ml.m5.large for training job usage' is 2 Instances, with current utilization of 2 Instances and a request delta of 1 Instances.",
	})
	w.apply(replace(pipeline(nil), "  - name: train\n", "  - name: train\n    timeout: 20m\n"))
	p := w.pipelineStalled(reason.StepFailed)
	require.Contains(t, readyCondition(p).Message, "has not come to an end within 20m0s")
	job := func() *v1alpha1.TrainingJob {
		job, _ := get(w, w.stepOf("train").Child, &v1alpha1.TrainingJob{})
		return job
	}
	w.until("the job is stopped", func() bool { return isStalled(job()) && readyCondition(job()).Reason == reason.Stopped })
	require.Contains(t, readyCondition(job()).Message, "has not been started")
	w.aws.Faults().Clear()
	w.measures(2.08)
	w.pass(time.Hour, 10*time.Second)
	require.Empty(t, w.aws.Objects("TrainingJob"))
	w.forced(w.pipeline(), "now")
	w.awaits()
	require.Len(t, w.aws.Objects("TrainingJob"), 1)
}

// TestStoppedInAnotherCluster: who has stopped a job is known to the cluster in which
// it was asked for.
func TestStoppedInAnotherCluster(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(trainingJob(100))
	w.until("it runs", func() bool { return len(w.jobs("InProgress")) == 1 })
	w.stopJob(w.job(), "a")
	w.because(reason.Stopped, jobOf(w))
	w.stopController()
	w.forgetAll()
	w.startController()
	w.apply(trainingJob(100))
	w.because(reason.StoppedExternally, jobOf(w))
	w.stopJob(w.job(), "b")
	w.because(reason.Stopped, jobOf(w))
	require.Equal(t, 1, w.mutations()["StopTrainingJob"])
}

// TestPipelineStopped: a person who stops the job of a step stops the pipeline there,
// which is no failure of its own, also when the step's time has passed.
func TestPipelineStopped(t *testing.T) {
	w := newPipelineWorld(t, "TrainingJob/Training")
	w.apply(replace(pipeline(nil), "  - name: train\n", "  - name: train\n    timeout: 1h\n"))
	w.until("a job runs", func() bool { return len(w.jobs("InProgress")) == 1 })
	job, _ := get(w, w.stepOf("train").Child, &v1alpha1.TrainingJob{})
	w.stopJob(job, "a")
	p := w.pipelineStalled(reason.Stopped)
	require.Equal(t, health.Suspended, w.argo(p))
	require.Contains(t, readyCondition(p).Message, "as the annotation sagemaker.gitops.dev/stop asked")
	w.pass(90*time.Minute, 10*time.Second)
	require.Equal(t, reason.Stopped, readyCondition(w.pipeline()).Reason)
	require.Equal(t, map[string]int{"CreateTrainingJob": 1, "StopTrainingJob": 1}, w.mutations())
	w.forced(w.pipeline(), "now")
	w.awaits()
}

// TestForcedByName: a job whose name is in its spec cannot run once more, and says so.
func TestForcedByName(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(trainingJob(100, "trainingJobName: named"))
	w.until("it is done", func() bool { return isReady(w.job()) })
	w.forced(w.job(), "now")
	w.until("it is told", func() bool {
		var events corev1.EventList
		require.NoError(t, w.kube.List(w.ctx, &events, client.InNamespace(w.namespace)))
		return slices.ContainsFunc(events.Items, func(e corev1.Event) bool {
			return e.Type == corev1.EventTypeWarning && strings.Contains(e.Message, "forceAt runs nothing: named exists") && strings.Contains(e.Message, "another trainingJobName")
		})
	})
	require.Equal(t, 1, w.mutations()["CreateTrainingJob"])
}
