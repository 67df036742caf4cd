package e2e_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/bench"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/demo/story"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
)

const (
	roundsFile = "overlays/demo/training-job.yaml"
	fiftyTimes = `num_round: "50"`
)

// train: it is Progressing until the endpoint serves what was trained.
func (a *application) train(t *testing.T) {
	t.Helper()
	commit := a.give(t)
	a.awaitAt(t, commit, "Progressing")
	a.awaitHealthy(t, commit)
	a.probe(t)
	a.requireServed(t, a.trained(t, "50"))
}

// probe invokes the endpoint from now on.
func (a *application) probe(t *testing.T) {
	t.Helper()
	config, err := a.bench.AWSConfig(t.Context())
	require.NoError(t, err)
	a.prober = story.StartProber(context.WithoutCancel(t.Context()), config, a.Name)
}

// trained is the model of the first job that was given so many rounds.
func (a *application) trained(t *testing.T, rounds string) string {
	t.Helper()
	job, found := a.job(rounds)
	require.True(t, found, "a job with %s rounds", rounds)
	require.Equal(t, "Completed", job.Status)
	artifacts, ok := job.Document["ModelArtifacts"].(map[string]any)
	require.True(t, ok, "%v", job.Document)
	model, ok := artifacts["S3ModelArtifacts"].(string)
	require.True(t, ok, "%v", job.Document)
	return model
}

func (a *application) job(rounds string) (simulator.Object, bool) {
	for _, job := range a.jobs() {
		if parameters, ok := job.Document["HyperParameters"].(map[string]any); ok && parameters["num_round"] == rounds {
			return job, true
		}
	}
	return simulator.Object{}, false
}

// requireServed: the endpoint answers with a model now, and it has always answered.
func (a *application) requireServed(t *testing.T, model string) {
	t.Helper()
	answer, err := a.prober.Next(t.Context())
	require.NoError(t, err)
	require.Equal(t, model, answer.Model)
	for _, answer := range a.prober.Answers() {
		require.NoError(t, answer.Err, "each invocation is answered")
	}
}

// requireMoved: since so many answers the endpoint went from one model to another, and
// each invocation was answered.
func (a *application) requireMoved(t *testing.T, since int, from, to string) {
	t.Helper()
	a.requireServed(t, to)
	answers := a.prober.Answers()[since:]
	models := make([]string, 0, len(answers))
	for _, answer := range answers {
		models = append(models, answer.Model)
	}
	require.Equal(t, []string{from, to}, slices.Compact(models))
}

// spoil: what AWS refuses is told, and the model before serves.
func (a *application) spoil(t *testing.T) {
	t.Helper()
	before := a.jobs()
	a.last = a.edit(t, "base/training-job.yaml", "s3://acme-ml/abalone/train/", "s3://acme-ml/abalone/trian/")
	state := a.awaitAt(t, a.last, "Degraded")
	require.Contains(t, state.Of("TrainingJob").Message, `No S3 objects found under S3 URL "s3://acme-ml/abalone/trian/"`)
	require.Equal(t, "Degraded", state.Of("TrainingJob").Health)
	require.Len(t, a.jobs(), len(before), "AWS has made no job of it")
	a.requireServed(t, a.trained(t, "50"))
}

func (a *application) heal(t *testing.T) {
	t.Helper()
	before := a.jobs()
	a.awaitHealthy(t, a.revert(t, a.last))
	require.Len(t, a.jobs(), len(before))
	a.requireServed(t, a.trained(t, "50"))
}

// change: another hyperparameter is one more job, and the endpoint goes over to its
// model.
func (a *application) change(t *testing.T) {
	t.Helper()
	before, answered := a.jobs(), len(a.prober.Answers())
	a.last = a.edit(t, roundsFile, fiftyTimes, `num_round: "75"`)
	a.awaitHealthy(t, a.last)
	require.Len(t, a.jobs(), len(before)+1)
	a.requireMoved(t, answered, a.trained(t, "50"), a.trained(t, "75"))
}

