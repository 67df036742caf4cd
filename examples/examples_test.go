package examples_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	serializer "k8s.io/apimachinery/pkg/runtime/serializer/json"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
)

// TestKustomizations builds every kustomization below this directory and holds
// each of our objects in it against the API.
func TestKustomizations(t *testing.T) {
	t.Parallel()

	decoder := strictDecoder(t)
	schemas := loadSchemas(t)

	for _, directory := range kustomizations(t) {
		t.Run(directory, func(t *testing.T) {
			t.Parallel()

			resources := build(t, directory)
			require.Equal(t, filepath.Base(directory) == "ready", resources.Size() == 0, "but for what only judges, it makes something")

			for _, r := range resources.Resources() {
				if r.GetGvk().Group != v1alpha1.Group {
					continue
				}

				document, err := r.MarshalJSON()
				require.NoError(t, err)
				_, _, err = decoder.Decode(document, nil, nil)
				require.NoError(t, err, "%s has only fields of its kind", r.CurId())
				require.Empty(t, schemas.validate(t, r.GetKind(), document), "%s is valid", r.CurId())
				requireReferences(t, resources, r)
			}
		})
	}
}

func TestPlainKindsOverlay(t *testing.T) {
	t.Parallel()

	base := build(t, "plain-kinds/base")
	demo := build(t, "plain-kinds/overlays/demo")

	require.Equal(t, base.Size()+1, demo.Size(), "the overlay adds the namespace only")

	parameters := func(resources resmap.ResMap) map[string]string {
		for _, r := range resources.Resources() {
			if r.GetKind() == "TrainingJob" {
				var job v1alpha1.TrainingJob

				document, err := r.MarshalJSON()
				require.NoError(t, err)
				require.NoError(t, json.Unmarshal(document, &job))

				return job.Spec.HyperParameters
			}
		}

		require.Fail(t, "no TrainingJob")

		return nil
	}

	want := parameters(base)
	require.Equal(t, "100", want["num_round"])
	want["num_round"] = "50"
	require.Equal(t, want, parameters(demo), "a patch of one hyperparameter keeps the others")
}

// TestFlux: what an example gives to Flux applies a directory that it has, depends on
// what it gives, and judges what it applies.
func TestFlux(t *testing.T) {
	t.Parallel()

	files, err := filepath.Glob("*/flux/sync.yaml")
	require.NoError(t, err)
	require.Len(t, files, 2)

	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)

		var names, applied []string

		for document := range strings.SplitSeq(string(text), "\n---\n") {
			var kustomization struct {
				Kind     string
				Metadata struct{ Name string }
				Spec     struct {
					Path         string
					DependsOn    []struct{ Name string }
					HealthChecks []struct{ Kind, Namespace, Name string }
				}
			}
			require.NoError(t, yaml.Unmarshal([]byte(document), &kustomization))

			if kustomization.Kind != "Kustomization" {
				continue
			}

			for _, r := range build(t, filepath.Join(filepath.Dir(file), "..", kustomization.Spec.Path)).Resources() {
				applied = append(applied, r.GetKind()+" "+r.GetNamespace()+"/"+r.GetName())
			}

			for _, other := range kustomization.Spec.DependsOn {
				require.Contains(t, names, other.Name)
			}

			for _, check := range kustomization.Spec.HealthChecks {
				require.Contains(t, applied, check.Kind+" "+check.Namespace+"/"+check.Name)
			}

			names = append(names, kustomization.Metadata.Name)
		}
	}
}

