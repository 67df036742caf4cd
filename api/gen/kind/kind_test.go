package kind

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/model"
)

func TestOperations(t *testing.T) {
	rows := []struct {
		reason string
		kind   Kind
		want   [3]string
	}{
		{"most objects are created", Kind{Name: "Model"}, [3]string{"CreateModel", "DescribeModel", "UpdateModel"}},
		{
			"some are started",
			Kind{Name: "PipelineExecution", Verb: "Start"},
			[3]string{"StartPipelineExecution", "DescribePipelineExecution", "UpdatePipelineExecution"},
		},
	}
	for _, row := range rows {
		t.Run(row.reason, func(t *testing.T) {
			require.Equal(t, row.want, [3]string{row.kind.Create(), row.kind.Describe(), row.kind.Update()})
		})
	}
}

func TestAllOperations(t *testing.T) {
	api := &model.API{Operations: map[string]*model.Operation{}}
	for _, name := range []string{"CreateModel", "ListModels", "DeleteModel", "CreateModelCard", "AddTags", "SearchModels"} {
		api.Operations[name] = &model.Operation{Name: name}
	}
	got := API{Kinds: []Kind{{Name: "Model"}}}.AllOperations(api, []string{"AddTags"})
	require.ElementsMatch(t, []string{"AddTags", "CreateModel", "ListModels", "DeleteModel"}, got)
}

// A kind that the tables of the loop expect must not get lost or change its
// nature by accident.
func TestSageMakerKinds(t *testing.T) {
	byLifecycle := map[Lifecycle][]string{}
	for _, k := range SageMaker.Kinds {
		byLifecycle[k.Lifecycle] = append(byLifecycle[k.Lifecycle], k.Name)
		require.True(t, strings.HasSuffix(k.Doc, "."), "%s: %q", k.Name, k.Doc)
		require.Equal(t, strings.ToLower(k.Plural), k.Plural)
		require.True(t, strings.HasPrefix(k.Short, "sm"), "%s: a short name of ours begins with sm", k.Name)
	}
	require.True(t, slices.IsSortedFunc(SageMaker.Kinds, func(a, b Kind) int { return strings.Compare(a.Name, b.Name) }))
	require.Equal(t, map[Lifecycle][]string{
		Job: {"HyperParameterTuningJob", "LabelingJob", "PipelineExecution", "ProcessingJob", "TrainingJob", "TransformJob"},
		Revision: {
			"DataQualityJobDefinition", "EndpointConfig", "Model", "ModelBiasJobDefinition",
			"ModelExplainabilityJobDefinition", "ModelQualityJobDefinition",
		},
		Registry: {"ModelPackage"},
		Service: {
			"App", "Domain", "Endpoint", "FeatureGroup", "InferenceComponent", "MetricAlarm", "ModelPackageGroup", "MonitoringSchedule",
			"NotebookInstance", "NotebookInstanceLifecycleConfig", "Pipeline", "Project", "ScalableTarget", "ScalingPolicy", "ScheduledAction", "Space", "UserProfile",
		},
	}, byLifecycle)
}
