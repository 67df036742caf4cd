package loop_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

// pipeline trains, judges, asks and serves. Fields of the spec may be added, and
// parameters changed.
func pipeline(params map[string]string, extra ...string) string {
	all := map[string]string{"rounds": "100", "maxRMSE": "2.2", "instanceType": "ml.m5.xlarge", "count": "1"}
	maps.Copy(all, params)
	return fmt.Sprintf(`
kind: ModelPipeline
metadata: {name: abalone}
spec:
  artifacts: s3://acme-ml/pipelines
  params: {rounds: "%s", maxRMSE: "%s", instanceType: %s, count: "%s"}
  %s
  steps:
  - name: serve
    dependsOn: [approve]
    template:
      kind: ModelDeployment
      spec:
        endpointName: abalone
        executionRoleARN: arn:aws:iam::123456789012:role/abalone
        variants:
        - variantName: main
          instanceType: ml.m5.large
          initialInstanceCount: "{{ .params.count }}"
          model: {primaryContainer: {image: %s, modelDataURL: "{{ .steps.train.outputs.modelData }}"}}
  - name: train
    template:
      kind: TrainingJob
      spec:
        roleARN: arn:aws:iam::123456789012:role/abalone
        algorithmSpecification: {trainingImage: 141502667606.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1, trainingInputMode: File}
        hyperParameters: {num_round: "{{ .params.rounds }}"}
        inputDataConfig:
        - channelName: train
          dataSource: {s3DataSource: {s3DataType: S3Prefix, s3URI: s3://acme-ml/abalone/train/}}
        outputDataConfig: {s3OutputPath: "{{ .step.path }}"}
        resourceConfig: {instanceCount: 1, instanceType: "{{ .params.instanceType }}", volumeSizeInGB: 10}
        stoppingCondition: {maxRuntimeInSeconds: 3600}
    retry: {limit: 2, backoff: 1m}
  - name: quality
    gate:
      checks:
      - {name: rmse, metric: {step: train, name: "validation:rmse"}, max: "{{ .params.maxRMSE }}", precision: 2}
  - name: approve
    dependsOn: [quality]
    approval: {}
`, all["rounds"], all["maxRMSE"], all["instanceType"], all["count"], strings.Join(extra, "\n  "), deploymentImage)
}

func newPipelineWorld(t *testing.T, long ...string) *world {
	t.Helper()
	w := newWorld(t, long...)
	w.measures(2.08)
	w.startController()
	return w
}

// measures is what training jobs come to from now on.
func (w *world) measures(rmse float64) {
	w.t.Helper()
	for _, rule := range w.aws.Faults().Rules() {
		if rule.Action == fault.Measure {
			w.aws.Faults().Remove(rule.ID)
		}
	}
	w.fault(fault.Rule{Action: fault.Measure, Metrics: map[string]float64{"validation:rmse": rmse}})
}

func (w *world) pipeline() *v1alpha1.ModelPipeline {
	p, _ := get(w, w.subject, &v1alpha1.ModelPipeline{})
	return p
}

// stepOf is what status tells of a step.
func (w *world) stepOf(name string) v1alpha1.StepStatus {
	for _, step := range w.pipeline().Status.Steps {
		if step.Name == name {
			return step
		}
	}
	return v1alpha1.StepStatus{}
}

// awaits waits until the pipeline waits for a decision, and gives its evidence.
func (w *world) awaits() string {
	w.t.Helper()
	w.until("a decision is waited for", func() bool {
		p := w.pipeline()
		return p.Status.Phase == v1alpha1.PipelineAwaiting && p.Status.ObservedGeneration <= p.Generation && readyCondition(p).ObservedGeneration == p.Generation
	})
	require.Equal(w.t, reason.AwaitingApproval, readyCondition(w.pipeline()).Reason)
	return w.stepOf("approve").Evidence
}

func approved(evidence ...string) string {
	list := make([]string, len(evidence))
	for i, e := range evidence {
		list[i] = fmt.Sprintf("{step: approve, evidence: %q, by: alice}", e)
	}
	return "approvals: [" + strings.Join(list, ", ") + "]"
}

func (w *world) completed() *v1alpha1.ModelPipeline {
	w.t.Helper()
	w.until("the pipeline is ready", func() bool { return isReady(w.pipeline()) })
	p := w.pipeline()
	w.checked(p)
	return p
}

