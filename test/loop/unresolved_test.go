package loop_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

// rewrites are what AWS might describe for good in place of what it was asked for: the
// member of the answer, its value, and the field that differs.
var rewrites = map[string]struct {
	operation, member string
	value             any
	path              string
}{
	"Domain":             {"", "DefaultUserSettings.ExecutionRole", "arn:aws:iam::123456789012:role/theirs", "DefaultUserSettings.ExecutionRole"},
	"Endpoint":           {"", "ProductionVariants.DesiredInstanceCount", json.Number("7"), "DesiredWeightsAndCapacities"},
	"FeatureGroup":       {"", "OnlineStoreConfig.TtlDuration.Value", json.Number("30"), "OnlineStoreConfig.TtlDuration.Value"},
	"InferenceComponent": {"", "RuntimeConfig.DesiredCopyCount", json.Number("7"), "RuntimeConfig.CopyCount"},
	"MetricAlarm":        {"DescribeAlarms", "MetricAlarms.Threshold", json.Number("7.5"), "Threshold"},
	"MonitoringSchedule": {
		"", "MonitoringScheduleConfig.ScheduleConfig.ScheduleExpression", "cron(0 5 ? * * *)", "MonitoringScheduleConfig.ScheduleConfig.ScheduleExpression",
	},
	"NotebookInstance":                {"", "RoleArn", "arn:aws:iam::123456789012:role/theirs", "RoleArn"},
	"NotebookInstanceLifecycleConfig": {"", "OnStart.Content", "dGhlaXJz", "OnStart[0].Content"},
	"Pipeline":                        {"", "RoleArn", "arn:aws:iam::123456789012:role/theirs", "RoleArn"},
	"Project":                         {"", "ProjectDescription", "theirs", "ProjectDescription"},
	"ScalableTarget":                  {"DescribeScalableTargets", "ScalableTargets.MaxCapacity", json.Number("7"), "MaxCapacity"},
	"ScalingPolicy": {
		"DescribeScalingPolicies", "ScalingPolicies.TargetTrackingScalingPolicyConfiguration.TargetValue", json.Number("7.5"), "TargetTrackingScalingPolicyConfiguration.TargetValue",
	},
	"ScheduledAction": {"DescribeScheduledActions", "ScheduledActions.Schedule", "cron(0 3 * * ? *)", "Schedule"},
	"Space": {
		"", "SpaceSettings.JupyterServerAppSettings.DefaultResourceSpec.InstanceType", "ml.t3.medium",
		"SpaceSettings.JupyterServerAppSettings.DefaultResourceSpec.InstanceType",
	},
	"UserProfile": {"", "UserSettings.ExecutionRole", "arn:aws:iam::123456789012:role/theirs", "UserSettings.ExecutionRole"},
}

// mostResends is how often the same update is sent within 24 hours.
const mostResends = 10

// A value that AWS describes otherwise for good is told, with both values, and put ever
// less often; it is no roll-back, and over as soon as AWS describes what git asks for.
func TestDriftUnresolved(t *testing.T) {
	t.Parallel()
	for _, k := range kind.All() {
		if !k.Update.Exists() || k.Lifecycle != reconcile.Service {
			continue
		}
		t.Run(k.Kind(), func(t *testing.T) {
			t.Parallel()
			row, ok := rewrites[k.Kind()]
			require.True(t, ok, "say what AWS might describe of a %s", k.Kind())
			if row.operation == "" {
				row.operation = k.Describe.Name
			}
			p := newPlay(t, k)
			p.startController()
			p.push(p.said())
			p.ready()
			p.aws.Journal().Reset()
			id, err := p.aws.Faults().Add(fault.Rule{Action: fault.Rewrite, Operation: row.operation, Member: row.member, Value: row.value})
			require.NoError(t, err)
			p.until("it is told", func() bool { return p.reason() == reason.DriftUnresolved })
			obj, _ := p.object()
			require.True(t, isStalled(obj))
			message := readyCondition(obj).Message
			require.Contains(t, message, row.path)
			require.Contains(t, message, fmt.Sprint(row.value))
			for range 24 * 4 {
				p.pass(15*time.Minute, 15*time.Minute)
				require.NotEqual(t, reason.RolledBack, p.reason())
				require.False(t, p.isReady())
			}
			update := p.kind.Update
			if k.Kind() == "Endpoint" {
				update = p.kind.Adjust
			}
			sent := p.calls(update)
			require.Positive(t, sent)
			require.LessOrEqual(t, sent, mostResends)
			require.True(t, p.aws.Faults().Remove(id))
			p.ready()
		})
	}
}

