package sagemaker

import (
	"cmp"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// tuning is what a tuning job has beyond its document.
type tuning struct {
	trials  []trial
	stopped bool
}

// trial is one training job of a tuning job, with what was tuned.
type trial struct {
	job        *engine.Object
	definition wire.Body
	tuned      wire.Body
}

func tuningOf(o *engine.Object) *tuning {
	if t, ok := o.Private.(*tuning); ok {
		return t
	}
	t := new(tuning)
	o.Private = t
	return t
}

// definitions are those of one algorithm or of several.
func definitions(d wire.Body) []wire.Body {
	if one := wire.Object(d, "TrainingJobDefinition"); one != nil {
		return []wire.Body{one}
	}
	var all []wire.Body
	for _, definition := range wire.List(d, "TrainingJobDefinitions") {
		all = append(all, wire.Object(definition))
	}
	return all
}

// tune starts as many training jobs as may run, and says which stage follows.
func tune(tx *engine.Tx, o *engine.Object) string {
	t := tuningOf(o)
	limits := wire.Object(o.Document, "HyperParameterTuningJobConfig", "ResourceLimits")
	most, parallel := wire.Int(1, limits, "MaxNumberOfTrainingJobs"), wire.Int(1, limits, "MaxParallelTrainingJobs")
	running := 0
	for _, trial := range t.trials {
		if holds(trial.job) {
			running++
		}
	}
	for ; !t.stopped && running < parallel && len(t.trials) < most; running++ {
		if refusal := try(tx, o); refusal != nil {
			o.Document["FailureReason"] = refusal.Message
			tx.Enter(o, "Failed")
			return ""
		}
	}
	count(o)
	switch {
	case running > 0:
		return o.Stage
	case t.stopped:
		return "Stopped"
	case o.Document["BestTrainingJob"] == nil:
		o.Document["FailureReason"] = "All training jobs failed. To investigate the failure reasons, refer to the training jobs." // Assumption: the words.
		tx.Enter(o, "Failed")
		return ""
	default:
		return "Completed"
	}
}

// try starts the next training job, whose name begins with the tuning job's.
func try(tx *engine.Tx, o *engine.Object) *wire.Error {
	t := tuningOf(o)
	number := len(t.trials) + 1
	all := definitions(o.Document)
	definition := all[(number-1)%len(all)]
	tuned := wire.Body{}
	for member, pick := range map[string]func(wire.Body, float64) string{
		"IntegerParameterRanges": func(r wire.Body, at float64) string {
			low, high := parse(r["MinValue"]), parse(r["MaxValue"])
			return strconv.Itoa(int(low + at*(high-low)))
		},
		"ContinuousParameterRanges": func(r wire.Body, at float64) string {
			low, high := parse(r["MinValue"]), parse(r["MaxValue"])
			return strconv.FormatFloat(low+at*(high-low), 'g', 6, 64)
		},
		"CategoricalParameterRanges": func(r wire.Body, at float64) string {
			values := wire.List(r, "Values")
			return wire.String(values[int(at*float64(len(values)))])
		},
	} {
		for _, entry := range wire.List(definition, "HyperParameterRanges", member) {
			name := wire.String(entry, "Name")
			tuned[name] = pick(wire.Object(entry), chance(o.ARN, strconv.Itoa(number), name))
		}
	}
	parameters := wire.Body{}
	maps.Copy(parameters, wire.Object(definition, "StaticHyperParameters"))
	maps.Copy(parameters, tuned)
	parameters["_tuning_objective_metric"] = wire.String(objective(o, definition), "MetricName")
	body := wire.Body{
		"TrainingJobName": fmt.Sprintf("%s-%03d-%s", o.Name, number, engine.Reference(o.ARN, strconv.Itoa(number))[:8]),
		"HyperParameters": parameters,
	}
	for _, member := range []string{
		"AlgorithmSpecification", "RoleArn", "InputDataConfig", "OutputDataConfig", "ResourceConfig", "StoppingCondition", "VpcConfig",
		"EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining", "CheckpointConfig", "Environment",
	} {
		if definition[member] != nil {
			body[member] = wire.Clone(definition[member])
		}
	}
	if config := wire.Object(definition, "HyperParameterTuningResourceConfig"); config != nil {
		body["ResourceConfig"] = wire.Clone(config)
	}
	job, err := tx.Create(trainingJob, body)
	if err != nil {
		return err
	}
	job.Document["TuningJobArn"] = o.ARN
	t.trials = append(t.trials, trial{job, definition, tuned})
	return nil
}

// objective is the metric that a definition is tuned for.
func objective(o *engine.Object, definition wire.Body) wire.Body {
	if own := wire.Object(definition, "TuningObjective"); own != nil {
		return own
	}
	return wire.Object(o.Document, "HyperParameterTuningJobConfig", "HyperParameterTuningJobObjective")
}

// chance is a number in [0, 1), the same for the same words.
func chance(words ...string) float64 {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(strings.Join(words, "\x00")))
	return float64(hash.Sum32()) / (1 << 32)
}

