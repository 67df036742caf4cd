package cloud

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	smithy "github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/fluxcd/pkg/auth"
	awsauth "github.com/fluxcd/pkg/auth/aws"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Identity says as whom and where AWS is called. It is comparable; the zero
// value but for Region is the controller's own identity. With both a service
// account and a role, the account's own role assumes the other.
type Identity struct {
	// Region is an AWS region.
	Region string
	// ServiceAccount is a Kubernetes service account whose annotation
	// eks.amazonaws.com/role-arn names the role that its token is exchanged
	// for (sts:AssumeRoleWithWebIdentity), or empty.
	ServiceAccount types.NamespacedName
	// RoleARN is a role to assume, or empty.
	RoleARN string
	// ExternalID is sent with AssumeRole.
	ExternalID string
	// Endpoint is the URL of the SageMaker API, such as that of a VPC endpoint
	// (PrivateLink). Empty means that of the AWS configuration.
	Endpoint string
}

// String names the identity as a user knows it.
func (id Identity) String() string {
	switch {
	case id.RoleARN != "":
		return "sts:AssumeRole of " + id.RoleARN
	case id.ServiceAccount.Name != "":
		return "the service account " + id.ServiceAccount.String()
	default:
		return "the controller's AWS identity"
	}
}

// IdentityError means that the identity itself could not be had, so that no
// call could be made, and that this does not pass by itself.
type IdentityError struct {
	Identity Identity
	Err      error
}

func (e *IdentityError) Error() string { return fmt.Sprintf("%s: %v", e.Identity, e.Err) }

func (e *IdentityError) Unwrap() error { return e.Err }

var (
	errNoCredentials = errors.New("no AWS credentials")
	errNoRegion      = errors.New("no AWS region: set spec.region, the namespace annotation or the controller's region")
	errNoTokens      = errors.New("this controller has no Kubernetes API to ask for its tokens")
)

// failed tells what keeps an identity from being had. Where the API server or
// STS is only out of reach or busy, that is no *IdentityError.
func (id Identity) failed(err error) error {
	if _, ok := errors.AsType[*IdentityError](err); ok {
		return err
	}
	if passes(err) {
		return fmt.Errorf("%s: %w", id, err)
	}
	return &IdentityError{Identity: id, Err: err}
}

func passes(err error) bool {
	if status := apierrors.APIStatus(nil); errors.As(err, &status) {
		return !apierrors.IsNotFound(err) && !apierrors.IsForbidden(err) && !apierrors.IsInvalid(err)
	}
	if _, ok := errors.AsType[*smithyhttp.RequestSendError](err); ok {
		return true
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		class := classify(api, err)
		return class == Server || class == Throttle
	}
	return false
}

// become makes the clients of a configuration call AWS as an identity, with credentials
// that are renewed before they expire.
func become(config aws.Config, id Identity, kube client.Client) aws.Config {
	if id.ServiceAccount.Name != "" {
		config = as(config, cached(webIdentity{id, config, kube}))
	}
	if id.RoleARN != "" {
		config = as(config, cached(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(config), id.RoleARN,
			func(o *stscreds.AssumeRoleOptions) {
				o.RoleSessionName = "sagemaker-gitops"
				if id.ExternalID != "" {
					o.ExternalID = aws.String(id.ExternalID)
				}
			})))
	}
	return config
}

// webRole is the role that the identity's service account stands for at the
// moment; empty if it has none.
func webRole(ctx context.Context, kube client.Client, id Identity) (string, error) {
	if id.ServiceAccount.Name == "" {
		return "", nil
	}
	if kube == nil {
		return "", &IdentityError{Identity: id, Err: errNoTokens}
	}
	var account corev1.ServiceAccount
	if err := kube.Get(ctx, id.ServiceAccount, &account); err != nil {
		return "", id.failed(err)
	}
	role, err := awsauth.Provider{}.GetIdentity(account)
	if err != nil {
		return "", id.failed(err)
	}
	return role, nil
}

// openGate opens a feature gate of Flux, whose operators opt in. Here the right
// to ask for tokens, which the controller has not got by default, is the gate.
var openGate = sync.OnceFunc(auth.EnableObjectLevelWorkloadIdentity)

// webIdentity exchanges tokens of a service account for credentials.
type webIdentity struct {
	id     Identity
	config aws.Config
	kube   client.Client
}

// Retrieve implements aws.CredentialsProvider.
func (w webIdentity) Retrieve(ctx context.Context) (aws.Credentials, error) {
	openGate()
	token, err := auth.GetAccessToken(ctx, awsauth.Provider{Implementation: exchange{config: w.config}},
		auth.WithClient(w.kube),
		auth.WithServiceAccountName(w.id.ServiceAccount.Name),
		auth.WithServiceAccountNamespace(w.id.ServiceAccount.Namespace),
		auth.WithSTSRegion(w.config.Region))
	if err != nil {
		return aws.Credentials{}, w.id.failed(err)
	}
	got, ok := token.(*awsauth.Credentials)
	if !ok {
		return aws.Credentials{}, w.id.failed(fmt.Errorf("a token of type %T", token))
	}
	return aws.Credentials{
		AccessKeyID:     aws.ToString(got.AccessKeyId),
		SecretAccessKey: aws.ToString(got.SecretAccessKey),
		SessionToken:    aws.ToString(got.SessionToken),
		Expires:         aws.ToTime(got.Expiration),
		CanExpire:       true,
	}, nil
}

// exchange calls STS as everything else calls AWS: with the controller's own
// endpoints, transport and retries.
type exchange struct {
	awsauth.Implementation

	config aws.Config
}

// AssumeRoleWithWebIdentity implements awsauth.Implementation.
func (e exchange) AssumeRoleWithWebIdentity(
	ctx context.Context, in *sts.AssumeRoleWithWebIdentityInput, _ sts.Options,
) (*sts.AssumeRoleWithWebIdentityOutput, error) {
	return sts.NewFromConfig(e.config).AssumeRoleWithWebIdentity(ctx, in)
}
