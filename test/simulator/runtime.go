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

// invocation takes the endpoint's name from the path of InvokeEndpoint.
func invocation(r *http.Request) (endpoint string, ok bool) {
	rest, found := strings.CutPrefix(r.URL.Path, "/endpoints/")
	endpoint, tail, _ := strings.Cut(rest, "/")
	return endpoint, found && tail == "invocations" && r.Method == http.MethodPost
}

// serveRuntime answers InvokeEndpoint with which model served.
func (s *Server) serveRuntime(w http.ResponseWriter, r *http.Request, endpoint string, caller wire.Caller) {
	target := r.Header.Get("X-Amzn-Sagemaker-Target-Variant")
	answer, failure := s.invoke(r, endpoint, target, caller)
	entry := s.entry(caller, "sagemaker-runtime", "InvokeEndpoint")
	entry.Request, entry.Status = wire.Body{"EndpointName": endpoint}, http.StatusOK
	if target != "" {
		entry.Request["TargetVariant"] = target
	}
	var (
		body []byte
		err  error
	)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-Requestid", s.requestID())
	if failure != nil {
		entry.Status, entry.Code, entry.Message = failure.HTTPStatus(), failure.Code, failure.Message
		w.Header().Set("X-Amzn-Errortype", failure.Code)
		body, err = json.Marshal(map[string]string{"message": failure.Message})
	} else {
		w.Header().Set("X-Amzn-Invoked-Production-Variant", answer.Variant)
		body, err = json.Marshal(answer)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	s.journal.Record(entry)
	w.WriteHeader(entry.Status)
	_, _ = w.Write(body) // the caller may have gone: nothing is left to tell it
}

func (s *Server) invoke(
	r *http.Request, endpoint, target string, caller wire.Caller,
) (answer sagemaker.Answer, failure *wire.Error) {
	if caller.Account == "" {
		failure = wire.Errorf("MissingAuthenticationTokenException", "Missing Authentication Token")
		failure.Status = http.StatusForbidden
		return answer, failure
	}
	if _, err := io.Copy(io.Discard, io.LimitReader(r.Body, maxBody)); err != nil {
		return answer, wire.Errorf("ValidationError", "unable to read the request body")
	}
	event := fault.Event{Operation: "InvokeEndpoint", Kind: "Endpoint", Name: endpoint, Principal: caller.Principal, Role: caller.Role}
	if failure := s.obstruct(r, "sagemaker", event, caller.ARN("endpoint", endpoint)); failure != nil {
		return answer, failure
	}
	s.world.In(caller, func(tx *engine.Tx) { answer, failure = sagemaker.Invoke(tx, endpoint, target) })
	return answer, failure
}