func (w *world) pipelineStalled(why string) *v1alpha1.ModelPipeline {
	w.t.Helper()
	w.until("the pipeline is stalled: "+why, func() bool { p := w.pipeline(); return isStalled(p) && readyCondition(p).Reason == why })
	p := w.pipeline()
	w.checked(p)
	return p
}

// TestPipeline: a push trains, is judged, waits for an approval, which comes by
// commit, and serves. At rest it costs nothing.
func TestPipeline(t *testing.T) {
	w := newPipelineWorld(t)
	w.apply(pipeline(nil))
	evidence := w.awaits()
	require.Equal(t, "rmse is 2.08", w.stepOf("quality").Message)
	require.Equal(t, map[string]int{"CreateTrainingJob": 1}, w.mutations())
	train := w.stepOf("train")
	require.Regexp(t, `^abalone-train-[a-z2-7]{10}$`, train.Child)
	require.Equal(t, train.Child, w.aws.Objects("TrainingJob")[0].Name, "the job is called as the resource")
	plan := w.pipeline().Status.PlanDigest

	w.apply(pipeline(nil, approved(evidence)))
	p := w.completed()
	require.Equal(t, plan, p.Status.PlanDigest, "an approval changes no digest")
	require.Equal(t, 1, w.mutations()["CreateTrainingJob"])
	require.Contains(t, w.served(), train.Child)
	require.Equal(t, "approved by alice", w.stepOf("approve").Message)
	require.Equal(t, plan, p.Status.Serving.PlanDigest)

	w.pass(time.Minute, step)
	before := w.pipeline().ResourceVersion
	w.aws.Journal().Reset()
	w.pass(3*time.Hour, 10*time.Second)
	require.Empty(t, w.mutations())
	require.Zero(t, w.aws.Journal().Counts()["DescribeTrainingJob"])
	require.Equal(t, before, w.pipeline().ResourceVersion)
}

// TestPipelineRunsWhatHasChanged: only what depends on a change runs, what is
// outside of a job's digest waits for the next one, and going back runs nothing and
// asks nobody.
func TestPipelineRunsWhatHasChanged(t *testing.T) {
	w := newPipelineWorld(t)
	w.apply(pipeline(nil))
	first := w.awaits()
	w.apply(pipeline(nil, approved(first)))
	w.completed()
	served, job := w.served(), w.stepOf("train").Child
	plan := w.pipeline().Status.PlanDigest

	w.apply(pipeline(map[string]string{"count": "2"}, approved(first)))
	w.until("the endpoint has another instance", func() bool { return isReady(w.pipeline()) && w.mutations()["UpdateEndpoint"] == 1 })
	require.Equal(t, 1, w.mutations()["CreateTrainingJob"], "nothing is trained for that")
	require.Equal(t, v1alpha1.ActionReuse, w.stepOf("train").Action, "which an earlier plan ran")
	require.Equal(t, v1alpha1.ActionUpdate, w.stepOf("serve").Action)

	w.apply(pipeline(map[string]string{"count": "2", "instanceType": "ml.m5.2xlarge"}, approved(first)))
	w.completed()
	require.Equal(t, 1, w.mutations()["CreateTrainingJob"], "another machine comes to the same")
	require.Contains(t, w.stepOf("train").Why, "resourceConfig.instanceType will take effect with the next")

	w.apply(pipeline(map[string]string{"count": "2", "rounds": "200"}, approved(first)))
	second := w.awaits()
	require.NotEqual(t, first, second, "an approval is for what it was given for")
	require.Equal(t, 2, w.mutations()["CreateTrainingJob"])
	require.Contains(t, w.served(), job, "the earlier model serves meanwhile")
	w.apply(pipeline(map[string]string{"count": "2", "rounds": "200"}, approved(first, second)))
	w.completed()
	require.NotContains(t, w.served(), job)

	w.aws.Journal().Reset()
	w.apply(pipeline(nil))
	w.until("it has gone back", func() bool { return isReady(w.pipeline()) && w.served() == served })
	require.Equal(t, plan, w.pipeline().Status.PlanDigest)
	require.Zero(t, w.mutations()["CreateTrainingJob"])
	require.Equal(t, v1alpha1.ActionReuse, w.stepOf("train").Action)
	require.Equal(t, "this plan has served before", w.stepOf("approve").Why)
}

