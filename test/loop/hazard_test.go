package loop_test

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

// one failed status write of the final verdict.
func TestLostVerdict(t *testing.T) {
	w := newWorld(t)
	var failed atomic.Bool
	w.startWith(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPatch && strings.HasSuffix(r.URL.Path, "/trainingjobs/abalone/status") && r.Body != nil {
				b, _ := io.ReadAll(r.Body)
				r.Body = io.NopCloser(strings.NewReader(string(b)))
				if strings.Contains(string(b), `"reason":"Completed"`) && !failed.Swap(true) {
					// somebody annotates the object at this moment
					job := w.job()
					job.SetAnnotations(map[string]string{"someone": "else"})
					if err := w.kube.Update(w.ctx, job); err != nil {
						panic(err)
					}
				}
			}
			return next.RoundTrip(r)
		})
	}, nil)
	w.apply(trainingJob(100))
	w.until("it is completed in AWS", func() bool { return len(w.jobs("Completed")) == 1 && failed.Load() })
	w.pass(12*time.Hour, time.Minute)
	require.True(t, isReady(w.job()), "12h later: %+v", readyCondition(w.job()))
}

// revert while our update is in flight.
func TestRevertInFlight(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(abalone())
	w.until("ready", w.chainReady)
	old := w.served()
	w.apply(trainingJob(200))
	w.until("updating", func() bool { o, _ := w.aws.Object("Endpoint", "abalone"); return o.Status == "Updating" })
	w.apply(trainingJob(100))
	for range 60 {
		w.clock.Step(time.Second)
		<-time.After(4 * moment)
		served := w.served()
		if w.chainReady() && w.ran(100) {
			require.Equal(t, old, served, "chain ready for 100 (%s) but serves the other", readyCondition(w.endpoint()).Reason)
			o, _ := w.aws.Object("Endpoint", "abalone")
			require.NotEqual(t, "Updating", o.Status, "chain Ready (%s) while our own update to the other model is in flight", readyCondition(w.endpoint()).Reason)
		}
	}
}

// update refused once (busy), then AWS or a person touches LastModifiedTime.
func TestFalseRollBack(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(abalone())
	w.until("ready", w.chainReady)
	w.fault(fault.Rule{Action: fault.Reject, Operation: "UpdateEndpoint", Code: "ThrottlingException", Message: "Rate exceeded", Times: 1})
	w.apply(trainingJob(200))
	w.until("it is held back", func() bool { return readyCondition(w.endpoint()).Reason == reason.Throttled })
	_, err := w.sagemaker().UpdateEndpointWeightsAndCapacities(w.ctx, &sagemaker.UpdateEndpointWeightsAndCapacitiesInput{
		EndpointName: aws.String("abalone"), DesiredWeightsAndCapacities: []types.DesiredWeightAndCapacity{{VariantName: aws.String("main"), DesiredInstanceCount: aws.Int32(2)}},
	})
	require.NoError(t, err)
	w.pass(3*time.Hour, 10*time.Second)
	require.Equal(t, 1, w.mutations()["UpdateEndpoint"], "%+v", readyCondition(w.endpoint()))
}

// retained once, taken again, deletionPolicy Delete.
func TestRetainedForEver(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(strings.Join([]string{trainingJob(100), model, endpointConfig}, "\n---\n"))
	w.apply(endpoint[:len(endpoint)-2] + ", deletionPolicy: Retain}\n")
	w.until("ready", w.chainReady)
	del := func() {
		for _, obj := range w.chain() {
			require.NoError(t, w.kube.Delete(w.ctx, obj))
		}
		w.until("gone", func() bool { return len(w.chain()) == 0 })
	}
	del()
	w.apply(replace(abalone(), "endpointConfigRef: {name: abalone}", "deletionPolicy: Delete, endpointConfigRef: {name: abalone}"))
	w.until("again", w.chainReady)
	del()
	require.Empty(t, w.aws.Objects("Endpoint"), "deletionPolicy: Delete")
}

