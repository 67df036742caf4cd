package loop_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// forget makes the objects vanish from Kubernetes without anybody dealing with
// AWS, as when a cluster is lost.
func (w *world) forget() {
	w.t.Helper()
	w.stopController()
	for _, obj := range w.chain() {
		obj.SetFinalizers(nil)
		require.NoError(w.t, w.kube.Update(w.ctx, obj))
		require.NoError(w.t, w.kube.Delete(w.ctx, obj))
	}
	require.Empty(w.t, w.chain())
}

// sagemaker is a client as a person has one.
func (w *world) sagemaker() *sagemaker.Client {
	cloud, err := w.aws.AWSConfig(w.ctx)
	require.NoError(w.t, err)
	return sagemaker.NewFromConfig(cloud)
}

// TestRebuiltCluster: a cluster of the same name that is rebuilt from git takes
// everything over and starts nothing.
func TestRebuiltCluster(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(abalone())
	w.until("the chain is ready", w.chainReady)
	names := map[string]bool{}
	for _, obj := range w.chain() {
		names[obj.Common().ARN] = true
	}
	w.forget()
	w.pass(time.Minute, step)
	w.aws.Journal().Reset()

	w.startController()
	w.apply(abalone())
	w.until("the chain is ready again", w.chainReady)
	require.Empty(t, w.mutations())
	for _, obj := range w.chain() {
		require.Contains(t, names, obj.Common().ARN)
	}
}

// TestRebuiltDuringARun: so does one that was lost while a job ran.
func TestRebuiltDuringARun(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(abalone())
	w.until("the job runs", func() bool { return len(w.jobs("InProgress")) == 1 })
	w.forget()
	w.startController()
	w.apply(abalone())
	w.until("the chain is ready", w.chainReady)
	require.Equal(t, 1, w.mutations()["CreateTrainingJob"])
}

// TestAnotherCluster: one of another name starts its own jobs and touches
// nothing of the first, not even the endpoint whose name it wants.
func TestAnotherCluster(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(abalone())
	w.until("the chain is ready", w.chainReady)
	first := make([]string, 0, len(w.chain()))
	for _, obj := range w.chain() {
		first = append(first, obj.Common().Name)
	}
	w.forget()
	w.pass(time.Minute, step)
	w.aws.Journal().Reset()

	w.cluster = "another"
	w.startController()
	w.apply(abalone())
	w.until("the endpoint is refused", func() bool {
		obj, ok := get(w, "abalone", &v1alpha1.Endpoint{})
		return ok && readyCondition(obj).Reason == reason.ForeignObject
	})
	require.Equal(t, map[string]int{"CreateTrainingJob": 1, "CreateModel": 1, "CreateEndpointConfig": 1}, w.mutations())
	for _, e := range w.aws.Journal().Mutations() {
		for _, name := range first[:3] {
			require.NotContains(t, e.Request, name)
		}
	}
}

// TestForeign: an object of that name that carries nobody's tags is left alone,
// unless the spec says to take it over.
func TestForeign(t *testing.T) {
	w := newWorld(t)
	_, err := w.sagemaker().CreateModel(w.ctx, &sagemaker.CreateModelInput{
		ModelName: aws.String("theirs"), ExecutionRoleArn: aws.String("arn:aws:iam::123456789012:role/abalone"),
		PrimaryContainer: &types.ContainerDefinition{Image: aws.String("141502667606.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1")},
	})
	require.NoError(t, err)
	w.pass(10*time.Second, step)
	w.aws.Journal().Reset()
	const theirs = `
kind: Model
metadata: {name: abalone}
spec:
  modelName: theirs
  executionRoleARN: arn:aws:iam::123456789012:role/abalone
  primaryContainer: {image: "141502667606.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"}
`
	w.startController()
	w.apply(theirs)
	w.until("it is foreign", func() bool {
		obj, ok := get(w, "abalone", &v1alpha1.Model{})
		return ok && isStalled(obj) && readyCondition(obj).Reason == reason.ForeignObject
	})
	require.Empty(t, w.mutations())
	obj, _ := get(w, "abalone", &v1alpha1.Model{})
	w.checked(obj)
	require.Contains(t, readyCondition(obj).Message, "adoptionPolicy: Unowned")

	w.apply(theirs + "  adoptionPolicy: Unowned\n")
	w.until("it is ours", func() bool { obj, _ := get(w, "abalone", &v1alpha1.Model{}); return isReady(obj) })
	require.Equal(t, map[string]int{"AddTags": 1}, w.mutations())
}