// TestPipelineGate: what is not good enough does not pass, the earlier model serves
// on, and a number that is missing decides nothing.
func TestPipelineGate(t *testing.T) {
	w := newPipelineWorld(t)
	w.apply(pipeline(nil))
	evidence := w.awaits()
	w.apply(pipeline(nil, approved(evidence)))
	w.completed()
	served := w.served()

	w.measures(2.5)
	w.apply(pipeline(map[string]string{"rounds": "1"}, approved(evidence)))
	p := w.pipelineStalled(reason.GateFailed)
	require.True(t, strings.HasPrefix(readyCondition(p).Message, "rmse is 2.50, which is more than 2.20 (step quality)"), readyCondition(p).Message)
	require.Equal(t, v1alpha1.StepBlocked, w.stepOf("serve").Phase)
	require.Equal(t, served, w.served())

	w.apply(pipeline(map[string]string{"rounds": "1", "maxRMSE": "3"}, approved(evidence)))
	w.awaits()
	require.Equal(t, 2, w.mutations()["CreateTrainingJob"], "another bound is judged anew, and trains nothing")

	for _, rule := range w.aws.Faults().Rules() {
		w.aws.Faults().Remove(rule.ID)
	}
	w.apply(pipeline(map[string]string{"rounds": "2"}, approved(evidence)))
	p = w.pipelineStalled(reason.GateFailed)
	require.Contains(t, readyCondition(p).Message, "rmse: step train has no metric validation:rmse")
	require.Equal(t, v1alpha1.StepHeld, w.stepOf("quality").Phase)
	require.Equal(t, served, w.served())
	w.apply(pipeline(nil, approved(evidence)))
	w.completed()
}

// TestPipelineRejected: who rejects ends it, for what was judged.
func TestPipelineRejected(t *testing.T) {
	w := newPipelineWorld(t)
	w.apply(pipeline(nil))
	evidence := w.awaits()
	p := w.pipeline()
	p.Annotations = map[string]string{"sagemaker.gitops.dev/reject": "approve=" + evidence}
	require.NoError(t, w.kube.Update(w.ctx, p))
	w.pipelineStalled(reason.Rejected)
	require.Empty(t, w.aws.Objects("Endpoint"))

	decide := func(annotations map[string]string) {
		p := w.pipeline()
		p.Annotations = annotations
		require.NoError(t, w.kube.Update(w.ctx, p))
	}
	decide(map[string]string{"sagemaker.gitops.dev/reject": "other=" + evidence})
	w.pass(time.Minute, step)
	w.pipelineStalled(reason.Rejected)
	decide(map[string]string{"sagemaker.gitops.dev/approve": "approve=" + evidence})
	w.completed()

	w.apply(pipeline(map[string]string{"rounds": "200"}))
	require.NotEqual(t, evidence, w.awaits())
}

// TestPipelineSuperseded: a push while a job runs stops what the plan has no more;
// going back to it runs it anew under a name of its own.
func TestPipelineSuperseded(t *testing.T) {
	w := newPipelineWorld(t, "TrainingJob/Training")
	w.apply(pipeline(nil))
	w.until("a job runs", func() bool { return len(w.jobs("InProgress")) == 1 })
	first := w.jobs("InProgress")[0]
	w.apply(pipeline(map[string]string{"rounds": "200"}))
	w.until("it is stopped, and another runs", func() bool { return len(w.jobs("Stopped")) == 1 && len(w.jobs("InProgress")) == 1 })
	w.apply(pipeline(nil))
	w.awaits()
	require.Equal(t, 3, w.mutations()["CreateTrainingJob"])
	require.Equal(t, []string{first + "-r2"}, w.jobs("Completed"))
}

