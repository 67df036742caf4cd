package simulator_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

func TestTrainingJobLife(t *testing.T) {
	b := start(t, nil)
	out, err := b.CreateTrainingJob(t.Context(), trainingInput("Abalone"))
	require.NoError(t, err)
	require.Equal(t, "arn:aws:sagemaker:us-east-1:123456789012:training-job/abalone", aws.ToString(out.TrainingJobArn))
	for _, step := range []struct {
		reason    string
		pass      time.Duration
		status    types.TrainingJobStatus
		secondary types.SecondaryStatus
	}{
		{"instances are prepared first", 0, types.TrainingJobStatusInProgress, types.SecondaryStatusStarting},
		{"nothing moves before its time", 59 * time.Second, types.TrainingJobStatusInProgress, types.SecondaryStatusStarting},
		{"data comes next", time.Second, types.TrainingJobStatusInProgress, types.SecondaryStatusDownloading},
		{"then it trains", 30 * time.Second, types.TrainingJobStatusInProgress, types.SecondaryStatusTraining},
		{"then it uploads", 2 * time.Minute, types.TrainingJobStatusInProgress, types.SecondaryStatusUploading},
		{"then it is done", 20 * time.Second, types.TrainingJobStatusCompleted, types.SecondaryStatusCompleted},
		{"and stays so", 24 * time.Hour, types.TrainingJobStatusCompleted, types.SecondaryStatusCompleted},
	} {
		b.pass(step.pass)
		got := b.training("Abalone")
		require.Equal(t, step.status, got.TrainingJobStatus, step.reason)
		require.Equal(t, step.secondary, got.SecondaryStatus, step.reason)
	}
	done := b.training("Abalone")
	require.Equal(t, "s3://data/out/Abalone/output/model.tar.gz", aws.ToString(done.ModelArtifacts.S3ModelArtifacts))
	require.Equal(t, epoch, done.CreationTime.UTC())
	require.Equal(t, epoch.Add(time.Minute), done.TrainingStartTime.UTC())
	require.Equal(t, epoch.Add(230*time.Second), done.TrainingEndTime.UTC())
	require.Equal(t, epoch.Add(230*time.Second), done.LastModifiedTime.UTC())
	require.EqualValues(t, 170, aws.ToInt32(done.BillableTimeInSeconds))
	require.Len(t, done.SecondaryStatusTransitions, 5)
	require.Equal(t, map[string]string{"num_round": "10"}, done.HyperParameters)
	require.False(t, aws.ToBool(done.EnableNetworkIsolation))
	require.NotNil(t, done.EnableNetworkIsolation, "AWS fills in what was left out")
}

func TestTrainingJobRefusals(t *testing.T) {
	for _, row := range []struct {
		reason  string
		change  func(*sagemaker.CreateTrainingJobInput)
		code    string
		message string
	}{
		{
			"a name is used once",
			func(in *sagemaker.CreateTrainingJobInput) { in.TrainingJobName = aws.String("taken") },
			"ResourceInUse",
			"Training job names must be unique within an AWS account and region, and a training job with this name already exists (arn:aws:sagemaker:us-east-1:123456789012:training-job/taken)",
		},
		{
			"inputs must exist",
			func(in *sagemaker.CreateTrainingJobInput) {
				in.InputDataConfig[0].DataSource.S3DataSource.S3Uri = aws.String("s3://data/absent")
			},
			"ValidationException",
			`No S3 objects found under S3 URL "s3://data/absent" given in input data source. Please ensure that the bucket exists in the selected region (us-east-1), that objects exist under that S3 prefix, and that the role "arn:aws:iam::123456789012:role/sagemaker" has "s3:ListBucket" permissions on bucket "data".`,
		},
		{
			"the API model's pattern",
			func(in *sagemaker.CreateTrainingJobInput) { in.TrainingJobName = aws.String("a.b") },
			"ValidationException",
			"1 validation error detected: Value 'a.b' at 'trainingJobName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}",
		},
		{
			"a role of another account",
			func(in *sagemaker.CreateTrainingJobInput) {
				in.RoleArn = aws.String("arn:aws:iam::999999999999:role/sagemaker")
			},
			"AccessDeniedException", "Cross-account pass role is not allowed.",
		},
		{
			"spot jobs need a waiting time",
			func(in *sagemaker.CreateTrainingJobInput) { in.EnableManagedSpotTraining = aws.Bool(true) },
			"ValidationException", "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to MaxRuntimeInSeconds",
		},
		{
			"nothing to run",
			func(in *sagemaker.CreateTrainingJobInput) { in.ResourceConfig = nil },
			"ValidationException",
			"1 validation error detected: Value null at 'resourceConfig' failed to satisfy constraint: Member must not be null",
		},
	} {
		t.Run(row.reason, func(t *testing.T) {
			b := start(t, nil)
			b.train("taken")
			input := trainingInput("new")
			row.change(input)
			_, err := b.CreateTrainingJob(t.Context(), input)
			requireAPIError(t, err, row.code, row.message)
		})
	}
}

