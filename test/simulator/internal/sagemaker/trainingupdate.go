package sagemaker

import (
	"maps"
	"slices"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// updateTraining changes what AWS changes of a training job: the profiler and
// debugging while it runs, the warm pool once it has completed.
//
// The rules are those by which the ACK controller goes (sagemaker-controller,
// pkg/resource/training_job/hooks.go and custom_update.go) and the API reference of
// UpdateTrainingJob has for RemoteDebugConfig. Assumption: the words.
func updateTraining(tx *engine.Tx, o *engine.Object, body wire.Body) (wire.Body, *wire.Error) {
	if failure := refuseTrainingUpdate(o, body); failure != nil {
		return nil, failure
	}
	for member, value := range body {
		switch member {
		case "TrainingJobName":
		case "ResourceConfig":
			wire.Object(o.Document, member)["KeepAlivePeriodInSeconds"] = wire.At(value, "KeepAlivePeriodInSeconds")
			retainWarmPool(tx, o)
		case "ProfilerRuleConfigurations":
			added, _ := wire.Clone(value).([]any)
			o.Document[member] = append(wire.List(o.Document, member), added...)
		default:
			merged := wire.Object(o.Document, member)
			change, ok := wire.Clone(value).(wire.Body)
			if merged == nil || !ok {
				o.Document[member] = wire.Clone(value)
				continue
			}
			maps.Copy(merged, change)
		}
	}
	if body["ProfilerConfig"] != nil {
		profile(o.Document)
	}
	o.Touch(tx.Now)
	return wire.Body{"TrainingJobArn": o.ARN}, nil
}

func refuseTrainingUpdate(o *engine.Object, body wire.Body) *wire.Error {
	profiler := body["ProfilerConfig"] != nil || body["ProfilerRuleConfigurations"] != nil
	keep, debug := body["ResourceConfig"], body["RemoteDebugConfig"]
	secondary := wire.String(o.Document, "SecondaryStatus")
	switch {
	case !profiler && keep == nil && debug == nil:
		return wire.Invalid("The request must change at least one of ProfilerConfig, ProfilerRuleConfigurations, ResourceConfig, " +
			"RemoteDebugConfig.")
	case keep != nil && (profiler || debug != nil):
		return wire.Invalid("ResourceConfig cannot be updated together with other members.")
	case keep != nil && wire.String(o.Document, "WarmPoolStatus", "Status") != "Available":
		return wire.Invalid("The request was rejected because the training job has no Available warm pool")
	case keep != nil:
		return nil
	case o.Status() != "InProgress":
		return rejected("training job", o)
	case secondary == "Starting":
		return wire.Invalid("Training job (%s) cannot be updated while its secondary status is Starting.", o.ARN)
	case debug != nil && secondary != "Downloading" && secondary != "Training":
		return wire.Invalid("RemoteDebugConfig cannot be updated while the secondary status is %s: it must be Downloading or Training.", secondary)
	}
	for _, rule := range wire.List(body, "ProfilerRuleConfigurations") {
		name := wire.String(rule, "RuleConfigurationName")
		if slices.ContainsFunc(wire.List(o.Document, "ProfilerRuleConfigurations"), func(has any) bool {
			return wire.String(has, "RuleConfigurationName") == name
		}) {
			return wire.Invalid("ProfilerRuleConfigurations: cannot modify the existing profiler rule %s.", name)
		}
	}
	return nil
}

// profile says whether a job is profiled. What was asked of a profiler that has been
// disabled is still told.
func profile(d wire.Body) {
	d["ProfilingStatus"] = "Enabled"
	if config := wire.Object(d, "ProfilerConfig"); config == nil || wire.Bool(config, "DisableProfiler") {
		d["ProfilingStatus"] = "Disabled"
	}
}