// what is deleted has several revisions: AWS is asked to delete all before any is waited for.
func TestRevisionsGoTogether(t *testing.T) {
	w := newWorld(t)
	w.startController()
	for _, rounds := range []int{100, 110, 120} {
		w.apply(replace(abalone(), trainingJob(100), trainingJob(rounds)))
		w.until("ready", w.chainReady)
	}
	require.Len(t, w.aws.Objects("EndpointConfig"), 3)
	w.aws.Journal().Reset()
	for _, obj := range w.chain() {
		require.NoError(t, w.kube.Delete(w.ctx, obj))
	}
	w.until("gone", func() bool { return len(w.chain()) == 0 })
	var deletions []string
	for _, entry := range w.aws.Journal().Entries() {
		if entry.Operation == "DeleteEndpointConfig" || entry.Operation == "DescribeEndpointConfig" && !entry.Succeeded() {
			deletions = append(deletions, entry.Operation)
		}
	}
	require.Equal(t, slices.Repeat([]string{"DeleteEndpointConfig"}, 3), deletions[:3])
}

// model named literally by an endpoint config that serves.
func TestModelInUseByName(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(trainingJob(100) + "\n---\n" + model + "  modelName: prod")
	w.apply(replace(endpointConfig, "modelRef: {name: abalone}", "modelName: prod"))
	w.apply(endpoint)
	w.until("ready", w.chainReady)
	require.NoError(t, w.kube.Delete(w.ctx, w.chain()[1]))
	w.pass(5*time.Minute, step)
	require.Len(t, w.aws.Objects("Model"), 1, "the endpoint serves it")
}

// lost answer + tags not visible yet (25 s), then a new spec.
func TestLostAnswerOrphan(t *testing.T) {
	w := newWorld(t)
	w.fault(fault.Rule{Action: fault.LoseResponse, Operation: "CreateTrainingJob", Times: 1})
	var first atomic.Int64
	w.startWith(nil, func(r *http.Request) (*http.Response, error) {
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), "ListTags") {
			first.CompareAndSwap(0, w.clock.Now().UnixNano())
			if w.clock.Now().UnixNano()-first.Load() < int64(25*time.Second) {
				return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}}, Body: io.NopCloser(strings.NewReader(`{"Tags":[]}`)), Request: r}, nil
			}
		}
		return http.DefaultClient.Do(r)
	})
	w.apply(trainingJob(100))
	w.untilWithin("owner being found out", 10*time.Minute, func() bool { return strings.Contains(readyCondition(w.job()).Message, "finding out whose") })
	w.apply(trainingJob(200))
	w.pass(60*time.Second, step)
	<-time.After(300 * time.Millisecond)
	w.pass(10*time.Second, step)
	require.LessOrEqual(t, len(w.jobs("InProgress")), 1, "two jobs run: %v, status.runs %+v", w.jobs("InProgress"), w.job().Status.Runs)
}

// adopted while running, then deleted.
func TestAdoptedNotStopped(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(trainingJob(100, "trainingJobName: theirs"))
	w.until("runs", func() bool { return len(w.jobs("InProgress")) == 1 })
	w.forget()
	o, _ := w.aws.Object("TrainingJob", "theirs")
	keys := make([]string, 0, len(o.Tags))
	for k := range o.Tags {
		keys = append(keys, k)
	}
	_, err := w.sagemaker().DeleteTags(w.ctx, &sagemaker.DeleteTagsInput{ResourceArn: aws.String(o.ARN), TagKeys: keys})
	require.NoError(t, err)
	w.pass(5*time.Second, step)
	w.startController()
	w.apply(trainingJob(100, "trainingJobName: theirs", "adoptionPolicy: Unowned"))
	w.until("adopted", func() bool { return len(w.job().Status.Runs) == 1 })
	require.NoError(t, w.kube.Delete(w.ctx, w.job()))
	w.until("gone", func() bool { return len(w.chain()) == 0 })
	require.Empty(t, w.jobs("InProgress"), "the adopted job goes on after its deletion")
}

// a Failed endpoint and forceAt.
func TestForceFailedEndpoint(t *testing.T) {
	w := newWorld(t)
	w.fault(fault.Rule{Action: fault.Fail, Kind: "Endpoint", Stage: "Creating", Reason: "no capacity", Times: 1})
	w.startController()
	w.apply(abalone())
	w.because(reason.Failed, func() reconcile.Object { return w.endpoint() })
	e := w.endpoint()
	e.SetAnnotations(map[string]string{"reconcile.fluxcd.io/requestedAt": "now", "reconcile.fluxcd.io/forceAt": "now"})
	require.NoError(t, w.kube.Update(w.ctx, e))
	w.until("it serves", func() bool { return isReady(w.endpoint()) })
	require.Equal(t, "now", w.endpoint().Status.LastHandledForceAt)
}