func parse(value any) float64 {
	text, _ := value.(string)
	number, _ := strconv.ParseFloat(text, 64)
	return number
}

// count tells of the jobs and which of them is the best.
func count(o *engine.Object) {
	jobs := map[string]int{}
	objectives := map[string]int{}
	var best wire.Body
	for _, trial := range tuningOf(o).trials {
		summary := trial.summary(o)
		objectives[wire.String(summary, "ObjectiveStatus")]++
		switch status := trial.job.Status(); status {
		case "Completed":
			jobs["Completed"]++
			if best == nil || better(o, trial.definition, summary, best) {
				best = summary
			}
		case "Failed":
			jobs["NonRetryableError"]++
		case "Stopped":
			jobs["Stopped"]++
		default:
			jobs["InProgress"]++
		}
	}
	o.Document["TrainingJobStatusCounters"] = counters(jobs, "Completed", "InProgress", "RetryableError", "NonRetryableError", "Stopped")
	o.Document["ObjectiveStatusCounters"] = counters(objectives, "Succeeded", "Pending", "Failed")
	if best != nil {
		o.Document["BestTrainingJob"] = best
	}
}

func counters(counts map[string]int, members ...string) wire.Body {
	out := wire.Body{}
	for _, member := range members {
		out[member] = engine.Number(counts[member])
	}
	return out
}

func better(o *engine.Object, definition, one, other wire.Body) bool {
	value := func(summary wire.Body) float64 {
		return wire.Float(0, summary, "FinalHyperParameterTuningJobObjectiveMetric", "Value")
	}
	if wire.String(objective(o, definition), "Type") == "Minimize" {
		return value(one) < value(other)
	}
	return value(one) > value(other)
}

// summary tells of a trial as the tuning job's List does.
func (t trial) summary(o *engine.Object) wire.Body {
	summary := wire.Body{"TunedHyperParameters": t.tuned, "TuningJobName": o.Name, "ObjectiveStatus": "Pending"}
	for _, member := range []string{
		"TrainingJobName", "TrainingJobArn", "TrainingJobStatus", "CreationTime", "TrainingStartTime", "TrainingEndTime", "FailureReason",
	} {
		if value := t.job.Document[member]; value != nil {
			summary[member] = value
		}
	}
	if name := t.definition["DefinitionName"]; name != nil {
		summary["TrainingJobDefinitionName"] = name
	}
	switch t.job.Status() {
	case "Completed":
		metric := objective(o, t.definition)
		summary["FinalHyperParameterTuningJobObjectiveMetric"] = wire.Body{
			"Type": metric["Type"], "MetricName": metric["MetricName"], "Value": t.value(wire.String(metric, "MetricName")),
		}
		summary["ObjectiveStatus"] = "Succeeded"
	case "Failed", "Stopped":
		summary["ObjectiveStatus"] = "Failed"
	}
	return summary
}

// value is what the training job came to. Assumption: where nothing was measured it
// is as good as random, between 0 and 1.
func (t trial) value(metric string) json.Number {
	for _, final := range wire.List(t.job.Document, "FinalMetricDataList") {
		if value, ok := wire.At(final, "Value").(json.Number); ok && wire.String(final, "MetricName") == metric {
			return value
		}
	}
	return json.Number(strconv.FormatFloat(chance(t.job.ARN, "metric"), 'g', 6, 64))
}

// listTrials lists the training jobs of a tuning job, by name unless asked
// otherwise.
func listTrials(tx *engine.Tx, o *engine.Object, body wire.Body) (wire.Body, *wire.Error) {
	var rows []any
	for _, trial := range tuningOf(o).trials {
		if want := wire.String(body, "StatusEquals"); want == "" || want == trial.job.Status() {
			rows = append(rows, trial.summary(o))
		}
	}
	key := func(row any) float64 {
		return wire.Float(0, row, "FinalHyperParameterTuningJobObjectiveMetric", "Value")
	}
	text := func(member string) func(a, b any) int {
		return func(a, b any) int { return cmp.Compare(wire.String(a, member), wire.String(b, member)) }
	}
	switch wire.String(body, "SortBy") {
	case "CreationTime": // as they are kept
	case "FinalObjectiveMetricValue":
		slices.SortStableFunc(rows, func(a, b any) int { return cmp.Compare(key(a), key(b)) })
	case "Status":
		slices.SortStableFunc(rows, text("TrainingJobStatus"))
	default:
		slices.SortStableFunc(rows, text("TrainingJobName"))
	}
	if wire.String(body, "SortOrder") == "Descending" {
		slices.Reverse(rows)
	}
	return tx.Page(o, "TrainingJobSummaries", rows, body)
}

// elapsed is how long a tuning job has been at it.
func elapsed(tx *engine.Tx, o *engine.Object) time.Duration { return tx.Now.Sub(o.Created()) }
