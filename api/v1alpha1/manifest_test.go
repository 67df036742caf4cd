package v1alpha1_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"
)

const trainingJob = `
roleARN: arn:aws:iam::123456789012:role/sagemaker
algorithmSpecification: {trainingImage: "123456789012.dkr.ecr.us-east-1.amazonaws.com/xgboost:1.7-1", trainingInputMode: File}
outputDataConfig: {s3OutputPath: "s3://bucket/output"}
resourceConfig: {instanceCount: 1, instanceType: ml.m5.xlarge, volumeSizeInGB: 5}
stoppingCondition: {maxRuntimeInSeconds: 3600}
hyperParameters: {max_depth: "5"}
`

// What the API server says to a spec.
const alarm = "{comparisonOperator: GreaterThanThreshold, evaluationPeriods: 1, "

func TestSpecs(t *testing.T) {
	rows := []struct {
		reason string
		kind   string
		spec   string
		// refused is a part of the answer. Empty means accepted.
		refused string
	}{
		{"a job needs no name of its own", "TrainingJob", trainingJob, ""},
		{"it may have one", "TrainingJob", trainingJob + "trainingJobName: abalone-1\n", ""},
		{"a name AWS refuses is refused at once", "TrainingJob", trainingJob + "trainingJobName: abalone_1\n", "spec.trainingJobName"},
		{"the role is required", "TrainingJob", `outputDataConfig: {s3OutputPath: "s3://bucket/output"}`, "spec.roleARN: Required value"},
		{"a spec is required where anything is", "TrainingJob", "", "spec: Required value"},
		{"a value inside its range", "TrainingJob", trainingJob + "retryStrategy: {maximumRetryAttempts: 3}\n", ""},
		{"a value outside its range", "TrainingJob", trainingJob + "retryStrategy: {maximumRetryAttempts: 31}\n", "spec.retryStrategy.maximumRetryAttempts"},
		{"a new run needs a new name", "TrainingJob", trainingJob + "trainingJobName: abalone-1\nrerun: again\n", "leave out trainingJobName"},
		{"a new run under a generated name", "TrainingJob", trainingJob + "rerun: again\n", ""},
		{"a tag key stands once", "TrainingJob", trainingJob + "tags: [{key: a, value: b}, {key: a, value: c}]\n", "Duplicate value"},
		{
			"a value outside its enumeration", "TrainingJob",
			trainingJob + "inputDataConfig: [{channelName: train, compressionType: Zip, dataSource: {s3DataSource: {s3URI: \"s3://b/k\", s3DataType: S3Prefix}}}]\n",
			"spec.inputDataConfig[0].compressionType",
		},
		{"a control field has its own values", "TrainingJob", trainingJob + "deletionPolicy: Keep\n", "spec.deletionPolicy"},
		{"a variant by reference, on an instance type newer than this release", "EndpointConfig", `productionVariants: [{variantName: a, modelRef: {name: m}, initialInstanceCount: 1, instanceType: ml.c99.huge}]`, ""},
		{"a variant by name", "EndpointConfig", `productionVariants: [{variantName: a, modelName: m}]`, ""},
		{"a variant cannot serve two models", "EndpointConfig", `productionVariants: [{variantName: a, modelName: m, modelRef: {name: m}}]`, "at most one of modelName and modelRef"},
		{"an alarm on a metric", "MetricAlarm", alarm + "metricName: m, statistic: Sum}", ""},
		{"an alarm on an expression", "MetricAlarm", alarm + `metrics: [{id: e, expression: "1"}]}`, ""},
		{"an alarm watches something", "MetricAlarm", alarm + "threshold: 1}", "exactly one of metricName and metrics"},
		{"an alarm watches a metric in one way", "MetricAlarm", alarm + "metricName: m, statistic: Sum, extendedStatistic: p99}", "exactly one of statistic and extendedStatistic"},
		{"an alarm's tag key stands once, too", "MetricAlarm", alarm + "metricName: m, statistic: Sum, tags: [{key: a, value: b}, {key: a, value: c}]}", "Duplicate value"},
		{"an action has a time", "ScheduledAction", `scalableTargetRef: {name: t}`, "schedule is required"},
		{"an action on the autoscaling of another service", "ScheduledAction", `{resourceID: "service/c/s", schedule: "rate(1 day)", serviceNamespace: ecs}`, "serviceNamespace must be sagemaker"},
		{"an alarm of a roll-out by reference", "Endpoint", `{endpointConfigName: c, deploymentConfig: {autoRollbackConfiguration: {alarms: [{alarmRef: {name: a}}]}}}`, ""},
		{"an endpoint by reference", "Endpoint", `endpointConfigRef: {name: c}`, ""},
		{"an endpoint needs a configuration", "Endpoint", `endpointName: e`, "exactly one of endpointConfigName and endpointConfigRef"},
		{"and only one", "Endpoint", `{endpointConfigName: c, endpointConfigRef: {name: c}}`, "exactly one of endpointConfigName and endpointConfigRef"},
		{
			"a model's data by reference", "Model",
			`{executionRoleARN: "arn:aws:iam::123456789012:role/r", primaryContainer: {image: i, modelDataRef: {kind: TrainingJob, name: abalone}}}`, "",
		},
		{"a model's data comes from a job", "Model", `primaryContainer: {image: i, modelDataRef: {kind: ProcessingJob, name: abalone}}`, "modelDataRef.kind"},
		{
			"a model's data comes from one place", "Model",
			`primaryContainer: {image: i, modelDataURL: "s3://b/k", modelDataRef: {kind: TrainingJob, name: abalone}}`, "at most one of modelDataURL and modelDataRef",
		},
		{
			"a file system is of one type", "UserProfile",
			`{domainID: d-abcdefghijkl, userProfileName: u, userSettings: {customFileSystemConfigs: [{efsFileSystemConfig: {fileSystemID: fs-12345678}, s3FileSystemConfig: {s3URI: "s3://b/k"}}]}}`,
			"exactly one of the fields",
		},
		{
			"the controller makes the token of a call", "Pipeline",
			`{pipelineName: p, roleARN: "arn:aws:iam::123456789012:role/r", pipelineDefinition: "{}"}`, "",
		},
		{"an execution by reference, which needs no token either", "PipelineExecution", `pipelineRef: {name: p}`, ""},
		{
			"a schedule's job definition by reference", "MonitoringSchedule",
			`monitoringScheduleConfig: {monitoringType: ModelQuality, monitoringJobDefinitionRef: {kind: ModelQualityJobDefinition, name: d}}`, "",
		},
		{
			"a job definition is one of four kinds", "MonitoringSchedule",
			`monitoringScheduleConfig: {monitoringJobDefinitionRef: {kind: Model, name: d}}`, "monitoringJobDefinitionRef.kind",
		},
		{"a package may be empty", "ModelPackage", "{}", ""},
	}
	crds := readCRDs(t)
	for _, row := range rows {
		t.Run(row.reason, func(t *testing.T) {
			answer := judge(t, crds[row.kind], row.spec)
			if row.refused == "" {
				require.Empty(t, answer)
				return
			}
			require.ErrorContains(t, answer.ToAggregate(), row.refused)
		})
	}
}

