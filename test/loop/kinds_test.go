package loop_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

// What single kinds do beyond the life that all of them share (TestEveryKind).

// carriedOut are the calls among those given that AWS carried out, in order.
func (w *world) carriedOut(operations ...string) []string {
	var calls []string
	for _, e := range w.aws.Journal().Entries() {
		for _, operation := range operations {
			if e.Operation == operation && e.Succeeded() {
				calls = append(calls, operation)
			}
		}
	}
	return calls
}

// requests are what was sent in carried-out calls of an operation.
func (w *world) requests(operation string) []map[string]any {
	var sent []map[string]any
	for _, e := range w.aws.Journal().Entries() {
		if e.Operation == operation && e.Succeeded() {
			sent = append(sent, e.Request)
		}
	}
	return sent
}

const scaling = `
kind: ScalableTarget
metadata: {name: abalone}
spec: {endpointRef: {name: abalone}, variantName: main, minCapacity: 1, maxCapacity: 4}
---
kind: ScalingPolicy
metadata: {name: abalone}
spec:
  scalableTargetRef: {name: abalone}
  policyType: TargetTrackingScaling
  targetTrackingScalingPolicyConfiguration:
    targetValue: 70
    predefinedMetricSpecification: {predefinedMetricType: SageMakerVariantInvocationsPerInstance}
`

// AWS refuses to change the instance type of a variant that is scaled: the target is
// deregistered for the update, and the policy goes with it, in whatever way the target
// says which endpoint it is for.
func TestScalingDetaches(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ reason, says string }{
		{"a reference", "endpointRef: {name: abalone}, variantName: main"},
		{"the name in AWS", "endpointName: %s, variantName: main"},
		{"the resource, as the ACK controller takes it", "resourceID: endpoint/%s/variant/main"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			w := newWorld(t)
			w.startController()
			w.apply(abalone())
			w.until("it serves", w.chainReady)
			says := row.says
			if strings.Contains(says, "%s") {
				says = fmt.Sprintf(says, w.endpoint().Status.Name)
			}
			w.apply(replace(strings.TrimPrefix(scaling, "\n"), "endpointRef: {name: abalone}, variantName: main", says))
			scaled := func() bool {
				policy, ok := get(w, "abalone", &v1alpha1.ScalingPolicy{})
				target, there := get(w, "abalone", &v1alpha1.ScalableTarget{})
				return ok && there && isReady(policy) && isReady(target) && w.chainReady()
			}
			w.until("the endpoint is scaled", scaled)
			w.pass(time.Minute, step)
			w.aws.Journal().Reset()

			w.apply(replace(endpointConfig, "ml.m5.large", "ml.m5.xlarge"))
			w.until("it is about to be updated", func() bool { return !isReady(w.endpoint()) })
			w.until("the other machines are scaled", scaled)
			require.Equal(t, []string{"DeregisterScalableTarget", "UpdateEndpoint", "RegisterScalableTarget", "PutScalingPolicy"},
				w.carriedOut("DeleteScalingPolicy", "DeregisterScalableTarget", "UpdateEndpoint", "RegisterScalableTarget", "PutScalingPolicy"))
			require.Equal(t, true, w.requests("UpdateEndpoint")[0]["RetainAllVariantProperties"], "or scaling would begin anew")
		})
	}
}

// What a person has stopped is changed as git says, and stays stopped.
func TestNotebookStoppedByAPerson(t *testing.T) {
	t.Parallel()
	p := newPlay(t, kind.NotebookInstance)
	p.startController()
	p.tell(p.steps[0])
	o, _ := p.inAWS()
	p.stops(o)
	p.until("it is noticed", func() bool { return p.reason() == reason.Stopped || p.reason() == reason.StoppedExternally })
	p.aws.Journal().Reset()
	p.push(map[string]any{"volumeSizeInGB": 20})
	p.until("it is changed", func() bool { return p.calls(kind.NotebookInstance.Update) == 1 })
	p.pass(time.Hour, 10*time.Second)
	o, _ = p.inAWS()
	require.Equal(t, "Stopped", o.Stage)
	require.Zero(t, p.calls(kind.NotebookInstance.Start))
	require.Equal(t, json.Number("20"), o.Document["VolumeSizeInGB"])
}

