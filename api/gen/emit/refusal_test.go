package emit

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/model"
)

func TestBuildRefuses(t *testing.T) {
	add := func(api *model.API, shape, member, target string) {
		api.Shapes[shape].Members[member] = model.Ref{Shape: target}
	}
	rows := []struct {
		reason string
		change func(*model.API, *kind.API)
		want   string
	}{
		{
			"a member with the name of a control field",
			func(a *model.API, _ *kind.API) { add(a, "CreateGadgetInput", "Suspend", "Name") },
			"Gadget: GadgetSpec: field suspend collides with suspend",
		},
		{
			"a control field that only this lifecycle has",
			func(a *model.API, _ *kind.API) { add(a, "CreateTurnInput", "Rerun", "Name") },
			"Turn: TurnSpec: field rerun collides with rerun",
		},
		{
			"a member with the name of a common status field",
			func(a *model.API, _ *kind.API) { add(a, "DescribeGadgetOutput", "Conditions", "Name") },
			"Gadget: GadgetStatus: field conditions collides with conditions",
		},
		{
			"two members that differ in case only",
			func(a *model.API, _ *kind.API) { add(a, "Part", "SIze", "Name"); add(a, "Part", "SiZe", "Name") },
			"begins with several capitals",
		},
		{
			"two members whose names differ in case only after the rule",
			func(a *model.API, _ *kind.API) { add(a, "Part", "SiZe", "Name") },
			"Part: field size collides with siZe",
		},
		{
			"a member with the name of a reference",
			func(a *model.API, _ *kind.API) { add(a, "Part", "SourceGadgetRef", "Name") },
			"Part: field sourceGadgetRef collides with sourceGadgetRef",
		},
		{
			"a member that looks like a reference",
			func(a *model.API, _ *kind.API) { add(a, "Part", "ParentGadgetId", "Name") },
			"Part.ParentGadgetId looks like a reference",
		},
		{
			"a table entry for nothing",
			func(_ *model.API, s *kind.API) { s.References["Part.TurnName"] = kind.Target{Kind: "Turn"} },
			"the table of references has Part.TurnName",
		},
		{
			"an exception for nothing",
			func(_ *model.API, s *kind.API) { s.NotReferences["Part.TurnName"] = "no reason" },
			"what is no reference has Part.TurnName",
		},
		{
			"a reference for what is no text",
			func(_ *model.API, s *kind.API) { s.References["Part.Size"] = kind.Target{Kind: "Gadget"} },
			"Part.Size is of type *int32",
		},
		{
			"a reference in a map",
			func(a *model.API, _ *kind.API) { a.Shapes["Labels"].Value = ref("Part") },
			"is in a map",
		},
		{
			"two kinds with one short name",
			func(_ *model.API, s *kind.API) { s.Kinds[1].Short = "gd" },
			"kinds Gadget and Turn are both called gd",
		},
		{
			"a short name that is another's plural",
			func(_ *model.API, s *kind.API) { s.Kinds[1].Short = "gadgets" },
			"both called gadgets",
		},
		{
			"a kind that stands there twice",
			func(_ *model.API, s *kind.API) { s.Kinds = append(s.Kinds, s.Kinds[0]) },
			"two types are named Gadget",
		},
		{
			"a shape with a kind's name",
			func(a *model.API, _ *kind.API) {
				add(a, "Part", "Inner", "Turn")
				a.Shapes["Turn"] = &model.Shape{Type: model.Structure}
			},
			"shape Turn has the name of a kind's type",
		},
		{
			"a shape with the name of a hand-written type",
			func(a *model.API, _ *kind.API) {
				add(a, "Part", "Inner", "Reference")
				a.Shapes["Reference"] = &model.Shape{Type: model.Structure}
			},
			"generated type Reference has the name of a hand-written one",
		},
		{
			"a type that no field can hold",
			func(a *model.API, _ *kind.API) {
				add(a, "Part", "Bytes", "Blob")
				a.Shapes["Blob"] = &model.Shape{Type: model.Blob}
			},
			"Part.Bytes: shape Blob has the type blob",
		},
		{
			"a kind whose name is no member",
			func(_ *model.API, s *kind.API) { s.Kinds[0].Identity = "Gadget" },
			"Gadget: shape CreateGadgetInput has no member Gadget",
		},
		{
			"a state that is no member",
			func(_ *model.API, s *kind.API) { s.Kinds[0].Status = "Status" },
			"Gadget: shape DescribeGadgetOutput has no member Status",
		},
		{
			"one more member that is none",
			func(_ *model.API, s *kind.API) { s.Kinds[0].More = map[string][]string{"UpdateGadget": {"Nota"}} },
			"Gadget: shape UpdateGadgetInput has no member Nota",
		},
		{
			"a member to complete that is none",
			func(_ *model.API, s *kind.API) { s.Kinds[0].Completed = []string{"Nota"} },
			"Gadget: GadgetSpec has no member Nota",
		},
		{
			"an answer that does not tell what the status wants",
			func(_ *model.API, s *kind.API) {
				s.Kinds[0].Told = []kind.Told{{Operation: "DescribeGadget", Member: "Nota", As: "Note"}}
			},
			"Gadget: shape DescribeGadgetOutput has no member Nota",
		},
		{
			"an element that is no shape",
			func(_ *model.API, s *kind.API) { s.Kinds[0].Element = "Nota" },
			`Gadget: model has no shape "Nota"`,
		},
		{
			"an operation that does not exist",
			func(_ *model.API, s *kind.API) { s.Kinds[0].Verb = "Start" },
			`Gadget: model has no operation "StartGadget"`,
		},
		{
			"a pattern that no marker can hold",
			func(a *model.API, _ *kind.API) { a.Shapes["RoleArn"].Pattern = "a`b" },
			"the pattern of RoleArn cannot stand in a marker",
		},
	}
	for _, row := range rows {
		t.Run(row.reason, func(t *testing.T) {
			a, s := api(), service()
			row.change(a, &s)
			pkg, err := Build(a, s, hand(t))
			if err == nil {
				_, err = pkg.Files()
			}
			require.ErrorContains(t, err, row.want)
		})
	}
}
