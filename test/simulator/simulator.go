// Package simulator is a simulated Amazon SageMaker with its neighbours
// Application Auto Scaling, CloudWatch alarms, STS, S3 and SageMaker Runtime on
// one local port. It speaks AWS's wire protocols,
// so that unmodified AWS SDKs are its clients. README.md says what is
// simulated and what is assumed.
package simulator

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"k8s.io/utils/clock"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/autoscaling"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/cloudwatch"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/model"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/observed"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/sagemaker"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/storage"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/sts"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/throttle"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/journal"
)

// Server is one simulator. Its methods are safe for concurrent use.
type Server struct {
	options  Options
	model    *model.Model
	world    *engine.World
	services map[string]service
	storage  *storage.Store
	issuer   *sts.Issuer
	limiter  *throttle.Limiter
	faults   *fault.Set
	journal  *journal.Journal
	control  *http.ServeMux
	http     *http.Server
	requests atomic.Int64
	observed *observed.Changer // nil: answers are as the kinds have them

	mu       sync.Mutex
	listener net.Listener
	done     chan struct{}
}

// New makes a simulator that does not listen yet.
func New(options Options) (*Server, error) {
	options, err := options.complete()
	if err != nil {
		return nil, fmt.Errorf("simulator options: %w", err)
	}
	api, err := model.Load()
	if err != nil {
		return nil, err
	}
	s := &Server{
		options: options,
		model:   api,
		storage: storage.New(options.Clock),
		journal: new(journal.Journal),
		limiter: throttle.New(options.Throttle),
	}
	tagLag := max(options.ConsistencyWindow, 0)
	if options.AsObserved {
		if s.observed, err = observed.New(options.Seed); err != nil {
			return nil, fmt.Errorf("simulator: %w", err)
		}
		if options.ConsistencyWindow != Off {
			tagLag = max(tagLag, observed.TagLag)
		}
	}
	kinds := kinds()
	s.services = map[string]service{
		"SageMaker":                     {name: "sagemaker", operations: engine.Operations(sagemaker.Kinds())},
		"AnyScaleFrontendService":       {name: "application-autoscaling", operations: autoscaling.Operations()},
		"GraniteServiceVersion20100801": {name: "cloudwatch", operations: cloudwatch.Operations(), prefix: "CloudWatch"},
	}
	operations := slices.Concat([]string{"InvokeEndpoint", "InvokeEndpointAsync"}, sts.Operations())
	for _, service := range s.services {
		operations = slices.AppendSeq(operations, maps.Keys(service.operations))
	}
	s.faults = fault.New(operations, faultStages(kinds))
	s.world = engine.New(engine.Settings{
		Clock: options.Clock, Storage: s.storage, Faults: s.faults,
		Durations: options.Durations, Quotas: options.Quotas, Seed: options.Seed,
		Consistency: max(options.ConsistencyWindow, 0), TagLag: tagLag, RolePropagation: max(options.RolePropagation, 0),
	}, kinds)
	s.issuer = sts.New(options.Account, options.Clock, s.faults)
	s.control = s.controlMux()
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 30 * time.Second}
	return s, nil
}

// kinds are those of all services.
func kinds() []*engine.Kind {
	return slices.Concat(sagemaker.Kinds(), autoscaling.Kinds(), cloudwatch.Kinds())
}

// Start listens and serves until Close.
func (s *Server) Start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil {
		return errors.New("the simulator is already running")
	}
	listener, err := net.Listen("tcp", s.options.Address)
	if err != nil {
		return fmt.Errorf("start the simulator: %w", err)
	}
	s.listener, s.done = listener, make(chan struct{})
	go func() {
		defer close(s.done)
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.options.Logger.Error("simulator stopped serving", "error", err)
		}
	}()
	return nil
}

// Close ends all connections and stops listening. Closing twice does no harm.
func (s *Server) Close() error {
	s.mu.Lock()
	done := s.done
	s.mu.Unlock()
	err := s.http.Close()
	if done != nil {
		<-done
	}
	return err
}

// URL is the endpoint of all services: AWS_ENDPOINT_URL. It is empty before
// Start.
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		return ""
	}
	return "http://" + s.listener.Addr().String()
}

// AWSConfig is for SDK clients that call the simulator as the default account
// and region.
func (s *Server) AWSConfig(context.Context) (aws.Config, error) {
	url := s.URL()
	if url == "" {
		return aws.Config{}, errors.New("the simulator is not running")
	}
	return aws.Config{
		Region:       s.options.Region,
		BaseEndpoint: aws.String(url),
		Credentials:  credentials.NewStaticCredentialsProvider(AccessKey, SecretKey, ""),
	}, nil
}

// AccessKey and SecretKey are static credentials of the default account. Any
// others do as well.
const (
	AccessKey = "AKIASIMULATOR0000000"
	SecretKey = "simulated"
)

// Faults are what a test lets go wrong.
func (s *Server) Faults() *fault.Set { return s.faults }

// Journal is what was asked so far.
func (s *Server) Journal() *journal.Journal { return s.journal }

// Clock is the time the simulator lives in.
func (s *Server) Clock() clock.Clock { return s.options.Clock }

// Account is the default account.
func (s *Server) Account() string { return s.options.Account }

// AddRole makes an IAM role known as just created: SageMaker cannot assume it
// before RolePropagation has passed. Roles never added always can be.
func (s *Server) AddRole(arn string) { s.world.AddRole(arn) }

// CreateBucket makes an S3 bucket unless it is there.
func (s *Server) CreateBucket(name string) error { return s.storage.CreateBucket(name) }

// PutObject writes an S3 object, and its bucket if need be.
func (s *Server) PutObject(bucket, key string, content []byte) error {
	if err := s.storage.CreateBucket(bucket); err != nil {
		return err
	}
	return s.storage.Put(bucket, key, content)
}

// GetObject reads an S3 object, written by a job or by anybody.
func (s *Server) GetObject(bucket, key string) ([]byte, error) {
	s.world.In(wire.Caller{}, func(*engine.Tx) {}) // what has become due may write objects
	return s.storage.Get(bucket, key)
}
