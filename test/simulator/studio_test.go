package simulator_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

func (b *bench) domain() *string {
	b.t.Helper()
	made, err := b.CreateDomain(b.t.Context(), &sagemaker.CreateDomainInput{
		DomainName: aws.String("team"), AuthMode: types.AuthModeIam, VpcId: aws.String("vpc-1"), SubnetIds: []string{"subnet-1"},
		DefaultUserSettings: &types.UserSettings{ExecutionRole: aws.String(role)},
	})
	require.NoError(b.t, err)
	require.Regexp(b.t, "^d-[a-z0-9]{12}$", aws.ToString(made.DomainId))
	return made.DomainId
}

func TestStudioLife(t *testing.T) {
	b := start(t, nil)
	ctx := t.Context()
	id := b.domain()
	_, err := b.CreateDomain(ctx, &sagemaker.CreateDomainInput{
		DomainName: aws.String("team"), AuthMode: types.AuthModeIam, DefaultUserSettings: &types.UserSettings{ExecutionRole: aws.String(role)},
	})
	requireAPIError(t, err, "ResourceInUse", "Resource Already Exists: Domain with name team already exists. Choose a different name.")
	alice := &sagemaker.CreateUserProfileInput{DomainId: id, UserProfileName: aws.String("alice")}
	_, err = b.CreateUserProfile(ctx, alice)
	requireAPIError(t, err, "ResourceInUse", "Domain ["+arnPrefix+"domain/"+*id+"] is in status Pending.")
	b.pass(3 * time.Minute)
	_, err = b.CreateUserProfile(ctx, alice)
	require.NoError(t, err)
	_, err = b.CreateSpace(ctx, &sagemaker.CreateSpaceInput{DomainId: id, SpaceName: aws.String("shared")})
	require.NoError(t, err)
	b.pass(3 * time.Minute)
	in := &sagemaker.CreateAppInput{DomainId: id, UserProfileName: aws.String("alice"), AppType: types.AppTypeJupyterServer, AppName: aws.String("default")}
	made, err := b.CreateApp(ctx, in)
	require.NoError(t, err)
	require.Equal(t, arnPrefix+"app/"+*id+"/alice/jupyterserver/default", aws.ToString(made.AppArn))
	_, err = b.CreateApp(ctx, &sagemaker.CreateAppInput{DomainId: id, UserProfileName: aws.String("bob"), AppType: types.AppTypeJupyterServer, AppName: aws.String("default")})
	requireAPIError(t, err, "ResourceNotFound", "UserProfile ["+arnPrefix+"user-profile/"+*id+"/bob] does not exist.")

	deleteApp := &sagemaker.DeleteAppInput{DomainId: id, UserProfileName: aws.String("alice"), AppType: types.AppTypeJupyterServer, AppName: aws.String("default")}
	_, err = b.DeleteApp(ctx, deleteApp)
	requireAPIError(t, err, "ResourceInUse", "App ["+aws.ToString(made.AppArn)+"] is in status Pending and cannot be deleted now.")
	b.pass(3 * time.Minute)
	_, err = b.DeleteUserProfile(ctx, &sagemaker.DeleteUserProfileInput{DomainId: id, UserProfileName: aws.String("alice")})
	requireAPIError(t, err, "ResourceInUse", "Unable to delete UserProfile ["+arnPrefix+"user-profile/"+*id+"/alice] because App(s) are associated with it.")
	_, err = b.DeleteApp(ctx, deleteApp)
	require.NoError(t, err)
	b.pass(2 * time.Minute)
	gone, err := b.DescribeApp(ctx, &sagemaker.DescribeAppInput{DomainId: id, UserProfileName: aws.String("alice"), AppType: types.AppTypeJupyterServer, AppName: aws.String("default")})
	require.NoError(t, err)
	require.Equal(t, types.AppStatusDeleted, gone.Status, "it is told of for a while")
	_, err = b.CreateApp(ctx, in)
	require.NoError(t, err, "but its name is free")
	b.pass(3 * time.Minute)
	_, err = b.DeleteApp(ctx, deleteApp)
	require.NoError(t, err)
	b.pass(2 * time.Minute)

	_, err = b.UpdateUserProfile(ctx, &sagemaker.UpdateUserProfileInput{DomainId: id, UserProfileName: aws.String("alice"), UserSettings: &types.UserSettings{SecurityGroups: []string{"sg-1"}}})
	require.NoError(t, err)
	b.pass(time.Minute)
	profile, err := b.DescribeUserProfile(ctx, &sagemaker.DescribeUserProfileInput{DomainId: id, UserProfileName: aws.String("alice")})
	require.NoError(t, err)
	require.Equal(t, []string{"sg-1"}, profile.UserSettings.SecurityGroups)

	_, err = b.DeleteDomain(ctx, &sagemaker.DeleteDomainInput{DomainId: id})
	requireAPIError(t, err, "ResourceInUse", "Unable to delete Domain ["+arnPrefix+"domain/"+*id+"] because UserProfile(s) are associated with it.")
	_, err = b.DeleteUserProfile(ctx, &sagemaker.DeleteUserProfileInput{DomainId: id, UserProfileName: aws.String("alice")})
	require.NoError(t, err)
	_, err = b.DeleteSpace(ctx, &sagemaker.DeleteSpaceInput{DomainId: id, SpaceName: aws.String("shared")})
	require.NoError(t, err)
	b.pass(2 * time.Minute)
	_, err = b.DeleteDomain(ctx, &sagemaker.DeleteDomainInput{DomainId: id})
	require.NoError(t, err)
	b.pass(2 * time.Minute)
	_, err = b.DescribeDomain(ctx, &sagemaker.DescribeDomainInput{DomainId: id})
	requireAPIError(t, err, "ResourceNotFound", "Domain ["+arnPrefix+"domain/"+*id+"] does not exist.")
}