// Lists that are sets in AWS come back in another order: c02.
func TestSecurityGroupsInAnotherOrder(t *testing.T) {
	t.Parallel()
	p := newPlay(t, kind.NotebookInstance)
	p.fault(fault.Rule{
		Action: fault.Rewrite, Operation: "DescribeNotebookInstance", Member: "SecurityGroups", Value: []any{"sg-aaa", "sg-bbb"},
	})
	p.startController()
	spec := p.said()
	spec["securityGroupIDs"] = []any{"sg-bbb", "sg-aaa"}
	p.push(spec)
	p.ready()
	p.rests()
	spec["securityGroupIDs"] = []any{"sg-bbb", "sg-ccc"}
	p.push(spec)
	p.until("another group is refused", func() bool { return p.reason() == reason.ImmutableField })
}

// rests passes a day in which nothing may be changed.
func (p *play) rests() {
	p.t.Helper()
	p.aws.Journal().Reset()
	p.pass(24*time.Hour, 5*time.Minute)
	require.Empty(p.t, p.aws.Journal().Mutations())
	require.True(p.t, p.isReady())
}

// AWS keeps what a script is, and not the line ends of its base64: c05.
func TestWrappedScript(t *testing.T) {
	t.Parallel()
	p := newPlay(t, kind.NotebookInstanceLifecycleConfig)
	p.fault(fault.Rule{
		Action: fault.Rewrite, Operation: "DescribeNotebookInstanceLifecycleConfig", Member: "OnStart.Content",
		Value: "IyEvYmluL2Jhc2gKc2V0IC1ldXgKcGlwIGluc3RhbGwgLS1xdWlldCAtciAvaG9tZS9lYzItdXNlci9TYWdlTWFrZXIvcmVxdWlyZW1lbnRzLnR4dAo=",
	})
	p.startController()
	p.push(map[string]any{"onStart": []any{map[string]any{
		"content": "IyEvYmluL2Jhc2gKc2V0IC1ldXgKcGlwIGluc3RhbGwgLS1xdWlldCAtciAvaG9tZS9lYzItdXNl\nci9TYWdlTWFrZXIvcmVxdWlyZW1lbnRzLnR4dAo=\n",
	}}})
	p.ready()
	p.rests()
}

// AWS writes JSON in its own way.
func TestReformattedDefinition(t *testing.T) {
	t.Parallel()
	p := newPlay(t, kind.Pipeline)
	p.startController()
	p.push(p.said())
	p.ready()
	p.fault(fault.Rule{
		Action: fault.Rewrite, Operation: "DescribePipeline", Member: "PipelineDefinition",
		Value: `{"Steps": [{"Type": "Training", "Name": "Train"}, {"Type": "Processing", "Name": "Evaluate"}], "Version": "2020-12-01"}`,
	})
	p.rests()
}

// AWS describes a role of its own for a scalable target.
func TestRoleOfAScalableTarget(t *testing.T) {
	t.Parallel()
	p := newPlay(t, kind.ScalableTarget)
	p.fault(fault.Rule{
		Action: fault.Rewrite, Operation: "DescribeScalableTargets", Member: "ScalableTargets.RoleARN",
		Value: "arn:aws:iam::123456789012:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint",
	})
	p.startController()
	spec := p.said()
	spec["roleARN"] = "arn:aws:iam::123456789012:role/sagemaker"
	p.push(spec)
	p.ready()
	p.rests()
}

// A member that AWS accepts and never describes.
func TestNeverShown(t *testing.T) {
	t.Parallel()
	p := newPlay(t, kind.UserProfile)
	p.startController()
	p.push(p.said())
	p.ready()
	p.fault(fault.Rule{Action: fault.Rewrite, Operation: "DescribeUserProfile", Member: "UserSettings.RStudioServerProAppSettings"})
	p.aws.Journal().Reset()
	settings := maps.Clone(more["UserProfile"]["userSettings"].(map[string]any))
	settings["rStudioServerProAppSettings"] = map[string]any{"accessStatus": "DISABLED"}
	p.push(map[string]any{"userSettings": settings})
	p.ready()
	p.pass(24*time.Hour, 5*time.Minute)
	require.True(t, p.isReady())
	require.LessOrEqual(t, p.calls(p.kind.Update), 1)
}