// The runs of a schedule and what they found wrong are in its status, the newest
// last, and do not make the schedule itself fail.
func TestMonitoringViolations(t *testing.T) {
	t.Parallel()
	p := newPlay(t, kind.MonitoringSchedule)
	p.startController()
	p.tell(p.steps[0])
	p.fault(fault.Rule{
		Action: fault.Fail, Kind: "MonitoringSchedule", Stage: "Scheduled", Times: 1, Skip: 1,
		Reason: "CompletedWithViolations: 3 features drifted",
	})
	executions := func() []v1alpha1.MonitoringExecutionSummary {
		obj, _ := get(p.world, "abalone", &v1alpha1.MonitoringSchedule{})
		return obj.Status.Executions
	}
	p.pass(5*time.Hour, time.Minute)
	all := executions()
	bad := slices.IndexFunc(all, func(e v1alpha1.MonitoringExecutionSummary) bool {
		return *e.MonitoringExecutionStatus == "CompletedWithViolations"
	})
	require.NotEqual(t, -1, bad)
	require.Equal(t, "CompletedWithViolations: 3 features drifted", *all[bad].FailureReason)
	require.True(t, p.isReady())
	var events corev1.EventList
	require.Eventually(t, func() bool {
		require.NoError(t, p.kube.List(p.ctx, &events, client.InNamespace(p.namespace)))
		return slices.ContainsFunc(events.Items, func(e corev1.Event) bool { return e.Reason == reason.ViolationsFound })
	}, eventually, 50*time.Millisecond, "people are told")
	told := 0
	for _, e := range events.Items {
		if e.Reason == reason.ViolationsFound {
			told += int(max(e.Count, 1))
			require.Contains(t, e.Message, "3 features drifted")
		}
	}
	require.Equal(t, 1, told, "once")
	for i := range all[1:] {
		require.True(t, all[i].ScheduledTime.Before(all[i+1].ScheduledTime), "the newest is the last")
	}
}

// The best model of a tuning job becomes a model.
func TestModelOfATuningJob(t *testing.T) {
	t.Parallel()
	p := newPlay(t, kind.HyperParameterTuningJob)
	p.kinds = append(p.kinds, "Model")
	p.startController()
	p.apply(replace(model, "kind: TrainingJob", "kind: HyperParameterTuningJob"))
	p.push(p.steps[0].Spec)
	served := func() (*v1alpha1.Model, bool) { return get(p.world, "abalone", &v1alpha1.Model{}) }
	p.until("the model waits", func() bool {
		obj, ok := served()
		return ok && readyCondition(obj).Reason == reason.WaitingForReference
	})
	p.until("the model is there", func() bool { obj, ok := served(); return ok && isReady(obj) })
	tuned, _ := get(p.world, "abalone", &v1alpha1.HyperParameterTuningJob{})
	best := *tuned.Status.BestTrainingJob.TrainingJobName
	obj, _ := served()
	o, ok := p.aws.Object("Model", obj.Status.Name)
	require.True(t, ok)
	require.Equal(t, "s3://acme-ml/abalone/tuned/"+best+"/output/model.tar.gz", shape.String(o.Document, "PrimaryContainer.ModelDataUrl"))
	require.Len(t, tuned.Status.TrainingJobs, 2)
	require.EqualValues(t, 2, *tuned.Status.TrainingJobStatusCounters.Completed)
}

// A package is approved by a person in the registry where git leaves that open,
// and by git where it says so.
func TestApproval(t *testing.T) {
	t.Parallel()
	t.Run("in the registry", func(t *testing.T) {
		t.Parallel()
		p := newPlay(t, kind.ModelPackage)
		p.startController()
		p.push(p.steps[0].Spec)
		p.push(map[string]any{"modelApprovalStatus": nil})
		p.until("it awaits approval", func() bool { return p.reason() == reason.AwaitingApproval })
		o, _ := p.inAWS()
		p.does(kind.ModelPackage.Update, o, shape.Tree{"ModelApprovalStatus": "Approved"})
		p.until("it is approved", func() bool { return p.reason() == reason.Approved && p.isReady() })
		p.does(kind.ModelPackage.Update, o, shape.Tree{"ModelApprovalStatus": "Rejected", "ApprovalDescription": "it forgets"})
		p.until("it is rejected", func() bool { return p.reason() == reason.Rejected })
		p.aws.Journal().Reset()
		p.pass(time.Hour, 10*time.Second)
		require.Zero(t, p.calls(kind.ModelPackage.Update), "the decision is the registry's")
	})
	t.Run("in git", func(t *testing.T) {
		t.Parallel()
		p := newPlay(t, kind.ModelPackage)
		p.startController()
		p.tell(p.steps[0])
		p.tell(p.steps[1])
		o, _ := p.inAWS()
		p.does(kind.ModelPackage.Update, o, shape.Tree{"ModelApprovalStatus": "Rejected"})
		p.until("git is not heeded", func() bool { return p.reason() != reason.Approved })
		p.until("git is heeded again", func() bool { return p.reason() == reason.Approved && p.isReady() })
		o, _ = p.inAWS()
		require.Equal(t, "Approved", o.Document["ModelApprovalStatus"])
	})
}

