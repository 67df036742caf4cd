package reconcile

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	fluxmeta "github.com/fluxcd/pkg/apis/meta"
	"github.com/fluxcd/pkg/runtime/conditions/check"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// judges are what Flux and Argo CD make of an object, after it has been checked
// that its conditions are as Flux wants them.
func judges(t *testing.T, obj Object) (status.Status, health.Status) {
	t.Helper()
	obj.GetObjectKind().SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("Endpoint"))
	checker := check.NewInProgressChecker(nil) // with Ready Unknown an object is in mid-reconciliation
	if meta.FindStatusCondition(obj.GetConditions(), fluxmeta.ReadyCondition).Status != metav1.ConditionUnknown {
		checker = check.NewChecker(nil, &check.Conditions{NegativePolarity: []string{fluxmeta.StalledCondition, fluxmeta.ReconcilingCondition}})
	}
	checker.DisableFetch = true
	fail, warn := checker.Check(t.Context(), obj)
	require.NoError(t, fail)
	require.NoError(t, warn)

	return judgesOfPushed(t, obj)
}

var verdicts = []struct {
	reason  string
	verdict verdict
	kstatus status.Status
	argo    health.Status
}{
	{"completed", ready(reason.Completed, "done", 0), status.CurrentStatus, health.Healthy},
	{"serving while AWS scales it", ready(reason.Scaling, "scaling", time.Minute), status.CurrentStatus, health.Healthy},
	{"being built", progressing(reason.Creating, "creating", time.Second), status.InProgressStatus, health.Progressing},
	{"waiting for a reference", progressing(reason.WaitingForReference, "waiting", 0), status.InProgressStatus, health.Progressing},
	{"throttled", progressing(reason.Throttled, "Rate exceeded", time.Second), status.InProgressStatus, health.Progressing},
	{"failed", stalled(reason.AlgorithmError, "AlgorithmError", 0), status.FailedStatus, health.Degraded},
	{"refused", stalled(reason.ValidationFailed, "no", time.Minute), status.FailedStatus, health.Degraded},
	{"rolled back", stalled(reason.RolledBack, "alarm", time.Minute), status.FailedStatus, health.Degraded},
	{"stopped on request", stalled(reason.Stopped, "stopped", 0), status.FailedStatus, health.Suspended},
}

// From any verdict to any other the conditions are right, and both judges see
// what the table in package health says.
func TestConditionsAfterEveryVerdict(t *testing.T) {
	for _, before := range verdicts {
		for _, after := range verdicts {
			t.Run(before.reason+", then "+after.reason, func(t *testing.T) {
				s := newScope(serviceKind)
				s.set(before.verdict, epoch)
				kstatus, argo := judges(t, s.object)
				require.Equal(t, before.kstatus, kstatus)
				require.Equal(t, before.argo, argo)

				s.object.SetGeneration(3)
				kstatus, argo = judgesOfPushed(t, s.object)
				require.Equal(t, status.InProgressStatus, kstatus, "a push is in progress from its first moment")
				require.Equal(t, health.Progressing, argo)

				s.set(after.verdict, epoch.Add(time.Minute))
				kstatus, argo = judges(t, s.object)
				require.Equal(t, after.kstatus, kstatus)
				require.Equal(t, after.argo, argo)
				requireConditions(t, s.object, after.verdict)
			})
		}
	}
}

// judgesOfPushed are the judges of an object whose spec has changed since its
// conditions were written, which Flux's check does not take.
func judgesOfPushed(t *testing.T, obj Object) (status.Status, health.Status) {
	t.Helper()
	tree, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	require.NoError(t, err)
	result, err := status.Compute(&unstructured.Unstructured{Object: tree})
	require.NoError(t, err)
	return result.Status, health.Of(tree).Status
}

func requireConditions(t *testing.T, obj Object, v verdict) {
	t.Helper()
	is := meta.FindStatusCondition(obj.GetConditions(), fluxmeta.ReadyCondition)
	require.NotNil(t, is, "there is always a Ready")
	require.Equal(t, []string{string(v.ready), v.reason, v.message}, []string{string(is.Status), is.Reason, is.Message})
	require.Equal(t, obj.GetGeneration(), is.ObservedGeneration)
	for kind, want := range map[string]bool{fluxmeta.StalledCondition: v.stalled, fluxmeta.ReconcilingCondition: !v.settled()} {
		c := meta.FindStatusCondition(obj.GetConditions(), kind)
		require.Equal(t, want, c != nil, "%s stands there only while it is true", kind)
		if c != nil {
			require.Equal(t, []string{"True", v.reason, v.message}, []string{string(c.Status), c.Reason, c.Message})
		}
	}
	require.Equal(t, v.settled(), obj.Common().ObservedGeneration == obj.GetGeneration(), "a generation is observed when it is judged")
}

