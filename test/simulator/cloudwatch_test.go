package simulator_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	alarms "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

// cloudWatch is what CloudWatch is called in the paths of its requests.
const cloudWatch = "GraniteServiceVersion20100801"

// cborVector is a message that CloudWatch's client ships: its first line and its
// body.
func cborVector(t *testing.T, file string) (head string, body []byte) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/service/cloudwatch").Output()
	require.NoError(t, err)
	content, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), file))
	require.NoError(t, err)
	if i := bytes.LastIndex(content, []byte("X-Amzn-Query-Mode: true\n")); i >= 0 {
		body = bytes.TrimPrefix(content[i:], []byte("X-Amzn-Query-Mode: true\n\n"))
	}
	head, _, _ = strings.Cut(string(content), "\n")
	return head, body
}

func alarmInput(name string) *cloudwatch.PutMetricAlarmInput {
	return &cloudwatch.PutMetricAlarmInput{
		AlarmName: aws.String(name), Namespace: aws.String("AWS/SageMaker"), MetricName: aws.String("Invocation5XXErrors"),
		Dimensions: []alarms.Dimension{{Name: aws.String("EndpointName"), Value: aws.String("ep")}, {Name: aws.String("VariantName"), Value: aws.String("AllTraffic")}},
		Statistic:  alarms.StatisticAverage, Period: aws.Int32(60), EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(0.05),
		ComparisonOperator: alarms.ComparisonOperatorGreaterThanThreshold, TreatMissingData: aws.String("notBreaching"),
	}
}

func (b *bench) cloudWatch() *cloudwatch.Client { return cloudwatch.NewFromConfig(b.config) }

func (b *bench) alarm(name string) {
	b.t.Helper()
	_, err := b.cloudWatch().PutMetricAlarm(b.t.Context(), alarmInput(name))
	require.NoError(b.t, err)
}

func (b *bench) setAlarm(name string, state alarms.StateValue) {
	b.t.Helper()
	_, err := b.cloudWatch().SetAlarmState(b.t.Context(), &cloudwatch.SetAlarmStateInput{
		AlarmName: aws.String(name), StateValue: state, StateReason: aws.String("a test says so"),
	})
	require.NoError(b.t, err)
}

func TestAlarmLife(t *testing.T) {
	b := start(t, nil)
	api := b.cloudWatch()
	describe := func() alarms.MetricAlarm {
		out, err := api.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{"Errors of ep"}})
		require.NoError(t, err)
		require.Len(t, out.MetricAlarms, 1)
		return out.MetricAlarms[0]
	}
	b.alarm("Errors of ep")
	made := describe()
	require.Equal(t, "arn:aws:cloudwatch:us-east-1:123456789012:alarm:Errors of ep", aws.ToString(made.AlarmArn))
	require.Equal(t, alarms.StateValueInsufficientData, made.StateValue)
	require.InDelta(t, 0.05, aws.ToFloat64(made.Threshold), 0)
	require.True(t, aws.ToBool(made.ActionsEnabled))
	require.Equal(t, epoch, aws.ToTime(made.StateUpdatedTimestamp).UTC())
	b.pass(time.Minute)
	require.Equal(t, alarms.StateValueOk, describe().StateValue)
	b.setAlarm("Errors of ep", alarms.StateValueAlarm)
	b.pass(time.Hour + time.Millisecond)
	red := describe()
	require.Equal(t, alarms.StateValueAlarm, red.StateValue)
	require.Equal(t, "a test says so", aws.ToString(red.StateReason))
	require.Equal(t, epoch.Add(time.Minute), aws.ToTime(red.StateTransitionedTimestamp).UTC())

	change := alarmInput("Errors of ep")
	change.Threshold, change.AlarmDescription = aws.Float64(2), aws.String("too many")
	_, err := api.PutMetricAlarm(t.Context(), change)
	require.NoError(t, err)
	changed := describe()
	require.InDelta(t, 2, aws.ToFloat64(changed.Threshold), 0)
	require.Equal(t, alarms.StateValueAlarm, changed.StateValue, "a change leaves the state alone")
	require.Equal(t, epoch.Add(time.Hour+time.Minute+time.Millisecond), aws.ToTime(changed.AlarmConfigurationUpdatedTimestamp).UTC())
	_, err = api.PutMetricAlarm(t.Context(), alarmInput("Errors of ep"))
	require.NoError(t, err)
	require.Nil(t, describe().AlarmDescription, "what is left out is gone")

	_, err = api.DeleteAlarms(t.Context(), &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{"none", "Errors of ep"}})
	require.NoError(t, err, "those that exist are deleted")
	out, err := api.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{"Errors of ep"}})
	require.NoError(t, err)
	require.Empty(t, out.MetricAlarms, "an unknown name is no error")
	_, err = api.DeleteAlarms(t.Context(), &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{"Errors of ep"}})
	requireAPIError(t, err, "ResourceNotFound", "Alarm Errors of ep does not exist")
	_, err = api.SetAlarmState(t.Context(), &cloudwatch.SetAlarmStateInput{AlarmName: aws.String("none"), StateValue: alarms.StateValueOk, StateReason: aws.String("x")})
	requireAPIError(t, err, "ResourceNotFound", "Alarm none does not exist")
}

