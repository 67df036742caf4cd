package simulator_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

const authorization = "AWS4-HMAC-SHA256 Credential=AKIA/20260301/us-east-1/sagemaker/aws4_request, SignedHeaders=host, Signature=0"

func TestRawRequests(t *testing.T) {
	for _, row := range []struct {
		reason  string
		target  string
		signed  bool
		body    string
		status  int
		answer  string
		similar bool
	}{
		{"no operation of ours", "SageMaker.DescribeCluster", true, "{}", 400, `"UnknownOperationException"`, true},
		{"no service of ours", "Logs_20140328.FilterLogEvents", true, "{}", 400, `"UnknownOperationException"`, true},
		{"unsigned", "SageMaker.ListModels", false, "{}", 400, `{"__type":"MissingAuthenticationTokenException","message":"Missing Authentication Token"}`, false},
		{"no JSON", "SageMaker.ListModels", true, "{", 400, `"SerializationException"`, true},
		{"no object", "SageMaker.ListModels", true, "[]", 400, `"SerializationException"`, true},
		{"two objects", "SageMaker.ListModels", true, "{}{}", 400, `"SerializationException"`, true},
		{"a number for a name", "SageMaker.DescribeModel", true, `{"ModelName":1}`, 400, `{"__type":"SerializationException","message":"NUMBER_VALUE can not be converted to a String"}`, false},
		{"no name", "SageMaker.DescribeModel", true, "{}", 400, `{"__type":"ValidationException","message":"1 validation error detected: Value null at 'modelName' failed to satisfy constraint: Member must not be null"}`, false},
		{"an empty body is an empty object", "SageMaker.ListModels", true, "", 200, `{"Models":[]}`, false},
		{"unknown members are ignored", "SageMaker.ListModels", true, `{"Colour":"red"}`, 200, `{"Models":[]}`, false},
	} {
		t.Run(row.reason, func(t *testing.T) {
			b := start(t, nil)
			headers := map[string]string{"X-Amz-Target": row.target, "Content-Type": "application/x-amz-json-1.1"}
			if row.signed {
				headers["Authorization"] = authorization
			}
			status, answer := b.post(headers, strings.NewReader(row.body))
			require.Equal(t, row.status, status)
			if row.similar {
				require.Contains(t, answer, row.answer)
			} else {
				require.Equal(t, row.answer, answer)
			}
		})
	}
}

func TestThrottleIsAWSsByteForByte(t *testing.T) {
	b := start(t, func(o *simulator.Options) {
		o.Throttle = map[string]simulator.Rate{"ListModels": {PerSecond: 1, Burst: 1}}
	})
	headers := map[string]string{"X-Amz-Target": "SageMaker.ListModels", "Authorization": authorization}
	status, _ := b.post(headers, strings.NewReader("{}"))
	require.Equal(t, 200, status)
	status, body := b.post(headers, strings.NewReader("{}"))
	require.Equal(t, 400, status)
	const want = `{"__type":"ThrottlingException","message":"Rate exceeded"}`
	require.True(t, body == want, "%s is not %s", body, want) //nolint:testifylint // every byte counts, not the JSON alone
	require.Len(t, body, 58)
}

func TestSTS(t *testing.T) {
	b := start(t, nil)
	client := sts.NewFromConfig(b.config)
	me, err := client.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	require.NoError(t, err)
	require.Equal(t, "123456789012", aws.ToString(me.Account))
	require.Equal(t, "arn:aws:iam::123456789012:user/simulated", aws.ToString(me.Arn))

	other := b.config.Copy()
	other.Credentials = stscreds.NewAssumeRoleProvider(client, "arn:aws:iam::999999999999:role/team/deployer", func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName, o.ExternalID = "controller", aws.String("prod/ml")
	})
	assumed, err := sts.NewFromConfig(other).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	require.NoError(t, err)
	require.Equal(t, "arn:aws:sts::999999999999:assumed-role/deployer/controller", aws.ToString(assumed.Arn))

	input := trainingInput("job")
	input.RoleArn = aws.String("arn:aws:iam::999999999999:role/sagemaker")
	out, err := sagemaker.NewFromConfig(other).CreateTrainingJob(t.Context(), input)
	require.NoError(t, err)
	require.Equal(t, "arn:aws:sagemaker:us-east-1:999999999999:training-job/job", aws.ToString(out.TrainingJobArn))
	require.False(t, b.Exists("TrainingJob", "job"), "not in the default account")

	web, err := client.AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String(role), RoleSessionName: aws.String("pod"), WebIdentityToken: aws.String("token"),
	})
	require.NoError(t, err)
	require.True(t, web.Credentials.Expiration.After(time.Now()), "the SDK keeps them")
	for _, entry := range b.Journal().Entries() {
		require.NotContains(t, entry.Request, "WebIdentityToken", "secrets are not recorded")
	}

	_, err = b.Faults().Add(fault.Rule{Action: fault.Deny, Operation: "AssumeRole", Role: "*/secret"})
	require.NoError(t, err)
	_, err = client.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::123456789012:role/secret"), RoleSessionName: aws.String("s")})
	requireAPIError(t, err, "AccessDenied", "User: arn:aws:iam::123456789012:user/simulated is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::123456789012:role/secret")
	_, err = client.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::123456789012:user/nobody"), RoleSessionName: aws.String("s")})
	requireAPIError(t, err, "ValidationError", "arn:aws:iam::123456789012:user/nobody is invalid")
}

