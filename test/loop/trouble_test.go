package loop_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	fluxmeta "github.com/fluxcd/pkg/apis/meta"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apitypes "k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

func (w *world) job() *v1alpha1.TrainingJob {
	obj, _ := get(w, "abalone", &v1alpha1.TrainingJob{})
	return obj
}

func (w *world) endpoint() *v1alpha1.Endpoint {
	obj, _ := get(w, "abalone", &v1alpha1.Endpoint{})
	return obj
}

func (w *world) fault(rule fault.Rule) {
	w.t.Helper()
	_, err := w.aws.Faults().Add(rule)
	require.NoError(w.t, err)
}

// because waits until an object is stalled for a reason, and returns AWS's
// words.
func (w *world) because(why string, read func() reconcile.Object) string {
	w.t.Helper()
	w.until(why, func() bool { obj := read(); return isStalled(obj) && readyCondition(obj).Reason == why })
	w.checked(read())
	return readyCondition(read()).Message
}

func jobOf(w *world) func() reconcile.Object {
	return func() reconcile.Object { return w.job() }
}

// TestRefusals: what AWS refuses is stalled with AWS's words first, and heals
// without a commit when the cause goes away.
func TestRefusals(t *testing.T) {
	t.Parallel()
	denied := "User: arn:aws:sts::123456789012:assumed-role/c/s is not authorized to perform: sagemaker:CreateTrainingJob on resource: x"
	rows := []struct {
		name, reason, code, message string
	}{
		{"validation", reason.ValidationFailed, "ValidationException", "No S3 objects found under S3 URL \"s3://acme-ml/nothing/\" given in input data source."},
		{"access", reason.AccessDenied, "AccessDeniedException", denied},
		{"quota of zero", reason.QuotaExceeded, "ResourceLimitExceeded", "The account-level service limit 'ml.m5.xlarge for training job usage' is 0 Instances, with current utilization of 0 Instances and a request delta of 1 Instances."},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			w.fault(fault.Rule{Action: fault.Reject, Operation: "CreateTrainingJob", Code: row.code, Message: row.message})
			w.startController()
			w.apply(trainingJob(100))
			require.Regexp(t, "^"+row.message[:20], w.because(row.reason, jobOf(w)))
			require.Empty(t, w.job().Status.Runs, "nothing was started")
			w.aws.Faults().Clear()
			w.until("it heals", func() bool { return isReady(w.job()) })
		})
	}
}

// TestPassing: what passes by itself is never Degraded.
func TestPassing(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name, reason, code, message string
	}{
		{"throttle", reason.Throttled, "ThrottlingException", "Rate exceeded"},
		{"quota", reason.QuotaExceeded, "ResourceLimitExceeded", "The account-level service limit 'ml.m5.xlarge for training job usage' is 2 Instances, with current utilization of 2 Instances and a request delta of 1 Instances."},
		{"role", reason.DependencyNotReady, "ValidationException", "Could not assume role arn:aws:iam::123456789012:role/abalone. Please ensure that the role exists and allows principal 'sagemaker.amazonaws.com' to assume the role."},
		{"server", reason.ServerError, "InternalFailure", "The request processing has failed."},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			w.fault(fault.Rule{Action: fault.Reject, Operation: "CreateTrainingJob", Code: row.code, Message: row.message, Times: 3})
			w.startController()
			w.apply(trainingJob(100))
			seen := map[string]bool{}
			w.until("it is done", func() bool {
				seen[readyCondition(w.job()).Reason] = true
				require.False(t, isStalled(w.job()))
				return isReady(w.job())
			})
			require.True(t, seen[row.reason], "%v", seen)
			require.Equal(t, 1, w.mutations()["CreateTrainingJob"])
		})
	}
}

// TestRealRefusal: the same with the simulator's own judgement of S3 data.
func TestRealRefusal(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.aws.CreateBucket("empty"))
	w.startController()
	text := trainingJob(100, "tags: []")
	w.apply(replace(text, "s3://acme-ml/abalone/train/", "s3://empty/train/"))
	require.Regexp(t, `^No S3 objects found under S3 URL "s3://empty/train/"`, w.because(reason.ValidationFailed, jobOf(w)))
	require.NoError(t, w.aws.PutObject("empty", "train/part-0", []byte("1 1:2")))
	w.until("it heals without a commit", func() bool { return isReady(w.job()) })
}

