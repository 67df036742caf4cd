package loop_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	fluxmeta "github.com/fluxcd/pkg/apis/meta"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

func (w *world) successor() *v1alpha1.ModelDeployment {
	d, _ := get(w, "successor", &v1alpha1.ModelDeployment{})
	return d
}

// TestDeploymentSmokeTest: a model that does not answer as it has to is taken
// back, and the one before serves again.
func TestDeploymentSmokeTest(t *testing.T) {
	w := newDeploymentWorld(t)
	tests := `smokeTests: [{name: version, body: "1:2", contentType: text/libsvm, jsonPath: "{.modelDataUrl}", matches: "v[12]/"}]`
	w.apply(deployment(1, tests))
	first := w.deployed()
	require.Len(t, first.Status.SmokeTests, 1)
	require.True(t, first.Status.SmokeTests[0].Passed, first.Status.SmokeTests[0].Message)

	w.apply(deployment(3, tests))
	d := w.refusedFor(reason.SmokeTestFailed)
	require.Contains(t, readyCondition(d).Message, "smoke test version: ")
	require.Contains(t, w.served(), "v1/model.tar.gz", "the last good configuration serves again")
	require.Equal(t, first.Status.ServedConfig, d.Status.ServedConfig)
	updates := w.mutations()["UpdateEndpoint"]
	require.Equal(t, 2, updates)
	w.pass(2*time.Hour, 10*time.Second)
	require.Equal(t, updates, w.mutations()["UpdateEndpoint"], "it is not tried again")

	w.restartController()
	w.pass(time.Hour, 10*time.Second)
	require.Equal(t, updates, w.mutations()["UpdateEndpoint"], "not by another controller either")

	w.apply(deployment(2, tests))
	w.deployed()
	require.Contains(t, w.served(), "v2/model.tar.gz")
}

// TestDeploymentGoesBackDespiteAnAlarm: what failed its smoke test does not stay
// because an alarm has gone off too.
func TestDeploymentGoesBackDespiteAnAlarm(t *testing.T) {
	w := newDeploymentWorld(t)
	w.alarm("business")
	w.pass(2*time.Minute, step)
	guarded := []string{
		"rollout: {alarms: {names: [business]}}",
		`smokeTests: [{name: version, body: "1:2", contentType: text/libsvm, jsonPath: "{.modelDataUrl}", matches: "v1/"}]`,
	}
	w.apply(deployment(1, guarded...))
	w.deployed()
	w.apply(deployment(2, guarded...))
	w.until("the next one serves", func() bool { return strings.Contains(w.served(), "v2/model.tar.gz") })
	w.goesOff("business", cwtypes.StateValueAlarm)
	d := w.refusedFor(reason.SmokeTestFailed)
	require.Equal(t, d.Status.LastGoodConfig, d.Status.ServedConfig)
	require.Contains(t, w.served(), "v1/model.tar.gz")
}

