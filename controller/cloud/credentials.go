package cloud

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	smithy "github.com/aws/smithy-go"
)

const (
	// expiryWindow is how long before they expire credentials are replaced, at most. A
	// session lasts for 15 minutes at least.
	expiryWindow = 5 * time.Minute
	// expiryJitter is the part of the window that is random, so that many identities which
	// were assumed at once are not renewed at once.
	expiryJitter = 0.5
)

// RenewAhead makes a cache of credentials replace them two and a half to five minutes
// before they expire. It is for aws.NewCredentialsCache and
// config.WithCredentialsCacheOptions.
func RenewAhead(o *aws.CredentialsCacheOptions) {
	o.ExpiryWindow, o.ExpiryWindowJitterFrac = expiryWindow, expiryJitter
}

func cached(provider aws.CredentialsProvider) aws.CredentialsProvider {
	return aws.NewCredentialsCache(provider, RenewAhead)
}

// expired are the codes by which AWS says that a call's credentials, or its signature, are
// too old. The call had no effect.
var expired = []string{"ExpiredToken", "ExpiredTokenException", "RequestExpired"}

// as makes the clients of a configuration call AWS with some credentials.
func as(config aws.Config, credentials aws.CredentialsProvider) aws.Config {
	config.Credentials = credentials
	config.Retryer = func() aws.Retryer { return renewing{credentials: credentials} }
	config.RetryMaxAttempts = 0 // or the SDK would put a limit of its own in place of ours
	return config
}

// renewing repeats a call whose credentials had expired: once, at once, with new ones. It
// repeats no other call: the loop retries those itself, since a client that sleeps between
// tries would hold a worker.
type renewing struct {
	aws.NopRetryer

	credentials aws.CredentialsProvider
}

// IsErrorRetryable implements aws.Retryer.
func (r renewing) IsErrorRetryable(err error) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	return ok && slices.Contains(expired, api.ErrorCode())
}

// MaxAttempts implements aws.Retryer.
func (r renewing) MaxAttempts() int { return 2 }

// RetryDelay implements aws.Retryer.
func (r renewing) RetryDelay(int, error) (time.Duration, error) {
	if cache, ok := r.credentials.(interface{ Invalidate() }); ok {
		cache.Invalidate()
	}
	return 0, nil
}

// GetRetryToken implements aws.Retryer.
func (r renewing) GetRetryToken(context.Context, error) (func(error) error, error) {
	return func(error) error { return nil }, nil
}
