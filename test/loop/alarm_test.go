package loop_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

const (
	errorsAlarm = `
kind: MetricAlarm
metadata: {name: errors}
spec:
  namespace: AWS/SageMaker
  metricName: Invocation5XXErrors
  dimensions: [{name: EndpointName, value: abalone}, {name: VariantName, value: main}]
  statistic: Average
  period: 60
  evaluationPeriods: 1
  threshold: 0.05
  comparisonOperator: GreaterThanThreshold
  treatMissingData: notBreaching
`
	guarded = `
kind: Endpoint
metadata: {name: abalone}
spec:
  endpointConfigRef: {name: abalone}
  deploymentConfig:
    blueGreenUpdatePolicy:
      trafficRoutingConfiguration: {type: CANARY, waitIntervalInSeconds: 600, canarySize: {type: CAPACITY_PERCENT, value: 50}}
    autoRollbackConfiguration: {alarms: [{alarmRef: {name: errors}}]}
`
)

// An alarm in git takes back a roll-out: the endpoint names it and the old model
// serves, while the alarm itself is well.
func TestAlarmTakesARollOutBack(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(replace(abalone(), endpoint, guarded))
	w.until("the endpoint waits for its alarm", func() bool {
		return readyCondition(w.endpoint()).Reason == reason.WaitingForReference && isReady(w.job())
	})
	w.apply(errorsAlarm)
	w.until("the chain is ready", w.chainReady)
	served := w.served()
	w.apply(trainingJob(200))
	w.until("the new model gets traffic", func() bool {
		o, _ := w.aws.Object("Endpoint", "abalone")
		return o.Stage == "Shifting"
	})
	config, err := w.aws.AWSConfig(w.ctx)
	require.NoError(t, err)
	_, err = cloudwatch.NewFromConfig(config).SetAlarmState(w.ctx, &cloudwatch.SetAlarmStateInput{
		AlarmName: aws.String("errors"), StateValue: types.StateValueAlarm, StateReason: aws.String("one in ten"),
	})
	require.NoError(t, err)
	message := w.because(reason.RolledBack, func() reconcile.Object { return w.endpoint() })
	require.Contains(t, message, `the CloudWatch alarm "errors" is in the ALARM state`)
	require.Equal(t, served, w.served())
	w.until("the alarm tells what AWS says of it", func() bool {
		alarm, ok := get(w, "errors", &v1alpha1.MetricAlarm{})
		return ok && isReady(alarm) && *alarm.Status.StateValue == "ALARM"
	})
	w.pass(20*time.Minute, time.Minute)
	require.Equal(t, 1, w.mutations()["UpdateEndpoint"], "not tried again")
}