// TestNameClaimed: of two objects that want one AWS name the older has it.
func TestNameClaimed(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(trainingJob(100, "trainingJobName: wanted"))
	w.until("the first runs", func() bool { return len(w.jobs("InProgress")) == 1 })
	<-time.After(1100 * time.Millisecond) // creation timestamps have seconds
	second := w.parse(trainingJob(200, "trainingJobName: wanted"))
	second.SetName("second")
	require.NoError(t, w.kube.Create(w.ctx, second))
	w.until("the second is refused", func() bool {
		obj, ok := get(w, "second", &v1alpha1.TrainingJob{})
		return ok && isStalled(obj) && readyCondition(obj).Reason == reason.NameClaimed
	})
	obj, _ := get(w, "second", &v1alpha1.TrainingJob{})
	require.Contains(t, readyCondition(obj).Message, "TrainingJob "+w.namespace+"/abalone")
	require.Equal(t, 1, w.mutations()["CreateTrainingJob"])
}

// TestDeletion: everything is removed in an order that AWS and those who use it
// can bear; the job's record stays and is taken over by a new object.
func TestDeletion(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(abalone())
	w.until("the chain is ready", w.chainReady)
	for _, obj := range w.chain() {
		require.NoError(t, w.kube.Delete(w.ctx, obj))
	}
	w.until("all is gone", func() bool { return len(w.chain()) == 0 })
	require.Empty(t, w.aws.Objects("Endpoint"))
	require.Empty(t, w.aws.Objects("EndpointConfig"))
	require.Empty(t, w.aws.Objects("Model"))
	require.Len(t, w.jobs("Completed"), 1)
	var order []string
	for _, e := range w.aws.Journal().Mutations() {
		if e.Operation == "DeleteEndpoint" || e.Operation == "DeleteEndpointConfig" || e.Operation == "DeleteModel" {
			order = append(order, e.Operation)
		}
	}
	require.Equal(t, []string{"DeleteEndpoint", "DeleteEndpointConfig", "DeleteModel"}, order)

	w.apply(trainingJob(100))
	w.until("the record is taken over", func() bool { return isReady(w.chain()[0]) })
	require.Equal(t, 1, w.mutations()["CreateTrainingJob"])
}

// TestDeletionOfARunningJob stops it; a new object starts it again.
func TestDeletionOfARunningJob(t *testing.T) {
	w := newWorld(t, "TrainingJob/Training")
	w.startController()
	w.apply(trainingJob(100))
	w.until("it runs", func() bool { return len(w.jobs("InProgress")) == 1 })
	require.NoError(t, w.kube.Delete(w.ctx, w.chain()[0]))
	w.until("it is gone", func() bool { return len(w.chain()) == 0 })
	require.Len(t, w.jobs("Stopped"), 1)
	w.apply(trainingJob(100))
	w.until("another run is done", func() bool { return isReady(w.chain()[0]) })
	require.Regexp(t, "-r2$", w.chain()[0].Common().Name)
}

// TestPurge also deletes the record, so that the name is free.
func TestPurge(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(trainingJob(100, "deletionPolicy: Purge"))
	w.until("it runs", func() bool { return len(w.jobs("InProgress")) == 1 })
	require.NoError(t, w.kube.Delete(w.ctx, w.chain()[0]))
	w.until("it is gone", func() bool { return len(w.chain()) == 0 })
	require.Empty(t, w.aws.Objects("TrainingJob"))
}

// TestRetain: a retained endpoint goes on serving, with all that it serves
// with, although everything is deleted from git.
func TestRetain(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(strings.Join([]string{trainingJob(100), model, endpointConfig}, "\n---\n"))
	w.apply(endpoint[:len(endpoint)-2] + ", deletionPolicy: Retain}\n")
	w.until("the chain is ready", w.chainReady)
	served := w.served()
	for _, obj := range w.chain() {
		require.NoError(t, w.kube.Delete(w.ctx, obj))
	}
	w.until("all is gone", func() bool { return len(w.chain()) == 0 })
	require.Len(t, w.aws.Objects("Endpoint"), 1)
	require.Len(t, w.aws.Objects("EndpointConfig"), 1)
	require.Len(t, w.aws.Objects("Model"), 1)
	require.Equal(t, served, w.served())

	w.aws.Journal().Reset()
	w.apply(abalone())
	w.until("the same owner has taken it again", w.chainReady)
	require.Empty(t, w.mutations()["CreateEndpoint"])
}
