package loop_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

// example is a kustomization below examples, as it stands there, in a world of its own.
type example struct {
	*world

	objects []*unstructured.Unstructured
	// approvals are those that are in git.
	approvals []any
}

// newExample builds a kustomization with one pipeline, for an AWS that answers as it
// was seen to.
func newExample(t *testing.T, directory string) *example {
	t.Helper()
	return exampleIn(newObservedWorld(t, 1), directory)
}

// exampleIn builds a kustomization for a world.
func exampleIn(w *world, directory string) *example {
	t := w.t
	t.Helper()
	e := &example{world: w}
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), "../../examples/"+directory)
	require.NoError(t, err)
	for _, r := range built.Resources() {
		text, err := r.MarshalJSON()
		require.NoError(t, err)
		u := newUnstructured()
		require.NoError(t, u.UnmarshalJSON(text))
		u.SetNamespace(e.namespace)
		switch u.GetKind() {
		case "Namespace":
			continue
		case "ConfigMap": // which GitOps tools apply before custom resources
			e.objects = slices.Insert(e.objects, 0, u)
		case "ModelPipeline":
			e.subject = u.GetName()
			e.objects = append(e.objects, u)
		default:
			e.objects = append(e.objects, u)
		}
	}
	return e
}

// push applies what the kustomization makes.
func (e *example) push() {
	e.t.Helper()
	for _, u := range e.objects {
		require.NoError(e.t, e.kube.Patch(e.ctx, u.DeepCopy(), client.Apply, client.FieldOwner("git"), client.ForceOwnership)) //nolint:staticcheck // the objects are made of text
	}
}

// param changes a parameter of the pipeline.
func (e *example) param(name, value string) {
	e.t.Helper()
	e.change(value, "params", name)
}

// literal changes a parameter in the ConfigMap, which has another name then, as
// kustomize gives it.
func (e *example) literal(name, value string) {
	e.t.Helper()
	config := e.objects[0]
	require.NoError(e.t, unstructured.SetNestedField(config.Object, value, "data", name))
	config.SetName(config.GetName() + "-" + value)
	e.change([]any{map[string]any{"configMapRef": map[string]any{"name": config.GetName()}}}, "paramsFrom")
}

// approve commits an approval of what the pipeline waits for.
func (e *example) approve() {
	e.t.Helper()
	e.approvals = append(e.approvals, map[string]any{"step": "approve", "evidence": e.awaits(), "by": "alice"})
	e.change(e.approvals, "approvals")
	e.push()
}

// change is a change of a field of the pipeline's spec.
func (e *example) change(value any, path ...string) {
	e.t.Helper()
	for _, u := range e.objects {
		if u.GetKind() == "ModelPipeline" {
			require.NoError(e.t, unstructured.SetNestedField(u.Object, value, append([]string{"spec"}, path...)...))
		}
	}
}

// writes puts an object where a step's job writes, as its container would.
func (e *example) writes(step, file, text string) {
	e.t.Helper()
	e.until("step "+step+" runs", func() bool { return e.stepOf(step).Phase == v1alpha1.StepRunning })
	key := strings.Join([]string{"pipelines", e.subject, step, e.stepOf(step).Digest, file}, "/")
	require.NoError(e.t, e.aws.PutObject("acme-ml", key, []byte(text)))
}

// TestExampleXGBoost: a hyperparameter that has changed prepares nothing anew, and all
// that comes after the training runs again.
func TestExampleXGBoost(t *testing.T) {
	e := newExample(t, "xgboost-abalone")
	require.NoError(t, e.aws.PutObject("acme-ml", "abalone/raw/abalone.csv", []byte("M,0.455,0.365,0.095,0.514,0.2245,0.101,0.15,15\n")))
	e.measures(2.08)
	e.startController()
	e.push()
	e.writes("evaluate", "report/report.json", `{"rows": 620, "regression": {"rmse": 2.117, "mae": 1.5}}`)
	e.approve()
	served := e.completed().Status.Serving
	require.Equal(t, map[string]string{"quality/validation-rmse": "2.08", "quality/test-rmse": "2.12"}, served.Values)
	require.Contains(t, e.served(), e.stepOf("train").Child)
	require.Equal(t, map[string]int{
		"CreateProcessingJob": 2, "CreateTrainingJob": 1, "CreateModel": 1, "CreateEndpointConfig": 1, "CreateEndpoint": 1,
	}, e.created())
	source := e.pipeline().Status.Sources[1]
	require.Len(t, e.unpacked(source.URI), 1)

	e.aws.Journal().Reset()
	e.param("maxDepth", "6")
	e.push()
	e.writes("evaluate", "report/report.json", `{"rows": 620, "regression": {"rmse": 2.104, "mae": 1.4}}`)
	e.approve()
	e.completed()
	require.Equal(t, v1alpha1.ActionReuse, e.stepOf("prep").Action)
	require.Contains(t, e.served(), e.stepOf("train").Child)
	require.Equal(t, map[string]int{"CreateProcessingJob": 1, "CreateTrainingJob": 1, "CreateModel": 1, "CreateEndpointConfig": 1}, e.created())
	require.Equal(t, 1, e.mutations()["UpdateEndpoint"])
	e.rests()
}

