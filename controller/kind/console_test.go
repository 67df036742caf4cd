package kind_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
)

// TestConsoleURL: where the console shows an object of each kind, by the name and ID that
// its status has. None is better than one that leads nowhere.
func TestConsoleURL(t *testing.T) {
	const (
		home     = "https://eu-west-1.console.aws.amazon.com/sagemaker/home?region=eu-west-1#/"
		endpoint = home + "endpoints/abalone"
		target   = "sagemaker/sagemaker:variant:DesiredInstanceCount/endpoint/abalone/variant/main/"
		registry = "arn:aws:sagemaker:eu-west-1:111122223333:model-package/abalone/3"
	)

	seen := map[string]bool{}

	for _, row := range []struct{ kind, name, id, want string }{
		{"TrainingJob", "abalone-0k3v9x2m1q", "", home + "jobs/abalone-0k3v9x2m1q"},
		{"ProcessingJob", "abalone-0k3v9x2m1q", "", home + "processing-jobs/abalone-0k3v9x2m1q"},
		{"TransformJob", "abalone-0k3v9x2m1q-r2", "", home + "transform-jobs/abalone-0k3v9x2m1q-r2"},
		{"HyperParameterTuningJob", "abalone-0k3v9x2m1q", "", home + "hyper-tuning-jobs/abalone-0k3v9x2m1q"},
		{"LabelingJob", "snails-0k3v9x2m1q", "", "https://eu-west-1.console.aws.amazon.com/sagemaker/groundtruth?region=eu-west-1#/labeling-jobs/details/snails-0k3v9x2m1q"},
		{"PipelineExecution", "abalone-0k3v9x2m1q", "arn:aws:sagemaker:eu-west-1:111122223333:pipeline/abalone/execution/8jp2k1x5q9ab", ""},
		{"Model", "abalone-0k3v9x2m1q", "", home + "models/abalone-0k3v9x2m1q"},
		{"EndpointConfig", "abalone-0k3v9x2m1q", "", home + "endpointConfig/abalone-0k3v9x2m1q"},
		{"DataQualityJobDefinition", "abalone-0k3v9x2m1q", "", ""},
		{"ModelBiasJobDefinition", "abalone-0k3v9x2m1q", "", ""},
		{"ModelExplainabilityJobDefinition", "abalone-0k3v9x2m1q", "", ""},
		{"ModelQualityJobDefinition", "abalone-0k3v9x2m1q", "", ""},
		{"ModelPackage", registry, registry, ""},
		{"ModelPackageGroup", "abalone", "", ""},
		{"Endpoint", "abalone", "", endpoint},
		{"InferenceComponent", "abalone", "", ""},
		{"MonitoringSchedule", "abalone", "", ""},
		{"NotebookInstance", "abalone", "", home + "notebook-instances/abalone"},
		{"NotebookInstanceLifecycleConfig", "abalone", "", ""},
		{"FeatureGroup", "abalone", "", ""},
		{"Pipeline", "abalone", "", ""},
		{"Domain", "ml", "d-8jp2k1x5q9ab", home + "studio/d-8jp2k1x5q9ab"},
		{"Domain", "ml", "", ""},
		{"UserProfile", "d-8jp2k1x5q9ab/alice", "", home + "studio/d-8jp2k1x5q9ab"},
		{"Space", "d-8jp2k1x5q9ab/shared", "", home + "studio/d-8jp2k1x5q9ab"},
		{"App", "d-8jp2k1x5q9ab/alice//JupyterServer/default", "", home + "studio/d-8jp2k1x5q9ab"},
		{"Project", "abalone", "", ""},
		{"ScalableTarget", "sagemaker/endpoint/abalone/variant/main/sagemaker:variant:DesiredInstanceCount", "", endpoint},
		{"ScalableTarget", "sagemaker/inference-component/abalone/sagemaker:inference-component:DesiredCopyCount", "", ""},
		{"ScalingPolicy", target + "abalone", "", endpoint},
		{"ScheduledAction", target + "abalone-night", "", endpoint},
		{"MetricAlarm", "abalone 5xx", "", "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#alarmsV2:alarm/abalone%205xx"},
	} {
		k, found := kinds()[row.kind]
		require.True(t, found, row.kind)
		require.Equal(t, row.want, k.ConsoleURL(&v1alpha1.CommonStatus{
			ARN: "arn:aws:sagemaker:eu-west-1:111122223333:some/thing", Region: "eu-west-1", Name: row.name, ID: row.id,
		}), "%s %s", row.kind, row.name)
		seen[row.kind] = true
	}

	require.Len(t, seen, len(kind.All()))
}
