package pipeline

import (
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/plan"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// Kind is what other loops have to know of ModelPipelines.
var Kind = reconcile.Kind{
	Object:     func() reconcile.Object { return new(v1alpha1.ModelPipeline) },
	Lifecycle:  reconcile.Service,
	Composite:  true,
	Name:       "ModelPipelineName",
	References: []v1alpha1.ReferenceField{},
}

// circumstances of a training job do not change what comes out of it.
var circumstances = []string{
	"roleARN", "vpcConfig", "enableNetworkIsolation", "enableInterContainerTrafficEncryption", "outputDataConfig", "checkpointConfig.s3URI",
	"stoppingCondition", "retryStrategy", "enableManagedSpotTraining",
	"resourceConfig.instanceType", "resourceConfig.instanceCount", "resourceConfig.volumeKMSKeyID", "resourceConfig.keepAlivePeriodInSeconds",
	"resourceConfig.trainingPlanARN",
}

// outside are the fields of jobs, by kind, that do not change what comes out of
// them: who runs them and where, on what, for how long at most, and how often they
// are tried.
var outside = map[string][]string{
	"TrainingJob": slices.Concat(training(""), []string{"profilerConfig", "profilerRuleConfigurations", "debugHookConfig", "debugRuleConfigurations"}),
	"ProcessingJob": {
		"roleARN", "networkConfig", "stoppingCondition", "processingOutputConfig.kmsKeyID",
		"processingResources.clusterConfig.instanceType", "processingResources.clusterConfig.instanceCount", "processingResources.clusterConfig.volumeKMSKeyID",
	},
	"TransformJob": {
		"transformResources.instanceType", "transformResources.instanceCount", "transformResources.volumeKMSKeyID", "transformOutput.kmsKeyID",
	},
	"HyperParameterTuningJob": slices.Concat(tuned("trainingJobDefinition."), tuned("trainingJobDefinitions.")),
	"LabelingJob": {
		"roleARN", "stoppingConditions", "outputConfig.kmsKeyID", "labelingJobAlgorithmsConfig.labelingJobResourceConfig",
	},
	"PipelineExecution": {"parallelismConfiguration"},
}

// training are those of a training job, or of those that a tuning job starts.
func training(below string) []string {
	paths := slices.Clone(circumstances)
	for i := range paths {
		paths[i] = below + paths[i]
	}
	return paths
}

func tuned(below string) []string {
	return append(training(below), below+"hyperParameterTuningResourceConfig")
}

// written are the fields that say where a job writes, where AWS does not put the
// job's name behind.
var written = map[string][]string{
	"TrainingJob":             {"checkpointConfig.s3URI"},
	"HyperParameterTuningJob": {"trainingJobDefinition.checkpointConfig.s3URI", "trainingJobDefinitions.checkpointConfig.s3URI"},
	"ProcessingJob":           {"processingOutputConfig.outputs.s3Output.s3URI"},
	"TransformJob":            {"transformOutput.s3OutputPath"},
}

// instances are the fields with a job's instance type.
var instances = map[string]string{
	"TrainingJob":   "resourceConfig.instanceType",
	"ProcessingJob": "processingResources.clusterConfig.instanceType",
	"TransformJob":  "transformResources.instanceType",
}

// steps are the kinds that steps can be.
func steps(kinds map[string]reconcile.Kind) map[string]plan.Kind {
	all := map[string]plan.Kind{}
	for name, k := range kinds {
		if name == Kind.Kind() {
			continue
		}
		object := reflect.TypeOf(k.Object()).Elem()
		spec, ok := object.FieldByName("Spec")
		if !ok {
			continue
		}
		all[name] = plan.Kind{
			Spec: spec.Type, Service: k.Lifecycle == reconcile.Service, Job: k.Lifecycle == reconcile.Job,
			Outside: outside[name], Written: written[name], Instance: instances[name],
			Refused: refused(k), Foreign: foreign(k, kinds),
			Outputs: func(spec shape.Tree) []string { return outputs(k, spec) },
		}
	}
	return all
}

// refused are the fields of a spec that a step may not set: what is made anew for
// each digest is named by it.
func refused(k reconcile.Kind) []string {
	if k.Lifecycle == reconcile.Service {
		return nil
	}
	return []string{k.NameField(), "rerun", "suspend"}
}

// foreign are the references of what is made once for a digest to what is made anew
// when it changes: the digest would not know.
func foreign(k reconcile.Kind, kinds map[string]reconcile.Kind) []string {
	var paths []string
	for _, ref := range v1alpha1.References[k.Kind()] {
		target, ok := kinds[ref.Kind]
		if k.Lifecycle != reconcile.Service && (ref.Kind == "" || ok && target.Lifecycle != reconcile.Service) {
			paths = append(paths, strings.ReplaceAll(ref.Path, "[]", ""))
		}
	}
	return paths
}

// outputs are the names of what other steps can take of a resource.
func outputs(k reconcile.Kind, spec shape.Tree) []string {
	names := []string{"name", "arn"}
	if k.ModelData != "" {
		names = append(names, "modelData")
	}
	for name := range places(k.Kind(), spec) {
		names = append(names, name)
	}
	return names
}

// places are where a job writes, by the names of its outputs.
func places(kind string, spec shape.Tree) map[string]string {
	found := map[string]string{}
	switch kind {
	case "ProcessingJob":
		config, _ := shape.Lookup(spec, "processingOutputConfig.outputs")
		list, _ := config.([]any)
		for _, item := range list {
			output, _ := item.(map[string]any)
			if name := shape.String(output, "outputName"); name != "" {
				found[name] = shape.String(output, "s3Output.s3URI")
			}
		}
	case "TransformJob":
		found["output"] = shape.String(spec, "transformOutput.s3OutputPath")
	}
	return found
}

// valueOf is an output of a resource that has done its work.
func valueOf(k reconcile.Kind, obj reconcile.Object, name string) (string, error) {
	switch name {
	case "name":
		full := obj.Common().Name
		return full[strings.LastIndex(full, "/")+1:], nil
	case "arn":
		return obj.Common().ARN, nil
	}
	tree, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		return "", err
	}
	if name == "modelData" && k.ModelData != "" {
		return shape.String(tree, "status."+k.ModelData), nil
	}
	spec, _ := tree["spec"].(map[string]any)
	return places(k.Kind(), spec)[name], nil
}
