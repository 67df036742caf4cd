package loop_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	scalingtypes "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

// plainEndpoint serves the model of a version, on instances of a type, without a
// ModelDeployment.
func plainEndpoint(version int, instance string) string {
	return fmt.Sprintf(`
kind: Model
metadata: {name: abalone}
spec:
  executionRoleARN: arn:aws:iam::123456789012:role/abalone
  primaryContainer: {image: %s, modelDataURL: s3://acme-ml/models/v%d/model.tar.gz}
---
kind: EndpointConfig
metadata: {name: abalone}
spec:
  productionVariants:
  - {variantName: main, modelRef: {name: abalone}, instanceType: %s, initialInstanceCount: 1}
---
kind: Endpoint
metadata: {name: abalone}
spec: {endpointConfigRef: {name: abalone}}
`, deploymentImage, version, instance)
}

func deployedOn(version int, instance string) string {
	return replace(deployment(version), "ml.m5.large", instance)
}

// scaledShapes are the ways in which an endpoint is declared.
var scaledShapes = map[string]func(version int, instance string) string{"Endpoint": plainEndpoint, "ModelDeployment": deployedOn}

// scaledNames are the ways in which a target, and what goes with it, says what it is for.
var scaledNames = []struct{ reason, target, policy string }{
	{"a reference", "endpointRef: {name: abalone}, variantName: main", "scalableTargetRef: {name: scaled}"},
	{"the name in AWS", "endpointName: abalone, variantName: main", "scalableTargetRef: {name: scaled}"},
	{"the resource, as the ACK controller takes it", "resourceID: endpoint/abalone/variant/main", "resourceID: endpoint/abalone/variant/main"},
}

// scalers are a target, a policy and a scheduled action.
func scalers(target, policy string) string {
	return fmt.Sprintf(`
kind: ScalableTarget
metadata: {name: scaled}
spec: {%[1]s, minCapacity: 1, maxCapacity: 4}
---
kind: ScalingPolicy
metadata: {name: scaled}
spec:
  %[2]s
  policyType: TargetTrackingScaling
  targetTrackingScalingPolicyConfiguration:
    targetValue: 70
    predefinedMetricSpecification: {predefinedMetricType: SageMakerVariantInvocationsPerInstance}
---
kind: ScheduledAction
metadata: {name: scaled}
spec:
  %[2]s
  schedule: cron(0 22 * * ? *)
  scalableTargetAction: {minCapacity: 1, maxCapacity: 1}
`, target, policy)
}

func (w *world) autoscaling() *applicationautoscaling.Client {
	config, err := w.aws.AWSConfig(w.ctx)
	require.NoError(w.t, err)
	return applicationautoscaling.NewFromConfig(config)
}

const scaledID = "endpoint/abalone/variant/main"

// serves waits until what was pushed is served, whatever it was declared with.
func (w *world) serves(version int) {
	w.t.Helper()
	w.until(fmt.Sprintf("version %d serves", version), func() bool {
		_, deployed := get(w, "abalone", &v1alpha1.ModelDeployment{})
		return isReady(w.endpoint()) && (!deployed || isReady(w.deployment())) && strings.Contains(w.served(), fmt.Sprintf("v%d/model", version))
	})
}

// runsOn tells whether what was pushed last has instances of the type.
func (w *world) runsOn(instance string) bool {
	d, deployed := get(w, "abalone", &v1alpha1.ModelDeployment{})
	config, plain := get(w, "abalone", &v1alpha1.EndpointConfig{})
	if !isReady(w.endpoint()) || deployed && !isReady(d) || plain && !isReady(config) {
		return false
	}
	endpoint, _ := w.aws.Object("Endpoint", "abalone")
	served, _ := w.aws.Object("EndpointConfig", fmt.Sprint(endpoint.Document["EndpointConfigName"]))
	return strings.Contains(fmt.Sprint(served.Document["ProductionVariants"]), "InstanceType:"+instance+" ")
}

// isScaled tells whether target, policy and action are ready and in AWS, the target
// suspended and limited as a person and a schedule have left it.
func (w *world) isScaled() bool {
	for _, obj := range []reconcile.Object{&v1alpha1.ScalableTarget{}, &v1alpha1.ScalingPolicy{}, &v1alpha1.ScheduledAction{}} {
		if o, ok := get(w, "scaled", obj); !ok || !isReady(o) {
			return false
		}
	}
	targets := w.aws.Objects("ScalableTarget")
	if len(targets) != 1 || len(w.aws.Objects("ScalingPolicy")) != 1 || len(w.aws.Objects("ScheduledAction")) != 1 {
		return false
	}
	suspended, _ := targets[0].Document["SuspendedState"].(map[string]any)
	return suspended["DynamicScalingInSuspended"] == true && fmt.Sprint(targets[0].Document["MinCapacity"]) == "2"
}