func TestS3(t *testing.T) {
	b := start(t, nil)
	client := b.s3()
	_, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("made")})
	require.NoError(t, err)
	_, err = client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("made"), Key: aws.String("a b/c"), Body: strings.NewReader("content")})
	require.NoError(t, err)
	list, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("made"), Prefix: aws.String("a b/")})
	require.NoError(t, err)
	require.EqualValues(t, 7, aws.ToInt64(list.Contents[0].Size))
	require.Equal(t, map[string]int{"CreateBucket": 1, "PutObject": 1, "ListObjects": 1}, b.Journal().Counts())

	b.train("job")
	b.pass(time.Hour)
	_, err = client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("data"), Key: aws.String("out/job/output/model.tar.gz")})
	require.NoError(t, err, "there as soon as it is due, though nobody asked SageMaker")
}

func TestModelTrainedIsModelServed(t *testing.T) {
	b := start(t, nil)
	b.train("job")
	b.pass(time.Hour)
	input := modelInput("trained")
	input.PrimaryContainer.ModelDataUrl = b.training("job").ModelArtifacts.S3ModelArtifacts
	_, err := b.CreateModel(t.Context(), input)
	require.NoError(t, err)
}

func TestOptions(t *testing.T) {
	for _, row := range []struct {
		reason  string
		options simulator.Options
		message string
	}{
		{"a short account", simulator.Options{Account: "1"}, `account "1" is not 12 digits`},
		{"an unknown stage", simulator.Options{Durations: map[string]time.Duration{"TrainingJob/Sleeping": 1}}, `unknown stage "TrainingJob/Sleeping": known are App/Creating,`},
		{"a duration that is the deployment's", simulator.Options{Durations: map[string]time.Duration{"Endpoint/Shifting": 1}}, `unknown stage "Endpoint/Shifting"`},
		{"time does not go back", simulator.Options{Durations: map[string]time.Duration{"Endpoint/Creating": -1}}, "negative duration"},
		{"nothing ever allowed", simulator.Options{Throttle: map[string]simulator.Rate{"List": {}}}, `throttle "List"`},
		{"less than none", simulator.Options{Quotas: map[string]int{"x": -1}}, "negative limit -1"},
	} {
		_, err := simulator.New(row.options)
		require.ErrorContains(t, err, row.message, row.reason)
	}
}

func TestLife(t *testing.T) {
	server, err := simulator.New(simulator.Options{})
	require.NoError(t, err)
	require.Empty(t, server.URL())
	_, err = server.AWSConfig(t.Context())
	require.EqualError(t, err, "the simulator is not running")
	require.NoError(t, server.Start())
	require.EqualError(t, server.Start(), "the simulator is already running")
	second, err := simulator.New(simulator.Options{Address: strings.TrimPrefix(server.URL(), "http://")})
	require.NoError(t, err)
	require.ErrorContains(t, second.Start(), "address already in use")
	require.NoError(t, server.Close())
	require.NoError(t, server.Close())
}

func TestDurations(t *testing.T) {
	b := start(t, func(o *simulator.Options) {
		o.Durations = map[string]time.Duration{"TrainingJob/Starting": 0, "TrainingJob/Downloading": 0, "TrainingJob/Training": time.Second, "TrainingJob/Uploading": 0}
	})
	b.train("job")
	require.EqualValues(t, "Training", b.training("job").SecondaryStatus)
	b.pass(time.Second)
	require.EqualValues(t, "Completed", b.training("job").SecondaryStatus)
}
