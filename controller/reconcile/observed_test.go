package reconcile

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

func TestBeyond(t *testing.T) {
	for _, row := range []struct {
		reason           string
		want, have, more shape.Tree
	}{
		{"nothing more", shape.Tree{"A": "x"}, shape.Tree{"A": "x"}, shape.Tree{}},
		{"a member AWS chose", shape.Tree{"A": "x"}, shape.Tree{"A": "x", "B": "y"}, shape.Tree{"B": "y"}},
		{"what differs is drift and no default", shape.Tree{"A": "x"}, shape.Tree{"A": "y"}, shape.Tree{}},
		{
			"inside a structure",
			shape.Tree{"A": map[string]any{"B": "x"}},
			shape.Tree{"A": map[string]any{"B": "x", "C": "y"}},
			shape.Tree{"A": map[string]any{"C": "y"}},
		},
		{"lists count as a whole", shape.Tree{"A": []any{"x"}}, shape.Tree{"A": []any{"x", "y"}}, shape.Tree{}},
		{"a list AWS chose", shape.Tree{}, shape.Tree{"A": []any{"x"}}, shape.Tree{"A": []any{"x"}}},
	} {
		t.Run(row.reason, func(t *testing.T) {
			require.Equal(t, row.more, beyond(row.want, row.have))
		})
	}
}

func TestNewest(t *testing.T) {
	list := make([]any, 25)
	for i := range list {
		list[i] = map[string]any{"Number": i}
	}
	got, ok := newest(map[string]any{"Transitions": list, "Status": "x"}, maxList).(map[string]any)
	require.True(t, ok)
	require.Equal(t, "x", got["Status"])
	kept, ok := got["Transitions"].([]any)
	require.True(t, ok)
	require.Len(t, kept, maxList)
	require.Equal(t, []any{map[string]any{"Number": 5}, map[string]any{"Number": 24}}, []any{kept[0], kept[19]}, "AWS appends: the last are the newest")
	require.Equal(t, []any{"a"}, newest([]any{"a"}, maxList))
	require.Nil(t, newest(nil, maxList))
}

// described is what AWS tells of a training job, as shape makes it.
func described() shape.Tree {
	transitions := make([]any, 30)
	for i := range transitions {
		transitions[i] = map[string]any{"Status": strconv.Itoa(i), "StartTime": "2026-03-01T12:00:00Z"}
	}
	return shape.Tree{
		"TrainingJobName": "abalone-a1", "TrainingJobArn": "arn:aws:sagemaker:eu-west-1:123456789012:training-job/abalone-a1",
		"TrainingJobStatus": "InProgress", "SecondaryStatus": "Training", "CreationTime": "2026-03-01T12:00:00.123Z", "TrainingStartTime": "2026-03-01T12:01:00Z",
		"BillableTimeInSeconds": int64(77), "SecondaryStatusTransitions": transitions,
		"RoleArn": "r", "ResourceConfig": map[string]any{"InstanceType": "ml.m5.large", "InstanceCount": int64(1), "VolumeSizeInGB": int64(10)},
		"EnableNetworkIsolation": false, "StoppingCondition": map[string]any{"MaxRuntimeInSeconds": int64(86400)},
		"OutputDataConfig":    map[string]any{"S3OutputPath": "s3://b/k", "KmsKeyId": ""},
		"FinalMetricDataList": []any{map[string]any{"MetricName": "rmse", "Value": 0.1, "Timestamp": "2026-03-01T12:01:00.5Z"}},
	}
}

func TestObserved(t *testing.T) {
	s := newScope(jobKind)
	s.request = shape.Tree{"RoleArn": "r", "ResourceConfig": map[string]any{"InstanceType": "ml.m5.large"}, "OutputDataConfig": map[string]any{"S3OutputPath": "s3://b/k"}}
	s.object.Common().Name, s.object.Common().Region = "abalone-a1", "eu-west-1"
	s.object.Common().ObservedGeneration = 1
	s.observed(described())
	job, ok := s.object.(*v1alpha1.TrainingJob)
	require.True(t, ok)
	status := job.Status

	require.Equal(t, "InProgress", *status.TrainingJobStatus)
	require.Equal(t, "Training", *status.SecondaryStatus)
	require.True(t, status.TrainingStartTime.Equal(timeAt(described(), "TrainingStartTime")))
	require.Equal(t, epoch, status.CreationTime.UTC().Truncate(time.Second))
	require.EqualValues(t, 77, *status.BillableTimeInSeconds)
	require.Len(t, status.SecondaryStatusTransitions, maxList)
	require.Equal(t, "29", *status.SecondaryStatusTransitions[maxList-1].Status)
	require.Equal(t, "rmse", *status.FinalMetricDataList[0].MetricName)

	require.Equal(t, "arn:aws:sagemaker:eu-west-1:123456789012:training-job/abalone-a1", status.ARN)
	require.Equal(t, "https://eu-west-1.console.aws.amazon.com/sagemaker/home?region=eu-west-1#/jobs/abalone-a1", status.ConsoleURL)
	require.JSONEq(t, `{"enableNetworkIsolation":false,"resourceConfig":{"instanceCount":1,"volumeSizeInGB":10},"stoppingCondition":{"maxRuntimeInSeconds":86400}}`,
		string(status.Defaults.Raw), "what AWS chose, under the spec's names")
	require.EqualValues(t, 1, status.ObservedGeneration, "the rest of the status stays")
	require.Equal(t, "abalone-a1", status.Name)

	s.observed(shape.Tree{"TrainingJobArn": status.ARN, "TrainingJobStatus": "Completed"})
	require.Nil(t, job.Status.SecondaryStatus, "what AWS does not tell any more is not told either")
	require.Nil(t, job.Status.Defaults)

	s.observed(shape.Tree{"TrainingJobStatus": int64(1)})
	require.Equal(t, "Completed", *job.Status.TrainingJobStatus, "a member that changed its type changes nothing")
}

