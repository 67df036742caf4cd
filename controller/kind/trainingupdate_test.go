package kind

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

func TestTrainingUpdateInItsTime(t *testing.T) {
	rule := func(name string) any { return map[string]any{"RuleConfigurationName": name} }
	profiler := shape.Tree{"S3OutputPath": "s3://b/p"}
	pool := shape.Tree{"KeepAlivePeriodInSeconds": int64(60)}
	debug := shape.Tree{"EnableRemoteDebug": true}
	for _, row := range []struct {
		reason            string
		status, secondary string
		has, request      shape.Tree
		want              shape.Tree
	}{
		{"nothing while it starts", "InProgress", "Starting", nil, shape.Tree{"ProfilerConfig": profiler, "RemoteDebugConfig": debug}, shape.Tree{}},
		{"the profiler while it runs", "InProgress", "Uploading", nil, shape.Tree{"ProfilerConfig": profiler, "RemoteDebugConfig": debug}, shape.Tree{"ProfilerConfig": profiler}},
		{"debugging while it downloads", "InProgress", "Downloading", nil, shape.Tree{"RemoteDebugConfig": debug}, shape.Tree{"RemoteDebugConfig": debug}},
		{"debugging while it trains", "InProgress", "Training", nil, shape.Tree{"RemoteDebugConfig": debug}, shape.Tree{"RemoteDebugConfig": debug}},
		{"the pool is for later", "InProgress", "Training", nil, shape.Tree{"ProfilerConfig": profiler, "ResourceConfig": pool}, shape.Tree{"ProfilerConfig": profiler}},
		{
			"the pool alone, while it is kept", "Completed", "Completed",
			shape.Tree{"WarmPoolStatus": map[string]any{"Status": "Available"}},
			shape.Tree{"ProfilerConfig": profiler, "ResourceConfig": pool},
			shape.Tree{"ResourceConfig": pool},
		},
		{
			"nothing when it is gone", "Completed", "Completed",
			shape.Tree{"WarmPoolStatus": map[string]any{"Status": "Terminated"}},
			shape.Tree{"ResourceConfig": pool},
			shape.Tree{},
		},
		{"nothing of a job that failed", "Failed", "Failed", nil, shape.Tree{"ProfilerConfig": profiler}, shape.Tree{}},
		{
			"only new rules", "InProgress", "Training",
			shape.Tree{"ProfilerRuleConfigurations": []any{rule("a")}},
			shape.Tree{"ProfilerRuleConfigurations": []any{rule("a"), rule("b")}},
			shape.Tree{"ProfilerRuleConfigurations": []any{rule("b")}},
		},
		{
			"no rule that there is", "InProgress", "Training",
			shape.Tree{"ProfilerRuleConfigurations": []any{rule("a")}},
			shape.Tree{"ProfilerRuleConfigurations": []any{rule("a")}},
			shape.Tree{},
		},
	} {
		t.Run(row.reason, func(t *testing.T) {
			described := shape.Tree{"TrainingJobStatus": row.status, "SecondaryStatus": row.secondary}
			maps.Copy(described, row.has)
			inItsTime(row.request, described)
			require.Equal(t, row.want, row.request)
		})
	}
}
