package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/cluster"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
)

// Bench is everything, running.
type Bench struct {
	Cluster *cluster.Cluster
	AWS     *simulator.Server
	// Kube is a client of a cluster administrator, without a cache.
	Kube client.Client
	// Git serves Repository, which is empty at first.
	Git        *cluster.GitServer
	Repository *cluster.Repository
	// MetricsURL is where the controller tells its metrics.
	MetricsURL string
	// Root is the directory of this project's checkout.
	Root string

	example string
	awsLog  io.Closer
}

// Start builds what is missing and starts everything. ctx bounds the start
// only: the bench runs until Stop, or the end of this process.
func Start(ctx context.Context, options Options) (*Bench, error) {
	ctrllog.SetLogger(logr.Discard()) // of the CRD installer, which complains otherwise
	b := &Bench{example: options.Example}
	if err := b.start(ctx, options); err != nil {
		return nil, errors.Join(err, b.Stop())
	}
	return b, nil
}

func (b *Bench) start(ctx context.Context, options Options) error {
	if existing, _ := strconv.ParseBool(os.Getenv(cluster.UseExistingEnv)); existing {
		return fmt.Errorf("%s is set: the bench installs and breaks things, and does so only on a cluster of its own", cluster.UseExistingEnv)
	}
	if options.Dir == "" {
		return errors.New("the bench needs a directory")
	}
	var err error
	if b.Root, err = root(ctx); err != nil {
		return err
	}
	if _, err := cluster.Build(ctx, options.log(), options.tool()); err != nil {
		return err
	}
	if err := os.MkdirAll(options.Dir, 0o700); err != nil {
		return err
	}
	options.stepf("the controller is built")
	binary := filepath.Join(options.Dir, "sagemaker-gitops")
	if err := buildController(ctx, b.Root, binary); err != nil {
		return err
	}
	options.stepf("a Kubernetes API server with etcd starts, with the CRDs of %s", v1alpha1.Group)
	if b.Cluster, err = cluster.Start(ctx, cluster.Options{
		Dir: options.Dir, Log: options.log(), CRDs: []string{filepath.Join(b.Root, "kustomize", "crd", "bases")},
	}); err != nil {
		return err
	}
	if err := b.connect(); err != nil {
		return err
	}
	if err := b.startTool(ctx, options); err != nil {
		return err
	}
	options.stepf("the simulated SageMaker and a git server start")
	if err := b.startAWS(options); err != nil {
		return err
	}
	//nolint:contextcheck // it lives longer than the start
	if b.Git, err = cluster.NewGitServer(filepath.Join(options.Dir, "git")); err != nil {
		return err
	}
	if b.Repository, err = b.Git.CreateRepository(ctx, "ml"); err != nil {
		return err
	}
	options.stepf("the controller starts, with the permissions of kustomize/default")
	return b.startController(ctx, binary, options.EventsAddr)
}

func (b *Bench) startTool(ctx context.Context, options Options) error {
	if options.tool() == cluster.ArgoCDTool {
		options.stepf("Argo CD's repository server and application controller start")
		return b.startArgoCD(ctx)
	}
	options.stepf("Flux's source-controller and kustomize-controller start")
	_, err := b.Cluster.StartFlux(ctx, cluster.FluxOptions{})
	return err
}

func (b *Bench) connect() error {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return err
	}
	var err error
	b.Kube, err = client.New(b.Cluster.Config, client.Options{Scheme: scheme})
	return err
}

// Err says what has ended without being asked to, and why; nil while all runs.
func (b *Bench) Err() error { return b.Cluster.Err() }

// Stop ends everything. It may be called more than once.
func (b *Bench) Stop() error {
	var errs []error
	if b.Cluster != nil {
		errs = append(errs, b.Cluster.Stop())
	}
	if b.Git != nil {
		errs = append(errs, b.Git.Close())
	}
	if b.AWS != nil {
		errs = append(errs, b.AWS.Close())
	}
	if b.awsLog != nil {
		errs = append(errs, b.awsLog.Close())
		b.awsLog = nil
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("stop the bench: %w", err)
	}
	return nil
}
