package sagemaker

import (
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/storage"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// run is what a job remembers beyond its document.
type run struct {
	// stopAs is the stage that follows Stopping.
	stopAs string
	// worked is set once the job's container has run.
	worked bool
}

func runOf(o *engine.Object) *run {
	if r, ok := o.Private.(*run); ok {
		return r
	}
	r := new(run)
	o.Private = r
	return r
}

// stopping is the Next of a job's stage Stopping.
func stopping(_ *engine.Tx, o *engine.Object) string { return runOf(o).stopAs }

// vanish is the Next of a job's stage Deleting.
func vanish(tx *engine.Tx, o *engine.Object) string {
	tx.Remove(o)
	return ""
}

// stopJob is the verb of jobs that end as "as" when stopped.
func stopJob(noun, as string) engine.Verb {
	return func(tx *engine.Tx, o *engine.Object, _ wire.Body) (wire.Body, *wire.Error) {
		switch o.Status() {
		case "Stopping": // Assumption: asking twice does no harm.
		case "InProgress":
			runOf(o).stopAs = as
			if o.Stage == "Uploading" { // too late: the result is being written
				runOf(o).stopAs = "Completed"
			}
			tx.Enter(o, "Stopping")
		default:
			return nil, rejected(noun, o)
		}
		return wire.Body{}, nil
	}
}

// deleteJob is the verb of jobs whose name is free once they are deleted.
func deleteJob(noun string) engine.Verb {
	return func(tx *engine.Tx, o *engine.Object, _ wire.Body) (wire.Body, *wire.Error) {
		switch o.Status() {
		case "Deleting": // Assumption: asking twice does no harm.
		case "Completed", "Failed", "Stopped":
			if wire.String(o.Document, "WarmPoolStatus", "Status") == "Available" {
				// Assumption: only the rule is documented, not the words.
				return nil, wire.Invalid("The request was rejected because the %s retains an Available warm pool", noun)
			}
			tx.Enter(o, "Deleting")
		default:
			return nil, rejected(noun, o)
		}
		return wire.Body{}, nil
	}
}

func rejected(noun string, o *engine.Object) *wire.Error {
	return wire.Invalid("The request was rejected because the %s is in status %s", noun, o.Status())
}

// holds says whether a job occupies instances.
func holds(o *engine.Object) bool {
	return o.Status() == "InProgress" || o.Status() == "Stopping"
}

// readable checks that an input location holds something.
func readable(tx *engine.Tx, role, uri, dataType string) *wire.Error {
	found := tx.Storage.HasObject(uri)
	if dataType == "" || dataType == "S3Prefix" {
		found = tx.Storage.HasPrefix(uri)
	}
	if found {
		return nil
	}
	bucket, _, ok := storage.Split(uri)
	if !ok {
		bucket = uri
	}
	return wire.Invalid("No S3 objects found under S3 URL %q given in input data source. Please ensure that the bucket exists in the "+
		"selected region (%s), that objects exist under that S3 prefix, and that the role %q has \"s3:ListBucket\" permissions on bucket %q.",
		uri, tx.Caller.Region, role, bucket)
}

// missing is AWS's answer when a member that is required in context is absent.
func missing(path string) *wire.Error {
	return wire.Invalid("1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", path)
}

func containsFold(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}

// lastPart is what an ARN names.
func lastPart(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }

func joinURI(base string, parts ...string) string {
	return strings.TrimRight(base, "/") + "/" + strings.Join(parts, "/")
}
