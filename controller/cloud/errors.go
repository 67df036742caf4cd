package cloud

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"

	smithy "github.com/aws/smithy-go"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// Class says what an AWS error means for the loop.
type Class int

const (
	// None is no error.
	None Class = iota
	// NotFound means that the object does not exist.
	NotFound
	// AlreadyExists means that an object of this name exists.
	AlreadyExists
	// Busy means that the object's present state forbids the call; it may be
	// repeated when the state has changed.
	Busy
	// Dependency means that AWS does not see a role or object yet that may
	// have been made a moment ago.
	Dependency
	// Quota means that an account limit is used up.
	Quota
	// QuotaZero means that an account limit is zero: waiting does not help.
	QuotaZero
	// Throttle means too many calls.
	Throttle
	// Auth means that a permission or a credential is missing.
	Auth
	// Validation means that AWS refuses the request as it is.
	Validation
	// Server means that AWS failed or could not be reached, and that it is
	// unknown whether the call had an effect.
	Server
)

// rule puts errors of some codes (or, for endings, of codes that end so), whose
// message begins with (or, for contains, has) one of the texts, into a class. A rule
// without texts takes every message.
type rule struct {
	class    Class
	codes    []string
	endings  []string
	prefixes []string
	contains []string
}

var malformed = rule{
	class: Validation, codes: []string{"ValidationException"}, contains: []string{" validation error detected: ", " validation errors detected: "},
}

// rules are asked in order; the first that fits decides. SageMaker reports
// most things as ValidationException, so its messages have to be read.
var rules = []rule{
	{class: Throttle, codes: []string{
		"Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
		"TooManyRequestsException", "RequestLimitExceeded", "LimitExceededException", "SlowDown",
		"PriorRequestNotComplete", "TransactionInProgressException", "ConcurrentUpdateException", "ConcurrentModificationException",
	}},
	{class: QuotaZero, codes: []string{"ResourceLimitExceeded"}, contains: []string{"' is 0 "}},
	{class: Quota, codes: []string{"ResourceLimitExceeded", "ServiceQuotaExceededException", "LimitExceeded", "LimitExceededFault"}},
	{class: Auth, codes: []string{
		"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized", "OptInRequired",
		"UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch",
		"MissingAuthenticationToken", "IncompleteSignature", "InvalidIdentityToken",
	}},
	// The client has repeated the call with new credentials; others will be had later.
	{class: Server, codes: expired},
	{class: Validation, codes: []string{"ModelError"}}, // the model's own answer
	// What follows repeats values of the request, which may hold any words.
	malformed,
	{class: AlreadyExists, codes: []string{"ResourceInUse", "ValidationException", "ConflictException"}, prefixes: []string{
		"Cannot create already existing", "Cannot create a duplicate", "Resource Already Exists",
	}},
	{class: AlreadyExists, codes: []string{"ResourceInUse", "ValidationException", "ConflictException"}, contains: []string{
		"already exists", "names must be unique within an AWS account",
	}},
	{class: Busy, codes: []string{"ValidationException"}, prefixes: []string{
		"Cannot update in-progress", "The request was rejected because the", "Status (",
	}},
	{class: Busy, codes: []string{"ValidationException"}, contains: []string{
		"The status should be in 'InService' to register",
		// What the Terraform provider for AWS waits on when it deletes or changes these.
		"Cannot delete endpoint with inference component associated", "is a base inference component for one or more associated",
		"DELETE_IN_PROGRESS", "onitoring schedule in status Pending",
	}},
	{class: Busy, codes: []string{"ResourceInUse", "ConflictException"}},
	{class: NotFound, codes: []string{"ResourceNotFound", "ResourceNotFoundException", "ObjectNotFoundException", "NoSuchBucket", "NoSuchKey", "NotFound"}},
	{class: Dependency, codes: []string{"ValidationException"}, prefixes: []string{
		"Could not assume role", "Could not access model data at",
	}},
	{class: NotFound, codes: []string{"ValidationException"}, prefixes: []string{
		"Requested resource not found", "Could not find", "Cannot find", "RecordNotFound",
		"Unable to describe Notebook Instance Lifecycle Config",
	}},
	{class: NotFound, codes: []string{"ValidationException"}, contains: []string{
		"does not exist.",
		// Of an app that AWS still describes.
		"has already been deleted", "previously failed and was automatically deleted",
	}},
	// Other services have codes such as RepositoryNotFoundException.
	{class: NotFound, endings: []string{"NotFoundException"}},
	{class: AlreadyExists, endings: []string{"AlreadyExistsException"}},
	{class: Server, codes: []string{
		"InternalFailure", "InternalError", "InternalServerError", "InternalServiceError", "InternalServiceException",
		"ServiceUnavailable", "ServiceUnavailableException", "RequestTimeout", "RequestTimeoutException",
	}},
}

