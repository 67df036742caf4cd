package shape_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	scaling "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	alarms "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

func TestFillErrorsNameTheMember(t *testing.T) {
	one := func(name string, v any) shape.Tree { return shape.Tree{name: v} }
	for _, row := range []struct {
		reason string
		tree   shape.Tree
		input  any
		want   string
	}{
		{"a member of the root that does not exist", one("rolARN", "x"), new(sagemaker.CreateTrainingJobInput), `CreateTrainingJobInput has no member "rolARN"`},
		{
			"a nested member that does not exist", one("resourceConfig", map[string]any{"instanceTyp": "x"}),
			new(sagemaker.CreateTrainingJobInput), `resourceConfig: ResourceConfig has no member "instanceTyp"`,
		},
		{
			"a member of an item that does not exist", one("productionVariants", []any{map[string]any{}, map[string]any{"model": "x"}}),
			new(sagemaker.CreateEndpointConfigInput), `productionVariants: [1]: ProductionVariant has no member "model"`,
		},
		{"a field of the SDK's own", one("noSmithyDocumentSerde", "x"), new(sagemaker.CreateModelInput), `CreateModelInput has no member "noSmithyDocumentSerde"`},
		{"a number for a string", one("modelName", int64(1)), new(sagemaker.CreateModelInput), `modelName: want a string, got int64 1`},
		{"a string for a boolean", one("enableNetworkIsolation", "true"), new(sagemaker.CreateModelInput), `want a boolean, got string true`},
		{"a string for a structure", one("primaryContainer", "x"), new(sagemaker.CreateModelInput), `primaryContainer: want a structure, got string x`},
		{"a structure for a list", one("containers", map[string]any{}), new(sagemaker.CreateModelInput), `containers: want a list, got map[string]interface {} map[]`},
		{"a list for a map", one("hyperParameters", []any{}), new(sagemaker.CreateTrainingJobInput), `hyperParameters: want a map, got []interface {} []`},
		{
			"a map's value is named by its key", one("hyperParameters", map[string]any{"num_round": int64(10)}),
			new(sagemaker.CreateTrainingJobInput), `hyperParameters: ["num_round"]: want a string, got int64 10`,
		},
		{
			"a nested scalar is named by the schema", one("resourceConfig", map[string]any{"instanceCount": "2"}),
			new(sagemaker.CreateTrainingJobInput), `resourceConfig: InstanceCount: want an integer in range, got string 2`,
		},
		{
			"a broken number for an integer", one("resourceConfig", map[string]any{"instanceCount": 1.5}),
			new(sagemaker.CreateTrainingJobInput), `InstanceCount: want an integer in range, got float64 1.5`,
		},
		{
			"an integer beyond 32 bits", one("resourceConfig", map[string]any{"instanceCount": int64(1 << 31)}),
			new(sagemaker.CreateTrainingJobInput), `InstanceCount: want an integer in range, got int64 2147483648`,
		},
		{
			"a float beyond what is exact", one("resourceConfig", map[string]any{"keepAlivePeriodInSeconds": 1e300}),
			new(sagemaker.CreateTrainingJobInput), `KeepAlivePeriodInSeconds: want an integer in range`,
		},
		{"a string for a number", one("productionVariants", []any{map[string]any{"initialVariantWeight": "1"}}), new(sagemaker.CreateEndpointConfigInput), `InitialVariantWeight: want a number, got string 1`},
		{"a time that is none", one("creationTimeAfter", "yesterday"), new(sagemaker.ListTrainingJobsInput), `creationTimeAfter: parsing time "yesterday"`},
		{
			"two members of a union", one("spaceSettings", map[string]any{"customFileSystems": []any{map[string]any{
				"efsFileSystem": map[string]any{"fileSystemID": "fs-1"}, "fsxLustreFileSystem": map[string]any{"fileSystemID": "fs-2"},
			}}}),
			new(sagemaker.CreateSpaceInput), `spaceSettings: union has more than one non-nil member: FSxLustreFileSystem`,
		},
		{
			"a union has one member", union(map[string]any{"vectorConfig": map[string]any{"dimension": int64(3)}, "other": "x"}),
			new(sagemaker.CreateFeatureGroupInput), `CollectionConfig has no member "other"`,
		},
	} {
		t.Run(row.reason, func(t *testing.T) {
			require.ErrorContains(t, shape.Fill(row.tree, row.input), row.want)
		})
	}
}

// union is a request with a value of the union CollectionConfig.
func union(v map[string]any) shape.Tree {
	return shape.Tree{"featureDefinitions": []any{map[string]any{"featureName": "f", "collectionConfig": v}, map[string]any{"featureName": "g"}}}
}

