package e2e_test

import (
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/bench"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/cluster"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

// readyOf is the condition Ready; the zero condition if there is none yet.
func readyOf(conditions []metav1.Condition) metav1.Condition {
	if ready := meta.FindStatusCondition(conditions, "Ready"); ready != nil {
		return *ready
	}
	return metav1.Condition{}
}

func (u *fluxUser) pipeline() *v1alpha1.ModelPipeline {
	p := new(v1alpha1.ModelPipeline)
	err := u.bench.Kube.Get(u.Context(), client.ObjectKey{Namespace: u.name, Name: u.name}, p)
	require.NoError(u, client.IgnoreNotFound(err))
	return p
}

// step is what the pipeline tells of a step.
func (u *fluxUser) step(name string) v1alpha1.StepStatus {
	for _, step := range u.pipeline().Status.Steps {
		if step.Name == name {
			return step
		}
	}
	return v1alpha1.StepStatus{}
}

// exists tells whether the cluster has an object.
func (u *fluxUser) exists(object client.Object, name string) bool {
	u.Helper()
	err := u.bench.Kube.Get(u.Context(), client.ObjectKey{Namespace: u.name, Name: name}, object)
	if !apierrors.IsNotFound(err) {
		require.NoError(u, err)
	}
	return err == nil
}

// hyperParameter is one of the newest training job.
func (u *fluxUser) hyperParameter(name string) any {
	u.Helper()
	jobs := u.jobs("TrainingJob")
	require.NotEmpty(u, jobs)
	parameters, _ := jobs[len(jobs)-1].Document["HyperParameters"].(map[string]any)
	return parameters[name]
}

// jobConditions are those of the job.
func (u *fluxUser) jobConditions() []metav1.Condition {
	u.Helper()
	return get[v1alpha1.TrainingJob](u).Status.Conditions
}

// fluxControl: a commit suspends an object and another resumes it; requestedAt has it
// looked at, and forceAt has a job that failed run again, which heals the
// Kustomization without a commit. Flux judges by the expressions of
// kustomize/components/flux.
func fluxControl(u *fluxUser) {
	u.untilReadyAndDone(u.begin())
	u.requireExpressions()
	u.untilReady(u.name, u.edit(jobFile, "suspend: false", "suspend: true", `num_round: "50"`, `num_round: "75"`))
	require.Len(u, u.jobs("TrainingJob"), 1, "what is suspended starts nothing")
	u.untilReady(u.name, u.edit(jobFile, `num_round: "50"`, `num_round: "75"`))
	require.Len(u, u.jobs("TrainingJob"), 2, "and does when it is resumed")

	token := u.annotate(get[v1alpha1.TrainingJob](u), "reconcile.fluxcd.io/requestedAt")
	u.until("a request is handled", func() bool { return get[v1alpha1.TrainingJob](u).Status.LastHandledReconcileAt == token })
	require.Len(u, u.jobs("TrainingJob"), 2, "which runs nothing")

	_, err := u.bench.AWS.Faults().Add(fault.Rule{
		Action: fault.Fail, Kind: "TrainingJob", Name: "control-*", Stage: "Training", Reason: "AlgorithmError: exit code 1", Times: 1,
	})
	require.NoError(u, err)
	commit := u.edit(jobFile, `num_round: "50"`, `num_round: "90"`)
	u.untilFailed(u.name, commit, u.jobConditions)
	require.Equal(u, reason.AlgorithmError, readyOf(get[v1alpha1.TrainingJob](u).Status.Conditions).Reason)
	token = u.annotate(get[v1alpha1.TrainingJob](u), "reconcile.fluxcd.io/requestedAt", "reconcile.fluxcd.io/forceAt")
	u.untilReady(u.name, commit)
	require.Equal(u, token, get[v1alpha1.TrainingJob](u).Status.LastHandledForceAt)
	require.Len(u, u.jobs("TrainingJob"), 4, "the failed run, and one more")
}

// unmoved is for how long what is suspended is watched. Flux sees a commit within a second.
const unmoved = 5 * time.Second

// suspend suspends the Kustomization, or resumes it.
func (u *fluxUser) suspend(is bool) {
	u.Helper()
	kustomization := fluxObject("kustomize.toolkit.fluxcd.io/v1", "Kustomization", cluster.FluxNamespace, u.name)
	patch := fmt.Appendf(nil, `{"spec":{"suspend":%t}}`, is)
	require.NoError(u, u.bench.Kube.Patch(u.Context(), kustomization, client.RawPatch(types.MergePatchType, patch)))
}

// requireExpressions: Flux has an expression for each of our kinds.
func (u *fluxUser) requireExpressions() {
	u.Helper()
	kustomization := fluxObject("kustomize.toolkit.fluxcd.io/v1", "Kustomization", cluster.FluxNamespace, u.name)
	require.NoError(u, u.bench.Kube.Get(u.Context(), client.ObjectKeyFromObject(kustomization), kustomization))
	expressions, _, err := unstructured.NestedSlice(kustomization.Object, "spec", "healthCheckExprs")
	require.NoError(u, err)
	require.Len(u, expressions, len(kind.All())+2, "each kind, ModelDeployment and ModelPipeline")
}

// fluxPrune: what a commit takes out of git is deleted, here and in AWS; with
// deletionPolicy WaitForTermination a Kustomization is gone when all of it is. While the
// Kustomization is suspended nothing happens.
func fluxPrune(u *fluxUser) {
	require.NoError(u, u.bench.AWS.PutObject(bench.Bucket, "prune/model.tar.gz", []byte("model")))
	u.untilReady(u.name, u.begin())
	require.Len(u, u.jobs("Model"), 2)
	u.suspend(true)
	commit := u.pushed(u.repository.Remove(u.Context(), "one model is enough", "app/spare.yaml"))
	u.until("Flux has fetched the commit", func() bool { return strings.HasSuffix(u.artifact("GitRepository", "revision"), commit) })
	for start := time.Now(); time.Since(start) < unmoved; u.rest() {
		require.True(u, u.exists(new(v1alpha1.Model), "spare"), "the Kustomization is suspended")
		require.NotEqual(u, "main@sha1:"+commit, u.verdict(u.name).Attempted)
	}
	u.suspend(false)
	u.untilReady(u.name, commit)
	u.until("the model is gone", func() bool { return len(u.jobs("Model")) == 1 && !u.exists(new(v1alpha1.Model), "spare") })
	require.True(u, u.bench.AWS.Exists("Endpoint", u.name))

	require.NoError(u, u.bench.Kube.Delete(u.Context(), fluxObject("kustomize.toolkit.fluxcd.io/v1", "Kustomization", cluster.FluxNamespace, u.name)))
	deleting := false
	u.until("the Kustomization is gone", func() bool {
		_, there, err := u.bench.Verdict(u.Context(), u.name)
		require.NoError(u, err)
		endpoint, serves := u.bench.AWS.Object("Endpoint", u.name)
		require.True(u, there || !serves, "there is no Kustomization any more, but an endpoint")
		deleting = deleting || endpoint.Status == "Deleting"
		return !there
	})
	require.True(u, deleting, "nobody saw the endpoint being deleted")
	require.False(u, u.exists(new(v1alpha1.Endpoint), u.name))
	require.Empty(u, u.jobs(""), "nothing is left in AWS")
}

// fluxDelete: with deletionPolicy Delete a Kustomization does not wait for what it has
// applied, which goes all the same.
func fluxDelete(u *fluxUser) {
	require.NoError(u, u.bench.AWS.PutObject(bench.Bucket, "delete/model.tar.gz", []byte("model")))
	u.untilReady(u.name, u.begin())
	denial, err := u.bench.AWS.Faults().Add(fault.Rule{Action: fault.Deny, Operation: "DeleteEndpoint", Name: u.name})
	require.NoError(u, err)
	require.NoError(u, u.bench.Kube.Delete(u.Context(), fluxObject("kustomize.toolkit.fluxcd.io/v1", "Kustomization", cluster.FluxNamespace, u.name)))
	u.until("the Kustomization is gone", func() bool {
		_, there, err := u.bench.Verdict(u.Context(), u.name)
		require.NoError(u, err)
		return !there
	})
	require.True(u, u.bench.AWS.Exists("Endpoint", u.name), "AWS does not let it go yet")
	require.False(u, get[v1alpha1.Endpoint](u).DeletionTimestamp.IsZero())
	require.True(u, u.bench.AWS.Faults().Remove(denial))
	u.until("nothing is left in AWS", func() bool { return len(u.jobs("")) == 0 })
	u.until("nor here", func() bool {
		return !u.exists(new(v1alpha1.Endpoint), u.name) && !u.exists(new(v1alpha1.EndpointConfig), u.name) && !u.exists(new(v1alpha1.Model), u.name)
	})
}

// fluxDepends: with dependsOn a Kustomization is applied after the other's job has
// completed.
func fluxDepends(u *fluxUser) {
	commit := u.begin()
	putOff := false // by the time Flux comes to it the job may be over
	u.until("the job has completed", func() bool {
		putOff = putOff || u.verdict("depends-serve").PutOff()
		applied := u.exists(new(v1alpha1.Endpoint), u.name)
		completed := u.verdict("depends-train").ReadyAt(commit)
		require.True(u, completed || !applied, "the endpoint is applied, and what it depends on is not healthy")
		return completed
	})
	start := time.Now()
	u.untilReady("depends-serve", commit) // Flux looks again after half a minute
	u.Logf("applied and healthy %.1fs after what it depends on; put off: %t", time.Since(start).Seconds(), putOff)
	require.True(u, u.bench.AWS.Exists("Endpoint", u.name))
}

// fluxSubstitute: Flux's substitution leaves our templates alone. A text with ${…} that
// is not Flux's has $${…} in git, or its object an annotation.
func fluxSubstitute(u *fluxUser) {
	u.untilReady(u.name, u.begin())
	require.Equal(u, "75", u.hyperParameter("num_round"))
	require.Equal(u, "${SM_MODEL_DIR}", u.hyperParameter("directory"))

	text, err := fs.ReadFile(u.tree, "more/job.yaml")
	require.NoError(u, err)
	const moreFile = "app/more.yaml"
	u.pushed(u.repository.Commit(u.Context(), "add a job", map[string]string{moreFile: string(text)}))
	verdict := u.untilVerdict("BuildFailed", u.name, func(v bench.Verdict) bool { return v.Ready.Reason == "BuildFailed" })
	require.Contains(u, verdict.Ready.Message, "variable not set")
	require.Len(u, u.jobs("TrainingJob"), 1)
	annotated := strings.Replace(string(text), "metadata:\n", "metadata:\n  annotations: {kustomize.toolkit.fluxcd.io/substitute: disabled}\n", 1)
	u.untilReady(u.name, u.pushed(u.repository.Commit(u.Context(), "leave it as it is", map[string]string{moreFile: annotated})))
	require.Equal(u, "${SM_MODEL_DIR}", u.hyperParameter("directory"))
	require.Len(u, u.jobs("TrainingJob"), 2)
}
