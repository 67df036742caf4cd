package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

// TestCommandServes uses the simulator as any program does: by the
// environment that the command prints.
func TestCommandServes(t *testing.T) {
	objects := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(objects, "data", "train"), 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(objects, "data", "train", "part-0"), []byte("1"), 0o600))

	ctx, stop := context.WithCancel(t.Context())
	out, printed := io.Pipe()
	cmd := command()
	cmd.SetArgs([]string{"--address", "127.0.0.1:0", "--objects", objects, "--bucket", "empty", "--virtual-clock", "--speed", "10"})
	cmd.SetOut(printed)
	done := make(chan error, 1)
	go func() { done <- cmd.ExecuteContext(ctx) }()
	lines := bufio.NewScanner(out)
	for range 4 {
		require.True(t, lines.Scan())
		name, value, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "export "), "=")
		t.Setenv(name, value)
	}
	loaded, err := config.LoadDefaultConfig(ctx)
	require.NoError(t, err)
	_, err = sagemaker.NewFromConfig(loaded).ListTrainingJobs(ctx, &sagemaker.ListTrainingJobsInput{})
	require.NoError(t, err)
	client := s3.NewFromConfig(loaded)
	_, err = client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String("data"), Key: aws.String("train/part-0")})
	require.NoError(t, err)
	_, err = client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String("empty")})
	require.NoError(t, err)
	stop()
	require.NoError(t, <-done)
}

func TestFlagsAreDocumented(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	require.NoError(t, err)
	command().Flags().VisitAll(func(flag *pflag.Flag) {
		require.Contains(t, string(readme), "`--"+flag.Name+"`")
	})
}

func TestCommandRefuses(t *testing.T) {
	loose := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(loose, "file"), nil, 0o600))
	for _, row := range []struct {
		reason  string
		args    []string
		message string
	}{
		{"no flag of ours", []string{"--colour"}, "unknown flag: --colour"},
		{"no argument of ours", []string{"now"}, `unknown command "now" for "sagemaker-simulator"`},
		{"no duration", []string{"--duration", "Endpoint/Creating=soon"}, "--duration Endpoint/Creating=soon: not a duration such as 90s or 10m"},
		{"no stage", []string{"--duration", "Endpoint/Sleeping=1s"}, `unknown stage "Endpoint/Sleeping"`},
		{"no limit", []string{"--quota", "x=many"}, "--quota x=many: not a whole number"},
		{"no speed", []string{"--speed", "0"}, "--speed 0: must be above 0"},
		{"no window", []string{"--consistency-window", "-1s"}, "must not be negative"},
		{"no account", []string{"--account", "mine"}, `account "mine" is not 12 digits`},
		{"no directory", []string{"--objects", filepath.Join(loose, "absent")}, "no such file or directory"},
		{"no bucket", []string{"--objects", loose}, "is in no bucket's folder"},
		{"no address", []string{"--address", "here"}, "start the simulator: listen tcp"},
	} {
		cmd := command()
		cmd.SetArgs(row.args)
		cmd.SetOut(io.Discard)
		cmd.SetErr(io.Discard)
		err := cmd.ExecuteContext(t.Context())
		require.ErrorContains(t, err, row.message, row.reason)
		require.NotContains(t, err.Error(), "\n", row.reason)
	}
}
