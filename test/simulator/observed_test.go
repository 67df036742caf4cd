package simulator_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
)

// asObserved runs a simulator whose answers are as AWS's were seen to be.
func asObserved(t *testing.T, seed uint64) *bench {
	t.Helper()
	return start(t, func(o *simulator.Options) { o.AsObserved, o.Seed, o.ConsistencyWindow = true, seed, time.Millisecond })
}

// In the mode answers are still ones that the SDK reads, whatever the seed.
func TestAnswersAsObserved(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			b := asObserved(t, seed)
			b.pass(time.Second)
			b.train("job", func(in *sagemaker.CreateTrainingJobInput) {
				in.VpcConfig = &types.VpcConfig{SecurityGroupIds: []string{"sg-1"}, Subnets: []string{"subnet-1", "subnet-2", "subnet-3"}}
				in.InputDataConfig = nil
				in.Tags = []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}
			})
			b.pass(time.Hour)
			job := b.training("job")
			require.NotNil(t, job.InputDataConfig, "an empty list is filled in")
			require.Empty(t, job.InputDataConfig)
			require.ElementsMatch(t, []string{"subnet-1", "subnet-2", "subnet-3"}, job.VpcConfig.Subnets)
		})
	}
}

// ListTags lags by up to twenty seconds, and has no order.
func TestTagsLagAsObserved(t *testing.T) {
	b := asObserved(t, 1)
	tags := []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}, {Key: aws.String("b"), Value: aws.String("2")}, {Key: aws.String("c"), Value: aws.String("3")}}
	out, err := b.CreateModelPackageGroup(t.Context(), &sagemaker.CreateModelPackageGroupInput{ModelPackageGroupName: aws.String("versions"), Tags: tags})
	require.NoError(t, err)
	listed := func() []types.Tag {
		answer, err := b.ListTags(t.Context(), &sagemaker.ListTagsInput{ResourceArn: out.ModelPackageGroupArn})
		require.NoError(t, err)
		return answer.Tags
	}
	lagged := time.Duration(0)
	for b.pass(time.Second); len(listed()) == 0; b.pass(time.Second) {
		lagged += time.Second
	}
	require.Positive(t, lagged)
	require.LessOrEqual(t, lagged, 20*time.Second)
	orders := map[string]bool{}
	for range 20 {
		b.pass(time.Second)
		order := make([]string, 0, 4)
		for _, tag := range listed() {
			order = append(order, *tag.Key)
		}
		orders[strings.Join(order, " ")] = true
	}
	require.Greater(t, len(orders), 1)
}