func TestAlarmIsJudgedOnce(t *testing.T) {
	b := start(t, nil)
	b.alarm("a")
	b.setAlarm("a", alarms.StateValueAlarm)
	b.pass(time.Hour)
	o, _ := b.Object("MetricAlarm", "a")
	require.Equal(t, "ALARM", o.Status)
}

func TestAlarmTags(t *testing.T) {
	b := start(t, nil)
	api := b.cloudWatch()
	input := alarmInput("MixedCase")
	input.Tags = []alarms.Tag{{Key: aws.String("team"), Value: aws.String("ml")}}
	_, err := api.PutMetricAlarm(t.Context(), input)
	require.NoError(t, err)
	arn := aws.String("arn:aws:cloudwatch:us-east-1:123456789012:alarm:MixedCase")
	_, err = api.TagResource(t.Context(), &cloudwatch.TagResourceInput{ResourceARN: arn, Tags: []alarms.Tag{{Key: aws.String("more"), Value: aws.String("tags")}}})
	require.NoError(t, err)
	_, err = api.UntagResource(t.Context(), &cloudwatch.UntagResourceInput{ResourceARN: arn, TagKeys: []string{"team"}})
	require.NoError(t, err)
	input.Tags = []alarms.Tag{{Key: aws.String("late"), Value: aws.String("x")}}
	_, err = api.PutMetricAlarm(t.Context(), input)
	require.NoError(t, err)
	out, err := api.ListTagsForResource(t.Context(), &cloudwatch.ListTagsForResourceInput{ResourceARN: arn})
	require.NoError(t, err)
	require.Equal(t, []alarms.Tag{{Key: aws.String("more"), Value: aws.String("tags")}}, out.Tags, "a change takes no tags")
	_, err = api.ListTagsForResource(t.Context(), &cloudwatch.ListTagsForResourceInput{ResourceARN: aws.String(*arn + "s")})
	requireAPIError(t, err, "ResourceNotFoundException", "")
}

func TestDescribeAlarms(t *testing.T) {
	b := start(t, nil)
	api := b.cloudWatch()
	for _, name := range []string{"b1", "a2", "a1"} {
		b.alarm(name)
	}
	b.pass(time.Minute)
	b.setAlarm("a2", alarms.StateValueAlarm)
	for _, row := range []struct {
		reason string
		input  cloudwatch.DescribeAlarmsInput
		want   []string
	}{
		{"all, by name", cloudwatch.DescribeAlarmsInput{}, []string{"a1", "a2", "b1"}},
		{"those named", cloudwatch.DescribeAlarmsInput{AlarmNames: []string{"b1", "c"}}, []string{"b1"}},
		{"by the beginning of the name", cloudwatch.DescribeAlarmsInput{AlarmNamePrefix: aws.String("a")}, []string{"a1", "a2"}},
		{"by state", cloudwatch.DescribeAlarmsInput{StateValue: alarms.StateValueAlarm}, []string{"a2"}},
		{"there are no composite ones", cloudwatch.DescribeAlarmsInput{AlarmTypes: []alarms.AlarmType{alarms.AlarmTypeCompositeAlarm}}, nil},
		{"page by page", cloudwatch.DescribeAlarmsInput{MaxRecords: aws.Int32(2)}, []string{"a1", "a2", "b1"}},
	} {
		var names []string
		pages := cloudwatch.NewDescribeAlarmsPaginator(api, &row.input)
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			require.NoError(t, err, row.reason)
			for _, alarm := range page.MetricAlarms {
				names = append(names, aws.ToString(alarm.AlarmName))
			}
		}
		require.Equal(t, row.want, names, row.reason)
	}
	_, err := api.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{NextToken: aws.String("bad")})
	requireAPIError(t, err, "InvalidNextToken", "The pagination token is invalid: it has expired or belongs to another request.")
}