// TestDeploymentFollowsApproval: the newest approved version is deployed, never
// another, however new.
func TestDeploymentFollowsApproval(t *testing.T) {
	w := newDeploymentWorld(t)
	api := w.sagemaker()
	_, err := api.CreateModelPackageGroup(w.ctx, &sagemaker.CreateModelPackageGroupInput{ModelPackageGroupName: aws.String("abalone")})
	require.NoError(t, err)
	w.pass(5*time.Second, time.Second)
	version := func(n int, status types.ModelApprovalStatus) string {
		out, err := api.CreateModelPackage(w.ctx, &sagemaker.CreateModelPackageInput{
			ModelPackageGroupName: aws.String("abalone"), ModelApprovalStatus: status,
			InferenceSpecification: &types.InferenceSpecification{
				Containers:                 []types.ModelPackageContainerDefinition{{Image: aws.String(deploymentImage), ModelDataUrl: aws.String(fmt.Sprintf("s3://acme-ml/models/v%d/model.tar.gz", n))}},
				SupportedContentTypes:      []string{"text/libsvm"},
				SupportedResponseMIMETypes: []string{"application/json"},
			},
		})
		require.NoError(t, err)
		return *out.ModelPackageArn
	}
	version(1, types.ModelApprovalStatusPendingManualApproval)
	spec := strings.ReplaceAll(deployment(0), "{primaryContainer: {image: "+deploymentImage+", modelDataURL: s3://acme-ml/models/v0/model.tar.gz}}",
		`{packageGroup: {modelPackageGroupName: abalone, versions: "<4"}}`)
	require.Contains(t, spec, "packageGroup")
	w.apply(spec)
	w.until("it waits for an approval", func() bool {
		return readyCondition(w.deployment()).Reason == reason.WaitingForReference
	})
	require.Contains(t, readyCondition(w.deployment()).Message, "no approved version")
	require.Empty(t, w.mutations()["CreateEndpoint"])

	second := version(2, types.ModelApprovalStatusApproved)
	require.Equal(t, second, w.deployed().Status.Variants[0].ModelPackage)
	third := version(3, types.ModelApprovalStatusPendingManualApproval)
	version(4, types.ModelApprovalStatusApproved) // not one of those that the spec lets pass
	w.pass(time.Hour, 10*time.Second)
	require.Equal(t, second, w.deployed().Status.Variants[0].ModelPackage)
	require.Zero(t, w.mutations()["UpdateEndpoint"])

	_, err = api.UpdateModelPackage(w.ctx, &sagemaker.UpdateModelPackageInput{ModelPackageArn: &third, ModelApprovalStatus: types.ModelApprovalStatusApproved})
	require.NoError(t, err)
	w.until("version 3 serves", func() bool {
		d := w.deployment()
		return isReady(d) && d.Status.Variants[0].ModelPackage == third
	})
	require.Equal(t, 1, w.mutations()["UpdateEndpoint"])
}

// TestDeploymentOfAVersion: a version that the spec names itself has to exist and to
// be approved too, before anything is made.
func TestDeploymentOfAVersion(t *testing.T) {
	w := newDeploymentWorld(t)
	arn := "arn:aws:sagemaker:us-east-1:123456789012:model-package/abalone/1"
	spec := strings.ReplaceAll(deployment(0), "image: "+deploymentImage+", modelDataURL: s3://acme-ml/models/v0/model.tar.gz", "modelPackageName: "+arn)
	w.apply(spec)
	require.Contains(t, readyCondition(w.refusedFor(reason.NotFound)).Message, "variants[main].model.primaryContainer.modelPackageName")

	api := w.sagemaker()
	_, err := api.CreateModelPackageGroup(w.ctx, &sagemaker.CreateModelPackageGroupInput{ModelPackageGroupName: aws.String("abalone")})
	require.NoError(t, err)
	w.pass(5*time.Second, time.Second)
	_, err = api.CreateModelPackage(w.ctx, &sagemaker.CreateModelPackageInput{
		ModelPackageGroupName: aws.String("abalone"), ModelApprovalStatus: types.ModelApprovalStatusPendingManualApproval,
		InferenceSpecification: &types.InferenceSpecification{
			Containers:            []types.ModelPackageContainerDefinition{{Image: aws.String(deploymentImage), ModelDataUrl: aws.String("s3://acme-ml/models/v1/model.tar.gz")}},
			SupportedContentTypes: []string{"text/libsvm"}, SupportedResponseMIMETypes: []string{"application/json"},
		},
	})
	require.NoError(t, err)
	d := w.refusedFor(reason.Rejected)
	require.Contains(t, readyCondition(d).Message, "is PendingManualApproval, and only approved versions are deployed")
	require.Empty(t, w.carriedOut("CreateModel", "CreateEndpointConfig", "CreateEndpoint"))

	_, err = api.UpdateModelPackage(w.ctx, &sagemaker.UpdateModelPackageInput{ModelPackageArn: &arn, ModelApprovalStatus: types.ModelApprovalStatusApproved})
	require.NoError(t, err)
	require.Equal(t, arn, w.deployed().Status.Variants[0].ModelPackage)
}