// TestExampleHuggingFace: a run that is tried again goes on from its checkpoints, the
// best of all trials is judged and serves, and the endpoint may go to nothing.
func TestExampleHuggingFace(t *testing.T) {
	e := newExample(t, "huggingface-finetune")
	for _, key := range []string{"texts/a.txt", "labelled/train/a.csv", "labelled/validation/a.csv"} {
		require.NoError(t, e.aws.PutObject("acme-ml", "reviews/"+key, []byte("it arrived on time")))
	}
	e.fault(fault.Rule{Action: fault.Measure, Name: "reviews-adapt-*", Metrics: map[string]float64{"eval_loss": 2.1}})
	e.fault(fault.Rule{Action: fault.Measure, Name: "*-003-*", Metrics: map[string]float64{"eval_f1": 0.912}})
	e.fault(fault.Rule{Action: fault.Measure, Name: "*-0??-*", Metrics: map[string]float64{"eval_f1": 0.874}})
	e.fault(fault.Rule{Action: fault.Fail, Kind: "TrainingJob", Name: "reviews-adapt-*", Stage: "Training", Reason: "InternalServerError: We encountered an internal error. Please try again.", Times: 1})
	e.startController()
	e.push()
	require.Equal(t, map[string]string{"quality/f1": "0.912", "quality/not-worse": "0.912"}, e.completed().Status.Serving.Values)
	require.Equal(t, map[string]int{
		"CreateTrainingJob": 2, "CreateHyperParameterTuningJob": 1, "CreateModel": 1, "CreateEndpointConfig": 1, "CreateEndpoint": 1,
	}, e.created())
	first, second := e.requests("CreateTrainingJob")[0], e.requests("CreateTrainingJob")[1]
	require.NotEqual(t, first["TrainingJobName"], second["TrainingJobName"])
	require.Equal(t, shape.String(first, "CheckpointConfig.S3Uri"), shape.String(second, "CheckpointConfig.S3Uri"))
	require.Equal(t, "s3://acme-ml/pipelines/reviews/adapt/"+e.stepOf("adapt").Digest+"/checkpoints", shape.String(first, "CheckpointConfig.S3Uri"))
	require.Contains(t, shape.String(e.requests("CreateModel")[0], "PrimaryContainer.ModelDataUrl"), "-003-", "the best")

	e.rests()
	_, err := e.sagemaker().UpdateEndpointWeightsAndCapacities(e.ctx, &sagemaker.UpdateEndpointWeightsAndCapacitiesInput{
		EndpointName: aws.String("reviews"), DesiredWeightsAndCapacities: []types.DesiredWeightAndCapacity{{VariantName: aws.String("main"), DesiredInstanceCount: aws.Int32(0)}},
	})
	require.NoError(t, err)
	e.pass(10*time.Minute, 10*time.Second)
	require.True(t, isReady(e.pipeline()), "nobody asks anything, so nothing runs")

	e.aws.Journal().Reset()
	e.param("minF1", "0.95")
	e.push()
	p := e.pipelineStalled(reason.GateFailed)
	require.Contains(t, readyCondition(p).Message, "f1 is 0.912, which is less than 0.95")
	require.Empty(t, e.mutations(), "nothing runs, and what served does")
}

