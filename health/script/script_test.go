package script_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"github.com/fluxcd/pkg/apis/kustomize"
	"github.com/fluxcd/pkg/runtime/cel"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/sagemaker-gitops/sagemaker-gitops/health"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/script"
)

// verdict is a row of ../testdata/expected.yaml or testdata/ack/expected.yaml: what
// each judge says of an object.
type verdict struct {
	Object  string        `json:"object"`
	Reason  string        `json:"reason"`
	Argo    health.Status `json:"argo"`
	Message string        `json:"message"`
	Kstatus status.Status `json:"kstatus"`
	Flux    status.Status `json:"flux"`
	Differs string        `json:"differs"`
}

type result struct {
	Status  health.Status `json:"status"`
	Message string        `json:"message"`
}

const fixtures = "../testdata"

func TestLuaSaysWhatGoSays(t *testing.T) {
	t.Parallel()

	for _, row := range rows[verdict](t, filepath.Join(fixtures, "expected.yaml")) {
		t.Run(row.Object, func(t *testing.T) {
			t.Parallel()

			var is result
			require.NoError(t, run(script.Lua(), load(t, filepath.Join(fixtures, row.Object)), nil, &is))
			require.Equal(t, result{row.Argo, row.Message}, is, row.Reason)
		})
	}
}

// TestDeletionMessage: Argo CD from 3.6 on says that of an object that is being deleted, in
// place of the message, which older ones would not say either.
func TestDeletionMessage(t *testing.T) {
	t.Parallel()

	said := 0

	for _, row := range rows[verdict](t, filepath.Join(fixtures, "expected.yaml")) {
		object := load(t, filepath.Join(fixtures, row.Object))

		want := ""
		if u := (unstructured.Unstructured{Object: object}); row.Argo != health.Unknown && u.GetDeletionTimestamp() != nil {
			want = row.Message
			said++
		}

		var is struct {
			DeletionMessage string `json:"deletionMessage"`
		}
		require.NoError(t, run(script.Lua(), object, nil, &is))
		require.Equal(t, want, is.DeletionMessage, row.Object)
	}

	require.NotZero(t, said)
}

func TestAGenerationHasNoFraction(t *testing.T) {
	t.Parallel()

	object := map[string]any{"metadata": map[string]any{"generation": int64(1)}, "status": map[string]any{"observedGeneration": 1.5}}
	var is result
	require.NoError(t, run(script.Lua(), object, nil, &is))
	require.Equal(t, result(health.Of(object)), is)
	require.Equal(t, health.Unknown, is.Status)
}

func TestCELSaysWhatKstatusSays(t *testing.T) {
	t.Parallel()

	judge := evaluator(t, script.CEL())

	for _, row := range rows[verdict](t, filepath.Join(fixtures, "expected.yaml")) {
		t.Run(row.Object, func(t *testing.T) {
			t.Parallel()

			object := load(t, filepath.Join(fixtures, row.Object))
			require.Equal(t, row.Flux, judge(t, object), row.Reason)
			if row.Flux == status.CurrentStatus || row.Flux == status.FailedStatus {
				require.Equal(t, row.Kstatus, row.Flux, "an end is never told where kstatus tells none")
			}
		})
	}
}

// TestAnyConditions holds the three against each other for whatever conditions an
// object of ours can have, in any order.
func TestAnyConditions(t *testing.T) {
	t.Parallel()

	judge := evaluator(t, script.CEL())
	random := rand.New(rand.NewPCG(1, 2))
	together := map[health.Status][]status.Status{
		health.Healthy:     {status.CurrentStatus},
		health.Progressing: {status.InProgressStatus, status.UnknownStatus}, // without a status Flux cannot evaluate; it waits
		health.Degraded:    {status.FailedStatus},
		health.Suspended:   {status.CurrentStatus, status.InProgressStatus, status.FailedStatus, status.UnknownStatus},
	}

	seen := map[health.Status]int{}
	for range 1000 {
		object := anyObject(random)
		want := health.Of(object)
		seen[want.Status]++

		var is result
		require.NoError(t, run(script.Lua(), object, nil, &is))
		require.Equal(t, result(want), is, "%v", object)

		flux := judge(t, object)
		require.Contains(t, together[want.Status], flux, "%v", object)

		metadata, _ := object["metadata"].(map[string]any)
		given, _ := object["status"].(map[string]any)
		if metadata["deletionTimestamp"] == nil && given["observedGeneration"] != nil && given["conditions"] != nil {
			kstatus, err := status.Compute(&unstructured.Unstructured{Object: object})
			require.NoError(t, err)
			require.Equal(t, kstatus.Status, flux, "%v", object)
		}
	}
	for is := range together {
		require.Greater(t, seen[is], 20, "%s is tried often", is)
	}
}

