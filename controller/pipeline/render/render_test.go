package render_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/render"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

func scope() render.Scope {
	return render.Scope{
		Params:   map[string]string{"rounds": "100", "instanceType": "ml.m5.xlarge", "spot": "true", "list": "[a, b]"},
		Sources:  map[string]render.Source{"code": {URI: "s3://acme/code.tar.gz", Digest: "sha256:12"}},
		Step:     render.Step{Name: "train", Path: "s3://acme/abalone/train/a1"},
		Pipeline: render.Pipeline{Name: "abalone", Namespace: "ml"},
		Output:   func(u render.Use) (string, error) { return "<" + u.Step + "/" + u.Output + ">", nil },
	}
}

// fill renders one text, as a field of no known type.
func fill(text string) (string, error) {
	t, err := render.Parse(shape.Tree{"a": text})
	if err != nil {
		return "", err
	}
	tree, err := t.Render(scope(), nil)
	if err != nil {
		return "", err
	}
	return shape.String(tree, "a"), nil
}

func TestTexts(t *testing.T) {
	for _, row := range []struct{ reason, text, want string }{
		{"no template", "plain $HOME ${VAR}", "plain $HOME ${VAR}"},
		{"a parameter", "{{ .params.rounds }} rounds", "100 rounds"},
		{"where a step may write", "{{ .step.path }}/model", "s3://acme/abalone/train/a1/model"},
		{"a source", "{{ .sources.code.uri }}", "s3://acme/code.tar.gz"},
		{"whose it is", "{{ .pipeline.namespace }}/{{ .pipeline.name }}/{{ .step.name }}", "ml/abalone/train"},
		{"an output", "{{ .steps.prep.outputs.train }}", "<prep/train>"},
		{"an output of a step with a dash", `{{ output "pre-proc" "train" }}`, "<pre-proc/train>"},
		{"an output from the root", "{{ range until 2 }}{{ $.steps.prep.outputs.train }}{{ end }}", "<prep/train><prep/train>"},
		{"a function of sprig", "{{ .params.instanceType | trimPrefix \"ml.\" | upper }}", "M5.XLARGE"},
		{"a decision on a parameter", `{{ if eq .params.spot "true" }}spot{{ else }}demand{{ end }}`, "spot"},
		{"keys in order", "{{ keys .params | join \",\" }}", "instanceType,list,rounds,spot"},
		{"a template of its own", `{{ define "x" }}[{{ . }}]{{ end }}{{ template "x" .params.rounds }}`, "[100]"},
		{"a remark", "a{{/* b */}}c{{ define \"x\" }}d{{ end }}", "ac"},
		{"one text does not see what another has changed", "{{ $_ := set .params \"rounds\" \"1\" }}{{ .params.rounds }}", "1"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			for range 2 {
				got, err := fill(row.text)
				require.NoError(t, err)
				require.Equal(t, row.want, got)
			}
		})
	}
}

func TestTextsThatAreRefused(t *testing.T) {
	for _, row := range []struct{ reason, text, want string }{
		{"a parameter that is not there", "{{ .params.colour }}", `map has no entry for key "colour"`},
		{"the same by another way", `{{ index .params "colour" }}`, "there is no such value"},
		{"a function that is not there", "{{ colour }}", `function "colour" not defined`},
		{"time", "{{ now }}", `function "now" not defined`},
		{"chance", "{{ randInt 1 2 }}", `function "randInt" not defined`},
		{"the environment", `{{ env "HOME" }}`, `function "env" not defined`},
		{"secrets", `{{ genPrivateKey "rsa" }}`, `function "genPrivateKey" not defined`},
		{"what goes round for ever", "{{ range until 9999 }}{{ range until 9999 }}{{ end }}{{ end }}", "the template goes round for ever, or more than 100000 times"},
		{"what calls itself", `{{ define "x" }}{{ template "x" }}{{ template "x" }}{{ end }}{{ template "x" }}`, "goes round for ever"},
		{"what becomes too long", "{{ range until 9999 }}0123456789{{ end }}", "the text becomes too long"},
		{"what is made too long at once", `{{ repeat 9999 (repeat 9999 "x") }}`, "repeat 9999 times is too much"},
		{"too many at once", "{{ until 1000000 }}", "until 1000000 is too much"},
		{"an output in a function", "{{ .steps.prep.outputs.train | upper }}", "an output of a step can be inserted into a text"},
		{"an output in a decision", "{{ if .steps.prep.outputs.train }}x{{ end }}", "an output of a step can be inserted into a text"},
		{"an output in a variable", "{{ $x := .steps.prep.outputs.train }}{{ $x }}", "an output of a step can be inserted into a text"},
		{"all outputs", "{{ .steps }}", "an output of a step can be inserted into a text"},
		{"an output whose step is not said", `{{ index .steps "prep" }}`, "an output of a step can be inserted into a text"},
		{"an output whose step is computed", `{{ output (print "pr" "ep") "train" }}`, "an output of a step can be inserted into a text"},
		{"an output in an argument", `{{ upper (output "prep" "train") }}`, "an output of a step can be inserted into a text"},
		{"what is ours to call", "{{ __tick }}", `function "__tick" not defined`},
		{"half a template", "{{ .params.rounds", "unclosed action"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			_, err := fill(row.text)
			require.ErrorContains(t, err, row.want)
			bad, ok := errors.AsType[*render.Error](err)
			require.True(t, ok)
			require.Equal(t, "a", bad.Path)
		})
	}
}