// scale declares what scales the endpoint, and then has a person suspend a part of it and
// the clock change its limits.
func (w *world) scale(target, policy string) {
	w.t.Helper()
	w.apply(scalers(target, policy))
	w.until("it is scaled", func() bool {
		action, ok := get(w, "scaled", &v1alpha1.ScheduledAction{})
		policy, there := get(w, "scaled", &v1alpha1.ScalingPolicy{})
		return ok && there && isReady(action) && isReady(policy)
	})
	_, err := w.autoscaling().RegisterScalableTarget(w.ctx, &applicationautoscaling.RegisterScalableTargetInput{
		ServiceNamespace: scalingtypes.ServiceNamespaceSagemaker, ScalableDimension: scalingtypes.ScalableDimensionSageMakerVariantDesiredInstanceCount,
		ResourceId: aws.String(scaledID), MinCapacity: aws.Int32(2),
		SuspendedState: &scalingtypes.SuspendedState{DynamicScalingInSuspended: aws.Bool(true)},
	})
	require.NoError(w.t, err)
	w.until("nothing takes that back", w.isScaled)
	w.pass(time.Minute, step)
	w.aws.Journal().Reset()
}

// deregistered counts how often autoscaling was interrupted since the journal was reset.
func (w *world) deregistered() int { return len(w.carriedOut("DeregisterScalableTarget")) }

// scaledOutcomes are the ways in which an update ends that needs a deregistration. says
// is the endpoint's reason; empty means that it succeeds.
var scaledOutcomes = []struct {
	reason string
	rule   *fault.Rule
	says   string
}{
	{"success", nil, ""},
	{"a lost answer", &fault.Rule{Action: fault.LoseResponse, Operation: "UpdateEndpoint", Times: 1}, ""},
	{"a refusal", &fault.Rule{
		Action: fault.Reject, Operation: "UpdateEndpoint", Code: "ValidationException", Message: "The instance type is not supported in this region.",
	}, reason.ValidationFailed},
	{"a quota", &fault.Rule{
		Action: fault.Reject, Operation: "UpdateEndpoint", Code: "ResourceLimitExceeded",
		Message: "The account-level service limit 'ml.m5.xlarge for endpoint usage' is 1 Instances, with current utilization of 1 Instances.",
	}, reason.QuotaExceeded},
	{"a roll-back", &fault.Rule{Action: fault.RollBack, Kind: "Endpoint", Reason: "alarm latency went off", Times: 1}, reason.RolledBack},
}

// However a roll-out ends, autoscaling is what it was before, and is interrupted only for
// a change that AWS refuses while it is there.
func TestScaledThroughEveryOutcome(t *testing.T) {
	for shape, declare := range scaledShapes {
		for _, row := range scaledNames {
			t.Run(shape+" by "+row.reason, func(t *testing.T) {
				w := newDeploymentWorld(t)
				w.apply(declare(1, "ml.m5.large"))
				w.serves(1)
				w.scale(row.target, row.policy)

				w.apply(declare(2, "ml.m5.large"))
				w.serves(2)
				w.until("it is scaled on", w.isScaled)
				require.Empty(t, w.carriedOut("DeregisterScalableTarget", "RegisterScalableTarget", "PutScalingPolicy", "PutScheduledAction"),
					"AWS lets the model change while it is scaled")
				for _, outcome := range scaledOutcomes {
					w.scaledThrough(declare, outcome.reason, outcome.rule, outcome.says)
				}
				w.scaledThroughFailedRollback(declare)
			})
		}
	}
}

// scaledThrough pushes another instance type and goes back.
func (w *world) scaledThrough(declare func(int, string) string, why string, rule *fault.Rule, says string) {
	t := w.t
	t.Helper()
	w.aws.Journal().Reset()
	if rule != nil {
		w.fault(*rule)
	}
	w.apply(declare(2, "ml.m5.xlarge"))
	w.until("after "+why+" it is scaled as before", func() bool {
		is := readyCondition(w.endpoint())
		return w.isScaled() && w.deregistered() > 0 && (is.Reason == says || says == "" && isReady(w.endpoint()))
	})
	w.pass(3*time.Minute, 5*time.Second)
	require.True(t, w.isScaled(), "%s: it stays so\n%s", why, w.describe())
	require.Equal(t, 1, w.deregistered(), why)
	require.Len(t, w.carriedOut("RegisterScalableTarget", "PutScalingPolicy", "PutScheduledAction"), 3, why)
	w.aws.Faults().Clear()
	w.aws.Journal().Reset()
	w.apply(declare(2, "ml.m5.large"))
	w.until("git has gone back", func() bool { return w.runsOn("ml.m5.large") && w.isScaled() })
	if says != "" {
		require.Zero(t, w.deregistered(), "%s: what git goes back to serves already", why)
	}
}

