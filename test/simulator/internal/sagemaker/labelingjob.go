package sagemaker

import (
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/storage"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// labelingJob has people label what a manifest lists. Its name stays taken.
var labelingJob = &engine.Kind{
	Name: "LabelingJob", Resource: "labeling-job", Status: "LabelingJobStatus", WriteOnly: []string{"StoppingConditions"},
	NotFound: func(_, arn string) *wire.Error {
		// Assumption: the code is documented, not the words.
		return wire.Errorf("ResourceNotFound", "Could not find labeling job %q.", arn)
	},
	Duplicate: func(arn string) *wire.Error {
		return wire.Errorf("ResourceInUse",
			"Labeling job names must be unique within an AWS account and region, and a labeling job with this name already exists (%s)", arn)
	},
	Check: checkLabeling,
	First: "Initializing",
	Fail: func(tx *engine.Tx, o *engine.Object, reason string) {
		o.Document["FailureReason"] = reason
		tx.Enter(o, "Failed")
	},
	Stop: func(tx *engine.Tx, o *engine.Object, _ wire.Body) (wire.Body, *wire.Error) {
		switch o.Status() {
		case "Stopping": // Assumption: asking twice does no harm.
		case "Initializing", "InProgress":
			tx.Enter(o, "Stopping")
		default:
			return nil, rejected("labeling job", o)
		}
		return wire.Body{}, nil
	},
	List: engine.List{
		Summaries: "LabelingJobSummaryList",
		Summary: func(o *engine.Object) wire.Body {
			summary := wire.Body{}
			for _, member := range []string{
				"LabelingJobName", "LabelingJobArn", "CreationTime", "LastModifiedTime", "LabelingJobStatus", "LabelCounters",
				"FailureReason", "LabelingJobOutput", "InputConfig",
			} {
				if o.Document[member] != nil {
					summary[member] = o.Document[member]
				}
			}
			task := wire.Object(o.Document, "HumanTaskConfig")
			summary["WorkteamArn"] = task["WorkteamArn"]
			if lambda := task["PreHumanTaskLambdaArn"]; lambda != nil {
				summary["PreHumanTaskLambdaArn"] = lambda
			}
			if lambda := wire.At(task, "AnnotationConsolidationConfig", "AnnotationConsolidationLambdaArn"); lambda != nil {
				summary["AnnotationConsolidationLambdaArn"] = lambda
			}
			return summary
		},
	},
	// Assumption: people label a small manifest in an hour.
	Stages: []engine.Stage{
		{Name: "Initializing", Lasts: 5 * time.Minute, Next: engine.To("Labeling"), Enter: labelingStatus("Initializing")},
		{Name: "Labeling", Lasts: time.Hour, Next: engine.To("Completed"), Enter: labelingStatus("InProgress")},
		{Name: "Completed", Enter: completeLabeling},
		{Name: "Failed", Enter: labelingStatus("Failed")},
		{Name: "Stopping", Lasts: 2 * time.Minute, Next: engine.To("Stopped"), Enter: labelingStatus("Stopping")},
		{Name: "Stopped", Enter: labelingStatus("Stopped")},
	},
}

func labelingStatus(status string) func(*engine.Tx, *engine.Object) {
	return func(_ *engine.Tx, o *engine.Object) { o.Document["LabelingJobStatus"] = status }
}

func checkLabeling(tx *engine.Tx, o *engine.Object) *wire.Error {
	d := o.Document
	if err := tx.PassRole(wire.String(d, "RoleArn")); err != nil {
		return err
	}
	manifest := wire.String(d, "InputConfig", "DataSource", "S3DataSource", "ManifestS3Uri")
	if manifest != "" && !tx.Storage.HasObject(manifest) {
		// Assumption: the rule is documented, not the words.
		return wire.Invalid("The manifest %s does not exist or role %q cannot read it.", manifest, wire.String(d, "RoleArn"))
	}
	wire.Default(d, wire.Body{"JobReferenceCode": engine.Reference(o.ARN), "LabelCounters": labels(0, 1)})
	wire.Default(wire.Object(d, "HumanTaskConfig"), wire.Body{
		"TaskAvailabilityLifetimeInSeconds": engine.Number(10 * 24 * 60 * 60), "MaxConcurrentTaskCount": engine.Number(1000),
	})
	if tags := wire.List(o.Request, "Tags"); tags != nil {
		d["Tags"] = tags // this Describe tells them, as they were at the creation
	}
	return nil
}

// labels are counters of a manifest with so many objects.
func labels(done, all int) wire.Body {
	return wire.Body{
		"TotalLabeled": engine.Number(done), "HumanLabeled": engine.Number(done), "MachineLabeled": engine.Number(0),
		"FailedNonRetryableError": engine.Number(0), "Unlabeled": engine.Number(all - done),
	}
}

// completeLabeling writes the manifest with labels. Assumption: it holds a line
// for the whole job.
func completeLabeling(tx *engine.Tx, o *engine.Object) {
	d := o.Document
	uri := joinURI(wire.String(d, "OutputConfig", "S3OutputPath"), o.Name, "manifests", "output", "output.manifest")
	if bucket, key, ok := storage.Split(uri); ok {
		if err := tx.Storage.Put(bucket, key, []byte(`{"source-ref":"`+o.ARN+`"}`+"\n")); err != nil {
			d["FailureReason"] = "ClientError: Failed to write the output manifest: " + err.Error()
			tx.Enter(o, "Failed")
			return
		}
	}
	d["LabelingJobStatus"] = "Completed"
	d["LabelingJobOutput"] = wire.Body{"OutputDatasetS3Uri": uri}
	d["LabelCounters"] = labels(1, 1)
}
