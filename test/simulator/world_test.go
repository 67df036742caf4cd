package simulator_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
)

func TestEventualConsistency(t *testing.T) {
	b := start(t, func(o *simulator.Options) { o.ConsistencyWindow, o.Seed = 2*time.Second, 7 })
	describe := &sagemaker.DescribeTrainingJobInput{TrainingJobName: aws.String("job")}
	b.train("job", func(in *sagemaker.CreateTrainingJobInput) {
		in.Tags = []types.Tag{{Key: aws.String("owner"), Value: aws.String("me")}}
	})
	_, err := b.DescribeTrainingJob(t.Context(), describe)
	requireAPIError(t, err, "ValidationException", "Requested resource not found.")
	list, err := b.ListTrainingJobs(t.Context(), &sagemaker.ListTrainingJobsInput{})
	require.NoError(t, err)
	require.Empty(t, list.TrainingJobSummaries)
	_, err = b.CreateTrainingJob(t.Context(), trainingInput("job"))
	require.ErrorContains(t, err, "already exists", "writes are consistent")
	require.True(t, b.Exists("TrainingJob", "job"), "inspection sees all")
	b.pass(2 * time.Second)
	require.Equal(t, "job", aws.ToString(b.training("job").TrainingJobName))
	b.pass(2 * time.Second)
	require.Equal(t, map[string]string{"owner": "me"}, b.tags())
	_, err = b.AddTags(t.Context(), &sagemaker.AddTagsInput{
		ResourceArn: aws.String(arnPrefix + "training-job/job"), Tags: []types.Tag{{Key: aws.String("owner"), Value: aws.String("you")}},
	})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"owner": "me"}, b.tags(), "tags lag behind too")
	b.pass(2 * time.Second)
	require.Equal(t, map[string]string{"owner": "you"}, b.tags())
}

func TestEventualConsistencyOfDependants(t *testing.T) {
	b := start(t, func(o *simulator.Options) { o.ConsistencyWindow = 2 * time.Second })
	b.model("one")
	create := &sagemaker.CreateEndpointConfigInput{
		EndpointConfigName: aws.String("c"), ProductionVariants: []types.ProductionVariant{variant("v", "one", 1)},
	}
	_, err := b.CreateEndpointConfig(t.Context(), create)
	requireAPIError(t, err, "ValidationException", `Could not find model "`+arnPrefix+`model/one".`)
	b.pass(2 * time.Second)
	_, err = b.CreateEndpointConfig(t.Context(), create)
	require.NoError(t, err)
	endpoint := &sagemaker.CreateEndpointInput{EndpointName: aws.String("e"), EndpointConfigName: aws.String("c")}
	_, err = b.CreateEndpoint(t.Context(), endpoint)
	requireAPIError(t, err, "ValidationException", `Could not find endpoint configuration "`+arnPrefix+`endpoint-config/c".`)
	b.pass(2 * time.Second)
	_, err = b.CreateEndpoint(t.Context(), endpoint)
	require.NoError(t, err)
}

func TestSameSeedSameConsistency(t *testing.T) {
	visible := func(seed uint64) time.Duration {
		b := start(t, func(o *simulator.Options) { o.ConsistencyWindow, o.Seed = time.Hour, seed })
		b.train("job")
		for passed := time.Duration(0); ; passed += time.Minute {
			if _, err := b.DescribeTrainingJob(t.Context(), &sagemaker.DescribeTrainingJobInput{TrainingJobName: aws.String("job")}); err == nil {
				return passed
			}
			b.pass(time.Minute)
		}
	}
	first, again, other := visible(1), visible(1), visible(2)
	require.Equal(t, first, again)
	require.NotEqual(t, first, other)
}

func TestRolePropagation(t *testing.T) {
	b := start(t, func(o *simulator.Options) { o.RolePropagation = 10 * time.Second })
	b.train("known") // roles never added can be assumed
	b.AddRole(role)
	_, err := b.CreateTrainingJob(t.Context(), trainingInput("new"))
	requireAPIError(t, err, "ValidationException", "Could not assume role "+role+". Please ensure that the role exists and allows principal 'sagemaker.amazonaws.com' to assume the role.")
	b.pass(10 * time.Second)
	b.train("new")
}