// TestExampleEnvironments: what development and staging serve by themselves waits in production until
// it is approved, on the instances and with the protection of that overlay.
func TestExampleEnvironments(t *testing.T) {
	in := func(t *testing.T, environment string) *example {
		t.Helper()
		e := newExample(t, "multi-env/overlays/"+environment)
		require.NoError(t, e.aws.CreateBucket("acme-ml-"+environment))
		for _, key := range []string{"abalone/train/a", "abalone/validation/a"} {
			require.NoError(t, e.aws.PutObject("acme-ml-"+environment, key, []byte("1 1:2")))
		}
		e.measures(2.08)
		e.startController()
		e.push()
		return e
	}
	t.Run("dev", func(t *testing.T) {
		e := in(t, "dev")
		e.completed()
		_, ok := e.aws.Object("Endpoint", "abalone-dev")
		require.True(t, ok)
		e.rests()
	})
	t.Run("staging", func(t *testing.T) {
		e := in(t, "staging")
		e.completed()
		e.aws.Journal().Reset()
		e.literal("rounds", "20")
		e.push()
		e.until("more rounds are trained", func() bool { return isReady(e.pipeline()) && e.mutations()["UpdateEndpoint"] == 1 })
		require.Equal(t, 1, e.mutations()["CreateTrainingJob"])
		require.Equal(t, "CANARY", shape.String(e.requests("UpdateEndpoint")[0], "DeploymentConfig.BlueGreenUpdatePolicy.TrafficRoutingConfiguration.Type"))
		e.rests()
	})
	t.Run("prod", func(t *testing.T) {
		e := in(t, "prod")
		e.awaits()
		require.Equal(t, map[string]int{"CreateTrainingJob": 1}, e.created())
		require.Equal(t, "ml.m5.2xlarge", shape.String(e.requests("CreateTrainingJob")[0], "ResourceConfig.InstanceType"))
		e.approve()
		e.completed()
		_, ok := e.aws.Object("Endpoint", "abalone-prod")
		require.True(t, ok)
		variants, _ := e.requests("CreateEndpointConfig")[0]["ProductionVariants"].([]any)
		require.Len(t, variants, 1)
		require.Subset(t, variants[0], map[string]any{"InstanceType": "ml.m5.xlarge", "InitialInstanceCount": json.Number("3")})
		e.rests()

		require.NoError(t, e.kube.Delete(e.ctx, e.pipeline()))
		e.pass(time.Hour, 10*time.Second)
		_, ok = e.aws.Object("Endpoint", "abalone-prod")
		require.True(t, ok, "it is protected")
	})
}

// TestExampleBatch: nothing is scored by a version that is not approved, another version
// scores the same rows anew, nothing is published with a row that has no score, and the
// night scores all of them again.
func TestExampleBatch(t *testing.T) {
	e := newExample(t, "batch-scoring")
	e.clock.SetTime(e.clock.Now().Truncate(24 * time.Hour).Add(32 * time.Hour)) // the night is far
	require.NoError(t, e.aws.PutObject("acme-ml", "abalone/batch/day.csv", []byte("7,M,0.455,0.365,0.095,0.514,0.2245,0.101,0.15\n")))
	require.NoError(t, e.aws.PutObject("acme-ml", "models/model.tar.gz", []byte("model")))
	api := e.sagemaker()
	_, err := api.CreateModelPackageGroup(e.ctx, &sagemaker.CreateModelPackageGroupInput{ModelPackageGroupName: aws.String("abalone")})
	require.NoError(t, err)
	e.pass(5*time.Second, time.Second)
	version := func(status types.ModelApprovalStatus) string {
		out, err := api.CreateModelPackage(e.ctx, &sagemaker.CreateModelPackageInput{
			ModelPackageGroupName: aws.String("abalone"), ModelApprovalStatus: status,
			InferenceSpecification: &types.InferenceSpecification{
				Containers:            []types.ModelPackageContainerDefinition{{Image: aws.String(deploymentImage), ModelDataUrl: aws.String("s3://acme-ml/models/model.tar.gz")}},
				SupportedContentTypes: []string{"text/csv"}, SupportedResponseMIMETypes: []string{"text/csv"},
			},
		})
		require.NoError(t, err)
		return *out.ModelPackageArn
	}
	first, second := version(types.ModelApprovalStatusPendingManualApproval), version(types.ModelApprovalStatusApproved)
	e.pass(5*time.Minute, 10*time.Second)
	e.aws.Journal().Reset()
	e.startController()
	e.push()
	require.Contains(t, readyCondition(e.pipelineStalled(reason.StepFailed)).Message, "is not approved: its approval status is PendingManualApproval")
	require.Zero(t, e.created()["CreateTransformJob"])

	_, err = api.UpdateModelPackage(e.ctx, &sagemaker.UpdateModelPackageInput{ModelPackageArn: &first, ModelApprovalStatus: types.ModelApprovalStatusApproved})
	require.NoError(t, err)
	e.writes("count", "report/report.json", `{"wanted": 1200, "scored": 1200, "missing": 0, "twice": 0}`)
	require.Equal(t, "1200", e.completed().Status.Serving.Values["complete/rows"])
	require.Equal(t, map[string]int{"CreateModel": 1, "CreateProcessingJob": 3, "CreateTransformJob": 1}, e.created())
	require.Contains(t, shape.String(e.requests("CreateTransformJob")[0], "TransformOutput.S3OutputPath"), e.stepOf("score").Digest)
	e.pass(time.Hour, time.Minute)
	e.restsFor(12 * time.Hour) // before the night

	e.aws.Journal().Reset()
	e.param("modelPackage", second)
	e.push()
	e.writes("count", "report/report.json", `{"wanted": 1200, "scored": 1199, "missing": 1, "twice": 0}`)
	require.Contains(t, readyCondition(e.pipelineStalled(reason.GateFailed)).Message, "missing is 1, which is more than 0")
	require.Equal(t, map[string]int{"CreateModel": 1, "CreateProcessingJob": 1, "CreateTransformJob": 1}, e.created(), "nothing is published")

	e.aws.Journal().Reset()
	e.pass(e.pipeline().Status.Trigger.Next.Sub(e.clock.Now()), time.Minute)
	e.writes("count", "report/report.json", `{"wanted": 1300, "scored": 1300, "missing": 0, "twice": 0}`)
	e.until("the night's scores are published", func() bool { return isReady(e.pipeline()) })
	require.Equal(t, map[string]int{"CreateProcessingJob": 3, "CreateTransformJob": 1}, e.created())
}