// TestFailedJob: a failed run is stalled with the class of AWS's reason, is not
// tried again by itself, and is by rerun and by forceAt.
func TestFailedJob(t *testing.T) {
	w := newWorld(t)
	w.fault(fault.Rule{Action: fault.Fail, Kind: "TrainingJob", Stage: "Training", Reason: "AlgorithmError: exit code: 1", Times: 2})
	w.startController()
	w.apply(trainingJob(100))
	require.Regexp(t, "^AlgorithmError: exit code: 1", w.because(reason.AlgorithmError, jobOf(w)))
	w.pass(2*time.Hour, time.Minute)
	require.Equal(t, 1, w.mutations()["CreateTrainingJob"])

	job := w.job()
	job.SetAnnotations(map[string]string{fluxmeta.ReconcileRequestAnnotation: "now", fluxmeta.ForceRequestAnnotation: "now"})
	require.NoError(t, w.kube.Update(w.ctx, job))
	w.until("the forced run fails too", func() bool {
		return w.mutations()["CreateTrainingJob"] == 2 && isStalled(w.job()) && w.job().Status.LastHandledForceAt == "now"
	})
	require.Regexp(t, "-r2$", w.job().Status.Name)
	w.restartController()
	w.pass(time.Hour, time.Minute)
	require.Equal(t, 2, w.mutations()["CreateTrainingJob"], "one request is one run")

	w.apply(trainingJob(100, "rerun: again"))
	w.until("the third is done", func() bool { return isReady(w.job()) })
	require.Equal(t, 3, w.mutations()["CreateTrainingJob"])
}

// TestStoppedByAPerson is told as such.
func TestStoppedByAPerson(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(trainingJob(100))
	w.until("it runs", func() bool { return len(w.jobs("InProgress")) == 1 })
	_, err := w.sagemaker().StopTrainingJob(w.ctx, &sagemaker.StopTrainingJobInput{TrainingJobName: aws.String(w.job().Status.Name)})
	require.NoError(t, err)
	w.because(reason.StoppedExternally, jobOf(w))
}

// TestReferences: unknown, then there; and one into nowhere stays waiting.
func TestReferences(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(model)
	w.until("it waits", func() bool {
		obj, ok := get(w, "abalone", &v1alpha1.Model{})
		return ok && readyCondition(obj).Reason == reason.WaitingForReference
	})
	obj, _ := get(w, "abalone", &v1alpha1.Model{})
	require.Contains(t, readyCondition(obj).Message, "TrainingJob "+w.namespace+"/abalone does not exist")
	require.Empty(t, w.aws.Journal().Counts(), "waiting costs no call")
}

// TestImmutable: a named job whose spec changes says what AWS cannot change.
func TestImmutable(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(trainingJob(100, "trainingJobName: named"))
	w.until("it is done", func() bool { return isReady(w.job()) })
	w.apply(trainingJob(200, "trainingJobName: named"))
	message := w.because(reason.ImmutableField, jobOf(w))
	require.Contains(t, message, "HyperParameters.num_round: want 200, have 100")
	w.apply(trainingJob(200, "trainingJobName: renamed"))
	w.until("a new name is a new run", func() bool { return isReady(w.job()) })
	require.Equal(t, "renamed", w.job().Status.Name)
	require.Equal(t, 2, w.mutations()["CreateTrainingJob"])
}

// TestRollBack: AWS goes back after an update; the endpoint is Degraded while
// the old model serves, it is not tried again, and the next push gets through.
func TestRollBack(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(abalone())
	w.until("the chain is ready", w.chainReady)
	served := w.served()
	w.fault(fault.Rule{Action: fault.RollBack, Reason: "alarm latency went off", Times: 1})
	w.apply(trainingJob(200))
	message := w.because(reason.RolledBack, func() reconcile.Object { return w.endpoint() })
	require.Contains(t, message, "alarm latency went off")
	require.Equal(t, served, w.served())
	w.restartController()
	w.pass(time.Hour, time.Minute)
	require.Equal(t, 1, w.mutations()["UpdateEndpoint"], "not tried again")
	require.True(t, isStalled(w.endpoint()))

	w.apply(trainingJob(300))
	w.until("the next push serves", func() bool { return w.chainReady() && w.ran(300) })
	require.Equal(t, 2, w.mutations()["UpdateEndpoint"])
}

