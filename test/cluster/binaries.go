package cluster

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// AssetsEnv names a directory that holds etcd and kube-apiserver, and
// possibly kube-controller-manager, to be used in place of built ones.
const AssetsEnv = "KUBEBUILDER_ASSETS"

// ControlPlane holds the paths of the programs that make a Kubernetes API.
type ControlPlane struct {
	Etcd, APIServer, ControllerManager string
}

// FluxBinaries holds the paths of the Flux controllers and the directories
// with the CustomResourceDefinitions they serve.
type FluxBinaries struct {
	SourceController, KustomizeController string
	CRDs                                  []string
}

// Binaries are the programs the bench runs.
type Binaries struct {
	ControlPlane
	FluxBinaries
}

// Build makes sure that every program of the bench exists, builds what is
// missing, one at a time across processes, and reports progress on log. The
// first build takes minutes and gigabytes, which the package's README states;
// later calls take milliseconds. It fails on other systems than Linux, without
// a go command, with too little free disk, and when a build fails, whose last
// lines of output are then in the error.
func Build(ctx context.Context, log io.Writer) (Binaries, error) {
	assets, err := assetsFromEnv()
	if err != nil {
		return Binaries{}, err
	}
	paths, err := ensure(ctx, log, append(assets.missing(), sourceController, kustomizeController)...)
	if err != nil {
		return Binaries{}, err
	}
	return Binaries{assets.controlPlane(paths), fluxBinaries(paths)}, nil
}

func buildControlPlane(ctx context.Context, log io.Writer) (ControlPlane, error) {
	assets, err := assetsFromEnv()
	if err != nil {
		return ControlPlane{}, err
	}
	paths, err := ensure(ctx, log, assets.missing()...)
	if err != nil {
		return ControlPlane{}, err
	}
	return assets.controlPlane(paths), nil
}

func buildFlux(ctx context.Context, log io.Writer) (FluxBinaries, error) {
	paths, err := ensure(ctx, log, sourceController, kustomizeController)
	if err != nil {
		return FluxBinaries{}, err
	}
	return fluxBinaries(paths), nil
}

func fluxBinaries(paths map[string]string) FluxBinaries {
	source, kustomize := paths[sourceController.name], paths[kustomizeController.name]
	return FluxBinaries{
		SourceController:    source,
		KustomizeController: kustomize,
		CRDs:                []string{crdDir(source), crdDir(kustomize)},
	}
}

// assets maps program names to the paths given by the user.
type assets map[string]string

func assetsFromEnv() (assets, error) {
	found := assets{}
	dir := os.Getenv(AssetsEnv)
	if dir == "" {
		return found, nil
	}
	for _, t := range controlPlaneTargets {
		path := filepath.Join(dir, t.name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			found[t.name] = path
		} else if t.name != controllerManager.name {
			return nil, fmt.Errorf("%s=%s holds no executable %s", AssetsEnv, dir, t.name)
		}
	}
	return found, nil
}

func (a assets) missing() []target {
	var missing []target
	for _, t := range controlPlaneTargets {
		if a[t.name] == "" {
			missing = append(missing, t)
		}
	}
	return missing
}

func (a assets) controlPlane(built map[string]string) ControlPlane {
	path := func(t target) string {
		if given := a[t.name]; given != "" {
			return given
		}
		return built[t.name]
	}
	return ControlPlane{Etcd: path(etcd), APIServer: path(apiServer), ControllerManager: path(controllerManager)}
}
