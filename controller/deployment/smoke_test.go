package deployment

import (
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
)

func TestWrongAnswer(t *testing.T) {
	const predictions = `{"predictions": [{"score": 9.5, "label": "ring"}, {"score": 0.1, "label": "rod"}], "model": "v2"}`
	for _, row := range []struct {
		reason, path, matches, answer string
		want                          string
	}{
		{"any answer will do", "", "", "9.5", ""},
		{"even none", "", "", "", ""},
		{"the answer is a number", "", `^[0-9.]+$`, "9.5", ""},
		{"it is not", "", `^[0-9.]+$`, "nan", `nan does not match "^[0-9.]+$"`},
		{"some part of it is enough", "", "ring", predictions, ""},
		{"a part that is there", "{.predictions[0].score}", "", predictions, ""},
		{"and is what it has to be", "{.predictions[0].score}", `^9\.`, predictions, ""},
		{"and is something else", "{.predictions[0].score}", `^8\.`, predictions, `9.5 does not match "^8\\."`},
		{"several parts stand side by side", "{.predictions[*].score}", `^9\.5 0\.1$`, predictions, ""},
		{"the part that fits", `{.predictions[?(@.label=="ring")].score}`, `^9`, predictions, ""},
		{"text around parts", "model {.model}", "^model v2$", predictions, ""},
		{"a part that is not there", "{.predictions[0].rings}", "", predictions, "the answer has no {.predictions[0].rings}: {"},
		{"an item that is not there", "{.predictions[2].score}", "", predictions, "the answer has no {.predictions[2].score}: {"},
		{"a part of what is no JSON", "{.score}", "", "<html>", "the answer is no JSON: <html>"},
		{"a part of nothing", "{.score}", "", "", "the answer is no JSON: "},
		{"a JSON text is told without its quotes", "{.model}", "^v2$", predictions, ""},
		{"a long answer is cut", "", "^$", strings.Repeat("x", 10_000), strings.Repeat("x", maxAnswer) + "… does not match"},
		{"between characters", "", "^$", "x" + strings.Repeat("é", 10_000), "x" + strings.Repeat("é", (maxAnswer-1)/2) + "… does not match"},
		{"a long text of few characters is told whole", "", "^$", strings.Repeat("é", maxAnswer/2), strings.Repeat("é", maxAnswer/2) + " does not match"},
		{"what is no text", "", "^$", "a\xff\xfeb", "a?b does not match"},
		{"a path that nobody has checked", "{.a", "", "{}", "unclosed action"},
		{"an expression that nobody has checked", "", "(", "{}", "error parsing regexp"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			is := wrongAnswer(v1alpha1.SmokeTest{Name: "a", JSONPath: row.path, Matches: row.matches}, []byte(row.answer))
			if row.want == "" {
				require.Empty(t, is)
				return
			}
			require.True(t, strings.HasPrefix(is, row.want), is)
			require.True(t, utf8.ValidString(is), "status holds text")
			require.Less(t, len(is), maxAnswer+100)
		})
	}
}

// TestResults: an outcome counts for the configuration that was asked, and for
// no other.
func TestResults(t *testing.T) {
	d := read(t, plain+"  smokeTests: [{name: a}, {name: b, bodyFrom: {name: requests}}, {name: c}]")
	for _, is := range []v1alpha1.SmokeTestResult{
		{Name: "c", Config: "new", Passed: true}, {Name: "a", Config: "new"}, {Name: "b", Config: "old", Passed: true}, {Name: "gone", Config: "new"},
	} {
		for _, test := range d.Spec.SmokeTests {
			if test.Name == is.Name {
				is.Digest = digest(test)
			}
		}
		d.Status.SmokeTests = append(d.Status.SmokeTests, is)
	}
	require.Equal(t, []*v1alpha1.SmokeTestResult{&d.Status.SmokeTests[1], nil, &d.Status.SmokeTests[0]}, results(d, "new"))
	require.Equal(t, []*v1alpha1.SmokeTestResult{nil, &d.Status.SmokeTests[2], nil}, results(d, "old"))
	require.Equal(t, []*v1alpha1.SmokeTestResult{nil, nil, nil}, results(d, "other"))

	changed := []func(*v1alpha1.SmokeTest){
		func(test *v1alpha1.SmokeTest) { test.Matches = "x" },
		func(test *v1alpha1.SmokeTest) { test.JSONPath = "{.x}" },
		func(test *v1alpha1.SmokeTest) { test.Body = "x" },
		func(test *v1alpha1.SmokeTest) { test.BodyFrom = &v1alpha1.ConfigMapKeyReference{Name: "x"} },
		func(test *v1alpha1.SmokeTest) { test.VariantName = "x" },
		func(test *v1alpha1.SmokeTest) { test.ComponentName = "x" },
		func(test *v1alpha1.SmokeTest) { test.TargetModel = "x" },
		func(test *v1alpha1.SmokeTest) { test.ContentType = "x" },
	}
	seen := map[string]bool{digest(d.Spec.SmokeTests[0]): true}
	require.Equal(t, 9, reflect.TypeFor[v1alpha1.SmokeTest]().NumField(), "each field but the name is changed here")
	for _, change := range changed {
		test := d.Spec.SmokeTests[0]
		change(&test)
		require.False(t, seen[digest(test)], "another test has another digest: %+v", test)
		seen[digest(test)] = true
	}
}
