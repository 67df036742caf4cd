package loop_test

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// installing is held while cluster-wide objects are applied: two that make the same
// at once get in each other's way.
var installing sync.Mutex

// install applies the cluster-wide objects of a file.
func (w *world) install(file string) {
	w.t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(w.t, err)
	w.everywhere(string(text))
}

// everywhere applies cluster-wide objects.
func (w *world) everywhere(text string) {
	w.t.Helper()
	installing.Lock()
	defer installing.Unlock()
	for doc := range strings.SplitSeq(text, "\n---\n") {
		u := newUnstructured()
		require.NoError(w.t, yaml.UnmarshalStrict([]byte(doc), &u.Object))
		require.NoError(w.t, w.kube.Patch(w.ctx, u, client.Apply, client.FieldOwner("git"), client.ForceOwnership)) //nolint:staticcheck // the objects are made of text
	}
}

// as is a client of a user with some of the shipped roles in the namespace.
func (w *world) as(user string, roles ...string) client.Client {
	w.t.Helper()
	for _, role := range roles {
		require.NoError(w.t, w.kube.Create(w.ctx, &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: user + "-" + role},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
			Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
		}))
	}
	config := w.clientConfig("")
	config.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: []string{"system:authenticated"}}
	c, err := client.New(config, client.Options{Scheme: w.kube.Scheme()})
	require.NoError(w.t, err)
	return c
}

// people are, under the shipped policy on actions, clients of somebody who may edit, and of
// somebody who may approve, stop and roll back too, by the shipped roles.
func (w *world) people() (editor, lead client.Client) {
	w.t.Helper()
	for _, file := range []string{"rbac/view.yaml", "rbac/edit.yaml", "rbac/admin.yaml", "components/policy/actions.yaml"} {
		w.install("../../kustomize/" + file)
	}
	return w.as("editor", "sagemaker-gitops-view", "sagemaker-gitops-edit"),
		w.as("lead", "sagemaker-gitops-view", "sagemaker-gitops-edit", "sagemaker-gitops-admin")
}

// TestActionsAreVerbs: with the shipped admission policy, whoever may edit an
// object may not yet approve, stop or roll back; the shipped role admin may.
func TestActionsAreVerbs(t *testing.T) {
	w := newWorld(t)
	editor, lead := w.people()
	change := func(c client.Client, name, annotation, approval string, options ...client.PatchOption) error {
		u := newUnstructured()
		u.SetAPIVersion("sagemaker.gitops.dev/v1alpha1")
		u.SetKind("ModelPackage")
		u.SetNamespace(w.namespace)
		u.SetName(name)
		if annotation != "" {
			u.SetAnnotations(map[string]string{annotation: "1"})
		}
		u.Object["spec"] = map[string]any{"modelPackageGroupName": "versions", "modelApprovalStatus": approval}
		return c.Patch(w.ctx, u, client.Apply, append(options, client.FieldOwner("git"), client.ForceOwnership)...) //nolint:staticcheck // the object is made of text
	}
	const pending = "PendingManualApproval"
	refused := func(err error) bool {
		return apierrors.IsForbidden(err) && strings.Contains(err.Error(), "needs the verb")
	}
	require.Eventually(t, func() bool {
		return refused(change(editor, "policy", "sagemaker.gitops.dev/stop", pending, client.DryRunAll)) &&
			change(lead, "policy", "sagemaker.gitops.dev/stop", pending, client.DryRunAll) == nil
	}, eventually, 50*time.Millisecond, "the API server takes up policies and roles after a moment")

	for _, row := range []struct{ reason, annotation, approval, verb string }{
		{"an edit", "", pending, ""},
		{"an annotation of another kind", "acme.example.com/stop", pending, ""},
		{"a request to approve", "sagemaker.gitops.dev/approve", pending, "approve"},
		{"a request to reject", "sagemaker.gitops.dev/reject", pending, "approve"},
		{"an approval in the spec", "", "Approved", "approve"},
		{"a request to stop", "sagemaker.gitops.dev/stop", pending, "stop"},
		{"a request to roll back", "sagemaker.gitops.dev/rollback", pending, "rollback"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			t.Parallel()
			name := strings.ReplaceAll(row.reason, " ", "-")
			require.NoError(t, change(editor, name, "", pending))
			err := change(editor, name, row.annotation, row.approval)
			if row.verb == "" {
				require.NoError(t, err)
				return
			}
			require.True(t, refused(err), "%v", err)
			require.ErrorContains(t, err, "needs the verb "+row.verb+" on modelpackages.sagemaker.gitops.dev")
			require.NoError(t, change(lead, name, row.annotation, row.approval))
			require.NoError(t, change(editor, name, row.annotation, row.approval), "what has been decided may be applied again")
		})
	}
}