// Whole texts become what their place takes.
func TestTypes(t *testing.T) {
	for _, row := range []struct {
		reason string
		tree   shape.Tree
		want   shape.Tree
		err    string
	}{
		{
			"a number",
			shape.Tree{"resourceConfig": map[string]any{"instanceCount": "{{ .params.rounds }}"}},
			shape.Tree{"resourceConfig": map[string]any{"instanceCount": 100.0}},
			"",
		},
		{"a truth", shape.Tree{"enableManagedSpotTraining": "{{ .params.spot }}"}, shape.Tree{"enableManagedSpotTraining": true}, ""},
		{
			"a number that is a text where a text is wanted",
			shape.Tree{"hyperParameters": map[string]any{"num_round": "{{ .params.rounds }}"}},
			shape.Tree{"hyperParameters": map[string]any{"num_round": "100"}},
			"",
		},
		{"a list", shape.Tree{"vpcConfig": map[string]any{"subnets": "{{ .params.list }}"}}, shape.Tree{"vpcConfig": map[string]any{"subnets": []any{"a", "b"}}}, ""},
		{
			"within a list",
			shape.Tree{"inputDataConfig": []any{map[string]any{"shuffleConfig": map[string]any{"seed": "{{ .params.rounds }}"}}}},
			shape.Tree{"inputDataConfig": []any{map[string]any{"shuffleConfig": map[string]any{"seed": 100.0}}}},
			"",
		},
		{
			"no number",
			shape.Tree{"resourceConfig": map[string]any{"instanceCount": "{{ .params.instanceType }}"}},
			nil,
			`resourceConfig.instanceCount: "ml.m5.xlarge" is no whole number`,
		},
		{"no truth", shape.Tree{"enableManagedSpotTraining": "{{ .params.rounds }}"}, nil, `enableManagedSpotTraining: "100" is no true or false`},
	} {
		t.Run(row.reason, func(t *testing.T) {
			template, err := render.Parse(row.tree)
			require.NoError(t, err)
			got, err := template.Render(scope(), reflect.TypeFor[v1alpha1.TrainingJobSpec]())
			if row.err != "" {
				require.EqualError(t, err, row.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, row.want, got)
		})
	}
}

func TestUses(t *testing.T) {
	template, err := render.Parse(shape.Tree{
		"a": []any{"{{ .steps.prep.outputs.train }}", "s3://{{ .steps.prep.outputs.train }}/{{ .steps.split.outputs.test }}"},
		"b": `{{ if eq .params.spot "true" }}{{ output "pre-proc" "x" }}{{ end }}`,
	})
	require.NoError(t, err)
	require.Equal(t, []render.Use{{Step: "prep", Output: "train"}, {Step: "split", Output: "test"}, {Step: "pre-proc", Output: "x"}}, template.Uses())
}

// An output that cannot be told ends the rendering with its error.
func TestOutputThatIsNotThere(t *testing.T) {
	template, err := render.Parse(shape.Tree{"a": "{{ .steps.prep.outputs.train }}"})
	require.NoError(t, err)
	s := scope()
	s.Output = func(render.Use) (string, error) { return "", errors.New("step prep has no output train") }
	_, err = template.Render(s, nil)
	require.ErrorContains(t, err, "step prep has no output train")
}

// Whatever the text: it is refused, or gives twice the same.
func FuzzText(f *testing.F) {
	for _, seed := range []string{"{{ .params.rounds }}", "{{ .steps.a.outputs.b }}", "{{ range until 3 }}{{ . }}{{ end }}", "{{ dict \"a\" 1 | toJson }}", "{{ keys .params }}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		first, err := fill(text)
		second, again := fill(text)
		require.Equal(t, err == nil, again == nil)
		require.Equal(t, first, second)
		require.LessOrEqual(t, len(first), max(64<<10, len(text)))
		require.False(t, err == nil && strings.Contains(text, "{{") && strings.Contains(first, "<no value>"))
	})
}