func TestAlarmRefusals(t *testing.T) {
	b := start(t, nil)
	for _, row := range []struct {
		reason  string
		change  func(*cloudwatch.PutMetricAlarmInput)
		code    string
		message string
	}{
		{"too long a name", func(in *cloudwatch.PutMetricAlarmInput) { in.AlarmName = aws.String(strings.Repeat("a", 256)) }, "ValidationError", "1 validation error detected"},
		{"no metric", func(in *cloudwatch.PutMetricAlarmInput) { in.MetricName = nil }, "MissingParameter", "MetricName or Metrics"},
		{"one metric and several", func(in *cloudwatch.PutMetricAlarmInput) {
			in.Metrics = []alarms.MetricDataQuery{{Id: aws.String("m"), Expression: aws.String("1")}}
		}, "InvalidParameterCombination", "Metrics"},
		{"no statistic", func(in *cloudwatch.PutMetricAlarmInput) { in.Statistic = "" }, "MissingParameter", "Statistic"},
		{"two statistics", func(in *cloudwatch.PutMetricAlarmInput) { in.ExtendedStatistic = aws.String("p99") }, "InvalidParameterCombination", "Statistic"},
		{"no period", func(in *cloudwatch.PutMetricAlarmInput) { in.Period = nil }, "MissingParameter", "Period"},
		{"no such period", func(in *cloudwatch.PutMetricAlarmInput) { in.Period = aws.Int32(45) }, "InvalidParameterValue", "multiple of 60"},
		{"no threshold", func(in *cloudwatch.PutMetricAlarmInput) { in.Threshold = nil }, "InvalidParameterCombination", "Threshold"},
		{"more points than there are", func(in *cloudwatch.PutMetricAlarmInput) { in.DatapointsToAlarm = aws.Int32(2) }, "InvalidParameterValue", "EvaluationPeriods"},
		{"no such treatment", func(in *cloudwatch.PutMetricAlarmInput) { in.TreatMissingData = aws.String("sometimes") }, "InvalidParameterValue", "TreatMissingData"},
	} {
		input := alarmInput("a")
		row.change(input)
		_, err := b.cloudWatch().PutMetricAlarm(t.Context(), input)
		require.ErrorContains(t, err, row.message, row.reason)
		require.ErrorContains(t, err, row.code+": ", row.reason)
	}
	require.Empty(t, b.Objects("MetricAlarm"))
}

func TestCloudWatchFaults(t *testing.T) {
	b := start(t, func(o *simulator.Options) {
		o.Throttle = map[string]simulator.Rate{"DeleteAlarms": {PerSecond: 1, Burst: 1}}
	})
	_, err := b.Faults().Add(fault.Rule{Action: fault.Deny, Operation: "PutMetricAlarm", Name: "secret"})
	require.NoError(t, err)
	_, err = b.cloudWatch().PutMetricAlarm(t.Context(), alarmInput("secret"))
	requireAPIError(t, err, "AccessDenied", "User: arn:aws:iam::123456789012:user/simulated is not authorized to perform: cloudwatch:PutMetricAlarm on resource: "+
		"arn:aws:cloudwatch:us-east-1:123456789012:alarm:secret because no identity-based policy allows the cloudwatch:PutMetricAlarm action")
	for range 2 {
		_, err = b.cloudWatch().DeleteAlarms(t.Context(), &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{"a"}})
	}
	requireAPIError(t, err, "Throttling", "Rate exceeded")
	require.Len(t, b.Journal().Mutations(), 3)
	_, err = b.cloudWatch().ListDashboards(t.Context(), &cloudwatch.ListDashboardsInput{})
	require.ErrorContains(t, err, "UnknownOperationException")
}

