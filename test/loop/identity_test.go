package loop_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

const otherAccount = "555555555555"

func (w *world) serviceAccount(name, role string) *corev1.ServiceAccount {
	w.t.Helper()
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{
		Namespace: w.namespace, Name: name, Annotations: map[string]string{"eks.amazonaws.com/role-arn": role},
	}}
	require.NoError(w.t, w.kube.Create(w.ctx, account))
	return account
}

func (w *world) annotateNamespace(annotation, value string) {
	w.t.Helper()
	var namespace corev1.Namespace
	require.NoError(w.t, w.kube.Get(w.ctx, client.ObjectKey{Name: w.namespace}, &namespace))
	namespace.SetAnnotations(map[string]string{annotation: value})
	require.NoError(w.t, w.kube.Update(w.ctx, &namespace))
}

// accounts are those in which AWS objects of a kind are.
func (w *world) accounts(kind string) []string {
	objects := w.aws.Objects(kind)
	accounts := make([]string, len(objects))
	for i, o := range objects {
		accounts[i] = o.Account
	}
	return accounts
}

// elsewhere is a text about the other account.
func elsewhere(text string) string { return strings.ReplaceAll(text, "123456789012", otherAccount) }

// TestServiceAccountName: AWS is called as the service account, with a token
// that a real API server made; what is missing is named and heals when it is
// there.
func TestServiceAccountName(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(elsewhere(trainingJob(100, "serviceAccountName: trainer")))
	require.Equal(t, "the service account "+w.namespace+`/trainer: serviceaccounts "trainer" not found`, w.because(reason.AccessDenied, jobOf(w)))

	w.serviceAccount("trainer", "arn:aws:iam::"+otherAccount+":role/trainer")
	w.until("it is completed", func() bool { return isReady(w.job()) })
	require.Equal(t, []string{otherAccount}, w.accounts("TrainingJob"))
	require.Equal(t, otherAccount, w.job().Status.AccountID)
	require.Equal(t, 1, w.aws.Journal().Counts()["AssumeRoleWithWebIdentity"], "one token serves every call")
}

// TestDenied: whose permission is missing is told apart: that to become the
// object's role, that to hand its role to SageMaker, and that to make the call. It
// heals when the permission is there.
func TestDenied(t *testing.T) {
	t.Parallel()
	const (
		us     = "arn:aws:iam::123456789012:user/simulated"
		passed = "arn:aws:iam::123456789012:role/abalone"
		team   = "arn:aws:iam::123456789012:role/team"
	)
	as := "assumeRole: {roleARN: " + team + "}"
	for _, row := range []struct {
		reason, spec string
		rule         fault.Rule
		who, action  string
		ends         string
	}{
		{
			"the controller may not become the role", as,
			fault.Rule{Action: fault.Deny, Operation: "AssumeRole", Role: team},
			us, "sts:AssumeRole on resource: " + team, "(sts:AssumeRole)",
		},
		{
			"it may not pass the job's role", "",
			fault.Rule{Action: fault.DenyPassRole, Role: passed},
			us, "iam:PassRole on resource: " + passed, "(iam:PassRole)",
		},
		{
			"the role it has become may not", as,
			fault.Rule{Action: fault.DenyPassRole, Role: passed},
			"assumed-role/team/", "iam:PassRole on resource: " + passed, "(iam:PassRole)",
		},
		{
			"it may not start jobs", "",
			fault.Rule{Action: fault.Deny, Operation: "CreateTrainingJob"},
			us, "sagemaker:CreateTrainingJob on resource: ", "no identity-based policy allows the sagemaker:CreateTrainingJob action",
		},
	} {
		t.Run(row.reason, func(t *testing.T) {
			w := newWorld(t)
			w.fault(row.rule)
			w.startController()
			w.apply(trainingJob(100, row.spec))
			message := w.because(reason.AccessDenied, jobOf(w))
			require.True(t, strings.HasPrefix(message, "User: "), "AWS's words first: %s", message)
			require.Contains(t, message, row.who)
			require.Contains(t, message, "is not authorized to perform: "+row.action)
			require.True(t, strings.HasSuffix(message, row.ends), message)
			require.Empty(t, w.job().Status.Runs, "nothing was started")
			w.aws.Faults().Clear()
			w.until("it heals without a commit", func() bool { return isReady(w.job()) })
		})
	}
}

