package e2e_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/cluster"
)

const overridesCommand = "argocd admin settings resource-overrides "

// TestArgoCDSettingsHealth: Argo CD's command to try settings says of each object, with
// the settings as they are shipped, what is expected.
func TestArgoCDSettingsHealth(t *testing.T) {
	t.Parallel()
	argocd := buildArgoCD(t)

	for _, judge := range []struct {
		component, fixtures string
		every               int // so many fixtures is one tried
	}{
		{"health", "health/testdata", 1},
		{"ack", "health/script/testdata/ack", 1},
		{"wildcard", "health/testdata", 10}, // they are the same scripts under other keys
		{"wildcard", "health/script/testdata/ack", 10},
	} {
		for i, row := range expected[verdict](t, judge.fixtures) {
			if i%judge.every != 0 {
				continue
			}
			t.Run(judge.component+"/"+row.Object, func(t *testing.T) {
				t.Parallel()
				file, message := judge.fixtures+"/"+row.Object, row.Message
				if isDeleted(t, file) {
					message = "Pending deletion" // for which Argo CD asks no script
				}
				is, err := argocd.overrides(t, "health", file, "--argocd-cm-path", component(judge.component))
				require.NoError(t, err)
				require.Equal(t, fmt.Sprintf("STATUS: %s\nMESSAGE: %s\n", row.Argo, message), is, row.Reason)
			})
		}
	}
}

// TestArgoCDSettingsActions: the same of the actions, and of what they change.
func TestArgoCDSettingsActions(t *testing.T) {
	t.Parallel()
	argocd := buildArgoCD(t)

	const fixtures = "test/argocd/testdata"
	for _, row := range expected[offer](t, fixtures) {
		file := fixtures + "/" + row.Object
		t.Run(row.Object, func(t *testing.T) {
			t.Parallel()
			list, err := argocd.overrides(t, "list-actions", file, "--argocd-cm-path", component("actions"))
			require.NoError(t, err)
			require.Equal(t, row.Offers, offered(t, list), row.Reason)
		})
		for _, action := range row.Actions {
			t.Run(row.Object+"/"+action.Name, func(t *testing.T) {
				t.Parallel()
				args := make([]string, 0, 5+2*len(action.Params))
				args = append(args, "run-action", file, action.Name, "--argocd-cm-path", component("actions"))
				for name, value := range action.Params {
					args = append(args, "--param", name+"="+value)
				}
				diff, err := argocd.overrides(t, args...)
				require.NoError(t, err)
				require.Equal(t, action.Annotations, annotated(t, diff), "nothing else changes")
			})
		}
	}
}

// TestArgoCDSettingsBroken: the command fails where a script does.
func TestArgoCDSettingsBroken(t *testing.T) {
	t.Parallel()
	settings, err := os.ReadFile(filepath.Join(repository, component("health")))
	require.NoError(t, err)
	broken := filepath.Join(t.TempDir(), "argocd-cm.yaml")
	require.NoError(t, os.WriteFile(broken, []byte(strings.ReplaceAll(string(settings), "return result(", "return verdict(")), 0o600))
	_, err = buildArgoCD(t).overrides(t, "health", "health/testdata/failed.yaml", "--argocd-cm-path", broken)
	require.ErrorContains(t, err, "attempt to call a non-function object")
}

// TestArgoCDSettingsREADME runs the commands that the README of kustomize shows.
func TestArgoCDSettingsREADME(t *testing.T) {
	t.Parallel()
	argocd := buildArgoCD(t)
	text, err := os.ReadFile(filepath.Join(repository, "kustomize", "README.md"))
	require.NoError(t, err)

	var printed strings.Builder
	for _, block := range blocks(string(text), "sh") {
		for line := range strings.Lines(block) {
			if args, ok := strings.CutPrefix(line, overridesCommand); ok {
				is, err := argocd.overrides(t, strings.Fields(args)...)
				require.NoError(t, err, line)
				printed.WriteString(is)
			}
		}
	}
	require.Regexp(t, `(?s)^STATUS: Degraded\n.*\nrerun +false\n.*\n> +reconcile.fluxcd.io/forceAt: `, printed.String())
}

// verdict is a row of a directory's expected.yaml, as far as it is about Argo CD.
type verdict struct {
	Object  string `json:"object"`
	Reason  string `json:"reason"`
	Argo    string `json:"argo"`
	Message string `json:"message"`
}

// offer is a row of test/argocd/testdata/expected.yaml.
type offer struct {
	Object  string          `json:"object"`
	Reason  string          `json:"reason"`
	Offers  map[string]bool `json:"offers"`
	Actions []struct {
		Name        string             `json:"name"`
		Params      map[string]string  `json:"params"`
		Annotations map[string]*string `json:"annotations"`
	} `json:"actions"`
}

func expected[T any](t *testing.T, directory string) []T {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, directory, "expected.yaml"))
	require.NoError(t, err)
	var rows []T
	require.NoError(t, yaml.Unmarshal(text, &rows))
	require.NotEmpty(t, rows)
	return rows
}

func component(name string) string {
	return "kustomize/components/argocd/" + name + "/argocd-cm.yaml"
}

func isDeleted(t *testing.T, file string) bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, file))
	require.NoError(t, err)
	return strings.Contains(string(text), "deletionTimestamp:")
}

// argoCD is the path of the program argocd.
type argoCD string

func buildArgoCD(t *testing.T) argoCD {
	t.Helper()
	paths, err := cluster.Build(t.Context(), t.Output(), cluster.ArgoCDTool)
	require.NoError(t, err)
	i := slices.IndexFunc(paths, func(path string) bool { return filepath.Base(path) == "argocd" })
	require.GreaterOrEqual(t, i, 0)
	return argoCD(paths[i])
}

// overrides runs argocd admin settings resource-overrides in the repository, where no
// settings of the user are read, and returns what it prints.
func (a argoCD) overrides(t *testing.T, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), string(a), append(strings.Fields(overridesCommand)[1:], args...)...)
	cmd.Dir = repository
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + t.TempDir()} // it leaves files there
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		err = fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	return string(out), err
}

// offered is what list-actions prints: the actions, and whether each is enabled.
func offered(t *testing.T, list string) map[string]bool {
	t.Helper()
	is := map[string]bool{}
	for line := range strings.Lines(list) {
		if action := strings.Fields(line); action[0] != "NAME" {
			disabled, err := strconv.ParseBool(action[1])
			require.NoError(t, err, list)
			is[action[0]] = !disabled
		}
	}
	return is
}

// annotated is what run-action prints: the changed lines, of which all have to be
// annotations, with null for what is taken away and <now> for a time.
func annotated(t *testing.T, diff string) map[string]*string {
	t.Helper()
	is := map[string]*string{}
	time := regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`)
	for line := range strings.Lines(time.ReplaceAllString(diff, "<now>")) {
		sign, text, _ := strings.Cut(line, " ")
		if sign != "<" && sign != ">" || strings.HasPrefix(text, "  annotations:") {
			continue
		}
		require.True(t, strings.HasPrefix(text, "    "), "a line of an annotation: %s", diff)
		var one map[string]string
		require.NoError(t, yaml.Unmarshal([]byte(text), &one), diff)
		for name, value := range one {
			is[name] = nil
			if sign == ">" {
				is[name] = &value
			}
		}
	}
	return is
}
