package simulator_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"
)

func TestNotebookInstanceLife(t *testing.T) {
	b := start(t, nil)
	name, script := aws.String("desk"), aws.String("setup")
	describe := func() *sagemaker.DescribeNotebookInstanceOutput {
		out, err := b.DescribeNotebookInstance(t.Context(), &sagemaker.DescribeNotebookInstanceInput{NotebookInstanceName: name})
		require.NoError(t, err)
		return out
	}
	_, err := b.DescribeNotebookInstance(t.Context(), &sagemaker.DescribeNotebookInstanceInput{NotebookInstanceName: name})
	requireAPIError(t, err, "ValidationException", "RecordNotFound")
	input := &sagemaker.CreateNotebookInstanceInput{
		NotebookInstanceName: name, InstanceType: types.InstanceTypeMlT3Medium, RoleArn: aws.String(role),
		SubnetId: aws.String("subnet-1"), SecurityGroupIds: []string{"sg-1"}, LifecycleConfigName: script,
	}
	_, err = b.CreateNotebookInstance(t.Context(), input)
	requireAPIError(t, err, "ValidationException", "Unable to describe Notebook Instance Lifecycle Config '"+arnPrefix+
		"notebook-instance-lifecycle-config/setup'. (Details: Notebook Instance Lifecycle Config does not exist.)")
	_, err = b.CreateNotebookInstanceLifecycleConfig(t.Context(), &sagemaker.CreateNotebookInstanceLifecycleConfigInput{
		NotebookInstanceLifecycleConfigName: script, OnStart: []types.NotebookInstanceLifecycleHook{{Content: aws.String("ZWNobyBoaQ==")}},
	})
	require.NoError(t, err)
	_, err = b.CreateNotebookInstance(t.Context(), input)
	require.NoError(t, err)
	_, err = b.CreateNotebookInstance(t.Context(), input)
	requireAPIError(t, err, "ValidationException", "Cannot create a duplicate Notebook Instance ("+arnPrefix+"notebook-instance/desk)")
	require.Equal(t, types.NotebookInstanceStatusPending, describe().NotebookInstanceStatus)
	b.pass(4 * time.Minute)
	require.Equal(t, types.NotebookInstanceStatusInService, describe().NotebookInstanceStatus)
	require.Equal(t, "setup", aws.ToString(describe().NotebookInstanceLifecycleConfigName))
	require.Equal(t, []string{"sg-1"}, describe().SecurityGroups)

	_, err = b.UpdateNotebookInstance(t.Context(), &sagemaker.UpdateNotebookInstanceInput{NotebookInstanceName: name, VolumeSizeInGB: aws.Int32(20)})
	requireAPIError(t, err, "ValidationException",
		"Status (InService) not in ([Stopped, Failed]). Unable to transition to (Updating) for Notebook Instance ("+arnPrefix+"notebook-instance/desk)")
	_, err = b.DeleteNotebookInstance(t.Context(), &sagemaker.DeleteNotebookInstanceInput{NotebookInstanceName: name})
	requireAPIError(t, err, "ValidationException",
		"Status (InService) not in ([Stopped, Failed]). Unable to transition to (Deleting) for Notebook Instance ("+arnPrefix+"notebook-instance/desk)")
	_, err = b.StopNotebookInstance(t.Context(), &sagemaker.StopNotebookInstanceInput{NotebookInstanceName: name})
	require.NoError(t, err)
	b.pass(2 * time.Minute)
	_, err = b.UpdateNotebookInstance(t.Context(), &sagemaker.UpdateNotebookInstanceInput{
		NotebookInstanceName: name, VolumeSizeInGB: aws.Int32(20), DisassociateLifecycleConfig: aws.Bool(true),
	})
	require.NoError(t, err)
	require.Equal(t, types.NotebookInstanceStatusUpdating, describe().NotebookInstanceStatus)
	b.pass(time.Minute)
	require.Equal(t, types.NotebookInstanceStatusStopped, describe().NotebookInstanceStatus)
	require.EqualValues(t, 20, aws.ToInt32(describe().VolumeSizeInGB))
	require.Nil(t, describe().NotebookInstanceLifecycleConfigName)
	_, err = b.UpdateNotebookInstance(t.Context(), &sagemaker.UpdateNotebookInstanceInput{NotebookInstanceName: name, VolumeSizeInGB: aws.Int32(10)})
	requireAPIError(t, err, "ValidationException", "The volume of Notebook Instance ("+arnPrefix+"notebook-instance/desk) cannot be made smaller.")

	_, err = b.StartNotebookInstance(t.Context(), &sagemaker.StartNotebookInstanceInput{NotebookInstanceName: name})
	require.NoError(t, err)
	b.pass(4 * time.Minute)
	_, err = b.StopNotebookInstance(t.Context(), &sagemaker.StopNotebookInstanceInput{NotebookInstanceName: name})
	require.NoError(t, err)
	b.pass(2 * time.Minute)
	list, err := b.ListNotebookInstances(t.Context(), &sagemaker.ListNotebookInstancesInput{})
	require.NoError(t, err)
	require.Len(t, list.NotebookInstances, 1)
	_, err = b.DeleteNotebookInstance(t.Context(), &sagemaker.DeleteNotebookInstanceInput{NotebookInstanceName: name})
	require.NoError(t, err)
	b.pass(2 * time.Minute)
	_, err = b.DeleteNotebookInstanceLifecycleConfig(t.Context(), &sagemaker.DeleteNotebookInstanceLifecycleConfigInput{NotebookInstanceLifecycleConfigName: script})
	require.NoError(t, err)
}
