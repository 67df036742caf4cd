package cloud_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"
	"k8s.io/utils/clock"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

// account is a simulated AWS and what was asked of its STS.
type account struct {
	*simulator.Server
	config aws.Config

	mu      sync.Mutex
	assumed []string
	// sagemaker is the host that takes the calls of SageMaker in the simulator's
	// place, if set.
	sagemaker string
}

func newAccount(t *testing.T) *account {
	t.Helper()
	server, err := simulator.New(simulator.Options{})
	require.NoError(t, err)
	require.NoError(t, server.Start())
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	a := &account{Server: server}
	a.config, err = server.AWSConfig(t.Context())
	require.NoError(t, err)
	a.config.HTTPClient = &http.Client{Transport: a}
	return a
}

// RoundTrip is what the SDK sends through; it notes how roles are assumed.
func (a *account) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Header.Get("X-Amz-Target") != "" && a.sagemaker != "" {
		r = r.Clone(r.Context())
		r.URL.Host = a.sagemaker
		return http.DefaultTransport.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if form, err := url.ParseQuery(string(body)); err == nil && form.Get("Action") == "AssumeRole" {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.assumed = append(a.assumed, fmt.Sprintf("%s as %s, external id %q", form.Get("RoleArn"), form.Get("RoleSessionName"), form.Get("ExternalId")))
	}
	return http.DefaultTransport.RoundTrip(r)
}

// answer lets a handler take the calls of SageMaker.
func (a *account) answer(t *testing.T, handler http.HandlerFunc) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		handler(w, r)
	}))
	t.Cleanup(server.Close)
	a.sagemaker = server.Listener.Addr().String()
}

func (a *account) clients() *cloud.Clients { return cloud.NewClients(a.config, clock.RealClock{}) }

const role = "arn:aws:iam::210987654321:role/data-science"

func TestOneClientPerIdentity(t *testing.T) {
	a := newAccount(t)
	clients := a.clients()
	require.Equal(t, "us-east-1", clients.DefaultRegion())
	for _, row := range []struct {
		reason          string
		id              cloud.Identity
		account, region string
	}{
		{"the controller's own", cloud.Identity{}, "123456789012", "us-east-1"},
		{"in another region", cloud.Identity{Region: "eu-west-1"}, "123456789012", "eu-west-1"},
		{"a role of another account", cloud.Identity{RoleARN: role}, "210987654321", "us-east-1"},
		{"the same with an external id", cloud.Identity{RoleARN: role, ExternalID: "prod/ml"}, "210987654321", "us-east-1"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			c, err := clients.For(t.Context(), row.id)
			require.NoError(t, err)
			require.Equal(t, []string{row.account, row.region}, []string{c.Account, c.Region})
			again, err := clients.For(t.Context(), row.id)
			require.NoError(t, err)
			require.Same(t, c, again)
			_, err = cloud.ListTags.Call(t.Context(), c, shape.Tree{"ResourceArn": "arn:aws:sagemaker:" + row.region + ":" + row.account + ":model/none"})
			require.Equal(t, cloud.NotFound, cloud.Classify(err), "%v", err)
			last := a.Journal().Entries()
			require.Equal(t, []string{row.account, row.region}, []string{last[len(last)-1].Account, last[len(last)-1].Region}, "that is where calls go")
		})
	}
	own, err := clients.For(t.Context(), cloud.Identity{Region: "us-east-1"})
	require.NoError(t, err)
	implied, err := clients.For(t.Context(), cloud.Identity{})
	require.NoError(t, err)
	require.Same(t, own, implied, "the default region named or left out is one identity")
	require.Equal(t, []string{
		role + ` as sagemaker-gitops, external id ""`, role + ` as sagemaker-gitops, external id "prod/ml"`,
	}, a.assumed, "a role is assumed once, and again only when its credentials expire")
	require.Equal(t, 4, a.Journal().Counts()["GetCallerIdentity"])
}

