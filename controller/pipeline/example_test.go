package pipeline

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/deployment"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/plan"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/render"
)

// example is what the plan of an example is made of, with some content for its
// sources.
func example(t *testing.T, directory string) plan.Input {
	t.Helper()
	kinds := all()
	kinds["ModelDeployment"] = deployment.Kind
	in := plan.Input{Cluster: "prod", Namespace: "ml", Params: map[string]string{}, Sources: map[string]render.Source{}, Kinds: steps(kinds)}
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), "../../examples/"+directory)
	require.NoError(t, err)
	for _, r := range built.Resources() {
		text, err := r.MarshalJSON()
		require.NoError(t, err)
		switch r.GetKind() {
		case "ModelPipeline":
			var p v1alpha1.ModelPipeline
			require.NoError(t, json.Unmarshal(text, &p))
			in.Pipeline, in.Spec = p.Name, &p.Spec
		case "ConfigMap":
			var config corev1.ConfigMap
			require.NoError(t, json.Unmarshal(text, &config))
			maps.Copy(in.Params, config.Data) // of scripts too, which no template sees
		}
	}
	maps.Copy(in.Params, in.Spec.Params)
	for _, source := range in.Spec.Sources {
		in.Sources[source.Name] = render.Source{URI: "s3://acme-ml/" + source.Name, Digest: source.Name}
	}
	return in
}

// TestExamplesRunWhatTheySay holds what the READMEs of examples say of changes against
// the digests: steps run again, are judged or asked anew, or are changed in place, and no
// others.
func TestExamplesRunWhatTheySay(t *testing.T) {
	param := func(name, value string) func(*testing.T, *plan.Input) {
		return func(t *testing.T, in *plan.Input) {
			t.Helper()
			require.Contains(t, in.Params, name)
			in.Params[name] = value
		}
	}
	source := func(name string) func(*testing.T, *plan.Input) {
		return func(t *testing.T, in *plan.Input) {
			t.Helper()
			require.Contains(t, in.Sources, name)
			in.Sources[name] = render.Source{URI: "s3://acme-ml/other", Digest: "other"}
		}
	}
	text := func(step, from, to string) func(*testing.T, *plan.Input) {
		return func(t *testing.T, in *plan.Input) {
			t.Helper()
			for i := range in.Spec.Steps {
				if s := &in.Spec.Steps[i]; s.Name == step {
					require.Contains(t, string(s.Template.Spec.Raw), from)
					s.Template.Spec.Raw = []byte(strings.ReplaceAll(string(s.Template.Spec.Raw), from, to))
				}
			}
		}
	}
	for _, row := range []struct {
		example, reason string
		change          func(*testing.T, *plan.Input)
		steps           string
	}{
		{"xgboost-abalone", "a hyperparameter", param("maxDepth", "6"), "train evaluate quality approve serve"},
		{"xgboost-abalone", "another evaluation", source("evaluate"), "evaluate quality approve"},
		{"xgboost-abalone", "another preparation", source("prepare"), "prep train evaluate quality approve serve"},
		{"xgboost-abalone", "another bound", param("maxRMSE", "3"), "quality approve"},
		{"xgboost-abalone", "another machine", text("train", "ml.m5.xlarge", "ml.m5.4xlarge"), ""},
		{"xgboost-abalone", "another canary", text("serve", "50%", "25%"), "serve"},
		{"huggingface-finetune", "other ranges", text("tune", "0.0001", "0.001"), "tune quality serve"},
		{"huggingface-finetune", "another classifier", source("finetune"), "tune quality serve"},
		{"huggingface-finetune", "more epochs", param("epochs", "2"), "adapt tune quality serve"},
		{"huggingface-finetune", "another bound", param("minF1", "0.8"), "quality"},
		{"huggingface-finetune", "more patience", text("adapt", "43200", "86400"), ""},
		{"huggingface-finetune", "more instances", text("serve", `"maxCapacity":2`, `"maxCapacity":4`), "serve"},
		{"multi-env/overlays/prod", "more rounds", param("rounds", "200"), "train quality serve approve"},
		{"multi-env/overlays/prod", "more instances", param("serveCount", "4"), "serve"},
		{"multi-env/overlays/prod", "another machine", param("trainInstance", "ml.c5.2xlarge"), ""},
		{"multi-env/overlays/prod", "another bound", param("maxRMSE", "3"), "quality approve"},
		{"batch-scoring", "another version", param("modelPackage", "arn:aws:sagemaker:us-east-1:123456789012:model-package/abalone/2"), "model score count complete publish"},
		{"batch-scoring", "another count", source("count"), "count complete publish"},
		{"batch-scoring", "another bound", param("minRows", "10"), "complete publish"},
		{"batch-scoring", "more machines", param("instances", "4"), ""},
		{"monitoring-retrain", "more rounds", param("rounds", "200"), "train quality serve"},
		{"monitoring-retrain", "another bound", param("maxRMSE", "3"), "quality"},
		{"monitoring-retrain", "more capture", text("serve", `"initialSamplingPercentage":20`, `"initialSamplingPercentage":50`), "serve"},
		{"monitoring-retrain", "another hour", text("drift", "cron(0 * ", "cron(0 3 "), "drift"},
		{"monitoring-retrain", "more data", source("train"), "train quality serve baseline checks drift"},
	} {
		t.Run(row.example+": "+row.reason, func(t *testing.T) {
			in := example(t, row.example)
			before, err := plan.Make(in)
			require.NoError(t, err)
			row.change(t, &in)
			after, err := plan.Make(in)
			require.NoError(t, err)
			var changed []string
			for _, step := range in.Spec.Steps {
				if before.Step(step.Name).Digest != after.Step(step.Name).Digest {
					changed = append(changed, step.Name)
				}
			}
			require.Equal(t, row.steps, strings.Join(changed, " "))
		})
	}
}