// completed run whose record is deleted in AWS, then an edit that is no new run.
func TestRecordDeleted(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(trainingJob(100))
	w.until("done", func() bool { return isReady(w.job()) })
	_, err := w.sagemaker().DeleteTrainingJob(w.ctx, &sagemaker.DeleteTrainingJobInput{TrainingJobName: aws.String(w.job().Status.Name)})
	require.NoError(t, err)
	w.until("deleted", func() bool { return len(w.aws.Objects("TrainingJob")) == 0 })
	w.pass(10*time.Second, step)
	w.apply(trainingJob(100, "tags: [{key: team, value: a}]"))
	w.pass(5*time.Minute, step)
	require.Equal(t, 1, w.mutations()["CreateTrainingJob"], "a tag edit has started a second training run")
}

// endpoint deleted and created by another cluster under the same name.
func TestForeignRecreated(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(abalone())
	w.until("ready", w.chainReady)
	p := w.sagemaker()
	_, err := p.CreateEndpointConfig(w.ctx, &sagemaker.CreateEndpointConfigInput{
		EndpointConfigName: aws.String("theirs"),
		ProductionVariants: []types.ProductionVariant{{VariantName: aws.String("main"), ModelName: aws.String(w.chain()[1].Common().Name), InstanceType: types.ProductionVariantInstanceTypeMlM5Large, InitialInstanceCount: aws.Int32(1)}},
	})
	require.NoError(t, err)
	_, err = p.DeleteEndpoint(w.ctx, &sagemaker.DeleteEndpointInput{EndpointName: aws.String("abalone")})
	require.NoError(t, err)
	w.until("gone", func() bool { return len(w.aws.Objects("Endpoint")) == 0 })
	tag := func(k, v string) types.Tag {
		return types.Tag{Key: aws.String("sagemaker.gitops.dev/" + k), Value: aws.String(v)}
	}
	_, err = p.CreateEndpoint(w.ctx, &sagemaker.CreateEndpointInput{
		EndpointName: aws.String("abalone"), EndpointConfigName: aws.String("theirs"),
		Tags: []types.Tag{tag("cluster", "another"), tag("namespace", "x"), tag("kind", "Endpoint"), tag("name", "abalone")},
	})
	require.NoError(t, err)
	w.until("in service", func() bool { o, _ := w.aws.Object("Endpoint", "abalone"); return o.Status == "InService" })
	w.pass(time.Hour, 5*time.Second)
	o, _ := w.aws.Object("Endpoint", "abalone")
	require.Equal(t, "theirs", o.Document["EndpointConfigName"], "another cluster's endpoint was updated by us: %v", w.mutations())
}

// observe another owner's job, then Full.
func TestObserveSteals(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(trainingJob(100, "trainingJobName: theirs"))
	w.until("done", func() bool { return isReady(w.job()) })
	w.pass(20*time.Second, step)
	second := w.parse(trainingJob(100, "trainingJobName: theirs", "managementPolicy: Observe"))
	w.forget()
	w.cluster = "another"
	w.startController()
	second.SetName("abalone")
	require.NoError(t, w.kube.Create(w.ctx, second))
	w.until("observed", func() bool { return isReady(w.job()) })
	w.apply(trainingJob(100, "trainingJobName: theirs", "managementPolicy: Full"))
	w.pass(2*time.Minute, step)
	o, _ := w.aws.Object("TrainingJob", "theirs")
	require.Equal(t, "test", o.Tags["sagemaker.gitops.dev/cluster"], "%+v", readyCondition(w.job()))
}

// rolled back + Retain: what is served must outlive.
func TestRetainRolledBack(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(strings.Join([]string{trainingJob(100), model, endpointConfig}, "\n---\n"))
	w.apply(endpoint[:len(endpoint)-2] + ", deletionPolicy: Retain}\n")
	w.until("ready", w.chainReady)
	w.fault(fault.Rule{Action: fault.RollBack, Reason: "alarm", Times: 1})
	w.apply(trainingJob(200))
	w.because(reason.RolledBack, func() reconcile.Object { return w.endpoint() })
	for _, obj := range w.chain() {
		require.NoError(t, w.kube.Delete(w.ctx, obj))
	}
	w.until("gone", func() bool { return len(w.chain()) == 0 })
	o, _ := w.aws.Object("Endpoint", "abalone")
	name, _ := o.Document["EndpointConfigName"].(string)
	_, ok := w.aws.Object("EndpointConfig", name)
	require.True(t, ok, "the retained endpoint serves with %s, which was deleted", name)
}

