package kustomize_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	fluxkustomize "github.com/fluxcd/pkg/kustomize"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
)

const (
	generated = "# Written by `go test ./kustomize -update` from the CRDs. Do not edit.\n"
	// inTemplates is where a pipeline has the specs of other kinds.
	inTemplates = "steps[].template.spec."
)

// configuration is a transformer configuration of kustomize.
type configuration struct {
	NameReference []nameReference `json:"nameReference,omitempty"`
	Images        []fieldSpec     `json:"images,omitempty"`
}

type nameReference struct {
	Group      string      `json:"group,omitempty"`
	Kind       string      `json:"kind"`
	FieldSpecs []fieldSpec `json:"fieldSpecs"`
}

type fieldSpec struct {
	Group string `json:"group"`
	Kind  string `json:"kind"`
	Path  string `json:"path"`
}

// use is a field that names something.
type use struct{ kind, path string }

func (u use) fieldSpec() fieldSpec { return fieldSpec{group, u.kind, slashes(u.path)} }

// withTemplates adds to the uses in a kind's spec those in the templates of pipelines.
func withTemplates(uses []use) []use {
	all := slices.Clone(uses)

	for _, u := range uses {
		if u.kind != "ModelPipeline" {
			all = append(all, use{"ModelPipeline", inTemplates + u.path})
		}
	}

	slices.SortFunc(all, func(a, b use) int { return strings.Compare(a.kind+" "+a.path, b.kind+" "+b.path) })

	return slices.Compact(all)
}

// imageFields are the fields with the URI of an image.
func imageFields(t *testing.T) []use {
	t.Helper()

	var found []use

	for _, f := range fields(t) {
		if slices.Contains([]string{"image", "imageURI", "trainingImage", "ruleEvaluatorImage"}, f.name()) {
			require.Equal(t, "string", f.schema.Type, f.path)
			found = append(found, use{f.kind, f.path})

			continue
		}

		notURIs := []string{
			"imageName", "imageDigest", "appImageConfigName", "sageMakerImageName",
			"sageMakerImageARN", "sageMakerImageVersionARN", "sageMakerImageVersionAlias",
		}
		if f.schema.Type == "string" && strings.Contains(strings.ToLower(f.name()), "image") {
			require.Contains(t, notURIs, f.name(), "%s of %s: is it the URI of an image?", f.path, f.kind)
		}
	}

	return found
}

// target is a kind that fields name.
type target struct{ group, kind string }

// nameFields are the fields with the name of another object, by what it names.
func nameFields(t *testing.T) map[target][]use {
	t.Helper()

	// The kinds that a field of this name refers to.
	kinds := map[string][]target{
		"serviceAccountName": {{"", "ServiceAccount"}},
		"configMap":          {{"", "ConfigMap"}}, "configMapRef": {{"", "ConfigMap"}},
		"configMapKeyRef": {{"", "ConfigMap"}}, "bodyFrom": {{"", "ConfigMap"}},
		"handOverTo":         {{group, "ModelDeployment"}},
		"monitoringSchedule": {{group, "MonitoringSchedule"}},
	}

	for _, references := range v1alpha1.References {
		for _, reference := range references {
			if reference.Kind != "" {
				name := field{path: reference.Path}.name()
				kinds[name] = []target{{group, reference.Kind}}
			}
		}
	}

	found := map[target][]use{}

	for _, f := range fields(t) {
		targets, path := kinds[f.name()], f.path
		_, named := f.schema.Properties["name"]

		if f.schema.Type == "object" {
			path += ".name"
		}

		if kind, ok := f.schema.Properties["kind"]; ok && named && len(kind.Enum) > 0 {
			of := group
			if f.name() == "artifact" {
				of = "source.toolkit.fluxcd.io"
			}

			for _, one := range kind.Enum {
				targets = append(targets, target{of, strings.Trim(string(one.Raw), `"`)})
			}
		}

		if strings.HasSuffix(f.name(), "Ref") {
			require.True(t, named, "%s of %s has a name", f.path, f.kind)
			require.NotEmpty(t, targets, "what %s of %s refers to is known", f.path, f.kind)
		}

		if f.schema.Type == "string" || named {
			for _, one := range targets {
				found[one] = append(found[one], use{f.kind, path})
			}
		}
	}

	return found
}

// TestConfigurationsFollowTheKinds: every reference and every image of every kind is
// in the configurations, and in the templates of pipelines.
func TestConfigurationsFollowTheKinds(t *testing.T) {
	t.Parallel()

	var references, images configuration

	names := nameFields(t)
	targets := slices.SortedFunc(maps.Keys(names), func(a, b target) int {
		return strings.Compare(a.group+" "+a.kind, b.group+" "+b.kind)
	})

	for _, to := range targets {
		entry := nameReference{Group: to.group, Kind: to.kind}

		for _, u := range withTemplates(names[to]) {
			entry.FieldSpecs = append(entry.FieldSpecs, u.fieldSpec())
		}

		references.NameReference = append(references.NameReference, entry)
	}

	for _, u := range withTemplates(imageFields(t)) {
		if slashes(u.path) != "spec/containers/image" { // kustomize knows that one
			images.Images = append(images.Images, u.fieldSpec())
		}
	}

	for file, content := range map[string]configuration{"name-references.yaml": references, "images.yaml": images} {
		text, err := yaml.Marshal(content)
		require.NoError(t, err)
		requireGenerated(t, "components/names-and-images/"+file, generated+string(text))
	}

	for kind, fields := range v1alpha1.References {
		for _, f := range fields {
			require.True(t, slices.ContainsFunc(targets, func(to target) bool {
				return (f.Kind == "" || f.Kind == to.kind) && slices.Contains(names[to], use{kind, f.Path + ".name"})
			}), "%s of %s", f.Path, kind)
		}
	}
}