// TestPipelineRetries: a failure that may pass is tried again; another is not.
func TestPipelineRetries(t *testing.T) {
	w := newPipelineWorld(t)
	w.fault(fault.Rule{Action: fault.Fail, Kind: "TrainingJob", Stage: "Training", Reason: "CapacityError: Unable to provision requested ML compute capacity.", Times: 2})
	w.apply(pipeline(nil))
	w.awaits()
	require.EqualValues(t, 2, w.stepOf("train").Attempt)
	require.Equal(t, 3, w.mutations()["CreateTrainingJob"])

	w.fault(fault.Rule{Action: fault.Fail, Kind: "TrainingJob", Stage: "Training", Reason: "AlgorithmError: the snails have run away", Times: 1})
	w.apply(pipeline(map[string]string{"rounds": "200"}))
	p := w.pipelineStalled(reason.StepFailed)
	require.Contains(t, readyCondition(p).Message, "AlgorithmError: the snails have run away")
	require.Equal(t, 4, w.mutations()["CreateTrainingJob"])
}

// TestPipelineRebuilt: a cluster that is built anew from git finds all that there
// is, and starts nothing.
func TestPipelineRebuilt(t *testing.T) {
	w := newPipelineWorld(t)
	w.apply(pipeline(nil))
	evidence := w.awaits()
	w.apply(pipeline(nil, approved(evidence)))
	w.completed()
	served := w.served()
	w.stopController()
	w.forgetAll()
	w.aws.Journal().Reset()
	w.startController()
	w.apply(pipeline(nil, approved(evidence)))
	w.completed()
	require.Equal(t, served, w.served())
	require.Empty(t, w.mutations())
}

// forgetAll takes every resource of ours out of the API server, as if the cluster had
// never had it.
func (w *world) forgetAll() {
	w.t.Helper()
	for _, list := range []client.ObjectList{
		&v1alpha1.ModelPipelineList{}, &v1alpha1.ModelDeploymentList{}, &v1alpha1.TrainingJobList{},
		&v1alpha1.EndpointList{}, &v1alpha1.EndpointConfigList{}, &v1alpha1.ModelList{}, &appsv1.ControllerRevisionList{},
	} {
		require.NoError(w.t, w.kube.List(w.ctx, list, client.InNamespace(w.namespace)))
		items, err := meta.ExtractList(list)
		require.NoError(w.t, err)
		for _, item := range items {
			obj, ok := item.(client.Object)
			require.True(w.t, ok)
			lost := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))
			require.NoError(w.t, client.IgnoreNotFound(w.kube.Patch(w.ctx, obj, lost)))
			require.NoError(w.t, client.IgnoreNotFound(w.kube.Delete(w.ctx, obj)))
		}
	}
}

// TestPipelineRollbackWindow: within the window going back asks nobody; beyond it a
// person decides anew, about what was trained before.
func TestPipelineRollbackWindow(t *testing.T) {
	w := newPipelineWorld(t)
	window := "history: {rollbackWindow: 1}"
	models := map[string]string{}
	for _, rounds := range []string{"100", "200", "300"} {
		spec := func(approvals ...string) string {
			return pipeline(map[string]string{"rounds": rounds}, append(approvals, window)...)
		}
		w.apply(spec())
		w.until("it is planned", func() bool {
			return w.pipeline().Status.ObservedGeneration < w.pipeline().Generation || !isReady(w.pipeline())
		})
		w.apply(spec(approved(w.awaits())))
		w.completed()
		models[rounds] = w.served()
	}
	w.apply(pipeline(map[string]string{"rounds": "200"}, window))
	w.until("the one before serves", func() bool { return isReady(w.pipeline()) && w.served() == models["200"] })
	w.apply(pipeline(map[string]string{"rounds": "100"}, window))
	w.awaits()
	require.Equal(t, models["200"], w.served())
	require.Equal(t, 3, w.mutations()["CreateTrainingJob"])
}

// TestPipelineChildrenDeleted: resources that somebody deletes come back, and are what
// AWS has: no job runs again, and what serves goes on serving.
func TestPipelineChildrenDeleted(t *testing.T) {
	w := newPipelineWorld(t)
	w.apply(pipeline(nil))
	evidence := w.awaits()
	w.apply(pipeline(nil, approved(evidence)))
	w.completed()
	served, job := w.served(), w.stepOf("train").Child
	for range 2 {
		is, there := get(w, job, &v1alpha1.TrainingJob{})
		require.True(t, there)
		require.NoError(t, w.kube.Delete(w.ctx, is))
		w.until("it is back", func() bool {
			again, there := get(w, job, &v1alpha1.TrainingJob{})
			return there && again.UID != is.UID && isReady(again) && isReady(w.pipeline())
		})
	}
	require.Equal(t, 1, w.mutations()["CreateTrainingJob"])
	require.Len(t, w.aws.Objects("TrainingJob"), 1)
	require.Equal(t, served, w.served())
	require.Zero(t, w.mutations()["UpdateEndpoint"])
}

