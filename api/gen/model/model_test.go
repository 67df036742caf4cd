package model

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func api() *API {
	return &API{
		Operations: map[string]*Operation{
			"CreateThing":   {Name: "CreateThing", Input: &Ref{"CreateThingInput"}, Errors: []Ref{{"InUse"}}},
			"DescribeThing": {Name: "DescribeThing", Output: &Ref{"DescribeThingOutput"}},
			"Broken":        {Name: "Broken", Input: &Ref{"BrokenInput"}},
		},
		Shapes: map[string]*Shape{
			"CreateThingInput":    {Type: Structure, Required: []string{"Name"}, Members: map[string]Ref{"Tags": {"TagList"}, "Name": {"Name"}, "Labels": {"Labels"}}},
			"DescribeThingOutput": {Type: Structure, Members: map[string]Ref{"Status": {"Status"}}},
			"BrokenInput":         {Type: Structure, Members: map[string]Ref{"X": {"Missing"}}},
			"Name":                {Type: String, Constraint: Constraint{Max: "63"}},
			"TagList":             {Type: List, Member: &Ref{"Tag"}},
			"Tag":                 {Type: Structure, Members: map[string]Ref{"Key": {"Name"}, "Parent": {"Tag"}}},
			"Labels":              {Type: Map, Key: &Ref{"Key"}, Value: &Ref{"Value"}},
			"Key":                 {Type: String},
			"Value":               {Type: String},
			"Status":              {Type: String, Enum: []string{"Ready"}},
			"InUse":               {Type: Structure, Exception: true},
		},
	}
}

func TestTrim(t *testing.T) {
	trimmed, err := api().Trim([]string{"CreateThing"})
	require.NoError(t, err)
	require.Len(t, trimmed.Operations, 1)
	require.Len(t, trimmed.Shapes, 8, "everything that lists, maps, errors and recursion reach, and nothing else")
	require.NotContains(t, trimmed.Shapes, "Status")
}

func TestTrimRefuses(t *testing.T) {
	rows := []struct{ reason, operation, want string }{
		{"an operation that does not exist", "CreateThnig", `model has no operation "CreateThnig"`},
		{"a member of a shape that does not exist", "Broken", `operation Broken: BrokenInput: model has no shape "Missing"`},
	}
	for _, row := range rows {
		t.Run(row.reason, func(t *testing.T) {
			_, err := api().Trim([]string{row.operation})
			require.EqualError(t, err, row.want)
		})
	}
}

func TestCompressedIsReproducible(t *testing.T) {
	first, err := api().Compressed()
	require.NoError(t, err)
	second, err := api().Compressed()
	require.NoError(t, err)
	require.Equal(t, first, second)

	unzipped, err := gzip.NewReader(bytes.NewReader(first))
	require.NoError(t, err)
	read := &API{}
	require.NoError(t, json.NewDecoder(unzipped).Decode(read))
	require.Equal(t, api(), read)
}

func TestInputAndOutput(t *testing.T) {
	name, shape, err := api().Input("CreateThing")
	require.NoError(t, err)
	require.Equal(t, "CreateThingInput", name)
	require.True(t, shape.Requires("Name"))
	require.False(t, shape.Requires("Tags"))
	require.Equal(t, []string{"Labels", "Name", "Tags"}, shape.MemberNames())

	_, _, err = api().Output("CreateThing")
	require.ErrorContains(t, err, `no operation "CreateThing" with an output`)
	_, _, err = api().Input("DescribeThing")
	require.ErrorContains(t, err, `no operation "DescribeThing" with an input`)
}
