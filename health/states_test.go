package health_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/health"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

func TestClassify(t *testing.T) {
	t.Parallel()

	for _, row := range []struct {
		reason string
		kind   string
		status string
		detail string
		want   health.State
		why    string
		busy   bool
		broken bool
	}{
		{
			reason: "a running job is busy",
			kind:   "TrainingJob", status: "InProgress", detail: "Training",
			want: health.StateRunning, why: reason.Running, busy: true,
		},
		{
			reason: "an interrupted spot job goes on, so the detail does not end it",
			kind:   "TrainingJob", status: "InProgress", detail: "Interrupted",
			want: health.StateRunning, why: reason.Running, busy: true,
		},
		{
			reason: "a completed job is done",
			kind:   "TrainingJob", status: "Completed", detail: "Completed",
			want: health.StateDone, why: reason.Completed,
		},
		{
			reason: "the detail says that the clock stopped the job",
			kind:   "TrainingJob", status: "Stopped", detail: "MaxRuntimeExceeded",
			want: health.StateStopped, why: reason.MaxRuntimeExceeded,
		},
		{
			reason: "who stopped a job is not in its status",
			kind:   "ProcessingJob", status: "Stopped",
			want: health.StateStopped, why: reason.StoppedExternally,
		},
		{
			reason: "an execution that went past failures is not done",
			kind:   "PipelineExecution", status: "CompletedWithFailures",
			want: health.StateFailed, why: reason.CompletedWithFailures, broken: true,
		},
		{
			reason: "a status newer than this version is never ready and never failed",
			kind:   "Endpoint", status: "Hibernating",
			want: health.StateUnknown, why: reason.Progressing, busy: true,
		},
		{
			reason: "a missing status is not ready either",
			kind:   "Endpoint", status: "",
			want: health.StateUnknown, why: reason.Progressing, busy: true,
		},
		{
			reason: "a value is compared as AWS writes it",
			kind:   "Endpoint", status: "inservice",
			want: health.StateUnknown, why: reason.Progressing, busy: true,
		},
		{
			reason: "an endpoint stuck between two configurations is broken",
			kind:   "Endpoint", status: "UpdateRollbackFailed",
			want: health.StateRollbackFailed, why: reason.RolledBack, broken: true,
		},
		{
			reason: "out of service has its own reason",
			kind:   "Endpoint", status: "OutOfService",
			want: health.StateFailed, why: reason.OutOfService, broken: true,
		},
		{
			reason: "a kind without status is done as soon as it exists",
			kind:   "Model", status: "",
			want: health.StateDone, why: reason.Created,
		},
		{
			reason: "a domain whose update failed still exists as it was",
			kind:   "Domain", status: "Update_Failed",
			want: health.StateUpdateFailed, why: reason.UpdateFailed, broken: true,
		},
		{
			reason: "a deleted app is gone although AWS still tells of it",
			kind:   "App", status: "Deleted",
			want: health.StateGone, why: reason.DeletedExternally,
		},
	} {
		t.Run(row.reason, func(t *testing.T) {
			t.Parallel()

			states, found := health.Kinds()[row.kind]
			require.True(t, found)

			state := states.Classify(row.status)
			require.Equal(t, row.want, state, row.reason)
			require.Equal(t, row.why, states.Reason(row.status, row.detail), row.reason)
			require.Equal(t, row.busy, state.Busy(), row.reason)
			require.Equal(t, !row.busy, state.Settled(), row.reason)
			require.Equal(t, row.broken, state.Broken(), row.reason)
		})
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()

	kinds := health.Kinds()
	require.Len(t, kinds, 30, "26 kinds of SageMaker, 3 of Application Auto Scaling and 1 of CloudWatch")

	for kind, states := range kinds {
		values := slices.Sorted(slices.Values(states.Values()))
		require.Equal(t, values, slices.Compact(slices.Clone(values)), "%s: one class per value", kind)
		require.NotContains(t, values, "", "%s: no empty value", kind)
		require.NotEmpty(t, states.Ready, "%s: done has a reason", kind)

		if states.Member == "" {
			require.Empty(t, values, "%s: without a status there are no values", kind)
			continue
		}

		require.NotEmpty(t, states.Done, "%s can get ready", kind)

		for _, value := range values {
			require.NotEqual(t, health.StateUnknown, states.Classify(value), "%s: %s", kind, value)
		}
	}

	delete(kinds, "Model")
	require.Contains(t, health.Kinds(), "Model", "the map is the caller's own")
}

func TestStateString(t *testing.T) {
	t.Parallel()

	names := map[string]bool{}
	for state := health.StateUnknown; state <= health.StateGone; state++ {
		names[state.String()] = true
	}

	require.Len(t, names, int(health.StateGone)+1, "every class has a name of its own")
	require.Equal(t, "Unknown", health.State(-1).String(), "a value that is no class")
	require.Equal(t, "Unknown", (health.StateGone + 1).String(), "a value that is no class")
}

func TestFailureReason(t *testing.T) {
	t.Parallel()

	for _, row := range []struct{ reason, text, want string }{
		{"the container failed", "AlgorithmError: ExecuteUserScriptError", reason.AlgorithmError},
		{"the input was bad", "ClientError: Data download failed", reason.ClientError},
		{"no instances", "CapacityError: Unable to provision requested ML compute capacity", reason.CapacityError},
		{"AWS failed", "InternalServerError: We encountered an internal error", reason.InternalServerError},
		{"AWS begins with a space", " AlgorithmError: ExecuteUserScriptError", reason.AlgorithmError},
		{"the class alone", "AlgorithmError", reason.AlgorithmError},
		{"the class before a comma", "AlgorithmError, exit code: 1", reason.AlgorithmError},
		{"a longer word is another word", "ClientErrorRate alarm", reason.Failed},
		{"a class inside a sentence is not the class", "training ended with AlgorithmError", reason.Failed},
		{"no text", "", reason.Failed},
	} {
		t.Run(row.reason, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, row.want, health.FailureReason(row.text), row.reason)
		})
	}
}