// scaledThroughFailedRollback pushes another instance type of which AWS comes to no end:
// then it takes no target until the endpoint is mended.
func (w *world) scaledThroughFailedRollback(declare func(int, string) string) {
	t := w.t
	t.Helper()
	w.aws.Journal().Reset()
	w.fault(fault.Rule{Action: fault.FailRollBack, Kind: "Endpoint", Reason: "could not go back", Times: 1})
	w.apply(declare(2, "ml.m5.xlarge"))
	target := func() *v1alpha1.ScalableTarget { o, _ := get(w, "scaled", &v1alpha1.ScalableTarget{}); return o }
	w.until("the target says what it waits for", func() bool {
		return readyCondition(w.endpoint()).Reason == reason.RolledBack && strings.Contains(readyCondition(target()).Message, "is UpdateRollbackFailed")
	})
	w.apply(declare(3, "ml.m5.2xlarge"))
	w.serves(3)
	w.until("after a mended push it is scaled as before", w.isScaled)
	require.Equal(t, 1, w.deregistered())

	w.fault(fault.Rule{Action: fault.FailRollBack, Kind: "Endpoint", Reason: "could not go back", Times: 1})
	w.apply(declare(4, "ml.m5.2xlarge"))
	w.until("another model came to no end", func() bool { return readyCondition(w.endpoint()).Reason == reason.RolledBack })
	w.apply(declare(5, "ml.m5.2xlarge"))
	w.serves(5)
	w.until("it is scaled on", w.isScaled)
	require.Equal(t, 1, w.deregistered(), "not for a model")
}

// scaledKinds are those that take part.
var scaledKinds = []string{"Model", "EndpointConfig", "Endpoint", "ScalableTarget", "ScalingPolicy", "ScheduledAction"}

// A controller that dies at any effect of a deregistration leaves autoscaling as it was
// once it is back, whether the update succeeds or is taken back.
func TestScaledCrashes(t *testing.T) { crashing(t, scaledCrash(nil), 1) }

func TestScaledCrashesInARollBack(t *testing.T) {
	crashing(t, scaledCrash(&fault.Rule{Action: fault.RollBack, Kind: "Endpoint", Reason: "alarm latency went off", Times: 1}), 3)
}

func scaledCrash(rule *fault.Rule) func(*world, *crash) {
	return func(w *world, c *crash) {
		w.kinds = scaledKinds
		for version := range 3 {
			require.NoError(w.t, w.aws.PutObject("acme-ml", fmt.Sprintf("models/v%d/model.tar.gz", version), []byte{byte(version)}))
		}
		w.startController()
		w.apply(plainEndpoint(1, "ml.m5.large"))
		w.serves(1)
		w.scale(scaledNames[0].target, scaledNames[0].policy)
		if rule != nil {
			w.fault(*rule)
		}
		w.stopController()
		w.crash = c
		w.startController()
		w.apply(plainEndpoint(1, "ml.m5.xlarge"))
		w.reviving("it is scaled as before", func() bool {
			is := readyCondition(w.endpoint())
			ended := isReady(w.endpoint()) || is.Reason == reason.RolledBack
			return ended && w.isScaled() && len(w.carriedOut("UpdateEndpoint")) > 0
		})
		most := 1
		if rule != nil {
			most = 2 // nobody may have seen the roll-back of an update whose answer was lost
		}
		require.LessOrEqual(w.t, len(w.carriedOut("UpdateEndpoint")), most, "\n%s", w.describe())
		require.LessOrEqual(w.t, w.deregistered(), most, "\n%s", w.describe())
	}
}

// AWS may refuse an update because of a target where the controller does not expect it.
func TestScaledRefusalDetaches(t *testing.T) {
	w := newDeploymentWorld(t)
	w.apply(plainEndpoint(1, "ml.m5.large"))
	w.serves(1)
	w.scale(scaledNames[0].target, scaledNames[0].policy)
	w.fault(fault.Rule{
		Action: fault.Reject, Operation: "UpdateEndpoint", Code: "ValidationException", Times: 1,
		Message: `The variant(s) "main" must be deregistered as scalable targets before they are updated.`,
	})
	w.apply(plainEndpoint(2, "ml.m5.large"))
	w.serves(2)
	w.until("it is scaled as before", w.isScaled)
	require.Equal(t, 1, w.deregistered())
}

