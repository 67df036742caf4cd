package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
)

type flags struct {
	address, account, region string
	durations, quotas        map[string]string
	speed                    float64
	consistency, propagation time.Duration
	throttle, virtual        bool
	asObserved               bool
	seed                     uint64
	objects                  string
	buckets                  []string
}

func command() *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use:           "sagemaker-simulator",
		Short:         "Serve a simulated Amazon SageMaker on one local port",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return run(cmd, f) },
	}
	set := cmd.Flags()
	set.StringVar(&f.address, "address", "127.0.0.1:4566", "address to listen on; port 0 takes a free one")
	set.StringVar(&f.account, "account", "123456789012", "account of callers whose access key is not 12 digits")
	set.StringVar(&f.region, "region", "us-east-1", "region printed for callers")
	set.StringToStringVar(&f.durations, "duration", nil, "durations of stages, as Kind/Stage=duration; GET /_simulator/stages lists them")
	set.Float64Var(&f.speed, "speed", 1, "divide the default durations by this, so that an endpoint takes seconds")
	set.DurationVar(&f.consistency, "consistency-window", 2*time.Second, "longest time until reads see new objects; 0 is at once")
	set.DurationVar(&f.propagation, "role-propagation", 10*time.Second, "time until a role made known as new can be assumed; 0 is at once")
	set.StringToStringVar(&f.quotas, "quota", nil, "quotas, as name=limit: \"ml.m5.xlarge for training job usage\"=2")
	set.BoolVar(&f.throttle, "throttle", true, "refuse callers that ask faster than AWS is assumed to allow")
	set.BoolVar(&f.virtual, "virtual-clock", false, "let time stand still but for POST /_simulator/clock")
	set.BoolVar(&f.asObserved, "as-observed", false, "change answers the way AWS was seen to: fill in, leave out, reorder, rewrite; "+
		"--seed decides where sources disagree")
	set.Uint64Var(&f.seed, "seed", 0, "decides all that varies")
	set.StringVar(&f.objects, "objects", "", "directory with S3 objects to begin with, as bucket/key")
	set.StringSliceVar(&f.buckets, "bucket", nil, "S3 buckets to begin with")
	return cmd
}

func run(cmd *cobra.Command, f flags) error {
	options, err := f.options()
	if err != nil {
		return err
	}
	options.Logger = slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
	server, err := simulator.New(options)
	if err != nil {
		return err
	}
	for _, bucket := range f.buckets {
		if err := server.CreateBucket(bucket); err != nil {
			return err
		}
	}
	if f.objects != "" {
		if err := seed(server, f.objects); err != nil {
			return err
		}
	}
	if err := server.Start(); err != nil {
		return err
	}
	for _, line := range []string{
		"AWS_ENDPOINT_URL=" + server.URL(),
		"AWS_REGION=" + options.Region,
		"AWS_ACCESS_KEY_ID=" + simulator.AccessKey,
		"AWS_SECRET_ACCESS_KEY=" + simulator.SecretKey,
	} {
		if _, err := fmt.Fprintln(cmd.OutOrStdout(), "export "+line); err != nil {
			return errors.Join(err, server.Close())
		}
	}
	<-cmd.Context().Done()
	return server.Close()
}

func (f flags) options() (simulator.Options, error) {
	options := simulator.Options{
		Address: f.address, Account: f.account, Region: f.region, Seed: f.seed, AsObserved: f.asObserved,
		ConsistencyWindow: orOff(f.consistency), RolePropagation: orOff(f.propagation),
		Durations: map[string]time.Duration{}, Quotas: map[string]int{},
	}
	if f.speed <= 0 {
		return options, fmt.Errorf("--speed %v: must be above 0", f.speed)
	}
	if f.consistency < 0 || f.propagation < 0 {
		return options, errors.New("--consistency-window and --role-propagation must not be negative")
	}
	for stage, lasts := range simulator.Stages() {
		options.Durations[stage] = time.Duration(float64(lasts) / f.speed)
	}
	for stage, text := range f.durations {
		lasts, err := time.ParseDuration(text)
		if err != nil {
			return options, fmt.Errorf("--duration %s=%s: not a duration such as 90s or 10m", stage, text)
		}
		options.Durations[stage] = lasts
	}
	for quota, text := range f.quotas {
		limit, err := strconv.Atoi(text)
		if err != nil {
			return options, fmt.Errorf("--quota %s=%s: not a whole number", quota, text)
		}
		options.Quotas[quota] = limit
	}
	if f.throttle {
		options.Throttle = simulator.DefaultThrottle()
	}
	if f.virtual {
		options.Clock = clocktesting.NewFakeClock(time.Now())
	}
	return options, nil
}

// orOff makes a flag's 0 the option's Off.
func orOff(d time.Duration) time.Duration {
	if d == 0 {
		return simulator.Off
	}
	return d
}

// seed writes each file below a directory as an S3 object: the first folder is
// the bucket.
func seed(server *simulator.Server, directory string) error {
	return filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("--objects: %w", err)
		}
		if entry.IsDir() {
			return nil
		}
		name, err := filepath.Rel(directory, path)
		if err != nil {
			return fmt.Errorf("--objects: %w", err)
		}
		bucket, key, found := strings.Cut(filepath.ToSlash(name), "/")
		if !found {
			return fmt.Errorf("--objects: %s is in no bucket's folder", path)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("--objects: %w", err)
		}
		return server.PutObject(bucket, key, content)
	})
}
