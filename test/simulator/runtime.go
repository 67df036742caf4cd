package simulator

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/sagemaker"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// maxInline is how long the input of an asynchronous request may be.
const maxInline = 128_000

// runtimeOperation answers an operation of SageMaker Runtime on an endpoint.
type runtimeOperation func(w http.ResponseWriter, r *http.Request, endpoint string, caller wire.Caller)

// invocation takes the endpoint's name and the operation from the path of a
// request to SageMaker Runtime; nil says that it is none.
func (s *Server) invocation(r *http.Request) (endpoint string, operation runtimeOperation) {
	rest, found := strings.CutPrefix(r.URL.Path, "/endpoints/")
	endpoint, tail, _ := strings.Cut(rest, "/")
	switch {
	case !found || r.Method != http.MethodPost:
		return "", nil
	case tail == "invocations":
		return endpoint, s.serveInvoke
	case tail == "async-invocations":
		return endpoint, s.serveInvokeAsync
	default:
		return "", nil
	}
}

// serveInvoke answers InvokeEndpoint with which model served.
func (s *Server) serveInvoke(w http.ResponseWriter, r *http.Request, endpoint string, caller wire.Caller) {
	asked := sagemaker.Invocation{
		Endpoint: endpoint, Variant: r.Header.Get("X-Amzn-Sagemaker-Target-Variant"), Component: r.Header.Get("X-Amzn-Sagemaker-Inference-Component"),
	}
	request := wire.Body{"EndpointName": endpoint}
	for member, value := range map[string]string{"TargetVariant": asked.Variant, "InferenceComponentName": asked.Component} {
		if value != "" {
			request[member] = value
		}
	}
	var answer sagemaker.Answer
	_, failure := s.admit(r, "InvokeEndpoint", endpoint, caller)
	if failure == nil {
		s.world.In(caller, func(tx *engine.Tx) { answer, failure = sagemaker.Invoke(tx, asked) })
	}
	if failure == nil {
		w.Header().Set("X-Amzn-Invoked-Production-Variant", answer.Variant)
	}
	s.answer(w, caller, "InvokeEndpoint", request, http.StatusOK, answer, failure)
}

// serveInvokeAsync answers InvokeEndpointAsync with where the output will be.
func (s *Server) serveInvokeAsync(w http.ResponseWriter, r *http.Request, endpoint string, caller wire.Caller) {
	header := func(name string) string { return r.Header.Get("X-Amzn-Sagemaker-" + name) }
	asked := sagemaker.AsyncInvocation{
		Endpoint: endpoint, InputLocation: header("Inputlocation"), ID: header("Inference-Id"), Filename: header("Filename"),
		PathExtension: header("S3outputpathextension"),
	}
	length, failure := s.admit(r, "InvokeEndpointAsync", endpoint, caller)
	asked.Inline = length > 0
	if failure == nil && length > maxInline {
		failure = wire.Errorf("ValidationError", "The request body must not have more than %d bytes.", maxInline) // Assumption: the words.
	}
	var queued sagemaker.Queued
	if failure == nil {
		s.world.In(caller, func(tx *engine.Tx) { queued, failure = sagemaker.InvokeAsync(tx, asked) })
	}
	if failure == nil {
		w.Header().Set("X-Amzn-Sagemaker-Outputlocation", queued.OutputLocation)
		if queued.FailureLocation != "" {
			w.Header().Set("X-Amzn-Sagemaker-Failurelocation", queued.FailureLocation)
		}
	}
	request := wire.Body{"EndpointName": endpoint, "InputLocation": asked.InputLocation}
	s.answer(w, caller, "InvokeEndpointAsync", request, http.StatusAccepted, queued, failure)
}

// admit reads the body of a request, whose length it returns, and applies the
// faults that come before it is looked at.
func (s *Server) admit(r *http.Request, operation, endpoint string, caller wire.Caller) (length int64, failure *wire.Error) {
	if caller.Account == "" {
		failure = wire.Errorf("MissingAuthenticationTokenException", "Missing Authentication Token")
		failure.Status = http.StatusForbidden
		return 0, failure
	}
	length, err := io.Copy(io.Discard, io.LimitReader(r.Body, maxBody))
	if err != nil {
		return 0, wire.Errorf("ValidationError", "unable to read the request body")
	}
	event := fault.Event{Operation: operation, Kind: "Endpoint", Name: endpoint, Principal: caller.Principal, Role: caller.Role}
	return length, s.obstruct(r, "sagemaker", event, caller.ARN("endpoint", endpoint))
}

// answer writes an answer of SageMaker Runtime and records the request.
func (s *Server) answer(w http.ResponseWriter, caller wire.Caller, operation string, request wire.Body, status int, answer any, failure *wire.Error) {
	entry := s.entry(caller, "sagemaker-runtime", operation)
	entry.Request, entry.Status = request, status
	if failure != nil {
		entry.Status, entry.Code, entry.Message = failure.HTTPStatus(), failure.Code, failure.Message
		w.Header().Set("X-Amzn-Errortype", failure.Code)
		answer = map[string]string{"message": failure.Message}
	}
	body, err := json.Marshal(answer)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	s.journal.Record(entry)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-Requestid", s.requestID())
	w.WriteHeader(entry.Status)
	_, _ = w.Write(body) // the caller may have gone: nothing is left to tell it
}
