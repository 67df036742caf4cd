package sagemaker

import (
	"path"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/storage"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// processingJob runs once and writes its outputs.
var processingJob = &engine.Kind{
	Name: "ProcessingJob", Resource: "processing-job", Status: "ProcessingJobStatus",
	NotFound: func(operation, arn string) *wire.Error {
		if operation == "StopProcessingJob" || operation == "DeleteProcessingJob" {
			// Assumption: as transform jobs, whose words are known.
			return wire.Invalid("Could not find job to update with name: %s", path.Base(arn))
		}
		return wire.Invalid("Could not find requested job with name: %s", path.Base(arn))
	},
	Duplicate: func(arn string) *wire.Error {
		return wire.Errorf("ResourceInUse",
			"Job name must be unique within an AWS account and region, and a job with this name already exists (%s)", arn)
	},
	Check: checkProcessing,
	First: "Starting",
	Fail: func(tx *engine.Tx, o *engine.Object, reason string) {
		o.Document["FailureReason"] = reason
		tx.Enter(o, "Failed")
	},
	Stop:   stopJob("processing job", "Stopped"),
	Delete: deleteJob("processing job"),
	Usage: func(o *engine.Object) []engine.Usage {
		if o.Stage != "" && !holds(o) {
			return nil
		}
		cluster := wire.Object(o.Document, "ProcessingResources", "ClusterConfig")
		return []engine.Usage{{
			Quota: wire.String(cluster, "InstanceType") + " for processing job usage", Count: wire.Int(1, cluster, "InstanceCount"),
		}}
	},
	List: engine.List{
		Summaries: "ProcessingJobSummaries", Ascending: true,
		Members: []string{
			"ProcessingJobName", "ProcessingJobArn", "CreationTime", "ProcessingEndTime", "LastModifiedTime",
			"ProcessingJobStatus", "FailureReason", "ExitMessage",
		},
	},
	// Assumption: how long each stage of a small job takes.
	Stages: []engine.Stage{
		{Name: "Starting", Lasts: 2 * time.Minute, Next: engine.To("Processing"), Enter: processingStatus("InProgress")},
		{Name: "Processing", Lasts: 3 * time.Minute, Next: engine.To("Completed"), Enter: func(tx *engine.Tx, o *engine.Object) {
			o.Document["ProcessingStartTime"] = tx.Now
			tx.At(o, tx.Now.Add(maxRuntime(o)), func(later *engine.Tx) {
				if o.Status() == "InProgress" {
					runOf(o).stopAs = "MaxRuntimeExceeded"
					later.Enter(o, "Stopping")
				}
			})
		}},
		{Name: "Completed", Enter: func(tx *engine.Tx, o *engine.Object) {
			if err := writeOutputs(tx, o); err != nil {
				o.Document["FailureReason"] = "ClientError: Failed to upload the outputs: " + err.Error()
				tx.Enter(o, "Failed")
				return
			}
			endProcessing(tx, o, "Completed")
		}},
		{Name: "Failed", Enter: func(tx *engine.Tx, o *engine.Object) { endProcessing(tx, o, "Failed") }},
		{Name: "Stopping", Lasts: 2 * time.Minute, Next: stopping, Enter: processingStatus("Stopping")},
		{Name: "Stopped", Enter: func(tx *engine.Tx, o *engine.Object) { endProcessing(tx, o, "Stopped") }},
		{Name: "MaxRuntimeExceeded", Enter: func(tx *engine.Tx, o *engine.Object) {
			// Assumption: the status is documented, where it says why is not.
			o.Document["ExitMessage"] = "MaxRuntimeExceeded"
			endProcessing(tx, o, "Stopped")
		}},
		{Name: "Deleting", Lasts: 30 * time.Second, Next: vanish, Enter: processingStatus("Deleting")},
	},
}

func processingStatus(status string) func(*engine.Tx, *engine.Object) {
	return func(_ *engine.Tx, o *engine.Object) { o.Document["ProcessingJobStatus"] = status }
}

func maxRuntime(o *engine.Object) time.Duration {
	return time.Duration(wire.Int(0, o.Document, "StoppingCondition", "MaxRuntimeInSeconds")) * time.Second
}

func checkProcessing(tx *engine.Tx, o *engine.Object) *wire.Error {
	d := o.Document
	wire.Default(d, wire.Body{"StoppingCondition": wire.Body{"MaxRuntimeInSeconds": engine.Number(24 * 60 * 60)}})
	role := wire.String(d, "RoleArn")
	if err := tx.PassRole(role); err != nil {
		return err
	}
	for _, input := range wire.List(d, "ProcessingInputs") {
		wire.Default(wire.Object(input), wire.Body{"AppManaged": false})
		source := wire.Object(input, "S3Input")
		if source == nil {
			continue
		}
		wire.Default(source, wire.Body{"S3DataDistributionType": "FullyReplicated", "S3CompressionType": "None"})
		if err := readable(tx, role, wire.String(source, "S3Uri"), wire.String(source, "S3DataType")); err != nil {
			return err
		}
	}
	for _, output := range wire.List(d, "ProcessingOutputConfig", "Outputs") {
		wire.Default(wire.Object(output), wire.Body{"AppManaged": false})
	}
	return nil
}

// writeOutputs writes one object under each output. Assumption: what a real
// container writes is its own affair.
func writeOutputs(tx *engine.Tx, o *engine.Object) error {
	for _, output := range wire.List(o.Document, "ProcessingOutputConfig", "Outputs") {
		uri := wire.String(output, "S3Output", "S3Uri")
		if uri == "" {
			continue
		}
		bucket, key, ok := storage.Split(joinURI(uri, "part-00000"))
		if !ok {
			continue
		}
		if err := tx.Storage.Put(bucket, key, []byte(o.ARN+"\n")); err != nil {
			return err
		}
	}
	return nil
}

func endProcessing(tx *engine.Tx, o *engine.Object, status string) {
	o.Document["ProcessingJobStatus"], o.Document["ProcessingEndTime"] = status, tx.Now
}
