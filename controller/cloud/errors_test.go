package cloud_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	smithy "github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
)

// answer is an error as an operation of the SDK returns it.
func answer(code, message string) error {
	return fmt.Errorf("CreateSomething: %w", &smithy.OperationError{
		ServiceID: "SageMaker", OperationName: "CreateSomething", Err: &smithy.GenericAPIError{Code: code, Message: message},
	})
}

// These are AWS's own words, as far as they are known.
func TestClassifyAnswers(t *testing.T) {
	const validation = "ValidationException"
	for _, row := range []struct {
		reason, code, message string
		want                  cloud.Class
	}{
		{"training job unknown, described or stopped", validation, "Requested resource not found.", cloud.NotFound},
		{"processing job unknown", validation, "Could not find requested job", cloud.NotFound},
		{"transform job unknown", validation, "Could not find requested job with name: t", cloud.NotFound},
		{"transform job unknown to Stop", validation, "Could not find job to update with name: t", cloud.NotFound},
		{"tuning job unknown", "ResourceNotFound", "Amazon SageMaker can't find a tuning job with the name h.", cloud.NotFound},
		{"endpoint unknown", validation, `Could not find endpoint "arn:aws:sagemaker:us-east-1:123456789012:endpoint/n".`, cloud.NotFound},
		{"configuration unknown", validation, `Could not find endpoint configuration "arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/n".`, cloud.NotFound},
		{"model unknown", validation, `Could not find model "arn:aws:sagemaker:us-east-1:123456789012:model/n".`, cloud.NotFound},
		{"inference component unknown", validation, `Could not find inference component "arn:aws:sagemaker:us-east-1:123456789012:inference-component/n".`, cloud.NotFound},
		{"notebook unknown", validation, "RecordNotFound", cloud.NotFound},
		{
			"lifecycle configuration unknown", validation,
			"Unable to describe Notebook Instance Lifecycle Config 'arn:aws:x'. (Details: Notebook Instance Lifecycle Config does not exist.)", cloud.NotFound,
		},
		{"model package unknown", validation, "ModelPackage arn:aws:x does not exist.", cloud.NotFound},
		{"model package group unknown", validation, "ModelPackageGroup arn:aws:x does not exist.", cloud.NotFound},
		{"pipeline unknown", "ResourceNotFound", "Pipeline 'arn:aws:x' does not exist.", cloud.NotFound},
		{"execution unknown, without a full stop", "ResourceNotFound", "PipelineExecution 'arn:aws:x' does not exist", cloud.NotFound},
		{"code repository unknown", validation, `Cannot find CodeRepository: "arn:aws:x"`, cloud.NotFound},
		{"app that AWS has deleted", validation, "App [arn:aws:x] has already been deleted.", cloud.NotFound},
		{"app that failed", validation, "App [arn:aws:x] previously failed and was automatically deleted.", cloud.NotFound},
		{"group policy absent", validation, "Cannot find Model Package Group: g", cloud.NotFound},
		{"resource policy absent", validation, "Cannot find resource policy for g", cloud.NotFound},
		{
			"endpoint that hosts components", validation,
			"Cannot delete endpoint with inference component associated. Please delete inference component and try it again.", cloud.Busy,
		},
		{
			"component that adapters stand on", validation,
			"Inference component arn:aws:x is a base inference component for one or more associated inference components.", cloud.Busy,
		},
		{"component that is being deleted", validation, "Inference component arn:aws:x is in status DELETE_IN_PROGRESS.", cloud.Busy},
		{"schedule that is being made", validation, "Monitoring schedule in status Pending", cloud.Busy},
		{"domain, app, space, feature group and the like unknown: any words", "ResourceNotFound", "", cloud.NotFound},
		{"alarm unknown", "ResourceNotFound", "", cloud.NotFound},
		{"alarm unknown, of its tags", "ResourceNotFoundException", "", cloud.NotFound},
		{"scalable target unknown", "ObjectNotFoundException", "No scalable target found", cloud.NotFound},

		{
			"training job of that name exists", "ResourceInUse",
			"Training job names must be unique within an AWS account and region, and a training job with this name already exists (arn:aws:x)", cloud.AlreadyExists,
		},
		{"endpoint of that name exists", validation, `Cannot create already existing endpoint "arn:aws:x".`, cloud.AlreadyExists},
		{"configuration of that name exists", validation, `Cannot create already existing endpoint configuration "arn:aws:x".`, cloud.AlreadyExists},
		{"model of that name exists", validation, `Cannot create already existing model "arn:aws:x".`, cloud.AlreadyExists},
		{"pipeline of that name exists", validation, "Pipeline names must be unique within an AWS account and region. Pipeline with name (p) already exists.", cloud.AlreadyExists},
		{"pipeline of that name exists, in the words of 2026", validation, "Pipeline names must be unique within an AWS account and region.", cloud.AlreadyExists},
		{"feature group of that name exists", "ResourceInUse", "Resource Already Exists: FeatureGroup with name f already exists. Choose a different name.", cloud.AlreadyExists},
		{"notebook of that name exists", validation, "Cannot create a duplicate Notebook Instance (arn:aws:x)", cloud.AlreadyExists},
		{"model package exists", "ConflictException", "Model Package already exists", cloud.AlreadyExists},

		{"endpoint is being built or changed", validation, `Cannot update in-progress endpoint "arn:aws:x".`, cloud.Busy},
		{"job has ended", validation, "The request was rejected because the training job is in status Stopped", cloud.Busy},
		{"transform job has ended", validation, "The request was rejected because the transform job is in status Completed", cloud.Busy},
		{
			"notebook runs", validation,
			"Status (InService) not in ([Stopped, Failed]). Unable to transition to (Deleting) for Notebook Instance (arn:aws:x)", cloud.Busy,
		},
		{"user profile has apps", "ResourceInUse", "Unable to delete UserProfile [arn:aws:x] because App(s) are associated with it.", cloud.Busy},
		{"two writers at once", "ConflictException", "Conflict with another request", cloud.Busy},
		{
			"autoscaling before the endpoint serves", validation,
			"The status of the endpoint is Creating. The status should be in 'InService' to register it as a scalable target.", cloud.Busy,
		},

		{
			"role is new or trusts nobody", validation,
			"Could not assume role arn:aws:iam::123456789012:role/r. Please ensure that the role exists and allows principal 'sagemaker.amazonaws.com' to assume the role.",
			cloud.Dependency,
		},
		{
			"model data cannot be read yet", validation,
			"Could not access model data at s3://b/k. Please ensure that the role \"arn:aws:x\" exists and that its trust relationship policy allows the action.", cloud.Dependency,
		},

		{
			"no instance of that type is allowed", "ResourceLimitExceeded",
			"The account-level service limit 'ml.m4.xlarge for endpoint usage' is 0 Instances, with current utilization of 0 Instances and a request delta of 1 Instances. Please contact AWS support to request an increase for this limit.",
			cloud.QuotaZero,
		},
		{
			"all instances are in use", "ResourceLimitExceeded",
			"The account-level service limit 'ml.m5.xlarge for training job usage' is 2 Instances, with current utilization of 2 Instances and a request delta of 1 Instances.",
			cloud.Quota,
		},
		{
			"a limit of ten is not a limit of zero", "ResourceLimitExceeded",
			"The account-level service limit 'Total endpoints' is 10 Endpoints, with current utilization of 10 Endpoints and a request delta of 1 Endpoints.", cloud.Quota,
		},
		{"quota of another service", "ServiceQuotaExceededException", "too many", cloud.Quota},
		{"quota of alarms", "LimitExceeded", "The maximum limit of 5000 alarms was reached", cloud.Quota},
		{"the same to a client that does not know AWS Query's codes", "LimitExceededFault", "The maximum limit of 5000 alarms was reached", cloud.Quota},

		{"ECR knows no such repository", "RepositoryNotFoundException", "The repository with name 'a' does not exist in the registry with id '1'", cloud.NotFound},
		{"ECR has one", "RepositoryAlreadyExistsException", "The repository with name 'a' already exists in the registry with id '1'", cloud.AlreadyExists},

		{"throttled", "ThrottlingException", "Rate exceeded", cloud.Throttle},
		{"throttled by S3", "SlowDown", "Please reduce your request rate.", cloud.Throttle},
		{"throttled by a newer name", "TooManyRequestsException", "", cloud.Throttle},

		{
			"call not allowed", "AccessDeniedException",
			"User: arn:aws:sts::123456789012:assumed-role/c/s is not authorized to perform: sagemaker:CreateModel on resource: arn:aws:x", cloud.Auth,
		},
		{"credentials expired", "ExpiredTokenException", "The security token included in the request is expired", cloud.Server},
		{"credentials unknown", "UnrecognizedClientException", "The security token included in the request is invalid.", cloud.Auth},
		{"credentials unknown to STS", "InvalidClientTokenId", "The security token included in the request is invalid.", cloud.Auth},
		{"signature wrong", "SignatureDoesNotMatch", "The request signature we calculated does not match", cloud.Auth},

		{"input data absent: only a person can help", validation, "No S3 objects found under S3 URL \"s3://b/k\" given in input data source.", cloud.Validation},
		{
			"member does not fit", validation,
			"1 validation error detected: Value 'x y' at 'modelName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]+", cloud.Validation,
		},
		{
			"a refused value may hold any words", validation,
			"1 validation error detected: Value 'it already exists, or does not exist.' at 'modelName' failed to satisfy constraint: Member must have length less than or equal to 63", cloud.Validation,
		},
		{
			"so may several", validation,
			"2 validation errors detected: Value 'a b' at 'modelName' failed; Value 'names must be unique within an AWS account' at 'description' failed", cloud.Validation,
		},
		{"a code that is not known yet", "SomethingNewException", "no", cloud.Validation},

		{"AWS failed", "InternalFailure", "", cloud.Server},
		{"AWS is down", "ServiceUnavailable", "try again", cloud.Server},
		{"AWS gave up waiting", "RequestTimeout", "", cloud.Server},
	} {
		t.Run(row.reason, func(t *testing.T) {
			require.Equal(t, row.want, cloud.Classify(answer(row.code, row.message)))
		})
	}
}

