package model_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/model"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

const small = `{
  "operations": {"Make": {"input": {"shape": "Request"}}, "Nothing": {}},
  "shapes": {
    "Request": {"type": "structure", "required": ["Name"], "members": {
      "Name": {"shape": "Name"}, "Size": {"shape": "Size"}, "Ratio": {"shape": "Ratio"}, "Flag": {"shape": "Flag"}, "When": {"shape": "When"},
      "Names": {"shape": "Names"}, "Parts": {"shape": "Parts"}, "Labels": {"shape": "Labels"}, "PartsByName": {"shape": "PartsByName"}}},
    "Name": {"type": "string", "min": 2, "max": 4, "pattern": "[a-z]+"},
    "Size": {"type": "integer", "min": 1, "max": 9},
    "Ratio": {"type": "float", "max": 0.5},
    "Flag": {"type": "boolean"},
    "When": {"type": "timestamp"},
    "Names": {"type": "list", "member": {"shape": "Name"}, "max": 2},
    "Part": {"type": "structure", "required": ["Kind"], "members": {"Kind": {"shape": "Kind"}}},
    "Parts": {"type": "list", "member": {"shape": "Part"}},
    "Kind": {"type": "string", "enum": ["Old", "New"]},
    "Labels": {"type": "map", "key": {"shape": "Name"}, "value": {"shape": "Name"}, "max": 1},
    "PartsByName": {"type": "map", "key": {"shape": "Name"}, "value": {"shape": "Part"}},
    "Beyond": {"type": "string", "pattern": "(?!no).*"}
  }
}`

