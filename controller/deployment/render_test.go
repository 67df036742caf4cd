package deployment

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
)

// names are the models and the configuration that a deployment stands for in a
// cluster.
func names(t *testing.T, d *v1alpha1.ModelDeployment, cluster string) []string {
	t.Helper()
	r := newRenderer(d, cluster, false)
	var all []string
	made := map[string]string{}
	for _, p := range places(&d.Spec) {
		m, err := r.model(p, r.modelSpec(p))
		require.NoError(t, err)
		require.Equal(t, m.Name, *m.Spec.ModelName)
		made[p.name] = m.Name
		all = append(all, m.Name)
	}
	c, err := r.config(made, nil)
	require.NoError(t, err)
	require.Equal(t, c.Name, *c.Spec.EndpointConfigName)
	return append(all, c.Name)
}

// The names are an on-disk format: what they stand for in AWS is found by them.
// testdata/names.json never changes; another digest needs another hash version.
func TestNamesNeverChange(t *testing.T) {
	golden, err := os.ReadFile("testdata/names.json")
	require.NoError(t, err)
	var want map[string][]string
	require.NoError(t, json.Unmarshal(golden, &want))
	got := map[string][]string{}
	for name, spec := range map[string]string{
		"one":        one,
		"serverless": serverless,
		"hosting":    hosting,
		"much": one + `executionRoleARN: arn:aws:iam::123456789012:role/abalone
dataCaptureConfig: {enableCapture: true, initialSamplingPercentage: 20, destinationS3URI: s3://acme/captured, captureOptions: [{captureMode: Input}]}
kmsKeyID: alias/ml
vpcConfig: {subnets: [subnet-1], securityGroupIDs: [sg-1]}
shadowVariants: [{variantName: next, instanceType: ml.m5.large, initialInstanceCount: 1, initialVariantWeight: 0.5, model: {primaryContainer: {image: xgboost, modelDataURL: s3://acme/next}}}]`,
	} {
		got[name] = names(t, parse(t, spec), "prod")
	}
	require.Equal(t, want, got)
}

func TestNames(t *testing.T) {
	usual := names(t, parse(t, one), "prod")
	for _, row := range []struct {
		reason  string
		cluster string
		spec    string
		rename  func(*v1alpha1.ModelDeployment)
		model   bool // whether the model gets another name
		config  bool
	}{
		{reason: "tags", spec: one + "tags: [{key: team, value: ml}]"},
		{reason: "where and as whom", spec: one + "region: eu-west-1\nserviceAccountName: ml\ndeletionPolicy: Retain\ninterval: 1h\nrevisionHistoryLimit: 3"},
		{reason: "how a change is rolled out", spec: one + "rollout: {strategy: Canary, alarms: {errorRate: 1%}}"},
		{reason: "smoke tests", spec: one + "smokeTests: [{name: a}]"},
		{reason: "scaling", spec: strings.Replace(one, "model:", "autoscaling: {minCapacity: 1, maxCapacity: 2}, model:", 1)},
		{reason: "another model", spec: strings.Replace(one, "s3://acme/model", "s3://acme/other", 1), model: true, config: true},
		{reason: "another machine", spec: strings.Replace(one, "m5.large", "m5.xlarge", 1), config: true},
		{reason: "another cluster", cluster: "dev", spec: one, model: true, config: true},
		{reason: "another namespace", spec: one, rename: func(d *v1alpha1.ModelDeployment) { d.Namespace = "other" }, model: true, config: true},
		{reason: "another deployment", spec: one, rename: func(d *v1alpha1.ModelDeployment) { d.Name = "other" }, model: true, config: true},
	} {
		t.Run(row.reason, func(t *testing.T) {
			d := parse(t, row.spec)
			if row.rename != nil {
				row.rename(d)
			}
			cluster := "prod"
			if row.cluster != "" {
				cluster = row.cluster
			}
			got := names(t, d, cluster)
			require.Equal(t, row.model, got[0] != usual[0], "%s and %s", got[0], usual[0])
			require.Equal(t, row.config, got[1] != usual[1], "%s and %s", got[1], usual[1])
		})
	}
}