func TestClassifyOtherErrors(t *testing.T) {
	for _, row := range []struct {
		reason string
		err    error
		want   cloud.Class
	}{
		{"no error", nil, cloud.None},
		{"a modelled error, wrapped deeply", fmt.Errorf("a: %w", fmt.Errorf("b: %w", &types.ResourceNotFound{})), cloud.NotFound},
		{"a modelled error without words", &types.ResourceInUse{}, cloud.Busy},
		{"a modelled quota", &types.ResourceLimitExceeded{Message: new("The account-level service limit 'x' is 1 Instances")}, cloud.Quota},
		{"a modelled conflict", &types.ConflictException{}, cloud.Busy},
		{"an unknown code that AWS says is its own fault", &smithy.GenericAPIError{Code: "New", Fault: smithy.FaultServer}, cloud.Server},
		{"an unknown code that is the caller's fault", &smithy.GenericAPIError{Code: "New", Fault: smithy.FaultClient}, cloud.Validation},
		{"held back by the budget", fmt.Errorf("x: %w", &cloud.BudgetError{Operation: "CreateModel", After: time.Second}), cloud.Throttle},
		{"no identity, whatever the cause", fmt.Errorf("x: %w", &cloud.IdentityError{Err: errors.New("no such host")}), cloud.Auth},
		{"an identity refused because of throttling still is no identity", &cloud.IdentityError{Err: answer("Throttling", "")}, cloud.Auth},
		{"two errors joined", errors.Join(errors.New("x"), answer("ThrottlingException", "Rate exceeded")), cloud.Throttle},
		{"an error of nobody's", errors.New("EOF"), cloud.Server},
	} {
		t.Run(row.reason, func(t *testing.T) {
			require.Equal(t, row.want, cloud.Classify(row.err))
		})
	}
}