// TestExampleMonitoring: when the data has drifted another model is trained, and the same
// schedule goes on with the baseline of that.
func TestExampleMonitoring(t *testing.T) {
	e := newExample(t, "monitoring-retrain")
	require.NoError(t, e.aws.PutObject("acme-ml", "abalone/validation/part-0", []byte("15,1,0,0,0.455")))
	e.measures(2.08)
	e.startController()
	e.push()
	e.writes("baseline", "baseline/constraints.json", `{"version": 0.0, "features": []}`)
	e.completed()
	require.Equal(t, map[string]int{
		"CreateTrainingJob": 1, "CreateProcessingJob": 1, "CreateModel": 1, "CreateEndpointConfig": 1, "CreateEndpoint": 1,
		"CreateDataQualityJobDefinition": 1, "CreateMonitoringSchedule": 1,
	}, e.created())
	capture, _ := shape.Lookup(e.requests("CreateEndpointConfig")[0], "DataCaptureConfig.EnableCapture")
	require.Equal(t, true, capture)
	job := e.stepOf("train").Child
	require.Contains(t, e.served(), job)
	checks := e.stepOf("checks").Child

	e.rests()
	require.NoError(t, e.aws.PutObject("acme-ml", "abalone/train/part-1", []byte("9,0,1,0,0.35")))
	e.aws.Journal().Reset()
	e.fault(fault.Rule{Action: fault.Fail, Kind: "MonitoringSchedule", Stage: "Scheduled", Times: 1, Reason: "CompletedWithViolations: 3 features drifted"})
	e.until("all has run again", func() bool { return isReady(e.pipeline()) && e.mutations()["UpdateMonitoringSchedule"] == 1 })
	require.NotContains(t, e.served(), job)
	require.Regexp(t, "^violation/drift/20", e.pipeline().Status.Trigger.Token)
	require.Equal(t, map[string]int{
		"CreateTrainingJob": 1, "CreateProcessingJob": 1, "CreateModel": 1, "CreateEndpointConfig": 1, "CreateDataQualityJobDefinition": 1,
	}, e.created())
	require.NotEqual(t, checks, e.stepOf("checks").Child)

	require.NoError(t, e.kube.Delete(e.ctx, e.pipeline()))
	e.until("all is gone", func() bool {
		_, there := get(e.world, e.subject, &v1alpha1.ModelPipeline{})
		return !there && len(e.aws.Objects("Endpoint"))+len(e.aws.Objects("MonitoringSchedule"))+len(e.aws.Objects("DataQualityJobDefinition")) == 0
	})
}
