package cloud

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// Metric is one number of a time series in CloudWatch.
type Metric struct {
	Namespace, Name string
	Dimensions      map[string]string
	// Statistic is Average, Sum, Minimum, Maximum, SampleCount, or a percentile such as
	// p99.
	Statistic string
}

// Statistic is the number of a metric over a period of whole minutes, from the minute
// of a time on (GetMetricStatistics); false if there is no data in it. Errors are for
// Classify.
func (c *Client) Statistic(ctx context.Context, metric Metric, from time.Time, period time.Duration) (float64, bool, error) {
	if err := c.spend("GetMetricStatistics"); err != nil {
		return 0, false, err
	}
	from = from.UTC().Truncate(time.Minute)
	in := &cloudwatch.GetMetricStatisticsInput{
		Namespace: &metric.Namespace, MetricName: &metric.Name,
		StartTime: &from, EndTime: aws.Time(from.Add(period)), Period: aws.Int32(int32(period.Seconds())),
	}
	for _, name := range slices.Sorted(maps.Keys(metric.Dimensions)) {
		in.Dimensions = append(in.Dimensions, types.Dimension{Name: &name, Value: aws.String(metric.Dimensions[name])})
	}
	if statistic := types.Statistic(metric.Statistic); slices.Contains(statistic.Values(), statistic) {
		in.Statistics = []types.Statistic{statistic}
	} else {
		in.ExtendedStatistics = []string{metric.Statistic}
	}
	out, err := service(c, cloudwatch.NewFromConfig).GetMetricStatistics(ctx, in)
	if err != nil {
		return 0, false, fmt.Errorf("GetMetricStatistics: %w", err)
	}
	if len(out.Datapoints) == 0 {
		return 0, false, nil
	}
	p := out.Datapoints[0]
	found := map[string]*float64{
		"Average": p.Average, "Sum": p.Sum, "Minimum": p.Minimum, "Maximum": p.Maximum, "SampleCount": p.SampleCount,
	}[metric.Statistic]
	if n, ok := p.ExtendedStatistics[metric.Statistic]; ok {
		found = &n
	}
	if found == nil {
		return 0, false, nil
	}
	return *found, true, nil
}
