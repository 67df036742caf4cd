package cloud_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"
	"k8s.io/utils/clock"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

// sessions are the identities whose credentials expire, and how STS is asked for them.
var sessions = []struct {
	reason     string
	id         cloud.Identity
	operations []string
}{
	{"a role", cloud.Identity{RoleARN: role}, []string{"AssumeRole"}},
	{"a service account", ofTrainer, []string{"AssumeRoleWithWebIdentity"}},
	{
		"a service account's role that assumes another",
		cloud.Identity{ServiceAccount: ofTrainer.ServiceAccount, RoleARN: role},
		[]string{"AssumeRoleWithWebIdentity", "AssumeRole"},
	},
}

func clientOf(t *testing.T, config aws.Config, id cloud.Identity) *cloud.Client {
	t.Helper()
	kube := fake.NewClientBuilder().WithObjects(annotated.DeepCopy()).Build()
	c, err := cloud.NewClients(config, clock.RealClock{}, kube).For(t.Context(), id)
	require.NoError(t, err)
	return c
}

// ask makes a call that AWS answers in the same way each time.
func ask(t *testing.T, c *cloud.Client) cloud.Class {
	t.Helper()
	_, err := cloud.ListTags.Call(t.Context(), c, shape.Tree{"ResourceArn": "arn:aws:sagemaker:us-east-1:" + c.Account + ":model/none"})
	return cloud.Classify(err)
}

// TestRenewAhead: credentials that are about to expire are replaced before they do.
func TestRenewAhead(t *testing.T) {
	for _, row := range []struct {
		reason string
		left   time.Duration
		asked  int
	}{
		{"they hold for long", time.Hour, 1},
		{"they hold for two minutes", 2 * time.Minute, 3},
		{"they have expired", -time.Second, 3},
	} {
		t.Run(row.reason, func(t *testing.T) {
			asked := 0
			cache := aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				asked++
				return aws.Credentials{AccessKeyID: "A", SecretAccessKey: "S", CanExpire: true, Expires: clock.RealClock{}.Now().Add(row.left)}, nil
			}), cloud.RenewAhead)
			for range 3 {
				_, err := cache.Retrieve(t.Context())
				require.NoError(t, err)
			}
			require.Equal(t, row.asked, asked)
		})
	}
}

// hastening lets the sessions that STS gives out expire in two minutes.
type hastening struct{}

var expiration = regexp.MustCompile(`<Expiration>[^<]*</Expiration>`)

func (hastening) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	soon := "<Expiration>" + clock.RealClock{}.Now().Add(2*time.Minute).UTC().Format(time.RFC3339) + "</Expiration>"
	body = expiration.ReplaceAll(body, []byte(soon))
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	response.Header.Del("Content-Length")
	return response, response.Body.Close()
}

// TestIdentitiesAreRenewedAhead: that holds for the credentials of every identity.
func TestIdentitiesAreRenewedAhead(t *testing.T) {
	for _, row := range sessions {
		t.Run(row.reason, func(t *testing.T) {
			a := newAccount(t)
			a.config.HTTPClient = &http.Client{Transport: hastening{}}
			c := clientOf(t, a.config, row.id)
			before := a.Journal().Counts()
			require.Equal(t, cloud.NotFound, ask(t, c))
			for _, operation := range row.operations {
				require.Greater(t, a.Journal().Counts()[operation], before[operation], operation)
			}
		})
	}
}

// TestExpiredSession: a call that AWS refuses because the session has expired, sooner than
// was known here, is repeated at once with new credentials.
func TestExpiredSession(t *testing.T) {
	for _, row := range sessions {
		t.Run(row.reason, func(t *testing.T) {
			now := clocktesting.NewFakeClock(clock.RealClock{}.Now())
			server, err := simulator.New(simulator.Options{Clock: now})
			require.NoError(t, err)
			require.NoError(t, server.Start())
			t.Cleanup(func() { require.NoError(t, server.Close()) })
			config, err := server.AWSConfig(t.Context())
			require.NoError(t, err)
			c := clientOf(t, config, row.id)
			now.Step(2 * time.Hour)
			server.Journal().Reset()
			require.Equal(t, cloud.NotFound, ask(t, c))
			counts := server.Journal().Counts()
			require.Equal(t, 2, counts["ListTags"], "%v", counts)
			for _, operation := range row.operations {
				require.Positive(t, counts[operation], "%v", counts)
			}
			require.Equal(t, cloud.NotFound, ask(t, c))
			require.Equal(t, 3, server.Journal().Counts()["ListTags"], "the new ones are kept")
		})
	}
}

// TestExpiredTwice: what new credentials do not help is no refusal; the loop tries later.
func TestExpiredTwice(t *testing.T) {
	for _, code := range []string{"ExpiredToken", "ExpiredTokenException", "RequestExpired"} {
		for times, want := range map[int]cloud.Class{1: cloud.NotFound, 2: cloud.Server} {
			a := newAccount(t)
			c := clientOf(t, a.config, cloud.Identity{})
			_, err := a.Faults().Add(fault.Rule{Action: fault.Reject, Operation: "ListTags", Code: code, Message: "The security token included in the request is expired", Status: 403, Times: times})
			require.NoError(t, err)
			require.Equal(t, want, ask(t, c), "%s %d times", code, times)
			require.Equal(t, 2, a.Journal().Counts()["ListTags"], "one repetition and no more")
		}
	}
}

// TestNothingElseIsRepeated by the client: the loop does that, when the object's turn comes.
func TestNothingElseIsRepeated(t *testing.T) {
	for _, code := range []string{"ThrottlingException", "InternalFailure", "AccessDeniedException", "ValidationException"} {
		a := newAccount(t)
		c := clientOf(t, a.config, cloud.Identity{})
		_, err := a.Faults().Add(fault.Rule{Action: fault.Reject, Operation: "ListTags", Code: code, Message: "no", Times: 1})
		require.NoError(t, err)
		require.NotEqual(t, cloud.NotFound, ask(t, c), code)
		require.Equal(t, 1, a.Journal().Counts()["ListTags"], code)
	}
}
