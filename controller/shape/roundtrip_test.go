package shape_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	smithy "github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// inputs are the inputs of every operation of every kind and what Describe
// answers, and an input of List, which has times at its root.
func inputs(tb testing.TB) map[string]reflect.Type {
	tb.Helper()
	list := reflect.TypeFor[sagemaker.ListTrainingJobsInput]()
	all := map[string]reflect.Type{list.Name(): list}
	for _, k := range kind.All() {
		for _, op := range []cloud.Operation{
			k.Create, k.Describe, k.Update, k.Adjust, k.Start, k.Stop, k.Delete, cloud.AddTags, cloud.ListTags, cloud.DeleteTags,
		} {
			if op.Exists() {
				all[op.Input().Name()] = op.Input()
			}
		}
		all[k.Describe.Output().Name()] = k.Describe.Output()
	}
	return all
}

func fresh(input reflect.Type) any { return reflect.New(input).Interface() }

// Whatever an input can hold comes back as it was: tree to input to tree, and
// input to tree to input.
func TestEveryInputSurvivesTheRoundTrip(t *testing.T) {
	seen := map[smithy.ShapeType]int{}
	for name, input := range inputs(t) {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(4) {
				r := newRandom(seed)
				want := r.tree(t, schemaOf(t, fresh(input)))
				for shape, n := range r.seen {
					seen[shape] += n
				}
				requireRoundTrip(t, input, want)
			}
		})
	}
	for name, s := range map[string]smithy.ShapeType{
		"unions": smithy.ShapeTypeUnion, "times": smithy.ShapeTypeTimestamp, "32-bit floats": smithy.ShapeTypeFloat,
		"64-bit floats": smithy.ShapeTypeDouble, "64-bit integers": smithy.ShapeTypeLong, "maps": smithy.ShapeTypeMap,
	} {
		require.Positive(t, seen[s], "the inputs have no %s, so the round trip proves nothing about them", name)
	}
}

func requireRoundTrip(t *testing.T, input reflect.Type, want shape.Tree) {
	t.Helper()
	first := fresh(input)
	require.NoError(t, shape.Fill(want, first))
	tree := shape.ToTree(first)
	require.Equal(t, want, tree, "tree to input to tree")
	second := fresh(input)
	require.NoError(t, shape.Fill(tree, second))
	require.Equal(t, first, second, "input to tree to input")
	picked := fresh(input)
	require.NoError(t, shape.Pick(tree, picked))
	require.Equal(t, first, picked, "Pick leaves out only what the input does not have")
}

// The case of a member's name does not count, at any depth and in any list.
func TestNamesAreFoldedEverywhere(t *testing.T) {
	for name, input := range inputs(t) {
		t.Run(name, func(t *testing.T) {
			s := schemaOf(t, fresh(input))
			want := newRandom(1).tree(t, s)
			folded, ok := fold(want, s).(map[string]any)
			require.True(t, ok)
			got := fresh(input)
			require.NoError(t, shape.Fill(folded, got))
			require.Equal(t, want, shape.ToTree(got))
		})
	}
}

// fold puts the names of members into lower case, but not the keys of maps.
func fold(v any, s *smithy.Schema) any {
	switch v := v.(type) {
	case map[string]any:
		m := map[string]any{}
		for k, e := range v {
			if s.Type() == smithy.ShapeTypeMap {
				m[k] = fold(e, s.MapValue())
				continue
			}
			m[strings.ToLower(k)] = fold(e, s.Member(k))
		}
		return m
	case []any:
		l := make([]any, len(v))
		for i, e := range v {
			l[i] = fold(e, s.ListMember())
		}
		return l
	default:
		return v
	}
}

// FuzzRoundTrip tries more random requests than TestEveryInputSurvivesTheRoundTrip.
func FuzzRoundTrip(f *testing.F) {
	all := inputs(f)
	for name := range all {
		f.Add(name, uint64(7))
	}
	f.Fuzz(func(t *testing.T, name string, seed uint64) {
		input, ok := all[name]
		if !ok {
			return
		}
		requireRoundTrip(t, input, newRandom(seed).tree(t, schemaOf(t, fresh(input))))
	})
}

// FuzzFill offers what a manifest may hold, sense or nonsense: Fill refuses it
// with an error or takes it all, and what it took is stable.
func FuzzFill(f *testing.F) {
	for _, document := range []string{
		`{"trainingJobName":"a","hyperParameters":{"eta":"0.2"},"resourceConfig":{"instanceCount":1,"volumeSizeInGB":10}}`,
		`{"InputDataConfig":[{"ChannelName":"train","DataSource":{"S3DataSource":{"S3Uri":"s3://b/k"}}},null]}`,
		`{"StoppingCondition":{"MaxRuntimeInSeconds":1e99}}`, `{"roleArn":{}}`, `{"Environment":[]}`, `{"tags":[[]]}`,
		`{"EnableNetworkIsolation":"true"}`, `{"nothing":1}`, `{"retryStrategy":{"maximumRetryAttempts":0.5}}`,
	} {
		f.Add([]byte(document))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		var tree shape.Tree
		if json.Unmarshal(document, &tree) != nil {
			return
		}
		in := new(sagemaker.CreateTrainingJobInput)
		if err := shape.Fill(tree, in); err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		taken := shape.ToTree(in)
		again := new(sagemaker.CreateTrainingJobInput)
		require.NoError(t, shape.Fill(taken, again))
		require.Equal(t, taken, shape.ToTree(again))
	})
}
