package cluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// FluxNamespace is the namespace the Flux controllers take for their own.
const FluxNamespace = "flux-system"

// FluxOptions of [Cluster.StartFlux].
type FluxOptions struct {
	// EventsAddr is the URL that receives the controllers' events, which would
	// be notification-controller's. Empty means that nobody does.
	EventsAddr string
}

// Flux is a running pair of source-controller and kustomize-controller.
type Flux struct {
	processes []*process
}

// StartFlux installs Flux's CRDs, starts both controllers and returns when they
// are ready. Flags say where things are, and two change how they behave, for a
// pair that is alone and repeatable: --enable-leader-election=false and
// --interval-jitter-percentage=0. All else is at its default. They watch all
// namespaces as cluster administrators. On an existing cluster it fails: that
// cluster may run Flux of its own.
func (c *Cluster) StartFlux(ctx context.Context, options FluxOptions) (*Flux, error) {
	if c.existing != "" {
		return nil, fmt.Errorf("the existing cluster %s is left to its own Flux", c.existing)
	}
	programs, err := buildFlux(ctx, c.log)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := c.InstallCRDs(ctx, programs.CRDs...); err != nil {
		return nil, err
	}
	if err := c.ensureNamespace(ctx, FluxNamespace); err != nil {
		return nil, err
	}
	flux := &Flux{}
	if err := c.startFluxControllers(ctx, flux, programs, options); err != nil {
		flux.Stop()
		return nil, err
	}
	return flux, nil
}

func (c *Cluster) startFluxControllers(ctx context.Context, flux *Flux, programs FluxBinaries, options FluxOptions) error {
	storage := filepath.Join(c.Dir, "source-storage")
	if err := os.MkdirAll(storage, 0o700); err != nil {
		return err
	}
	storagePort, err := freePort()
	if err != nil {
		return err
	}
	storageAddr := fmt.Sprintf("127.0.0.1:%d", storagePort)
	source, err := c.fluxController(flux, sourceController.name, programs.SourceController, options,
		"--storage-path="+storage,
		"--storage-addr="+storageAddr,
		"--storage-adv-addr="+storageAddr, // by default the Service of a cluster with DNS
	)
	if err != nil {
		return err
	}
	kustomize, err := c.fluxController(flux, kustomizeController.name, programs.KustomizeController, options)
	if err != nil {
		return err
	}
	for p, health := range map[*process]string{source.process: source.health, kustomize.process: kustomize.health} {
		if err := p.ready(ctx, func(ctx context.Context) error {
			return get(ctx, &rest.Config{}, health)
		}); err != nil {
			return err
		}
	}
	return nil
}

type fluxController struct {
	*process
	health string // URL
}

func (c *Cluster) fluxController(flux *Flux, name, path string, options FluxOptions, args ...string) (fluxController, error) {
	port, err := freePort()
	if err != nil {
		return fluxController{}, err
	}
	health := fmt.Sprintf("127.0.0.1:%d", port)
	p, err := c.run(name, path, append(args,
		"--health-addr="+health,
		"--metrics-addr=0", // both controllers want :8080
		"--events-addr="+options.EventsAddr,
		"--enable-leader-election=false", // each is alone, and would wait for a lease
		"--interval-jitter-percentage=0", // when something happens is to be repeatable
	), []string{"KUBECONFIG=" + c.Kubeconfig, "RUNTIME_NAMESPACE=" + FluxNamespace})
	if err != nil {
		return fluxController{}, err
	}
	flux.processes = append(flux.processes, p)
	return fluxController{p, "http://" + health + "/readyz"}, nil
}

// Stop kills both controllers. Stopping the cluster does so too.
func (f *Flux) Stop() {
	for _, p := range slices.Backward(f.processes) {
		p.stop()
	}
}

func (c *Cluster) ensureNamespace(ctx context.Context, name string) error {
	writer, err := client.New(c.Config, client.Options{})
	if err != nil {
		return err
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if err := writer.Create(ctx, namespace); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create namespace %s: %w", name, err)
	}
	return nil
}
