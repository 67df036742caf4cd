package kind_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

// consumed are the paths in status that references take from objects of a kind.
func consumed(k reconcile.Kind) []string {
	return []string{k.ModelData, k.Kind() + "ID", k.Kind() + "Id"}
}

// TestConsumedDetailsAreRequired: what references take and Describe does not tell is
// declared so, and nothing else keeps a job from being Completed.
func TestConsumedDetailsAreRequired(t *testing.T) {
	required := 0
	for _, k := range kind.All() {
		for member, detail := range k.Details {
			takes := false
			for _, path := range consumed(k) {
				first, _, _ := strings.Cut(path, ".")
				takes = takes || strings.EqualFold(first, member)
			}
			require.Equal(t, takes, detail.Required, "%s: %s", k.Kind(), member)
			if takes {
				required++
				_, ok := reflect.TypeOf(k.Object()).Elem().FieldByName("Status")
				require.True(t, ok)
			}
		}
	}
	require.Positive(t, required)
}

// resultOf is the model that status tells of.
func resultOf(t *testing.T, k reconcile.Kind, obj reconcile.Object) string {
	t.Helper()
	u, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	require.NoError(t, err)
	return shape.String(u, "status."+k.ModelData)
}

// hindrances are what may keep a detail from being read for a while.
var hindrances = []struct{ code, message, until string }{
	{"ThrottlingException", "Rate exceeded", reason.Throttled},
	{"InternalFailure", "The request processing has failed.", reason.ServerError},
	{"ExpiredTokenException", "The security token included in the request is expired", reason.ServerError},
}

// TestResultIsReadBeforeCompleted: of every kind of job, Completed comes with the results
// that others consume, however often AWS holds back what tells of them; and what an earlier
// version has left without is repaired.
func TestResultIsReadBeforeCompleted(t *testing.T) {
	for _, k := range kind.All() {
		if k.Lifecycle != reconcile.Job {
			continue
		}
		operations := map[string]bool{k.Describe.Name: true}
		for _, detail := range k.Details {
			operations[detail.Operation.Name] = true
		}
		for operation := range operations {
			for _, hindrance := range hindrances {
				t.Run(k.Kind()+" "+operation+" "+hindrance.code, func(t *testing.T) {
					w := newWorld(t, k)
					first := readStory(t, k)[0]
					w.apply(first)
					hindered := map[string]bool{}
					var done time.Time
					for end := w.clock.Now().Add(24 * time.Hour); ; {
						if over(w) && done.IsZero() {
							done = w.clock.Now()
							_, err := w.aws.Faults().Add(fault.Rule{
								Action: fault.Reject, Operation: operation, Code: hindrance.code, Message: hindrance.message, Times: 6,
							})
							require.NoError(t, err)
						}
						obj, wait := w.turn()
						require.False(t, isStalled(obj))
						hindered[ready(obj)] = true
						if ready(obj) == reason.Completed {
							require.True(t, k.ModelData == "" || resultOf(t, k, obj) != "", "Completed without a result")
							break
						}
						require.True(t, w.clock.Now().Before(end), "%+v", obj.GetConditions())
						w.clock.Step(max(wait, time.Second))
					}
					require.True(t, hindered[hindrance.until], "%v", hindered)
				})
			}
		}
		if k.ModelData == "" {
			continue
		}
		t.Run(k.Kind()+" repaired", func(t *testing.T) {
			w := newWorld(t, k)
			w.push(readStory(t, k)[0])
			for obj, wait := w.turn(); ready(obj) != reason.Completed; obj, wait = w.turn() {
				w.clock.Step(max(wait, time.Second))
			}
			obj, err := w.get(t.Context())
			require.NoError(t, err)
			want := resultOf(t, k, obj)
			lost := false
			for member, detail := range k.Details {
				if detail.Required {
					reflect.ValueOf(obj).Elem().FieldByName("Status").FieldByName(member).SetZero()
					lost = true
				}
			}
			require.NoError(t, w.kube.Status().Update(t.Context(), obj))
			w.loop = reconcile.New(k, w.loop.Options)
			w.aws.Journal().Reset()
			obj, _ = w.turn()
			require.Equal(t, want, resultOf(t, k, obj))
			require.Equal(t, lost, len(w.aws.Journal().Entries()) > 0, "what is complete is not asked about again")
			w.aws.Journal().Reset()
			w.clock.Step(24 * time.Hour)
			w.turn()
			require.Empty(t, w.aws.Journal().Entries())
		})
	}
}

// ready is the reason of the condition Ready.
func ready(obj reconcile.Object) string {
	for _, c := range obj.GetConditions() {
		if c.Type == "Ready" {
			return c.Reason
		}
	}
	return ""
}

// over tells whether AWS has completed a job of the world's kind.
func over(w *world) bool {
	for _, o := range w.aws.Objects(w.kind.Kind()) {
		switch o.Status {
		case "Completed", "Succeeded":
			return true
		}
	}
	return false
}
