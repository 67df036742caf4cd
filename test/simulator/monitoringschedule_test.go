package simulator_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

func scheduleInput(expression string) *sagemaker.CreateMonitoringScheduleInput {
	return &sagemaker.CreateMonitoringScheduleInput{
		MonitoringScheduleName: aws.String("drift"),
		MonitoringScheduleConfig: &types.MonitoringScheduleConfig{
			MonitoringJobDefinitionName: aws.String("drift"), MonitoringType: types.MonitoringTypeDataQuality,
			ScheduleConfig: &types.ScheduleConfig{ScheduleExpression: aws.String(expression)},
		},
	}
}

func TestMonitoringScheduleLife(t *testing.T) {
	b := start(t, nil)
	name := aws.String("drift")
	_, err := b.CreateMonitoringSchedule(t.Context(), scheduleInput("cron(0 * ? * * *)"))
	requireAPIError(t, err, "ResourceNotFound", "Could not find job definition \""+arnPrefix+"data-quality-job-definition/drift\".")
	_, err = b.CreateDataQualityJobDefinition(t.Context(), dataQualityInput("drift"))
	require.NoError(t, err)
	_, err = b.CreateMonitoringSchedule(t.Context(), scheduleInput("cron(0 * ? * * *)"))
	require.NoError(t, err)
	describe := func() *sagemaker.DescribeMonitoringScheduleOutput {
		out, err := b.DescribeMonitoringSchedule(t.Context(), &sagemaker.DescribeMonitoringScheduleInput{MonitoringScheduleName: name})
		require.NoError(t, err)
		return out
	}
	require.Equal(t, types.ScheduleStatusPending, describe().MonitoringScheduleStatus)
	_, err = b.DeleteMonitoringSchedule(t.Context(), &sagemaker.DeleteMonitoringScheduleInput{MonitoringScheduleName: name})
	requireAPIError(t, err, "ValidationException", "Monitoring schedule in status Pending")
	b.pass(time.Minute)
	require.Equal(t, types.ScheduleStatusScheduled, describe().MonitoringScheduleStatus)
	require.Nil(t, describe().LastMonitoringExecutionSummary)

	_, err = b.Faults().Add(fault.Rule{Action: fault.Fail, Kind: "MonitoringSchedule", Stage: "Scheduled", Skip: 1, Times: 1, Reason: "CompletedWithViolations: 3 features drifted"})
	require.NoError(t, err)
	b.pass(time.Hour)
	require.Equal(t, types.ExecutionStatusInProgress, describe().LastMonitoringExecutionSummary.MonitoringExecutionStatus)
	_, err = b.DeleteMonitoringSchedule(t.Context(), &sagemaker.DeleteMonitoringScheduleInput{MonitoringScheduleName: name})
	requireAPIError(t, err, "ValidationException", "Monitoring schedule drift cannot be deleted while an execution is in progress")
	b.pass(10 * time.Minute)
	require.Equal(t, types.ExecutionStatusCompleted, describe().LastMonitoringExecutionSummary.MonitoringExecutionStatus)
	b.pass(70 * time.Minute)
	list, err := b.ListMonitoringExecutions(t.Context(), &sagemaker.ListMonitoringExecutionsInput{MonitoringScheduleName: name})
	require.NoError(t, err)
	require.Len(t, list.MonitoringExecutionSummaries, 2)
	require.Equal(t, types.ExecutionStatusCompletedWithViolations, list.MonitoringExecutionSummaries[0].MonitoringExecutionStatus, "the newest first")

	_, err = b.StopMonitoringSchedule(t.Context(), &sagemaker.StopMonitoringScheduleInput{MonitoringScheduleName: name})
	require.NoError(t, err)
	require.Equal(t, types.ScheduleStatusStopped, describe().MonitoringScheduleStatus)
	_, err = b.StartMonitoringSchedule(t.Context(), &sagemaker.StartMonitoringScheduleInput{MonitoringScheduleName: name})
	require.NoError(t, err)
	b.pass(time.Minute)
	daily := scheduleInput("cron(0 3 ? * * *)").MonitoringScheduleConfig
	_, err = b.UpdateMonitoringSchedule(t.Context(), &sagemaker.UpdateMonitoringScheduleInput{MonitoringScheduleName: name, MonitoringScheduleConfig: daily})
	require.NoError(t, err)
	b.pass(time.Minute)
	require.Equal(t, "cron(0 3 ? * * *)", aws.ToString(describe().MonitoringScheduleConfig.ScheduleConfig.ScheduleExpression))
	_, err = b.DeleteMonitoringSchedule(t.Context(), &sagemaker.DeleteMonitoringScheduleInput{MonitoringScheduleName: name})
	require.NoError(t, err)
	_, err = b.DescribeMonitoringSchedule(t.Context(), &sagemaker.DescribeMonitoringScheduleInput{MonitoringScheduleName: name})
	requireAPIError(t, err, "ResourceNotFound", "Monitoring Schedule with name drift does not exist")
}