func TestValidate(t *testing.T) {
	m, err := model.Parse(strings.NewReader(small))
	require.NoError(t, err)
	require.Equal(t, []string{"Beyond"}, m.Unchecked())
	const (
		one  = "ValidationException: 1 validation error detected: "
		name = "[Member must have length less than or equal to 4, Member must have length greater than or equal to 2, Member must satisfy regular expression pattern: [a-z]+, Member must not be null]"
	)
	for _, row := range []struct {
		reason string
		body   string
		want   string
	}{
		{"all is well", `{"Name":"abc","Size":9,"Ratio":0.5,"Flag":true,"When":1.5,"Names":["ab"],"Parts":[{"Kind":"Old"}],"Labels":{"ab":"cd"}}`, ""},
		{"what is not known is ignored", `{"Name":"abc","Other":{"x":1}}`, ""},
		{"null is absent", `{"Name":null}`, one + "Value null at 'name' failed to satisfy constraint: Member must not be null"},
		{"too long", `{"Name":"abcde"}`, one + "Value 'abcde' at 'name' failed to satisfy constraint: Member must have length less than or equal to 4"},
		{"length is in UTF-16 units and patterns are anchored", `{"Name":"aé"}`, one + "Value 'aé' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]+"},
		{"too small", `{"Name":"ab","Size":0}`, one + "Value '0' at 'size' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{"too large a fraction", `{"Name":"ab","Ratio":0.6}`, one + "Value '0.6' at 'ratio' failed to satisfy constraint: Member must have value less than or equal to 0.5"},
		{"too many", `{"Name":"ab","Names":["ab","cd","ef"]}`, one + "Value '[ab, cd, ef]' at 'names' failed to satisfy constraint: Member must have length less than or equal to 2"},
		{"plain values in lists are told together", `{"Name":"ab","Names":["A"]}`, one + "Value '[A]' at 'names' failed to satisfy constraint: Member must satisfy constraint: " + name},
		{"nothing in a list", `{"Name":"ab","Names":[null]}`, one + "Value '[null]' at 'names' failed to satisfy constraint: Member must satisfy constraint: " + name},
		{"objects in lists by their place", `{"Name":"ab","Parts":[{"Kind":"Old"},{"Kind":"Odd"}]}`, one + "Value 'Odd' at 'parts.2.member.kind' failed to satisfy constraint: Member must satisfy enum value set: [Old, New]"},
		{"objects in maps by their key", `{"Name":"ab","PartsByName":{"xy":{}}}`, one + "Value null at 'partsByName.xy.member.kind' failed to satisfy constraint: Member must not be null"},
		{"keys of maps", `{"Name":"ab","Labels":{"A":"bc"}}`, one + "Value '{A=bc}' at 'labels' failed to satisfy constraint: Map keys must satisfy constraint: " + name},
		{"values of maps", `{"Name":"ab","Labels":{"ab":"C"}}`, one + "Value '{ab=C}' at 'labels' failed to satisfy constraint: Map value must satisfy constraint: " + name},
		{"all at once", `{"Size":10,"Labels":{"ab":"cd","ef":"gh"}}`, "ValidationException: 3 validation errors detected: " +
			"Value '{ab=cd, ef=gh}' at 'labels' failed to satisfy constraint: Member must have length less than or equal to 1; " +
			"Value null at 'name' failed to satisfy constraint: Member must not be null; " +
			"Value '10' at 'size' failed to satisfy constraint: Member must have value less than or equal to 9"},
		{"a string for a number", `{"Name":"ab","Size":"1"}`, "SerializationException: STRING_VALUE can not be converted to an Integer"},
		{"a fraction for a whole number", `{"Name":"ab","Size":1.5}`, "SerializationException: DECIMAL_VALUE can not be converted to an Integer"},
		{"a boolean for a string", `{"Name":true}`, "SerializationException: TRUE_VALUE can not be converted to a String"},
		{"an object for a string", `{"Name":{}}`, "SerializationException: Start of structure or map found where not expected."},
		{"a list for a boolean", `{"Name":"ab","Flag":[]}`, "SerializationException: Unexpected list element termination"},
		{"a string for a list", `{"Name":"ab","Names":"ab"}`, "SerializationException: Unexpected field type"},
		{"a string for an object", `{"Name":"ab","Parts":["x"]}`, "SerializationException: Unexpected field type"},
		{"a text for a time", `{"Name":"ab","When":"2026-01-01"}`, "SerializationException: STRING_VALUE can not be converted to milliseconds since epoch"},
	} {
		body, failure := wire.Decode([]byte(row.body))
		require.Nil(t, failure, row.reason)
		got := ""
		if failure := m.Validate("Make", body); failure != nil {
			got = failure.Error()
		}
		require.Equal(t, row.want, got, row.reason)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, row := range []struct{ reason, model, message string }{
		{"no JSON", "x", "decode the API model"},
		{"a member of no shape", `{"shapes":{"A":{"type":"structure","members":{"B":{"shape":"C"}}}}}`, `shape A: member B has the unknown shape "C"`},
		{"an input of no shape", `{"operations":{"O":{"input":{"shape":"C"}}}}`, `operation O has the unknown shape "C"`},
	} {
		_, err := model.Parse(strings.NewReader(row.model))
		require.ErrorContains(t, err, row.message, row.reason)
	}
}

// TestSDKSnapshots holds the model against the requests and responses that the
// SDK itself ships as its vectors: each has every member there can be.
func TestSDKSnapshots(t *testing.T) {
	m, err := model.Load()
	require.NoError(t, err)
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/service/sagemaker").Output()
	require.NoError(t, err)
	folder := strings.TrimSpace(string(out))
	require.Greater(t, len(m.Operations), 100)
	for operation := range m.Operations {
		if strings.Contains(operation, "Scal") || strings.Contains(operation, "Scheduled") || strings.HasSuffix(operation, "Resource") || strings.Contains(operation, "Alarm") || strings.Contains(operation, "Metric") {
			continue // Application Auto Scaling's client ships none, CloudWatch's are newer than the model
		}
		answer := vector(t, filepath.Join(folder, "response_snapshot", operation+".response.snap"))
		if failure := m.ValidateAnswer(operation, answer); failure != nil {
			require.Equal(t, "ValidationException", failure.Code, "%s: %s", operation, failure.Message)
		}
		body := vector(t, filepath.Join(folder, "request_snapshot", operation+".request.snap"))
		want, err := json.Marshal(body)
		require.NoError(t, err)
		got, err := json.Marshal(m.Prune(operation, body))
		require.NoError(t, err)
		require.JSONEq(t, string(want), string(got), "%s: the model lacks members", operation)
		if failure := m.Validate(operation, body); failure != nil {
			require.Equal(t, "ValidationException", failure.Code, "%s: %s", operation, failure.Message)
		}
	}
}

// vector is the JSON body of a recorded message.
func vector(t *testing.T, path string) wire.Body {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	text := ""
	if _, body, found := strings.Cut(string(content), "\n\n{"); found {
		text = "{" + body
	}
	body, failure := wire.Decode([]byte(text))
	require.Nil(t, failure, path)
	return body
}
