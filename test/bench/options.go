package bench

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/cluster"
)

// usualExample is what is pushed if nobody says otherwise.
const usualExample = "model-pipeline"

// What the examples are written for, and so what the simulator offers.
const (
	Account = "111122223333"
	Region  = "eu-west-1"
	Bucket  = "acme-ml"
	// ClusterName is the controller's --cluster-name.
	ClusterName = "demo"
)

// Options of [Start].
type Options struct {
	// Dir keeps logs, data, git repositories and the controller's binary. It is
	// made when absent, must not hold another bench, and is left for the caller
	// to remove. Required.
	Dir string
	// Log receives the progress of builds that take minutes. Nil means standard
	// error.
	Log io.Writer
	// Tool applies what is in git. Empty means Flux.
	Tool cluster.Tool
	// Example is the directory below examples that is pushed; it has an overlay
	// demo. Empty means model-pipeline.
	Example string
	// EventsAddr is the URL that receives the controller's events, which would be
	// notification-controller's. Empty means that nobody does.
	EventsAddr string
	// Durations are how long AWS takes for stages of kinds, such as TrainingJob/Training,
	// where that is not to be the bench's usual time or minutes.
	Durations map[string]time.Duration
	// Step is told what is being started, in a few words. Nil means nobody is.
	Step func(what string)
}

func (o Options) stepf(format string, args ...any) {
	if o.Step != nil {
		o.Step(fmt.Sprintf(format, args...))
	}
}

func (o Options) tool() cluster.Tool { return cmp.Or(o.Tool, cluster.FluxTool) }

func (o Options) log() io.Writer {
	if o.Log == nil {
		return os.Stderr
	}
	return o.Log
}

// The bench differs from an installation in these times, and in nothing else
// that matters: AWS takes seconds where it takes minutes, and Flux and the
// controller look more often.
const (
	observeInterval = time.Second     // default 30s
	sourceInterval  = time.Second     // users write 1m
	retryInterval   = 5 * time.Second // of a Kustomization that failed; users write 1m
)

func (o Options) durations() map[string]time.Duration {
	all := map[string]time.Duration{
		"ProcessingJob/Starting":   time.Second,
		"ProcessingJob/Processing": 2 * time.Second,
		"ProcessingJob/Stopping":   time.Second,
		"TrainingJob/Starting":     time.Second,
		"TrainingJob/Downloading":  time.Second,
		"TrainingJob/Training":     3 * time.Second,
		"TrainingJob/Uploading":    time.Second,
		"TrainingJob/Stopping":     time.Second,
		"Endpoint/Creating":        4 * time.Second,
		"Endpoint/Updating":        4 * time.Second,
		"Endpoint/Deleting":        4 * time.Second,
	}
	maps.Copy(all, o.Durations)
	return all
}
