package loop_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/story"
)

// TestPipelineCrashes kills the controller after every third effect of a pipeline's
// way to its endpoint: nothing is made twice, and nothing is lost.
func TestPipelineCrashes(t *testing.T) { crashing(t, pipelineInterrupted, 3) }

func pipelineInterrupted(w *world, c *crash) {
	t := w.t
	w.measures(2.08)
	w.kinds, w.crash = slices.Concat(chainKinds, []string{
		"ModelPipeline", "ModelDeployment", "InferenceComponent", "ScalableTarget", "ScalingPolicy", "ScheduledAction", "MetricAlarm",
	}), c
	w.startController()
	w.apply(pipeline(nil))
	w.reviving("a decision is waited for", func() bool { return w.pipeline().Status.Phase == v1alpha1.PipelineAwaiting })
	w.apply(pipeline(nil, approved(w.stepOf("approve").Evidence)))
	w.reviving("it serves", func() bool { return isReady(w.pipeline()) })
	require.Contains(t, w.served(), w.stepOf("train").Child)
	require.Equal(t, map[string]int{"CreateTrainingJob": 1, "CreateModel": 1, "CreateEndpointConfig": 1, "CreateEndpoint": 1}, w.created())
}

// created counts what was made in AWS.
func (w *world) created() map[string]int {
	made := map[string]int{}
	for operation, n := range w.mutations() {
		if strings.HasPrefix(operation, "Create") {
			made[operation] = n
		}
	}
	return made
}

// prepared is a pipeline with a step before the job.
func prepared(params map[string]string) string {
	return replace(pipeline(params), `  - name: train
    template:`, `  - name: prep
    template:
      kind: ProcessingJob
      spec:
        roleARN: arn:aws:iam::123456789012:role/abalone
        appSpecification: {imageURI: 141502667606.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1}
        processingOutputConfig:
          outputs:
          - {outputName: train, s3Output: {s3URI: "{{ .step.path }}/train", localPath: /opt/ml/processing/train, s3UploadMode: EndOfJob}}
        processingResources: {clusterConfig: {instanceCount: 1, instanceType: ml.m5.large, volumeSizeInGB: 10}}
  - name: train
    dependsOn: [prep]
    template:`)
}

// TestPipelineSharesSteps: of a plan that is superseded those steps go on that the
// next one has too.
func TestPipelineSharesSteps(t *testing.T) {
	w := newPipelineWorld(t)
	w.apply(prepared(nil))
	w.until("the data is prepared", func() bool { return len(w.aws.Objects("ProcessingJob")) == 1 })
	w.apply(prepared(map[string]string{"rounds": "200"}))
	w.until("a job runs", func() bool { return len(w.jobs("InProgress")) == 1 })
	require.Empty(t, w.mutations()["StopProcessingJob"])
	w.apply(prepared(map[string]string{"rounds": "300"}))
	w.awaits()
	require.Equal(t, map[string]int{"CreateProcessingJob": 1, "CreateTrainingJob": 2}, w.created())
	require.Equal(t, 1, w.mutations()["StopTrainingJob"])
}

// TestPipelineForeignJob: a job of somebody else that has the name is left alone.
func TestPipelineForeignJob(t *testing.T) {
	w := newPipelineWorld(t)
	w.fault(fault.Rule{Action: fault.Reject, Operation: "CreateTrainingJob", Code: "ThrottlingException", Message: "Rate exceeded"})
	w.apply(pipeline(nil))
	w.until("its name is known", func() bool { return w.stepOf("train").Child != "" })
	name := w.stepOf("train").Child
	w.stopController()
	w.aws.Faults().Clear()
	_, err := w.sagemaker().CreateTrainingJob(w.ctx, &sagemaker.CreateTrainingJobInput{
		TrainingJobName: &name, RoleArn: aws.String("arn:aws:iam::123456789012:role/theirs"),
		AlgorithmSpecification: &types.AlgorithmSpecification{TrainingImage: aws.String(deploymentImage), TrainingInputMode: types.TrainingInputModeFile},
		OutputDataConfig:       &types.OutputDataConfig{S3OutputPath: aws.String("s3://acme-ml/theirs")},
		ResourceConfig:         &types.ResourceConfig{InstanceCount: aws.Int32(1), InstanceType: types.TrainingInstanceTypeMlM5Large, VolumeSizeInGB: aws.Int32(1)},
		StoppingCondition:      &types.StoppingCondition{MaxRuntimeInSeconds: aws.Int32(600)},
	})
	require.NoError(t, err)
	w.aws.Journal().Reset()
	w.startController()
	p := w.pipelineStalled(reason.StepFailed)
	require.Contains(t, readyCondition(p).Message, name)
	require.Empty(t, w.mutations())
}

