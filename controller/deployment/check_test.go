package deployment

import (
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
)

// parse is a deployment with the given spec.
func parse(t *testing.T, spec string) *v1alpha1.ModelDeployment {
	t.Helper()
	d := &v1alpha1.ModelDeployment{}
	d.Name, d.Namespace = "abalone", "ml"
	require.NoError(t, yaml.UnmarshalStrict([]byte(spec), &d.Spec))
	return d
}

const one = `variants: [{variantName: main, instanceType: ml.m5.large, initialInstanceCount: 1, model: {primaryContainer: {image: xgboost, modelDataURL: s3://acme/model}}}]
`

const serverless = `variants: [{variantName: main, serverlessConfig: {memorySizeInMB: 2048, maxConcurrency: 5}, modelName: theirs}]
`

const hosting = `variants: [{variantName: main, instanceType: ml.g5.xlarge, initialInstanceCount: 1}]
components: [{name: llm, model: {primaryContainer: {image: tgi}}, specification: {computeResourceRequirements: {minMemoryRequiredInMb: 1024}}, copyCount: 1}]
`

func TestCheckPasses(t *testing.T) {
	for reason, spec := range map[string]string{
		"one model":                         one,
		"serverless":                        serverless,
		"components":                        hosting,
		"a canary of the most there may be": one + "rollout: {strategy: Canary, stepSize: 50%, bakeTime: 1h, terminationWait: 1h, timeout: 3h}",
		"a canary of so many instances":     one + "rollout: {strategy: Canary, stepSize: 1}",
		"steps":                             one + "rollout: {strategy: Linear, stepSize: 10%}",
		"batches":                           one + "rollout: {strategy: Rolling, stepSize: 5%, rollbackStepSize: 100%}",
		"alarms":                            one + "rollout: {strategy: Canary, alarms: {names: [a, b], errorRate: 1%, latency: {threshold: 200ms, statistic: p99}, period: 2m}}",
		"a queue scaled to nothing": `asyncInferenceConfig: {outputConfig: {s3OutputPath: s3://acme/out}}
variants: [{variantName: main, instanceType: ml.m5.large, initialInstanceCount: 1, modelName: theirs, autoscaling: {minCapacity: 0, maxCapacity: 2}}]`,
		"a group's newest version":    `variants: [{variantName: main, instanceType: ml.m5.large, initialInstanceCount: 1, model: {packageGroup: {modelPackageGroupName: abalone, versions: ">=3, !=7"}}}]`,
		"a smoke test":                one + `smokeTests: [{name: a, variantName: main, body: "1", jsonPath: "{.score}", matches: "^0"}]`,
		"a smoke test of a component": hosting + "smokeTests: [{name: a, componentName: llm}]",
	} {
		t.Run(reason, func(t *testing.T) { require.NoError(t, check(parse(t, spec))) })
	}
}