// TestFailedEndpoint never served, so that a new configuration replaces it.
func TestFailedEndpoint(t *testing.T) {
	w := newWorld(t)
	w.fault(fault.Rule{Action: fault.Fail, Kind: "Endpoint", Stage: "Creating", Reason: "The primary container did not pass the ping health check.", Times: 1})
	w.startController()
	w.apply(abalone())
	require.Regexp(t, "^The primary container did not pass", w.because(reason.Failed, func() reconcile.Object { return w.endpoint() }))
	w.pass(time.Hour, time.Minute)
	require.Equal(t, 1, w.mutations()["CreateEndpoint"])
	w.apply(trainingJob(200))
	w.until("the new one serves", w.chainReady)
	require.Equal(t, 2, w.mutations()["CreateEndpoint"])
}

// TestDrift: what a person changes or deletes in AWS is put right.
func TestDrift(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(abalone())
	w.until("the chain is ready", w.chainReady)
	person := w.sagemaker()
	_, err := person.CreateEndpointConfig(w.ctx, &sagemaker.CreateEndpointConfigInput{
		EndpointConfigName: aws.String("by-hand"),
		ProductionVariants: []types.ProductionVariant{{
			VariantName: aws.String("main"), ModelName: aws.String(w.chain()[1].Common().Name),
			InstanceType: types.ProductionVariantInstanceTypeMlM5Large, InitialInstanceCount: aws.Int32(1),
		}},
	})
	require.NoError(t, err)
	w.pass(5*time.Second, step)
	_, err = person.UpdateEndpoint(w.ctx, &sagemaker.UpdateEndpointInput{EndpointName: aws.String("abalone"), EndpointConfigName: aws.String("by-hand")})
	require.NoError(t, err)
	want := w.chain()[2].Common().Name
	w.until("the endpoint is put right", func() bool {
		o, _ := w.aws.Object("Endpoint", "abalone")
		return o.Document["EndpointConfigName"] == want && o.Status == "InService" && w.mutations()["UpdateEndpoint"] == 2
	})

	_, err = person.DeleteEndpoint(w.ctx, &sagemaker.DeleteEndpointInput{EndpointName: aws.String("abalone")})
	require.NoError(t, err)
	w.until("it is created again", func() bool { return w.mutations()["CreateEndpoint"] == 2 && w.chainReady() })

	_, err = person.DeleteTags(w.ctx, &sagemaker.DeleteTagsInput{ResourceArn: aws.String(w.endpoint().Status.ARN), TagKeys: []string{"sagemaker.gitops.dev/digest"}})
	require.NoError(t, err)
	w.pass(6*time.Hour, time.Minute)
	w.until("its tags are put right", func() bool {
		o, _ := w.aws.Object("Endpoint", "abalone")
		return o.Tags["sagemaker.gitops.dev/digest"] != ""
	})
}

// TestSuspendAndObserve: neither changes anything in AWS.
func TestSuspendAndObserve(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(trainingJob(100, "suspend: true"))
	w.until("it is suspended", func() bool {
		return readyCondition(w.job()).Reason == reason.Suspended && w.job().Status.ObservedGeneration == 1
	})
	require.Empty(t, w.aws.Journal().Counts())
	w.apply(trainingJob(100))
	w.until("it is done", func() bool { return isReady(w.job()) })

	_, err := w.sagemaker().CreateModel(w.ctx, &sagemaker.CreateModelInput{
		ModelName: aws.String("theirs"), ExecutionRoleArn: aws.String("arn:aws:iam::123456789012:role/abalone"),
		PrimaryContainer: &types.ContainerDefinition{Image: aws.String("123456789012.dkr.ecr.us-east-1.amazonaws.com/i:1")},
	})
	require.NoError(t, err)
	w.pass(5*time.Second, step)
	w.aws.Journal().Reset()
	w.apply("kind: Model\nmetadata: {name: abalone}\nspec: {modelName: theirs, managementPolicy: Observe}\n")
	w.until("it is observed", func() bool {
		obj, ok := get(w, "abalone", &v1alpha1.Model{})
		return ok && isReady(obj) && obj.Status.ARN != ""
	})
	require.NoError(t, w.kube.Delete(w.ctx, w.chain()[1]))
	w.until("it is let go", func() bool { return len(w.chain()) == 1 })
	require.Empty(t, w.mutations())
}