func TestQuotas(t *testing.T) {
	b := start(t, func(o *simulator.Options) {
		o.Quotas = map[string]int{
			"ml.m5.xlarge for training job usage": 2, "ml.p3.2xlarge for training job usage": 0,
			"ml.m5.large for endpoint usage": 2, "ml.m5.large for processing job usage": 0,
		}
	})
	b.train("first")
	two := func(in *sagemaker.CreateTrainingJobInput) { in.ResourceConfig.InstanceCount = aws.Int32(2) }
	gpu := func(in *sagemaker.CreateTrainingJobInput) {
		in.ResourceConfig.InstanceType = types.TrainingInstanceTypeMlP32xlarge
	}
	for _, row := range []struct {
		reason  string
		change  func(*sagemaker.CreateTrainingJobInput)
		message string
	}{
		{"none left", two, "The account-level service limit 'ml.m5.xlarge for training job usage' is 2 Instances, with current utilization of 1 Instances and a request delta of 2 Instances. Please contact AWS support to request an increase for this limit."},
		{"none ever", gpu, "The account-level service limit 'ml.p3.2xlarge for training job usage' is 0 Instances, with current utilization of 0 Instances and a request delta of 1 Instances. Please contact AWS support to request an increase for this limit."},
	} {
		input := trainingInput("second")
		row.change(input)
		_, err := b.CreateTrainingJob(t.Context(), input)
		requireAPIError(t, err, "ResourceLimitExceeded", row.message)
	}
	_, err := b.CreateProcessingJob(t.Context(), processingInput("none"))
	require.ErrorContains(t, err, "'ml.m5.large for processing job usage' is 0 Instances")
	b.pass(time.Hour)
	b.train("second", two)

	b.serve()
	b.update("two")
	b.pass(10 * time.Minute)
	scale := &sagemaker.UpdateEndpointWeightsAndCapacitiesInput{
		EndpointName: aws.String("ep"), DesiredWeightsAndCapacities: []types.DesiredWeightAndCapacity{{VariantName: aws.String("AllTraffic"), DesiredInstanceCount: aws.Int32(3)}},
	}
	_, err = b.UpdateEndpointWeightsAndCapacities(t.Context(), scale)
	require.ErrorContains(t, err, "is 2 Instances, with current utilization of 1 Instances and a request delta of 2 Instances")
	scale.DesiredWeightsAndCapacities[0].DesiredInstanceCount = aws.Int32(2)
	_, err = b.UpdateEndpointWeightsAndCapacities(t.Context(), scale)
	require.NoError(t, err)
	b.pass(10 * time.Minute)
	_, err = b.UpdateEndpoint(t.Context(), &sagemaker.UpdateEndpointInput{EndpointName: aws.String("ep"), EndpointConfigName: aws.String("one")})
	require.ErrorContains(t, err, "current utilization of 2 Instances and a request delta of 1 Instances", "both fleets count during an update")
}

func TestThrottling(t *testing.T) {
	b := start(t, func(o *simulator.Options) { o.Throttle = simulator.DefaultThrottle() })
	list := func() error {
		_, err := b.ListTrainingJobs(t.Context(), &sagemaker.ListTrainingJobsInput{})
		return err
	}
	for range 4 {
		require.NoError(t, list(), "the burst")
	}
	requireAPIError(t, list(), "ThrottlingException", "Rate exceeded")
	_, err := b.ListModels(t.Context(), &sagemaker.ListModelsInput{})
	require.NoError(t, err, "each operation has its own bucket")
	b.pass(time.Second)
	require.NoError(t, list())
	require.NoError(t, list())
	require.Error(t, list(), "two a second")
}