// TestNamesAndImagesReachEveryField builds an object for every field.
func TestNamesAndImagesReachEveryField(t *testing.T) {
	t.Parallel()

	fs := filesys.MakeFsInMemory()

	for _, file := range []string{"kustomization.yaml", "name-references.yaml", "images.yaml"} {
		text, err := os.ReadFile("components/names-and-images/" + file)
		require.NoError(t, err)
		require.NoError(t, fs.WriteFile("/component/"+file, text))
	}

	require.NoError(t, fs.WriteFile("/overlay/kustomization.yaml", []byte(`
namePrefix: dev-
nameSuffix: -v2
components: [../component]
resources: [objects.yaml]
configMapGenerator:
  - {name: target, literals: [a=b]}
images:
  - {name: acme.example.com/model, newName: mirror.example.com/model, newTag: v7}
`)))

	var documents []string

	add := func(of, kind, name string, spec any) {
		text, err := yaml.Marshal(map[string]any{
			"apiVersion": strings.TrimPrefix(of+"/v1", "/"), "kind": kind, "metadata": map[string]any{"name": name}, "spec": spec,
		})
		require.NoError(t, err)

		documents = append(documents, string(text))
	}

	names := nameFields(t)
	for to, uses := range names {
		if to.kind != "ConfigMap" {
			add(to.group, to.kind, "target", map[string]any{})
		}

		for i, u := range withTemplates(uses) {
			add(group, u.kind, fmt.Sprintf("to-%s-%d", strings.ToLower(to.kind), i), filled(u.path, "target"))
		}
	}

	for i, u := range withTemplates(imageFields(t)) {
		add(group, u.kind, fmt.Sprintf("image-%d", i), filled(u.path, "acme.example.com/model:v1"))
	}

	require.NoError(t, fs.WriteFile("/overlay/objects.yaml", []byte(strings.Join(documents, "---\n"))))

	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(fs, "/overlay")
	require.NoError(t, err)
	require.Equal(t, len(documents)+1, resources.Size())

	for _, r := range resources.Resources() {
		text, err := r.AsYAML()
		require.NoError(t, err)

		switch {
		case strings.HasPrefix(r.GetName(), "dev-target-v2"):
		case strings.HasPrefix(r.GetName(), "dev-image-"):
			require.Contains(t, string(text), ": mirror.example.com/model:v7\n")
		case strings.HasPrefix(r.GetName(), "dev-to-configmap-"):
			require.Regexp(t, `: dev-target-v2-[a-z0-9]{10}\n`, string(text))
		default:
			require.Contains(t, string(text), ": dev-target-v2\n")
		}
	}
}

// requireNames checks what a build of testdata/names says.
func requireNames(t *testing.T, resources resmap.ResMap) {
	t.Helper()

	found := map[string]string{}

	for _, r := range resources.Resources() {
		text, err := r.AsYAML()
		require.NoError(t, err)

		require.True(t, strings.HasPrefix(r.GetName(), "dev-"), r.GetName())
		require.NotContains(t, string(text), "image: abalone", r.GetName())
		found[r.GetKind()] = string(text)
	}

	config := ""

	for _, r := range resources.Resources() {
		if r.GetKind() == "ConfigMap" {
			config = r.GetName()
		}
	}

	require.Regexp(t, `^dev-abalone-v2-[a-z0-9]{10}$`, config)
	require.Contains(t, found["TrainingJob"], "trainingImage: 111122223333.dkr.ecr.eu-west-1.amazonaws.com/abalone:v7\n")
	require.Contains(t, found["ModelDeployment"], "image: 111122223333.dkr.ecr.eu-west-1.amazonaws.com/abalone:v7\n")
	require.Contains(t, found["ModelDeployment"], "kind: TrainingJob\n          name: dev-abalone-v2\n")
	require.Contains(t, found["ModelDeployment"], "serviceAccountName: dev-abalone-v2\n")
	require.Contains(t, found["MonitoringSchedule"], "kind: DataQualityJobDefinition\n      name: dev-abalone-v2\n")
	require.Contains(t, found["ModelPipeline"], "configMapRef:\n      name: "+config+"\n")
	require.Contains(t, found["ModelPipeline"], "trainingImage: 111122223333.dkr.ecr.eu-west-1.amazonaws.com/abalone:v7\n")
	require.Contains(t, found["ModelPipeline"], "image: '{{ .params.image }}'\n", "a template is no image yet")
	require.Contains(t, found["ModelPipeline"], "modelPackageGroupRef:\n          name: dev-abalone-v2\n")
	require.Contains(t, found["ModelPipeline"], "monitoringSchedule: dev-abalone-v2\n")
	require.Contains(t, found["ModelPipeline"], "name: train\n", "names of steps are no names of objects")
}

func TestNamesUnderKustomize(t *testing.T) {
	t.Parallel()

	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), "testdata/names/overlay")
	require.NoError(t, err)
	requireNames(t, resources)
}

// TestNamesUnderFlux builds as Flux's kustomize-controller does. It is not parallel:
// that resets what kustomize knows of Kubernetes' kinds, which is the process's own.
func TestNamesUnderFlux(t *testing.T) {
	root, err := filepath.Abs(".")
	require.NoError(t, err)
	resources, err := fluxkustomize.SecureBuild(root, filepath.Join(root, "testdata/names/overlay"), false)
	require.NoError(t, err)
	requireNames(t, resources)
}
