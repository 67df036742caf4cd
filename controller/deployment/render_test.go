package deployment

import (
	"os"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
)

// TestNamesNeverChange: a name that changed rolls out every endpoint in every
// AWS account: see testdata/README.md before changing a line of the table.
func TestNamesNeverChange(t *testing.T) {
	text, err := os.ReadFile("testdata/names.yaml")
	require.NoError(t, err)
	var rows []struct {
		Reason, Cluster string
		Deployment      v1alpha1.ModelDeployment
		// Models and Config are the names by hash version a, B those by version b.
		Models map[string]string
		Config string
		B      struct {
			Models map[string]string
			Config string
		}
	}
	require.NoError(t, yaml.UnmarshalStrict(text, &rows))
	require.GreaterOrEqual(t, len(rows), 4, "rows are only ever added")
	for _, row := range rows {
		t.Run(row.Reason, func(t *testing.T) {
			require.NoError(t, check(&row.Deployment))
			for _, hash := range identity.Supported() {
				models, config := row.B.Models, row.B.Config
				if hash.Version == "a" {
					models, config = row.Models, row.Config
				}
				is := render(t, row.Cluster, &row.Deployment, hash)
				names := map[string]string{}
				for at, m := range is.models {
					names[at] = m.Name
					require.Equal(t, m.Name, *m.Spec.ModelName, "in AWS it is called as here")
				}
				require.Equal(t, models, names, "version %s: testdata/README.md says what this means", hash.Version)
				require.Equal(t, config, is.config.Name, "version %s: testdata/README.md says what this means", hash.Version)
				require.Equal(t, config, *is.config.Spec.EndpointConfigName, "in AWS it is called as here")
			}
		})
	}
}

// names are those of the only model and of the configuration.
func (m made) names(t *testing.T) (model, config string) {
	t.Helper()
	require.Len(t, m.models, 1)
	for _, is := range m.models {
		model = is.Name
	}
	return model, m.config.Name
}

// What these change is no roll-out.
func TestNamesStayTheSame(t *testing.T) {
	model, config := render(t, "prod", read(t, plain)).names(t)
	for _, row := range []struct{ reason, spec string }{
		{"the same again", plain},
		{"the order in which fields are written", edit(t, instances, "initialInstanceCount: 2\n    instanceType: ml.m5.large")},
		{"a role said of the model itself", edit(t, "model: {", "model: {executionRoleARN: arn:aws:iam::123456789012:role/abalone, ")},
		{"what is said of components only", plain + "  components: []"},
		{"tags", plain + "  tags: [{key: team, value: ml}]"},
		{"how the roll-out goes", plain + "  rollout: {strategy: Canary, alarms: {names: [a], errorRate: 1%}}"},
		{"what is asked afterwards", plain + "  smokeTests: [{name: a, body: x}]"},
		{"between which limits it is scaled", edit(t, "initialInstanceCount: 2", "initialInstanceCount: 2\n    autoscaling: {minCapacity: 1, maxCapacity: 9}")},
		{"where it is", plain + "  region: us-west-2"},
		{"as whom AWS is called", plain + "  assumeRole: {roleARN: \"arn:aws:iam::210987654321:role/ml\"}\n  serviceAccountName: ml"},
		{"how often it is compared", plain + "  interval: 1h"},
		{"how much is kept", plain + "  revisionHistoryLimit: 3\n  deletionPolicy: Retain\n  adoptionPolicy: Unowned"},
		{"what becomes of the endpoint", plain + "  protect: true\n  allowReplacement: true\n  handOverTo: successor\n  suspend: true"},
		{"labels and annotations", edit(t, "name: abalone, namespace: ml", "name: abalone, namespace: ml, labels: {tier: gold}, annotations: {a: b}")},
	} {
		t.Run(row.reason, func(t *testing.T) {
			sameModel, sameConfig := render(t, "prod", read(t, row.spec)).names(t)
			require.Equal(t, []string{model, config}, []string{sameModel, sameConfig})
		})
	}
}