func TestSuspendedKeepsWhatIsThere(t *testing.T) {
	suspended := verdict{keep: true, ready: metav1.ConditionUnknown, reason: reason.Suspended, message: "suspended"}
	fresh := newScope(serviceKind)
	fresh.set(suspended, epoch)
	require.Equal(t, reason.Suspended, meta.FindStatusCondition(fresh.object.GetConditions(), fluxmeta.ReadyCondition).Reason)
	require.Len(t, fresh.object.GetConditions(), 1, "nobody is at work on it")
	require.EqualValues(t, 2, fresh.object.Common().ObservedGeneration)
	beside := newScope(serviceKind)
	beside.set(ready(reason.InService, "serves", 0), epoch)
	beside.object.SetGeneration(3)
	beside.control.BesideGit = true
	beside.set(suspended, epoch)
	require.EqualValues(t, 2, beside.object.Common().ObservedGeneration, "generation 3 is not ready, and looks so when it is resumed")
	for _, row := range verdicts {
		t.Run(row.reason, func(t *testing.T) {
			s := newScope(serviceKind)
			s.set(row.verdict, epoch)
			before := snapshot(s.object).GetConditions()
			s.set(suspended, epoch.Add(time.Minute))
			require.Equal(t, before, s.object.GetConditions())
			require.EqualValues(t, 2, s.object.Common().ObservedGeneration)
		})
	}
}

func TestATransitionIsTimedWhenTheStatusChanges(t *testing.T) {
	s := newScope(serviceKind)
	at := func() time.Time {
		return meta.FindStatusCondition(s.object.GetConditions(), fluxmeta.ReadyCondition).LastTransitionTime.Time
	}
	s.set(progressing(reason.Creating, "a", 0), epoch)
	s.set(progressing(reason.Updating, "b", 0), epoch.Add(time.Minute))
	require.Equal(t, epoch, at(), "what only says something else has lasted since then")
	s.set(ready(reason.InService, "c", 0), epoch.Add(time.Hour))
	require.Equal(t, epoch.Add(time.Hour), at())
}

func TestLongMessagesAreCut(t *testing.T) {
	for _, row := range []struct{ reason, message, want string }{
		{"a short one is left alone", "short", "short"},
		{"the longest that is left alone", strings.Repeat("x", 1024), strings.Repeat("x", 1024)},
		{"a longer one is cut", strings.Repeat("x", 1025), strings.Repeat("x", 1024) + "…"},
		{"not within a character", strings.Repeat("x", 1023) + "éé", strings.Repeat("x", 1023) + "…"},
	} {
		got := shorten(row.message)
		require.Equal(t, row.want, got, row.reason)
		require.True(t, utf8.ValidString(got))
	}
}

func TestForceNeedsBothAnnotationsAndIsDoneOnce(t *testing.T) {
	for _, row := range []struct {
		reason           string
		requested, force string
		handled          string
		want             string
	}{
		{"nobody asks", "", "", "", ""},
		{"only a look is asked for", "1", "", "", ""},
		{"force alone is not enough, as in Flux", "", "1", "", ""},
		{"both, of the same value", "1", "1", "", "1"},
		{"both, of different values: an old force", "2", "1", "", ""},
		{"handled before", "1", "1", "1", ""},
		{"another one was handled before", "2", "2", "1", "2"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			s := newScope(jobKind)
			annotations := map[string]string{}
			if row.requested != "" {
				annotations[fluxmeta.ReconcileRequestAnnotation] = row.requested
			}
			if row.force != "" {
				annotations[fluxmeta.ForceRequestAnnotation] = row.force
			}
			s.object.SetAnnotations(annotations)
			s.object.Common().LastHandledForceAt = row.handled
			require.Equal(t, row.want, s.force())
			require.Equal(t, row.requested != "", s.requested(), "a look is asked for")
			s.acknowledge(ready(reason.Completed, "", 0))
			require.Empty(t, s.force(), "done once")
			require.False(t, s.requested())
		})
	}
}
