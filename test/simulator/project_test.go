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

func TestProjectLife(t *testing.T) {
	b := start(t, nil)
	name := aws.String("abalone")
	input := &sagemaker.CreateProjectInput{ProjectName: name, ServiceCatalogProvisioningDetails: &types.ServiceCatalogProvisioningDetails{ProductId: aws.String("prod-1")}}
	made, err := b.CreateProject(t.Context(), input)
	require.NoError(t, err)
	require.Regexp(t, "^p-[a-z0-9]{12}$", aws.ToString(made.ProjectId))
	describe := func() *sagemaker.DescribeProjectOutput {
		out, err := b.DescribeProject(t.Context(), &sagemaker.DescribeProjectInput{ProjectName: name})
		require.NoError(t, err)
		return out
	}
	require.Equal(t, types.ProjectStatusCreateInProgress, describe().ProjectStatus)
	_, err = b.DeleteProject(t.Context(), &sagemaker.DeleteProjectInput{ProjectName: name})
	requireAPIError(t, err, "ConflictException", "Project abalone is in status CreateInProgress and cannot be changed now.")
	b.pass(2 * time.Minute)
	require.Equal(t, types.ProjectStatusCreateCompleted, describe().ProjectStatus)
	require.Equal(t, made.ProjectId, describe().ProjectId)

	_, err = b.UpdateProject(t.Context(), &sagemaker.UpdateProjectInput{ProjectName: name, ProjectDescription: aws.String("snails")})
	require.NoError(t, err)
	require.Equal(t, types.ProjectStatusUpdateInProgress, describe().ProjectStatus)
	b.pass(2 * time.Minute)
	require.Equal(t, types.ProjectStatusUpdateCompleted, describe().ProjectStatus)
	require.Equal(t, "snails", aws.ToString(describe().ProjectDescription))

	_, err = b.DeleteProject(t.Context(), &sagemaker.DeleteProjectInput{ProjectName: name})
	require.NoError(t, err)
	b.pass(2 * time.Minute)
	require.Equal(t, types.ProjectStatusDeleteCompleted, describe().ProjectStatus, "it is told of for a while")
	b.pass(5 * time.Minute)
	_, err = b.DescribeProject(t.Context(), &sagemaker.DescribeProjectInput{ProjectName: name})
	requireAPIError(t, err, "ValidationException", "Project abalone does not exist.")

	_, err = b.Faults().Add(fault.Rule{Action: fault.Fail, Kind: "Project", Stage: "Creating", Reason: "no such product"})
	require.NoError(t, err)
	_, err = b.CreateProject(t.Context(), input)
	require.NoError(t, err)
	b.pass(2 * time.Minute)
	require.Equal(t, types.ProjectStatusCreateFailed, describe().ProjectStatus)
	require.Equal(t, "no such product", aws.ToString(describe().ServiceCatalogProvisionedProductDetails.ProvisionedProductStatusMessage))
}

func TestProjectOfTemplates(t *testing.T) {
	b := start(t, nil)
	name := aws.String("abalone")
	_, err := b.CreateProject(t.Context(), &sagemaker.CreateProjectInput{ProjectName: name, TemplateProviders: []types.CreateTemplateProvider{
		{CfnTemplateProvider: &types.CfnCreateTemplateProvider{
			TemplateName: aws.String("mlops"), TemplateURL: aws.String("https://acme.s3.amazonaws.com/mlops.yaml"), RoleARN: aws.String(role),
		}},
	}})
	require.NoError(t, err)
	b.pass(2 * time.Minute)
	update := func(template string) error {
		_, err := b.UpdateProject(t.Context(), &sagemaker.UpdateProjectInput{ProjectName: name, TemplateProvidersToUpdate: []types.UpdateTemplateProvider{
			{CfnTemplateProvider: &types.CfnUpdateTemplateProvider{TemplateName: aws.String(template), TemplateURL: aws.String("https://acme.s3.amazonaws.com/v2.yaml")}},
		}})
		return err
	}
	requireAPIError(t, update("other"), "ValidationException", "Template other is not one of project abalone.")
	require.NoError(t, update("mlops"))
	out, err := b.DescribeProject(t.Context(), &sagemaker.DescribeProjectInput{ProjectName: name})
	require.NoError(t, err)
	detail := out.TemplateProviderDetails[0].CfnTemplateProviderDetail
	require.Equal(t, "https://acme.s3.amazonaws.com/v2.yaml", aws.ToString(detail.TemplateURL))
	require.Equal(t, role, aws.ToString(detail.RoleARN))
}