// Classify puts an error of an AWS call into a class. Whether a NotFound of a
// call that creates or changes something speaks of the object itself or of
// another that it names is for the caller to know.
func Classify(err error) Class {
	if err == nil {
		return None
	}
	if _, ok := errors.AsType[*BudgetError](err); ok {
		return Throttle
	}
	if _, ok := errors.AsType[*IdentityError](err); ok {
		return Auth
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return classify(api, err)
	}
	var input smithy.InvalidParamsError
	var serialization *smithy.SerializationError
	if errors.As(err, &input) || errors.As(err, &serialization) {
		return Validation
	}
	return Server
}

// Malformed tells whether AWS refuses a request by its shape alone: a member lacks, or
// breaks a constraint of the API model. Nothing but another request helps.
func Malformed(err error) bool {
	var input smithy.InvalidParamsError
	var serialization *smithy.SerializationError
	if errors.As(err, &input) || errors.As(err, &serialization) {
		return true
	}
	api, ok := errors.AsType[smithy.APIError](err)
	return ok && malformed.fits(api.ErrorCode(), api.ErrorMessage())
}

func classify(api smithy.APIError, err error) Class {
	for _, r := range rules {
		if r.fits(api.ErrorCode(), api.ErrorMessage()) {
			return r.class
		}
	}
	// The code may be a new one, or none at all where a proxy answers.
	var response interface{ HTTPStatusCode() int }
	if api.ErrorFault() == smithy.FaultServer || errors.As(err, &response) && response.HTTPStatusCode() >= 500 {
		return Server
	}
	return Validation
}

func (r rule) fits(code, message string) bool {
	ends := func(ending string) bool { return strings.HasSuffix(code, ending) }
	return (slices.Contains(r.codes, code) || slices.ContainsFunc(r.endings, ends)) && r.says(message)
}

func (r rule) says(message string) bool {
	if len(r.prefixes) == 0 && len(r.contains) == 0 {
		return true
	}
	for _, p := range r.prefixes {
		if strings.HasPrefix(message, p) {
			return true
		}
	}
	for _, c := range r.contains {
		if strings.Contains(message, c) {
			return true
		}
	}
	return false
}

// Message is what AWS says, without the layers the SDK puts around it: that is
// what a user has to read first.
func Message(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		text := api.ErrorMessage()
		if text == "" || text == "UnknownError" { // which the SDK says where AWS says nothing
			return api.ErrorCode()
		}
		switch permission := Permission(err); permission {
		case PassRole, AssumeRolePermission:
			return text + " (" + string(permission) + ")"
		default:
			return text
		}
	}
	if input, ok := errors.AsType[smithy.InvalidParamsError](err); ok {
		texts := make([]string, input.Len())
		for i, one := range input.Errs() {
			texts[i] = one.Error()
		}
		return strings.Join(texts, "; ")
	}
	var network net.Error
	if errors.As(err, &network) && network.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		return "AWS did not answer in time"
	}
	return err.Error()
}

// propagating are the codes by which AWS refuses also what it was allowed, or told of, a
// moment ago: policies, roles, access keys and identity providers take effect with a delay.
var propagating = []string{
	"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized",
	"UnrecognizedClientException", "InvalidClientTokenId", "InvalidIdentityToken",
}

// Propagates tells whether an error of class Auth may pass within minutes: AWS does not yet
// know of a permission that was given a moment ago, or the API server not of a service
// account.
func Propagates(err error) bool {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return slices.Contains(propagating, api.ErrorCode())
	}
	var status apierrors.APIStatus
	return errors.As(err, &status)
}

// A PermissionKind tells which of the permission layers an Auth error is about.
type PermissionKind string

const (
	// PassRole is the right to hand a role to SageMaker.
	PassRole PermissionKind = "iam:PassRole"
	// AssumeRolePermission is the right to become the object's role.
	AssumeRolePermission PermissionKind = "sts:AssumeRole"
	// CallPermission is the right to make the call itself.
	CallPermission PermissionKind = "the call"
)

// Permission tells which permission an Auth error lacks.
func Permission(err error) PermissionKind {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return CallPermission
	}
	switch text := api.ErrorMessage(); {
	case strings.Contains(text, string(PassRole)):
		return PassRole
	case strings.Contains(text, string(AssumeRolePermission)):
		return AssumeRolePermission
	default:
		return CallPermission
	}
}
