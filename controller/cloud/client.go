package cloud

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"k8s.io/utils/clock"
)

// Identity says as whom and where AWS is called. It is comparable; the zero
// value but for Region is the controller's own identity.
type Identity struct {
	// Region is an AWS region.
	Region string
	// RoleARN is a role to assume, or empty.
	RoleARN string
	// ExternalID is sent with AssumeRole.
	ExternalID string
}

// IdentityError means that the identity itself could not be had, so that no
// call could be made.
type IdentityError struct {
	Identity Identity
	Err      error
}

func (e *IdentityError) Error() string {
	if e.Identity.RoleARN == "" {
		return fmt.Sprintf("the controller's AWS identity: %v", e.Err)
	}
	return fmt.Sprintf("sts:AssumeRole of %s: %v", e.Identity.RoleARN, e.Err)
}

func (e *IdentityError) Unwrap() error { return e.Err }

// Client calls SageMaker as one identity in one region.
type Client struct {
	// Account and Region are where the calls go.
	Account, Region string

	api    *sagemaker.Client
	budget *budget
}

func (c *Client) spend(operation string) error { return c.budget.spend(operation) }

// Clients makes one Client per identity and keeps it.
type Clients struct {
	config aws.Config
	clock  clock.PassiveClock

	mu      sync.Mutex
	clients map[Identity]*Client
	budgets map[place]*budget
}

type place struct{ account, region string }

// NewClients makes clients from the controller's own AWS configuration:
// credentials, default region and endpoints. The clock is that of the budgets.
func NewClients(config aws.Config, c clock.PassiveClock) *Clients {
	// The loop repeats calls itself, when the object's turn comes again: a
	// client that sleeps between tries would hold a worker.
	config.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	return &Clients{
		config:  config,
		clock:   c,
		clients: map[Identity]*Client{},
		budgets: map[place]*budget{},
	}
}

// DefaultRegion is the region of the controller's own configuration.
func (c *Clients) DefaultRegion() string { return c.config.Region }

var errNoCredentials = errors.New("no AWS credentials")

var errNoRegion = errors.New("no AWS region: set spec.region, the namespace annotation or the controller's region")

// For returns the client of an identity. The first time it asks STS for the
// account, which also shows whether the credentials work; errors are an
// *IdentityError or, if AWS cannot be reached, of class Server.
func (c *Clients) For(ctx context.Context, id Identity) (*Client, error) {
	if id.Region == "" {
		id.Region = c.config.Region
	}
	if id.Region == "" {
		return nil, &IdentityError{Identity: id, Err: errNoRegion}
	}
	c.mu.Lock()
	client, ok := c.clients[id]
	c.mu.Unlock()
	if ok {
		return client, nil
	}
	client, err := c.connect(ctx, id)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	at := place{client.Account, client.Region}
	if c.budgets[at] == nil {
		c.budgets[at] = newBudget(c.clock)
	}
	client.budget = c.budgets[at]
	c.clients[id] = client
	return client, nil
}

func (c *Clients) connect(ctx context.Context, id Identity) (*Client, error) {
	config := c.config.Copy()
	config.Region = id.Region
	if id.RoleARN != "" {
		config.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(config), id.RoleARN,
			func(o *stscreds.AssumeRoleOptions) {
				o.RoleSessionName = "sagemaker-gitops"
				if id.ExternalID != "" {
					o.ExternalID = aws.String(id.ExternalID)
				}
			}))
	}
	if config.Credentials == nil {
		return nil, &IdentityError{Identity: id, Err: errNoCredentials}
	}
	if _, err := config.Credentials.Retrieve(ctx); err != nil {
		return nil, &IdentityError{Identity: id, Err: err}
	}
	caller, err := sts.NewFromConfig(config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if Classify(err) == Auth {
		return nil, &IdentityError{Identity: id, Err: err}
	}
	if err != nil {
		return nil, fmt.Errorf("GetCallerIdentity: %w", err)
	}
	return &Client{
		Account: aws.ToString(caller.Account),
		Region:  id.Region,
		api:     sagemaker.NewFromConfig(config),
	}, nil
}
