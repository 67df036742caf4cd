package emit

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/handwritten"
	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/model"
)

var update = flag.Bool("update", false, "write the golden files")

// handwrittenDir is the package that the types are made for.
const handwrittenDir = "../../v1alpha1"

// service is a made-up API with one of everything.
func service() kind.API {
	return kind.API{
		Docs: "https://docs.example.com/",
		Kinds: []kind.Kind{
			{
				Name: "Gadget", Doc: "turns.", Plural: "gadgets", Short: "gd", Lifecycle: kind.Service,
				Identity: "GadgetName", ServerMade: true, Status: "GadgetStatus", More: map[string][]string{"UpdateGadget": {"Note"}},
			},
			{Name: "Turn", Doc: "turns a gadget once.", Plural: "turns", Short: "tn", Lifecycle: kind.Job, Identity: "TurnName"},
		},
		References: map[string]kind.Target{
			"CreateTurnInput.GadgetName": {Kind: "Gadget", Value: kind.Name},
			"Part.SourceGadgetArn":       {Kind: "Gadget", Value: kind.ARN},
			"Part.DataUrl":               {Value: kind.ModelData, Type: "DataReference"},
		},
		NotReferences: map[string]string{"Part.NearestGadgetName": "not one of ours"},
		Tokens:        []string{"ClientToken"},
		Keys:          map[string]string{"TagList": "key"},
		OpenValues:    []string{"GearType"},
	}
}

func ref(shape string) *model.Ref { return &model.Ref{Shape: shape} }

func members(pairs ...string) map[string]model.Ref {
	out := map[string]model.Ref{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = model.Ref{Shape: pairs[i+1]}
	}
	return out
}

func api() *model.API {
	return &model.API{
		Operations: map[string]*model.Operation{
			"CreateGadget":   {Input: ref("CreateGadgetInput")},
			"DescribeGadget": {Output: ref("DescribeGadgetOutput")},
			"UpdateGadget":   {Input: ref("UpdateGadgetInput")},
			"CreateTurn":     {Input: ref("CreateTurnInput")},
			"DescribeTurn":   {Output: ref("DescribeTurnOutput")},
		},
		Shapes: map[string]*model.Shape{
			"CreateGadgetInput": {
				Type: model.Structure, Required: []string{"GadgetName", "Parts", "RoleArn"},
				Members: members("GadgetName", "Name", "Parts", "Parts", "RoleArn", "RoleArn", "Tags", "TagList",
					"Labels", "Labels", "Weight", "Weight", "Grid", "Grid", "Gear", "GearType", "Since", "Timestamp"),
			},
			"UpdateGadgetInput": {Type: model.Structure, Members: members("GadgetName", "Name", "Note", "Note")},
			"DescribeGadgetOutput": {
				Type: model.Structure, Required: []string{"GadgetStatus"},
				Members: members("GadgetName", "Name", "GadgetStatus", "State", "GadgetArn", "Arn", "CreationTime", "Timestamp",
					"LastParts", "Parts", "History", "History", "ResultMetadata", "Note"),
			},
			"CreateTurnInput": {
				Type: model.Structure, Required: []string{"TurnName", "GadgetName", "ClientToken"},
				Members: members("ClientToken", "Name", "TurnName", "Name", "GadgetName", "Name", "Mode", "Mode"),
			},
			"DescribeTurnOutput": {Type: model.Structure, Members: members("TurnName", "Name", "TurnCount", "Count")},
			"Part": {
				Type: model.Structure, Required: []string{"Size"},
				Members: members("Size", "Count", "SourceGadgetArn", "Arn", "NearestGadgetName", "Name", "DataUrl", "Url", "Choice", "Choice", "Mode", "Mode"),
			},
			"Choice":    {Type: model.Structure, Union: true, Members: members("Left", "Side", "Right", "Side")},
			"Side":      {Type: model.Structure, Members: members("Angle", "Long")},
			"Parts":     {Type: model.List, Member: ref("Part"), Constraint: model.Constraint{Min: "1", Max: "5"}},
			"TagList":   {Type: model.List, Member: ref("Tag"), Constraint: model.Constraint{Min: "0", Max: "50"}},
			"Tag":       {Type: model.Structure, Required: []string{"Key", "Value"}, Members: members("Key", "Name", "Value", "Note")},
			"Labels":    {Type: model.Map, Key: ref("Name"), Value: ref("Label"), Constraint: model.Constraint{Max: "3"}},
			"Label":     {Type: model.String, Constraint: model.Constraint{Max: "9", Pattern: "[a-z]*"}},
			"Grid":      {Type: model.List, Member: ref("Row"), Constraint: model.Constraint{Max: "4"}},
			"Row":       {Type: model.List, Member: ref("Name"), Constraint: model.Constraint{Max: "8"}},
			"History":   {Type: model.List, Member: ref("Note")},
			"Name":      {Type: model.String, Constraint: model.Constraint{Min: "1", Max: "63", Pattern: `^[a-zA-Z0-9](-*[a-zA-Z0-9])*`}},
			"Note":      {Type: model.String, Constraint: model.Constraint{Max: "1024", Pattern: `(?!\s*$).+`}},
			"Arn":       {Type: model.String, Constraint: model.Constraint{Max: "2048", Pattern: `arn:.*`}},
			"RoleArn":   {Type: model.String, Constraint: model.Constraint{Min: "20", Max: "2048"}},
			"Url":       {Type: model.String},
			"State":     {Type: model.String, Enum: []string{"Turning", "Still"}},
			"Mode":      {Type: model.String, Enum: []string{"Fast", "Slow & sure"}},
			"GearType":  {Type: model.String, Enum: []string{"g1"}},
			"Count":     {Type: model.Integer, Constraint: model.Constraint{Min: "1", Max: "100"}},
			"Long":      {Type: model.Long},
			"Weight":    {Type: model.Float, Constraint: model.Constraint{Min: "0.25"}},
			"Timestamp": {Type: model.Timestamp},
		},
	}
}

func hand(t *testing.T) handwritten.Types {
	t.Helper()
	types, err := handwritten.Read(handwrittenDir)
	require.NoError(t, err)
	return types
}

func TestGolden(t *testing.T) {
	pkg, err := Build(api(), service(), hand(t))
	require.NoError(t, err)
	files, err := pkg.Files()
	require.NoError(t, err)
	require.Len(t, files, 5)
	for name, got := range files {
		path := filepath.Join("testdata", name+".golden")
		if *update {
			require.NoError(t, os.MkdirAll("testdata", 0o755))
			require.NoError(t, os.WriteFile(path, got, 0o644))
		}
		want, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), "run the test with -update if this is meant")
	}
}

func TestBuildIsReproducible(t *testing.T) {
	var before map[string][]byte
	for range 10 {
		pkg, err := Build(api(), service(), hand(t))
		require.NoError(t, err)
		files, err := pkg.Files()
		require.NoError(t, err)
		if before != nil {
			require.Equal(t, before, files)
		}
		before = files
	}
}

func TestCountAndMapValues(t *testing.T) {
	pkg, err := Build(api(), service(), hand(t))
	require.NoError(t, err)
	gadget := pkg.Resources[0]
	require.Equal(t, Counts{Spec: 24, Status: 15, References: 2, Enums: 1, Patterns: 7}, pkg.Count(gadget))
	require.Equal(t, map[string]model.Constraint{"labels": {Max: "9", Pattern: "^[a-z]*$"}}, pkg.MapValues(gadget))
}