func TestNamesFit(t *testing.T) {
	d := parse(t, strings.Replace(one, "variantName: main", "variantName: Main"+strings.Repeat("x", 50), 1))
	d.Name = strings.Repeat("a.", 60)
	for _, name := range names(t, d, "prod") {
		require.LessOrEqual(t, len(name), 63)
		require.Regexp(t, `^[a-z0-9]([a-z0-9-]*[a-z0-9])?-a[a-z2-7]{9}$`, name, "whatever is cut, the digest is whole")
	}
}

func TestDeploymentConfig(t *testing.T) {
	for _, row := range []struct{ reason, rollout, want string }{
		{"nothing is asked for", "", "null"},
		{"all at once", "{}", `{"blueGreenUpdatePolicy":{"trafficRoutingConfiguration":{"type":"ALL_AT_ONCE","waitIntervalInSeconds":0}}}`},
		{
			"a canary by default", "{strategy: Canary}",
			`{"blueGreenUpdatePolicy":{"trafficRoutingConfiguration":{"type":"CANARY","canarySize":{"type":"CAPACITY_PERCENT","value":10},"waitIntervalInSeconds":300}}}`,
		},
		{
			"a canary of one instance", "{strategy: Canary, stepSize: 1, bakeTime: 10m, terminationWait: 2m, timeout: 1h}",
			`{"blueGreenUpdatePolicy":{"maximumExecutionTimeoutInSeconds":3600,"terminationWaitInSeconds":120,"trafficRoutingConfiguration":{"type":"CANARY","canarySize":{"type":"INSTANCE_COUNT","value":1},"waitIntervalInSeconds":600}}}`,
		},
		{
			"in equal steps", "{strategy: Linear, stepSize: 25%, bakeTime: 1m}",
			`{"blueGreenUpdatePolicy":{"trafficRoutingConfiguration":{"type":"LINEAR","linearStepSize":{"type":"CAPACITY_PERCENT","value":25},"waitIntervalInSeconds":60}}}`,
		},
		{
			"in batches", "{strategy: Rolling, rollbackStepSize: 50%}",
			`{"rollingUpdatePolicy":{"maximumBatchSize":{"type":"CAPACITY_PERCENT","value":20},"rollbackMaximumBatchSize":{"type":"CAPACITY_PERCENT","value":50},"waitIntervalInSeconds":300}}`,
		},
	} {
		t.Run(row.reason, func(t *testing.T) {
			d := parse(t, one+"rollout: "+row.rollout)
			got, err := json.Marshal(deploymentConfig(d.Spec.Rollout, nil))
			require.NoError(t, err)
			require.JSONEq(t, row.want, string(got))
		})
	}
	d := parse(t, one+"rollout: {strategy: Canary}")
	config := deploymentConfig(d.Spec.Rollout, []string{"a", "b"})
	require.Len(t, config.AutoRollbackConfiguration.Alarms, 2)
}

func TestAlarms(t *testing.T) {
	d := parse(t, one+"rollout: {strategy: Canary, alarms: {errorRate: 0.5%, latency: {threshold: 200ms}, period: 2m}}")
	alarms, err := newRenderer(d, "prod", false).alarms("endpoint", "config-aaaa")
	require.NoError(t, err)
	require.Equal(t, []string{"config-aaaa-main-errors", "config-aaaa-main-latency"}, alarmNames(alarms))
	failures, slowness := alarms[0].Spec, alarms[1].Spec
	require.InDelta(t, 0.5, *failures.Threshold, 0)
	require.Len(t, failures.Metrics, 3)
	require.True(t, *failures.Metrics[2].ReturnData)
	require.EqualValues(t, 120, *failures.Metrics[0].MetricStat.Period)
	require.Equal(t, "EndpointConfigName", *failures.Metrics[0].MetricStat.Metric.Dimensions[2].Name, "the new fleet alone")
	require.InDelta(t, 200_000, *slowness.Threshold, 0, "microseconds")
	require.Equal(t, "p95", *slowness.ExtendedStatistic)
	require.Nil(t, slowness.Statistic)
	require.Equal(t, "notBreaching", *slowness.TreatMissingData)
}