// TestPipelineLabels: resources carry the pipeline's labels, but not those by which
// GitOps tools know what they applied; a label of the pipeline costs nothing in AWS.
func TestPipelineLabels(t *testing.T) {
	w := newPipelineWorld(t)
	labelled := func(team string) string {
		return replace(pipeline(nil), "metadata: {name: abalone}", `metadata:
  name: abalone
  labels: {team: `+team+`, argocd.argoproj.io/instance: ml, kustomize.toolkit.fluxcd.io/name: ml, app.kubernetes.io/instance: ml}`)
	}
	w.apply(labelled("one"))
	w.awaits()
	var jobs v1alpha1.TrainingJobList
	require.NoError(t, w.kube.List(w.ctx, &jobs, client.InNamespace(w.namespace)))
	require.Equal(t, map[string]string{
		"team": "one", "sagemaker.gitops.dev/owner": "ModelPipeline.abalone", "sagemaker.gitops.dev/step": "train",
		"sagemaker.gitops.dev/digest": w.stepOf("train").Digest,
	}, jobs.Items[0].Labels)
	w.aws.Journal().Reset()
	w.apply(labelled("two"))
	w.pass(10*time.Minute, 10*time.Second)
	require.Empty(t, w.aws.Journal().Entries())
}

// TestPipelineClaims: of two pipelines that want one endpoint the younger is refused
// before anything is trained for it, and so is one whose endpoint is there already.
func TestPipelineClaims(t *testing.T) {
	w := newPipelineWorld(t)
	other := func() *v1alpha1.ModelPipeline {
		p, _ := get(w, "other", &v1alpha1.ModelPipeline{})
		return p
	}
	younger := replace(pipeline(nil), "metadata: {name: abalone}", "metadata: {name: other}")
	w.apply(pipeline(nil))
	w.apply(younger)
	w.until("the younger is refused", func() bool { return isStalled(other()) })
	require.Equal(t, reason.NameClaimed, readyCondition(other()).Reason)
	require.Equal(t, "step serve: template.spec.endpointName: endpoint abalone: ModelPipeline abalone wants it, and is older", readyCondition(other()).Message)
	w.apply(pipeline(nil, approved(w.awaits())))
	w.completed()
	require.Equal(t, 1, w.created()["CreateTrainingJob"])

	require.NoError(t, w.kube.Delete(w.ctx, other()))
	w.until("it is gone", func() bool { return other().Name == "" })
	w.apply(younger)
	w.until("the endpoint's owner is told", func() bool {
		return strings.Contains(readyCondition(other()).Message, "it belongs to ModelDeployment abalone-serve")
	})
	require.NoError(t, w.kube.Delete(w.ctx, w.pipeline()))
	w.until("the other goes on", func() bool { return other().Status.Phase == v1alpha1.PipelineAwaiting })
}

// TestPipelinePoisoned: one pipeline that cannot be carried out is in nobody's way.
func TestPipelinePoisoned(t *testing.T) {
	w := newPipelineWorld(t)
	named := func(i int, spec string) string {
		return replace(replace(spec, "{name: abalone}", fmt.Sprintf("{name: p%d}", i)), "endpointName: abalone", fmt.Sprintf("endpointName: e%d", i))
	}
	w.apply(named(0, replace(pipeline(nil), "{{ .params.rounds }}", "{{ range until 9999 }}{{ range until 9999 }}{{ end }}{{ end }}")))
	for i := 1; i <= 9; i++ {
		w.apply(named(i, pipeline(nil)))
	}
	w.until("all others wait for a decision", func() bool {
		for i := 1; i <= 9; i++ {
			p, _ := get(w, fmt.Sprintf("p%d", i), &v1alpha1.ModelPipeline{})
			if p.Status.Phase != v1alpha1.PipelineAwaiting {
				return false
			}
		}
		return true
	})
	p, _ := get(w, "p0", &v1alpha1.ModelPipeline{})
	require.Equal(t, v1alpha1.PipelineRefused, p.Status.Phase)
}

