package deployment

import (
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
)

// alarmKind is a kind of alarm that is made for each variant of a new fleet.
type alarmKind string

const (
	errorAlarm   alarmKind = "errors"
	latencyAlarm alarmKind = "latency"
)

// metrics is the CloudWatch namespace with the metrics of endpoints.
const metrics = "AWS/SageMaker"

func alarmKinds(a *v1alpha1.RolloutAlarms) []alarmKind {
	var kinds []alarmKind
	if a.ErrorRate != "" {
		kinds = append(kinds, errorAlarm)
	}
	if a.Latency != nil {
		kinds = append(kinds, latencyAlarm)
	}
	return kinds
}

// alarms makes the alarms for the roll-out of a configuration. endpoint is the
// endpoint's name in AWS. They watch the new fleet alone.
func (r renderer) alarms(endpoint, config string) ([]*v1alpha1.MetricAlarm, error) {
	if !generates(r.deployment.Spec.Rollout) {
		return nil, nil
	}
	a := r.deployment.Spec.Rollout.Alarms
	period := int32(60)
	if a.Period != nil {
		period = *seconds(a.Period)
	}
	var all []*v1alpha1.MetricAlarm
	for _, v := range r.deployment.Spec.Variants {
		fleet := []v1alpha1.CloudWatchDimension{
			{Name: new("EndpointName"), Value: &endpoint},
			{Name: new("VariantName"), Value: v.VariantName},
			{Name: new("EndpointConfigName"), Value: &config},
		}
		for _, k := range alarmKinds(a) {
			alarm := &v1alpha1.MetricAlarm{Spec: v1alpha1.MetricAlarmSpec{
				Control: r.control, ComparisonOperator: new("GreaterThanThreshold"),
				EvaluationPeriods: new(int32(1)), TreatMissingData: new("notBreaching"), Tags: cloudWatchTags(r.deployment.Spec.Tags),
			}}
			alarm.Name = childName(config, *v.VariantName, string(k))
			alarm.Spec.AlarmName = &alarm.Name
			if k == latencyAlarm {
				slow(&alarm.Spec, a.Latency, fleet, period)
			} else if err := failing(&alarm.Spec, a.ErrorRate, fleet, period); err != nil {
				return nil, err
			}
			all = append(all, alarm)
		}
	}
	return all, nil
}

// slow goes off when a fleet's model takes too long. SageMaker measures in
// microseconds.
func slow(spec *v1alpha1.MetricAlarmSpec, l *v1alpha1.LatencyAlarm, fleet []v1alpha1.CloudWatchDimension, period int32) {
	spec.Namespace, spec.MetricName, spec.Dimensions, spec.Period = new(metrics), new("ModelLatency"), fleet, &period
	spec.Threshold = new(float64(l.Threshold.Microseconds()))
	if stat := statistic(l); strings.HasPrefix(stat, "p") {
		spec.ExtendedStatistic = &stat
	} else {
		spec.Statistic = &stat
	}
}

// failing goes off when too large a share of a fleet's requests ends in a server
// error.
func failing(spec *v1alpha1.MetricAlarmSpec, share string, fleet []v1alpha1.CloudWatchDimension, period int32) error {
	most, err := rate(share)
	if err != nil {
		return err
	}
	sum := func(id, metric string) v1alpha1.MetricDataQuery {
		return v1alpha1.MetricDataQuery{Id: &id, ReturnData: new(false), MetricStat: &v1alpha1.MetricStat{
			Metric: &v1alpha1.Metric{Namespace: new(metrics), MetricName: &metric, Dimensions: fleet}, Period: &period, Stat: new("Sum"),
		}}
	}
	spec.Threshold = &most
	spec.Metrics = []v1alpha1.MetricDataQuery{
		sum("errors", "Invocation5XXErrors"),
		sum("requests", "Invocations"),
		{Id: new("percent"), Expression: new("IF(requests > 0, 100 * errors / requests, 0)"), ReturnData: new(true)},
	}
	return nil
}

func cloudWatchTags(tags []v1alpha1.Tag) []v1alpha1.CloudWatchTag {
	if len(tags) == 0 {
		return nil // what is absent in a child is absent in what is read of it
	}
	all := make([]v1alpha1.CloudWatchTag, len(tags))
	for i, t := range tags {
		all[i] = v1alpha1.CloudWatchTag(t)
	}
	return all
}

func alarmNames(alarms []*v1alpha1.MetricAlarm) []string {
	if len(alarms) == 0 {
		return nil
	}
	names := make([]string, len(alarms))
	for i, a := range alarms {
		names[i] = *a.Spec.AlarmName
	}
	return names
}

// childName is the name of a resource made for a part of another one.
func childName(parts ...string) string { return strings.ToLower(strings.Join(parts, "-")) }