// judge validates an object with a spec the way the API server does.
func judge(t *testing.T, crd *apiextensionsv1.CustomResourceDefinition, spec string) field.ErrorList {
	t.Helper()
	object := map[string]any{"apiVersion": "sagemaker.gitops.dev/v1alpha1", "kind": crd.Spec.Names.Kind}
	if spec != "" {
		var tree map[string]any
		require.NoError(t, yaml.UnmarshalStrict([]byte(spec), &tree))
		object["spec"] = tree
	}
	internal := &apiextensions.JSONSchemaProps{}
	require.NoError(t, apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(
		crd.Spec.Versions[0].Schema.OpenAPIV3Schema, internal, nil))
	validator, _, err := validation.NewSchemaValidator(internal)
	require.NoError(t, err)
	answer := validation.ValidateCustomResource(nil, object, validator)
	if len(answer) > 0 {
		return answer
	}
	s := structural(t, crd)
	answer = listtype.ValidateListSetsAndMaps(nil, s, object)
	more, _ := cel.NewValidator(s, true, celconfig.PerCallLimit).Validate(t.Context(), nil, s, object, nil, celconfig.RuntimeCELCostBudget)
	return append(answer, more...)
}

// A status must take whatever AWS says: a state newer than this release must
// not make the API server refuse what the controller reports.
func TestStatusIsNotValidated(t *testing.T) {
	for name, crd := range readCRDs(t) {
		t.Run(name, func(t *testing.T) {
			root := crd.Spec.Versions[0].Schema.OpenAPIV3Schema
			status := root.Properties["status"]
			require.JSONEq(t, `{"observedGeneration":-1}`, string(status.Default.Raw))
			for path, property := range status.Properties {
				if !common[path] {
					requireFree(t, path, property)
				}
			}
			requireNoDefaults(t, "spec", root.Properties["spec"])
		})
	}
}

// common are the fields of every status, whose values the controller makes.
var common = map[string]bool{
	"conditions": true, "references": true, "runs": true, "revisions": true,
	"attempted": true, "applied": true, "detached": true, "owned": true, "transition": true, "progressDeadlineExceeded": true,
}

func requireFree(t *testing.T, path string, s apiextensionsv1.JSONSchemaProps) {
	t.Helper()
	require.Empty(t, s.Required, path)
	require.Empty(t, s.Enum, path)
	require.Empty(t, s.Pattern, path)
	require.Empty(t, s.XValidations, path)
	for _, bound := range []*int64{s.MinLength, s.MaxLength, s.MinItems, s.MaxItems, s.MinProperties, s.MaxProperties} {
		require.Nil(t, bound, path)
	}
	require.Nil(t, s.Minimum, path)
	require.Nil(t, s.Maximum, path)
	descend(path, s, func(path string, s apiextensionsv1.JSONSchemaProps) { requireFree(t, path, s) })
}

// A default in a spec would be taken for something git asks for.
func requireNoDefaults(t *testing.T, path string, s apiextensionsv1.JSONSchemaProps) {
	t.Helper()
	require.Nil(t, s.Default, path)
	descend(path, s, func(path string, s apiextensionsv1.JSONSchemaProps) { requireNoDefaults(t, path, s) })
}

func descend(path string, s apiextensionsv1.JSONSchemaProps, do func(string, apiextensionsv1.JSONSchemaProps)) {
	for name, property := range s.Properties {
		do(path+"."+name, property)
	}
	if s.Items != nil && s.Items.Schema != nil {
		do(path+"[]", *s.Items.Schema)
	}
	if s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil {
		do(path+"{}", *s.AdditionalProperties.Schema)
	}
}
