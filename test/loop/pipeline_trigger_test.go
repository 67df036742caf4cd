package loop_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

// unasked is a pipeline that asks nobody.
func unasked(params map[string]string, extra ...string) string {
	return replace(replace(pipeline(params, extra...), "dependsOn: [approve]", "dependsOn: [quality]"), `
  - name: approve
    dependsOn: [quality]
    approval: {}`, "")
}

// daily is a schedule that is due in two hours, and then once a day.
func (w *world) daily() string {
	return fmt.Sprintf(`triggers: {schedules: [{cron: "%d %d * * *"}]}`, w.clock.Now().UTC().Minute(), w.clock.Now().UTC().Add(2*time.Hour).Hour())
}

// due lets time pass until the schedule is due, and what it has triggered begin.
func (w *world) due() string {
	w.t.Helper()
	before := w.pipeline().Status.Trigger
	w.pass(before.Next.Sub(w.clock.Now()), time.Minute)
	w.until("the hour has come", func() bool { return w.pipeline().Status.Trigger.Token != before.Token })
	return w.pipeline().Status.Trigger.Token
}

// TestPipelineSchedule: at the hour all jobs run again, and what they make is judged
// and served. A cluster that is built anew goes on with that, and going back in git
// goes back to what the hour has made.
func TestPipelineSchedule(t *testing.T) {
	w := newPipelineWorld(t)
	daily := w.daily()
	w.apply(unasked(nil, daily))
	w.completed()
	first := w.served()
	require.Empty(t, w.pipeline().Status.Trigger.Token, "hours that have passed before are nobody's")
	require.True(t, w.pipeline().Status.Trigger.Next.After(w.clock.Now()))

	token := w.due()
	require.Regexp(t, `^schedule/20..-..-..T..:..:00Z$`, token)
	w.completed()
	second := w.served()
	require.NotEqual(t, first, second)
	require.Equal(t, 2, w.mutations()["CreateTrainingJob"])
	endpoint, _ := w.aws.Object("Endpoint", "abalone")
	require.Equal(t, w.pipeline().Status.PlanDigest+"@"+token, endpoint.Tags["sagemaker.gitops.dev/plan"])

	w.stopController()
	w.forgetAll()
	w.aws.Journal().Reset()
	w.startController()
	w.apply(unasked(nil, daily))
	w.completed()
	require.Equal(t, second, w.served())
	require.Empty(t, w.mutations(), "nothing goes back by itself")
	require.Equal(t, token, w.pipeline().Status.Trigger.Token)

	w.apply(unasked(map[string]string{"rounds": "200"}, daily))
	w.until("another model serves", func() bool { return isReady(w.pipeline()) && w.served() != second })
	require.Equal(t, 1, w.mutations()["CreateTrainingJob"])
	require.NotEqual(t, token, w.due())
	w.completed()
	require.Equal(t, 2, w.mutations()["CreateTrainingJob"])
	w.aws.Journal().Reset()
	w.apply(unasked(nil, daily))
	w.until("the earlier model serves", func() bool { return isReady(w.pipeline()) && w.served() == second })
	require.Zero(t, w.mutations()["CreateTrainingJob"])
	require.Equal(t, token, w.pipeline().Status.Trigger.Token)
}

// TestPipelineTriggersWait: what is at work is not disturbed by the clock.
func TestPipelineTriggersWait(t *testing.T) {
	w := newPipelineWorld(t)
	w.apply(unasked(nil, `triggers: {schedules: [{cron: "* * * * *"}]}`))
	w.until("the third job runs", func() bool { return len(w.jobs("InProgress")) == 1 && len(w.aws.Objects("TrainingJob")) == 3 })
	require.Empty(t, w.mutations()["StopTrainingJob"])
}

// TestPipelineLostAtWork: a cluster that is lost while the job of the hour runs goes on
// with that very job.
func TestPipelineLostAtWork(t *testing.T) {
	w := newPipelineWorld(t, "TrainingJob/Training")
	daily := w.daily()
	w.apply(unasked(nil, daily))
	w.completed()
	token := w.due()
	w.until("the job of the hour runs", func() bool { return len(w.jobs("InProgress")) == 1 })
	w.stopController()
	w.forgetAll()
	w.startController()
	w.apply(unasked(nil, daily))
	w.completed()
	require.Equal(t, token, w.pipeline().Status.Trigger.Token)
	require.Equal(t, 2, w.created()["CreateTrainingJob"])
	require.Contains(t, w.served(), w.stepOf("train").Child)
}

