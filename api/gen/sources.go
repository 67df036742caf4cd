package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/constraint"
	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/model"
	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/sdk"
)

// olderModule holds the older models of all services.
const olderModule = "github.com/aws/aws-sdk-go"

// sources reads the API of a service, and the older model for comparison: structure from the client, constraints from the older
// model and the overlay, and no more than the kinds' operations reach.
func sources(service kind.API) (*model.API, *model.API, error) {
	api, err := sdk.Read(".", service.Client)
	if err != nil {
		return nil, nil, err
	}
	dir, err := moduleDir(olderModule)
	if err != nil {
		return nil, nil, err
	}
	older, err := constraint.ReadFile(filepath.Join(dir, filepath.FromSlash(service.OlderModel)))
	if err != nil {
		return nil, nil, err
	}
	if err := constraint.Apply(api, older, constraint.Overlay); err != nil {
		return nil, nil, err
	}
	if api, err = api.Trim(service.AllOperations(api, service.Operations)); err != nil {
		return nil, nil, err
	}
	for _, neighbour := range service.Neighbours {
		other, err := constraint.ReadFile(filepath.Join(dir, filepath.FromSlash(neighbour.OlderModel)))
		if err != nil {
			return nil, nil, err
		}
		if other, err = other.Trim(service.AllOperations(other, neighbour.Operations)); err != nil {
			return nil, nil, err
		}
		if err := api.Merge(other, neighbour.Prefix, neighbour.Docs); err != nil {
			return nil, nil, err
		}
	}
	for name := range constraint.Overlay {
		if _, ok := api.Shapes[name]; !ok {
			return nil, nil, fmt.Errorf("overlay: no operation reaches shape %s", name)
		}
	}
	return api, older, nil
}

// moduleDir returns where the module cache holds a module, in the version that
// this module requires; it downloads it where needed.
func moduleDir(module string) (string, error) {
	var stderr bytes.Buffer
	command := exec.Command("go", "mod", "download", "-json", module)
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("failed to download %s: %w: %s%s", module, err, stderr.Bytes(), out)
	}
	var found struct {
		Dir string `json:"Dir"`
	}
	if err := json.Unmarshal(out, &found); err != nil {
		return "", fmt.Errorf("failed to find %s: %w", module, err)
	}
	return found.Dir, nil
}
