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

func TestFeatureGroupLife(t *testing.T) {
	b := start(t, nil)
	name := aws.String("snails")
	input := &sagemaker.CreateFeatureGroupInput{
		FeatureGroupName: name, RecordIdentifierFeatureName: aws.String("id"), EventTimeFeatureName: aws.String("at"), RoleArn: aws.String(role),
		FeatureDefinitions: []types.FeatureDefinition{
			{FeatureName: aws.String("id"), FeatureType: types.FeatureTypeString}, {FeatureName: aws.String("at"), FeatureType: types.FeatureTypeFractional},
		},
		OfflineStoreConfig: &types.OfflineStoreConfig{S3StorageConfig: &types.S3StorageConfig{S3Uri: aws.String("s3://data/features")}},
		OnlineStoreConfig:  &types.OnlineStoreConfig{EnableOnlineStore: aws.Bool(true)},
	}
	_, err := b.CreateFeatureGroup(t.Context(), input)
	require.NoError(t, err)
	describe := func() *sagemaker.DescribeFeatureGroupOutput {
		out, err := b.DescribeFeatureGroup(t.Context(), &sagemaker.DescribeFeatureGroupInput{FeatureGroupName: name})
		require.NoError(t, err)
		return out
	}
	require.Equal(t, types.FeatureGroupStatusCreating, describe().FeatureGroupStatus)
	more := &sagemaker.UpdateFeatureGroupInput{FeatureGroupName: name, FeatureAdditions: []types.FeatureDefinition{
		{FeatureName: aws.String("rings"), FeatureType: types.FeatureTypeIntegral},
	}}
	_, err = b.UpdateFeatureGroup(t.Context(), more)
	requireAPIError(t, err, "ResourceInUse", "FeatureGroup snails is in status Creating and cannot be changed now.")
	b.pass(2 * time.Minute)
	require.Equal(t, types.FeatureGroupStatusCreated, describe().FeatureGroupStatus)
	require.Equal(t, "s3://data/features/123456789012/sagemaker/us-east-1/offline-store/snails/data",
		aws.ToString(describe().OfflineStoreConfig.S3StorageConfig.ResolvedOutputS3Uri))
	_, err = b.UpdateFeatureGroup(t.Context(), more)
	require.NoError(t, err)
	require.Equal(t, types.LastUpdateStatusValueInProgress, describe().LastUpdateStatus.Status)
	b.pass(time.Minute)
	require.Equal(t, types.LastUpdateStatusValueSuccessful, describe().LastUpdateStatus.Status)
	require.Len(t, describe().FeatureDefinitions, 3)
	_, err = b.UpdateFeatureGroup(t.Context(), more)
	requireAPIError(t, err, "ValidationException", "Validation Error: feature rings is there already.")
	_, err = b.UpdateFeatureGroup(t.Context(), &sagemaker.UpdateFeatureGroupInput{
		FeatureGroupName: name, FeatureAdditions: []types.FeatureDefinition{{FeatureName: aws.String("sex"), FeatureType: types.FeatureTypeString}},
		ThroughputConfig: &types.ThroughputConfigUpdate{ThroughputMode: types.ThroughputModeOnDemand},
	})
	requireAPIError(t, err, "ValidationException", "Validation Error: exactly one of FeatureAdditions, OnlineStoreConfig and ThroughputConfig must be given.")

	_, err = b.Faults().Add(fault.Rule{Action: fault.Fail, Kind: "FeatureGroup", Stage: "Updating", Reason: "out of columns", Times: 1})
	require.NoError(t, err)
	_, err = b.UpdateFeatureGroup(t.Context(), &sagemaker.UpdateFeatureGroupInput{FeatureGroupName: name, OnlineStoreConfig: &types.OnlineStoreConfigUpdate{
		TtlDuration: &types.TtlDuration{Unit: types.TtlDurationUnitDays, Value: aws.Int32(1)},
	}})
	require.NoError(t, err)
	b.pass(time.Minute)
	require.Equal(t, "out of columns", aws.ToString(describe().LastUpdateStatus.FailureReason))
	list, err := b.ListFeatureGroups(t.Context(), &sagemaker.ListFeatureGroupsInput{})
	require.NoError(t, err)
	require.Len(t, list.FeatureGroupSummaries, 1)
	_, err = b.DeleteFeatureGroup(t.Context(), &sagemaker.DeleteFeatureGroupInput{FeatureGroupName: name})
	require.NoError(t, err)
	b.pass(time.Minute)
	_, err = b.DescribeFeatureGroup(t.Context(), &sagemaker.DescribeFeatureGroupInput{FeatureGroupName: name})
	requireAPIError(t, err, "ResourceNotFound", "Resource Not Found: Amazon SageMaker can't find a FeatureGroup with name snails")
}
