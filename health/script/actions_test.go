package script_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/script"
)

const prefix = "sagemaker.gitops.dev/"

// now stands for a time of this minute.
const now = "<now>"

// pipeline is one that waits for a decision on release, and has served two plans.
func pipeline(annotations map[string]any) map[string]any {
	return object("ModelPipeline", annotations, map[string]any{
		"conditions": []any{map[string]any{"type": "Reconciling", "status": "True", "reason": "AwaitingApproval"}},
		"steps": []any{
			map[string]any{"name": "train", "phase": "Succeeded"},
			map[string]any{"name": "release", "phase": "AwaitingApproval", "evidence": "e1"},
		},
		"serving": map[string]any{"planDigest": "p2"},
		"history": []any{map[string]any{"planDigest": "p2"}, map[string]any{"planDigest": "p1"}},
	})
}

func object(kind string, annotations, status map[string]any) map[string]any {
	metadata := map[string]any{"name": "abalone", "namespace": "ml", "generation": int64(2)}
	if status == nil {
		status = map[string]any{}
	}
	if annotations != nil {
		metadata["annotations"] = annotations
	}
	return map[string]any{
		"apiVersion": prefix + "v1alpha1", "kind": kind, "metadata": metadata,
		"spec": map[string]any{"hyperParameters": map[string]any{"eta": "0.2"}, "n": int64(3)}, "status": status,
	}
}

func job(conditions ...any) map[string]any {
	return object("TrainingJob", nil, map[string]any{"conditions": append([]any{}, conditions...)})
}

func stands(kind, why string) any {
	return map[string]any{"type": kind, "status": "True", "reason": why}
}

func TestActions(t *testing.T) {
	t.Parallel()

	failed := stands("Stalled", "AlgorithmError")
	for _, row := range []struct {
		reason, action string
		object         map[string]any
		params         map[string]string
		patch          string // of metadata.annotations
		err            string
	}{
		{"asks for another look", "reconcile", job(), nil, `{"reconcile.fluxcd.io/requestedAt":"<now>"}`, ""},
		{"asks for another run", "rerun", job(failed), nil, `{"reconcile.fluxcd.io/forceAt":"<now>","reconcile.fluxcd.io/requestedAt":"<now>"}`, ""},
		{"asks to try again", "retry", pipeline(nil), nil, `{"reconcile.fluxcd.io/forceAt":"<now>","reconcile.fluxcd.io/requestedAt":"<now>"}`, ""},
		{"stops", "stop", job(), nil, `{"sagemaker.gitops.dev/stop":"<now>"}`, ""},
		{"suspends", "suspend", job(), nil, `{"sagemaker.gitops.dev/suspend":"true"}`, ""},
		{"lets go and keeps the rest", "resume", object("Model", map[string]any{prefix + "suspend": "true", "theirs": "1"}, nil), nil, `{"sagemaker.gitops.dev/suspend":null}`, ""},
		{"approves the only step that waits", "approve", pipeline(nil), nil, `{"sagemaker.gitops.dev/approve":"release=e1"}`, ""},
		{"approves what was seen", "approve", pipeline(nil), map[string]string{"step": "release", "evidence": "e1"}, `{"sagemaker.gitops.dev/approve":"release=e1"}`, ""},
		{"does not approve what nobody has seen", "approve", pipeline(nil), map[string]string{"step": "release", "evidence": "e0"}, "", "step release has other evidence now: e1"},
		{"does not approve what does not wait", "approve", pipeline(nil), map[string]string{"step": "train"}, "", "0 steps await a decision by the name train"},
		{"nothing waits", "reject", object("ModelPipeline", nil, nil), nil, "", "0 steps await a decision"},
		{
			"takes back an approval", "reject", pipeline(map[string]any{prefix + "approve": "release=e1"}), nil,
			`{"sagemaker.gitops.dev/approve":null,"sagemaker.gitops.dev/reject":"release=e1"}`, "",
		},
		{"goes back to what served before", "rollback", pipeline(nil), nil, `{"sagemaker.gitops.dev/rollback":"p1"}`, ""},
		{"goes back to a plan by its digest", "rollback", pipeline(nil), map[string]string{"plan": "p2"}, `{"sagemaker.gitops.dev/rollback":"p2"}`, ""},
		{"knows no such plan", "rollback", pipeline(nil), map[string]string{"plan": "p9"}, "", "status.history has no earlier plan p9"},
		{"has nothing to let go of", "resume", job(), nil, ``, ""},
		{"ends a roll-back", "roll-forward", pipeline(map[string]any{prefix + "rollback": "p1"}), nil, `{"sagemaker.gitops.dev/rollback":null}`, ""},
	} {
		t.Run(row.action+" "+row.reason, func(t *testing.T) {
			t.Parallel()

			kind, _ := row.object["kind"].(string)
			definitions := script.ActionsOf(kind).Definitions
			i := slices.IndexFunc(definitions, func(a script.Action) bool { return a.Name == row.action })
			require.GreaterOrEqual(t, i, 0, "%s has the action", kind)

			var changed map[string]any
			err := run(definitions[i].Lua, row.object, row.params, &changed)
			if row.err != "" {
				require.ErrorContains(t, err, row.err)
				return
			}
			require.NoError(t, err)

			want := `{"metadata":{"annotations":` + row.patch + `}}`
			if row.patch == "" {
				want = `{}`
			}
			require.JSONEq(t, want, mergePatch(t, row.object, changed), "nothing but annotations changes")
		})
	}
}

