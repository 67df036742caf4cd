package report

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/emit"
	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/model"
	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/pattern"
)

func input() Input {
	return Input{
		API: &model.API{
			Operations: map[string]*model.Operation{"CreateGadget": {Input: &model.Ref{Shape: "CreateGadgetInput"}}},
			Shapes: map[string]*model.Shape{
				"CreateGadgetInput": {Type: model.Structure, Required: []string{"Role"}, Members: map[string]model.Ref{
					"Size": {Shape: "Size"}, "Name": {Shape: "Name"}, "Mode": {Shape: "Mode"}, "On": {Shape: "On"}, "Old": {Shape: "Old"},
				}},
				"Size":    {Type: model.Integer},
				"Name":    {Type: model.String, Constraint: model.Constraint{Max: "9"}},
				"Mode":    {Type: model.String, Enum: []string{"a"}},
				"On":      {Type: model.Boolean},
				"Old":     {Type: model.String},
				"Unasked": {Type: model.String},
			},
		},
		Older: &model.API{Shapes: map[string]*model.Shape{
			"CreateGadgetInput": {Type: model.Structure, Required: []string{"Size"}},
			"Old":               {Type: model.String},
		}},
		Overlay: map[string]model.Constraint{"Name": {Max: "9"}},
		Package: &emit.Package{
			Resources: []*emit.Resource{{
				Kind: kind.Kind{Name: "Gadget", Plural: "gadgets"},
				Spec: &emit.Struct{Fields: []emit.Field{
					{JSON: "name", Markers: []string{"+kubebuilder:validation:Pattern=`^a$`"}},
					{JSON: "nameRef", Target: &kind.Target{}},
				}},
				Status: &emit.Struct{Fields: []emit.Field{{JSON: "state"}}},
			}},
			Patterns: map[string]emit.Pattern{
				"Kept":    {Original: "a", Used: "^a$", Change: pattern.Kept},
				"Loose":   {Original: "(?!a)b|c", Used: "^(?:b|c)$", Change: pattern.Loosened},
				"Trivial": {Original: ".*", Change: pattern.Trivial},
			},
			Enums: map[string]emit.Enum{"Mode": {Values: 2, Kept: true}, "GearType": {Values: 300}},
		},
		CRDs:  map[string][]byte{"example.com_gadgets.yaml": []byte("a:   1\n")},
		Model: make([]byte, 7),
	}
}

func TestWrite(t *testing.T) {
	text, err := Write(input())
	require.NoError(t, err)
	rows := []struct{ reason, want string }{
		{"a kind in numbers, its size as JSON", "| Gadget | 2 | 1 | 0 | 1 | 1 | 7 |"},
		{"the sum", "| all 1 | 2 | 1 | 0 | 1 | 1 | 7 |"},
		{"the model", "has 1 operations and 7 shapes in 7 compressed bytes"},
		{"how many patterns are left alone", "- 1 are used as they are,"},
		{"what was lost, quoted for a table", "| Loose | loosened | `(?!a)b\\|c` | `^(?:b\\|c)$` |"},
		{"the enumerations that are validated", "1 enumerations are validated"},
		{"and those that are not", "GearType (300 values)."},
		{"what has become optional", "- CreateGadgetInput no longer requires Size."},
		{"what has become required", "- CreateGadgetInput now requires Role."},
		{"the overlay", "constraints of 1 shapes: Name."},
		{"what only AWS can judge: new, in requests, and nothing known", "AWS alone judges them: Size."},
	}
	for _, row := range rows {
		t.Run(row.reason, func(t *testing.T) {
			require.Contains(t, string(text), row.want)
		})
	}
	require.NotContains(t, string(text), "| Kept |")
}

func TestWriteNeedsEveryCRD(t *testing.T) {
	in := input()
	in.CRDs = nil
	_, err := Write(in)
	require.EqualError(t, err, "no CRD for gadgets")
}
