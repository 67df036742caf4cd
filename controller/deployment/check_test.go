package deployment

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	instances  = "instanceType: ml.m5.large\n    initialInstanceCount: 2"
	serverless = "serverlessConfig: {memorySizeInMB: 2048, maxConcurrency: 5}"
	ownModel   = `model: {primaryContainer: {image: "1.dkr.ecr.eu-west-1.amazonaws.com/x:1", modelDataURL: s3://acme-ml/v1/model.tar.gz}}`
	noModel    = "enableSSMAccess: false"
	component  = `components: [{name: llm, specification: {modelName: llm, computeResourceRequirements: {minMemoryRequiredInMb: 1024}}}]`
)

func TestCheckPasses(t *testing.T) {
	for _, row := range []struct {
		reason string
		spec   string
	}{
		{"no more than has to be said", plain},
		{"two variants that share the traffic", plain + `
  - {variantName: b, instanceType: ml.m5.large, initialInstanceCount: 1, initialVariantWeight: 0.1, modelRef: {name: other}}`},
		{"several types of instances", edit(t, "instanceType: ml.m5.large", "instancePools: [{instanceType: ml.g5.xlarge, priority: 1}]")},
		{"a model that is there", edit(t, ownModel, "modelName: by-hand")},
		{"serverless, with its concurrency scaled", edit(t, instances, `serverlessConfig: {memorySizeInMB: 2048, maxConcurrency: 5, provisionedConcurrency: 1}
    autoscaling: {minCapacity: 1, maxCapacity: 5}`)},
		{"serverless all at once, said in so many words", edit(t, instances, serverless) + "  rollout: {strategy: AllAtOnce}"},
		{"an asynchronous endpoint sleeps", edit(t, "initialInstanceCount: 2", "initialInstanceCount: 1\n    autoscaling: {minCapacity: 0, maxCapacity: 2}") +
			"  asyncInferenceConfig: {outputConfig: {s3OutputPath: s3://acme-ml/answers}}"},
		{"a shadow of the next model", plain + `  shadowVariants: [{variantName: next, instanceType: ml.m5.large, initialInstanceCount: 1, modelRef: {name: next}}]`},
		{"components sleep too", edit(t, ownModel, noModel) + `  components:
  - {name: llm, specification: {modelName: llm}, autoscaling: {minCapacity: 0, maxCapacity: 4}}
  - {name: tuned, specification: {baseInferenceComponentName: abalone-llm}}`},
		{"a component may be called as the variant it is not placed on", edit(t, "variantName: main", "variantName: host") + `
  - {variantName: other, instanceType: ml.m5.large, initialInstanceCount: 1}
  components: [{name: host, variantName: other, specification: {modelName: llm}}]`},
		{"the newest approved version, with another environment", edit(t, ownModel,
			`model: {packageGroup: {modelPackageGroupName: abalone, versions: ">=3, !=7"}, primaryContainer: {environment: {WORKERS: "2"}}}`)},
		{"as many alarms as SageMaker watches", plain + "  rollout: {strategy: Canary, alarms: {names: [a, b, c, d, e, f, g, h], errorRate: 1%, latency: {threshold: 1s}}}"},
		{"a request and what is to come of it", plain + `  smokeTests: [{name: a, variantName: main, body: "1:2", jsonPath: "{.predictions[0]}", matches: "^[0-9]+$"}]`},
		{"a component is asked by its name", edit(t, ownModel, noModel) + "  " + component + "\n  smokeTests: [{name: a, componentName: llm}]"},
		{"names that differ where it counts", edit(t, "initialInstanceCount: 2", "initialInstanceCount: 2\n    autoscaling: {minCapacity: 1, maxCapacity: 2, policies: [{name: load}], schedules: [{name: load, schedule: rate(1 day), maxCapacity: 3}]}")},
		{"who comes after", plain + "  handOverTo: successor"},
	} {
		t.Run(row.reason, func(t *testing.T) { require.NoError(t, check(read(t, row.spec))) })
	}
}

