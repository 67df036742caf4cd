package bench

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
)

// Data as the examples want them; what is in them plays no part.
const abalone = "15 1:3 2:0.455 3:0.365 4:0.095 5:0.514 6:0.2245 7:0.101 8:0.15\n"

func (b *Bench) startAWS(options Options) error {
	log, err := os.Create(filepath.Join(b.Cluster.Dir, "simulator.log"))
	if err != nil {
		return err
	}
	b.awsLog = log
	server, err := simulator.New(simulator.Options{
		Account: Account, Region: Region,
		Durations: options.durations(),
		Throttle:  simulator.DefaultThrottle(),
		Logger:    slog.New(slog.NewTextHandler(log, nil)),
	})
	if err != nil {
		return err
	}
	for _, key := range []string{"abalone/raw/part-0", "abalone/train/part-0", "abalone/validation/part-0"} {
		if err := server.PutObject(Bucket, key, []byte(abalone)); err != nil {
			return err
		}
	}
	if err := server.Start(); err != nil {
		return err
	}
	b.AWS = server
	return nil
}

// AWSEnv are the environment variables by which any AWS SDK or CLI reaches the
// simulator, as NAME=value.
func (b *Bench) AWSEnv() []string {
	return []string{
		"AWS_ENDPOINT_URL=" + b.AWS.URL(),
		"AWS_REGION=" + Region,
		"AWS_ACCESS_KEY_ID=" + simulator.AccessKey,
		"AWS_SECRET_ACCESS_KEY=" + simulator.SecretKey,
	}
}

// AWSConfig is for SDK clients. Their requests are made once: what fails is
// not hidden by another try.
func (b *Bench) AWSConfig(ctx context.Context) (aws.Config, error) {
	config, err := b.AWS.AWSConfig(ctx)
	config.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	return config, err
}