func TestTrainingJobUnknown(t *testing.T) {
	b := start(t, nil)
	_, err := b.DescribeTrainingJob(t.Context(), &sagemaker.DescribeTrainingJobInput{TrainingJobName: aws.String("none")})
	requireAPIError(t, err, "ValidationException", "Requested resource not found.")
	_, err = b.StopTrainingJob(t.Context(), &sagemaker.StopTrainingJobInput{TrainingJobName: aws.String("none")})
	requireAPIError(t, err, "ValidationException", "Requested resource not found.")
}

func TestTrainingJobStop(t *testing.T) {
	for _, row := range []struct {
		reason    string
		after     time.Duration
		status    types.TrainingJobStatus
		secondary types.SecondaryStatus
		artefact  bool
	}{
		{"before it trains there is no model", 30 * time.Second, types.TrainingJobStatusStopped, types.SecondaryStatusStopped, false},
		{"what was trained is kept", 2 * time.Minute, types.TrainingJobStatusStopped, types.SecondaryStatusStopped, true},
		{"too late: it is uploading", 215 * time.Second, types.TrainingJobStatusCompleted, types.SecondaryStatusCompleted, true},
	} {
		t.Run(row.reason, func(t *testing.T) {
			b := start(t, nil)
			b.train("job")
			b.pass(row.after)
			_, err := b.StopTrainingJob(t.Context(), &sagemaker.StopTrainingJobInput{TrainingJobName: aws.String("job")})
			require.NoError(t, err)
			require.Equal(t, types.TrainingJobStatusStopping, b.training("job").TrainingJobStatus)
			b.pass(2 * time.Minute)
			got := b.training("job")
			require.Equal(t, row.status, got.TrainingJobStatus)
			require.Equal(t, row.secondary, got.SecondaryStatus)
			require.Equal(t, row.artefact, got.ModelArtifacts != nil)
			_, err = b.StopTrainingJob(t.Context(), &sagemaker.StopTrainingJobInput{TrainingJobName: aws.String("job")})
			requireAPIError(t, err, "ValidationException", "The request was rejected because the training job is in status "+string(row.status))
		})
	}
}

func TestTrainingJobLimits(t *testing.T) {
	for _, row := range []struct {
		reason    string
		change    func(*sagemaker.CreateTrainingJobInput)
		status    types.TrainingJobStatus
		secondary types.SecondaryStatus
	}{
		{"long enough", func(in *sagemaker.CreateTrainingJobInput) {
			in.StoppingCondition.MaxRuntimeInSeconds = aws.Int32(170)
		}, types.TrainingJobStatusCompleted, types.SecondaryStatusCompleted},
		{"over time while uploading", func(in *sagemaker.CreateTrainingJobInput) {
			in.StoppingCondition.MaxRuntimeInSeconds = aws.Int32(160)
		}, types.TrainingJobStatusCompleted, types.SecondaryStatusCompleted},
		{"runs too long", func(in *sagemaker.CreateTrainingJobInput) {
			in.StoppingCondition.MaxRuntimeInSeconds = aws.Int32(60)
		}, types.TrainingJobStatusStopped, types.SecondaryStatusMaxRuntimeExceeded},
		{"waits and runs too long", func(in *sagemaker.CreateTrainingJobInput) {
			in.EnableManagedSpotTraining = aws.Bool(true)
			in.StoppingCondition.MaxRuntimeInSeconds = aws.Int32(100)
			in.StoppingCondition.MaxWaitTimeInSeconds = aws.Int32(110)
		}, types.TrainingJobStatusStopped, types.SecondaryStatusMaxWaitTimeExceeded},
	} {
		t.Run(row.reason, func(t *testing.T) {
			b := start(t, nil)
			b.train("job", row.change)
			b.pass(time.Hour)
			got := b.training("job")
			require.Equal(t, row.status, got.TrainingJobStatus)
			require.Equal(t, row.secondary, got.SecondaryStatus)
		})
	}
}

func TestTrainingJobFails(t *testing.T) {
	b := start(t, nil)
	_, err := b.Faults().Add(fault.Rule{Action: fault.Fail, Kind: "TrainingJob", Name: "bad-*", Stage: "Training", Reason: "AlgorithmError: exit code 1", Times: 1})
	require.NoError(t, err)
	b.train("bad-1")
	b.train("bad-2")
	b.train("good")
	b.pass(90 * time.Second)
	require.Equal(t, types.SecondaryStatusTraining, b.training("bad-1").SecondaryStatus)
	b.pass(time.Hour)
	got := b.training("bad-1")
	require.Equal(t, types.TrainingJobStatusFailed, got.TrainingJobStatus)
	require.Equal(t, "AlgorithmError: exit code 1", aws.ToString(got.FailureReason))
	require.Equal(t, types.TrainingJobStatusCompleted, b.training("bad-2").TrainingJobStatus, "once is enough")
	require.Equal(t, types.TrainingJobStatusCompleted, b.training("good").TrainingJobStatus)
}

