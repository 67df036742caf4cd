package kind_test

import (
	"maps"
	"testing"
	"time"

	fluxmeta "github.com/fluxcd/pkg/apis/meta"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/meta"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

const team = "arn:aws:iam::123456789012:role/team"

// denials are the permissions that may be missing, and what a spec says to need them.
var denials = []struct {
	reason string
	rule   func(k reconcile.Kind) fault.Rule
	spec   map[string]any
}{
	{
		"the call", func(k reconcile.Kind) fault.Rule { return fault.Rule{Action: fault.Deny, Operation: k.Create.Name} }, nil,
	},
	{
		"to become the role", func(reconcile.Kind) fault.Rule {
			return fault.Rule{Action: fault.Deny, Operation: "AssumeRole", Role: team}
		}, map[string]any{"assumeRole": map[string]any{"roleARN": team}},
	},
	{
		"to pass a role", func(reconcile.Kind) fault.Rule { return fault.Rule{Action: fault.DenyPassRole} }, nil,
	},
}

// turn is one reconciliation, and the time until the next.
func (w *world) turn() (reconcile.Object, time.Duration) {
	w.t.Helper()
	result, err := w.loop.Reconcile(w.t.Context(), ctrl.Request{NamespacedName: w.key})
	require.NoError(w.t, err)
	obj, err := w.get(w.t.Context())
	require.NoError(w.t, err)
	return obj, result.RequeueAfter
}

func isStalled(obj reconcile.Object) bool {
	return meta.IsStatusConditionTrue(obj.GetConditions(), fluxmeta.StalledCondition)
}

func isDenied(obj reconcile.Object) bool {
	is := meta.FindStatusCondition(obj.GetConditions(), fluxmeta.ReadyCondition)
	return is != nil && is.Reason == reason.AccessDenied
}

// refusals are the calls that AWS has denied.
func (w *world) refusals() int {
	n := 0
	for _, e := range w.aws.Journal().Entries() {
		if e.Code == "AccessDeniedException" || e.Code == "AccessDenied" {
			n++
		}
	}
	return n
}

// eachDenial plays the first step of every kind's story with a permission missing. f is
// called with the object when it is denied for the first time, unless it never is, since it
// does not need the permission.
func eachDenial(t *testing.T, f func(t *testing.T, w *world, first step)) {
	t.Helper()
	for _, row := range denials {
		denied := 0
		for _, k := range kind.All() {
			t.Run(k.Kind()+": "+row.reason, func(t *testing.T) {
				w := newWorld(t, k)
				first := readStory(t, k)[0]
				_, err := w.aws.Faults().Add(row.rule(k))
				require.NoError(t, err)
				w.aws.Journal().Reset()
				maps.Copy(first.Spec, row.spec)
				w.apply(first)
				for obj, wait := w.turn(); !isDenied(obj); obj, wait = w.turn() {
					if told(obj) == first.Until {
						return
					}
					w.clock.Step(max(wait, time.Second))
				}
				denied++
				f(t, w, first)
			})
		}
		require.Greater(t, denied, 5, row.reason)
	}
}

// TestPermissionThatTakesEffectLate: what is denied at first, since IAM tells of new roles
// and policies with a delay, is retried and never Stalled when it is allowed within two
// minutes.
func TestPermissionThatTakesEffectLate(t *testing.T) {
	eachDenial(t, func(t *testing.T, w *world, first step) {
		t.Helper()
		allowed := w.clock.Now().Add(90 * time.Second)
		for end := w.clock.Now().Add(4 * time.Hour); ; {
			obj, wait := w.turn()
			require.False(t, isStalled(obj), "%+v", obj.GetConditions())
			if told(obj) == first.Until {
				return
			}
			require.True(t, w.clock.Now().Before(end), "%+v", obj.GetConditions())
			if !w.clock.Now().Add(max(wait, time.Second)).Before(allowed) {
				w.aws.Faults().Clear()
			}
			w.clock.Step(max(wait, time.Second))
		}
	})
}

// TestPermissionThatIsMissing: after two minutes it is Stalled, for which AWS is asked no
// more often than its answer doubles the wait, and from then on every interval. A process
// that is started anew does not begin again.
func TestPermissionThatIsMissing(t *testing.T) {
	eachDenial(t, func(t *testing.T, w *world, _ step) {
		t.Helper()
		since := w.clock.Now()
		obj, wait := w.turn()
		for ; !isStalled(obj); obj, wait = w.turn() {
			require.True(t, isDenied(obj), "%+v", obj.GetConditions())
			require.True(t, meta.IsStatusConditionTrue(obj.GetConditions(), fluxmeta.ReconcilingCondition))
			require.Less(t, w.clock.Since(since), 2*time.Minute)
			w.clock.Step(max(wait, time.Second))
		}
		require.Equal(t, 2*time.Minute, w.clock.Since(since))
		require.True(t, isDenied(obj))
		require.LessOrEqual(t, w.refusals(), 7, "at once, after 5 s, 15 s, 35 s, 75 s and two minutes")
		require.GreaterOrEqual(t, wait, 10*time.Minute)

		asked := w.refusals()
		w.clock.Step(wait / 2)
		w.turn()
		require.Equal(t, asked, w.refusals())
		w.clock.Step(wait)
		obj, _ = w.turn()
		require.True(t, isStalled(obj))

		w.clock.Step(time.Second) // lists of both versions of hash are within the budget then
		w.loop = reconcile.New(w.kind, w.loop.Options)
		obj, _ = w.turn()
		require.True(t, isStalled(obj), "%+v", obj.GetConditions())
	})
}

// TestPermissionThatIsTakenAway: what has worked for long is Stalled at once.
func TestPermissionThatIsTakenAway(t *testing.T) {
	for _, k := range kind.All() {
		if k.Lifecycle == reconcile.Job {
			continue // nobody asks about one that has ended
		}
		t.Run(k.Kind(), func(t *testing.T) {
			w := newWorld(t, k)
			for _, step := range readStory(t, k) {
				w.push(step)
				if step.Until != reason.AwaitingApproval {
					break
				}
			}
			_, err := w.aws.Faults().Add(fault.Rule{Action: fault.Deny, Operation: k.Describe.Name})
			require.NoError(t, err)
			w.clock.Step(24 * time.Hour)
			obj, _ := w.turn()
			require.True(t, isStalled(obj) && isDenied(obj), "%+v", obj.GetConditions())
		})
	}
}

// TestExpiredCredentials: a call that is refused since the session has expired is repeated
// at once; if that does not help, later, and is never Stalled.
func TestExpiredCredentials(t *testing.T) {
	for _, k := range kind.All() {
		for _, times := range []int{1, 5} {
			t.Run(k.Kind(), func(t *testing.T) {
				w := newWorld(t, k)
				first := readStory(t, k)[0]
				_, err := w.aws.Faults().Add(fault.Rule{
					Action: fault.Reject, Operation: k.Create.Name, Times: times, Status: 403,
					Code: "ExpiredTokenException", Message: "The security token included in the request is expired",
				})
				require.NoError(t, err)
				w.aws.Journal().Reset()
				w.apply(first)
				for end := w.clock.Now().Add(4 * time.Hour); ; {
					obj, wait := w.turn()
					require.False(t, isStalled(obj), "%+v", obj.GetConditions())
					if told(obj) == first.Until {
						break
					}
					require.True(t, w.clock.Now().Before(end), "%+v", obj.GetConditions())
					w.clock.Step(max(wait, time.Second))
				}
				var at []time.Time
				for _, e := range w.aws.Journal().Entries() {
					if e.Operation == k.Create.Name {
						at = append(at, e.Time)
					}
				}
				require.GreaterOrEqual(t, len(at), times+1)
				require.Equal(t, at[0], at[1], "at once")
			})
		}
	}
}