// What these change is another model, another configuration, or both.
func TestNamesChange(t *testing.T) {
	type effect struct{ model, config bool }
	both, configOnly := effect{true, true}, effect{config: true}
	model, config := render(t, "prod", read(t, plain)).names(t)
	for _, row := range []struct {
		reason, cluster, spec string
		want                  effect
	}{
		{"another model", "prod", edit(t, "v1/model.tar.gz", "v2/model.tar.gz"), both},
		{"another role", "prod", edit(t, "role/abalone", "role/other"), both},
		{"another network", "prod", plain + "  vpcConfig: {subnets: [subnet-1], securityGroupIDs: [sg-1]}", both},
		{"no network", "prod", plain + "  enableNetworkIsolation: true", both},
		{"another variable of the container", "prod", edit(t, "primaryContainer: {", "primaryContainer: {environment: {WORKERS: \"2\"}, "), both},
		{"other instances", "prod", edit(t, "ml.m5.large", "ml.m5.xlarge"), configOnly},
		{"more of them", "prod", edit(t, "initialInstanceCount: 2", "initialInstanceCount: 3"), configOnly},
		{"capture of requests", "prod", plain + "  dataCaptureConfig: {enableCapture: true, initialSamplingPercentage: 1, destinationS3URI: \"s3://acme-ml/x\", captureOptions: [{captureMode: Input}]}", configOnly},
		{"a key", "prod", plain + "  kmsKeyID: alias/volumes", configOnly},
		{"a shadow of a model that is there", "prod", plain + "  shadowVariants: [{variantName: next, instanceType: ml.m5.large, modelName: x}]", configOnly},
		{"another cluster may share the account", "staging", plain, both},
		{"so may another namespace", "prod", edit(t, "namespace: ml", "namespace: ml2"), both},
		{"another deployment has what is its own", "prod", edit(t, "name: abalone,", "name: abalone2,"), both},
		{"another variant has", "prod", edit(t, "variantName: main", "variantName: other"), both},
	} {
		t.Run(row.reason, func(t *testing.T) {
			otherModel, otherConfig := render(t, row.cluster, read(t, row.spec)).names(t)
			require.Equal(t, row.want, effect{otherModel != model, otherConfig != config})
		})
	}
}

func TestNamesFit(t *testing.T) {
	long := strings.Repeat("abalone-", 30) + "x"
	for _, row := range []struct {
		reason, name, variant string
		prefix                string
	}{
		{"short ones are told whole", "abalone", "main", "abalone-main-"},
		{"a variant in upper case", "abalone", "Main", "abalone-main-"},
		{"a name with a dot is marked", "abalone.v1", "main", "abalone-v1-main-"},
		{"a long name is cut", long, "main", "abalone-abalone-"},
		{"a long variant too", "abalone", strings.Repeat("v", 63), "abalone-vvvv"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			d := read(t, edit(t, "name: abalone,", "name: "+row.name+",", "variantName: main", "variantName: "+row.variant))
			model, config := render(t, "prod", d).names(t)
			require.True(t, strings.HasPrefix(model, row.prefix), model)
			for _, name := range []string{model, config} {
				require.NoError(t, identity.CheckName(name, identity.MaxName))
				require.Equal(t, strings.ToLower(name), name, "it is also the name of a Kubernetes object")
				_, digest := path.Split(strings.ReplaceAll(name, "-", "/"))
				require.Regexp(t, "^"+identity.HashVersion+"[a-z2-7]{9}$", digest, "it is never cut")
			}
		})
	}
	other := render(t, "prod", read(t, edit(t, "name: abalone,", "name: "+long+"y,")))
	one := render(t, "prod", read(t, edit(t, "name: abalone,", "name: "+long+"z,")))
	require.NotEqual(t, one.config.Name, other.config.Name, "what is cut is still told apart")
}

// TestEachPartHasItsOwnModel: parts of one name in different lists are not mixed
// up, and equal models are one.
func TestEachPartHasItsOwnModel(t *testing.T) {
	model := func(version string) string {
		return `model: {primaryContainer: {image: "1.dkr.ecr.eu-west-1.amazonaws.com/x:1", modelDataURL: s3://acme-ml/` + version + `/model.tar.gz}}`
	}
	d := read(t, `
metadata: {name: abalone, namespace: ml}
spec:
  variants:
  - {variantName: host, instanceType: ml.m5.large}
  - {variantName: llm, instanceType: ml.m5.large, `+model("v1")+`}
  components: [{name: llm, specification: {}, `+model("v2")+`}]`)
	require.NoError(t, check(d))
	is := render(t, "prod", d)
	require.Contains(t, *is.models["variants[llm].model"].Spec.PrimaryContainer.ModelDataURL, "v1")
	require.Contains(t, *is.models["components[llm].model"].Spec.PrimaryContainer.ModelDataURL, "v2")
	require.Equal(t, is.models["variants[llm].model"].Name, *is.config.Spec.ProductionVariants[1].ModelName)
	components, err := newRenderer(d, "prod", false).components("abalone", map[string]string{
		"variants[llm].model": "one", "components[llm].model": "two",
	})
	require.NoError(t, err)
	require.Equal(t, "two", *components[0].Spec.Specification.ModelName)
}