// TestDeploymentOfATrainingJob: the model of a finished job is deployed, and
// that of the next when it has finished.
func TestDeploymentOfATrainingJob(t *testing.T) {
	w := newDeploymentWorld(t)
	spec := strings.ReplaceAll(deployment(0), "modelDataURL: s3://acme-ml/models/v0/model.tar.gz", "modelDataRef: {kind: TrainingJob, name: abalone}")
	w.apply(spec)
	w.until("it waits for the job", func() bool { return readyCondition(w.deployment()).Reason == reason.WaitingForReference })
	w.apply(trainingJob(100))
	first := w.deployed()
	require.Contains(t, w.served(), w.job().Status.Name)
	require.Len(t, first.Status.References, 1)

	w.apply(trainingJob(200))
	w.until("the next job is behind it", func() bool {
		return w.ran(200) && isReady(w.job()) && isReady(w.deployment()) && strings.Contains(w.served(), w.job().Status.Name)
	})
	require.Equal(t, 1, w.mutations()["UpdateEndpoint"])
}

// TestDeploymentKeepsCounts: what autoscaling has set stays across roll-outs,
// and scaling never makes the deployment unready.
func TestDeploymentKeepsCounts(t *testing.T) {
	w := newDeploymentWorld(t)
	scaled := func(version int) string {
		return strings.ReplaceAll(deployment(version), "initialInstanceCount: 2", `initialInstanceCount: 2
    autoscaling:
      minCapacity: 2
      maxCapacity: 9
      policies: [{name: load, targetTracking: {targetValue: 70, predefinedMetricSpecification: {predefinedMetricType: SageMakerVariantInvocationsPerInstance}}}]`)
	}
	w.apply(scaled(1))
	w.deployed()
	require.Len(t, w.aws.Objects("ScalableTarget"), 1)
	require.Len(t, w.aws.Objects("ScalingPolicy"), 1)
	_, err := w.sagemaker().UpdateEndpointWeightsAndCapacities(w.ctx, &sagemaker.UpdateEndpointWeightsAndCapacitiesInput{
		EndpointName: aws.String("abalone"), DesiredWeightsAndCapacities: []types.DesiredWeightAndCapacity{{VariantName: aws.String("main"), DesiredInstanceCount: aws.Int32(5)}},
	})
	require.NoError(t, err)
	for range 60 {
		w.pass(10*time.Second, 5*time.Second)
		require.True(t, isReady(w.deployment()), "scaling is no change")
	}
	w.apply(scaled(2))
	w.deployed()
	require.Contains(t, w.served(), "v2/model.tar.gz")
	require.EqualValues(t, 5, *w.deployment().Status.Variants[0].DesiredInstanceCount)
	require.NotEmpty(t, w.aws.Objects("ScalableTarget"), "and scales again")

	w.apply(deployment(2))
	w.until("it is not scaled any more", func() bool { return isReady(w.deployment()) && len(w.aws.Objects("ScalableTarget")) == 0 })
}

// TestDeploymentReplaces: AWS cannot make a serverless endpoint of one with
// instances, so that is refused unless the spec allows to make it anew.
func TestDeploymentReplaces(t *testing.T) {
	w := newDeploymentWorld(t)
	w.apply(deployment(1))
	first := w.deployed()
	serverless := func(extra ...string) string {
		return strings.ReplaceAll(deployment(1, extra...), "instanceType: ml.m5.large\n    initialInstanceCount: 2", "serverlessConfig: {memorySizeInMB: 2048, maxConcurrency: 5}")
	}
	w.apply(serverless())
	d := w.refusedFor(reason.ReplaceRequired)
	require.Contains(t, readyCondition(d).Message, first.Status.ServedConfig+" serves on")
	require.Contains(t, w.served(), "v1/model.tar.gz")
	require.Zero(t, w.mutations()["UpdateEndpoint"])

	w.apply(serverless("allowReplacement: true"))
	w.deployed()
	require.Equal(t, 1, w.mutations()["DeleteEndpoint"])
	require.Equal(t, 2, w.mutations()["CreateEndpoint"])
	require.Contains(t, w.served(), "v1/model.tar.gz")
}