func TestUnions(t *testing.T) {
	in := new(sagemaker.CreateFeatureGroupInput)
	require.NoError(t, shape.Fill(union(map[string]any{"vectorConfig": map[string]any{"dimension": int64(3)}}), in))
	require.Equal(t, []types.FeatureDefinition{
		{FeatureName: aws.String("f"), CollectionConfig: &types.CollectionConfigMemberVectorConfig{Value: types.VectorConfig{Dimension: aws.Int32(3)}}},
		{FeatureName: aws.String("g")},
	}, in.FeatureDefinitions, "what follows the union is read from the right place")
	require.Equal(t, shape.Tree{"FeatureDefinitions": []any{
		map[string]any{"FeatureName": "f", "CollectionConfig": map[string]any{"VectorConfig": map[string]any{"Dimension": int64(3)}}},
		map[string]any{"FeatureName": "g"},
	}}, shape.ToTree(in))

	in = new(sagemaker.CreateFeatureGroupInput)
	require.NoError(t, shape.Fill(union(map[string]any{}), in))
	require.Equal(t, "g", *in.FeatureDefinitions[1].FeatureName, "an empty union is no union")
	require.Nil(t, in.FeatureDefinitions[0].CollectionConfig)

	in = new(sagemaker.CreateFeatureGroupInput)
	require.NoError(t, shape.Pick(union(map[string]any{"other": "x"}), in))
	require.Equal(t, "g", *in.FeatureDefinitions[1].FeatureName, "nor is one of which no member is known")

	metrics := shape.Tree{"metricSpecification": map[string]any{"predefined": map[string]any{"predefinedMetricType": "a"}}}
	require.EqualError(t, shape.Fill(metrics, new(types.TargetTrackingScalingPolicyConfiguration)),
		"metricSpecification: a union at the top level of an input is not supported")
}

func TestPickPassesOverWhatTheInputDoesNotHave(t *testing.T) {
	in := new(sagemaker.UpdateTrainingJobInput)
	require.NoError(t, shape.Pick(shape.Tree{
		"trainingJobName": "a", "roleARN": "x", "TrainingJobStatus": "Completed",
		"resourceConfig": map[string]any{"instanceType": "ml.m5.large", "keepAlivePeriodInSeconds": int64(60)},
		"profilerConfig": nil,
	}, in))
	require.Equal(t, &sagemaker.UpdateTrainingJobInput{
		TrainingJobName: aws.String("a"), ResourceConfig: &types.ResourceConfigForUpdate{KeepAlivePeriodInSeconds: aws.Int32(60)},
	}, in)

	in = new(sagemaker.UpdateTrainingJobInput)
	require.NoError(t, shape.Pick(shape.Tree{"resourceConfig": map[string]any{"instanceType": "ml.m5.large"}, "remoteDebugConfig": map[string]any{}}, in))
	require.Equal(t, &sagemaker.UpdateTrainingJobInput{RemoteDebugConfig: &types.RemoteDebugConfigForUpdate{}}, in,
		"of a structure nothing is left, which is not the same as an empty one")
	scanning := new(ecr.PutImageScanningConfigurationInput)
	require.NoError(t, shape.Pick(shape.Tree{"imageScanningConfiguration": map[string]any{"scanOnPush": false}}, scanning))
	require.NotNil(t, scanning.ImageScanningConfiguration, "one that says no says something, also where the SDK has no pointer to it")
	nested := new(sagemaker.CreateModelInput)
	require.NoError(t, shape.Pick(shape.Tree{"primaryContainer": map[string]any{
		"image": "i", "modelDataSource": map[string]any{"s3DataSource": map[string]any{"unknown": "x"}}, "multiModelConfig": map[string]any{},
	}}, nested))
	require.Equal(t, &types.ContainerDefinition{Image: aws.String("i"), MultiModelConfig: &types.MultiModelConfig{}}, nested.PrimaryContainer, "the same below the root")

	require.ErrorContains(t, shape.Pick(shape.Tree{"trainingJobName": true}, in), "trainingJobName: ", "a value that does not fit is an error all the same")
}

