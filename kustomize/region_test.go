package kustomize_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

// TestRegionOfTheConfigMapCounts: the container's env has AWS_REGION from the ConfigMap.
// EKS's webhook for IAM roles adds the cluster's region to env, which wins over envFrom,
// but only to containers whose env has neither AWS_REGION nor AWS_DEFAULT_REGION
// (amazon-eks-pod-identity-webhook, pkg/handler/handler.go, addEnvToContainer).
func TestRegionOfTheConfigMapCounts(t *testing.T) {
	t.Parallel()

	for _, dir := range []string{"manager", "default", "testdata/install"} {
		all := build(t, dir)
		container := all.container(t)
		index := slices.IndexFunc(container.Env, func(e corev1.EnvVar) bool { return e.Name == "AWS_REGION" })
		require.GreaterOrEqual(t, index, 0, "%s: env has no AWS_REGION", dir)

		from := container.Env[index].ValueFrom.ConfigMapKeyRef
		require.Equal(t, "AWS_REGION", from.Key, dir)
		require.Equal(t, all.configMaps[0].Name, from.Name, "%s: the name's hash is followed", dir)
		require.True(t, *from.Optional, "%s: --region will do as well", dir)
	}
}
