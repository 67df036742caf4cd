package e2e_test

import (
	"fmt"
	"slices"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/bench"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

const (
	// jobFile and pipelineFile are what the scenarios change, nowhere is where there
	// are no data: AWS refuses a job that is to train on them.
	jobFile, pipelineFile, data, nowhere = "app/job.yaml", "app/pipeline.yaml", "s3://acme-ml/abalone/train/", "s3://acme-ml/nowhere/"
	refused                              = `No S3 objects found under S3 URL "s3://acme-ml/nowhere/"`
)

// untilReadyAndDone waits until Flux calls a commit healthy, and holds that it does not
// while a job is at work.
func (u *fluxUser) untilReadyAndDone(commit string) {
	u.Helper()
	waited := false
	u.untilVerdict("Ready at "+commit, u.name, func(v bench.Verdict) bool {
		require.False(u, v.FailedAt(commit), v)
		if u.running() { // and so it was when Flux was asked
			require.False(u, v.ReadyAt(commit), "a job is at work, and Flux says %s", v)
			waited = true
		}
		return v.ReadyAt(commit)
	})
	require.True(u, waited, "nobody saw the job at work")
}

// fluxWait: with wait: true a job is ready when it has completed; a spec that AWS
// refuses is failed at once, and a commit heals that. In the end nothing differs from
// git.
func fluxWait(u *fluxUser) {
	u.untilReadyAndDone(u.begin())
	bad := u.edit(jobFile, data, nowhere)
	verdict := u.untilFailed(u.name, bad, u.jobConditions)
	require.Contains(u, verdict.Ready.Message, "TrainingJob/wait/wait status: 'Failed'")
	ready := readyOf(get[v1alpha1.TrainingJob](u).Status.Conditions)
	require.Equal(u, reason.ValidationFailed, ready.Reason)
	require.Contains(u, ready.Message, refused)
	u.untilReady(u.name, u.revert(bad))
	require.Len(u, u.jobs("TrainingJob"), 1, "going back trains nothing")
	u.requireNoDifference()
}

// fluxSubmitted: with readiness: Submitted one Kustomization with wait: true does for a
// pipeline: what is at work blocks neither an approval nor a revert.
func fluxSubmitted(u *fluxUser) {
	first := u.begin()
	u.until("a person is asked", func() bool { return u.pipeline().Status.Phase == v1alpha1.PipelineAwaiting })
	u.untilReady(u.name, first)
	require.Equal(u, v1alpha1.PipelineAwaiting, u.pipeline().Status.Phase)
	plan := u.pipeline().Status.PlanDigest

	approval := fmt.Sprintf("approvals: [{step: approve, evidence: %q, by: alice}]", u.step("approve").Evidence)
	u.untilReady(u.name, u.edit("app/approvals.yaml", "approvals: []", approval))
	u.until("what waited for it is at work", func() bool { return u.step("score").Phase == v1alpha1.StepRunning })

	changed := u.edit(pipelineFile, `rounds: "50"`, `rounds: "75"`)
	u.untilReady(u.name, changed)
	u.until("a change is at work", func() bool { return len(u.jobs("TrainingJob")) == 2 })

	u.untilReady(u.name, u.revert(changed))
	u.until("the earlier plan is at work", func() bool {
		p := u.pipeline()
		return p.Status.PlanDigest == plan && p.Status.Phase == v1alpha1.PipelineRunning
	})
	require.Equal(u, "Approved", u.step("approve").Decision)
	require.Len(u, u.jobs("TrainingJob"), 2, "going back trains nothing")
}

// fluxServing: with readiness: Serving one Kustomization with wait: true is ready as long as
// something serves, also while a person is asked about a candidate.
func fluxServing(u *fluxUser) {
	first := u.begin()
	u.until("a person is asked", func() bool { return u.pipeline().Status.Phase == v1alpha1.PipelineAwaiting })
	require.False(u, u.verdict(u.name).ReadyAt(first), "nothing serves yet")
	approval := fmt.Sprintf("approvals: [{step: approve, evidence: %q, by: alice}]", u.step("approve").Evidence)
	u.untilReady(u.name, u.edit("app/approvals.yaml", "approvals: []", approval))
	endpoint, _ := u.bench.AWS.Object("Endpoint", u.name)
	require.Equal(u, "InService", endpoint.Status)

	changed := u.edit(pipelineFile, `rounds: "50"`, `rounds: "75"`)
	u.until("a person is asked about the change", func() bool {
		return len(u.jobs("TrainingJob")) == 2 && u.pipeline().Status.Phase == v1alpha1.PipelineAwaiting
	})
	u.untilReady(u.name, changed)
	require.Equal(u, v1alpha1.PipelineAwaiting, u.pipeline().Status.Phase)

	u.untilReady(u.name, u.revert(changed))
	u.until("the pipeline has completed", func() bool { return u.pipeline().Status.Phase == v1alpha1.PipelineCompleted })
	require.Len(u, u.jobs("TrainingJob"), 2, "going back trains nothing")
	endpoint, _ = u.bench.AWS.Object("Endpoint", u.name)
	require.Equal(u, "InService", endpoint.Status)
}

// fluxOvertake: of two Kustomizations the one that applies does not wait for what the
// other judges, so a newer commit stops the job that is at work. Nothing is called ready
// before the newer commit's job has completed.
func fluxOvertake(u *fluxUser) {
	older := u.begin()
	u.until("Flux waits for the older commit, whose job is at work", func() bool {
		jobs := u.jobs("TransformJob")
		return u.judged(older).AtWorkOn(older) && len(jobs) == 1 && jobs[0].Status == "InProgress"
	})
	newer := u.edit(pipelineFile, `rounds: "60"`, `rounds: "70"`, `score: "yes"`, `score: "no"`)
	u.until("the newer commit is ready", func() bool {
		v := u.judged(newer)
		jobs := u.jobs("TrainingJob") // later than what Flux said
		completed := len(jobs) == 2 && jobs[1].Status == "Completed"
		require.True(u, completed || v.Ready.Status != metav1.ConditionTrue, "the newer job has not completed, and Flux says %s", v)
		return v.ReadyAt(newer)
	})
	require.Equal(u, "70", u.hyperParameter("num_round"))
	require.Contains(u, []string{"Stopping", "Stopped"}, u.jobs("TransformJob")[0].Status)
}

// fluxRevert: a commit is taken back while Flux waits for its health. What it has begun is
// stopped, and what was there before is ready again without a job.
func fluxRevert(u *fluxUser) {
	first := u.begin()
	u.until("the first commit is ready", func() bool { return u.judged(first).ReadyAt(first) })
	plan := u.pipeline().Status.PlanDigest

	changed := u.edit(pipelineFile, `rounds: "60"`, `rounds: "70"`, `score: "no"`, `score: "yes"`)
	u.until("Flux waits for the change, whose job is at work", func() bool {
		jobs := u.jobs("TransformJob")
		return u.judged(changed).AtWorkOn(changed) && len(jobs) == 1 && jobs[0].Status == "InProgress"
	})
	back := u.revert(changed)
	u.until("the first commit's objects are ready at its revert", func() bool {
		v := u.judged(back)
		require.False(u, v.FailedAt(changed) || v.FailedAt(back), v)
		return v.ReadyAt(back)
	})
	require.Equal(u, plan, u.pipeline().Status.PlanDigest)
	require.Equal(u, v1alpha1.PipelineCompleted, u.pipeline().Status.Phase)
	require.Len(u, u.jobs("TrainingJob"), 2, "the first commit's and the change's, and no other")
	u.until("the job of the change is stopped", func() bool {
		return slices.Contains([]string{"Stopping", "Stopped"}, u.jobs("TransformJob")[0].Status)
	})
}

// judged is what Flux says of the Kustomization that judges. When the commit is applied
// and the judgement put off, Flux is asked for it now, and not half a minute later.
func (u *fluxUser) judged(commit string) bench.Verdict {
	u.Helper()
	judge := u.name + "-ready"
	verdict := u.verdict(judge)
	if verdict.PutOff() && u.verdict(u.name).ReadyAt(commit) {
		require.NoError(u, u.bench.Reconcile(u.Context(), judge))
	}
	return verdict
}

// fluxExpressions: healthChecks name what counts, and healthCheckExprs say when it is
// healthy: here also a pipeline whose gate holds, which Flux would call failed.
func fluxExpressions(u *fluxUser) {
	_, err := u.bench.AWS.Faults().Add(fault.Rule{Action: fault.Measure, Name: "expressions-*", Metrics: map[string]float64{"validation:rmse": 2.6}})
	require.NoError(u, err)
	u.untilReadyAndDone(u.begin())
	require.Equal(u, reason.GateFailed, readyOf(u.pipeline().Status.Conditions).Reason)
	bad := u.edit(pipelineFile, data, nowhere)
	u.untilFailed(u.name, bad, func() []metav1.Condition { return u.pipeline().Status.Conditions })
	require.Contains(u, readyOf(u.pipeline().Status.Conditions).Message, refused)
	u.untilReady(u.name, u.revert(bad))
}