// mergePatch is what Argo CD sends to the API server, with the time of this minute
// replaced.
func mergePatch(t *testing.T, before, after map[string]any) string {
	t.Helper()

	was, err := json.Marshal(before)
	require.NoError(t, err)
	is, err := json.Marshal(mend(after, before))
	require.NoError(t, err)
	patch, err := jsonpatch.CreateMergePatch(was, is)
	require.NoError(t, err)

	text := string(patch)
	for _, at := range []time.Time{time.Now(), time.Now().Add(-time.Minute)} {
		for word := range strings.SplitSeq(text, `"`) {
			if strings.HasPrefix(word, at.UTC().Format("2006-01-02T15:04")) {
				_, err := time.Parse(time.RFC3339, word)
				require.NoError(t, err)
				text = strings.ReplaceAll(text, word, now)
			}
		}
	}

	return text
}

// mend makes an empty list an object again where one was: Lua has only one empty table,
// and Argo CD mends it so.
func mend(is, was any) any {
	switch was := was.(type) {
	case map[string]any:
		if list, ok := is.([]any); ok && len(list) == 0 {
			return map[string]any{}
		}
		if object, ok := is.(map[string]any); ok {
			for name, member := range object {
				object[name] = mend(member, was[name])
			}
		}
	case []any:
		if list, ok := is.([]any); ok {
			for i := range min(len(list), len(was)) {
				list[i] = mend(list[i], was[i])
			}
		}
	}
	return is
}

func TestDiscovery(t *testing.T) {
	t.Parallel()

	suspended := job()
	suspended["spec"] = map[string]any{"suspend": true}
	for _, row := range []struct {
		reason  string
		object  map[string]any
		enabled []string
	}{
		{"a job at work", job(stands("Reconciling", "Running")), []string{"reconcile", "stop", "suspend"}},
		{"a job at work that is ready when submitted", job(stands("Ready", "Submitted")), []string{"reconcile", "stop", "suspend"}},
		{"a job that has ended", job(stands("Ready", "Completed")), []string{"reconcile", "rerun", "suspend"}},
		{"a job that has failed", job(stands("Stalled", "ClientError")), []string{"reconcile", "rerun", "suspend"}},
		{"git suspends, and git resumes", suspended, []string{"reconcile", "rerun"}},
		{"suspended by annotation", object("Model", map[string]any{prefix + "suspend": "true"}, nil), []string{"reconcile", "resume"}},
		{"a service in service", object("Endpoint", nil, map[string]any{"conditions": []any{stands("Ready", "InService")}}), []string{"reconcile", "suspend"}},
		{"a deployment that was rolled back", object("ModelDeployment", nil, map[string]any{"conditions": []any{stands("Stalled", "RolledBack")}}), []string{"reconcile", "retry", "suspend"}},
		{"a pipeline that waits", pipeline(nil), []string{"approve", "reconcile", "reject", "rollback", "suspend"}},
		{"a pipeline that went back", pipeline(map[string]any{prefix + "rollback": "p1"}), []string{"approve", "reconcile", "reject", "roll-forward", "rollback", "suspend"}},
		{"a new pipeline", object("ModelPipeline", nil, nil), []string{"reconcile", "suspend"}},
	} {
		t.Run(row.reason, func(t *testing.T) {
			t.Parallel()

			kind, _ := row.object["kind"].(string)
			is := script.ActionsOf(kind)

			var found map[string]struct {
				DisplayName, IconClass string
				Disabled               bool
				Params                 any
			}
			require.NoError(t, run(is.Discovery, row.object, nil, &found))

			var enabled []string
			all, defined := make([]string, 0, len(found)), make([]string, 0, len(is.Definitions))
			for name, action := range found {
				require.NotEmpty(t, action.DisplayName, name)
				require.NotEmpty(t, action.IconClass, name)
				all = append(all, name)
				if !action.Disabled {
					enabled = append(enabled, name)
				}
			}
			for _, d := range is.Definitions {
				defined = append(defined, d.Name)
			}
			slices.Sort(enabled)
			require.Equal(t, row.enabled, enabled)
			require.ElementsMatch(t, defined, all, "what is offered can be done")
		})
	}
}

// TestKinds: every kind of the API has health and actions.
func TestKinds(t *testing.T) {
	t.Parallel()

	require.Len(t, script.Kinds(), 32)
	require.True(t, slices.IsSorted(script.Kinds()))
	require.Equal(t, prefix+"stop", v1alpha1.AnnotationStop)
	require.Equal(t, prefix+"suspend", v1alpha1.AnnotationSuspend)
}
