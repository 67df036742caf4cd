package kind_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/stretchr/testify/require"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// An alarm that goes off works: it stays Ready, and its status tells.
func TestAlarmThatGoesOff(t *testing.T) {
	w := newWorld(t, kind.MetricAlarm)
	first := readStory(t, kind.MetricAlarm)[0]
	first.Spec["alarmName"] = "Errors: one of 20" // as CloudWatch takes it
	w.push(first)

	config, err := w.aws.AWSConfig(t.Context())
	require.NoError(t, err)
	w.clock.Step(time.Hour)
	_, err = cloudwatch.NewFromConfig(config).SetAlarmState(t.Context(), &cloudwatch.SetAlarmStateInput{
		AlarmName: aws.String("Errors: one of 20"), StateValue: types.StateValueAlarm, StateReason: aws.String("errors"),
	})
	require.NoError(t, err)
	_, err = w.loop.Reconcile(t.Context(), ctrl.Request{NamespacedName: w.key})
	require.NoError(t, err)

	obj, err := w.get(t.Context())
	require.NoError(t, err)
	require.Equal(t, reason.Created, told(obj))
	alarm, ok := obj.(*v1alpha1.MetricAlarm)
	require.True(t, ok)
	require.Equal(t, "ALARM", *alarm.Status.StateValue)
	require.Equal(t, "errors", *alarm.Status.StateReason)
	require.NotNil(t, alarm.Status.StateUpdatedTimestamp)
	require.Equal(t, "Errors: one of 20", alarm.Status.Name)
	require.Equal(t, "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#alarmsV2:alarm/Errors:%20one%20of%2020", alarm.Status.ConsoleURL)
}