// TestConfig: what a configuration takes of the spec.
func TestConfig(t *testing.T) {
	d := read(t, edit(t, ownModel, "modelRef: {name: other}")+`
  - {variantName: b, instanceType: ml.m5.large, modelName: by-hand}
  vpcConfig: {subnets: [subnet-1], securityGroupIDs: [sg-1]}
  region: eu-central-1
  deletionPolicy: Retain
  tags: [{key: team, value: ml}]`)
	c, err := newRenderer(d, "prod", true).config(nil, map[string]string{"main": "other-a1"})
	require.NoError(t, err)
	require.Equal(t, "other-a1", *c.Spec.ProductionVariants[0].ModelName, "what a reference stands for")
	require.Nil(t, c.Spec.ProductionVariants[0].ModelRef)
	require.Equal(t, "by-hand", *c.Spec.ProductionVariants[1].ModelName)
	require.NotNil(t, d.Spec.Variants[0].ModelRef, "the spec is left alone")
	require.Nil(t, c.Spec.ExecutionRoleARN, "that is the models'")
	require.Nil(t, c.Spec.VpcConfig)
	require.Equal(t, v1alpha1.DeletionRetain, c.Spec.DeletionPolicy)
	require.Equal(t, "eu-central-1", c.Spec.Region)
	require.Equal(t, "ml", *c.Spec.Tags[0].Value)
}

// TestEndpoint: what an endpoint takes of the spec.
func TestEndpoint(t *testing.T) {
	for _, row := range []struct {
		reason, spec string
		name         string
		want         string
	}{
		{"no more than its configuration", plain, "abalone", "{endpointConfigName: config, deletionPolicy: Delete}"},
		{
			"its AWS name, and a resource of that name in lower case", plain + "  endpointName: Abalone-1", "abalone-1",
			"{endpointName: Abalone-1, endpointConfigName: config, deletionPolicy: Delete}",
		},
		{
			"only it is taken over", plain + "  adoptionPolicy: Unowned", "abalone",
			"{endpointConfigName: config, deletionPolicy: Delete, adoptionPolicy: Unowned}",
		},
		{
			"as whom and where", plain + "  region: us-west-2\n  serviceAccountName: ml\n  interval: 1h", "abalone",
			"{endpointConfigName: config, deletionPolicy: Delete, region: us-west-2, serviceAccountName: ml, interval: 1h}",
		},
		{"what is kept", plain + "  rollout: {strategy: Rolling, retainAllVariantProperties: true, excludeRetainedVariantProperties: [{variantPropertyType: DesiredWeight}]}", "abalone", `
endpointConfigName: config
deletionPolicy: Delete
deploymentConfig:
  rollingUpdatePolicy: {maximumBatchSize: {type: CAPACITY_PERCENT, value: 20}, waitIntervalInSeconds: 300}
  autoRollbackConfiguration: {alarms: [{alarmName: a}]}
retainAllVariantProperties: true
excludeRetainedVariantProperties: [{variantPropertyType: DesiredWeight}]`},
	} {
		t.Run(row.reason, func(t *testing.T) {
			e := newRenderer(read(t, row.spec), "prod", false).endpoint("config", []string{"a"})
			var want v1alpha1.EndpointSpec
			require.NoError(t, yaml.UnmarshalStrict([]byte(row.want), &want))
			require.Equal(t, row.name, e.Name)
			require.Equal(t, want, e.Spec)
		})
	}
}

// TestComponents: what a component takes of the spec.
func TestComponents(t *testing.T) {
	d := read(t, edit(t, ownModel, noModel)+`
  components:
  - {name: llm, copyCount: 2, specification: {computeResourceRequirements: {minMemoryRequiredInMb: 1024}}, `+ownModel+`}
  - {name: tuned, variantName: main, specification: {baseInferenceComponentRef: {name: abalone-llm}}}
  tags: [{key: team, value: ml}]`)
	require.NoError(t, check(d))
	all, err := newRenderer(d, "prod", false).components("prod-abalone", map[string]string{"components[llm].model": "model-a1"})
	require.NoError(t, err)
	require.Len(t, all, 2)
	want := []string{`
endpointRef: {name: abalone}
inferenceComponentName: prod-abalone-llm
variantName: main
deletionPolicy: Delete
specification: {modelName: model-a1, computeResourceRequirements: {minMemoryRequiredInMb: 1024}}
runtimeConfig: {copyCount: 2}
tags: [{key: team, value: ml}]`, `
endpointRef: {name: abalone}
inferenceComponentName: prod-abalone-tuned
variantName: main
deletionPolicy: Delete
specification: {baseInferenceComponentRef: {name: abalone-llm}}
tags: [{key: team, value: ml}]`}
	for i, is := range all {
		var spec v1alpha1.InferenceComponentSpec
		require.NoError(t, yaml.UnmarshalStrict([]byte(want[i]), &spec))
		require.Equal(t, spec, is.Spec)
		require.Equal(t, "abalone-"+d.Spec.Components[i].Name, is.Name)
	}

	_, err = newRenderer(d, "prod", false).components(strings.Repeat("e", 58), nil)
	requireRefused(t, err, "components[tuned].name")
}
