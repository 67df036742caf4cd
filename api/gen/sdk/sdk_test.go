package sdk

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/model"
)

const client = "github.com/aws/aws-sdk-go-v2/service/sagemaker"

// The client's source is the input, so the test reads it, too: facts about it
// that were true for years.
func TestRead(t *testing.T) {
	api, err := Read("..", client)
	require.NoError(t, err)

	op := api.Operations["CreateTrainingJob"]
	require.NotNil(t, op)
	require.Equal(t, "CreateTrainingJobRequest", op.Input.Shape)
	require.Equal(t, "CreateTrainingJobResponse", op.Output.Shape)
	require.Nil(t, api.Operations["DeleteModel"].Output, "it answers nothing")

	input := api.Shapes["CreateTrainingJobRequest"]
	require.Equal(t, model.Structure, input.Type)
	require.Equal(t, []string{"OutputDataConfig", "RoleArn", "TrainingJobName"}, input.Required)
	require.Equal(t, "TrainingJobName", input.Members["TrainingJobName"].Shape)

	rows := []struct {
		reason, shape string
		want          model.Shape
	}{
		{"a string has no members", "TrainingJobName", model.Shape{Type: model.String}},
		{"an enumeration has its values", "TrainingInputMode", model.Shape{Type: model.String, Enum: []string{"Pipe", "File", "FastFile"}}},
		{"a list has elements", "TagList", model.Shape{Type: model.List, Member: &model.Ref{Shape: "Tag"}}},
		{
			"a map has keys and values", "HyperParameters",
			model.Shape{Type: model.Map, Key: &model.Ref{Shape: "HyperParameterKey"}, Value: &model.Ref{Shape: "HyperParameterValue"}},
		},
		{
			"a union is a structure", "CollectionConfig",
			model.Shape{Type: model.Structure, Union: true, Members: map[string]model.Ref{"VectorConfig": {Shape: "VectorConfig"}}},
		},
		{
			"an error is marked", "ResourceInUse",
			model.Shape{Type: model.Structure, Exception: true, Members: map[string]model.Ref{"Message": {Shape: "FailureReason"}}},
		},
		{"a count", "TrainingInstanceCount", model.Shape{Type: model.Integer}},
		{"a weight", "VariantWeight", model.Shape{Type: model.Float}},
		{"a time", "Timestamp", model.Shape{Type: model.Timestamp}},
	}
	for _, row := range rows {
		t.Run(row.reason, func(t *testing.T) {
			require.Equal(t, &row.want, api.Shapes[row.shape])
		})
	}
}

func TestReadRefusesWhatIsNoClient(t *testing.T) {
	_, err := Read("..", client+"/nothing")
	require.ErrorContains(t, err, "failed to load")
	_, err = Read("..", "github.com/aws/smithy-go")
	require.ErrorContains(t, err, "failed to load")
}
