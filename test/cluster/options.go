package cluster

import (
	"fmt"
	"io"
	"os"
	"strconv"
)

const (
	// UseExistingEnv set to "true" makes [Start] use the cluster that
	// [ContextEnv] names in place of one of its own.
	UseExistingEnv = "USE_EXISTING_CLUSTER"
	// ContextEnv names a context of the ambient kubeconfig. It is read only
	// together with [UseExistingEnv].
	ContextEnv = "CLUSTER_CONTEXT"
)

// Options of [Start]. The zero value is a good default.
type Options struct {
	// Dir keeps logs, data and the kubeconfig. It is made when absent, must not
	// hold another cluster, and is left for the caller to remove. Empty means a
	// temporary directory, removed by Stop.
	Dir string
	// Log receives one line per step that takes long. Nil means standard error.
	Log io.Writer
	// CRDs are files and directories with CustomResourceDefinitions to install.
	// Garbage collection knows these kinds from the start, while it notices
	// kinds installed later only after up to 30 seconds.
	CRDs []string
}

func (o Options) log() io.Writer {
	if o.Log == nil {
		return os.Stderr
	}
	return o.Log
}

// existingContext is the context the environment orders to use, empty for none.
func existingContext() (string, error) {
	value := os.Getenv(UseExistingEnv)
	if value == "" {
		return "", nil
	}
	use, err := strconv.ParseBool(value)
	if err != nil {
		return "", fmt.Errorf("%s=%q is neither true nor false", UseExistingEnv, value)
	}
	if !use {
		return "", nil
	}
	name := os.Getenv(ContextEnv)
	if name == "" {
		return "", fmt.Errorf("%s=%s needs %s to name a context of your kubeconfig", UseExistingEnv, value, ContextEnv)
	}
	return name, nil
}
