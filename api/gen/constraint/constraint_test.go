package constraint

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/model"
)

func apis() (api, older *model.API) {
	api = &model.API{
		Operations: map[string]*model.Operation{"CreateThing": {Name: "CreateThing"}},
		Shapes: map[string]*model.Shape{
			"Name":    {Type: model.String},
			"Count":   {Type: model.Integer},
			"Changed": {Type: model.List},
			"InUse":   {Type: model.Structure, Exception: true},
		},
	}
	older = &model.API{
		Operations: map[string]*model.Operation{"CreateThing": {Errors: []model.Ref{{Shape: "InUse"}, {Shape: "Gone"}}}},
		Shapes: map[string]*model.Shape{
			"Name":    {Type: model.String, Required: []string{"ignored"}, Constraint: model.Constraint{Min: "1", Max: "63", Pattern: "[a-z]+"}},
			"Changed": {Type: model.String, Constraint: model.Constraint{Max: "5"}},
		},
	}
	return api, older
}

func TestApply(t *testing.T) {
	api, older := apis()
	require.NoError(t, Apply(api, older, map[string]model.Constraint{"Count": {Min: "1"}}))
	require.Equal(t, older.Shapes["Name"].Constraint, api.Shapes["Name"].Constraint)
	require.Empty(t, api.Shapes["Name"].Required, "what is required comes from the client")
	require.Equal(t, model.Constraint{Min: "1"}, api.Shapes["Count"].Constraint, "the overlay adds")
	require.Empty(t, api.Shapes["Changed"].Constraint, "the constraint of another type means nothing")
	require.Equal(t, []model.Ref{{Shape: "InUse"}}, api.Operations["CreateThing"].Errors, "an error that is gone is left out")
}

func TestApplyRefuses(t *testing.T) {
	rows := []struct {
		reason  string
		overlay map[string]model.Constraint
		want    string
	}{
		{"a shape that does not exist", map[string]model.Constraint{"Nome": {Max: "1"}}, "no shape Nome"},
		{"what the older model says already", map[string]model.Constraint{"Name": {Min: "1", Max: "63", Pattern: "[a-z]+"}}, "says already"},
	}
	for _, row := range rows {
		t.Run(row.reason, func(t *testing.T) {
			api, older := apis()
			require.ErrorContains(t, Apply(api, older, row.overlay), row.want)
		})
	}
}

func TestReadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "api-2.json")
	_, err := ReadFile(path)
	require.ErrorIs(t, err, os.ErrNotExist)

	require.NoError(t, os.WriteFile(path, []byte(`{"shapes":{"N":{"type":"long","max":9223372036854775807,"min":0.25}}}`), 0o600))
	api, err := ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, model.Constraint{Min: "0.25", Max: "9223372036854775807"}, api.Shapes["N"].Constraint, "numbers are kept to the digit")

	require.NoError(t, os.WriteFile(path, []byte(`{"shapes":`), 0o600))
	_, err = ReadFile(path)
	require.ErrorContains(t, err, "failed to decode")
}
