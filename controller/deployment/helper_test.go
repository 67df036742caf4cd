package deployment

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// plain is a deployment that says no more than it has to.
const plain = `metadata: {name: abalone, namespace: ml}
spec:
  executionRoleARN: arn:aws:iam::123456789012:role/abalone
  variants:
  - variantName: main
    instanceType: ml.m5.large
    initialInstanceCount: 2
    model: {primaryContainer: {image: "1.dkr.ecr.eu-west-1.amazonaws.com/x:1", modelDataURL: s3://acme-ml/v1/model.tar.gz}}
`

// read reads a deployment as the API server does, without its defaults.
func read(t *testing.T, text string) *v1alpha1.ModelDeployment {
	t.Helper()
	d := &v1alpha1.ModelDeployment{}
	require.NoError(t, yaml.UnmarshalStrict([]byte(text), d), text)
	return d
}

// edit is the plain deployment with texts in it replaced, in pairs.
func edit(t *testing.T, pairs ...string) string {
	t.Helper()
	text := plain
	for i := 0; i < len(pairs); i += 2 {
		require.Equal(t, 1, strings.Count(text, pairs[i]), "%q stands there once in %s", pairs[i], text)
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return text
}

// made are the models and the configuration of a deployment.
type made struct {
	models map[string]*v1alpha1.Model // by path
	config *v1alpha1.EndpointConfig
}

// render makes those of a deployment that refers to nothing.
func render(t *testing.T, cluster string, d *v1alpha1.ModelDeployment, hashes ...identity.Hash) made {
	t.Helper()
	r := newRenderer(d, cluster, false)
	r.hashes = hashes
	out := made{models: map[string]*v1alpha1.Model{}}
	byPath := map[string]string{}
	for _, p := range places(&d.Spec) {
		m, err := r.model(p, r.modelSpec(p))
		require.NoError(t, err)
		out.models[p.path], byPath[p.path] = m, m.Name
	}
	var err error
	out.config, err = r.config(byPath, nil)
	require.NoError(t, err)
	return out
}

// requireRefused holds that an error is a refusal of the spec that begins with
// the path of a field.
func requireRefused(t *testing.T, err error, path string) {
	t.Helper()
	require.Error(t, err)
	require.True(t, strings.HasPrefix(err.Error(), path+" "), "%q names %s", err, path)
	require.Equal(t, reconcile.Refuse(reason.ValidationFailed, "%s", err.Error()), err, "the spec's own fault")
}