// TestPipelineLongNames: a tuning job's name has 32 characters at most, whatever the
// pipeline and the step are called.
func TestPipelineLongNames(t *testing.T) {
	w := newPipelineWorld(t)
	steps, err := story.Read("HyperParameterTuningJob")
	require.NoError(t, err)
	spec := steps[0].Spec
	delete(spec, "deletionPolicy")
	text, err := json.Marshal(spec)
	require.NoError(t, err)
	require.NoError(t, w.aws.PutObject("acme-ml", "train/part-0", []byte("1")))
	name := "abalone-of-the-southern-oceans"
	require.Len(t, name, 30)
	w.apply(fmt.Sprintf(`
kind: ModelPipeline
metadata: {name: %s}
spec:
  steps:
  - name: tune-and-tune-more
    template: {kind: HyperParameterTuningJob, spec: %s}
`, name, text))
	w.until("it is tuned", func() bool {
		p, _ := get(w, name, &v1alpha1.ModelPipeline{})
		require.NotEqual(t, v1alpha1.PipelineRefused, p.Status.Phase, readyCondition(p).Message)
		return isReady(p)
	})
	jobs := w.aws.Objects("HyperParameterTuningJob")
	require.Len(t, jobs, 1)
	require.LessOrEqual(t, len(jobs[0].Name), 32)
}

// TestPipelineStaysReadyWhileItServes: with readiness Serving the pipeline stays Ready
// while a candidate is at work. One that is not good enough is told by an event.
func TestPipelineStaysReadyWhileItServes(t *testing.T) {
	w := newPipelineWorld(t)
	serving := "readiness: Serving"
	w.apply(pipeline(nil, serving))
	evidence := w.awaits()
	w.apply(pipeline(nil, serving, approved(evidence)))
	w.completed()
	w.measures(9)
	w.apply(pipeline(map[string]string{"rounds": "1"}, serving, approved(evidence)))
	w.until("the candidate is at work", func() bool {
		p := w.pipeline()
		return p.Status.Phase == v1alpha1.PipelineRunning && readyCondition(p).ObservedGeneration == p.Generation
	})
	require.Equal(t, metav1.ConditionTrue, readyCondition(w.pipeline()).Status)
	w.until("the candidate has failed", func() bool { return w.pipeline().Status.Phase == v1alpha1.PipelineFailed })
	p := w.completed()
	require.Equal(t, reason.Serving, readyCondition(p).Reason)
	require.True(t, meta.IsStatusConditionFalse(p.Status.Conditions, v1alpha1.ConditionCandidateHealthy))
	require.Contains(t, readyCondition(p).Message, "rmse is 9.00, which is more than 2.20")
}

// TestPipelineHistory: resources beyond the history go, never those of the plan, and
// no job runs again for that.
func TestPipelineHistory(t *testing.T) {
	w := newPipelineWorld(t)
	limited := func(rounds int, evidence ...string) string {
		return pipeline(map[string]string{"rounds": strconv.Itoa(rounds)}, "history: {limit: 1}", approved(evidence...))
	}
	var given []string
	for rounds := 1; rounds <= 3; rounds++ {
		w.apply(limited(rounds, given...))
		given = append(given, w.awaits())
		w.apply(limited(rounds, given...))
		w.completed()
	}
	var jobs v1alpha1.TrainingJobList
	w.until("two are kept", func() bool {
		require.NoError(t, w.kube.List(w.ctx, &jobs, client.InNamespace(w.namespace)))
		return len(jobs.Items) == 2
	})
	w.apply(limited(1, given...))
	w.completed()
	require.Equal(t, 3, w.mutations()["CreateTrainingJob"], "the first job is found in AWS again")
}

// TestPipelineFallsBack: when AWS has no instances of a type the job runs on the next,
// under the same digest.
func TestPipelineFallsBack(t *testing.T) {
	w := newPipelineWorld(t)
	w.fault(fault.Rule{Action: fault.Fail, Kind: "TrainingJob", Stage: "Starting", Reason: "CapacityError: Unable to provision requested ML compute capacity.", Times: 2})
	spec := replace(pipeline(nil), "    retry: {limit: 2, backoff: 1m}", "    instanceFallback: [ml.m5.2xlarge, ml.c5.2xlarge]")
	w.apply(spec)
	evidence := w.awaits()
	requests := w.requests("CreateTrainingJob")
	on := make([]any, len(requests))
	for i, request := range requests {
		config, _ := request["ResourceConfig"].(map[string]any)
		on[i] = config["InstanceType"]
	}
	require.Equal(t, []any{"ml.m5.xlarge", "ml.m5.2xlarge", "ml.c5.2xlarge"}, on)
	plan := w.pipeline().Status.PlanDigest
	w.apply(replace(spec, "  steps:\n", "  "+approved(evidence)+"\n  steps:\n"))
	require.Equal(t, plan, w.completed().Status.PlanDigest)
	require.Len(t, w.requests("CreateTrainingJob"), 3)
}

