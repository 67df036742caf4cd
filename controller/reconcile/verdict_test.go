package reconcile

import (
	"errors"
	"fmt"
	"testing"
	"time"

	smithy "github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

func answer(code, message string) error {
	return fmt.Errorf("CreateEndpoint: %w", &smithy.GenericAPIError{Code: code, Message: message})
}

func TestVerdictOfAnError(t *testing.T) {
	const interval = 10 * time.Minute
	for _, row := range []struct {
		reason string
		err    error
		want   verdict
	}{
		{
			"the spec's own fault", &refusal{reason.ImmutableField, "no"},
			stalled(reason.ImmutableField, "no", interval),
		},
		{
			"wrapped all the same", fmt.Errorf("x: %w", &refusal{reason.NameClaimed, "taken"}),
			stalled(reason.NameClaimed, "taken", interval),
		},
		{"throttled", answer("ThrottlingException", "Rate exceeded"), progressing(reason.Throttled, "Rate exceeded", 5*time.Second)},
		{
			"held back by our own budget, for as long as it says", &cloud.BudgetError{Operation: "CreateEndpoint", After: 300 * time.Millisecond},
			progressing(reason.Throttled, "CreateEndpoint is held back for 300ms to stay within AWS's rate limits", 300*time.Millisecond),
		},
		{
			"busy: AWS is at work on it", answer("ValidationException", `Cannot update in-progress endpoint "arn".`),
			progressing(reason.Busy, `Cannot update in-progress endpoint "arn".`, 5*time.Second),
		},
		{
			"a role that is new", answer("ValidationException", "Could not assume role arn"),
			progressing(reason.DependencyNotReady, "Could not assume role arn", 5*time.Second),
		},
		{
			"another object that AWS does not see yet", answer("ValidationException", `Could not find endpoint configuration "arn".`),
			progressing(reason.DependencyNotReady, `Could not find endpoint configuration "arn".`, 5*time.Second),
		},
		{
			"instances run out", answer("ResourceLimitExceeded", "The account-level service limit 'x' is 1 Instances"),
			progressing(reason.QuotaExceeded, "The account-level service limit 'x' is 1 Instances", quotaWait),
		},
		{
			"there are none and there will be none", answer("ResourceLimitExceeded", "The account-level service limit 'x' is 0 Instances"),
			stalled(reason.QuotaExceeded, "The account-level service limit 'x' is 0 Instances", interval),
		},
		{
			"not allowed, or not yet", answer("AccessDeniedException", "User: u"),
			progressing(reason.AccessDenied, "User: u; retrying, since new permissions take effect with a delay", 5*time.Second),
		},
		{"a wrong signature gets no better", answer("SignatureDoesNotMatch", "no"), stalled(reason.AccessDenied, "no", interval)},
		{
			"credentials that have expired", answer("ExpiredTokenException", "The security token included in the request is expired"),
			progressing(reason.ServerError, "The security token included in the request is expired", 5*time.Second),
		},
		{
			"a name that AWS does not give away", &nameTakenError{answer("ResourceInUse", "x already exists."), "give another name"},
			progressing(reason.NameTaken, "x already exists.; give another name", 5*time.Second),
		},
		{"AWS refuses it", answer("ValidationException", "No S3 objects found"), stalled(reason.ValidationFailed, "No S3 objects found", interval)},
		{"AWS failed", answer("InternalFailure", "oops"), progressing(reason.ServerError, "oops", 5*time.Second)},
		{"AWS is not reached", errors.New("connection refused"), progressing(reason.ServerError, "connection refused", 5*time.Second)},
	} {
		t.Run(row.reason, func(t *testing.T) {
			r, _ := newLoop(serviceKind)
			require.Equal(t, row.want, r.verdictOf(newScope(serviceKind), row.err))
		})
	}
}

func TestRetriesComeLessAndLessOften(t *testing.T) {
	r, _ := newLoop(serviceKind)
	s := newScope(serviceKind)
	waits := make([]time.Duration, 8)
	for i := range waits {
		waits[i] = r.verdictOf(s, answer("InternalFailure", "")).after
	}
	second := time.Second
	require.Equal(t, []time.Duration{5 * second, 10 * second, 20 * second, 40 * second, 80 * second, 160 * second, 300 * second, 300 * second}, waits)
	for range 100 {
		require.Equal(t, lastRetry, r.verdictOf(s, answer("InternalFailure", "")).after)
	}
	r.memory.calm(s.object.GetUID())
	require.Equal(t, firstRetry, r.verdictOf(s, answer("InternalFailure", "")).after, "once it was well it begins anew")

	other := newScope(serviceKind)
	other.object.SetUID("1")
	require.Equal(t, firstRetry, r.verdictOf(other, answer("InternalFailure", "")).after, "each object has its own patience")
}

func TestADependencyIsWaitedForTenMinutes(t *testing.T) {
	r, clock := newLoop(serviceKind)
	s := newScope(serviceKind)
	missing := answer("ValidationException", "Could not assume role arn")
	require.False(t, r.verdictOf(s, missing).stalled)
	clock.Step(10 * time.Minute)
	require.False(t, r.verdictOf(s, missing).stalled)
	clock.Step(time.Second)
	require.Equal(t, stalled(reason.DependencyNotReady, "Could not assume role arn", 20*time.Second), r.verdictOf(s, missing), "and it is still tried again")
	r.memory.calm(s.object.GetUID())
	require.False(t, r.verdictOf(s, missing).stalled, "it was well in between")
}

// A permission may take two minutes to have effect, once for each spec and identity, counted
// from the first call.
func TestADenialHasTwoMinutes(t *testing.T) {
	r, clock := newLoop(serviceKind)
	s := newScope(serviceKind)
	denied := answer("AccessDenied", "User: u")
	require.False(t, r.verdictOf(s, denied).stalled)
	clock.Step(2*time.Minute - time.Second)
	require.Equal(t, time.Second, r.verdictOf(s, denied).after, "it is tried once more in the end")
	clock.Step(time.Second)
	require.Equal(t, stalled(reason.AccessDenied, "User: u", 10*time.Minute), r.verdictOf(s, denied))
	r.memory.calm(s.object.GetUID())
	require.True(t, r.verdictOf(s, denied).stalled, "what has worked was not given a moment ago")

	s.object.SetGeneration(s.object.GetGeneration() + 1)
	require.False(t, r.verdictOf(s, denied).stalled, "another spec")
	clock.Step(time.Hour)
	require.True(t, r.verdictOf(s, denied).stalled)
	s.control.AssumeRole = &v1alpha1.AssumeRole{RoleARN: "arn:aws:iam::123456789012:role/team"}
	require.False(t, r.verdictOf(s, denied).stalled, "another identity")

	now := metav1.NewTime(clock.Now())
	s.object.SetDeletionTimestamp(&now)
	require.True(t, r.verdictOf(s, denied).stalled, "what is deleted was there before")
}

func TestVerdictsSettleOrGoOn(t *testing.T) {
	for _, row := range []struct {
		reason  string
		verdict verdict
		ready   metav1.ConditionStatus
		settled bool
	}{
		{"ready", ready(reason.Completed, "m", 0), metav1.ConditionTrue, true},
		{"progressing", progressing(reason.Running, "m", 0), metav1.ConditionUnknown, false},
		{"stalled", stalled(reason.Failed, "m", 0), metav1.ConditionFalse, true},
	} {
		require.Equal(t, row.ready, row.verdict.ready, row.reason)
		require.Equal(t, row.settled, row.verdict.settled(), row.reason)
	}
}

func TestMemory(t *testing.T) {
	r, clock := newLoop(serviceKind)
	m := r.memory
	require.Zero(t, m.since("a", gone+"x"), "seen first now")
	clock.Step(time.Minute)
	require.Equal(t, time.Minute, m.since("a", gone+"x"))
	require.Zero(t, m.since("a", foreign+"x"))
	require.Zero(t, m.since("b", gone+"x"))
	m.calm("a")
	require.Equal(t, time.Minute, m.since("a", gone+"x"), "that AWS works says nothing of what is gone")
	m.drop("a", gone+"x")
	require.Zero(t, m.since("a", gone+"x"), "it was there again")

	require.Equal(t, []int{0, 1}, []int{m.count("a"), m.count("a")})
	require.Empty(t, m.judged("a"))
	m.judge("a", "2 x")
	require.Equal(t, "2 x", m.judged("a"))
	m.forget("a")
	require.Empty(t, m.judged("a"))
	require.Zero(t, m.count("a"))
}