func TestConsoleURL(t *testing.T) {
	for _, row := range []struct{ reason, arn, console, want string }{
		{"AWS", "arn:aws:sagemaker:eu-west-1:1:training-job/a", "jobs", "https://eu-west-1.console.aws.amazon.com/sagemaker/home?region=eu-west-1#/jobs/a"},
		{"China", "arn:aws-cn:sagemaker:eu-west-1:1:training-job/a", "jobs", "https://eu-west-1.console.amazonaws.cn/sagemaker/home?region=eu-west-1#/jobs/a"},
		{"US government", "arn:aws-us-gov:sagemaker:eu-west-1:1:training-job/a", "jobs", "https://eu-west-1.console.amazonaws-us-gov.com/sagemaker/home?region=eu-west-1#/jobs/a"},
		{
			"CloudWatch, which has a console of its own", "arn:aws:cloudwatch:eu-west-1:1:alarm:a", "cloudwatch/home#alarmsV2:alarm",
			"https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#alarmsV2:alarm/a",
		},
		{"a partition without a known console", "arn:aws-iso:sagemaker:eu-west-1:1:training-job/a", "jobs", ""},
		{"a kind that is not shown", "arn:aws:sagemaker:eu-west-1:1:training-job/a", "", ""},
		{"no ARN yet", "", "jobs", ""},
	} {
		kind := jobKind
		kind.Console.Path = row.console
		s := newScope(kind)
		s.object.Common().Region, s.object.Common().Name, s.object.Common().ARN = "eu-west-1", "a", row.arn
		require.Equal(t, row.want, s.kind.ConsoleURL(s.object.Common()), row.reason)
	}
}

func TestWhatIsSaidOfAnObject(t *testing.T) {
	for _, row := range []struct {
		reason             string
		kind               Kind
		tree               shape.Tree
		tell, why, failure string
	}{
		{
			"the status and its detail", jobKind,
			shape.Tree{"TrainingJobName": "a", "TrainingJobStatus": "InProgress", "SecondaryStatus": "Downloading"},
			"a InProgress: Downloading", reason.Running, "a InProgress: Downloading",
		},
		{
			"a detail that says the same is left out", jobKind,
			shape.Tree{"TrainingJobName": "a", "TrainingJobStatus": "Completed", "SecondaryStatus": "Completed"},
			"a Completed", reason.Completed, "a Completed",
		},
		{
			"AWS's words come first", jobKind,
			shape.Tree{"TrainingJobName": "a", "TrainingJobStatus": "Failed", "SecondaryStatus": "Failed", "FailureReason": "AlgorithmError: exit code 1"},
			"a Failed", reason.AlgorithmError, "AlgorithmError: exit code 1 (a Failed)",
		},
		{
			"the reason is the detail's", jobKind,
			shape.Tree{"TrainingJobName": "a", "TrainingJobStatus": "Stopped", "SecondaryStatus": "MaxRuntimeExceeded"},
			"a Stopped: MaxRuntimeExceeded", reason.MaxRuntimeExceeded, "a Stopped: MaxRuntimeExceeded",
		},
		{"a kind without a status", revisionKind, shape.Tree{"EndpointConfigName": "c"}, "c exists", reason.Created, "c exists"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			s := newScope(row.kind)
			require.Equal(t, row.tell, s.tell(row.tree))
			require.Equal(t, row.why, s.reasonOf(row.tree))
			require.Equal(t, row.failure, s.failure(row.tree))
		})
	}
}

func TestTimeAt(t *testing.T) {
	require.Nil(t, timeAt(shape.Tree{}, "CreationTime"))
	require.Nil(t, timeAt(shape.Tree{"CreationTime": "never"}, "CreationTime"))
	require.Equal(t, epoch, timeAt(shape.Tree{"CreationTime": "2026-03-01T13:00:00+01:00"}, "CreationTime").UTC())
}
