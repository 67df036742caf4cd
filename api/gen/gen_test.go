package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/constraint"
	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/emit"
	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/handwritten"
	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/model"
	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/pattern"
)

const root = "../.."

// What is committed is what the generator makes.
func TestCommittedFilesAreFresh(t *testing.T) {
	api, _, err := sources(kind.SageMaker)
	require.NoError(t, err)
	compressed, err := api.Compressed()
	require.NoError(t, err)
	requireFile(t, modelFile, compressed)

	hand, err := handwritten.Read(filepath.Join(root, apiDir))
	require.NoError(t, err)
	pkg, err := emit.Build(api, kind.SageMaker, hand)
	require.NoError(t, err)
	files, err := pkg.Files()
	require.NoError(t, err)
	for name, content := range files {
		requireFile(t, filepath.Join(apiDir, name), content)
	}
	for shape, p := range pkg.Patterns {
		require.True(t, p.Used != "" || p.Change == pattern.Dropped || p.Change == pattern.Trivial, shape)
	}
}

func requireFile(t *testing.T, name string, want []byte) {
	t.Helper()
	got, err := os.ReadFile(filepath.Join(root, name))
	require.NoError(t, err)
	// Equal would print both files.
	require.True(t, bytes.Equal(want, got), "%s is stale: run `make generate`", name)
}

// A required member that the generator makes optional would be found by AWS
// alone; one that it invents would refuse what AWS takes.
func TestRequiredMembersExist(t *testing.T) {
	api, older, err := sources(kind.SageMaker)
	require.NoError(t, err)
	for name, s := range api.Shapes {
		for _, member := range s.Required {
			require.Contains(t, s.Members, member, name)
		}
		old, ok := older.Shapes[name]
		if !ok || s.Type != model.Structure || s.Docs != "" {
			continue
		}
		for _, member := range s.Required {
			require.True(t, old.Requires(member) || old.Members[member].Shape == "", "%s.%s has become required, which AWS never does", name, member)
		}
	}
}

// Types made for one version of the client and converted by another would lose
// members.
func TestClientIsTheControllers(t *testing.T) {
	required := regexp.MustCompile(`(?m)^\s*` + regexp.QuoteMeta(kind.SageMaker.Client) + ` (\S+)`)
	version := func(dir string) string {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		require.NoError(t, err)
		found := required.FindSubmatch(text)
		require.NotNil(t, found, dir)
		return string(found[1])
	}
	require.Equal(t, version(root), version("."))
}

func TestReplace(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"zz_old.go", "zz_kept.go", "zz_changed.go", "hand.go"} {
		require.NoError(t, write(dir, "api/"+name, []byte("old")))
	}
	require.NoError(t, replace(dir, "api", "zz_*.go", map[string][]byte{"zz_changed.go": []byte("new"), "zz_new.go": []byte("new")}, "zz_kept.go"))
	rows := []struct{ reason, name, want string }{
		{"what matches and is not made any more goes", "zz_old.go", ""},
		{"what is to be kept stays", "zz_kept.go", "old"},
		{"what is made again is new", "zz_changed.go", "new"},
		{"so is what was not there", "zz_new.go", "new"},
		{"what does not match is none of our business", "hand.go", "old"},
	}
	for _, row := range rows {
		t.Run(row.reason, func(t *testing.T) {
			got, err := os.ReadFile(filepath.Join(dir, "api", row.name))
			if row.want == "" {
				require.ErrorIs(t, err, os.ErrNotExist)
				return
			}
			require.NoError(t, err)
			require.Equal(t, row.want, string(got))
		})
	}
}

func TestModuleDir(t *testing.T) {
	dir, err := moduleDir(olderModule)
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(dir, kind.SageMaker.OlderModel))
	_, err = moduleDir("example.com/not/required")
	require.ErrorContains(t, err, "failed to download example.com/not/required")
}

func TestOverlayIsUsed(t *testing.T) {
	api, _, err := sources(kind.SageMaker)
	require.NoError(t, err)
	for shape, want := range constraint.Overlay {
		require.Equal(t, want, api.Shapes[shape].Constraint, shape)
	}
}