func TestScopesAreApart(t *testing.T) {
	b := start(t, nil)
	b.train("job")
	for _, row := range []struct {
		reason string
		change func(*aws.Config)
		arn    string
	}{
		{"another region", func(c *aws.Config) { c.Region = "eu-west-1" }, "arn:aws:sagemaker:eu-west-1:123456789012:training-job/job"},
		{"another partition", func(c *aws.Config) { c.Region = "cn-north-1" }, "arn:aws-cn:sagemaker:cn-north-1:123456789012:training-job/job"},
		{"another account", func(c *aws.Config) {
			c.Credentials = credentials.NewStaticCredentialsProvider("999999999999", "x", "")
		}, "arn:aws:sagemaker:us-east-1:999999999999:training-job/job"},
	} {
		config := b.config.Copy()
		row.change(&config)
		client := sagemaker.NewFromConfig(config)
		list, err := client.ListTrainingJobs(t.Context(), &sagemaker.ListTrainingJobsInput{})
		require.NoError(t, err)
		require.Empty(t, list.TrainingJobSummaries, row.reason)
		input := trainingInput("job")
		if row.reason == "another account" {
			input.RoleArn = aws.String("arn:aws:iam::999999999999:role/sagemaker")
		}
		out, err := client.CreateTrainingJob(t.Context(), input)
		require.NoError(t, err, row.reason)
		require.Equal(t, row.arn, aws.ToString(out.TrainingJobArn), row.reason)
	}
	require.Len(t, b.Objects("TrainingJob"), 4)
}

func TestTags(t *testing.T) {
	b := start(t, nil)
	arn := arnPrefix + "training-job/job"
	b.train("job", func(in *sagemaker.CreateTrainingJobInput) {
		in.Tags = []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}}
	})
	_, err := b.AddTags(t.Context(), &sagemaker.AddTagsInput{ResourceArn: aws.String(arn), Tags: []types.Tag{
		{Key: aws.String("a"), Value: aws.String("2")}, {Key: aws.String("b"), Value: aws.String("3")},
	}})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"a": "2", "b": "3"}, b.tags())
	_, err = b.DeleteTags(t.Context(), &sagemaker.DeleteTagsInput{ResourceArn: aws.String(arn), TagKeys: []string{"a", "absent"}})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"b": "3"}, b.tags())

	many := make([]types.Tag, 0, 50)
	for i := range 50 {
		many = append(many, types.Tag{Key: aws.String("k" + strconv.Itoa(i)), Value: aws.String("")})
	}
	for _, row := range []struct {
		reason string
		arn    string
		tags   []types.Tag
		words  string
	}{
		{"too many", arn, many, "cannot have more than 50 tags"},
		{"reserved", arn, []types.Tag{{Key: aws.String("aws:x"), Value: aws.String("")}}, "aws: prefixed tag key names are not allowed for external use."},
		{"unknown", arnPrefix + "training-job/none", many[:1], "Requested resource not found."},
		{"of another account", "arn:aws:sagemaker:us-east-1:999999999999:training-job/job", many[:1], "Could not find resource"},
	} {
		_, err := b.AddTags(t.Context(), &sagemaker.AddTagsInput{ResourceArn: aws.String(row.arn), Tags: row.tags})
		require.ErrorContains(t, err, row.words, row.reason)
	}
	_, err = b.ListTags(t.Context(), &sagemaker.ListTagsInput{ResourceArn: aws.String(arn), MaxResults: aws.Int32(10)})
	requireAPIError(t, err, "ValidationException", "1 validation error detected: Value '10' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 50")
}

// tags of the training job "job".
func (b *bench) tags() map[string]string {
	b.t.Helper()
	out, err := b.ListTags(b.t.Context(), &sagemaker.ListTagsInput{ResourceArn: aws.String(arnPrefix + "training-job/job")})
	require.NoError(b.t, err)
	tags := map[string]string{}
	for _, tag := range out.Tags {
		tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return tags
}

func TestOneOfManyCreates(t *testing.T) {
	b := start(t, nil)
	results := make(chan error, 20)
	for range cap(results) {
		go func() {
			_, err := b.CreateTrainingJob(context.Background(), trainingInput("job"))
			results <- err
		}()
	}
	created := 0
	for range cap(results) {
		if err := <-results; err == nil {
			created++
		} else {
			require.ErrorContains(t, err, "already exists")
		}
	}
	require.Equal(t, 1, created)
}