func TestIdentitiesThatCannotBeHad(t *testing.T) {
	for _, row := range []struct {
		reason string
		id     cloud.Identity
		spoil  func(*testing.T, *account)
		class  cloud.Class
		says   string
	}{
		{"no region anywhere", cloud.Identity{}, func(_ *testing.T, a *account) { a.config.Region = "" }, cloud.Auth, "no AWS region: set spec.region"},
		{"no credentials at all", cloud.Identity{}, func(_ *testing.T, a *account) { a.config.Credentials = nil }, cloud.Auth, "the controller's AWS identity: no AWS credentials"},
		{"credentials that cannot be read", cloud.Identity{}, func(_ *testing.T, a *account) {
			a.config.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, errors.New("no file") })
		}, cloud.Auth, "no file"},
		{"credentials that are empty", cloud.Identity{}, func(_ *testing.T, a *account) {
			a.config.Credentials = credentials.NewStaticCredentialsProvider("", "", "")
		}, cloud.Auth, "static credentials are empty"},
		{"a role that may not be assumed", cloud.Identity{RoleARN: role}, func(t *testing.T, a *account) {
			t.Helper()
			_, err := a.Faults().Add(fault.Rule{Action: fault.Deny, Operation: "AssumeRole", Role: role})
			require.NoError(t, err)
		}, cloud.Auth, "is not authorized to perform: sts:AssumeRole on resource: " + role},
		{"credentials that AWS does not take", cloud.Identity{}, func(t *testing.T, a *account) {
			t.Helper()
			_, err := a.Faults().Add(fault.Rule{Action: fault.Reject, Operation: "GetCallerIdentity", Code: "InvalidClientTokenId", Message: "The security token included in the request is invalid.", Status: 403})
			require.NoError(t, err)
		}, cloud.Auth, "The security token included in the request is invalid."},
		{"AWS that is not reached", cloud.Identity{}, func(_ *testing.T, a *account) {
			closed := httptest.NewServer(nil)
			closed.Close()
			a.config.BaseEndpoint = aws.String(closed.URL)
		}, cloud.Server, "GetCallerIdentity: "},
	} {
		t.Run(row.reason, func(t *testing.T) {
			a := newAccount(t)
			row.spoil(t, a)
			clients := a.clients()
			_, err := clients.For(t.Context(), row.id)
			require.ErrorContains(t, err, row.says)
			require.Equal(t, row.class, cloud.Classify(err))
			var identity *cloud.IdentityError
			require.Equal(t, row.class == cloud.Auth, errors.As(err, &identity))
		})
	}
}

func TestAnIdentityThatFailedIsTriedAgain(t *testing.T) {
	a := newAccount(t)
	_, err := a.Faults().Add(fault.Rule{Action: fault.Deny, Operation: "AssumeRole", Role: role, Times: 1})
	require.NoError(t, err)
	clients := a.clients()
	_, err = clients.For(t.Context(), cloud.Identity{RoleARN: role})
	require.Equal(t, cloud.AssumeRolePermission, cloud.Permission(err))
	_, err = clients.For(t.Context(), cloud.Identity{RoleARN: role})
	require.NoError(t, err, "once it is allowed it works, without a restart")
}

// The budget belongs to account, region and operation, whoever calls.
func TestIdentitiesOfOneAccountShareABudget(t *testing.T) {
	a := newAccount(t)
	clients := a.clients()
	client := func(id cloud.Identity) *cloud.Client {
		c, err := clients.For(t.Context(), id)
		require.NoError(t, err)
		return c
	}
	spend := func(c *cloud.Client) error {
		_, err := cloud.ListTags.Call(t.Context(), c, shape.Tree{"ResourceArn": "arn:aws:sagemaker:us-east-1:210987654321:model/none"})
		return err
	}
	for range 4 {
		require.Equal(t, cloud.NotFound, cloud.Classify(spend(client(cloud.Identity{RoleARN: role}))))
	}
	asked := a.Journal().Counts()["ListTags"]
	var held *cloud.BudgetError
	require.ErrorAs(t, spend(client(cloud.Identity{RoleARN: role, ExternalID: "x"})), &held)
	require.Equal(t, asked, a.Journal().Counts()["ListTags"], "a call that is held back does not go out")
	require.NotErrorAs(t, spend(client(cloud.Identity{})), &held, "another account has its own")
	require.NotErrorAs(t, spend(client(cloud.Identity{RoleARN: role, Region: "eu-west-1"})), &held, "another region has its own")
}
