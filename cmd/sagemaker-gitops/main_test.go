package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestMain is the command itself when the tests start their own binary so.
func TestMain(m *testing.M) {
	if os.Getenv("SAGEMAKER_GITOPS_TEST_MAIN") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// run runs the command with no more of an environment than given.
func run(t *testing.T, env []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, self, args...)
	home := t.TempDir()
	command.Env = append([]string{
		"SAGEMAKER_GITOPS_TEST_MAIN=yes", "HOME=" + home, "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE=" + filepath.Join(home, "none"), "AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(home, "none"),
	}, env...)
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr = &out, &errs
	err = command.Run()
	var exit *exec.ExitError
	if err != nil {
		require.ErrorAs(t, err, &exit)
	}
	return out.String(), errs.String(), command.ProcessState.ExitCode()
}

// kubeconfig writes one that leads to a server.
func kubeconfig(t *testing.T, server string) string {
	t.Helper()
	return write(t, `apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "`+server+`"}}]
users: [{name: u}]
contexts: [{name: c, context: {cluster: c, user: u}}]
current-context: c
`)
}

func write(t *testing.T, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	return file
}

// closedPort is the address of a server that is no more.
func closedPort() string {
	server := httptest.NewServer(nil)
	server.Close()
	return server.URL
}

func TestWhatKeepsTheControllerFromStartingIsOneLine(t *testing.T) {
	// A Kubernetes API that knows its version and nothing else.
	kubernetes := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"major": "1", "minor": "36", "gitVersion": "v1.36.3"}`)
	}))
	defer kubernetes.Close()
	// An AWS that knows nobody.
	stranger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `<ErrorResponse><Error><Code>InvalidClientTokenId</Code><Message>The security token included in the request is invalid.</Message></Error></ErrorResponse>`)
	}))
	defer stranger.Close()
	controller := func(args ...string) []string {
		return append([]string{"controller", "--cluster-name", "prod"}, args...)
	}
	good := kubeconfig(t, kubernetes.URL)
	keys := []string{"AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b"}
	region := "AWS_REGION=us-east-1"
	for _, row := range []struct {
		reason string
		env    []string
		args   []string
		says   []string
	}{
		{"nobody says which cluster this is", nil, []string{"controller"}, []string{"--cluster-name is required"}},
		{"a name that AWS takes in no tag", nil, []string{"controller", "--cluster-name", "prod\n"}, []string{`--cluster-name "prod\n" cannot be the value of an AWS tag`}},
		{"a flag that does not exist", nil, controller("--colour", "red"), []string{"unknown flag: --colour"}},
		{"a flag whose value is nonsense", nil, controller("--observe-interval", "often"), []string{"--observe-interval", "often"}},
		{"an interval that is none", nil, controller("--observe-interval", "0s"), []string{"--observe-interval 0s is too short"}},
		{"nobody to do the work", nil, controller("--workers", "0"), []string{"--workers 0"}},
		{"a kind that there is not", nil, controller("--kinds", "Model,TrainJob"), []string{`--kinds: there is no kind "TrainJob"; there are App, `}},
		{"labels that are none", nil, controller("--watch-label-selector", "tier in gold"), []string{"--watch-label-selector: "}},
		{"an endpoint that is no URL", nil, controller("--sagemaker-endpoint-url", "vpce-1"), []string{`--sagemaker-endpoint-url: "vpce-1" is no endpoint URL: write https://<host>`}},
		{"a policy that there is not", nil, controller("--deletion-policy", "Keep"), []string{`--deletion-policy "Keep" is none of Delete, Purge and Retain`}},
		{"an argument too many", nil, controller("now"), []string{`unknown command "now"`}},
		{"a command that does not exist", nil, []string{"train"}, []string{`unknown command "train"`}},
		{"a kubeconfig that is none", nil, controller("--kubeconfig", write(t, "clusters: [")), []string{"reading the kubeconfig"}},
		{"a kubeconfig that is not there", nil, controller("--kubeconfig", "/nowhere/kubeconfig"), []string{"reading the kubeconfig", "/nowhere/kubeconfig"}},
		{"a kubeconfig of the environment that is none", []string{"KUBECONFIG=" + write(t, "x")}, controller(), []string{"reading the kubeconfig"}},
		{"no cluster at all", nil, controller(), []string{"kubeconfig"}},
		{"a cluster that does not answer", nil, controller("--kubeconfig", kubeconfig(t, closedPort())), []string{"the Kubernetes API at http://127.0.0.1:", "connection refused"}},
		{"no AWS credentials", []string{region}, controller("--kubeconfig", good), []string{"calling AWS: the controller's AWS identity"}},
		{"no AWS region", keys, controller("--kubeconfig", good), []string{"no AWS region"}},
		{
			"an AWS endpoint that does not answer", append([]string{region, "AWS_ENDPOINT_URL=" + closedPort()}, keys...),
			controller("--kubeconfig", good),
			[]string{"operation error STS: GetCallerIdentity", "connection refused"},
		},
		{
			"AWS does not know the credentials", append([]string{region, "AWS_ENDPOINT_URL=" + stranger.URL}, keys...),
			controller("--kubeconfig", good),
			[]string{"calling AWS: ", "The security token included in the request is invalid."},
		},
	} {
		t.Run(row.reason, func(t *testing.T) {
			stdout, stderr, code := run(t, row.env, row.args...)
			require.Equal(t, 1, code)
			require.Empty(t, stdout)
			require.Equal(t, 1, strings.Count(stderr, "\n"), "one line:\n%s", stderr)
			require.True(t, strings.HasPrefix(stderr, "sagemaker-gitops: ") && strings.HasSuffix(stderr, "\n"), stderr)
			for _, words := range row.says {
				require.Contains(t, stderr, words)
			}
		})
	}
}

func TestHelpAndVersion(t *testing.T) {
	stdout, stderr, code := run(t, nil, "controller", "--help")
	require.Zero(t, code)
	require.Empty(t, stderr)
	require.Contains(t, stdout, "--cluster-name")
	require.Contains(t, stdout, "(required)")
	stdout, _, code = run(t, nil, "--version")
	require.Zero(t, code)
	require.Equal(t, "sagemaker-gitops version dev\n", stdout)
}