func TestStudioFailures(t *testing.T) {
	b := start(t, nil)
	ctx := t.Context()
	for _, rule := range []fault.Rule{
		{Action: fault.Fail, Kind: "Domain", Stage: "Updating", Reason: "subnet is full"},
		{Action: fault.Fail, Kind: "Space", Stage: "Creating", Reason: "quota"},
	} {
		_, err := b.Faults().Add(rule)
		require.NoError(t, err)
	}
	id := b.domain()
	b.pass(3 * time.Minute)
	_, err := b.UpdateDomain(ctx, &sagemaker.UpdateDomainInput{DomainId: id, SubnetIds: []string{"subnet-2"}})
	require.NoError(t, err)
	_, err = b.UpdateDomain(ctx, &sagemaker.UpdateDomainInput{DomainId: id})
	requireAPIError(t, err, "ResourceInUse", "Domain ["+arnPrefix+"domain/"+*id+"] is in status Updating and cannot be changed now.")
	b.pass(time.Minute)
	out, err := b.DescribeDomain(ctx, &sagemaker.DescribeDomainInput{DomainId: id})
	require.NoError(t, err)
	require.Equal(t, types.DomainStatusUpdateFailed, out.Status)
	require.Equal(t, "subnet is full", aws.ToString(out.FailureReason))
	list, err := b.ListDomains(ctx, &sagemaker.ListDomainsInput{})
	require.NoError(t, err)
	require.Equal(t, id, list.Domains[0].DomainId)
}

// A failed app has no tags, needs no deletion and leaves its name free. One that AWS
// deletes because it is idle is still told of.
func TestAppsThatEnd(t *testing.T) {
	b := start(t, nil)
	id := b.domain()
	b.pass(3 * time.Minute)
	_, err := b.CreateUserProfile(t.Context(), &sagemaker.CreateUserProfileInput{DomainId: id, UserProfileName: aws.String("alice")})
	require.NoError(t, err)
	b.pass(3 * time.Minute)
	app := func(operation string) error {
		var err error
		switch operation {
		case "create":
			_, err = b.CreateApp(t.Context(), &sagemaker.CreateAppInput{DomainId: id, UserProfileName: aws.String("alice"), AppType: types.AppTypeJupyterServer, AppName: aws.String("default")})
		case "delete":
			_, err = b.DeleteApp(t.Context(), &sagemaker.DeleteAppInput{DomainId: id, UserProfileName: aws.String("alice"), AppType: types.AppTypeJupyterServer, AppName: aws.String("default")})
		}
		return err
	}
	status := func() types.AppStatus {
		is, err := b.DescribeApp(t.Context(), &sagemaker.DescribeAppInput{DomainId: id, UserProfileName: aws.String("alice"), AppType: types.AppTypeJupyterServer, AppName: aws.String("default")})
		require.NoError(t, err)
		return is.Status
	}
	arn := arnPrefix + "app/" + *id + "/alice/jupyterserver/default"
	require.NoError(t, app("create"))
	enter := func(stage string) {
		code, answer := b.control("POST", "objects/stage", `{"arn": "`+arn+`", "stage": "`+stage+`", "reason": "LifecycleConfigurationError"}`)
		require.Equal(t, 200, code, answer)
	}
	enter("Failed")
	require.Equal(t, types.AppStatusFailed, status())
	_, err = b.ListTags(t.Context(), &sagemaker.ListTagsInput{ResourceArn: &arn})
	requireAPIError(t, err, "ValidationException", "UnknownError") // so the SDK calls an empty message
	require.ErrorContains(t, app("delete"), "previously failed and was automatically deleted")
	require.NoError(t, app("create"), "its name is free")

	b.pass(3 * time.Minute)
	require.Equal(t, types.AppStatusInService, status())
	enter("Deleting")
	b.pass(2 * time.Minute)
	require.Equal(t, types.AppStatusDeleted, status())
	require.ErrorContains(t, app("delete"), "has already been deleted")

	code, _ := b.control("POST", "objects/stage", `{"arn": "`+arn+`", "stage": "Nowhere"}`)
	require.Equal(t, 404, code)
}

func TestQuotaOfApps(t *testing.T) {
	b := start(t, func(o *simulator.Options) {
		o.Quotas = map[string]int{"Studio JupyterLab Apps running on ml.t3.medium instance": 1}
	})
	id := b.domain()
	b.pass(3 * time.Minute)
	_, err := b.CreateUserProfile(t.Context(), &sagemaker.CreateUserProfileInput{DomainId: id, UserProfileName: aws.String("alice")})
	require.NoError(t, err)
	b.pass(3 * time.Minute)
	app := func(name string) error {
		_, err := b.CreateApp(t.Context(), &sagemaker.CreateAppInput{
			DomainId: id, UserProfileName: aws.String("alice"), AppType: types.AppTypeJupyterLab, AppName: aws.String(name),
			ResourceSpec: &types.ResourceSpec{InstanceType: types.AppInstanceTypeMlT3Medium},
		})
		return err
	}
	require.NoError(t, app("one"))
	require.ErrorContains(t, app("two"), "Studio JupyterLab Apps running on ml.t3.medium instance")
}