// TestSuspendedByAnnotation: the annotation, which git knows nothing of, holds and
// lets go like the field.
func TestSuspendedByAnnotation(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(strings.Replace(trainingJob(100), "{name: abalone}", `{name: abalone, annotations: {sagemaker.gitops.dev/suspend: "true"}}`, 1))
	w.until("it is suspended", func() bool { return readyCondition(w.job()).Reason == reason.Suspended })
	require.Empty(t, w.aws.Journal().Counts())
	w.suspend(w.job(), nil)
	w.until("it is done", func() bool { return isReady(w.job()) })
	require.EqualValues(t, 1, w.job().Generation, "the spec is as it was")

	w.suspend(w.job(), "true")
	w.apply(trainingJob(200))
	w.pass(time.Minute, step)
	require.Len(t, w.aws.Objects("TrainingJob"), 1, "nothing runs while it is suspended")
	require.EqualValues(t, 1, w.job().Status.ObservedGeneration, "and nobody can take it for done")
	w.suspend(w.job(), nil)
	w.until("it has run", func() bool { return isReady(w.job()) && len(w.aws.Objects("TrainingJob")) == 2 })
}

// TestDeploymentSuspendedByAnnotation: the same goes for what is made of others.
func TestDeploymentSuspendedByAnnotation(t *testing.T) {
	w := newDeploymentWorld(t)
	w.apply(deployment(1))
	w.deployed()
	made := w.mutations()
	w.suspend(w.deployment(), "true")
	w.apply(deployment(2))
	w.pass(time.Minute, step)
	require.Equal(t, made, w.mutations())
	w.suspend(w.deployment(), nil)
	require.False(t, isReady(w.deployment()), "it has not begun, and does not look done")
	w.deployed()
	require.Contains(t, w.served(), "v2/model.tar.gz")
}

// suspend sets the annotation that suspends, or takes it away, beside git.
func (w *world) suspend(obj client.Object, to any) {
	w.t.Helper()
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]any{v1alpha1.AnnotationSuspend: to}}})
	require.NoError(w.t, err)
	require.NoError(w.t, w.kube.Patch(w.ctx, obj, client.RawPatch(apitypes.MergePatchType, patch)))
}

// TestSubmitted is ready while the job runs, and not any more when it fails.
func TestSubmitted(t *testing.T) {
	w := newWorld(t)
	w.fault(fault.Rule{Action: fault.Fail, Kind: "TrainingJob", Stage: "Training", Reason: "ClientError: no data"})
	w.startController()
	w.apply(trainingJob(100, "readiness: Submitted"))
	w.until("it is submitted", func() bool { return isReady(w.job()) && readyCondition(w.job()).Reason == reason.Submitted })
	w.because(reason.ClientError, jobOf(w))
}

// TestProcessing: going back to an earlier spec runs again, because another
// run may have written over its output.
func TestProcessing(t *testing.T) {
	w := newWorld(t)
	w.startController()
	processing := func(argument string) string {
		return fmt.Sprintf(`
kind: ProcessingJob
metadata: {name: prep}
spec:
  roleARN: arn:aws:iam::123456789012:role/abalone
  appSpecification: {imageURI: "123456789012.dkr.ecr.us-east-1.amazonaws.com/prep:1", containerArguments: ["%s"]}
  processingResources: {clusterConfig: {instanceCount: 1, instanceType: ml.m5.xlarge, volumeSizeInGB: 10}}
  processingOutputConfig:
    outputs:
    - {outputName: train, s3Output: {s3URI: s3://acme-ml/prep, localPath: /opt/ml/processing/train, s3UploadMode: EndOfJob}}
`, argument)
	}
	done := func(n int) func() bool {
		return func() bool {
			obj, ok := get(w, "prep", &v1alpha1.ProcessingJob{})
			return ok && isReady(obj) && w.mutations()["CreateProcessingJob"] == n
		}
	}
	w.apply(processing("a"))
	w.until("a is done", done(1))
	w.apply(processing("b"))
	w.until("b is done", done(2))
	w.apply(processing("a"))
	w.until("a is done again", done(3))
	obj, _ := get(w, "prep", &v1alpha1.ProcessingJob{})
	require.Regexp(t, "-r2$", obj.Status.Name)
}