// TestDeploymentProtected: the endpoint outlives a deletion by mistake.
func TestDeploymentProtected(t *testing.T) {
	w := newDeploymentWorld(t)
	w.apply(deployment(1, "protect: true"))
	d := w.deployed()
	require.NoError(t, w.kube.Delete(w.ctx, d))
	w.until("the deletion waits", func() bool {
		c := readyCondition(w.deployment())
		return c.Reason == reason.Protected
	})
	w.pass(time.Hour, 30*time.Second)
	require.Contains(t, w.served(), "v1/model.tar.gz")
	require.Zero(t, w.mutations()["DeleteEndpoint"])
	w.apply(deployment(1, "protect: true", "deletionPolicy: Retain"))
	w.until("it is gone", func() bool { _, there := get(w, "abalone", &v1alpha1.ModelDeployment{}); return !there })
	w.pass(10*time.Minute, 10*time.Second)
	require.Contains(t, w.served(), "v1/model.tar.gz")
	require.Zero(t, w.mutations()["DeleteEndpoint"]+w.mutations()["DeleteModel"]+w.mutations()["DeleteEndpointConfig"])

	// From git again: everything is found.
	w.aws.Journal().Reset()
	w.apply(deployment(1))
	w.deployed()
	require.Empty(t, w.carriedOut("CreateModel", "CreateEndpointConfig", "CreateEndpoint", "UpdateEndpoint"))
}

// TestDeploymentHandedOver: another deployment takes the endpoint over, which
// serves all the time; nothing of the first is left when it has gone.
func TestDeploymentHandedOver(t *testing.T) {
	w := newDeploymentWorld(t)
	w.apply(deployment(1))
	w.deployed()
	second := strings.ReplaceAll(deployment(2, "endpointName: abalone"), "{name: abalone}", "{name: successor}")
	w.apply(second)
	w.until("the second is refused", func() bool {
		d := w.successor()
		return isStalled(d) && readyCondition(d).Reason == reason.NameClaimed
	})
	require.Contains(t, readyCondition(w.successor()).Message, "belongs to ModelDeployment abalone")
	require.True(t, isReady(w.deployment()), "the first does not notice")

	w.apply(deployment(1, "handOverTo: successor"))
	w.until("the second has it", func() bool {
		return isReady(w.successor()) && strings.Contains(w.served(), "v2/model.tar.gz")
	})
	w.until("the first knows", func() bool { return readyCondition(w.deployment()).Reason == reason.HandedOver })
	require.NoError(t, w.kube.Delete(w.ctx, w.deployment()))
	w.until("the first is gone, with all that was its", func() bool {
		_, there := get(w, "abalone", &v1alpha1.ModelDeployment{})
		return !there && len(w.aws.Objects("Model")) == 1 && len(w.aws.Objects("EndpointConfig")) == 1
	})
	require.Contains(t, w.served(), "v2/model.tar.gz")
	require.Equal(t, 1, w.mutations()["CreateEndpoint"])
	require.Zero(t, w.mutations()["DeleteEndpoint"])
}