// TestPipelineFollowsData: data whose changes are a trigger makes the job run again
// that takes it.
func TestPipelineFollowsData(t *testing.T) {
	w := newPipelineWorld(t)
	with := func(trigger string) string {
		return replace(unasked(nil, trigger, "sources: [{name: data, s3: {uri: s3://acme-ml/abalone/train/}}]"), "hyperParameters:",
			"environment: {DATA: \"{{ .sources.data.digest }}\"}\n        hyperParameters:")
	}
	w.apply(with("triggers: {onSourceChange: [other]}"))
	require.Contains(t, readyCondition(w.pipelineStalled(reason.ValidationFailed)).Message, "triggers.onSourceChange: there is no source other")
	w.apply(with("triggers: {onSourceChange: [data]}"))
	w.completed()
	first := w.served()
	w.aws.Journal().Reset()
	w.pass(time.Hour, time.Minute)
	require.NotZero(t, w.aws.Journal().Counts()["ListObjects"])
	require.Empty(t, w.mutations())

	require.NoError(t, w.aws.PutObject("acme-ml", "abalone/train/part-1", []byte("2 1:2")))
	w.until("what was made of it serves", func() bool { return isReady(w.pipeline()) && w.served() != first })
	require.Equal(t, 1, w.mutations()["CreateTrainingJob"])

	w.apply(with(""))
	w.completed()
	require.NoError(t, w.aws.PutObject("acme-ml", "abalone/train/part-2", []byte("3 1:2")))
	w.pass(time.Hour, time.Minute)
	require.Equal(t, 1, w.mutations()["CreateTrainingJob"], "nobody looks any more")
}

const monitored = `
  - name: monitor
    dependsOn: [serve]
    template:
      kind: MonitoringSchedule
      spec:
        interval: 5m
        monitoringScheduleConfig:
          scheduleConfig: {scheduleExpression: "cron(0 * ? * * *)"}
          monitoringType: DataQuality
          monitoringJobDefinition:
            roleARN: arn:aws:iam::123456789012:role/abalone
            monitoringAppSpecification: {imageURI: "156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer"}
            monitoringInputs: [{endpointInput: {endpointName: abalone, localPath: /opt/ml/processing/input}}]
            monitoringOutputConfig: {monitoringOutputs: [{s3Output: {s3URI: "s3://acme-ml/monitoring", localPath: /opt/ml/processing/output, s3UploadMode: Continuous}}]}
            monitoringResources: {clusterConfig: {instanceCount: 1, instanceType: ml.m5.large, volumeSizeInGB: 10}}
`

// TestPipelineViolation: a violation makes the jobs run again, and those that follow
// it too soon do not.
func TestPipelineViolation(t *testing.T) {
	w := newPipelineWorld(t)
	w.apply(strings.TrimRight(unasked(nil, "triggers: {onViolation: [{monitoringSchedule: monitor, cooldown: 150m}]}"), "\n") + monitored)
	w.completed()
	w.pass(3*time.Hour, 10*time.Second)
	require.Equal(t, 1, w.mutations()["CreateTrainingJob"], "all is well")
	w.fault(fault.Rule{Action: fault.Fail, Kind: "MonitoringSchedule", Stage: "Scheduled", Reason: "CompletedWithViolations: 3 features drifted"})
	first := w.served()
	w.until("another model serves", func() bool { return isReady(w.pipeline()) && w.served() != first })
	require.Regexp(t, `^violation/monitor/20`, w.pipeline().Status.Trigger.Token)
	w.pass(w.pipeline().Status.Trigger.Time.Add(140*time.Minute).Sub(w.clock.Now()), 10*time.Second)
	require.Equal(t, 2, w.mutations()["CreateTrainingJob"], "the cool-down is not over")
	w.until("it is", func() bool { return w.mutations()["CreateTrainingJob"] == 3 })
}

// TestPipelineMeasures: what serves is measured for a while, and a plan whose service
// errs has failed.
func TestPipelineMeasures(t *testing.T) {
	w := newPipelineWorld(t)
	put := func(value float64) {
		_, err := w.cloudwatch().PutMetricData(w.ctx, &cloudwatch.PutMetricDataInput{
			Namespace: aws.String("AWS/SageMaker"), MetricData: []cwtypes.MetricDatum{{
				MetricName: aws.String("Invocation5XXErrors"), Value: aws.Float64(value), Timestamp: aws.Time(w.clock.Now()),
				Dimensions: []cwtypes.Dimension{{Name: aws.String("EndpointName"), Value: aws.String("abalone")}, {Name: aws.String("VariantName"), Value: aws.String("main")}},
			}},
		})
		require.NoError(t, err)
	}
	measured := func(rounds string) string {
		return strings.TrimRight(unasked(map[string]string{"rounds": rounds}), "\n") + `
  - name: errors
    gate:
      checks:
      - name: errors
        cloudWatch:
          namespace: AWS/SageMaker
          metricName: Invocation5XXErrors
          dimensions: {EndpointName: "{{ .steps.serve.outputs.name }}", VariantName: main}
          statistic: Average
          period: 10m
        max: "0.01"
`
	}
	measuring := func() {
		w.until("it is measured", func() bool { return strings.HasPrefix(w.stepOf("errors").Message, "measuring until") })
		require.False(t, isStalled(w.pipeline()))
		w.pass(time.Minute, step)
	}
	w.apply(measured("100"))
	measuring()
	put(0)
	w.completed()
	require.Equal(t, "errors is 0", w.stepOf("errors").Message)
	w.apply(measured("200"))
	measuring()
	put(1)
	require.Contains(t, readyCondition(w.pipelineStalled(reason.GateFailed)).Message, "errors is 1, which is more than 0.01 (step errors)")
	w.apply(measured("300"))
	measuring()
	require.Contains(t, readyCondition(w.pipelineStalled(reason.GateFailed)).Message, "errors: AWS/SageMaker Invocation5XXErrors has no data between ")
}

