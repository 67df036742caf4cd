package cluster

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

const rootModule = "github.com/sagemaker-gitops/sagemaker-gitops"

// What is kept beside the executables.
const (
	crdsDir     = "crds"
	settingsDir = "settings"
	scriptsDir  = "scripts"
)

// target is one program built from a nested module.
type target struct {
	name   string // of the executable
	dir    string // of the nested module, below test/cluster/modules
	module string // the Go module that holds the program, pinned in the nested go.mod
	pkg    string // the main package
	disk   uint64 // bytes a cold build adds on disk: modules, build cache and executable
	// copies are files of the Go module that are kept beside the executable: globs
	// in the module, by the name of a directory.
	copies map[string][]string
	// stamp lists linker variables that carry the version, as the upstream
	// release builds set them. Clients decide by the API server's version.
	stamp func(version string) []string
}

var (
	etcd = target{
		name: "etcd", dir: "etcd", module: "go.etcd.io/etcd/server/v3", pkg: "go.etcd.io/etcd/server/v3", disk: 700 << 20,
	}
	apiServer = target{
		name: "kube-apiserver", dir: "kubernetes", module: "k8s.io/kubernetes",
		pkg: "k8s.io/kubernetes/cmd/kube-apiserver", disk: 2800 << 20, stamp: kubernetesStamp,
	}
	controllerManager = target{
		name: "kube-controller-manager", dir: "kubernetes", module: "k8s.io/kubernetes",
		pkg: "k8s.io/kubernetes/cmd/kube-controller-manager", disk: 800 << 20, stamp: kubernetesStamp,
	}
	sourceController = target{
		name: "source-controller", dir: "source-controller", module: "github.com/fluxcd/source-controller",
		pkg: "github.com/fluxcd/source-controller", disk: 4000 << 20, copies: fluxCRDs,
	}
	kustomizeController = target{
		name: "kustomize-controller", dir: "kustomize-controller", module: "github.com/fluxcd/kustomize-controller",
		pkg: "github.com/fluxcd/kustomize-controller", disk: 2400 << 20, copies: fluxCRDs,
	}
	argoCD = target{
		name: "argocd", dir: "argocd", module: "github.com/argoproj/argo-cd/v3",
		pkg: rootModule + "/test/cluster/modules/argocd", disk: 3500 << 20,
		copies: map[string][]string{
			crdsDir:     {"manifests/crds/application-crd.yaml", "manifests/crds/appproject-crd.yaml"},
			settingsDir: {"manifests/base/config/argocd-cm.yaml", "manifests/base/config/argocd-secret.yaml"},
			scriptsDir:  {"hack/" + verifyScript},
		},
		stamp: func(version string) []string {
			return []string{"-X github.com/argoproj/argo-cd/v3/common.version=" + strings.TrimPrefix(version, "v")}
		},
	}

	controlPlaneTargets = []target{etcd, apiServer, controllerManager}

	fluxCRDs = map[string][]string{crdsDir: {"config/crd/bases/*.yaml"}}
)

func kubernetesStamp(version string) []string {
	major, rest, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	minor, _, _ := strings.Cut(rest, ".")
	const server, client = "-X k8s.io/component-base/version.", "-X k8s.io/client-go/pkg/version."
	return []string{
		server + "gitVersion=" + version, server + "gitMajor=" + major, server + "gitMinor=" + minor,
		client + "gitVersion=" + version, client + "gitMajor=" + major, client + "gitMinor=" + minor,
	}
}

// recipe is a target together with all that decides the bytes of its executable.
type recipe struct {
	target
	moduleDir string
	version   string
	flags     []string
	key       string
}

func (t target) recipe(root string) (recipe, error) {
	r := recipe{target: t, moduleDir: filepath.Join(root, "test", "cluster", "modules", t.dir)}
	goMod, err := os.ReadFile(filepath.Join(r.moduleDir, "go.mod"))
	if err != nil {
		return recipe{}, fmt.Errorf("module for %s: %w", t.name, err)
	}
	goSum, err := os.ReadFile(filepath.Join(r.moduleDir, "go.sum"))
	if err != nil {
		return recipe{}, fmt.Errorf("module for %s: %w", t.name, err)
	}
	pin := regexp.MustCompile(`(?m)^(?:require)?\s+` + regexp.QuoteMeta(t.module) + `\s+(v\S+)`).FindSubmatch(goMod)
	if pin == nil {
		return recipe{}, fmt.Errorf("%s/go.mod does not require %s", r.moduleDir, t.module)
	}
	r.version = string(pin[1])
	ldflags := []string{"-s", "-w"}
	if t.stamp != nil {
		ldflags = append(ldflags, t.stamp(r.version)...)
	}
	// As tests are compiled by default, so that they share what they have in common.
	r.flags = []string{"-mod=readonly", "-buildvcs=false", "-ldflags=" + strings.Join(ldflags, " ")}

	sum := sha256.New()
	for _, part := range []string{
		t.pkg, runtime.Version(), runtime.GOOS, runtime.GOARCH, strings.Join(r.flags, "\n"), string(goMod), string(goSum),
		fmt.Sprint(t.copies),
	} {
		fmt.Fprintf(sum, "%d:%s", len(part), part)
	}
	code, err := filepath.Glob(filepath.Join(r.moduleDir, "*.go"))
	if err != nil {
		return recipe{}, err
	}
	for _, file := range code {
		content, err := os.ReadFile(file)
		if err != nil {
			return recipe{}, err
		}
		fmt.Fprintf(sum, "%d:%s", len(content), content)
	}
	r.key = hex.EncodeToString(sum.Sum(nil))[:16]
	return r, nil
}

// executable is the path of the finished program in the cache.
func (r recipe) executable(cache string) string {
	return filepath.Join(cache, r.name+"-"+r.version+"-"+r.key, r.name)
}

// beside is a directory that is kept beside an executable.
func beside(executable, dir string) string {
	return filepath.Join(filepath.Dir(executable), dir)
}

// repositoryRoot walks up from the working directory to this repository's
// root: nested modules are in no module zip, so there is nowhere else to look.
func repositoryRoot() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		content, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		if line, _, _ := bytes.Cut(content, []byte("\n")); strings.TrimSpace(string(line)) == "module "+rootModule {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("%s is not inside a checkout of %s, which holds the modules to build from", start, rootModule)
		}
	}
}