// TestDeploymentTakesOver: an endpoint that was made by hand goes on serving
// while it becomes the deployment's.
func TestDeploymentTakesOver(t *testing.T) {
	w := newDeploymentWorld(t)
	api := w.sagemaker()
	_, err := api.CreateModel(w.ctx, &sagemaker.CreateModelInput{
		ModelName: aws.String("by-hand"), ExecutionRoleArn: aws.String("arn:aws:iam::123456789012:role/abalone"),
		PrimaryContainer: &types.ContainerDefinition{Image: aws.String(deploymentImage), ModelDataUrl: aws.String("s3://acme-ml/models/v7/model.tar.gz")},
	})
	require.NoError(t, err)
	w.pass(5*time.Second, time.Second)
	_, err = api.CreateEndpointConfig(w.ctx, &sagemaker.CreateEndpointConfigInput{
		EndpointConfigName: aws.String("by-hand"), ProductionVariants: []types.ProductionVariant{
			{VariantName: aws.String("main"), ModelName: aws.String("by-hand"), InstanceType: types.ProductionVariantInstanceTypeMlM5Large, InitialInstanceCount: aws.Int32(1), InitialVariantWeight: aws.Float32(1)},
		},
	})
	require.NoError(t, err)
	w.pass(5*time.Second, time.Second)
	_, err = api.CreateEndpoint(w.ctx, &sagemaker.CreateEndpointInput{EndpointName: aws.String("abalone"), EndpointConfigName: aws.String("by-hand")})
	require.NoError(t, err)
	w.until("it serves", func() bool { return strings.Contains(w.served(), "v7/model.tar.gz") })

	w.apply(deployment(1))
	w.refusedFor(reason.ForeignObject)
	require.Contains(t, w.served(), "v7/model.tar.gz")
	w.apply(deployment(1, "adoptionPolicy: Unowned"))
	w.until("the deployment serves", func() bool {
		served := w.served()
		require.NotEmpty(t, served, "no request fails")
		return isReady(w.deployment()) && strings.Contains(served, "v1/model.tar.gz")
	})
	require.Len(t, w.aws.Objects("EndpointConfig"), 2, "what was made by hand is not ours to delete")
}

// TestDeploymentHistory: configurations beyond the history go with their models,
// never those in use.
func TestDeploymentHistory(t *testing.T) {
	w := newDeploymentWorld(t)
	for version := 1; version <= 4; version++ {
		w.apply(deployment(version, "revisionHistoryLimit: 1"))
		w.deployed()
	}
	w.until("two are kept", func() bool { return len(w.aws.Objects("EndpointConfig")) == 2 && len(w.aws.Objects("Model")) == 2 })
	require.Contains(t, w.served(), "v4/model.tar.gz")
	require.Len(t, w.deployment().Status.Revisions, 2)
	w.apply(deployment(3, "revisionHistoryLimit: 1"))
	w.deployed()
	require.Equal(t, 4, w.mutations()["CreateModel"], "the model of the revision before was kept")
}

// TestDeploymentForced: a person can have a rolled-back configuration tried again.
func TestDeploymentForced(t *testing.T) {
	w := newDeploymentWorld(t)
	w.apply(deployment(1))
	w.deployed()
	w.fault(rollsBackOnce())
	w.apply(deployment(2))
	d := w.refusedFor(reason.RolledBack)
	d.SetAnnotations(map[string]string{fluxmeta.ReconcileRequestAnnotation: "again", fluxmeta.ForceRequestAnnotation: "again"})
	require.NoError(t, w.kube.Update(w.ctx, d))
	w.deployed()
	require.Contains(t, w.served(), "v2/model.tar.gz")
	require.Nil(t, w.deployment().Status.Refused)
}