func TestTrainingJobOutputBucketMissing(t *testing.T) {
	b := start(t, nil)
	b.train("job", func(in *sagemaker.CreateTrainingJobInput) {
		in.OutputDataConfig.S3OutputPath = aws.String("s3://absent/out")
	})
	b.pass(time.Hour)
	got := b.training("job")
	require.Equal(t, types.TrainingJobStatusFailed, got.TrainingJobStatus)
	require.Contains(t, aws.ToString(got.FailureReason), "ClientError: Failed to upload the model artifacts to s3://absent/out")
}

func TestTrainingJobDelete(t *testing.T) {
	b := start(t, nil)
	b.train("job", func(in *sagemaker.CreateTrainingJobInput) {
		in.ResourceConfig.KeepAlivePeriodInSeconds = aws.Int32(600)
	})
	del := &sagemaker.DeleteTrainingJobInput{TrainingJobName: aws.String("job")}
	_, err := b.DeleteTrainingJob(t.Context(), del)
	requireAPIError(t, err, "ValidationException", "The request was rejected because the training job is in status InProgress")
	b.pass(5 * time.Minute)
	require.Equal(t, types.WarmPoolResourceStatusAvailable, b.training("job").WarmPoolStatus.Status)
	_, err = b.DeleteTrainingJob(t.Context(), del)
	require.ErrorContains(t, err, "Available warm pool")
	b.pass(10 * time.Minute)
	require.Equal(t, types.WarmPoolResourceStatusTerminated, b.training("job").WarmPoolStatus.Status)
	_, err = b.DeleteTrainingJob(t.Context(), del)
	require.NoError(t, err)
	require.Equal(t, types.TrainingJobStatusDeleting, b.training("job").TrainingJobStatus)
	_, err = b.CreateTrainingJob(t.Context(), trainingInput("job"))
	require.ErrorContains(t, err, "already exists", "the name is taken until the job is gone")
	b.pass(30 * time.Second)
	_, err = b.DescribeTrainingJob(t.Context(), &sagemaker.DescribeTrainingJobInput{TrainingJobName: aws.String("job")})
	requireAPIError(t, err, "ValidationException", "Requested resource not found.")
	b.train("job")
	require.Equal(t, types.SecondaryStatusStarting, b.training("job").SecondaryStatus, "the name is free again")
}

func TestTrainingJobUpdate(t *testing.T) {
	b := start(t, nil)
	b.train("job", func(in *sagemaker.CreateTrainingJobInput) {
		in.ResourceConfig.KeepAlivePeriodInSeconds = aws.Int32(600)
	})
	keep := &sagemaker.UpdateTrainingJobInput{
		TrainingJobName: aws.String("job"), ResourceConfig: &types.ResourceConfigForUpdate{KeepAlivePeriodInSeconds: aws.Int32(1200)},
	}
	profile := &sagemaker.UpdateTrainingJobInput{
		TrainingJobName: aws.String("job"), ProfilerConfig: &types.ProfilerConfigForUpdate{DisableProfiler: aws.Bool(true)},
	}
	_, err := b.UpdateTrainingJob(t.Context(), keep)
	require.ErrorContains(t, err, "no Available warm pool", "the pool is in use while the job runs")
	_, err = b.UpdateTrainingJob(t.Context(), profile)
	requireAPIError(t, err, "ValidationException", "Training job (arn:aws:sagemaker:us-east-1:123456789012:training-job/job) cannot be updated while its secondary status is Starting.")
	b.pass(time.Minute)
	_, err = b.UpdateTrainingJob(t.Context(), profile)
	require.NoError(t, err)
	require.Equal(t, types.ProfilingStatusDisabled, b.training("job").ProfilingStatus)
	b.pass(5 * time.Minute)
	_, err = b.UpdateTrainingJob(t.Context(), profile)
	requireAPIError(t, err, "ValidationException", "The request was rejected because the training job is in status Completed")
	_, err = b.UpdateTrainingJob(t.Context(), keep)
	require.NoError(t, err)
	b.pass(10 * time.Minute)
	require.Equal(t, types.WarmPoolResourceStatusAvailable, b.training("job").WarmPoolStatus.Status, "kept for longer")
	b.pass(10 * time.Minute)
	require.Equal(t, types.WarmPoolResourceStatusTerminated, b.training("job").WarmPoolStatus.Status)
	keep.ProfilerConfig = profile.ProfilerConfig
	_, err = b.UpdateTrainingJob(t.Context(), keep)
	require.ErrorContains(t, err, "cannot be updated together")
}

