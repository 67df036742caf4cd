package simulator

import (
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"k8s.io/utils/clock"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/throttle"
)

// Off switches an option off whose zero value means its default.
const Off = -1

// Rate is a token bucket: what a caller may ask per second, and at once.
type Rate = throttle.Rate

// DefaultThrottle is how AWS is assumed to throttle: per operation and
// account, by the operation's name or its first word.
func DefaultThrottle() map[string]Rate { return throttle.Defaults() }

// Options of a simulator. The zero value is a simulator with realistic
// durations and consistency, that neither throttles nor knows quotas.
type Options struct {
	// Address to listen on; default 127.0.0.1:0, a free local port.
	Address string
	// Clock tells the time; default the real one. With a testing clock
	// nothing in the simulator waits: states change when the clock moves.
	Clock clock.Clock
	// Account of callers whose access key does not name one; default
	// 123456789012. A key of 12 digits is an account of its own.
	Account string
	// Region of AWSConfig; default us-east-1. Callers choose theirs by their
	// signature.
	Region string
	// Durations of stages, by "Kind/Stage" ("TrainingJob/Downloading",
	// "Endpoint/Creating"); Stages lists them with their defaults.
	Durations map[string]time.Duration
	// ConsistencyWindow is the longest time until Describe, List and ListTags
	// see a new object or tag; default 2 s. Off: at once.
	ConsistencyWindow time.Duration
	// RolePropagation is how long SageMaker cannot assume a role after
	// AddRole; default 10 s. Off: at once.
	RolePropagation time.Duration
	// Quotas by AWS's names ("ml.m5.xlarge for training job usage"). What is
	// not named has no limit; 0 allows none.
	Quotas map[string]int
	// Throttle limits callers; nil lets everything pass.
	Throttle map[string]Rate
	// Seed decides all that varies, the consistency times above all.
	Seed uint64
	// AsObserved makes the answers as hostile as AWS's were seen to be: defaults are
	// filled in, members left out, lists reordered, values rewritten, and ListTags
	// lags by up to 20 s. Seed decides where sources contradict each other.
	AsObserved bool
	// Logger for what should not happen, unknown operations above all;
	// default none.
	Logger *slog.Logger
}

var account = regexp.MustCompile(`^\d{12}$`)

func (o Options) complete() (Options, error) {
	if o.Address == "" {
		o.Address = "127.0.0.1:0"
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	if o.Account == "" {
		o.Account = "123456789012"
	}
	if !account.MatchString(o.Account) {
		return o, fmt.Errorf("account %q is not 12 digits", o.Account)
	}
	if o.Region == "" {
		o.Region = "us-east-1"
	}
	if o.ConsistencyWindow == 0 {
		o.ConsistencyWindow = 2 * time.Second
	}
	if o.RolePropagation == 0 {
		o.RolePropagation = 10 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	known := Stages()
	for stage, duration := range o.Durations {
		if _, ok := known[stage]; !ok {
			return o, fmt.Errorf("unknown stage %q: known are %s", stage, strings.Join(stageNames(), ", "))
		}
		if duration < 0 {
			return o, fmt.Errorf("stage %s: negative duration %s", stage, duration)
		}
	}
	for name, rate := range o.Throttle {
		if rate.PerSecond <= 0 || rate.Burst < 1 {
			return o, fmt.Errorf("throttle %q: rate must be positive and burst at least 1", name)
		}
	}
	for name, limit := range o.Quotas {
		if limit < 0 {
			return o, fmt.Errorf("quota %q: negative limit %d", name, limit)
		}
	}
	return o, nil
}

// Stages lists every stage whose duration can be configured, as "Kind/Stage",
// with its default. How long an endpoint is Shifting is up to its deployment.
func Stages() map[string]time.Duration {
	stages := map[string]time.Duration{}
	for _, kind := range kinds() {
		for _, stage := range kind.Stages {
			if stage.Next != nil && stage.For == nil {
				stages[stageName(kind, stage)] = stage.Lasts
			}
		}
	}
	return stages
}

func stageNames() []string {
	return slices.Sorted(maps.Keys(Stages()))
}

// faultStages is what fault rules may speak of: every kind, and every stage
// that ends.
func faultStages(kinds []*engine.Kind) []string {
	var names []string
	for _, kind := range kinds {
		names = append(names, kind.Name+"/")
		for _, stage := range kind.Stages {
			if stage.Next != nil {
				names = append(names, stageName(kind, stage))
			}
		}
	}
	return names
}

func stageName(kind *engine.Kind, stage engine.Stage) string { return kind.Name + "/" + stage.Name }