// A definition in a ConfigMap is part of the spec: the pipeline follows it.
func TestPipelineFromAConfigMap(t *testing.T) {
	t.Parallel()
	p := newPlay(t, kind.Pipeline)
	p.startController()
	p.push(map[string]any{
		"roleARN":                p.steps[0].Spec["roleARN"],
		"pipelineDefinitionFrom": map[string]any{"configMapKeyRef": map[string]any{"name": "steps", "key": "train.json"}},
	})
	p.until("it waits for the ConfigMap", func() bool { return p.reason() == reason.WaitingForReference })

	text, _ := p.steps[0].Spec["pipelineDefinition"].(string)
	config := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: p.namespace, Name: "steps"}, Data: map[string]string{"train.json": text},
	}
	require.NoError(t, p.kube.Create(p.ctx, config))
	p.ready()
	p.aws.Journal().Reset()

	text, _ = p.steps[2].Spec["pipelineDefinition"].(string)
	config.Data["train.json"] = text
	require.NoError(t, p.kube.Update(p.ctx, config))
	p.until("the pipeline follows", func() bool { return p.calls(kind.Pipeline.Update) == 1 })
	p.ready()
	o, _ := p.inAWS()
	sent, _ := o.Document["PipelineDefinition"].(string)
	require.JSONEq(t, text, sent)

	config.Data["train.json"] = "{"
	require.NoError(t, p.kube.Update(p.ctx, config))
	p.until("what is no JSON is refused", func() bool { return p.reason() == reason.ValidationFailed })
}

// Only the kinds and labels that the flags say are reconciled; references go to
// others as well.
func TestWatchScope(t *testing.T) {
	w := newWorld(t)
	w.selector = "tier=gold"
	w.startController()
	w.apply(trainingJob(100) + "\n---\n" + replace(model, "{name: abalone}\nspec", "{name: abalone, labels: {tier: gold}}\nspec"))
	w.until("the model waits", func() bool {
		obj, ok := get(w, "abalone", &v1alpha1.Model{})
		return ok && readyCondition(obj).Reason == reason.WaitingForReference
	})
	w.pass(time.Hour, 10*time.Second)
	require.Empty(t, w.job().Status.Conditions, "it has no such label")
	require.Empty(t, w.job().Finalizers)
	require.Zero(t, w.mutations()["CreateTrainingJob"])

	job := w.job()
	job.Labels = map[string]string{"tier": "gold"}
	require.NoError(t, w.kube.Update(w.ctx, job))
	w.until("both are there", func() bool {
		obj, ok := get(w, "abalone", &v1alpha1.Model{})
		return ok && isReady(obj) && isReady(w.job())
	})
}

// What is in a namespace that is not watched is left alone. References into it
// follow what somebody else does there.
func TestWatchedNamespaces(t *testing.T) {
	w := newWorld(t)
	w.startController()
	other := w.namespace + "-unwatched"
	require.NoError(t, w.kube.Create(w.ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: other}}))
	job := w.parse(trainingJob(100))
	job.SetNamespace(other)
	require.NoError(t, w.kube.Create(w.ctx, job))
	w.apply(replace(model, "name: abalone}\n", "name: abalone, namespace: "+other+"}\n"))
	w.until("the model waits", func() bool {
		obj, ok := get(w, "abalone", &v1alpha1.Model{})
		return ok && readyCondition(obj).Reason == reason.WaitingForReference
	})
	w.pass(time.Hour, 10*time.Second)
	require.Empty(t, w.aws.Journal().Counts())
	var theirs v1alpha1.TrainingJob
	require.NoError(t, w.kube.Get(w.ctx, client.ObjectKeyFromObject(job), &theirs))
	require.Empty(t, theirs.Finalizers)
	require.Empty(t, theirs.Status.Conditions)

	theirs.Status.ObservedGeneration = theirs.Generation
	theirs.Status.ModelArtifacts = &v1alpha1.ModelArtifacts{S3ModelArtifacts: new("s3://acme-ml/abalone/train/part-0")}
	meta.SetStatusCondition(&theirs.Status.Conditions, metav1.Condition{Type: "Ready", Status: "True", Reason: reason.Completed})
	require.NoError(t, w.kube.Status().Update(w.ctx, &theirs))
	w.until("the model is there", func() bool {
		obj, ok := get(w, "abalone", &v1alpha1.Model{})
		return ok && isReady(obj)
	})
}

