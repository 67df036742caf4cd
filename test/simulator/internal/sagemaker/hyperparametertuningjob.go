package sagemaker

import (
	"maps"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// hyperParameterTuningJob runs training jobs and keeps the best.
var hyperParameterTuningJob = &engine.Kind{
	Name: "HyperParameterTuningJob", Resource: "hyper-parameter-tuning-job", Status: "HyperParameterTuningJobStatus", FoldCase: true,
	NotFound: func(_, arn string) *wire.Error {
		return wire.Errorf("ResourceNotFound", "Amazon SageMaker can't find a tuning job with the name %s.", lastPart(arn))
	},
	Duplicate: func(arn string) *wire.Error {
		return wire.Errorf("ResourceInUse",
			"Resource Already Exists: Hyperparameter tuning job with name %s already exists. Choose a different name.", lastPart(arn))
	},
	Check: checkTuning,
	First: "Tuning",
	Fail: func(tx *engine.Tx, o *engine.Object, reason string) {
		o.Document["FailureReason"] = reason
		tx.Enter(o, "Failed")
	},
	Stop: func(tx *engine.Tx, o *engine.Object, _ wire.Body) (wire.Body, *wire.Error) {
		switch o.Status() {
		case "Stopping": // Assumption: asking twice does no harm.
		case "InProgress":
			stopTrials(tx, o)
			tx.Enter(o, "Stopping")
		default:
			return nil, rejected("tuning job", o)
		}
		return wire.Body{}, nil
	},
	Delete: func(tx *engine.Tx, o *engine.Object, body wire.Body) (wire.Body, *wire.Error) {
		return deleteJob("tuning job")(tx, o, body)
	},
	More: map[string]engine.Verb{"ListTrainingJobsForHyperParameterTuningJob": listTrials},
	List: engine.List{
		Summaries: "HyperParameterTuningJobSummaries",
		Summary: func(o *engine.Object) wire.Body {
			config := wire.Object(o.Document, "HyperParameterTuningJobConfig")
			summary := wire.Body{"Strategy": config["Strategy"], "ResourceLimits": config["ResourceLimits"]}
			for _, member := range []string{
				"HyperParameterTuningJobName", "HyperParameterTuningJobArn", "HyperParameterTuningJobStatus", "CreationTime", "LastModifiedTime",
				"HyperParameterTuningEndTime", "TrainingJobStatusCounters", "ObjectiveStatusCounters",
			} {
				if o.Document[member] != nil {
					summary[member] = o.Document[member]
				}
			}
			return summary
		},
	},
	// Assumption: AWS looks after its training jobs every half minute.
	Stages: []engine.Stage{
		{Name: "Tuning", Lasts: 30 * time.Second, Next: tune, Enter: tuningStatus("InProgress")},
		{Name: "Stopping", Lasts: 30 * time.Second, Next: tune, Enter: tuningStatus("Stopping")},
		{Name: "Completed", Enter: endTuning("Completed")},
		{Name: "Failed", Enter: endTuning("Failed")},
		{Name: "Stopped", Enter: endTuning("Stopped")},
		{Name: "Deleting", Lasts: 30 * time.Second, Next: vanish, Enter: tuningStatus("Deleting")},
	},
}

func tuningStatus(status string) func(*engine.Tx, *engine.Object) {
	return func(_ *engine.Tx, o *engine.Object) { o.Document["HyperParameterTuningJobStatus"] = status }
}

func endTuning(status string) func(*engine.Tx, *engine.Object) {
	return func(tx *engine.Tx, o *engine.Object) {
		if status == "Failed" {
			stopTrials(tx, o)
		}
		count(o)
		o.Document["ConsumedResources"] = wire.Body{"RuntimeInSeconds": engine.Number(int(elapsed(tx, o).Seconds()))}
		o.Document["HyperParameterTuningJobStatus"], o.Document["HyperParameterTuningEndTime"] = status, tx.Now
	}
}

// stopTrials stops the training jobs that run.
func stopTrials(tx *engine.Tx, o *engine.Object) {
	t := tuningOf(o)
	t.stopped = true
	for _, trial := range t.trials {
		if trial.job.Status() == "InProgress" {
			runOf(trial.job).stopAs = "Stopped"
			tx.Enter(trial.job, "Stopping")
		}
	}
}

// checkTuning judges what the training jobs would be refused for.
func checkTuning(tx *engine.Tx, o *engine.Object) *wire.Error {
	d := o.Document
	all := definitions(d)
	if (d["TrainingJobDefinition"] == nil) == (d["TrainingJobDefinitions"] == nil) || len(all) == 0 {
		// Assumption: the rule is documented, not the words.
		return wire.Invalid("Specify either TrainingJobDefinition or TrainingJobDefinitions, and not both.")
	}
	for _, definition := range all {
		completeDefinition(definition)
		role := wire.String(definition, "RoleArn")
		if err := tx.PassRole(role); err != nil {
			return err
		}
		if objective(o, definition) == nil {
			return missing("hyperParameterTuningJobConfig.hyperParameterTuningJobObjective") // Assumption: the words.
		}
		for _, channel := range wire.List(definition, "InputDataConfig") {
			if source := wire.Object(channel, "DataSource", "S3DataSource"); source != nil {
				if err := readable(tx, role, wire.String(source, "S3Uri"), wire.String(source, "S3DataType")); err != nil {
					return err
				}
			}
		}
		// AWS tells the metric among the static parameters.
		parameters := wire.Body{}
		maps.Copy(parameters, wire.Object(definition, "StaticHyperParameters"))
		parameters["_tuning_objective_metric"] = wire.String(objective(o, definition), "MetricName")
		definition["StaticHyperParameters"] = parameters
	}
	for _, parent := range wire.List(d, "WarmStartConfig", "ParentHyperParameterTuningJobs") {
		if name := wire.String(parent, "HyperParameterTuningJobName"); tx.See(o.Kind, name) == nil {
			return tx.Missing(o.Kind, "CreateHyperParameterTuningJob", name)
		}
	}
	count(o)
	return nil
}