// TestPipelineDeleted: all that a pipeline has made goes with it, in the order that
// AWS accepts.
func TestPipelineDeleted(t *testing.T) {
	w := newPipelineWorld(t)
	w.apply(pipeline(nil))
	w.apply(pipeline(nil, approved(w.awaits())))
	w.completed()
	require.NoError(t, w.kube.Delete(w.ctx, w.pipeline()))
	w.until("all is gone", func() bool {
		_, there := get(w, "abalone", &v1alpha1.ModelPipeline{})
		return !there && len(w.aws.Objects("Endpoint"))+len(w.aws.Objects("Model")) == 0
	})
}

// TestPipelineNamesAreBounded: names that would not fit into those of what is made are
// refused by the API server.
func TestPipelineNamesAreBounded(t *testing.T) {
	w := newWorld(t)
	long := strings.Repeat("a", 31)
	for _, row := range []struct{ reason, spec, want string }{
		{"of a pipeline", replace(pipeline(nil), "metadata: {name: abalone}", "metadata: {name: "+long+"}"), "a pipeline's name has 30 characters at most"},
		{"of a step", replace(pipeline(nil), "name: quality", "name: "+long[:19]), "Too long: may not be more than 18 bytes"},
	} {
		err := w.kube.Create(w.ctx, w.parse(row.spec))
		require.ErrorContains(t, err, row.want, row.reason)
	}
}

// TestPipelineRefusals: what cannot be carried out is refused before anything is
// asked of AWS, with the step and the path.
func TestPipelineRefusals(t *testing.T) {
	w := newPipelineWorld(t)
	spec := pipeline(nil)
	for _, row := range []struct{ reason, spec, why, want string }{
		{
			"a step that does not exist", replace(spec, "dependsOn: [approve]", "dependsOn: [agree]"), reason.ValidationFailed,
			"step serve needs step agree, which does not exist",
		},
		{
			"steps that need each other", replace(spec, "dependsOn: [quality]", "dependsOn: [serve]"), reason.ValidationFailed,
			"steps need each other: serve needs approve needs serve",
		},
		{
			"a parameter that does not exist", replace(spec, ".params.rounds", ".params.turns"), reason.ValidationFailed,
			`step train: template.spec.hyperParameters.num_round: <.params.turns>: map has no entry for key "turns"`,
		},
		{
			"an output that does not exist", replace(spec, "outputs.modelData", "outputs.weights"), reason.ValidationFailed,
			"step train has no output weights, but arn, modelData, name",
		},
		{"a function that does not exist", replace(spec, "{{ .params.rounds }}", "{{ now }}"), reason.ValidationFailed, `function "now" not defined`},
		{
			"an output in a function", replace(spec, "{{ .steps.train.outputs.modelData }}", "{{ .steps.train.outputs.modelData | upper }}"), reason.ValidationFailed,
			"step serve: template.spec.variants[0].model.primaryContainer.modelDataURL: an output of a step can be inserted into a text",
		},
		{
			"no number", replace(spec, `count: "1"`, `count: "many"`), reason.ValidationFailed,
			`step serve: template.spec.variants[0].initialInstanceCount: "many" is no whole number`,
		},
		{
			"a field that does not exist", replace(spec, "stoppingCondition: {", "stoppingConditions: {"), reason.ValidationFailed,
			`step train: template.spec.unknown field "stoppingConditions"`,
		},
		{
			"what the API server refuses", replace(spec, "instanceCount: 1, ", "instanceCount: -1, "), reason.ValidationFailed,
			"spec.resourceConfig.instanceCount",
		},
		{
			"a checkpoint where another run has one", replace(spec, "stoppingCondition: {", "checkpointConfig: {s3URI: s3://acme-ml/checkpoints}\n        stoppingCondition: {"),
			reason.SharedOutput, "step train: template.spec.checkpointConfig.s3URI: another run of the step would write to s3://acme-ml/checkpoints too",
		},
		{
			"a name of its own", replace(spec, "        stoppingCondition: {", "        trainingJobName: mine\n        stoppingCondition: {"), reason.ValidationFailed,
			"step train: template.spec.trainingJobName: the pipeline says that itself",
		},
		{
			"a bound that is no number", replace(spec, `maxRMSE: "2.2"`, `maxRMSE: "good"`), reason.ValidationFailed,
			`step quality: gate.checks[rmse].max: "good" is no number`,
		},
		{
			"a template that never ends", replace(spec, "{{ .params.rounds }}", `{{ define \"x\" }}{{ template \"x\" }}{{ end }}{{ template \"x\" }}`), reason.ValidationFailed,
			"goes round for ever",
		},
		{
			"something that may become something else", replace(spec, "stoppingCondition: {", "modelPackageConfig: {modelPackageGroupRef: {name: ours}, sourceModelPackageRef: {name: base}}\n        stoppingCondition: {"),
			reason.ValidationFailed, "step train: template.spec.modelPackageConfig.sourceModelPackageRef: what is outside of the pipeline may become something else",
		},
		{"a time that never comes", pipeline(nil, `triggers: {schedules: [{cron: "0 0 30 2 *"}]}`), reason.ValidationFailed, "triggers.schedules[0]: cron: it is never due"},
		{
			"a place that does not exist", pipeline(nil, `triggers: {schedules: [{cron: "0 3 * * *", timeZone: Mars/Olympus}]}`), reason.ValidationFailed,
			"triggers.schedules[0]: timeZone: there is no time zone Mars/Olympus",
		},
		{
			"a limit for a decision that is no approval's", replace(spec, "  - name: quality\n", "  - name: quality\n    timeout: 1h\n"), reason.ValidationFailed,
			"step quality: timeout is for what a step makes",
		},
		{
			"a service that is to run again", replace(spec, "  - name: serve\n", "  - name: serve\n    cache: Never\n"), reason.ValidationFailed,
			"step serve: cache: a ModelDeployment is no job",
		},
		{"a kind that does not exist", replace(spec, "kind: TrainingJob", "kind: TrainJob"), reason.ValidationFailed, "step train: template.kind: there is no kind TrainJob"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			w.apply(row.spec)
			p := w.pipelineStalled(row.why)
			require.Contains(t, readyCondition(p).Message, row.want)
			require.Empty(t, w.aws.Journal().Entries(), "nothing is asked of AWS")
			require.NoError(t, w.kube.Delete(w.ctx, p))
			w.until("it is gone", func() bool { _, there := get(w, "abalone", &v1alpha1.ModelPipeline{}); return !there })
		})
	}
}

