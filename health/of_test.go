package health_test

import (
	stdjson "encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// verdict is a row of testdata/expected.yaml.
type verdict struct {
	Object  string        `json:"object"`
	Reason  string        `json:"reason"`
	Argo    health.Status `json:"argo"`
	Message string        `json:"message"`
	Kstatus status.Status `json:"kstatus"`
	Flux    status.Status `json:"flux"` // held by package script
	Differs string        `json:"differs,omitempty"`
}

// together are the pairs of verdicts that the truth table allows.
var together = map[health.Status][]status.Status{
	health.Healthy:     {status.CurrentStatus},
	health.Progressing: {status.InProgressStatus, status.TerminatingStatus},
	health.Degraded:    {status.FailedStatus},
	health.Suspended:   {status.CurrentStatus, status.InProgressStatus, status.FailedStatus},
	health.Unknown:     {status.UnknownStatus},
}

func TestOf(t *testing.T) {
	t.Parallel()

	for _, row := range expected(t) {
		t.Run(row.Object, func(t *testing.T) {
			t.Parallel()

			object := load(t, filepath.Join("testdata", row.Object))

			require.Equal(t, health.Result{Status: row.Argo, Message: row.Message}, health.Of(object), row.Reason)
			require.Equal(t, row.Kstatus, kstatus(object), row.Reason)

			if row.Differs == "" {
				require.Contains(t, together[row.Argo], row.Kstatus, row.Reason)
			} else {
				require.NotContains(t, together[row.Argo], row.Kstatus, row.Reason)
			}
		})
	}
}

func TestOfNothing(t *testing.T) {
	t.Parallel()

	require.Equal(t, health.Missing, health.Of(nil).Status, "nil is no object")
	require.Equal(t, health.Missing, health.Of(map[string]any{}).Status, "an empty one is no object")
}

func TestOfTakesNumbersFromAnyDecoder(t *testing.T) {
	t.Parallel()

	for _, row := range []struct {
		reason   string
		observed any
		want     health.Status
	}{
		{"the form of unstructured objects", int64(2), health.Healthy},
		{"an untyped Go constant", 2, health.Healthy},
		{"the width of many generation fields", int32(2), health.Healthy},
		{"what encoding/json makes of a number", float64(2), health.Healthy},
		{"what encoding/json makes of it with UseNumber", stdjson.Number("2"), health.Healthy},
		{"another number is another generation", float64(1), health.Progressing},
		{"a generation has no fraction", 1.5, health.Unknown},
		{"beyond 2^53 a float is no longer exact", 1e300, health.Unknown},
		{"nor is it a word", stdjson.Number("two"), health.Unknown},
		{"or a truth value", true, health.Unknown},
	} {
		t.Run(row.reason, func(t *testing.T) {
			t.Parallel()

			result := health.Of(map[string]any{
				"metadata": map[string]any{"generation": int64(2)},
				"status": map[string]any{
					"observedGeneration": row.observed,
					"conditions":         []any{map[string]any{"type": "Ready", "status": "True"}},
				},
			})
			require.Equal(t, row.want, result.Status, row.reason)
		})
	}
}

func TestFixturesAreListed(t *testing.T) {
	t.Parallel()

	files, err := filepath.Glob("testdata/*.yaml")
	require.NoError(t, err)

	rows := expected(t)
	listed := make([]string, len(rows), len(rows)+1)

	for i, row := range rows {
		listed[i] = filepath.Join("testdata", row.Object)
	}

	listed = append(listed, filepath.Join("testdata", "expected.yaml"))

	require.ElementsMatch(t, files, listed, "every file has one row, every row a file")
}

// FuzzOf holds the truth table against kstatus for whatever a decoder can
// make of an object: the two may differ only where the table says so.
func FuzzOf(f *testing.F) {
	files, err := filepath.Glob("testdata/*.yaml")
	require.NoError(f, err)

	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(f, err)
		document, err := yaml.YAMLToJSON(text)
		require.NoError(f, err)
		f.Add(document)
	}

	f.Fuzz(func(t *testing.T, document []byte) {
		var object map[string]any
		if err := json.Unmarshal(document, &object); err != nil || object == nil {
			return
		}

		object["apiVersion"] = "sagemaker.gitops.dev/v1alpha1"
		object["kind"] = "TrainingJob"
		result, other := health.Of(object), kstatus(object)

		switch result.Status {
		case health.Healthy:
			require.Equal(t, status.CurrentStatus, other)
		case health.Degraded:
			require.Equal(t, status.FailedStatus, other)
			require.NotEmpty(t, result.Message)
		case health.Progressing, health.Suspended, health.Unknown:
			require.NotEmpty(t, result.Message)
		case health.Missing:
			require.Fail(t, "an object is never missing")
		default:
			require.Fail(t, "no such status", "%q", result.Status)
		}
	})
}

func kstatus(object map[string]any) status.Status {
	result, err := status.Compute(&unstructured.Unstructured{Object: object})
	if err != nil {
		return status.UnknownStatus
	}

	return result.Status
}

func expected(t *testing.T) []verdict {
	t.Helper()

	text, err := os.ReadFile("testdata/expected.yaml")
	require.NoError(t, err)

	var rows []verdict
	require.NoError(t, yaml.UnmarshalStrict(text, &rows))
	require.NotEmpty(t, rows)

	return rows
}

func load(t *testing.T, file string) map[string]any {
	t.Helper()

	text, err := os.ReadFile(file)
	require.NoError(t, err)
	document, err := yaml.YAMLToJSON(text)
	require.NoError(t, err)

	var object map[string]any
	require.NoError(t, json.Unmarshal(document, &object))

	return object
}
