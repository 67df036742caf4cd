package script_test

import (
	"encoding/json"
	"maps"
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

// evidence is as a pipeline tells it.
const evidence = "sha256:0f9a8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a39281706f5e4d3c2b1"

// pipeline is one that waits for a decision on release, and has served two plans.
// Beside that it waits for what no annotation decides.
func pipeline(annotations map[string]any, more ...any) map[string]any {
	p := object("ModelPipeline", annotations, map[string]any{
		"conditions": []any{stands("Reconciling", "AwaitingApproval")},
		"steps": append([]any{
			map[string]any{"name": "train", "phase": "Succeeded"},
			map[string]any{"name": "register", "phase": "AwaitingApproval"},
			map[string]any{"name": "audit", "phase": "AwaitingApproval", "evidence": evidence},
			map[string]any{"name": "release", "phase": "AwaitingApproval", "evidence": evidence},
		}, more...),
		"serving": map[string]any{"planDigest": "p2"},
		"history": []any{map[string]any{"planDigest": "p2"}, map[string]any{"planDigest": "p1"}},
	})
	p["spec"] = map[string]any{"steps": []any{
		map[string]any{"name": "train", "template": map[string]any{"kind": "TrainingJob"}},
		map[string]any{"name": "register", "template": map[string]any{"kind": "ModelPackage"}},
		map[string]any{"name": "audit", "approval": map[string]any{"sources": []any{"Git"}}},
		map[string]any{"name": "release", "approval": map[string]any{}},
		map[string]any{"name": "review", "approval": map[string]any{"sources": []any{"Git", "Annotation"}}},
	}}
	return p
}

// review waits for an annotation too.
func review() any {
	return map[string]any{"name": "review", "phase": "AwaitingApproval", "evidence": evidence}
}

// rejected is an approval that came to another decision.
func rejected(step, decision string) any {
	return map[string]any{"name": step, "phase": "Failed", "decision": decision, "evidence": evidence}
}

// undecided waits for the model registry and for git.
func undecided() map[string]any {
	p := pipeline(nil)
	p["status"] = map[string]any{"conditions": []any{stands("Reconciling", "AwaitingApproval")}, "steps": []any{
		map[string]any{"name": "register", "phase": "AwaitingApproval"},
		map[string]any{"name": "audit", "phase": "AwaitingApproval", "evidence": evidence},
	}}
	return p
}

// with sets fields of an object's spec.
func with(o map[string]any, fields map[string]any) map[string]any {
	spec, _ := o["spec"].(map[string]any)
	maps.Copy(spec, fields)
	return o
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

// job is one of which AWS has a run.
func job(conditions ...any) map[string]any {
	return object("TrainingJob", nil, map[string]any{
		"conditions": append([]any{}, conditions...),
		"runs":       []any{map[string]any{"name": "abalone-a1", "outcome": "Running", "startTime": "2026-03-01T12:00:00Z"}},
	})
}

// unmade is a job that AWS knows nothing of yet.
func unmade(conditions ...any) map[string]any {
	j := job(conditions...)
	j["status"] = map[string]any{"conditions": conditions, "runs": []any{map[string]any{"name": "abalone-a1", "outcome": "Submitting"}}}
	return j
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
		{"approves the only step that waits for an annotation", "approve", pipeline(nil), nil, `{"sagemaker.gitops.dev/approve":"release=<e>"}`, ""},
		{"approves what was seen", "approve", pipeline(nil), map[string]string{"step": "release", "evidence": evidence}, `{"sagemaker.gitops.dev/approve":"release=<e>"}`, ""},
		{"approves what the menu shows", "approve", pipeline(nil), map[string]string{"evidence": evidence[:15]}, `{"sagemaker.gitops.dev/approve":"release=<e>"}`, ""},
		{"does not approve what nobody has seen", "approve", pipeline(nil), map[string]string{"step": "release", "evidence": "sha256:0f9a8e7e"}, "", "step release has other evidence now: " + evidence},
		{"does not guess", "approve", pipeline(nil), map[string]string{"evidence": evidence[:14]}, "", "step release has other evidence now: " + evidence},
		{"does not approve what does not wait", "approve", pipeline(nil), map[string]string{"step": "train"}, "", "0 steps await a decision by the name train"},
		{"does not approve what the model registry decides on", "approve", pipeline(nil), map[string]string{"step": "register"}, "", "0 steps await a decision by the name register"},
		{"does not approve what git decides on", "reject", pipeline(nil), map[string]string{"step": "audit"}, "", "0 steps await a decision by the name audit"},
		{"does not choose", "approve", pipeline(nil, review()), nil, "", "2 steps await a decision: name one"},
		{"approves the one that is named", "approve", pipeline(nil, review()), map[string]string{"step": "review"}, `{"sagemaker.gitops.dev/approve":"review=<e>"}`, ""},
		{"nothing waits", "reject", object("ModelPipeline", nil, nil), nil, "", "0 steps await a decision"},
		{
			"takes back an approval", "reject", pipeline(map[string]any{prefix + "approve": "release=" + evidence}), nil,
			`{"sagemaker.gitops.dev/approve":null,"sagemaker.gitops.dev/reject":"release=<e>"}`, "",
		},
		{
			"leaves the rejection of another step", "approve", pipeline(map[string]any{prefix + "reject": "other=" + evidence}), nil,
			`{"sagemaker.gitops.dev/approve":"release=<e>"}`, "",
		},
		{"goes back to what served before", "rollback", pipeline(nil), nil, `{"sagemaker.gitops.dev/rollback":"p1@<now>"}`, ""},
		{"goes back to a plan by its digest", "rollback", pipeline(nil), map[string]string{"plan": "p2"}, `{"sagemaker.gitops.dev/rollback":"p2@<now>"}`, ""},
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

			want := `{"metadata":{"annotations":` + strings.ReplaceAll(row.patch, "<e>", evidence) + `}}`
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
		for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '"' || r == '@' }) {
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
		{"a job that waits for what it refers to", unmade(stands("Reconciling", "WaitingForReference")), []string{"reconcile", "suspend"}},
		{"a job that waits while an earlier run is at work", job(stands("Reconciling", "WaitingForReference")), []string{"reconcile", "suspend"}},
		{"a job that AWS has no room for", unmade(stands("Reconciling", "QuotaExceeded")), []string{"reconcile", "suspend"}},
		{"a job of which AWS does not tell now", job(stands("Reconciling", "Throttled")), []string{"reconcile", "stop", "suspend"}},
		{"a job that is being stopped", job(stands("Reconciling", "Stopping")), []string{"reconcile", "suspend"}},
		{"a job at work that is suspended", with(job(stands("Reconciling", "Running")), map[string]any{"suspend": true}), []string{"reconcile"}},
		{"a job at work that is only observed", with(job(stands("Reconciling", "Running")), map[string]any{"managementPolicy": "Observe"}), []string{"reconcile", "suspend"}},
		{"a job that has ended and is only observed", with(job(stands("Ready", "Completed")), map[string]any{"managementPolicy": "Observe"}), []string{"reconcile", "suspend"}},
		{"a job that was stopped", job(stands("Stalled", "Stopped")), []string{"reconcile", "rerun", "suspend"}},
		{"a job that git has given its name", with(job(stands("Stalled", "ClientError")), map[string]any{"trainingJobName": "abalone-a1"}), []string{"reconcile", "suspend"}},
		{"one that was never made", with(unmade(stands("Stalled", "Stopped")), map[string]any{"trainingJobName": "abalone-a1"}), []string{"reconcile", "rerun", "suspend"}},
		{"one that git has given another name", with(job(stands("Stalled", "ClientError")), map[string]any{"trainingJobName": "other"}), []string{"reconcile", "rerun", "suspend"}},
		{"a job that has ended", job(stands("Ready", "Completed")), []string{"reconcile", "rerun", "suspend"}},
		{"a job that has failed", job(stands("Stalled", "ClientError")), []string{"reconcile", "rerun", "suspend"}},
		{"git suspends, and git resumes", suspended, []string{"reconcile", "rerun"}},
		{"suspended by annotation", object("Model", map[string]any{prefix + "suspend": "true"}, nil), []string{"reconcile", "resume"}},
		{"a service in service", object("Endpoint", nil, map[string]any{"conditions": []any{stands("Ready", "InService")}}), []string{"reconcile", "suspend"}},
		{"a deployment that was rolled back", object("ModelDeployment", nil, map[string]any{"conditions": []any{stands("Stalled", "RolledBack")}}), []string{"reconcile", "retry", "suspend"}},
		{"a pipeline that waits", pipeline(nil), []string{"approve", "reconcile", "reject", "rollback", "suspend"}},
		{"a pipeline that went back", pipeline(map[string]any{prefix + "rollback": "p1"}), []string{"approve", "reconcile", "reject", "roll-forward", "rollback", "suspend"}},
		{"a pipeline that waits for the model registry and for git", undecided(), []string{"reconcile", "suspend"}},
		{"a pipeline that serves on while its plan has failed", object("ModelPipeline", nil, map[string]any{"conditions": []any{
			stands("Ready", "Serving"), map[string]any{"type": "CandidateHealthy", "status": "False", "reason": "StepFailed"},
		}}), []string{"reconcile", "retry", "suspend"}},
		{"a pipeline at work of which a step has failed", object("ModelPipeline", nil, map[string]any{
			"conditions": []any{stands("Reconciling", "Running")}, "steps": []any{map[string]any{"name": "train", "phase": "Failed"}},
		}), []string{"reconcile", "retry", "suspend"}},
		{"a pipeline that a person has rejected", object("ModelPipeline", nil, map[string]any{
			"conditions": []any{stands("Stalled", "Rejected")}, "steps": []any{rejected("release", "Rejected")},
		}), []string{"reconcile", "suspend"}},
		{"a pipeline that nobody has decided on in time", object("ModelPipeline", nil, map[string]any{
			"conditions": []any{stands("Stalled", "Expired")}, "steps": []any{rejected("release", "Expired")},
		}), []string{"reconcile", "retry", "suspend"}},
		{"a version that the model registry has rejected", object("ModelPipeline", nil, map[string]any{
			"conditions": []any{stands("Stalled", "Rejected")}, "steps": []any{map[string]any{"name": "register", "phase": "Failed", "decision": "Rejected"}},
		}), []string{"reconcile", "retry", "suspend"}},
		{"a rejection beside a failure", object("ModelPipeline", nil, map[string]any{
			"conditions": []any{stands("Stalled", "Rejected")}, "steps": []any{rejected("release", "Rejected"), map[string]any{"name": "train", "phase": "Failed"}},
		}), []string{"reconcile", "retry", "suspend"}},
		{"a pipeline that a gate holds", object("ModelPipeline", nil, map[string]any{
			"conditions": []any{stands("Ready", "Serving")}, "steps": []any{map[string]any{"name": "quality", "phase": "Held"}},
		}), []string{"reconcile", "retry", "suspend"}},
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

// TestTitles: what a person reads before pressing the button, for Argo CD shows nothing
// else of what an action will do.
func TestTitles(t *testing.T) {
	t.Parallel()

	named := with(job(stands("Stalled", "ClientError")), map[string]any{"trainingJobName": "abalone-a1"})
	for _, row := range []struct {
		object        map[string]any
		action, title string
	}{
		{pipeline(nil), "approve", "Approve release sha256:0f9a8e7d"},
		{pipeline(nil), "reject", "Reject release sha256:0f9a8e7d"},
		{pipeline(nil, review()), "approve", "Approve one of release, review"},
		{pipeline(nil), "rollback", "Roll back to p1"},
		{object("ModelPipeline", nil, nil), "approve", "Approve"},
		{object("ModelPipeline", nil, nil), "rollback", "Roll back"},
		{named, "rerun", "Run again (needs another trainingJobName)"},
		{job(), "rerun", "Run again"},
	} {
		kind, _ := row.object["kind"].(string)
		var found map[string]struct{ DisplayName string }
		require.NoError(t, run(script.ActionsOf(kind).Discovery, row.object, nil, &found))
		require.Equal(t, row.title, found[row.action].DisplayName)
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