// Requests are read as any SDK may write them.
func TestCBORRequests(t *testing.T) {
	b := start(t, nil)
	post := func(path string, body []byte) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.URL()+path, bytes.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("Smithy-Protocol", "rpc-v2-cbor")
		r.Header.Set("Authorization", strings.ReplaceAll(authorization, "sagemaker", "monitoring"))
		response, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		defer response.Body.Close()
		answer, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.Equal(t, "application/cbor", response.Header.Get("Content-Type"))
		require.Equal(t, "rpc-v2-cbor", response.Header.Get("Smithy-Protocol"))
		return response.StatusCode, string(answer) + response.Header.Get("X-Amzn-Query-Error")
	}
	for _, operation := range []string{"PutMetricAlarm", "DescribeAlarms", "SetAlarmState", "DeleteAlarms", "TagResource", "UntagResource", "ListTagsForResource"} {
		head, body := cborVector(t, filepath.Join("request_snapshot", operation+".request.snap"))
		require.Equal(t, "POST /service/"+cloudWatch+"/operation/"+operation, head)
		status, answer := post(strings.TrimPrefix(head, "POST "), body)
		require.Contains(t, []int{200, 400, 404}, status, operation)
		require.NotContains(t, answer, "SerializationException", operation)
	}
	for reason, body := range map[string][]byte{"no CBOR": {0xff}, "no map": {0x80}} {
		status, answer := post("/service/"+cloudWatch+"/operation/DescribeAlarms", body)
		require.Equal(t, 400, status, reason)
		require.Contains(t, answer, "SerializationException", reason)
	}
	status, _ := post("/service/"+cloudWatch+"/operation/DescribeAlarms", nil)
	require.Equal(t, 200, status, "an empty body is an empty map")
}

func TestMetrics(t *testing.T) {
	b := start(t, nil)
	api := b.cloudWatch()
	dimensions := []alarms.Dimension{{Name: aws.String("EndpointName"), Value: aws.String("ep")}}
	put := func(at time.Time, values ...float64) {
		datum := alarms.MetricDatum{MetricName: aws.String("ModelLatency"), Dimensions: dimensions, Timestamp: &at}
		if len(values) == 1 {
			datum.Value = &values[0]
		} else {
			datum.Values = values
			for range values {
				datum.Counts = append(datum.Counts, 2)
			}
		}
		_, err := api.PutMetricData(t.Context(), &cloudwatch.PutMetricDataInput{Namespace: aws.String("AWS/SageMaker"), MetricData: []alarms.MetricDatum{datum}})
		require.NoError(t, err)
	}
	ask := func(period int32, with ...alarms.Dimension) ([]alarms.Datapoint, error) {
		out, err := api.GetMetricStatistics(t.Context(), &cloudwatch.GetMetricStatisticsInput{
			Namespace: aws.String("AWS/SageMaker"), MetricName: aws.String("ModelLatency"), Dimensions: with,
			StartTime: &epoch, EndTime: aws.Time(epoch.Add(10 * time.Minute)), Period: &period,
			Statistics: alarms.Statistic("").Values(), ExtendedStatistics: []string{"p50", "p99"},
		})
		if err != nil {
			return nil, err
		}
		return out.Datapoints, nil
	}
	put(epoch, 1)
	put(epoch.Add(6*time.Minute), 2, 9)
	put(epoch.Add(10*time.Minute), 100)
	points, err := ask(600, dimensions...)
	require.NoError(t, err)
	require.Len(t, points, 1)
	require.Equal(t, []float64{5, 23, 1, 9, 23.0 / 5}, []float64{*points[0].SampleCount, *points[0].Sum, *points[0].Minimum, *points[0].Maximum, *points[0].Average})
	require.Equal(t, map[string]float64{"p50": 2, "p99": 9}, points[0].ExtendedStatistics)
	points, err = ask(300, dimensions...)
	require.NoError(t, err)
	require.Len(t, points, 2, "each period for itself")
	points, err = ask(600)
	require.NoError(t, err)
	require.Empty(t, points, "without its dimensions it is another metric")
	_, err = ask(90, dimensions...)
	requireAPIError(t, err, "InvalidParameterValue", "The parameter Period must be a multiple of 60.")
}
