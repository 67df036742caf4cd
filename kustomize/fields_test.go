package kustomize_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "write the files that follow from the CRDs anew")

// field is a field of a kind's spec.
type field struct {
	kind string
	// path from the spec on, such as containers[].image.
	path   string
	schema apiextensionsv1.JSONSchemaProps
}

// name is the last element of the path.
func (f field) name() string {
	return strings.TrimSuffix(f.path[strings.LastIndex(f.path, ".")+1:], "[]")
}

// fields are the fields of all kinds at any depth, by kind and path.
func fields(t *testing.T) []field {
	t.Helper()

	var all []field

	for _, crd := range crds(t) {
		spec := crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
		all = below(all, crd.Spec.Names.Kind, "", spec)
	}

	slices.SortFunc(all, func(a, b field) int {
		return strings.Compare(a.kind+" "+a.path, b.kind+" "+b.path)
	})

	return all
}

// crds are the CRDs of all kinds.
func crds(t *testing.T) []apiextensionsv1.CustomResourceDefinition {
	t.Helper()

	files, err := filepath.Glob("crd/bases/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)

	all := make([]apiextensionsv1.CustomResourceDefinition, len(files))

	for i, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, yaml.UnmarshalStrict(text, &all[i]), file)
	}

	return all
}

// below appends the fields below one.
func below(all []field, kind, path string, schema apiextensionsv1.JSONSchemaProps) []field {
	if schema.Items != nil {
		path, schema = path+"[]", *schema.Items.Schema
		all = append(all, field{kind, path, schema})
	}

	for name, property := range schema.Properties {
		at := strings.TrimPrefix(path+"."+name, ".")
		all = append(all, field{kind, at, property})
		all = below(all, kind, at, property)
	}

	return all
}

// slashes is a path as kustomize writes it.
func slashes(path string) string {
	return "spec/" + strings.ReplaceAll(strings.ReplaceAll(path, "[]", ""), ".", "/")
}

// filled is a spec with a value at a path and nothing else.
func filled(path string, value any) map[string]any {
	first, rest, deeper := strings.Cut(path, ".")
	if deeper {
		value = filled(rest, value)
	}

	name, list := strings.CutSuffix(first, "[]")
	if list {
		value = []any{value}
	}

	return map[string]any{name: value}
}

// requireGenerated holds a file against what it is to say.
func requireGenerated(t *testing.T, file, want string) {
	t.Helper()

	if *update {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o600))
	}

	is, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, want, string(is), "run: go test ./kustomize -update")
}