// refused in one region, moved to another; and deleted after a change of region.
func TestRegion(t *testing.T) {
	w := newWorld(t)
	w.fault(fault.Rule{Action: fault.Reject, Operation: "CreateTrainingJob", Code: "ValidationException", Message: "Wrong region.", Times: 1})
	w.startController()
	w.apply(trainingJob(100))
	w.because(reason.ValidationFailed, jobOf(w))
	w.apply(trainingJob(100, "region: eu-west-1"))
	w.pass(time.Hour, 10*time.Second)
	require.NotEqual(t, reason.ImmutableField, readyCondition(w.job()).Reason, readyCondition(w.job()).Message)
}

func TestRegionDelete(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(abalone())
	w.until("ready", w.chainReady)
	w.apply(endpoint[:len(endpoint)-2] + ", region: eu-west-1}\n")
	w.because(reason.ImmutableField, func() reconcile.Object { return w.endpoint() })
	require.NoError(t, w.kube.Delete(w.ctx, w.endpoint()))
	w.until("it is gone", func() bool { _, there := get(w, "abalone", &v1alpha1.Endpoint{}); return !there })
}

// failed endpoint and forceAt.
func TestAlreadyExistsLoop(t *testing.T) {
	w := newWorld(t)
	w.fault(fault.Rule{Action: fault.Reject, Operation: "CreateTrainingJob", Code: "ResourceInUse", Message: "Training job names must be unique within an AWS account and region, and a training job with this name already exists"})
	w.startController()
	w.apply(trainingJob(100))
	w.pass(time.Hour, step)
	n := w.aws.Journal().Counts()["CreateTrainingJob"]
	require.Less(t, n, 60, "creates in an hour; %+v", readyCondition(w.job()))
}

// a rename right after a creation whose answer was lost.
func TestRenameAfterALostAnswer(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(trainingJob(100) + "\n---\n" + model + "\n---\n" + endpointConfig)
	w.until("the configuration is there", func() bool {
		config, ok := get(w, "abalone", &v1alpha1.EndpointConfig{})
		return ok && isReady(config)
	})
	w.stopController()
	// the controller dies between the creation and its answer
	w.startWith(nil, httpClient(func(r *http.Request) (*http.Response, error) {
		answer, err := http.DefaultTransport.RoundTrip(r)
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".CreateEndpoint") && err == nil {
			_ = answer.Body.Close()
			return nil, errors.New("the line is cut")
		}
		return answer, err
	}))
	w.apply(endpoint)
	w.until("it is in AWS", func() bool { return w.aws.Exists("Endpoint", "abalone") })
	w.stopController()
	w.apply(endpoint[:len(endpoint)-2] + ", endpointName: another}\n")
	w.startController()
	require.Contains(t, w.because(reason.ImmutableField, func() reconcile.Object { return w.endpoint() }), "the AWS object is called abalone and cannot be renamed to another")
	require.False(t, w.aws.Exists("Endpoint", "another"))
}

// a spec that is refused, while the run of an earlier spec is to be stopped.
func TestSupersededWhileRefused(t *testing.T) {
	w := newWorld(t, "TrainingJob/Training")
	w.kinds = []string{"TrainingJob"}
	w.startController()
	w.apply(trainingJob(100))
	w.until("it trains", func() bool { return len(w.jobs("InProgress")) == 1 })
	w.fault(fault.Rule{Action: fault.Reject, Operation: "StopTrainingJob", Code: "ThrottlingException", Message: "Rate exceeded", Times: 1})
	w.apply(trainingJob(200))
	w.until("stopping is tried", func() bool { return w.aws.Journal().Counts()["StopTrainingJob"] == 1 })
	w.apply(trainingJob(200, "modelPackageConfig: {modelPackageGroupRef: {name: none, namespace: other}}"))
	w.until("it is stopped", func() bool { return len(w.jobs("Stopped")) == 1 })
	require.Contains(t, w.because(reason.ReferenceDenied, jobOf(w)), "kind ModelPackageGroup is not enabled in this controller")
}
