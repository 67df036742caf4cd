package loop_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
)

// TestChain: apply order does not matter, the chain becomes ready when the
// endpoint is in service, and at rest costs nothing that was not agreed.
func TestChain(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(endpoint + "\n---\n" + endpointConfig + "\n---\n" + model)
	w.apply(trainingJob(100))
	w.until("the chain is ready", w.chainReady)
	for _, obj := range w.chain() {
		w.checked(obj)
		require.NotEmpty(t, obj.Common().ARN)
		require.NotEmpty(t, obj.Common().ConsoleURL)
		require.Equal(t, "123456789012", obj.Common().AccountID)
	}
	require.Equal(t, map[string]int{"CreateTrainingJob": 1, "CreateModel": 1, "CreateEndpointConfig": 1, "CreateEndpoint": 1}, w.mutations())

	job, _ := get(w, "abalone", &v1alpha1.TrainingJob{})
	require.Len(t, job.Status.Runs, 1)
	require.Equal(t, v1alpha1.RunCompleted, job.Status.Runs[0].Outcome)
	require.Contains(t, *job.Status.ModelArtifacts.S3ModelArtifacts, job.Status.Name)
}

// TestRest: what is finished or in sync costs only what the budget allows.
func TestRest(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(trainingJob(100) + "\n---\n" + model)
	w.until("job and model are ready", func() bool {
		objects := w.chain()
		return len(objects) == 2 && isReady(objects[0]) && isReady(objects[1])
	})
	w.pass(10*time.Second, time.Second)
	w.aws.Journal().Reset()
	before := w.chain()

	w.pass(24*time.Hour, time.Minute)

	counts := w.aws.Journal().Counts()
	require.LessOrEqual(t, counts["DescribeModel"], 24, "a revision is looked at once an hour")
	require.LessOrEqual(t, counts["ListTags"], 4, "tags are compared every six hours")
	delete(counts, "DescribeModel")
	delete(counts, "ListTags")
	require.Empty(t, counts, "nothing else is asked of AWS, nothing at all about the finished job")
	for i, obj := range w.chain() {
		require.Equal(t, before[i].GetResourceVersion(), obj.GetResourceVersion(), "nothing is written")
	}
}

// TestChangeAndRevert: another number of rounds is exactly one new job; going
// back is none, and the earlier model serves again.
func TestChangeAndRevert(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(abalone())
	w.until("the first chain is ready", w.chainReady)
	first, _ := get(w, "abalone", &v1alpha1.Endpoint{})
	served := w.served()
	require.Contains(t, served, "abalone")

	w.apply(trainingJob(200))
	w.until("the changed chain is ready", func() bool { return w.chainReady() && w.served() != served })
	require.Equal(t, 2, w.mutations()["CreateTrainingJob"])

	w.apply(trainingJob(100))
	w.until("the reverted chain is ready", func() bool { return w.chainReady() && w.served() == served })
	require.Equal(t, map[string]int{
		"CreateTrainingJob": 2, "CreateModel": 2, "CreateEndpointConfig": 2, "CreateEndpoint": 1, "UpdateEndpoint": 2,
	}, w.mutations())
	last, _ := get(w, "abalone", &v1alpha1.Endpoint{})
	require.Equal(t, first.Status.References, last.Status.References)
}

// TestPushesDuringARun: A, B and A again while A runs; every run that is not
// wanted any more is stopped, and no two ever run at once.
func TestPushesDuringARun(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(trainingJob(100))
	running := func(n int) func() bool {
		return func() bool {
			return w.mutations()["CreateTrainingJob"] == n && len(w.jobs("InProgress")) == 1
		}
	}
	w.until("A runs", running(1))
	w.apply(trainingJob(200))
	w.until("B runs", running(2))
	require.Empty(t, w.jobs("Stopping"))
	w.apply(trainingJob(100))
	w.until("A is done", func() bool { objects := w.chain(); return isReady(objects[0]) })
	job, _ := get(w, "abalone", &v1alpha1.TrainingJob{})
	require.Regexp(t, `^abalone-[a-z2-7]{10}-r2$`, job.Status.Name, "the stopped run of A counts as absent")
	require.Equal(t, 3, w.mutations()["CreateTrainingJob"])
	require.Equal(t, 2, w.mutations()["StopTrainingJob"])
	outcomes := make([]v1alpha1.RunOutcome, 0, len(job.Status.Runs))
	for _, run := range job.Status.Runs {
		outcomes = append(outcomes, run.Outcome)
	}
	require.Equal(t, []v1alpha1.RunOutcome{v1alpha1.RunCompleted, v1alpha1.RunSuperseded, v1alpha1.RunSuperseded}, outcomes)
}
