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

const (
	clientPath  = "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	olderModule = "github.com/aws/aws-sdk-go"
	olderModel  = "models/apis/sagemaker/2017-07-24/api-2.json"
)

// sources reads the API, and the older model for comparison: structure from the client, constraints from the older
// model and the overlay, and no more than the kinds' operations reach.
func sources() (*model.API, *model.API, error) {
	api, err := sdk.Read(".", clientPath)
	if err != nil {
		return nil, nil, err
	}
	dir, err := moduleDir(olderModule)
	if err != nil {
		return nil, nil, err
	}
	older, err := constraint.ReadFile(filepath.Join(dir, filepath.FromSlash(olderModel)))
	if err != nil {
		return nil, nil, err
	}
	if err := constraint.Apply(api, older, constraint.Overlay); err != nil {
		return nil, nil, err
	}
	api, err = api.Trim(kind.Operations(api, kind.All))
	if err != nil {
		return nil, nil, err
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
	var found struct{ Dir string }
	if err := json.Unmarshal(out, &found); err != nil {
		return "", fmt.Errorf("failed to find %s: %w", module, err)
	}
	return found.Dir, nil
}
