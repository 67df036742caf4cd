package sagemaker

import (
	"path"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/storage"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// transformJob predicts for all of its input. Its name stays taken.
var transformJob = &engine.Kind{
	Name: "TransformJob", Resource: "transform-job", Status: "TransformJobStatus",
	NotFound: func(operation, arn string) *wire.Error {
		if operation == "StopTransformJob" {
			return wire.Invalid("Could not find job to update with name: %s", path.Base(arn))
		}
		return wire.Invalid("Could not find requested job with name: %s", path.Base(arn))
	},
	Duplicate: func(arn string) *wire.Error {
		// Assumption: as training jobs, whose words are known.
		return wire.Errorf("ResourceInUse",
			"Transform job names must be unique within an AWS account and region, and a transform job with this name already exists (%s)", arn)
	},
	Check: checkTransform,
	First: "Starting",
	Fail: func(tx *engine.Tx, o *engine.Object, reason string) {
		o.Document["FailureReason"] = reason
		tx.Enter(o, "Failed")
	},
	Stop: stopJob("transform job", "Stopped"),
	Usage: func(o *engine.Object) []engine.Usage {
		if o.Stage != "" && !holds(o) {
			return nil
		}
		cluster := wire.Object(o.Document, "TransformResources")
		return []engine.Usage{{
			Quota: wire.String(cluster, "InstanceType") + " for transform job usage", Count: wire.Int(1, cluster, "InstanceCount"),
		}}
	},
	Immutable: true,
	List: engine.List{
		Summaries: "TransformJobSummaries",
		Members:   []string{"TransformJobName", "TransformJobArn", "CreationTime", "TransformEndTime", "TransformJobStatus", "FailureReason"},
	},
	// Assumption: how long each stage of a small job takes.
	Stages: []engine.Stage{
		{Name: "Starting", Lasts: 2 * time.Minute, Next: engine.To("Transforming"), Enter: transformStatus("InProgress")},
		{Name: "Transforming", Lasts: 3 * time.Minute, Next: engine.To("Completed"), Enter: func(tx *engine.Tx, o *engine.Object) {
			o.Document["TransformStartTime"] = tx.Now
		}},
		{Name: "Completed", Enter: completeTransform},
		{Name: "Failed", Enter: endTransform("Failed")},
		{Name: "Stopping", Lasts: 2 * time.Minute, Next: stopping, Enter: transformStatus("Stopping")},
		{Name: "Stopped", Enter: endTransform("Stopped")},
	},
}

func transformStatus(status string) func(*engine.Tx, *engine.Object) {
	return func(_ *engine.Tx, o *engine.Object) { o.Document["TransformJobStatus"] = status }
}

func endTransform(status string) func(*engine.Tx, *engine.Object) {
	return func(tx *engine.Tx, o *engine.Object) {
		o.Document["TransformJobStatus"], o.Document["TransformEndTime"] = status, tx.Now
	}
}

// checkTransform looks for model and input. Assumption: which members AWS
// completes.
func checkTransform(tx *engine.Tx, o *engine.Object) *wire.Error {
	d := o.Document
	name := wire.String(d, "ModelName")
	served := tx.See(model, name)
	if served == nil {
		return tx.Missing(model, "CreateTransformJob", name)
	}
	wire.Default(wire.Object(d, "TransformInput"), wire.Body{"CompressionType": "None", "SplitType": "None"})
	wire.Default(wire.Object(d, "TransformOutput"), wire.Body{"AssembleWith": "None", "KmsKeyId": ""})
	source := wire.Object(d, "TransformInput", "DataSource", "S3DataSource")
	return readable(tx, wire.String(served.Document, "ExecutionRoleArn"), wire.String(source, "S3Uri"), wire.String(source, "S3DataType"))
}

// completeTransform writes the predictions. Assumption: into one object.
func completeTransform(tx *engine.Tx, o *engine.Object) {
	input := path.Base(wire.String(o.Document, "TransformInput", "DataSource", "S3DataSource", "S3Uri"))
	uri := joinURI(wire.String(o.Document, "TransformOutput", "S3OutputPath"), input+".out")
	if bucket, key, ok := storage.Split(uri); ok {
		if err := tx.Storage.Put(bucket, key, []byte(o.ARN+"\n")); err != nil {
			o.Document["FailureReason"] = "ClientError: Failed to upload the predictions: " + err.Error()
			tx.Enter(o, "Failed")
			return
		}
	}
	endTransform("Completed")(tx, o)
}