// TestDeploymentAlarms: alarms that are named have to exist and be quiet before
// the endpoint is touched; those made for a roll-out are there before it and gone
// after it.
func TestDeploymentAlarms(t *testing.T) {
	w := newDeploymentWorld(t)
	w.apply(deployment(1))
	w.deployed()
	canary := "rollout: {strategy: Canary, stepSize: 50%, bakeTime: 2m, alarms: {names: [business], errorRate: 1%, latency: {threshold: 200ms}}}"
	w.apply(deployment(2, canary))
	d := w.refusedFor(reason.AlarmNotReady)
	require.Contains(t, readyCondition(d).Message, "there is no CloudWatch alarm business")
	require.Zero(t, w.mutations()["UpdateEndpoint"])

	w.alarm("business")
	w.goesOff("business", cwtypes.StateValueAlarm)
	w.until("it is told that it has gone off", func() bool {
		return strings.Contains(readyCondition(w.deployment()).Message, "has gone off already")
	})
	require.Zero(t, w.mutations()["UpdateEndpoint"])
	w.goesOff("business", cwtypes.StateValueOk)

	w.until("the roll-out begins, with its alarms", func() bool { return w.mutations()["UpdateEndpoint"] == 1 })
	require.Len(t, w.requests("PutMetricAlarm"), 3, "one of ours and two made for the new fleet")
	update := w.requests("UpdateEndpoint")[0]
	text, err := json.Marshal(update)
	require.NoError(t, err)
	require.Equal(t, 3, strings.Count(string(text), "AlarmName"))
	w.deployed()
	require.Contains(t, w.served(), "v2/model.tar.gz")
	w.until("they are gone", func() bool { return len(w.carriedOut("DeleteAlarms")) == 2 })
	e := w.endpoint()
	require.Len(t, e.Spec.DeploymentConfig.AutoRollbackConfiguration.Alarms, 1, "and the endpoint does not name them any more")
	w.pass(time.Hour, 10*time.Second)
	require.True(t, isReady(w.deployment()))
	require.Equal(t, 1, w.mutations()["UpdateEndpoint"])
}

// TestDeploymentAlarmGoesOff: an alarm that was made for a roll-out takes it back,
// and the deployment says which it was.
func TestDeploymentAlarmGoesOff(t *testing.T) {
	w := newDeploymentWorld(t)
	canary := "rollout: {strategy: Canary, stepSize: 50%, bakeTime: 10m, alarms: {errorRate: 1%}}"
	w.apply(deployment(1, canary))
	first := w.deployed()
	w.apply(deployment(2, canary))
	w.until("it bakes", func() bool {
		p := w.deployment().Status.Rollout
		return p != nil && p.Stage == "Baking" && p.Message != ""
	})
	require.Contains(t, readyCondition(w.deployment()).Message, "Baking for 600 seconds")
	alarm := w.deployment().Status.DesiredConfig + "-main-errors"
	w.goesOff(alarm, cwtypes.StateValueAlarm)
	d := w.refusedFor(reason.RolledBack)
	require.Contains(t, readyCondition(d).Message, alarm)
	require.Equal(t, []string{alarm}, d.Status.Refused.Alarms)
	require.Equal(t, first.Status.ServedConfig, d.Status.ServedConfig)
	require.Contains(t, w.served(), "v1/model.tar.gz")
	w.pass(time.Hour, 10*time.Second)
	require.Equal(t, 1, w.mutations()["UpdateEndpoint"])
}

// alarm makes one that watches the business.
func (w *world) alarm(name string) {
	w.t.Helper()
	_, err := w.cloudwatch().PutMetricAlarm(w.ctx, &cloudwatch.PutMetricAlarmInput{
		AlarmName: &name, Namespace: aws.String("acme"), MetricName: aws.String("orders"), Statistic: cwtypes.StatisticSum,
		Period: aws.Int32(60), EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(1), ComparisonOperator: cwtypes.ComparisonOperatorLessThanThreshold,
	})
	require.NoError(w.t, err)
}

// goesOff puts an alarm into a state.
func (w *world) goesOff(name string, state cwtypes.StateValue) {
	w.t.Helper()
	_, err := w.cloudwatch().SetAlarmState(w.ctx, &cloudwatch.SetAlarmStateInput{AlarmName: &name, StateValue: state, StateReason: aws.String("a test")})
	require.NoError(w.t, err)
}

// cloudwatch is a client as a person has one.
func (w *world) cloudwatch() *cloudwatch.Client {
	config, err := w.aws.AWSConfig(w.ctx)
	require.NoError(w.t, err)
	return cloudwatch.NewFromConfig(config)
}