func TestTrainingJobProfilerRules(t *testing.T) {
	b := start(t, nil)
	b.train("job")
	b.pass(2 * time.Minute)
	rule := func(name string) types.ProfilerRuleConfiguration {
		return types.ProfilerRuleConfiguration{RuleConfigurationName: &name, RuleEvaluatorImage: aws.String("debugger:1")}
	}
	update := func(rules ...types.ProfilerRuleConfiguration) error {
		_, err := b.UpdateTrainingJob(t.Context(), &sagemaker.UpdateTrainingJobInput{
			TrainingJobName: aws.String("job"), ProfilerRuleConfigurations: rules,
		})
		return err
	}
	require.NoError(t, update(rule("one")))
	require.ErrorContains(t, update(rule("one"), rule("two")), "cannot modify the existing profiler rule one")
	require.NoError(t, update(rule("two")))
	require.Len(t, b.training("job").ProfilerRuleConfigurations, 2, "those that there were stay")
}

func TestTrainingJobRemoteDebug(t *testing.T) {
	b := start(t, nil)
	b.train("job")
	debug := func() error {
		_, err := b.UpdateTrainingJob(t.Context(), &sagemaker.UpdateTrainingJobInput{
			TrainingJobName: aws.String("job"), RemoteDebugConfig: &types.RemoteDebugConfigForUpdate{EnableRemoteDebug: aws.Bool(true)},
		})
		return err
	}
	require.ErrorContains(t, debug(), "Starting")
	b.pass(time.Minute)
	require.NoError(t, debug(), "while it downloads")
	b.pass(2*time.Minute + 35*time.Second)
	require.Equal(t, types.SecondaryStatusUploading, b.training("job").SecondaryStatus)
	require.ErrorContains(t, debug(), "it must be Downloading or Training")
}

func TestTrainingJobModel(t *testing.T) {
	for _, row := range []struct {
		reason      string
		compression types.OutputCompressionType
		uri, key    string
	}{
		{"an archive", types.OutputCompressionTypeGzip, "s3://data/out/job/output/model.tar.gz", "out/job/output/model.tar.gz"},
		{"files as they are", types.OutputCompressionTypeNone, "s3://data/out/job/output/model/", "out/job/output/model/model.tar"},
	} {
		b := start(t, nil)
		b.train("job", func(in *sagemaker.CreateTrainingJobInput) { in.OutputDataConfig.CompressionType = row.compression })
		b.pass(time.Hour)
		content, err := b.GetObject("data", row.key)
		require.NoError(t, err, row.reason)
		unzipped, err := gzip.NewReader(bytes.NewReader(content))
		require.NoError(t, err, row.reason)
		files := tar.NewReader(unzipped)
		_, err = files.Next()
		require.NoError(t, err, row.reason)
		description, err := io.ReadAll(files)
		require.NoError(t, err, row.reason)
		require.Contains(t, string(description), `"num_round": "10"`, row.reason)
		require.Equal(t, row.uri, aws.ToString(b.training("job").ModelArtifacts.S3ModelArtifacts), row.reason)
	}
}

// TestTrainingJobMetrics: a job comes to what the first rule for its hyperparameters
// says, and to nothing if there is none.
func TestTrainingJobMetrics(t *testing.T) {
	b := start(t, nil)
	for _, rule := range []string{
		`{"action": "measure", "hyperParameters": {"num_round": "50"}, "metrics": {"validation:rmse": 2.2, "train:rmse": 1.9}}`,
		`{"action": "measure", "hyperParameters": {"num_round": "7?"}, "metrics": {"validation:rmse": 2.08}}`,
	} {
		status, answer := b.control("POST", "faults", rule)
		require.Equal(t, 200, status, answer)
	}
	for _, row := range []struct {
		reason, rounds string
		want           map[string]float32
	}{
		{"the first rule", "50", map[string]float32{"validation:rmse": 2.2, "train:rmse": 1.9}},
		{"a pattern", "75", map[string]float32{"validation:rmse": 2.08}},
		{"no rule", "100", nil},
	} {
		input := trainingInput("rounds-" + row.rounds)
		input.HyperParameters["num_round"] = row.rounds
		_, err := b.CreateTrainingJob(t.Context(), input)
		require.NoError(t, err)
		b.pass(time.Hour)
		var got map[string]float32
		for _, m := range b.training("rounds-" + row.rounds).FinalMetricDataList {
			if got == nil {
				got = map[string]float32{}
			}
			got[aws.ToString(m.MetricName)] = aws.ToFloat32(m.Value)
		}
		require.Equal(t, row.want, got, row.reason)
	}
}