func anyObject(random *rand.Rand) map[string]any {
	pick := func(values ...string) string { return values[random.IntN(len(values))] }
	conditions := []any{}
	for range random.IntN(3) {
		c := map[string]any{
			"type": pick("Stalled", "Reconciling", "Other"), "status": pick("True", "True", "False", "Unknown"),
			"reason": pick("Stopped", "AwaitingApproval", "Failed", ""), "message": pick("", "m1", "m2"),
		}
		if random.IntN(2) == 0 {
			c["observedGeneration"] = int64(1 + random.IntN(2))
		}
		conditions = append(conditions, c)
	}
	ready := map[string]any{"type": "Ready", "status": pick("True", "True", "False", "Unknown"), "reason": pick("Completed", "AwaitingApproval", "StoppedWhenIdle"), "message": pick("", "m3")}
	conditions = slices.Insert(conditions, random.IntN(len(conditions)+1), any(ready))

	object := map[string]any{
		"apiVersion": "sagemaker.gitops.dev/v1alpha1", "kind": "TrainingJob",
		"metadata": map[string]any{"name": "x", "generation": int64(2)},
		"spec":     map[string]any{},
		"status":   map[string]any{"observedGeneration": int64(2), "conditions": conditions},
	}
	for chance, change := range map[int]func(){
		10: func() { object["spec"] = map[string]any{"suspend": random.IntN(2) == 0} },
		11: func() { object["metadata"].(map[string]any)["deletionTimestamp"] = "2026-03-02T09:30:00Z" },
		12: func() { object["status"].(map[string]any)["observedGeneration"] = int64(random.IntN(4) - 1) },
		30: func() { delete(object, "status") },
		31: func() { delete(object["status"].(map[string]any), "observedGeneration") },
		13: func() {
			object["metadata"].(map[string]any)["annotations"] = map[string]any{"sagemaker.gitops.dev/suspend": pick("true", "false")}
		},
	} {
		if _, ok := object["status"]; ok && random.IntN(chance) == 0 {
			change()
		}
	}
	return object
}

func TestACK(t *testing.T) {
	t.Parallel()

	files, err := filepath.Glob("testdata/ack/*.yaml")
	require.NoError(t, err)
	all := rows[verdict](t, "testdata/ack/expected.yaml")
	require.Len(t, files, len(all)+1, "every file has a row")

	for _, row := range all {
		t.Run(row.Object, func(t *testing.T) {
			t.Parallel()

			object := load(t, filepath.Join("testdata/ack", row.Object))
			u := unstructured.Unstructured{Object: object}
			kind, group := u.GetKind(), u.GroupVersionKind().Group
			require.Contains(t, script.ACKKinds()[group], kind)

			for _, lua := range []string{script.ACKLua(kind), script.ACKLuaOfGroup(group)} {
				var is result
				require.NoError(t, run(lua, object, nil, &is))
				require.Equal(t, result{row.Argo, row.Message}, is, row.Reason)
			}
			require.Equal(t, row.Flux, evaluator(t, script.ACKCEL(kind))(t, object), row.Reason)

			without, err := status.Compute(&u)
			require.NoError(t, err)
			require.Equal(t, row.Kstatus, without.Status, "what Flux says without the expressions")
		})
	}
}

// TestEveryStateOfACK: no state that AWS can report is taken for another than it is.
func TestEveryStateOfACK(t *testing.T) {
	t.Parallel()

	flux := map[health.Status]status.Status{
		health.Healthy: status.CurrentStatus, health.Degraded: status.FailedStatus,
		health.Progressing: status.InProgressStatus, health.Suspended: status.CurrentStatus,
	}

	for _, kind := range script.ACKKinds()[script.ACKSageMaker] {
		states := health.Kinds()[kind]
		judge := evaluator(t, script.ACKCEL(kind))
		for _, is := range append(states.Values(), "SomethingNew") {
			member := states.Member
			if member == "" {
				continue
			}
			object := map[string]any{
				"kind": kind, "metadata": map[string]any{"name": "x"},
				"status": map[string]any{
					string(member[0]|0x20) + member[1:]: is,
					"conditions":                        []any{map[string]any{"type": "ACK.ResourceSynced", "status": "True"}},
				},
			}
			state := states.Classify(is)
			want := health.Progressing
			switch {
			case state == health.StateDone:
				want = health.Healthy
			case state.Broken(), state == health.StateGone, state == health.StateStopped && states.Ready == "Completed":
				want = health.Degraded
			case state == health.StateStopped:
				want = health.Suspended
			}
			var got result
			require.NoError(t, run(script.ACKLua(kind), object, nil, &got))
			require.Equal(t, want, got.Status, "%s %s", kind, is)
			require.NotEmpty(t, got.Message)
			require.Equal(t, flux[want], judge(t, object), "%s %s", kind, is)
		}
	}
}

// evaluator judges by the expressions as Flux does: with its own code.
func evaluator(t *testing.T, e script.Expressions) func(*testing.T, map[string]any) status.Status {
	t.Helper()

	judge, err := cel.NewStatusEvaluator(&kustomize.HealthCheckExpressions{InProgress: e.InProgress, Failed: e.Failed, Current: e.Current})
	require.NoError(t, err)

	return func(t *testing.T, object map[string]any) status.Status {
		t.Helper()

		is, err := judge.Evaluate(t.Context(), &unstructured.Unstructured{Object: object})
		if err != nil {
			return status.UnknownStatus
		}

		return is.Status
	}
}

func ExampleACKCEL() {
	fmt.Println(script.ACKCEL("TrainingJob").Failed)
	// Output:
	// status.?conditions.orValue([]).exists(c, c.type == 'ACK.Terminal' && c.status == 'True') ||
	// status.?trainingJobStatus.orValue('') in ['Failed', 'Stopped']
}

func ExampleActionsOf() {
	for _, action := range script.ActionsOf("TrainingJob").Definitions {
		fmt.Println(action.Name)
	}
	// Output:
	// reconcile
	// suspend
	// resume
	// stop
	// rerun
}
