package cloud

import (
	"context"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Client calls SageMaker and its neighbours as one identity in one region.
type Client struct {
	// Account and Region are where the calls go.
	Account, Region string

	api     *sagemaker.Client
	storage *s3.Client
	budget  *budget

	// config makes the clients of other services, which are kept by type.
	config   aws.Config
	services sync.Map
}

// service is the client of another AWS service, in the same region and as the same
// identity.
func service[S, P any](c *Client, connect func(aws.Config, ...func(*P)) *S) *S {
	key := reflect.TypeFor[S]()
	known, ok := c.services.Load(key)
	if !ok {
		known, _ = c.services.LoadOrStore(key, connect(c.config))
	}
	typed, _ := known.(*S)
	return typed
}

func (c *Client) spend(operation string) error {
	err := c.budget.spend(operation)
	if err != nil {
		calls.WithLabelValues(operation, heldBack).Inc()
	}
	return err
}

// Clients makes one Client per identity and keeps it.
type Clients struct {
	config aws.Config
	clock  clock.PassiveClock
	kube   client.Client

	mu      sync.Mutex
	clients map[caller]*Client
	budgets map[place]*budget
}

// caller is an identity and the role that its service account stood for.
type caller struct {
	Identity

	webRole string
}

type place struct{ account, region string }

// NewClients makes clients from the controller's own AWS configuration:
// credentials, default region and endpoints. The clock is that of the budgets;
// kube reads service accounts and makes their tokens, and may be nil where no
// identity names one.
func NewClients(config aws.Config, c clock.PassiveClock, kube client.Client) *Clients {
	config = as(config, config.Credentials)
	config.APIOptions = append(slices.Clip(config.APIOptions), countCalls)
	return &Clients{
		config:  config,
		clock:   c,
		kube:    kube,
		clients: map[caller]*Client{},
		budgets: map[place]*budget{},
	}
}

// DefaultRegion is the region of the controller's own configuration.
func (c *Clients) DefaultRegion() string { return c.config.Region }

// For returns the client of an identity. The first time, and when the identity's
// service account has got another role, it asks STS for the account, which also
// shows whether the credentials work. Errors are an *IdentityError if the
// identity cannot be had, one of the API server's if a service account could
// not be read, or of class Server or Throttle.
func (c *Clients) For(ctx context.Context, id Identity) (*Client, error) {
	if id.Region == "" {
		id.Region = c.config.Region
	}
	if id.Region == "" {
		return nil, &IdentityError{Identity: id, Err: errNoRegion}
	}
	role, err := webRole(ctx, c.kube, id)
	if err != nil {
		return nil, err
	}
	as := caller{id, role}
	c.mu.Lock()
	known, ok := c.clients[as]
	c.mu.Unlock()
	if ok {
		return known, nil
	}
	made, err := c.connect(ctx, id)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	at := place{made.Account, made.Region}
	if c.budgets[at] == nil {
		c.budgets[at] = newBudget(c.clock)
	}
	made.budget = c.budgets[at]
	c.clients[as] = made
	return made, nil
}

func (c *Clients) connect(ctx context.Context, id Identity) (*Client, error) {
	if err := CheckEndpoint(id.Endpoint); err != nil {
		return nil, &IdentityError{Identity: id, Err: err}
	}
	config := c.config.Copy()
	config.Region = id.Region
	config = become(config, id, c.kube)
	if config.Credentials == nil {
		return nil, &IdentityError{Identity: id, Err: errNoCredentials}
	}
	if _, err := config.Credentials.Retrieve(ctx); err != nil {
		return nil, id.failed(err)
	}
	caller, err := sts.NewFromConfig(config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return nil, id.failed(err)
	}
	return &Client{
		Account: aws.ToString(caller.Account),
		Region:  id.Region,
		api: sagemaker.NewFromConfig(config, func(o *sagemaker.Options) {
			if id.Endpoint != "" {
				o.BaseEndpoint = &id.Endpoint
			}
		}),
		storage: s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = pathStyle(o.BaseEndpoint) }),
		config:  config,
	}, nil
}

// pathStyle says whether a bucket stands in the path of requests, and not in the
// host's name: where there is an endpoint of its own, names below it lead nowhere.
func pathStyle(endpoint *string) bool { return endpoint != nil }

// CheckEndpoint says why a text is no URL of an API, or nil. Empty is the URL
// of the AWS configuration.
func CheckEndpoint(text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return fmt.Errorf("%q is no endpoint URL: write https://<host>", text)
	}
	return nil
}