// TestPipelineExample carries out examples/model-pipeline/base as it stands there.
func TestPipelineExample(t *testing.T) {
	w := newPipelineWorld(t)
	require.NoError(t, w.aws.PutObject("acme-ml", "abalone/raw/abalone.csv", []byte("M,0.455,0.365,0.095,0.514,0.2245,0.101,0.15,15\n")))
	all, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), "../../examples/model-pipeline/base")
	require.NoError(t, err)
	var text string
	for _, r := range all.Resources() {
		document, err := r.AsYAML()
		require.NoError(t, err)
		if r.GetKind() == "ModelPipeline" {
			text = strings.ReplaceAll(string(document), "111122223333", "123456789012")
			continue
		}
		w.apply(string(document))
	}
	w.apply(text)
	evidence := w.awaits()
	w.apply(replace(text, "  steps:\n", "  "+approved(evidence)+"\n  steps:\n"))
	w.completed()
	require.Contains(t, w.served(), w.stepOf("train").Child)
	require.Equal(t, "2.08", w.pipeline().Status.Serving.Values["quality/rmse"])
	require.Equal(t, 1, w.mutations()["CreateProcessingJob"])
	require.Equal(t, 1, w.mutations()["CreateTrainingJob"])
	w.rests()

	w.measures(2.2) // 5% worse than what serves, if still below the bound
	w.apply(replace(text, `rounds: "100"`, `rounds: "50"`))
	p := w.pipelineStalled(reason.GateFailed)
	require.Contains(t, readyCondition(p).Message, "not-worse is 2.20, which is worse than 2.08 by more than 2%: at worst 2.12")
	require.Zero(t, w.mutations()["CreateProcessingJob"])
	require.Equal(t, 1, w.mutations()["CreateTrainingJob"])
}