// A namespace may call SageMaker by a VPC endpoint, and the flag names that of
// the others.
func TestEndpointURL(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ reason, flag, annotation, host string }{
		{"neither", "", "", "127.0.0.1"},
		{"the flag", "http://controller.example.com", "", "controller.example.com"},
		{"the namespace before the flag", "http://controller.example.com", "http://team.example.com", "team.example.com"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			w := newWorld(t)
			w.endpointURL = row.flag
			if row.annotation != "" {
				w.annotateNamespace(v1alpha1.Group+"/endpoint-url", row.annotation)
			}
			hosts := make(chan string, 1)
			here := strings.TrimPrefix(w.aws.URL(), "http://")
			w.startWith(nil, httpClient(func(r *http.Request) (*http.Response, error) {
				if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".CreateTrainingJob") {
					hosts <- r.URL.Hostname()
				}
				r.URL.Host = here
				return http.DefaultTransport.RoundTrip(r)
			}))
			w.apply(trainingJob(100))
			w.until("it is completed", func() bool { return isReady(w.job()) })
			require.Equal(t, row.host, <-hosts)
		})
	}
	t.Run("a namespace with nonsense", func(t *testing.T) {
		w := newWorld(t)
		w.annotateNamespace(v1alpha1.Group+"/endpoint-url", "vpce-1")
		w.startController()
		w.apply(trainingJob(100))
		require.Contains(t, w.because(reason.ValidationFailed, jobOf(w)), v1alpha1.Group+"/endpoint-url")
		require.Empty(t, w.mutations())
	})
}

// Partitions have ARNs, consoles and roles of their own.
func TestPartitions(t *testing.T) {
	t.Parallel()
	for partition, row := range map[string]struct{ region, console string }{
		"aws":        {"eu-west-1", "https://eu-west-1.console.aws.amazon.com/"},
		"aws-cn":     {"cn-north-1", "https://cn-north-1.console.amazonaws.cn/"},
		"aws-us-gov": {"us-gov-west-1", "https://us-gov-west-1.console.amazonaws-us-gov.com/"},
	} {
		t.Run(partition, func(t *testing.T) {
			w := newWorld(t)
			w.startController()
			w.apply(replace(trainingJob(100, "region: "+row.region), "arn:aws:", "arn:"+partition+":"))
			w.until("it is completed", func() bool { return isReady(w.job()) })
			require.Equal(t, "arn:"+partition+":sagemaker:"+row.region+":123456789012:training-job/"+w.job().Status.Name, w.job().Status.ARN)
			require.True(t, strings.HasPrefix(w.job().Status.ConsoleURL, row.console), w.job().Status.ConsoleURL)
		})
	}
}

// A rebuilt cluster finds the execution that counts, past one that was set aside:
// nothing is executed again.
func TestExecutionsAfterALoss(t *testing.T) {
	t.Parallel()
	p := newPlay(t, kind.PipelineExecution)
	p.startController()
	p.tell(p.steps[0])
	rounds := func(n string) map[string]any {
		return map[string]any{"pipelineParameters": []any{map[string]any{"name": "Rounds", "value": n}}}
	}
	p.push(rounds("20"))
	p.until("20 rounds run", func() bool { return p.calls(kind.PipelineExecution.Create) == 2 && p.reason() == reason.Running })
	p.push(rounds("10"))
	p.until("10 rounds run again, for they were stopped", func() bool { return p.calls(kind.PipelineExecution.Create) == 3 })
	p.ready()
	was, _ := p.object()
	adopted(p)
	is, _ := p.object()
	require.Equal(t, was.Common().ARN, is.Common().ARN)
	require.Regexp(t, "-r2$", is.Common().Name)
}

// Of many training jobs of a tuning job the newest are told.
func TestNewestTrainingJobs(t *testing.T) {
	t.Parallel()
	p := newPlay(t, kind.HyperParameterTuningJob)
	p.startController()
	config, _ := p.steps[0].Spec["hyperParameterTuningJobConfig"].(map[string]any)
	config["resourceLimits"] = map[string]any{"maxNumberOfTrainingJobs": 25, "maxParallelTrainingJobs": 10}
	p.push(p.steps[0].Spec)
	p.ready()
	obj, _ := get(p.world, "abalone", &v1alpha1.HyperParameterTuningJob{})
	all := obj.Status.TrainingJobs
	require.NotEmpty(t, all)
	require.LessOrEqual(t, len(all), 20)
	for i := range all[1:] {
		require.False(t, all[i+1].CreationTime.Before(all[i].CreationTime), "the newest is the last")
	}
	newest := all[len(all)-1].CreationTime
	for _, o := range p.aws.Objects("TrainingJob") {
		made, err := time.Parse(time.RFC3339, fmt.Sprint(o.Document["CreationTime"]))
		if err == nil {
			require.False(t, made.After(newest.Add(time.Second)), "%s is newer", o.Name)
		}
	}
}