// TestModelDeploymentOverlays: each overlay rolls out in its own way, and shows
// something that the others do not.
func TestModelDeploymentOverlays(t *testing.T) {
	t.Parallel()

	const directory = "model-deployment/overlays"

	readme, err := os.ReadFile("model-deployment/README.md")
	require.NoError(t, err)

	base := build(t, "model-deployment/base")
	require.Equal(t, 2, base.Size())

	shows := map[string]func(v1alpha1.ModelDeploymentSpec) bool{
		"all-at-once": func(s v1alpha1.ModelDeploymentSpec) bool {
			return s.Rollout.Strategy == v1alpha1.RolloutAllAtOnce && len(s.Rollout.Alarms.Names) > 0
		},
		"canary": func(s v1alpha1.ModelDeploymentSpec) bool {
			return s.Rollout.Strategy == v1alpha1.RolloutCanary && s.Rollout.Alarms.ErrorRate != "" && s.Rollout.Alarms.Latency != nil
		},
		"linear": func(s v1alpha1.ModelDeploymentSpec) bool {
			return s.Rollout.Strategy == v1alpha1.RolloutLinear && s.Variants[0].Autoscaling.Policies[0].TargetTracking != nil
		},
		"rolling": func(s v1alpha1.ModelDeploymentSpec) bool {
			return s.Rollout.Strategy == v1alpha1.RolloutRolling && len(s.SmokeTests) == 1
		},
	}

	entries, err := os.ReadDir(directory)
	require.NoError(t, err)
	require.Len(t, entries, len(shows))

	for _, entry := range entries {
		overlay := build(t, filepath.Join(directory, entry.Name()))
		require.Equal(t, base.Size()+1, overlay.Size(), "%s adds the namespace only", entry.Name())
		require.Contains(t, string(readme), "`overlays/"+entry.Name()+"`")

		var deployment v1alpha1.ModelDeployment

		for _, r := range overlay.Resources() {
			if r.GetKind() == "ModelDeployment" {
				document, err := r.MarshalJSON()
				require.NoError(t, err)
				require.NoError(t, json.Unmarshal(document, &deployment))
			}
		}

		require.NotNil(t, deployment.Spec.Variants[0].Model.PrimaryContainer.ModelDataRef, "%s keeps what the base says", entry.Name())
		require.True(t, shows[entry.Name()](deployment.Spec), "what %s shows", entry.Name())
	}
}

// requireReferences checks that every reference of an object leads to another
// object of the same build.
func requireReferences(t *testing.T, resources resmap.ResMap, from *resource.Resource) {
	t.Helper()

	content, err := from.Map()
	require.NoError(t, err)

	found := 0

	for _, field := range references(from.GetKind()) {
		for _, value := range at(content["spec"], strings.Split(field.Path, ".")) {
			target, ok := value.(map[string]any)
			require.True(t, ok, "%s is an object", field.Path)

			kind := field.Kind
			if kind == "" {
				kind, _ = target["kind"].(string)
			}

			found++

			name, _ := target["name"].(string)
			require.NotEmpty(t, name, "%s names something", field.Path)

			var names []string

			for _, r := range resources.Resources() {
				if r.GetKind() == kind && r.GetNamespace() == from.GetNamespace() {
					names = append(names, r.GetName())
				}
			}

			require.Contains(t, names, name, "%s of %s leads to a %s of the build", field.Path, from.CurId(), kind)
		}
	}

	if from.GetKind() != "TrainingJob" && from.GetKind() != "ModelPipeline" { // which begin with data
		require.NotZero(t, found, "%s refers to what it takes from", from.CurId())
	}
}

// references are the fields of a kind that name other objects. A ModelDeployment
// refers to what the models do that it makes.
func references(kind string) []v1alpha1.ReferenceField {
	if kind != "ModelDeployment" {
		return v1alpha1.References[kind]
	}

	fields := []v1alpha1.ReferenceField{{Path: "variants[].modelRef", Kind: "Model"}}

	for _, field := range v1alpha1.References["Model"] {
		field.Path = "variants[].model." + field.Path
		fields = append(fields, field)
	}

	return fields
}

// at returns the values at a path such as "productionVariants[].modelRef".
func at(value any, path []string) []any {
	if len(path) == 0 {
		if value == nil {
			return nil
		}

		return []any{value}
	}

	object, ok := value.(map[string]any)
	if !ok {
		return nil
	}

	name, isList := strings.CutSuffix(path[0], "[]")
	if !isList {
		return at(object[name], path[1:])
	}

	var values []any

	items, _ := object[name].([]any)
	for _, item := range items {
		values = append(values, at(item, path[1:])...)
	}

	return values
}

func strictDecoder(t *testing.T) runtime.Decoder {
	t.Helper()

	scheme := runtime.NewScheme()
	require.NoError(t, v1alpha1.AddToScheme(scheme))
	metav1.AddToGroupVersion(scheme, v1alpha1.GroupVersion)

	return serializer.NewSerializerWithOptions(
		serializer.DefaultMetaFactory, scheme, scheme, serializer.SerializerOptions{Strict: true})
}

func kustomizations(t *testing.T) []string {
	t.Helper()

	var directories []string

	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err == nil && filepath.Base(path) == "kustomization.yaml" {
			directories = append(directories, filepath.Dir(path))
		}

		return err
	})
	require.NoError(t, err)
	require.NotEmpty(t, directories)

	return directories
}

func build(t *testing.T, directory string) resmap.ResMap {
	t.Helper()

	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), directory)
	require.NoError(t, err)

	return resources
}
