package cloudwatch

import (
	"slices"
	"strings"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// defaultRecords is how many alarms a page has.
const defaultRecords = 50

// metricAlarm watches a metric. Assumption: it is judged a minute after it was
// made, its metric is as it should be, whether there is data or not, and what
// SetAlarmState sets is not judged again.
var metricAlarm = &engine.Kind{
	Name: "MetricAlarm", NameMember: "AlarmName", ARNMember: "AlarmArn", Status: "StateValue", Immutable: true,
	ARN: func(scope wire.Scope, name string) string {
		return "arn:" + scope.Partition() + ":cloudwatch:" + scope.Region + ":" + scope.Account + ":alarm:" + name
	},
	NotFound:  func(_, arn string) *wire.Error { return notFound(arn) },
	Duplicate: func(arn string) *wire.Error { return wire.Invalid("%s exists", arn) },
	First:     "Unjudged",
	Stages: []engine.Stage{
		{Name: "Unjudged", Lasts: time.Minute, Next: engine.To("Judged"), Enter: func(tx *engine.Tx, o *engine.Object) {
			become(tx, o, "INSUFFICIENT_DATA", "Unchecked: Initial alarm creation")
		}},
		{Name: "Judged", Enter: func(tx *engine.Tx, o *engine.Object) {
			become(tx, o, "OK", "The metric is within the threshold.")
		}},
		{Name: "Set"},
	},
}

// notFound is an assumption as for the words.
func notFound(name string) *wire.Error {
	return &wire.Error{Code: "ResourceNotFound", Message: "Alarm " + name + " does not exist", Status: 404}
}

func become(tx *engine.Tx, o *engine.Object, state, why string) {
	d := o.Document
	if d["StateValue"] != state {
		d["StateTransitionedTimestamp"] = tx.Now
	}
	d["StateValue"], d["StateReason"], d["StateUpdatedTimestamp"] = state, why, tx.Now
	delete(d, "StateReasonData")
}

// put makes an alarm, or replaces all of it but its state and its tags.
func put(tx *engine.Tx, body wire.Body) (wire.Body, *wire.Error) {
	if err := check(body); err != nil {
		return nil, err
	}
	o := tx.Find(metricAlarm, wire.String(body, "AlarmName"))
	if o == nil {
		made, err := tx.Create(metricAlarm, body)
		if err != nil {
			return nil, err
		}
		delete(made.Document, "CreationTime") // nobody is told
		complete(tx, made.Document)
		return wire.Body{}, nil
	}
	wanted, _ := wire.Clone(body).(wire.Body)
	delete(wanted, "Tags")
	for member, value := range o.Document {
		if member == "AlarmArn" || strings.HasPrefix(member, "State") {
			wanted[member] = value
		}
	}
	complete(tx, wanted)
	o.Document = wanted
	return wire.Body{}, nil
}

func complete(tx *engine.Tx, document wire.Body) {
	document["AlarmConfigurationUpdatedTimestamp"] = tx.Now
	wire.Default(document, wire.Body{
		"ActionsEnabled": true, "OKActions": []any{}, "AlarmActions": []any{}, "InsufficientDataActions": []any{}, "Dimensions": []any{},
	})
}

// check refuses what no alarm can be. Assumption: the rules are documented, the
// words are not.
func check(body wire.Body) *wire.Error {
	has := func(member string) bool { return body[member] != nil }
	refuse := func(code, words string) *wire.Error { return wire.Errorf(code, "%s", words) }
	switch {
	case !has("MetricName") && !has("Metrics"):
		return refuse("MissingRequiredParameterException", "The parameter MetricName or Metrics is required")
	case has("Metrics") && (has("MetricName") || has("Namespace") || has("Dimensions") || has("Period") || has("Statistic") || has("ExtendedStatistic")):
		return refuse("InvalidParameterCombinationException", "Metrics cannot be used with parameters of a single metric")
	case has("Statistic") && has("ExtendedStatistic"):
		return refuse("InvalidParameterCombinationException", "Statistic and ExtendedStatistic cannot both be specified")
	case has("MetricName") && !has("Statistic") && !has("ExtendedStatistic"):
		return refuse("MissingRequiredParameterException", "The parameter Statistic or ExtendedStatistic is required")
	case has("MetricName") && (!has("Namespace") || !has("Period")):
		return refuse("MissingRequiredParameterException", "The parameters Namespace and Period are required with MetricName")
	case has("Threshold") == has("ThresholdMetricId"):
		return refuse("InvalidParameterCombinationException", "Exactly one of Threshold and ThresholdMetricId must be specified")
	case wire.Int(1, body, "DatapointsToAlarm") > wire.Int(1, body, "EvaluationPeriods"):
		return refuse("InvalidParameterValueException", "DatapointsToAlarm must be less than or equal to EvaluationPeriods")
	}
	if period := wire.Int(60, body, "Period"); !slices.Contains([]int{10, 20, 30}, period) && period%60 != 0 {
		return refuse("InvalidParameterValueException", "Period must be 10, 20, 30 or a multiple of 60")
	}
	if treat := wire.String(body, "TreatMissingData"); treat != "" && !slices.Contains([]string{"breaching", "notBreaching", "ignore", "missing"}, treat) {
		return refuse("InvalidParameterValueException", "Option "+treat+" is not supported for TreatMissingData")
	}
	return nil
}

func setState(tx *engine.Tx, body wire.Body) (wire.Body, *wire.Error) {
	name := wire.String(body, "AlarmName")
	o := tx.Find(metricAlarm, name)
	if o == nil {
		return nil, notFound(name)
	}
	tx.Enter(o, "Set")
	become(tx, o, wire.String(body, "StateValue"), wire.String(body, "StateReason"))
	if data := body["StateReasonData"]; data != nil {
		o.Document["StateReasonData"] = data
	}
	return wire.Body{}, nil
}

// describe tells of alarms by name, in their order, or of those that begin
// with a prefix or are in a state. There are no composite alarms.
func describe(tx *engine.Tx, body wire.Body) (wire.Body, *wire.Error) {
	names, types := wire.List(body, "AlarmNames"), wire.List(body, "AlarmTypes")
	var alarms []*engine.Object
	tx.Each(metricAlarm.Name, func(o *engine.Object) {
		state := wire.String(body, "StateValue")
		if tx.See(metricAlarm, o.Name) != nil && (len(names) == 0 || slices.Contains(names, any(o.Name))) &&
			(len(types) == 0 || slices.Contains(types, any("MetricAlarm"))) &&
			strings.HasPrefix(o.Name, wire.String(body, "AlarmNamePrefix")) && (state == "" || state == o.Status()) {
			alarms = append(alarms, o)
		}
	})
	slices.SortFunc(alarms, func(a, b *engine.Object) int { return strings.Compare(a.Name, b.Name) })
	rows := make([]any, len(alarms))
	for i, o := range alarms {
		rows[i] = o.Document
	}
	if len(alarms) == 0 {
		return wire.Body{"MetricAlarms": rows, "CompositeAlarms": []any{}}, nil
	}
	request := wire.Body{"MaxResults": engine.Number(wire.Int(defaultRecords, body, "MaxRecords"))}
	for member, value := range body {
		if member != "MaxRecords" {
			request[member] = value
		}
	}
	answer, err := tx.Page(alarms[0], "MetricAlarms", rows, request)
	if err != nil {
		return nil, wire.Errorf("InvalidNextToken", "%s", err.Message) // Assumption: the words.
	}
	answer["CompositeAlarms"] = []any{}
	return answer, nil
}

// deleteAlarms deletes those alarms that exist. Assumption: that none does is
// an error.
func deleteAlarms(tx *engine.Tx, body wire.Body) (wire.Body, *wire.Error) {
	names, deleted := wire.List(body, "AlarmNames"), 0
	for _, name := range names {
		if o := tx.Find(metricAlarm, wire.String(name)); o != nil {
			tx.Remove(o)
			deleted++
		}
	}
	if deleted == 0 && len(names) > 0 {
		return nil, notFound(wire.String(names[0]))
	}
	return wire.Body{}, nil
}
