package sagemaker

import (
	"cmp"
	"encoding/json"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/storage"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// asyncTime is an assumption: how long a request waits and takes.
const asyncTime = 30 * time.Second

// AsyncInvocation is a request that is queued.
type AsyncInvocation struct {
	Endpoint string
	// InputLocation is where in S3 the input is; Inline says that the request
	// itself had it.
	InputLocation string
	Inline        bool
	// ID, Filename and PathExtension say what the output is called; empty
	// leaves it to AWS.
	ID, Filename, PathExtension string
}

// Queued says where the answer to a queued request will be.
type Queued struct {
	ID string `json:"InferenceId"`
	// OutputLocation and FailureLocation are S3 URIs; the latter is empty if
	// the endpoint has no place for failures.
	OutputLocation  string `json:"-"`
	FailureLocation string `json:"-"`
}

// InvokeAsync queues a request, whose answer is written to S3 after a while.
// Assumption: how the objects are called, what a failure says, and the words.
func InvokeAsync(tx *engine.Tx, asked AsyncInvocation) (Queued, *wire.Error) {
	o, err := serving(tx, asked.Endpoint)
	if err != nil {
		return Queued{}, err
	}
	f, v, err := choose(o, Invocation{Endpoint: asked.Endpoint})
	if err != nil {
		return Queued{}, err
	}
	output := wire.Object(f.config, "AsyncInferenceConfig", "OutputConfig")
	if output == nil {
		return Queued{}, wire.Errorf("ValidationError", "Endpoint %s is not asynchronous: use InvokeEndpoint.", asked.Endpoint)
	}
	if asked.Inline == (asked.InputLocation != "") {
		return Queued{}, wire.Errorf("ValidationError", "Exactly one of Body and InputLocation must be provided.")
	}
	state := stateOf(o)
	state.queued++
	id := cmp.Or(asked.ID, engine.Reference(o.ARN, tx.Now.String(), string(engine.Number(state.queued))))
	path := wire.String(output, "S3OutputPath")
	if asked.PathExtension != "" {
		path = joinURI(path, asked.PathExtension)
	}
	queued := Queued{ID: id, OutputLocation: joinURI(path, cmp.Or(asked.Filename, id+".out"))}
	if failures := wire.String(output, "S3FailurePath"); failures != "" {
		queued.FailureLocation = joinURI(failures, id+"-error.out")
	}
	answer := answerOf(o, f, v)
	tx.At(o, tx.Now.Add(asyncTime), func(later *engine.Tx) { fulfil(later, asked, queued, answer) })
	return queued, nil
}

// fulfil writes the answer, or why there is none. What cannot be written is
// lost.
func fulfil(tx *engine.Tx, asked AsyncInvocation, queued Queued, answer Answer) {
	location, content := queued.OutputLocation, any(answer)
	if !asked.Inline && !tx.Storage.HasObject(asked.InputLocation) {
		location, content = queued.FailureLocation, map[string]string{"message": "Could not read the input at " + asked.InputLocation}
	}
	bucket, key, ok := storage.Split(location)
	text, err := json.Marshal(content)
	if ok && err == nil {
		_ = tx.Storage.Put(bucket, key, text) // the bucket may be gone: AWS says nothing either
	}
}