func TestMessageAndPermission(t *testing.T) {
	role := cloud.Identity{RoleARN: "arn:aws:iam::123456789012:role/r"}
	for _, row := range []struct {
		reason     string
		err        error
		message    string
		permission cloud.PermissionKind
	}{
		{
			"AWS's words come without the SDK's layers", answer("ValidationException", `Could not find model "arn".`),
			`Could not find model "arn".`, cloud.CallPermission,
		},
		{"without words there is at least a code", answer("InternalFailure", ""), "InternalFailure", cloud.CallPermission},
		{
			"the right to pass a role is told apart",
			answer("AccessDeniedException", "User: u is not authorized to perform: iam:PassRole on resource: r"),
			"User: u is not authorized to perform: iam:PassRole on resource: r (iam:PassRole)", cloud.PassRole,
		},
		{
			"so is the right to become a role", &cloud.IdentityError{Identity: role, Err: answer("AccessDenied", "User: u is not authorized to perform: sts:AssumeRole on resource: r")},
			"User: u is not authorized to perform: sts:AssumeRole on resource: r (sts:AssumeRole)", cloud.AssumeRolePermission,
		},
		{
			"the right to make the call itself",
			answer("AccessDeniedException", "User: u is not authorized to perform: sagemaker:CreateModel on resource: r"),
			"User: u is not authorized to perform: sagemaker:CreateModel on resource: r", cloud.CallPermission,
		},
		{
			"an identity that could not be had", &cloud.IdentityError{Identity: role, Err: errors.New("boom")},
			"sts:AssumeRole of arn:aws:iam::123456789012:role/r: boom", cloud.CallPermission,
		},
		{"the controller's own identity", &cloud.IdentityError{Err: errors.New("boom")}, "the controller's AWS identity: boom", cloud.CallPermission},
		{
			"the budget", &cloud.BudgetError{Operation: "CreateModel", After: 1234567 * time.Microsecond},
			"CreateModel is held back for 1.235s to stay within AWS's rate limits", cloud.CallPermission,
		},
	} {
		t.Run(row.reason, func(t *testing.T) {
			require.Equal(t, row.message, cloud.Message(row.err))
			require.Equal(t, row.permission, cloud.Permission(row.err))
		})
	}
}
