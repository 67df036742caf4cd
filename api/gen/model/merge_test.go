package model

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMerge(t *testing.T) {
	one := func() *API {
		return &API{
			Operations: map[string]*Operation{"Create": {Name: "Create", Input: &Ref{Shape: "Part"}}},
			Shapes:     map[string]*Shape{"Part": {Type: Structure}},
		}
	}
	other := &API{
		Operations: map[string]*Operation{"Put": {Name: "Put", Input: &Ref{Shape: "Whole"}, Errors: []Ref{{Shape: "Part"}}}},
		Shapes: map[string]*Shape{
			"Whole": {Type: Structure, Members: map[string]Ref{"P": {Shape: "Part"}}, Required: []string{"P"}},
			"Part":  {Type: List, Member: &Ref{Shape: "Whole"}},
		},
	}
	api := one()
	require.NoError(t, api.Merge(other, "Other", "https://docs.example.com/"))
	require.Empty(t, api.Shapes["Part"].Docs, "what was there stays")
	require.Equal(t, "OtherPart", api.Shapes["Whole"].Members["P"].Shape, "a taken name gets the prefix everywhere")
	require.Equal(t, "OtherPart", api.Operations["Put"].Errors[0].Shape)
	require.Equal(t, "Whole", api.Shapes["OtherPart"].Member.Shape)
	require.Equal(t, "Part", api.Shapes["OtherPart"].Title, "but in the API reference")
	require.Equal(t, "Part", other.Shapes["Whole"].Members["P"].Shape, "the other API is left alone")

	both := one()
	require.NoError(t, both.Merge(one(), "Other", ""))
	require.Equal(t, "OtherPart", both.Operations["OtherCreate"].Input.Shape, "the same holds for operations")
	require.EqualError(t, both.Merge(&API{Operations: map[string]*Operation{"Create": {}}}, "Other", ""), "two operations are named OtherCreate")
	twice := &API{Shapes: map[string]*Shape{"Part": {}, "OtherPart": {}}}
	require.EqualError(t, twice.Merge(&API{Shapes: map[string]*Shape{"Part": {}}}, "Other", ""), "two shapes are named OtherPart")
}
