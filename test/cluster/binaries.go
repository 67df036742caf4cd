package cluster

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
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

// ArgoCDBinaries holds the path of Argo CD, and the directories with the
// CustomResourceDefinitions it serves, the settings it comes with, and the scripts
// it calls.
type ArgoCDBinaries struct {
	Program           string
	CRDs              []string
	Settings, Scripts string
}

// Tool is what applies to the cluster what is in git.
type Tool string

// The tools.
const (
	FluxTool   Tool = "Flux"
	ArgoCDTool Tool = "Argo CD"
)

// programs of each tool.
var programs = map[Tool][]target{
	FluxTool:   {sourceController, kustomizeController},
	ArgoCDTool: {argoCD},
}

// Build makes sure that the programs of a control plane and of these tools exist,
// builds what is missing, one at a time across processes, reports progress on
// log, and returns the paths. The first build takes minutes and gigabytes, which
// the package's README states; later calls take milliseconds. It fails on other
// systems than Linux, without a go command, with too little free disk, and when
// a build fails, whose last lines of output are then in the error.
func Build(ctx context.Context, log io.Writer, tools ...Tool) ([]string, error) {
	assets, err := assetsFromEnv()
	if err != nil {
		return nil, err
	}
	targets := assets.missing()
	for _, tool := range tools {
		if programs[tool] == nil {
			return nil, fmt.Errorf("%q is no tool that the bench knows", tool)
		}
		targets = append(targets, programs[tool]...)
	}
	built, err := ensure(ctx, log, targets...)
	if err != nil {
		return nil, err
	}
	paths := slices.Collect(maps.Values(assets))
	for _, t := range targets {
		paths = append(paths, built[t.name])
	}
	return paths, nil
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
	paths, err := ensure(ctx, log, programs[FluxTool]...)
	if err != nil {
		return FluxBinaries{}, err
	}
	source, kustomize := paths[sourceController.name], paths[kustomizeController.name]
	return FluxBinaries{
		SourceController:    source,
		KustomizeController: kustomize,
		CRDs:                []string{beside(source, crdsDir), beside(kustomize, crdsDir)},
	}, nil
}

func buildArgoCD(ctx context.Context, log io.Writer) (ArgoCDBinaries, error) {
	paths, err := ensure(ctx, log, programs[ArgoCDTool]...)
	if err != nil {
		return ArgoCDBinaries{}, err
	}
	program := paths[argoCD.name]
	return ArgoCDBinaries{
		Program:  program,
		CRDs:     []string{beside(program, crdsDir)},
		Settings: beside(program, settingsDir),
		Scripts:  beside(program, scriptsDir),
	}, nil
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