// TestPipelineWhen: a step whose condition does not hold is skipped, with all that
// need it; that is no failure, and nothing that serves goes.
func TestPipelineWhen(t *testing.T) {
	w := newPipelineWorld(t)
	spec := replace(pipeline(nil), "    approval: {}", "    approval: {}\n    when: steps.train.metrics[\"validation:rmse\"] < 2.0")
	w.apply(spec)
	p := w.completed()
	require.Equal(t, "2 of 4 steps have succeeded, 2 are skipped", readyCondition(p).Message)
	require.Equal(t, v1alpha1.StepSkipped, w.stepOf("serve").Phase)
	require.Empty(t, w.aws.Objects("Endpoint"))
	w.apply(replace(spec, "< 2.0", "< 2.1"))
	w.awaits()
	require.Equal(t, 1, w.mutations()["CreateTrainingJob"], "a condition is no part of a digest")
	w.apply(replace(spec, "steps.train.metrics", "steps.training.metrics"))
	require.Contains(t, readyCondition(w.pipelineStalled(reason.StepFailed)).Message, "no such key: training")
	w.apply(replace(spec, "< 2.0", "<"))
	require.Contains(t, readyCondition(w.pipelineStalled(reason.ValidationFailed)).Message, "step approve: when: ")
}

// TestPipelineRolledBackByHand: an annotation brings back a plan that has served, as
// when git cannot be reached; the next push ends that.
func TestPipelineRolledBackByHand(t *testing.T) {
	w := newPipelineWorld(t)
	var given []string
	serves := func(rounds int) (plan, served string) {
		spec := func() string { return pipeline(map[string]string{"rounds": strconv.Itoa(rounds)}, approved(given...)) }
		w.apply(spec())
		given = append(given, w.awaits())
		w.apply(spec())
		return w.completed().Status.PlanDigest, w.served()
	}
	first, model := serves(1)
	second, _ := serves(2)
	w.aws.Journal().Reset()
	annotate := func(digest string) {
		p := w.pipeline()
		p.SetAnnotations(map[string]string{"sagemaker.gitops.dev/rollback": digest})
		require.NoError(t, w.kube.Update(w.ctx, p))
	}
	annotate(first)
	w.until("the first model serves again", func() bool { return isReady(w.pipeline()) && w.served() == model })
	p := w.pipeline()
	require.Equal(t, reason.RolledBackByHand, readyCondition(p).Reason)
	require.Equal(t, first, p.Status.PlanDigest)
	require.Empty(t, w.created(), "nothing is made")

	annotate("a234567890")
	require.Contains(t, readyCondition(w.pipelineStalled(reason.NotFound)).Message, "asks for plan a234567890, which is not one of those that have served")
	require.Equal(t, model, w.served())
	annotate(first)
	w.completed()

	w.apply(pipeline(map[string]string{"rounds": "2"}, approved(given...), "readiness: Completed"))
	w.until("git has the word again", func() bool { return isReady(w.pipeline()) && w.served() != model })
	require.Equal(t, reason.Completed, readyCondition(w.pipeline()).Reason)
	require.Equal(t, second, w.pipeline().Status.PlanDigest)

	annotate(first + "@again")
	w.until("it has gone back once more", func() bool {
		return isReady(w.pipeline()) && w.served() == model && readyCondition(w.pipeline()).Reason == reason.RolledBackByHand
	})
	require.Equal(t, first, w.pipeline().Status.PlanDigest)
	w.pass(time.Hour, 10*time.Second)
	require.Equal(t, model, w.served(), "it holds")
}

// TestPipelineRetains: a step that retains what it makes keeps it when the pipeline
// goes, and its superseded runs are stopped all the same.
func TestPipelineRetains(t *testing.T) {
	w := newPipelineWorld(t, "TrainingJob/Training") // so that a busy controller comes to stop it in time
	retained := func(rounds int, extra ...string) string {
		text := pipeline(map[string]string{"rounds": strconv.Itoa(rounds)}, append(extra, "deletionPolicy: Delete")...)
		text = replace(text, "        endpointName: abalone\n", "        endpointName: abalone\n        deletionPolicy: Retain\n")
		return replace(text, "        stoppingCondition: {", "        deletionPolicy: Retain\n        stoppingCondition: {")
	}
	w.apply(retained(1))
	w.until("a job runs", func() bool { return len(w.jobs("InProgress")) == 1 })
	w.apply(retained(2))
	w.until("it is stopped", func() bool { return len(w.jobs("Stopped")) == 1 })
	w.apply(retained(2, approved(w.awaits())))
	w.completed()
	served := w.served()
	require.NoError(t, w.kube.Delete(w.ctx, w.pipeline()))
	w.until("the pipeline is gone", func() bool { _, there := get(w, "abalone", &v1alpha1.ModelPipeline{}); return !there })
	w.pass(10*time.Minute, 10*time.Second)
	require.Equal(t, served, w.served())
}