// TestApprovingStepsIsAVerb: whoever may edit a pipeline may not yet approve its
// steps, and may change all else once somebody has.
func TestApprovingStepsIsAVerb(t *testing.T) {
	w := newWorld(t)
	editor, lead := w.people()
	change := func(c client.Client, text string, options ...client.PatchOption) error {
		return c.Patch(w.ctx, w.parse(text), client.Apply, append(options, client.FieldOwner("git"), client.ForceOwnership)...) //nolint:staticcheck // the object is made of text
	}
	refused := func(err error) bool {
		return apierrors.IsForbidden(err) && strings.Contains(err.Error(), "needs the verb approve on modelpipelines.sagemaker.gitops.dev")
	}
	decided := pipeline(nil, approved("sha256:"+strings.Repeat("0", 64)))
	require.Eventually(t, func() bool {
		return refused(change(editor, decided, client.DryRunAll)) && change(lead, decided, client.DryRunAll) == nil
	}, eventually, 50*time.Millisecond, "the API server takes up policies and roles after a moment")
	require.NoError(t, change(editor, pipeline(nil)))
	require.True(t, refused(change(editor, decided)))
	require.NoError(t, change(lead, decided))
	require.NoError(t, change(editor, pipeline(map[string]string{"rounds": "200"}, approved("sha256:"+strings.Repeat("0", 64)))))
}

// TestNeedOfApprovalIsAVerb: whoever may not approve may not do away with the need of an
// approval either, and may change all else of a pipeline that has one.
func TestNeedOfApprovalIsAVerb(t *testing.T) {
	w := newWorld(t)
	editor, lead := w.people()
	says := "needs the verb approve on modelpipelines.sagemaker.gitops.dev"

	asks := pipeline(nil)
	unasked := replace(replace(asks, "dependsOn: [approve]", "dependsOn: [quality]"), "  - name: approve\n    dependsOn: [quality]\n    approval: {}\n", "")
	w.apply(unasked)
	require.Eventually(t, func() bool { return w.tryAs(editor, asks) == nil }, eventually, 50*time.Millisecond, "to ask needs no verb")
	require.NoError(t, w.tryAs(editor, replace(unasked, "dependsOn: [quality]", "dependsOn: [train]")), "where nobody is asked nothing is to be held")

	w.apply(asks)
	require.Eventually(t, func() bool { return w.tryAs(editor, unasked) != nil && w.tryAs(lead, unasked) == nil }, eventually, 50*time.Millisecond, "the API server takes up policies and roles after a moment")
	for _, row := range []struct{ reason, spec string }{
		{"nobody is asked any more", unasked},
		{"a step goes around it", replace(asks, "dependsOn: [approve]", "dependsOn: [quality]")},
		{"a step needs nothing any more", replace(asks, "    dependsOn: [approve]\n", "")},
		{"a step goes around it under another name", replace(asks, "  - name: serve\n    dependsOn: [approve]\n", "  - name: publish\n")},
		{"a decision on less", replace(asks, "    dependsOn: [quality]\n", "")},
		{"another way to decide", replace(asks, "approval: {}", "approval: {sources: [Annotation]}")},
		{"a gate in place of a person", replace(asks, "approval: {}", "gate: {checks: [{name: a, metric: {step: train, name: a}, max: \"1\"}]}")},
	} {
		require.ErrorContains(t, w.tryAs(editor, row.spec), says, row.reason)
		require.NoError(t, w.tryAs(lead, row.spec), row.reason)
	}
	for _, row := range []struct{ reason, spec string }{
		{"another parameter", pipeline(map[string]string{"rounds": "200"})},
		{"another gate", pipeline(map[string]string{"maxRMSE": "3"})},
		{"more to wait for", replace(asks, "dependsOn: [approve]", "dependsOn: [approve, quality]")},
		{"another step", asks + "  - name: more\n    dependsOn: [approve]\n    approval: {}\n"},
		{"no change", asks},
	} {
		require.NoError(t, w.tryAs(editor, row.spec), row.reason)
	}

	chain := replace(asks, "dependsOn: [approve]", "dependsOn: [between]") + "  - name: between\n    dependsOn: [approve]\n    gate: {checks: [{name: a, metric: {step: train, name: a}, max: \"1\"}]}\n"
	w.apply(chain)
	require.ErrorContains(t, w.tryAs(editor, replace(chain, "    dependsOn: [approve]\n", "")), says, "a chain is cut in the middle")

	steps, names := make([]string, 100), make([]string, 100) // as many as there may be
	for i := range steps {
		names[i] = fmt.Sprintf("s%d", i)
		steps[i] = fmt.Sprintf("{name: %s, dependsOn: [%s], approval: {}, when: \"true\"}", names[i], strings.Join(names[:i], ", "))
	}
	largest := "kind: ModelPipeline\nmetadata: {name: largest}\nspec:\n  steps: [" + strings.Join(steps, ", ") + "]\n"
	w.apply(largest)
	require.NoError(t, w.tryAs(editor, replace(largest, "true", "false")), "the policy costs no more than the API server bears")
}