// TestPipelineTimeout: what takes too long is stopped in AWS and has failed, until
// somebody asks to try it again.
func TestPipelineTimeout(t *testing.T) {
	w := newPipelineWorld(t, "TrainingJob/Training")
	w.apply(replace(pipeline(nil), "  - name: train\n", "  - name: train\n    timeout: 1m\n"))
	p := w.pipelineStalled(reason.StepFailed)
	require.Contains(t, readyCondition(p).Message, "has not come to an end within 1m0s (step train)")
	w.until("it is stopped", func() bool { return len(w.jobs("Stopped")) == 1 })
	w.pass(time.Hour, 10*time.Second)
	require.Equal(t, map[string]int{"CreateTrainingJob": 1, "StopTrainingJob": 1}, w.mutations())
	require.Contains(t, readyCondition(w.pipeline()).Message, "has not come to an end within 1m0s (step train)")

	w.apply(replace(pipeline(nil), "  - name: train\n", "  - name: train\n    timeout: 5h\n"))
	w.pass(time.Minute, step)
	require.Equal(t, 1, w.created()["CreateTrainingJob"], "another limit is no other run")
	w.forced(w.pipeline(), "now")
	w.awaits()
	require.Equal(t, 2, w.created()["CreateTrainingJob"])
	require.Equal(t, "now", w.pipeline().Status.LastHandledForceAt)
}

// TestPipelineNeverCached: a job that is not to be reused runs in each plan.
func TestPipelineNeverCached(t *testing.T) {
	w := newPipelineWorld(t)
	never := func(rounds string) string {
		return replace(replace(prepared(map[string]string{"rounds": rounds}), "  - name: prep\n", "  - name: prep\n    cache: Never\n"),
			"{{ .step.path }}/train", "s3://acme-ml/shared")
	}
	w.apply(never("100"))
	first := w.awaits()
	w.apply(never("200"))
	require.NotEqual(t, first, w.awaits())
	w.apply(never("100"))
	w.until("it has run again", func() bool { return w.created()["CreateProcessingJob"] == 3 })
	require.Equal(t, first, w.awaits())
	require.Equal(t, 2, w.created()["CreateTrainingJob"])
	w.restartController()
	w.pass(time.Minute, step)
	require.Equal(t, 3, w.created()["CreateProcessingJob"])
}

// TestPipelineRegistry: a version that waits in the model registry is decided on
// there.
func TestPipelineRegistry(t *testing.T) {
	w := newPipelineWorld(t)
	w.apply(`
kind: ModelPackageGroup
metadata: {name: abalone}
spec: {modelPackageGroupName: abalone}`)
	registered := func(rounds string) string {
		return replace(replace(pipeline(map[string]string{"rounds": rounds}), "approval: {}", `template:
      kind: ModelPackage
      spec:
        modelPackageGroupRef: {name: abalone}
        modelApprovalStatus: PendingManualApproval
        inferenceSpecification:
          containers: [{image: `+deploymentImage+`, modelDataURL: "{{ .steps.train.outputs.modelData }}"}]
          supportedContentTypes: [text/libsvm]
          supportedResponseMIMETypes: [text/csv]`),
			`model: {primaryContainer: {image: `+deploymentImage+`, modelDataURL: "{{ .steps.train.outputs.modelData }}"}}`,
			`model: {primaryContainer: {modelPackageName: "{{ .steps.approve.outputs.arn }}"}}`)
	}
	decide := func(status types.ModelApprovalStatus) {
		var version v1alpha1.ModelPackage
		w.until("a decision is waited for", func() bool {
			if w.pipeline().Status.Phase != v1alpha1.PipelineAwaiting {
				return false
			}
			version = v1alpha1.ModelPackage{}
			_, there := get(w, w.stepOf("approve").Child, &version)
			return there && version.Status.ARN != ""
		})
		require.Equal(t, reason.AwaitingApproval, readyCondition(w.pipeline()).Reason)
		_, err := w.sagemaker().UpdateModelPackage(w.ctx, &sagemaker.UpdateModelPackageInput{
			ModelPackageArn: aws.String(version.Status.ARN), ModelApprovalStatus: status,
		})
		require.NoError(t, err)
	}
	w.apply(registered("100"))
	decide(types.ModelApprovalStatusApproved)
	w.untilWithin("it goes on within minutes", 10*time.Minute, func() bool { return w.pipeline().Status.Phase != v1alpha1.PipelineAwaiting })
	w.completed()
	w.apply(registered("200"))
	w.until("a plan is made of it", func() bool { return !meta.IsStatusConditionTrue(w.pipeline().Status.Conditions, "Ready") })
	decide(types.ModelApprovalStatusRejected)
	w.pipelineStalled(reason.Rejected)
	require.Equal(t, 1, w.mutations()["CreateEndpoint"])
	require.Zero(t, w.mutations()["UpdateEndpoint"])
}
