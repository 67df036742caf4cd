package handwritten

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func read(t *testing.T, source string) (Types, error) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "status.go"), []byte(source), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "zz_generated.things.go"), []byte("not Go"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "status_test.go"), []byte("nor this"), 0o600))
	return Read(dir)
}

func TestJSONNames(t *testing.T) {
	types, err := read(t, "package p\n"+
		"type Phase string\n"+
		"type Common struct {\n"+
		"  A string `json:\"a,omitempty\"`\n"+
		"  meta.ReconcileRequestStatus `json:\",inline\"`\n"+
		"}\n"+
		"type Status struct {\n"+
		"  Common `json:\",inline\"`\n"+
		"  B *int `json:\"b\"`\n"+
		"}\n")
	require.NoError(t, err)
	require.Contains(t, types, "Phase")
	names, err := types.JSONNames("Status")
	require.NoError(t, err)
	require.Equal(t, []string{"a", "lastHandledReconcileAt", "b"}, names)
}

func TestJSONNamesRefuses(t *testing.T) {
	rows := []struct{ reason, source, want string }{
		{"no such struct", "type Other struct{}", "has no struct Status"},
		{"not a struct", "type Status string", "has no struct Status"},
		{"a field that is not in JSON", "type Status struct { A string }", "without a JSON tag"},
		{"fields of another package that nobody listed", "type Status struct { meta.Unheard `json:\",inline\"` }", "embeds meta.Unheard"},
	}
	for _, row := range rows {
		t.Run(row.reason, func(t *testing.T) {
			types, err := read(t, "package p\n"+row.source)
			require.NoError(t, err)
			_, err = types.JSONNames("Status")
			require.ErrorContains(t, err, row.want)
		})
	}
}

func TestReadRefusesWhatIsNotGo(t *testing.T) {
	_, err := read(t, "package p\ntype")
	require.ErrorContains(t, err, "failed to parse")
}