func TestScaling(t *testing.T) {
	d := parse(t, `variants: [{variantName: Main, modelName: x, instanceType: a, autoscaling: {minCapacity: 1, maxCapacity: 4,
  policies: [{name: load, targetTracking: {targetValue: 70}}, {name: steps, stepScaling: {adjustmentType: ChangeInCapacity}}],
  schedules: [{name: night, schedule: "cron(0 20 * * ? *)", timezone: Europe/Amsterdam, maxCapacity: 1}]}}]`)
	s := newRenderer(d, "prod", false).scaling("endpoint")
	require.Len(t, s.targets, 1)
	require.Equal(t, "abalone-main", s.targets[0].Name)
	require.Equal(t, "Main", *s.targets[0].Spec.VariantName)
	require.Len(t, s.policies, 2)
	require.Equal(t, "endpoint-Main-load", *s.policies[0].Spec.PolicyName)
	require.Equal(t, "StepScaling", *s.policies[1].Spec.PolicyType)
	require.Equal(t, s.targets[0].Name, s.policies[0].Spec.ScalableTargetRef.Name)
	require.Len(t, s.schedules, 1)
	require.Nil(t, s.schedules[0].Spec.ScalableTargetAction.MinCapacity)

	d = parse(t, `variants: [{variantName: main, modelName: x, serverlessConfig: {memorySizeInMB: 1024, maxConcurrency: 5, provisionedConcurrency: 2}, autoscaling: {minCapacity: 1, maxCapacity: 4}}]`)
	s = newRenderer(d, "prod", false).scaling("endpoint")
	require.Equal(t, "sagemaker:variant:DesiredProvisionedConcurrency", *s.targets[0].Spec.ScalableDimension)
}

func TestFirstAllowed(t *testing.T) {
	list := map[string]any{"ModelPackageSummaryList": []any{
		map[string]any{"ModelPackageArn": "arn:aws:sagemaker:us-east-1:123456789012:model-package/abalone/12", "ModelApprovalStatus": "Approved"},
		map[string]any{"ModelPackageArn": "arn:aws:sagemaker:us-east-1:123456789012:model-package/abalone/8", "ModelApprovalStatus": "Rejected"},
		map[string]any{"ModelPackageArn": "arn:aws:sagemaker:us-east-1:123456789012:model-package/abalone/7", "ModelApprovalStatus": "Approved"},
		map[string]any{"ModelPackageArn": "arn:aws:sagemaker:us-east-1:123456789012:model-package/abalone/3", "ModelApprovalStatus": "Approved"},
	}}
	for _, row := range []struct{ reason, versions, want string }{
		{"the newest", "", "12"},
		{"below some version", "<10", "7"},
		{"not a certain one", "<10, !=7", "3"},
		{"one that is not approved is none", "8", ""},
		{"exactly one", "3", "3"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			allowed, err := versionsOf(&v1alpha1.PackageGroupSource{Versions: row.versions})
			require.NoError(t, err)
			arn := firstAllowed(list, allowed)
			require.Equal(t, row.want, arn[strings.LastIndex(arn, "/")+1:])
		})
	}
}

func TestWrongAnswer(t *testing.T) {
	for _, row := range []struct{ reason, path, matches, answer, want string }{
		{"any answer will do", "", "", "what", ""},
		{"the answer matches", "", "^0\\.", "0.93", ""},
		{"it does not", "", "^0\\.", "NaN", `NaN does not match`},
		{"a part of it matches", "{.predictions[0].score}", "^9", `{"predictions":[{"score":9.1}]}`, ""},
		{"a part of it does not", "{.predictions[0].score}", "^8", `{"predictions":[{"score":9.1}]}`, `9.1 does not match`},
		{"it has no such part", "{.score}", "", `{"other":1}`, "has no {.score}"},
		{"it is no JSON", "{.score}", "", "oops", "is no JSON: oops"},
		{"a long answer is cut", "", "^a$", strings.Repeat("b", 1000), "…"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			got := wrongAnswer(v1alpha1.SmokeTest{Name: "a", JSONPath: row.path, Matches: row.matches}, []byte(row.answer))
			require.Contains(t, got, row.want)
			require.Equal(t, row.want == "", got == "")
			require.Less(t, len(got), 400)
		})
	}
}
