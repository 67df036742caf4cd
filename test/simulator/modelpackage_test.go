package simulator_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"
)

func TestModelPackageLife(t *testing.T) {
	b := start(t, nil)
	require.NoError(t, b.PutObject("data", "one/model.tar.gz", []byte("one")))
	group := aws.String("abalone")
	input := &sagemaker.CreateModelPackageInput{
		ModelPackageGroupName: group, ClientToken: aws.String("first"),
		InferenceSpecification: &types.InferenceSpecification{Containers: []types.ModelPackageContainerDefinition{{
			Image: aws.String("683313688378.dkr.ecr.us-east-1.amazonaws.com/xgboost:1.7-1"), ModelDataUrl: aws.String("s3://data/one/model.tar.gz"),
		}}},
		CustomerMetadataProperties: map[string]string{"by": "us"},
	}
	_, err := b.CreateModelPackage(t.Context(), input)
	requireAPIError(t, err, "ValidationException", "ModelPackageGroup "+arnPrefix+"model-package-group/abalone does not exist.")
	_, err = b.CreateModelPackageGroup(t.Context(), &sagemaker.CreateModelPackageGroupInput{ModelPackageGroupName: group})
	require.NoError(t, err)
	made, err := b.CreateModelPackage(t.Context(), input)
	require.NoError(t, err)
	require.Equal(t, arnPrefix+"model-package/abalone/1", aws.ToString(made.ModelPackageArn))
	again, err := b.CreateModelPackage(t.Context(), input)
	require.NoError(t, err)
	require.Equal(t, made.ModelPackageArn, again.ModelPackageArn, "the same token is the same package")
	input.ClientToken = aws.String("second")
	second, err := b.CreateModelPackage(t.Context(), input)
	require.NoError(t, err)
	require.Equal(t, arnPrefix+"model-package/abalone/2", aws.ToString(second.ModelPackageArn))
	b.pass(time.Minute)
	describe := func() *sagemaker.DescribeModelPackageOutput {
		out, err := b.DescribeModelPackage(t.Context(), &sagemaker.DescribeModelPackageInput{ModelPackageName: made.ModelPackageArn})
		require.NoError(t, err)
		return out
	}
	require.Equal(t, types.ModelPackageStatusCompleted, describe().ModelPackageStatus)
	require.Equal(t, types.ModelApprovalStatusPendingManualApproval, describe().ModelApprovalStatus)

	deploy := func() error {
		_, err := b.CreateModel(t.Context(), &sagemaker.CreateModelInput{
			ModelName: aws.String("deployed"), ExecutionRoleArn: aws.String(role), PrimaryContainer: &types.ContainerDefinition{ModelPackageName: made.ModelPackageArn},
		})
		return err
	}
	requireAPIError(t, deploy(), "ValidationException", "ModelPackage "+arnPrefix+"model-package/abalone/1 is not approved: its approval status is PendingManualApproval.")
	_, err = b.UpdateModelPackage(t.Context(), &sagemaker.UpdateModelPackageInput{
		ModelPackageArn: made.ModelPackageArn, ModelApprovalStatus: types.ModelApprovalStatusApproved,
		CustomerMetadataProperties: map[string]string{"more": "data"}, CustomerMetadataPropertiesToRemove: []string{"by"},
	})
	require.NoError(t, err)
	require.NoError(t, deploy())
	require.Equal(t, map[string]string{"more": "data"}, describe().CustomerMetadataProperties)

	_, err = b.AddTags(t.Context(), &sagemaker.AddTagsInput{ResourceArn: made.ModelPackageArn, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})
	requireAPIError(t, err, "ValidationException", "ModelPackage "+arnPrefix+"model-package/abalone/1 does not exist.")
	list, err := b.ListModelPackages(t.Context(), &sagemaker.ListModelPackagesInput{ModelPackageGroupName: group})
	require.NoError(t, err)
	require.Len(t, list.ModelPackageSummaryList, 2)
	all, err := b.ListModelPackages(t.Context(), &sagemaker.ListModelPackagesInput{})
	require.NoError(t, err)
	require.Empty(t, all.ModelPackageSummaryList, "by default without versions")

	_, err = b.DeleteModelPackageGroup(t.Context(), &sagemaker.DeleteModelPackageGroupInput{ModelPackageGroupName: group})
	requireAPIError(t, err, "ConflictException", "ModelPackageGroup "+arnPrefix+"model-package-group/abalone still contains model packages.")
	for _, arn := range []*string{made.ModelPackageArn, second.ModelPackageArn} {
		_, err = b.DeleteModelPackage(t.Context(), &sagemaker.DeleteModelPackageInput{ModelPackageName: arn})
		require.NoError(t, err)
	}
	b.pass(time.Minute)
	input.ClientToken = aws.String("third")
	third, err := b.CreateModelPackage(t.Context(), input)
	require.NoError(t, err)
	require.Equal(t, arnPrefix+"model-package/abalone/3", aws.ToString(third.ModelPackageArn), "no number twice")
	groups, err := b.ListModelPackageGroups(t.Context(), &sagemaker.ListModelPackageGroupsInput{})
	require.NoError(t, err)
	require.Len(t, groups.ModelPackageGroupSummaryList, 1)
}
