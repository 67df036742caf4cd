package sagemaker

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/storage"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// transition moves a training job to a status and notes it in its history.
func transition(tx *engine.Tx, o *engine.Object, status, secondary, message string) {
	history := wire.List(o.Document, "SecondaryStatusTransitions")
	if n := len(history); n > 0 {
		wire.Object(history[n-1])["EndTime"] = tx.Now
	}
	o.Document["SecondaryStatusTransitions"] = append(history, wire.Body{
		"Status": secondary, "StartTime": tx.Now, "StatusMessage": message,
	})
	o.Document["TrainingJobStatus"], o.Document["SecondaryStatus"] = status, secondary
}

// limit stops a job as "as" when it still runs after the time its stopping
// condition names. Assumption: a job that already uploads is left to finish.
func limit(tx *engine.Tx, o *engine.Object, member, as string) {
	seconds := wire.Int(0, o.Document, "StoppingCondition", member)
	if seconds == 0 {
		return
	}
	tx.At(o, tx.Now.Add(time.Duration(seconds)*time.Second), func(later *engine.Tx) {
		if o.Status() == "InProgress" && o.Stage != "Uploading" {
			runOf(o).stopAs = as
			later.Enter(o, "Stopping")
		}
	})
}

// finishTraining ends a job that may have a model, and uploads it.
func finishTraining(tx *engine.Tx, o *engine.Object, status, secondary, message string) {
	if runOf(o).worked {
		uri, err := upload(tx, o)
		if err != nil {
			failTraining(tx, o, fmt.Sprintf("ClientError: Failed to upload the model artifacts to %s: %s",
				wire.String(o.Document, "OutputDataConfig", "S3OutputPath"), err))
			return
		}
		o.Document["ModelArtifacts"] = wire.Body{"S3ModelArtifacts": uri}
	}
	if status == "Completed" {
		measure(tx, o)
	}
	endTraining(tx, o, status, secondary, message)
}

// measure tells the metrics that a test has asked for.
func measure(tx *engine.Tx, o *engine.Object) {
	event := fault.Event{Kind: o.Kind.Name, Name: o.Name, HyperParameters: map[string]string{}}
	for name := range wire.Object(o.Document, "HyperParameters") {
		event.HyperParameters[name] = wire.String(o.Document, "HyperParameters", name)
	}
	measured, ok := tx.Faults.Take(fault.Measure, event)
	if !ok {
		return
	}
	final := make([]any, 0, len(measured.Metrics))
	for _, name := range slices.Sorted(maps.Keys(measured.Metrics)) {
		value := json.Number(strconv.FormatFloat(measured.Metrics[name], 'f', -1, 64))
		final = append(final, wire.Body{"MetricName": name, "Value": value, "Timestamp": tx.Now})
	}
	o.Document["FinalMetricDataList"] = final
}

func failTraining(tx *engine.Tx, o *engine.Object, reason string) {
	o.Document["FailureReason"] = reason
	tx.Enter(o, "Failed")
}

func endTraining(tx *engine.Tx, o *engine.Object, status, secondary, message string) {
	transition(tx, o, status, secondary, message)
	history := wire.List(o.Document, "SecondaryStatusTransitions")
	wire.Object(history[len(history)-1])["EndTime"] = tx.Now
	o.Document["TrainingEndTime"] = tx.Now
	if started, ok := o.Document["TrainingStartTime"].(time.Time); ok {
		seconds := int(tx.Now.Sub(started).Seconds())
		o.Document["TrainingTimeInSeconds"] = engine.Number(seconds)
		if wire.Bool(o.Document, "EnableManagedSpotTraining") {
			seconds = seconds * 3 / 10 // Assumption: spot capacity saves 70 %.
		}
		o.Document["BillableTimeInSeconds"] = engine.Number(seconds)
	}
	if status == "Completed" {
		retainWarmPool(tx, o)
	} else if o.Document["WarmPoolStatus"] != nil {
		o.Document["WarmPoolStatus"] = wire.Body{"Status": "Terminated"}
	}
}

// retainWarmPool keeps a finished job's instances for the time it asks for,
// counted from the job's end. They are not reused by later jobs.
func retainWarmPool(tx *engine.Tx, o *engine.Object) {
	seconds := wire.Int(0, o.Document, "ResourceConfig", "KeepAlivePeriodInSeconds")
	ended, ok := o.Document["TrainingEndTime"].(time.Time)
	if seconds == 0 || !ok {
		return
	}
	o.Document["WarmPoolStatus"] = wire.Body{"Status": "Available"}
	tx.At(o, ended.Add(time.Duration(seconds)*time.Second), func(later *engine.Tx) {
		if seconds != wire.Int(0, o.Document, "ResourceConfig", "KeepAlivePeriodInSeconds") {
			return // changed in the meantime
		}
		o.Document["WarmPoolStatus"] = wire.Body{
			"Status": "Terminated", "ResourceRetainedBillableTimeInSeconds": engine.Number(seconds),
		}
		o.Touch(later.Now)
	})
}

// upload writes the job's model and says where it is.
func upload(tx *engine.Tx, o *engine.Object) (string, error) {
	uri := joinURI(wire.String(o.Document, "OutputDataConfig", "S3OutputPath"), o.Name, "output", "model.tar.gz")
	content, err := archive(o)
	if err != nil {
		return "", err
	}
	target := uri
	if wire.String(o.Document, "OutputDataConfig", "CompressionType") == "NONE" {
		uri = joinURI(wire.String(o.Document, "OutputDataConfig", "S3OutputPath"), o.Name, "output", "model") + "/"
		target = uri + "model.tar"
	}
	bucket, key, ok := storage.Split(target)
	if !ok {
		return "", fmt.Errorf("%s is not an S3 URI", target)
	}
	return uri, tx.Storage.Put(bucket, key, content)
}

// zippers are used again: making one costs more than all else of a job.
var zippers sync.Pool

// archive is the simulated model: a tar.gz with a file that says what the job
// was trained on.
func archive(o *engine.Object) ([]byte, error) {
	description, err := json.MarshalIndent(wire.Body{
		"trainingJob":     o.ARN,
		"image":           wire.String(o.Document, "AlgorithmSpecification", "TrainingImage"),
		"hyperParameters": o.Document["HyperParameters"],
	}, "", "  ")
	if err != nil {
		return nil, err
	}
	var buffer bytes.Buffer
	zipped, ok := zippers.Get().(*gzip.Writer)
	if !ok {
		zipped = gzip.NewWriter(io.Discard)
	}
	defer zippers.Put(zipped)
	zipped.Reset(&buffer)
	files := tar.NewWriter(zipped)
	header := &tar.Header{Name: "model.json", Mode: 0o644, Size: int64(len(description)), Format: tar.FormatPAX}
	if err := files.WriteHeader(header); err != nil {
		return nil, err
	}
	if _, err := files.Write(description); err != nil {
		return nil, err
	}
	if err := files.Close(); err != nil {
		return nil, err
	}
	if err := zipped.Close(); err != nil {
		return nil, err
	}
	return buffer.Bytes(), nil
}