func (a *application) goBack(t *testing.T) {
	t.Helper()
	before, answered := a.jobs(), len(a.prober.Answers())
	a.awaitHealthy(t, a.revert(t, a.last))
	require.Len(t, a.jobs(), len(before))
	a.requireMoved(t, answered, a.trained(t, "75"), a.trained(t, "50"))
}

// overtake: a commit does not wait for the job of the one before, which is never
// called healthy. That job is stopped. On a slow machine it may be over before Argo CD
// comes to the newer commit, which proves nothing.
func (a *application) overtake(t *testing.T) {
	t.Helper()
	for _, rounds := range [][2]string{{"60", "70"}, {"61", "71"}, {"62", "72"}} {
		status := a.overtakeOnce(t, rounds[0], rounds[1])
		if status == "Stopped" {
			return
		}
		require.Equal(t, "Completed", status)
	}
	require.Fail(t, "no job was overtaken")
}

// overtakeOnce returns what has become of the job of the older commit.
func (a *application) overtakeOnce(t *testing.T, before, after string) (status string) {
	t.Helper()
	older := a.edit(t, roundsFile, fiftyTimes, `num_round: "`+before+`"`)
	a.await(t, "the job of "+before+" rounds trains", func(state bench.State) bool {
		require.False(t, state.HealthyAt(older), "%s", state)
		job, _ := a.job(before) // of a younger one AWS may not tell yet whose it is
		return job.Document["SecondaryStatus"] == "Training"
	})
	newer := a.edit(t, roundsFile, fiftyTimes, `num_round: "`+after+`"`)
	a.await(t, "the newer commit is healthy", func(state bench.State) bool {
		require.False(t, state.HealthyAt(older), "%s", state)
		return state.HealthyAt(newer)
	})
	a.requireServed(t, a.trained(t, after))
	job, _ := a.job(before)
	return job.Status
}

// prune: an endpoint that git no longer has is deleted, and made again when it is back.
func (a *application) prune(t *testing.T) {
	t.Helper()
	a.prober.Stop()
	removal := a.edit(t, "base/kustomization.yaml", "  - endpoint.yaml\n", "")
	a.awaitHealthy(t, removal)
	require.Empty(t, a.inAWS("Endpoint"))
	err := a.bench.Kube.Get(t.Context(), client.ObjectKey{Namespace: a.Namespace, Name: a.Name}, new(v1alpha1.Endpoint))
	require.True(t, apierrors.IsNotFound(err), "%v", err)
	a.awaitHealthy(t, a.revert(t, removal))
	require.Len(t, a.inAWS("Endpoint"), 1)
}

func (a *application) goForeground(t *testing.T) {
	t.Helper()
	a.cascade(t, bench.Foreground)
}

func (a *application) goBackground(t *testing.T) {
	t.Helper()
	a.cascade(t, bench.Background)
}

// cascade: everything goes with the Application, in AWS too but for the record of jobs.
// Argo CD waits for the endpoint either way.
func (a *application) cascade(t *testing.T, how bench.Cascades) {
	t.Helper()
	require.NotEmpty(t, a.inAWS("Endpoint"))
	require.NotEmpty(t, a.inAWS("EndpointConfig"))
	require.NotEmpty(t, a.inAWS("Model"))
	a.prober.Stop()
	require.NoError(t, a.bench.DeleteApplication(t.Context(), a.Name, how))
	gone := func(ctx context.Context) bool {
		_, exists, err := a.bench.State(ctx, a.Name)
		require.NoError(t, err)
		require.True(t, exists || len(a.inAWS("Endpoint")) == 0, "there is no Application any more, but an endpoint")
		err = a.bench.Kube.Get(ctx, client.ObjectKey{Name: a.Namespace}, new(corev1.Namespace))
		require.NoError(t, client.IgnoreNotFound(err))
		return !exists && err != nil
	}
	require.True(t, until(t, a.bench, gone), "the Application and its namespace are gone")
	require.Empty(t, a.inAWS("Endpoint", "EndpointConfig", "Model"))
	require.Zero(t, a.running())
}
