package sagemaker

import (
	"strings"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// trainingJob runs once. Its stages are its secondary statuses.
var trainingJob = &engine.Kind{
	Name: "TrainingJob", Resource: "training-job", Status: "TrainingJobStatus",
	WriteOnly: []string{"SessionChainingConfig"},
	NotFound: func(_, _ string) *wire.Error {
		return wire.Invalid("Requested resource not found.")
	},
	Duplicate: func(arn string) *wire.Error {
		return wire.Errorf("ResourceInUse", "Training job names must be unique within an AWS account and region, "+
			"and a training job with this name already exists (%s)", arn)
	},
	Check:  checkTraining,
	First:  "Starting",
	Fail:   failTraining,
	Update: updateTraining,
	Stop:   stopJob("training job", "Stopped"),
	Delete: deleteJob("training job"),
	Usage:  trainingUsage,
	List: engine.List{
		Summaries: "TrainingJobSummaries", Ascending: true, FilterAfterPaging: true,
		Members: []string{
			"TrainingJobName", "TrainingJobArn", "CreationTime", "TrainingEndTime", "LastModifiedTime",
			"TrainingJobStatus", "SecondaryStatus", "WarmPoolStatus",
		},
	},
	// Assumption: how long each stage of a small job takes.
	Stages: []engine.Stage{
		{Name: "Starting", Lasts: time.Minute, Next: engine.To("Downloading"), Enter: func(tx *engine.Tx, o *engine.Object) {
			limit(tx, o, "MaxWaitTimeInSeconds", "MaxWaitTimeExceeded")
			transition(tx, o, "InProgress", "Starting", "Preparing the instances for training")
		}},
		{Name: "Downloading", Lasts: 30 * time.Second, Next: engine.To("Training"), Enter: func(tx *engine.Tx, o *engine.Object) {
			o.Document["TrainingStartTime"] = tx.Now
			limit(tx, o, "MaxRuntimeInSeconds", "MaxRuntimeExceeded")
			transition(tx, o, "InProgress", "Downloading", "Downloading input data")
		}},
		{Name: "Training", Lasts: 2 * time.Minute, Next: engine.To("Uploading"), Enter: func(tx *engine.Tx, o *engine.Object) {
			runOf(o).worked = true
			transition(tx, o, "InProgress", "Training", "Training image download completed. Training in progress.")
		}},
		{Name: "Uploading", Lasts: 20 * time.Second, Next: engine.To("Completed"), Enter: func(tx *engine.Tx, o *engine.Object) {
			transition(tx, o, "InProgress", "Uploading", "Uploading generated training model")
		}},
		{Name: "Completed", Enter: func(tx *engine.Tx, o *engine.Object) {
			finishTraining(tx, o, "Completed", "Completed", "Training job completed")
		}},
		{Name: "Failed", Enter: func(tx *engine.Tx, o *engine.Object) {
			endTraining(tx, o, "Failed", "Failed", "Training job failed")
		}},
		{Name: "Stopping", Lasts: 2 * time.Minute, Next: stopping, Enter: func(tx *engine.Tx, o *engine.Object) {
			transition(tx, o, "Stopping", "Stopping", "Stopping the training job")
		}},
		{Name: "Stopped", Enter: func(tx *engine.Tx, o *engine.Object) {
			finishTraining(tx, o, "Stopped", "Stopped", "Training job stopped")
		}},
		{Name: "MaxRuntimeExceeded", Enter: func(tx *engine.Tx, o *engine.Object) {
			finishTraining(tx, o, "Stopped", "MaxRuntimeExceeded", "Training job runtime exceeded MaxRuntimeInSeconds provided")
		}},
		{Name: "MaxWaitTimeExceeded", Enter: func(tx *engine.Tx, o *engine.Object) {
			finishTraining(tx, o, "Stopped", "MaxWaitTimeExceeded", "Training job wait time exceeded MaxWaitTimeInSeconds provided")
		}},
		{Name: "Deleting", Lasts: 30 * time.Second, Next: vanish, Enter: func(_ *engine.Tx, o *engine.Object) {
			o.Document["TrainingJobStatus"] = "Deleting"
		}},
	},
}

func checkTraining(tx *engine.Tx, o *engine.Object) *wire.Error {
	d := o.Document
	if d["ServerlessJobConfig"] == nil {
		for _, member := range []string{"AlgorithmSpecification", "ResourceConfig", "StoppingCondition"} {
			if d[member] == nil {
				return missing(strings.ToLower(member[:1]) + member[1:])
			}
		}
		// Assumption: the wording of the refusals about images and spot times.
		algorithm := wire.Object(d, "AlgorithmSpecification")
		if (algorithm["TrainingImage"] == nil) == (algorithm["AlgorithmName"] == nil) {
			return wire.Invalid("You must specify either TrainingImage or AlgorithmName, and not both, in AlgorithmSpecification.")
		}
	}
	complete(d)
	if wire.Bool(d, "EnableManagedSpotTraining") &&
		wire.Int(0, d, "StoppingCondition", "MaxWaitTimeInSeconds") < wire.Int(0, d, "StoppingCondition", "MaxRuntimeInSeconds") {
		return wire.Invalid("Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to MaxRuntimeInSeconds")
	}
	if err := tx.PassRole(wire.String(d, "RoleArn")); err != nil {
		return err
	}
	for _, channel := range wire.List(d, "InputDataConfig") {
		source := wire.Object(channel, "DataSource", "S3DataSource")
		if source == nil {
			continue
		}
		if err := readable(tx, wire.String(d, "RoleArn"), wire.String(source, "S3Uri"), wire.String(source, "S3DataType")); err != nil {
			return err
		}
	}
	return nil
}

// complete fills in what AWS answers for members that were left out.
func complete(d wire.Body) {
	profile(d)
	if algorithm := wire.Object(d, "AlgorithmSpecification"); algorithm != nil {
		wire.Default(algorithm, wire.Body{"EnableSageMakerMetricsTimeSeries": false})
	}
	completeDefinition(d)
	if wire.Int(0, d, "ResourceConfig", "KeepAlivePeriodInSeconds") > 0 {
		d["WarmPoolStatus"] = wire.Body{"Status": "InUse"}
	}
}

// completeDefinition fills in what training jobs have in common with the
// definitions that tuning jobs make them of.
func completeDefinition(d wire.Body) {
	wire.Default(d, wire.Body{
		"EnableNetworkIsolation": false, "EnableInterContainerTrafficEncryption": false, "EnableManagedSpotTraining": false,
	})
	if condition := wire.Object(d, "StoppingCondition"); condition != nil {
		wire.Default(condition, wire.Body{"MaxRuntimeInSeconds": engine.Number(24 * 60 * 60)})
	}
	if output := wire.Object(d, "OutputDataConfig"); output != nil {
		wire.Default(output, wire.Body{"KmsKeyId": "", "CompressionType": "GZIP"})
	}
	for _, channel := range wire.List(d, "InputDataConfig") {
		wire.Default(wire.Object(channel), wire.Body{"CompressionType": "None", "RecordWrapperType": "None"})
		if source := wire.Object(channel, "DataSource", "S3DataSource"); source != nil {
			wire.Default(source, wire.Body{"S3DataDistributionType": "FullyReplicated"})
		}
	}
}

func trainingUsage(o *engine.Object) []engine.Usage {
	if o.Stage != "" && !holds(o) {
		return nil
	}
	suffix := " for training job usage"
	if wire.Bool(o.Document, "EnableManagedSpotTraining") {
		suffix = " for spot training job usage"
	}
	config := wire.Object(o.Document, "ResourceConfig")
	groups := append([]any{config}, wire.List(config, "InstanceGroups")...)
	var usage []engine.Usage
	for _, group := range groups {
		if instance := wire.String(group, "InstanceType"); instance != "" {
			usage = append(usage, engine.Usage{Quota: instance + suffix, Count: wire.Int(1, group, "InstanceCount")})
		}
	}
	return usage
}
