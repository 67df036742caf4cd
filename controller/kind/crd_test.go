package kind_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
)

// readCRDs reads the schemas that are installed, by kind.
func readCRDs(t *testing.T) map[string]*apiextensions.JSONSchemaProps {
	t.Helper()
	files, err := filepath.Glob("../../kustomize/crd/bases/*.yaml")
	require.NoError(t, err)
	crds := map[string]*apiextensions.JSONSchemaProps{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		var crd apiextensions.CustomResourceDefinition
		require.NoError(t, yaml.Unmarshal(data, &crd), file)
		require.Len(t, crd.Spec.Versions, 1)
		crds[crd.Spec.Names.Kind] = crd.Spec.Versions[0].Schema.OpenAPIV3Schema
	}
	return crds
}

// at follows a path such as spec.productionVariants[].modelRef; nil if it leads
// nowhere.
func at(s *apiextensions.JSONSchemaProps, path string) *apiextensions.JSONSchemaProps {
	for name := range strings.SplitSeq(path, ".") {
		name, isList := strings.CutSuffix(name, "[]")
		next, ok := s.Properties[name]
		if !ok {
			return nil
		}
		s = &next
		if isList {
			s = s.Items.Schema
		}
	}
	return s
}

func fieldName(member string) string { return strings.ToLower(member[:1]) + member[1:] }

func TestEveryKindHasItsCRD(t *testing.T) {
	crds := readCRDs(t)
	for _, k := range kind.All() {
		t.Run(k.Kind(), func(t *testing.T) {
			crd := crds[k.Kind()]
			require.NotNil(t, crd, "make generate")
			name := at(crd, "spec."+fieldName(k.Name))
			require.NotNil(t, name, "a spec may give the AWS name")
			if takesName(k) {
				require.NotNil(t, name.MaxLength)
				longest := int64(identity.MaxName)
				if k.MaxName > 0 {
					longest = int64(k.MaxName)
				}
				require.LessOrEqual(t, longest, *name.MaxLength, "AWS accepts names of that length")
				if k.Lifecycle != reconcile.Job {
					require.Equal(t, longest, *name.MaxLength, "and of no other")
				}
			}

			control := map[reconcile.Lifecycle][]string{
				reconcile.Job: {"rerun", "readiness"}, reconcile.Revision: {"interval", "revisionHistoryLimit"}, reconcile.Service: {"interval"},
			}
			if k.Retained {
				control[reconcile.Revision] = []string{"interval"} // versions are never pruned
			}
			var others []string
			for lifecycle, fields := range control {
				if lifecycle != k.Lifecycle {
					others = append(others, fields...)
				}
			}
			for _, field := range control[k.Lifecycle] {
				require.NotNil(t, at(crd, "spec."+field), "the lifecycle has a control field %s", field)
			}
			for _, field := range others {
				if !slices.Contains(control[k.Lifecycle], field) {
					require.Nil(t, at(crd, "spec."+field), "the lifecycle has no control field %s", field)
				}
			}
		})
	}
}

func TestReferencesLeadToKinds(t *testing.T) {
	crds := readCRDs(t)
	for _, k := range kind.All() {
		t.Run(k.Kind(), func(t *testing.T) {
			crd := crds[k.Kind()]
			for _, ref := range v1alpha1.References[k.Kind()] {
				field := at(crd, "spec."+ref.Path)
				require.NotNil(t, field, ref.Path)
				require.NotNil(t, at(crd, "spec."+ref.Fills), ref.Fills)
				targets := []string{ref.Kind}
				if ref.Kind == "" {
					values := field.Properties["kind"].Enum
					targets = make([]string, 0, len(values))
					for _, value := range values {
						targets = append(targets, strings.Trim(string(value.Raw), `"`))
					}
					require.NotEmpty(t, targets, "%s says which kinds there are", ref.Path)
				}
				for _, target := range targets {
					require.Contains(t, crds, target, ref.Path)
					requireValue(t, crds[target], target, ref)
				}
			}
		})
	}
}

// requireValue says that the loop finds what a reference stands for.
func requireValue(t *testing.T, target *apiextensions.JSONSchemaProps, name string, ref v1alpha1.ReferenceField) {
	t.Helper()
	switch ref.Value {
	case v1alpha1.ReferenceName:
		require.NotNil(t, at(target, "status.name"), ref.Path)
	case v1alpha1.ReferenceARN:
		require.NotNil(t, at(target, "status.arn"), ref.Path)
	case v1alpha1.ReferenceID:
		require.NotNil(t, at(target, "status."+fieldName(name)+"ID"), ref.Path)
	case v1alpha1.ReferenceResourceID:
		require.Contains(t, kinds()[name].Within, "ResourceId", ref.Path)
	case v1alpha1.ReferenceModelData:
		if k, ok := kinds()[name]; ok {
			require.NotEmpty(t, k.ModelData, "%s: %s makes no model data", ref.Path, name)
		}
	default:
		require.Fail(t, "a value that the loop does not know", "%s: %s", ref.Path, ref.Value)
	}
}

// A kind's entry is a few lines: if it needs more, the loop has to be improved.
func TestAKindIsSmall(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	var sizes []int
	for _, file := range files {
		if file == "doc.go" || strings.HasSuffix(file, "_test.go") {
			continue
		}
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		lines := strings.Count(string(data), "\n")
		require.LessOrEqual(t, lines, 120, file)
		if _, entry, is := strings.Cut(string(data), " = reconcile.Kind{\n"); is {
			entry, _, _ = strings.Cut(entry, "\n}\n")
			sizes = append(sizes, strings.Count(entry, "\n")+1)
		}
	}
	slices.Sort(sizes)
	require.GreaterOrEqual(t, len(sizes), len(kinds()), "a file for each kind")
	require.LessOrEqual(t, sizes[len(sizes)/2], 18, "the median of %v lines", sizes)
}