func TestCheckRefuses(t *testing.T) {
	rows := []struct{ reason, spec, want string }{
		{"two models", `variants: [{variantName: main, instanceType: a, modelName: x, modelRef: {name: z}}]`, "variants[main] has more than one of"},
		{"none", `variants: [{variantName: main, instanceType: a}]`, "variants[main] has none of"},
		{"a model where components are placed", `variants: [{variantName: main, instanceType: a, modelName: x}]
components: [{name: c, model: {primaryContainer: {image: i}}, specification: {}}]`, "variants[main] has a model of its own"},
		{"nothing to run on", `variants: [{variantName: main, modelName: x}]`, "variants[main] needs one of"},
		{"two things to run on", `variants: [{variantName: main, modelName: x, instanceType: a, serverlessConfig: {memorySizeInMB: 1024, maxConcurrency: 1}}]`, "variants[main] needs one of"},
		{"serverless instances", `variants: [{variantName: main, modelName: x, initialInstanceCount: 1, serverlessConfig: {memorySizeInMB: 1024, maxConcurrency: 1}}]`, "no initialInstanceCount"},
		{"serverless beside another", `variants: [{variantName: a, modelName: x, serverlessConfig: {memorySizeInMB: 1024, maxConcurrency: 1}}, {variantName: b, modelName: x, instanceType: i}]`, "only alone"},
		{"a serverless queue", serverless + "asyncInferenceConfig: {outputConfig: {s3OutputPath: s3://o}}", "asyncInferenceConfig is not for serverless"},
		{"a serverless shadow", serverless + "shadowVariants: [{variantName: s, modelName: x, instanceType: i}]", "shadowVariants are not for serverless"},
		{"a serverless canary", serverless + "rollout: {strategy: Canary}", "rollout.strategy Canary is not for serverless"},
		{"scaling what is not provisioned", `variants: [{variantName: main, modelName: x, serverlessConfig: {memorySizeInMB: 1024, maxConcurrency: 1}, autoscaling: {minCapacity: 1, maxCapacity: 2}}]`, "provisionedConcurrency"},
		{"instances of components scaled", `variants: [{variantName: main, instanceType: a, autoscaling: {minCapacity: 1, maxCapacity: 2}}]
components: [{name: c, model: {primaryContainer: {image: i}}, specification: {}}]`, "managedInstanceScaling"},
		{"limits the wrong way round", `variants: [{variantName: main, modelName: x, instanceType: a, autoscaling: {minCapacity: 3, maxCapacity: 2}}]`, "minCapacity 3 over maxCapacity 2"},
		{"nothing left to answer", `variants: [{variantName: main, modelName: x, instanceType: a, autoscaling: {minCapacity: 0, maxCapacity: 2}}]`, "variants[main].autoscaling.minCapacity is 0"},
		{"also at night", `variants: [{variantName: main, modelName: x, instanceType: a, autoscaling: {minCapacity: 1, maxCapacity: 2, schedules: [{name: night, schedule: "rate(1 day)", minCapacity: 0}]}}]`, "schedules[night].minCapacity is 0"},
		{"a schedule that changes nothing", `variants: [{variantName: main, modelName: x, instanceType: a, autoscaling: {minCapacity: 1, maxCapacity: 2, schedules: [{name: night, schedule: "rate(1 day)"}]}}]`, "needs minCapacity or maxCapacity"},
		{"a component without a model", `variants: [{variantName: main, instanceType: a}]
components: [{name: c, specification: {}}]`, "components[c] has no model"},
		{"a component of a variant there is not", `variants: [{variantName: main, instanceType: a, modelName: x}]
components: [{name: c, variantName: other, model: {primaryContainer: {image: i}}, specification: {}}]`, `components[c].variantName "other" is none`},
		{"a model without a container", `variants: [{variantName: main, instanceType: a, model: {}}]`, "variants[main].model needs primaryContainer"},
		{"a group beside a package", `variants: [{variantName: main, instanceType: a, model: {packageGroup: {modelPackageGroupName: g}, primaryContainer: {modelPackageName: p}}}]`, "stands beside another model"},
		{"versions that are none", `variants: [{variantName: main, instanceType: a, model: {packageGroup: {modelPackageGroupName: g, versions: newest}}}]`, `packageGroup.versions "newest"`},
		{"a canary over half", one + "rollout: {strategy: Canary, stepSize: 51%}", `rollout.stepSize is "51%"`},
		{"a linear step under a tenth", one + "rollout: {strategy: Linear, stepSize: 9%}", `rollout.stepSize is "9%"`},
		{"a size that is none", one + "rollout: {strategy: Rolling, stepSize: some}", `rollout.stepSize is "some"`},
		{"no instance", one + "rollout: {strategy: Rolling, stepSize: 0}", "rollout.stepSize is 0"},
		{"steps of all at once", one + "rollout: {stepSize: 10%}", "rollout.stepSize is for"},
		{"batches of a canary's return", one + "rollout: {strategy: Canary, rollbackStepSize: 10%}", "rollout.rollbackStepSize is for Rolling"},
		{"a second fleet of a rolling update", one + "rollout: {strategy: Rolling, terminationWait: 5m}", "rollout.terminationWait is not for Rolling"},
		{"baking for too long", one + "rollout: {strategy: Canary, bakeTime: 61m}", "rollout.bakeTime is 1h1m0s"},
		{"waiting for too long", one + "rollout: {terminationWait: 61m}", "rollout.terminationWait is 1h1m0s"},
		{"a limit within the waits", one + "rollout: {strategy: Canary, bakeTime: 30m, timeout: 20m}", "rollout.timeout is 20m0s"},
		{"a limit AWS does not take", one + "rollout: {timeout: 9h}", "rollout.timeout is 9h0m0s"},
		{"part of a minute", one + "rollout: {alarms: {errorRate: 1%, period: 90s}}", "rollout.alarms.period is 1m30s"},
		{"more alarms than AWS watches", one + "rollout: {alarms: {names: [a, b, c, d, e, f, g, h, i], errorRate: 1%, latency: {threshold: 1s}}}", "rollout.alarms are 11"},
		{"a test of a variant there is not", one + "smokeTests: [{name: a, variantName: other}]", `smokeTests[a].variantName "other"`},
		{"a test of a component there is not", one + "smokeTests: [{name: a, componentName: other}]", `smokeTests[a].componentName "other"`},
		{"a test of no component", hosting + "smokeTests: [{name: a}]", "smokeTests[a] needs componentName"},
		{"two bodies", one + "smokeTests: [{name: a, body: x, bodyFrom: {name: z}}]", "smokeTests[a] has body and bodyFrom"},
		{"no expression", one + `smokeTests: [{name: a, matches: "("}]`, "smokeTests[a].matches"},
		{"no path", one + `smokeTests: [{name: a, jsonPath: "{.x"}]`, "smokeTests[a].jsonPath"},
		{"a test of a queue", one + "asyncInferenceConfig: {outputConfig: {s3OutputPath: s3://o}}\nsmokeTests: [{name: a}]", "does not answer at once"},
		{"handed over to itself", one + "handOverTo: abalone", "handOverTo names the deployment itself"},
	}
	for _, row := range rows {
		t.Run(row.reason, func(t *testing.T) { require.ErrorContains(t, check(parse(t, row.spec)), row.want) })
	}
}