// TestHistory: revisions beyond the limit go, but not those in use.
func TestHistory(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(abalone())
	limited := model + "  revisionHistoryLimit: 1\n"
	w.apply(limited)
	w.apply(endpointConfig + "  revisionHistoryLimit: 0\n")
	for i := 1; i <= 4; i++ {
		w.apply(trainingJob(100 * i))
		w.until("it serves", func() bool { return w.chainReady() && w.ran(100*i) })
	}
	w.until("only what history keeps is left", func() bool {
		return len(w.aws.Objects("EndpointConfig")) == 1 && len(w.aws.Objects("Model")) == 2
	})
	require.NotEmpty(t, w.served())
}

// TestRequested: who does not want to wait for the next try asks for it.
func TestRequested(t *testing.T) {
	w := newWorld(t)
	w.fault(fault.Rule{Action: fault.Reject, Operation: "CreateTrainingJob", Code: "ValidationException", Message: "No.", Times: 1})
	w.startController()
	w.apply(trainingJob(100))
	w.because(reason.ValidationFailed, jobOf(w))
	job := w.job()
	job.SetAnnotations(map[string]string{fluxmeta.ReconcileRequestAnnotation: "now"})
	require.NoError(t, w.kube.Update(w.ctx, job))
	w.untilWithin("it is tried at once", time.Minute, func() bool { return w.mutations()["CreateTrainingJob"] == 1 })
	w.until("the request is acknowledged", func() bool { return w.job().Status.LastHandledReconcileAt == "now" })
}

// TestNames: what AWS would refuse is refused before any call, and a name that
// Kubernetes allows is made one that AWS does.
func TestNames(t *testing.T) {
	w := newWorld(t)
	var ns corev1.Namespace
	require.NoError(t, w.kube.Get(w.ctx, client.ObjectKey{Name: w.namespace}, &ns))
	ns.Annotations = map[string]string{"sagemaker.gitops.dev/name-prefix": "team_a/"}
	require.NoError(t, w.kube.Update(w.ctx, &ns))
	w.startController()
	w.apply("kind: Endpoint\nmetadata: {name: abalone}\nspec: {endpointConfigName: by-hand}\n")
	message := w.because(reason.ValidationFailed, func() reconcile.Object { return w.endpoint() })
	require.Contains(t, message, `AWS would refuse the name "team_a/abalone"`)
	require.Empty(t, w.aws.Journal().Counts())

	w.apply(replace(trainingJob(100), "name: abalone}", "name: abalone.v1.a-name-that-is-longer-than-sixty-three-characters-in-all-its-parts}"))
	w.until("it runs", func() bool { return len(w.jobs("InProgress")) == 1 })
	require.Regexp(t, `^abalone-v1-a-name-that-is-longer-[a-z0-9-]*-[a-z2-7]{6}-[a-z2-7]{10}$`, w.jobs("InProgress")[0])
}

// TestOutage: an AWS that does not answer makes nothing that was ready unready,
// not even for a controller that has just started.
func TestOutage(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(abalone())
	w.until("the chain is ready", w.chainReady)
	w.pass(time.Minute, step)
	before := w.chain()
	w.fault(fault.Rule{Action: fault.Reject, Operation: "Describe*", Code: "ThrottlingException", Message: "Rate exceeded"})
	w.aws.Journal().Reset()
	w.restartController()
	w.pass(time.Hour, 10*time.Second)
	require.NotEmpty(t, w.aws.Journal().Counts(), "AWS was asked")
	require.Less(t, w.aws.Journal().Counts()["DescribeEndpoint"], 30, "and less and less often")
	for i, obj := range w.chain() {
		require.Equal(t, before[i].GetResourceVersion(), obj.GetResourceVersion(), "nothing is written")
	}
	w.aws.Faults().Clear()
	w.until("all is known again", w.chainReady)
}
