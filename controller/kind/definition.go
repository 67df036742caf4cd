package kind

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// pipelineDefinition reads the definition from the ConfigMap that the spec
// names in its place.
func pipelineDefinition(ctx context.Context, reader client.Reader, namespace string, spec shape.Tree) (string, error) {
	name := shape.String(spec, "pipelineDefinitionFrom.configMapKeyRef.name")
	key := shape.String(spec, "pipelineDefinitionFrom.configMapKeyRef.key")
	delete(spec, "pipelineDefinitionFrom")
	if name == "" {
		return "", nil
	}
	if key == "" {
		key = "pipeline.json"
	}
	var from corev1.ConfigMap
	err := reader.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, &from)
	if apierrors.IsNotFound(err) {
		return fmt.Sprintf("pipelineDefinitionFrom: ConfigMap %s does not exist", name), nil
	}
	if err != nil {
		return "", fmt.Errorf("reading ConfigMap %s: %w", name, err)
	}
	text, ok := from.Data[key]
	if !ok {
		return fmt.Sprintf("pipelineDefinitionFrom: ConfigMap %s has no key %s", name, key), nil
	}
	spec["pipelineDefinition"] = text
	return "", nil
}
