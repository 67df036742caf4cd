package cloudwatch

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// metric is a time series, from its first data on.
var metric = &engine.Kind{
	Name: "Metric", NameMember: "MetricName", Creation: "PutMetricData", Immutable: true,
	ARN: func(scope wire.Scope, name string) string { // nobody is told
		return "arn:" + scope.Partition() + ":cloudwatch:" + scope.Region + ":" + scope.Account + ":metric:" + name
	},
	NotFound:  func(_, arn string) *wire.Error { return notFound(arn) },
	Duplicate: func(arn string) *wire.Error { return wire.Invalid("%s exists", arn) },
}

// point is what was put for a moment, so many times.
type point struct {
	at           time.Time
	value, times float64
}

// seriesName tells metrics of the same name apart by their dimensions.
func seriesName(namespace string, of wire.Body) string {
	given := wire.List(of, "Dimensions")
	dimensions := make([]string, len(given))
	for i, d := range given {
		dimensions[i] = wire.String(d, "Name") + "=" + wire.String(d, "Value")
	}
	slices.Sort(dimensions)
	return strings.Join(append([]string{namespace, wire.String(of, "MetricName")}, dimensions...), "|")
}

// putData takes values and values with counts. Assumption: they can be read at once,
// and statistic sets are not put.
func putData(tx *engine.Tx, body wire.Body) (wire.Body, *wire.Error) {
	for _, item := range wire.List(body, "MetricData") {
		datum, _ := item.(wire.Body)
		if datum["StatisticValues"] != nil {
			return nil, wire.Errorf("InvalidParameterValueException", "the simulator keeps no statistic sets")
		}
		name := seriesName(wire.String(body, "Namespace"), datum)
		series := tx.Find(metric, name)
		if series == nil {
			made, err := tx.Create(metric, wire.Body{"MetricName": name})
			if err != nil {
				return nil, err
			}
			series = made
		}
		at, ok := wire.Time(datum["Timestamp"])
		if !ok {
			at = tx.Now
		}
		points, _ := series.Private.([]point)
		if datum["Value"] != nil {
			points = append(points, point{at, wire.Float(0, datum, "Value"), 1})
		}
		counts := wire.List(datum, "Counts")
		for i, value := range wire.List(datum, "Values") {
			times := 1.0
			if i < len(counts) {
				times = wire.Float(1, counts[i])
			}
			points = append(points, point{at, wire.Float(0, value), times})
		}
		series.Private = points
	}
	return wire.Body{}, nil
}

// statistics tells of a metric in periods from the start on. Assumption: a period
// begins at the start, and one without data is left out.
func statistics(tx *engine.Tx, body wire.Body) (wire.Body, *wire.Error) {
	start, _ := wire.Time(body["StartTime"])
	end, _ := wire.Time(body["EndTime"])
	period := time.Duration(wire.Int(60, body, "Period")) * time.Second
	asked, percentiles := wire.List(body, "Statistics"), wire.List(body, "ExtendedStatistics")
	switch {
	case !start.Before(end):
		return nil, wire.Errorf("InvalidParameterValueException", "The parameter StartTime must be less than the parameter EndTime.")
	case period%time.Minute != 0:
		return nil, wire.Errorf("InvalidParameterValueException", "The parameter Period must be a multiple of 60.")
	case len(asked)+len(percentiles) == 0:
		return nil, wire.Errorf("MissingRequiredParameterException", "The parameter Statistics or ExtendedStatistics is required")
	}
	answer := wire.Body{"Label": body["MetricName"], "Datapoints": []any{}}
	series := tx.Find(metric, seriesName(wire.String(body, "Namespace"), body))
	if series == nil {
		return answer, nil
	}
	points, _ := series.Private.([]point)
	found := []any{}
	for from := start; from.Before(end); from = from.Add(period) {
		within := slices.DeleteFunc(slices.Clone(points), func(p point) bool { return p.at.Before(from) || !p.at.Before(from.Add(period)) })
		if len(within) == 0 {
			continue
		}
		row := wire.Body{"Timestamp": from}
		for _, s := range asked {
			row[wire.String(s)] = statistic(within, wire.String(s))
		}
		extended := wire.Body{}
		for _, p := range percentiles {
			extended[wire.String(p)] = percentile(within, wire.String(p))
		}
		if len(extended) > 0 {
			row["ExtendedStatistics"] = extended
		}
		found = append(found, row)
	}
	answer["Datapoints"] = found
	return answer, nil
}

func statistic(points []point, name string) float64 {
	sum, count, least, most := 0.0, 0.0, math.Inf(1), math.Inf(-1)
	for _, p := range points {
		sum, count = sum+p.value*p.times, count+p.times
		least, most = min(least, p.value), max(most, p.value)
	}
	return map[string]float64{"Sum": sum, "SampleCount": count, "Minimum": least, "Maximum": most, "Average": sum / count}[name]
}

// percentile is the least value that so many percent do not exceed. Assumption: AWS
// interpolates, which makes little difference.
func percentile(points []point, name string) float64 {
	share, _ := strconv.ParseFloat(strings.TrimPrefix(name, "p"), 64)
	slices.SortFunc(points, func(a, b point) int { return int(math.Copysign(1, a.value-b.value)) })
	total, seen := statistic(points, "SampleCount"), 0.0
	for _, p := range points {
		if seen += p.times; seen >= total*share/100 {
			return p.value
		}
	}
	return points[len(points)-1].value
}
