// Command gen generates the SageMaker part of the API: Go types, CRDs, the
// trimmed API model that the simulator validates requests with,
// and a report on what it did.
//
// Run it in its own directory; the root of the repository is two levels up
// unless -root says otherwise.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/constraint"
	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/emit"
	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/handwritten"
	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/manifest"
	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/model"
	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/report"
)

const (
	apiDir     = "api/v1alpha1"
	crdDir     = "kustomize/crd"
	modelFile  = "test/simulator/internal/model/zz_generated.model.json.gz"
	reportFile = "api/gen/REPORT.md"
	// exampleDir has a kind beside ours, exampleCRDDir its CRD.
	exampleDir    = "examples/own-kind/v1alpha1"
	exampleCRDDir = "examples/own-kind/install/crd"
	// deepCopyFile is the name that controller-gen gives its output.
	deepCopyFile = "zz_generated.deepcopy.go"
)

func main() {
	root := flag.String("root", "../..", "root of the repository to write to")
	flag.Parse()
	if err := run(*root); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(root string) error {
	api, older, err := sources(kind.SageMaker)
	if err != nil {
		return err
	}
	compressed, err := api.Compressed()
	if err != nil {
		return err
	}
	if err := write(root, modelFile, compressed); err != nil {
		return err
	}
	pkg, err := types(root, api)
	if err != nil {
		return err
	}
	values := manifest.Values{}
	for _, r := range pkg.Resources {
		values[r.Kind.Name] = pkg.MapValues(r)
	}
	crds, err := manifests(root, apiDir, crdDir, values)
	if err != nil {
		return err
	}
	if _, err := manifests(root, exampleDir, exampleCRDDir, nil); err != nil {
		return err
	}
	text, err := report.Write(report.Input{
		API: api, Older: older, Overlay: constraint.Overlay, Package: pkg, CRDs: crds, Model: compressed,
	})
	if err != nil {
		return err
	}
	return write(root, reportFile, text)
}

// types writes the Go types, without their deep copy methods.
func types(root string, api *model.API) (*emit.Package, error) {
	hand, err := handwritten.Read(filepath.Join(root, filepath.FromSlash(apiDir)))
	if err != nil {
		return nil, err
	}
	pkg, err := emit.Build(api, kind.SageMaker, hand)
	if err != nil {
		return nil, err
	}
	files, err := pkg.Files()
	if err != nil {
		return nil, err
	}
	// The old deep copy methods stay until there are new ones, so that the
	// package compiles in between.
	return pkg, replace(root, apiDir, handwritten.GeneratedPrefix+"*.go", files, deepCopyFile)
}

// manifests writes the deep copy methods of a package and, into another directory, its
// CRDs, and returns the CRDs.
func manifests(root, apiDir, crdDir string, values manifest.Values) (map[string][]byte, error) {
	deepCopies, crds, err := manifest.Generate(root, apiDir, values)
	if err != nil {
		return nil, err
	}
	for name, content := range deepCopies {
		if err := write(root, apiDir+"/"+name, content); err != nil {
			return nil, err
		}
	}
	if err := replace(root, crdDir+"/bases", "*.yaml", crds); err != nil {
		return nil, err
	}
	return crds, write(root, crdDir+"/kustomization.yaml", manifest.Kustomization(crds))
}

// replace writes the files into a directory under the root and removes what
// else matches the pattern there, but for the files to keep.
func replace(root, dir, pattern string, files map[string][]byte, keep ...string) error {
	old, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(dir), pattern))
	if err != nil {
		return err
	}
	for _, path := range old {
		name := filepath.Base(path)
		if _, ok := files[name]; ok || slices.Contains(keep, name) {
			continue
		}
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	for name, content := range files {
		if err := write(root, dir+"/"+name, content); err != nil {
			return err
		}
	}
	return nil
}

// write puts a file under the root, making its directory.
func write(root, name string, content []byte) error {
	path := filepath.Join(root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o644)
}