// TestCheckRefuses: each refusal names the field that has to be changed.
func TestCheckRefuses(t *testing.T) {
	scaled := func(of string) string { return "initialInstanceCount: 2\n    autoscaling: " + of }
	second := func(variant string) string { return plain + "\n  - " + variant }
	for _, row := range []struct {
		reason, spec, path string
	}{
		{"two sources of one model", edit(t, ownModel, ownModel+"\n    modelName: by-hand"), "variants[main]"},
		{"three", edit(t, ownModel, ownModel+"\n    modelName: by-hand\n    modelRef: {name: abalone}"), "variants[main]"},
		{"nothing to serve", edit(t, ownModel, noModel), "variants[main]"},
		{"a model where components are placed", plain + "  " + component, "variants[main]"},
		{"nothing to run on", edit(t, instances, noModel), "variants[main]"},
		{"instances and serverless", edit(t, instances, instances+"\n    "+serverless), "variants[main]"},
		{"how many instances of a serverless variant", edit(t, instances, serverless+"\n    initialInstanceCount: 1"), "variants[main]"},
		{
			"a model of a pool that nobody looks up", edit(t, "instanceType: ml.m5.large", "instancePools: [{instanceType: ml.g5.xlarge, modelNameOverrideRef: {name: x}}]"),
			"variants[main].instancePools",
		},
		{"limits the wrong way round", edit(t, "initialInstanceCount: 2", scaled("{minCapacity: 3, maxCapacity: 2}")), "variants[main].autoscaling"},
		{"AWS keeps an instance of an endpoint that answers at once", edit(t, "initialInstanceCount: 2", scaled("{minCapacity: 0, maxCapacity: 2}")), "variants[main].autoscaling.minCapacity"},
		{"serverless without anything to scale", edit(t, instances, serverless+"\n    autoscaling: {minCapacity: 1, maxCapacity: 2}"), "variants[main]"},
		{
			"a variant that hosts components is scaled by its managedInstanceScaling",
			edit(t, ownModel, "autoscaling: {minCapacity: 1, maxCapacity: 2}") + "  " + component, "variants[main]",
		},
		{
			"a schedule that changes nothing", edit(t, "initialInstanceCount: 2", scaled("{minCapacity: 1, maxCapacity: 2, schedules: [{name: night, schedule: rate(1 day)}]}")),
			"variants[main].autoscaling.schedules[night]",
		},
		{
			"a schedule whose limits are the wrong way round",
			edit(t, "initialInstanceCount: 2", scaled("{minCapacity: 1, maxCapacity: 2, schedules: [{name: night, schedule: rate(1 day), minCapacity: 4, maxCapacity: 3}]}")),
			"variants[main].autoscaling.schedules[night]",
		},
		{
			"a schedule that stops the last instance",
			edit(t, "initialInstanceCount: 2", scaled("{minCapacity: 1, maxCapacity: 2, schedules: [{name: night, schedule: rate(1 day), minCapacity: 0}]}")),
			"variants[main].autoscaling.schedules[night].minCapacity",
		},
		{"a shadow variant without a model", plain + "  shadowVariants: [{variantName: next, instanceType: ml.m5.large}]", "shadowVariants[next]"},
		{
			"nothing would scale a shadow variant",
			plain + "  shadowVariants: [{variantName: next, instanceType: ml.m5.large, modelName: x, autoscaling: {minCapacity: 1, maxCapacity: 2}}]", "shadowVariants[next].autoscaling",
		},
		{"AWS knows variants by their names", plain + "  shadowVariants: [{variantName: main, instanceType: ml.m5.large, modelName: x}]", "shadowVariants[main]"},
		{"resources are named in lower case", second("{variantName: Main, instanceType: ml.m5.large, modelName: x}"), "variants[Main]"},
		{"two targets of one name", `
metadata: {name: abalone}
spec:
  variants:
  - {variantName: host, instanceType: ml.m5.large}
  - {variantName: main, instanceType: ml.m5.large, modelName: x, autoscaling: {minCapacity: 1, maxCapacity: 2}}
  components: [{name: main, specification: {modelName: x}, autoscaling: {minCapacity: 1, maxCapacity: 2}}]`, "components[main].autoscaling"},
		{"two policies of one name", `
metadata: {name: abalone}
spec:
  variants:
  - {variantName: a, instanceType: ml.m5.large, modelName: x, autoscaling: {minCapacity: 1, maxCapacity: 2, policies: [{name: b-c}]}}
  - {variantName: A-b, instanceType: ml.m5.large, modelName: x, autoscaling: {minCapacity: 1, maxCapacity: 2, policies: [{name: c}]}}`, "variants[A-b].autoscaling.policies[c]"},
		{
			"two schedules of one name", `
metadata: {name: abalone}
spec:
  variants:
  - {variantName: a, instanceType: ml.m5.large, modelName: x, autoscaling: {minCapacity: 1, maxCapacity: 2, schedules: [{name: b-c, schedule: rate(1 day), maxCapacity: 3}]}}
  - {variantName: a-b, instanceType: ml.m5.large, modelName: x, autoscaling: {minCapacity: 1, maxCapacity: 2, schedules: [{name: c, schedule: rate(1 day), maxCapacity: 3}]}}`,
			"variants[a-b].autoscaling.schedules[c]",
		},
		{"SageMaker takes a serverless variant only alone", second("{variantName: b, " + serverless + ", modelName: x}"), "variants"},
		{"queued requests need instances", edit(t, instances, serverless) + "  asyncInferenceConfig: {outputConfig: {s3OutputPath: s3://acme-ml/answers}}", "asyncInferenceConfig"},
		{"so do shadows", edit(t, instances, serverless) + "  shadowVariants: [{variantName: next, instanceType: ml.m5.large, modelName: x}]", "shadowVariants"},
		{"and steps", edit(t, instances, serverless) + "  rollout: {strategy: Canary}", "rollout.strategy"},
		{"two models of one component", edit(t, ownModel, noModel) + "  components: [{name: llm, " + ownModel + ", specification: {modelName: x}}]", "components[llm]"},
		{"a component without one", edit(t, ownModel, noModel) + "  components: [{name: llm, specification: {}}]", "components[llm]"},
		{"a component of another endpoint's variant", plain + "  components: [{name: llm, variantName: other, specification: {modelName: x}}]", "components[llm].variantName"},
		{
			"limits of a component the wrong way round",
			edit(t, ownModel, noModel) + "  components: [{name: llm, specification: {modelName: x}, autoscaling: {minCapacity: 3, maxCapacity: 2}}]", "components[llm].autoscaling",
		},
		{"a model of nothing", edit(t, ownModel, "model: {}"), "variants[main].model"},
		{"a component's model of nothing", edit(t, ownModel, noModel) + "  components: [{name: llm, model: {}, specification: {}}]", "components[llm].model"},
		{"a group beside a version of its own", edit(t, ownModel, "model: {packageGroup: {modelPackageGroupName: g}, primaryContainer: {modelPackageName: p}}"), "variants[main].model.packageGroup"},
		{"a group beside a version of ours", edit(t, ownModel, "model: {packageGroup: {modelPackageGroupName: g}, primaryContainer: {modelPackageRef: {name: p}}}"), "variants[main].model.packageGroup"},
		{"a group beside containers", edit(t, ownModel, "model: {packageGroup: {modelPackageGroupName: g}, containers: [{image: x}]}"), "variants[main].model.packageGroup"},
		{"versions that say nothing", edit(t, ownModel, "model: {packageGroup: {modelPackageGroupName: g, versions: newest}}"), "variants[main].model.packageGroup.versions"},
		{
			"more alarms than SageMaker watches, with those made for each variant",
			second("{variantName: b, instanceType: ml.m5.large, modelName: x}") + "\n  rollout: {alarms: {names: [a, b, c, d, e, f, g], errorRate: 1%, latency: {threshold: 1s}}}", "rollout.alarms",
		},
		{
			"a queued request is not answered at once",
			plain + "  asyncInferenceConfig: {outputConfig: {s3OutputPath: s3://acme-ml/answers}}\n  smokeTests: [{name: a}]", "smokeTests[a]",
		},
		{"two bodies", plain + "  smokeTests: [{name: a, body: x, bodyFrom: {name: requests}}]", "smokeTests[a]"},
		{"a request has one receiver", edit(t, ownModel, noModel) + "  " + component + "\n  smokeTests: [{name: a, variantName: main, componentName: llm}]", "smokeTests[a]"},
		{"a variant that there is not", plain + "  smokeTests: [{name: a, variantName: other}]", "smokeTests[a].variantName"},
		{"a component that there is not", edit(t, ownModel, noModel) + "  " + component + "\n  smokeTests: [{name: a, componentName: other}]", "smokeTests[a].componentName"},
		{"components answer only by name", edit(t, ownModel, noModel) + "  " + component + "\n  smokeTests: [{name: a}]", "smokeTests[a]"},
		{"no regular expression", plain + `  smokeTests: [{name: a, matches: "("}]`, "smokeTests[a].matches"},
		{"no path", plain + `  smokeTests: [{name: a, jsonPath: "{.predictions[}"}]`, "smokeTests[a].jsonPath"},
		{"a path without braces would be taken for the answer", plain + `  smokeTests: [{name: a, jsonPath: ".predictions[0]"}]`, "smokeTests[a].jsonPath"},
		{"one cannot give to oneself", plain + "  handOverTo: abalone", "handOverTo"},
	} {
		t.Run(row.reason, func(t *testing.T) { requireRefused(t, check(read(t, row.spec)), row.path) })
	}
}