// What somebody else has registered is never deregistered, neither for itself nor
// together with a target of ours.
func TestScaledBySomebodyElse(t *testing.T) {
	register := func(w *world) {
		_, err := w.autoscaling().RegisterScalableTarget(w.ctx, &applicationautoscaling.RegisterScalableTargetInput{
			ServiceNamespace: scalingtypes.ServiceNamespaceSagemaker, ScalableDimension: scalingtypes.ScalableDimensionSageMakerVariantDesiredInstanceCount,
			ResourceId: aws.String(scaledID), MinCapacity: aws.Int32(1), MaxCapacity: aws.Int32(3),
		})
		require.NoError(w.t, err)
	}
	attach := func(w *world) {
		_, err := w.autoscaling().PutScheduledAction(w.ctx, &applicationautoscaling.PutScheduledActionInput{
			ServiceNamespace: scalingtypes.ServiceNamespaceSagemaker, ScalableDimension: scalingtypes.ScalableDimensionSageMakerVariantDesiredInstanceCount,
			ResourceId: aws.String(scaledID), ScheduledActionName: aws.String("theirs"), Schedule: aws.String("rate(1 day)"),
			ScalableTargetAction: &scalingtypes.ScalableTargetAction{MaxCapacity: aws.Int32(3)},
		})
		require.NoError(w.t, err)
	}
	for _, row := range []struct {
		reason string
		shape  string
		scale  func(w *world)
		names  string
	}{
		{"their target", "Endpoint", register, "ScalableTarget sagemaker/" + scaledID + "/sagemaker:variant:DesiredInstanceCount"},
		{"their target of a deployment's endpoint", "ModelDeployment", register, "ScalableTarget sagemaker/" + scaledID},
		{"their action on our target", "Endpoint", func(w *world) {
			w.scale(scaledNames[0].target, scaledNames[0].policy)
			attach(w)
		}, "ScheduledAction sagemaker/sagemaker:variant:DesiredInstanceCount/" + scaledID + "/theirs"},
		{"our target that is suspended", "Endpoint", func(w *world) {
			w.scale(scaledNames[0].target, scaledNames[0].policy)
			w.apply(replace(scalers(scaledNames[0].target, scaledNames[0].policy), "maxCapacity: 4", "maxCapacity: 4, suspend: true"))
		}, "/scaled, which is suspended"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			w := newDeploymentWorld(t)
			declare := scaledShapes[row.shape]
			w.apply(declare(1, "ml.m5.large"))
			w.serves(1)
			row.scale(w)
			w.aws.Journal().Reset()
			w.apply(declare(1, "ml.m5.xlarge"))
			message := w.because(reason.ForeignObject, func() reconcile.Object { return w.endpoint() })
			require.Contains(t, message, row.names)
			require.Contains(t, message, "the instance type of variant main changes from ml.m5.large to ml.m5.xlarge")
			w.pass(time.Hour, 30*time.Second)
			require.Zero(t, w.deregistered())
			require.Empty(t, w.carriedOut("UpdateEndpoint"))

			w.apply(declare(2, "ml.m5.large"))
			w.serves(2)
			require.Zero(t, w.deregistered(), "another model is no matter")
			require.Len(t, w.aws.Objects("ScalableTarget"), 1)
		})
	}
}

// A policy and an action are ours because we made them, whether their target carries our
// tags or nobody's, and go when their resource goes.
func TestScalingOfAnUntaggedTarget(t *testing.T) {
	w := newDeploymentWorld(t)
	w.apply(plainEndpoint(1, "ml.m5.large"))
	w.serves(1)
	_, err := w.autoscaling().RegisterScalableTarget(w.ctx, &applicationautoscaling.RegisterScalableTargetInput{
		ServiceNamespace: scalingtypes.ServiceNamespaceSagemaker, ScalableDimension: scalingtypes.ScalableDimensionSageMakerVariantDesiredInstanceCount,
		ResourceId: aws.String(scaledID), MinCapacity: aws.Int32(1), MaxCapacity: aws.Int32(3),
	})
	require.NoError(t, err)
	_, rest, _ := strings.Cut(scalers("", "resourceID: "+scaledID), "\n---\n")
	both := []reconcile.Object{&v1alpha1.ScalingPolicy{}, &v1alpha1.ScheduledAction{}}
	ready := func() bool {
		for _, obj := range both {
			if o, ok := get(w, "scaled", obj); !ok || !isReady(o) {
				return false
			}
		}
		return true
	}
	w.apply(rest)
	w.until("both are there", ready)
	w.restartController()
	w.apply(replace(replace(rest, "targetValue: 70", "targetValue: 60"), "maxCapacity: 1", "maxCapacity: 2"))
	w.until("both are changed", func() bool {
		return ready() && len(w.carriedOut("PutScalingPolicy")) == 2 && len(w.carriedOut("PutScheduledAction")) == 2
	})
	for _, obj := range both {
		o, _ := get(w, "scaled", obj)
		require.NoError(t, w.kube.Delete(w.ctx, o))
	}
	w.until("both are gone", func() bool {
		return len(w.aws.Objects("ScalingPolicy"))+len(w.aws.Objects("ScheduledAction")) == 0 && !ready()
	})
	require.Len(t, w.aws.Objects("ScalableTarget"), 1)
}