// TestServiceAccountGone: an object whose identity is gone while it is being
// deleted says so, and Retain lets go of it.
func TestServiceAccountGone(t *testing.T) {
	w := newWorld(t)
	w.startController()
	trainer := w.serviceAccount("trainer", "arn:aws:iam::"+otherAccount+":role/trainer")
	job := elsewhere(trainingJob(100, "serviceAccountName: trainer"))
	w.apply(job)
	w.until("it runs", func() bool { return len(w.aws.Objects("TrainingJob")) == 1 && w.job().Status.ARN != "" })
	require.NoError(t, w.kube.Delete(w.ctx, trainer))
	require.NoError(t, w.kube.Delete(w.ctx, w.job()))
	w.until("it says what is missing", func() bool { return readyCondition(w.job()).Reason == reason.AccessDenied })
	require.Contains(t, readyCondition(w.job()).Message, "/trainer: serviceaccounts \"trainer\" not found (to let go of the AWS object, set deletionPolicy: Retain)")
	w.apply(job + "  deletionPolicy: Retain\n")
	w.until("it is let go", func() bool { _, there := get(w, "abalone", &v1alpha1.TrainingJob{}); return !there })
	require.Len(t, w.aws.Objects("TrainingJob"), 1)
}

// TestNamespaceDefaults: a namespace's annotations count for the objects that
// say nothing themselves, also for those that are there already.
func TestNamespaceDefaults(t *testing.T) {
	t.Parallel()
	t.Run("service account", func(t *testing.T) {
		w := newWorld(t)
		w.startController()
		w.serviceAccount("team", "arn:aws:iam::"+otherAccount+":role/team")
		w.annotateNamespace("sagemaker.gitops.dev/service-account-name", "team")
		w.apply(elsewhere(trainingJob(100)))
		w.until("it is completed", func() bool { return isReady(w.job()) })
		require.Equal(t, []string{otherAccount}, w.accounts("TrainingJob"))
	})
	t.Run("role", func(t *testing.T) {
		w := newWorld(t)
		w.startController()
		w.annotateNamespace("sagemaker.gitops.dev/assume-role-arn", "arn:aws:iam::"+otherAccount+":role/team")
		w.apply(elsewhere(trainingJob(100)))
		w.until("it is completed", func() bool { return isReady(w.job()) })
		require.Equal(t, []string{otherAccount}, w.accounts("TrainingJob"))
	})
	t.Run("a role too late", func(t *testing.T) {
		w := newWorld(t)
		w.startController()
		w.apply(abalone())
		w.until("the chain is ready", w.chainReady)
		w.annotateNamespace("sagemaker.gitops.dev/assume-role-arn", "arn:aws:iam::"+otherAccount+":role/team")
		w.untilWithin("it is noticed at once", time.Minute, func() bool { return readyCondition(w.endpoint()).Reason == reason.ImmutableField })
		require.Contains(t, readyCondition(w.endpoint()).Message, "account: abalone is in 123456789012 and cannot be moved to "+otherAccount)
		require.True(t, isReady(w.job()), "a finished job is not looked at again")
	})
}

// TestProvenance: a run and a revision are tagged with the commit they were
// made from, once.
func TestProvenance(t *testing.T) {
	w := newWorld(t)
	w.startController()
	commit := "main@sha1:5c8f2e0000000000000000000000000000000001"
	annotated := func(commit string) string {
		return strings.Replace(abalone(), "metadata: {name: abalone}", `metadata: {name: abalone, annotations: {sagemaker.gitops.dev/git-revision: "`+commit+`"}}`, 2)
	}
	w.apply(annotated(commit))
	w.until("the chain is ready", w.chainReady)
	w.until("events tell the commit", func() bool {
		var events corev1.EventList
		require.NoError(t, w.kube.List(w.ctx, &events, client.InNamespace(w.namespace)))
		return slices.ContainsFunc(events.Items, func(e corev1.Event) bool {
			return e.Reason == reason.Completed && e.Annotations["sagemaker.gitops.dev/revision"] == commit
		})
	})
	tag := func(kind string) string { return w.aws.Objects(kind)[0].Tags["sagemaker.gitops.dev/git-revision"] }
	for kind, want := range map[string]string{"TrainingJob": commit, "Model": commit, "EndpointConfig": "", "Endpoint": ""} {
		require.Equal(t, want, tag(kind), kind)
	}
	w.aws.Journal().Reset()
	w.apply(annotated("main@sha1:5c8f2e0000000000000000000000000000000002"))
	w.pass(7*time.Hour, time.Minute)
	require.Empty(t, w.mutations(), "another commit with the same spec is no drift")
	require.Equal(t, commit, tag("Model"))
}

// TestProvenanceOfParts: what a pipeline makes is tagged with the commit of the
// pipeline, and so is what its deployment makes of it.
func TestProvenanceOfParts(t *testing.T) {
	w := newPipelineWorld(t)
	commit := "main@sha1:5c8f2e0000000000000000000000000000000001"
	annotated := func(extra ...string) string {
		return replace(pipeline(nil, extra...), "metadata: {name: abalone}", `metadata: {name: abalone, annotations: {sagemaker.gitops.dev/git-revision: "`+commit+`"}}`)
	}
	w.apply(annotated())
	w.apply(annotated(approved(w.awaits())))
	w.completed()
	for _, kind := range []string{"TrainingJob", "Model"} {
		require.Equal(t, commit, w.aws.Objects(kind)[0].Tags["sagemaker.gitops.dev/git-revision"], kind)
	}
}
