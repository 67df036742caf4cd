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
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

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
	// sagemaker and runtime are the hosts that take the calls of SageMaker, and of
	// its endpoints, in the simulator's place, if set.
	sagemaker, runtime string
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
	host := ""
	switch {
	case r.Header.Get("X-Amz-Target") != "":
		host = a.sagemaker
	case strings.HasPrefix(r.URL.Path, "/endpoints/"):
		host = a.runtime
	}
	if host != "" {
		r = r.Clone(r.Context())
		r.URL.Host = host
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

func (a *account) clients() *cloud.Clients { return cloud.NewClients(a.config, clock.RealClock{}, nil) }

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
		}, cloud.Server, "GetCallerIdentity, "},
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

// Service accounts, as a cluster has them.
var (
	webRole   = "arn:aws:iam::555555555555:role/team-a"
	annotated = &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "ml", Name: "trainer", Annotations: map[string]string{"eks.amazonaws.com/role-arn": webRole}}}
	plain     = &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "ml", Name: "plain"}}
	ofTrainer = cloud.Identity{ServiceAccount: types.NamespacedName{Namespace: "ml", Name: "trainer"}}
	ofNobody  = cloud.Identity{ServiceAccount: types.NamespacedName{Namespace: "ml", Name: "nobody"}}
	ofPlain   = cloud.Identity{ServiceAccount: types.NamespacedName{Namespace: "ml", Name: "plain"}}
)

func TestServiceAccounts(t *testing.T) {
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "serviceaccounts/token"}, "trainer", errors.New("no rule allows it"))
	for _, row := range []struct {
		reason  string
		id      cloud.Identity
		token   error // of asking for a token
		fault   *fault.Rule
		account string
		own     bool // an error that is the identity's own
		says    string
	}{
		{reason: "its token is exchanged for its role", id: ofTrainer, account: "555555555555"},
		{
			reason:  "its role assumes another",
			id:      cloud.Identity{ServiceAccount: ofTrainer.ServiceAccount, RoleARN: role},
			account: "210987654321",
		},
		{reason: "there is none", id: ofNobody, own: true, says: `the service account ml/nobody: serviceaccounts "nobody" not found`},
		{reason: "it has no role", id: ofPlain, own: true, says: "the service account ml/plain: invalid eks.amazonaws.com/role-arn annotation: ''"},
		{reason: "the controller may not ask for tokens", id: ofTrainer, token: forbidden, own: true, says: `serviceaccounts/token "trainer" is forbidden`},
		{reason: "the API server is busy", id: ofTrainer, token: apierrors.NewTooManyRequests("the API server is busy", 1), says: "the API server is busy"},
		{
			reason: "the role does not trust it", id: ofTrainer, own: true,
			fault: &fault.Rule{Action: fault.Deny, Operation: "AssumeRoleWithWebIdentity", Role: webRole},
			says:  "Not authorized to perform sts:AssumeRoleWithWebIdentity",
		},
		{
			reason: "STS fails", id: ofTrainer,
			fault: &fault.Rule{Action: fault.Reject, Operation: "AssumeRoleWithWebIdentity", Code: "InternalFailure", Message: "try again", Status: 500},
			says:  "try again",
		},
	} {
		t.Run(row.reason, func(t *testing.T) {
			a := newAccount(t)
			if row.fault != nil {
				_, err := a.Faults().Add(*row.fault)
				require.NoError(t, err)
			}
			kube := fake.NewClientBuilder().WithObjects(annotated.DeepCopy(), plain.DeepCopy()).WithInterceptorFuncs(interceptor.Funcs{
				SubResourceCreate: func(ctx context.Context, c client.Client, sub string, obj, token client.Object, o ...client.SubResourceCreateOption) error {
					if row.token != nil {
						return row.token
					}
					return c.SubResource(sub).Create(ctx, obj, token, o...)
				},
			}).Build()
			c, err := cloud.NewClients(a.config, clock.RealClock{}, kube).For(t.Context(), row.id)
			if row.says == "" {
				require.NoError(t, err)
				require.Equal(t, row.account, c.Account)
				return
			}
			require.ErrorContains(t, err, row.says)
			var identity *cloud.IdentityError
			require.Equal(t, row.own, errors.As(err, &identity), "%v", err)
		})
	}
}

// An annotation that changes is another identity, without a restart.
func TestServiceAccountThatGetsAnotherRole(t *testing.T) {
	a := newAccount(t)
	kube := fake.NewClientBuilder().WithObjects(annotated.DeepCopy()).Build()
	clients := cloud.NewClients(a.config, clock.RealClock{}, kube)
	first, err := clients.For(t.Context(), ofTrainer)
	require.NoError(t, err)
	again, err := clients.For(t.Context(), ofTrainer)
	require.NoError(t, err)
	require.Same(t, first, again)
	require.Equal(t, 1, a.Journal().Counts()["AssumeRoleWithWebIdentity"], "its credentials are kept")

	changed := annotated.DeepCopy()
	require.NoError(t, kube.Get(t.Context(), client.ObjectKeyFromObject(changed), changed))
	changed.Annotations["eks.amazonaws.com/role-arn"] = role
	require.NoError(t, kube.Update(t.Context(), changed))
	second, err := clients.For(t.Context(), ofTrainer)
	require.NoError(t, err)
	require.Equal(t, []string{"555555555555", "210987654321"}, []string{first.Account, second.Account})
}

func TestServiceAccountsWithoutKubernetes(t *testing.T) {
	_, err := newAccount(t).clients().For(t.Context(), ofTrainer)
	require.ErrorContains(t, err, "the service account ml/trainer: this controller has no Kubernetes API")
}