func TestToTree(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 5e8, time.FixedZone("CET", 3600))
	for _, row := range []struct {
		reason string
		value  any
		want   shape.Tree
	}{
		{"absent members are absent", &sagemaker.CreateModelInput{}, shape.Tree{}},
		{"an output without members", &sagemaker.DeleteModelOutput{}, shape.Tree{}},
		{"times are in UTC and keep fractions", &sagemaker.DescribeModelOutput{CreationTime: &at}, shape.Tree{"CreationTime": "2026-03-01T11:00:00.5Z"}},
		{
			"a service whose structures do not serialise themselves",
			&applicationautoscaling.RegisterScalableTargetInput{
				MaxCapacity: aws.Int32(4), ServiceNamespace: scaling.ServiceNamespaceSagemaker, Tags: map[string]string{"team": "ml"},
				SuspendedState: &scaling.SuspendedState{ScheduledScalingSuspended: aws.Bool(false)},
			},
			shape.Tree{
				"MaxCapacity": int64(4), "ServiceNamespace": "sagemaker", "Tags": map[string]any{"team": "ml"},
				"SuspendedState": map[string]any{"ScheduledScalingSuspended": false},
			},
		},
		{
			"its answers", &applicationautoscaling.DescribeScalableTargetsOutput{ScalableTargets: []scaling.ScalableTarget{{CreationTime: &at}}},
			shape.Tree{"ScalableTargets": []any{map[string]any{"CreationTime": "2026-03-01T11:00:00.5Z"}}},
		},
		{"false is not absent", &sagemaker.CreateModelInput{EnableNetworkIsolation: aws.Bool(false)}, shape.Tree{"EnableNetworkIsolation": false}},
		{"an empty list is told from an absent one", &sagemaker.CreateModelInput{Containers: []types.ContainerDefinition{}}, shape.Tree{"Containers": []any{}}},
		{
			"a 32-bit float keeps the decimals it was written with",
			&sagemaker.CreateEndpointConfigInput{ProductionVariants: []types.ProductionVariant{{InitialVariantWeight: aws.Float32(0.1)}}},
			shape.Tree{"ProductionVariants": []any{map[string]any{"InitialVariantWeight": 0.1}}},
		},
	} {
		t.Run(row.reason, func(t *testing.T) {
			require.Equal(t, row.want, shape.ToTree(row.value))
		})
	}
}

// Structures that do not deserialise themselves are filled member by member.
func TestPlainStructures(t *testing.T) {
	spec := shape.Tree{
		"policyName": "p", "policyType": "TargetTrackingScaling", "targetTrackingScalingPolicyConfiguration": map[string]any{
			"targetValue": 70.5, "scaleInCooldown": int64(300),
			"predefinedMetricSpecification": map[string]any{"predefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
		},
	}
	in := new(applicationautoscaling.PutScalingPolicyInput)
	require.NoError(t, shape.Fill(spec, in))
	require.Equal(t, &applicationautoscaling.PutScalingPolicyInput{
		PolicyName: aws.String("p"), PolicyType: scaling.PolicyTypeTargetTrackingScaling,
		TargetTrackingScalingPolicyConfiguration: &scaling.TargetTrackingScalingPolicyConfiguration{
			TargetValue: aws.Float64(70.5), ScaleInCooldown: aws.Int32(300),
			PredefinedMetricSpecification: &scaling.PredefinedMetricSpecification{PredefinedMetricType: scaling.MetricTypeSageMakerVariantInvocationsPerInstance},
		},
	}, in)
	require.ErrorContains(t, shape.Fill(shape.Tree{"targetTrackingScalingPolicyConfiguration": map[string]any{"target": 1}}, in),
		`targetTrackingScalingPolicyConfiguration: TargetTrackingScalingPolicyConfiguration has no member "target"`)
	require.ErrorContains(t, shape.Fill(shape.Tree{"targetTrackingScalingPolicyConfiguration": "x"}, in), "a structure")
}

// CloudWatch's structures deserialise themselves as SageMaker's do.
func TestAlarms(t *testing.T) {
	spec := shape.Tree{
		"alarmName": "a", "okActions": []any{"arn:aws:sns:us-east-1:123456789012:team"}, "threshold": int64(1), "comparisonOperator": "GreaterThanThreshold",
		"metrics": []any{map[string]any{"id": "e", "returnData": true, "metricStat": map[string]any{
			"stat": "Sum", "period": int64(60), "metric": map[string]any{"metricName": "m", "dimensions": []any{map[string]any{"name": "n", "value": "v"}}},
		}}},
	}
	in := new(cloudwatch.PutMetricAlarmInput)
	require.NoError(t, shape.Fill(spec, in))
	metrics := []alarms.MetricDataQuery{{Id: aws.String("e"), ReturnData: aws.Bool(true), MetricStat: &alarms.MetricStat{
		Stat: aws.String("Sum"), Period: aws.Int32(60),
		Metric: &alarms.Metric{MetricName: aws.String("m"), Dimensions: []alarms.Dimension{{Name: aws.String("n"), Value: aws.String("v")}}},
	}}}
	require.Equal(t, &cloudwatch.PutMetricAlarmInput{
		AlarmName: aws.String("a"), OKActions: []string{"arn:aws:sns:us-east-1:123456789012:team"}, Threshold: aws.Float64(1),
		ComparisonOperator: alarms.ComparisonOperatorGreaterThanThreshold, Metrics: metrics,
	}, in)
	asked := shape.ToTree(in)
	told := shape.ToTree(&cloudwatch.DescribeAlarmsOutput{MetricAlarms: []alarms.MetricAlarm{{
		AlarmName: aws.String("a"), OKActions: in.OKActions, Threshold: aws.Float64(1), ComparisonOperator: in.ComparisonOperator, Metrics: metrics,
	}}})
	require.Equal(t, shape.Tree{"MetricAlarms": []any{asked}}, told, "Describe tells what Put asks for, under the same names")
	require.ErrorContains(t, shape.Fill(shape.Tree{"dimensions": []any{map[string]any{"key": "n"}}}, in), `Dimension has no member "key"`)
}
