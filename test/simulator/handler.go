package simulator

import (
	"cmp"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/storage"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/sts"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/journal"
)

// maxBody is more than any SageMaker request may have.
const maxBody = 8 << 20

// ServeHTTP tells the services apart, which share one port, and lets them
// answer.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	signature, signed := wire.ParseSignature(r)
	var caller wire.Caller
	if signed {
		caller = s.issuer.Caller(signature)
	}
	target := r.Header.Get("X-Amz-Target")
	endpoint, invoke := s.invocation(r)
	switch {
	case strings.HasPrefix(r.URL.Path, controlPath):
		s.control.ServeHTTP(w, r)
	case target != "":
		service, operation, _ := strings.Cut(target, ".")
		s.serveRPC(w, r, wire.JSON, &request{caller: caller, service: service, operation: operation})
	case r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor":
		s.serveRPC(w, r, wire.CBOR, cborRequest(r, caller))
	case isQuery(r):
		s.serveSTS(w, r, caller)
	case invoke != nil:
		invoke(w, r, endpoint, caller)
	default:
		s.serveS3(w, r, caller)
	}
}

// isQuery says whether a request is of the query protocol, which of the
// services here only STS speaks.
func isQuery(r *http.Request) bool {
	return r.Method == http.MethodPost && r.URL.Path == "/" &&
		strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
}

// request is one call on its way through the simulator.
type request struct {
	caller    wire.Caller
	service   string
	operation string
	body      wire.Body
	lost      bool
}

// cborRequest takes service and operation from a path
// /service/<service>/operation/<operation>.
func cborRequest(r *http.Request, caller wire.Caller) *request {
	rest, _ := strings.CutPrefix(r.URL.Path, "/service/")
	service, operation, _ := strings.Cut(rest, "/operation/")
	return &request{caller: caller, service: service, operation: operation}
}

// serveRPC answers the services whose operations are not told apart by method
// and path: SageMaker, Application Auto Scaling and CloudWatch.
func (s *Server) serveRPC(w http.ResponseWriter, r *http.Request, protocol wire.Protocol, call *request) {
	answer, failure := s.call(r, protocol, call)
	entry := s.entry(call.caller, cmp.Or(s.services[call.service].name, call.service), call.operation)
	entry.Request, entry.Status, entry.Lost = call.body, http.StatusOK, call.lost
	if failure != nil {
		entry.Status, entry.Code, entry.Message = failure.HTTPStatus(), failure.Code, failure.Message
		answer = protocol.Refuse(w.Header(), failure)
	} else if entry.Mutation() {
		entry.Answer, _ = protocol.Decode(answer) // which the protocol itself has just encoded
	}
	s.journal.Record(entry)
	if call.lost {
		hangUp(w)
		return
	}
	protocol.Write(w, s.requestID(), entry.Status, answer)
}

// content is the body of a request, which PutMetricData compresses.
func content(r *http.Request) ([]byte, error) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		var err error
		if body, err = gzip.NewReader(body); err != nil {
			return nil, err
		}
	}
	return io.ReadAll(io.LimitReader(body, maxBody+1))
}

// call carries a request out and encodes its answer.
func (s *Server) call(r *http.Request, protocol wire.Protocol, call *request) ([]byte, *wire.Error) {
	data, err := content(r)
	if err != nil || len(data) > maxBody {
		return nil, wire.Errorf("SerializationException", "unable to read the request body")
	}
	service := s.services[call.service]
	operation, known := service.operations[call.operation]
	if !known {
		s.options.Logger.Error("unknown operation", "service", call.service, "operation", call.operation, "in the API", s.model.Has(call.operation))
		return nil, wire.Errorf("UnknownOperationException", "the simulator does not know the operation %s.%s", call.service, call.operation)
	}
	if call.caller.Account == "" {
		return nil, wire.Errorf("MissingAuthenticationTokenException", "Missing Authentication Token")
	}
	if call.caller.Expired {
		return nil, wire.Expired("ExpiredTokenException")
	}
	body, failure := protocol.Decode(data)
	if failure != nil {
		return nil, failure
	}
	call.body = body
	if !s.limiter.Allow(call.caller.Scope, call.operation, s.options.Clock.Now()) {
		return nil, wire.Throttled()
	}
	event := fault.Event{Operation: call.operation, Name: operation.ObjectName(body), Principal: call.caller.Principal, Role: call.caller.Role}
	if operation.Kind != nil {
		event.Kind = operation.Kind.Name
	}
	if failure := s.obstruct(r, service.name, event, operation.ARN(call.caller.Scope, body)); failure != nil {
		return nil, failure
	}
	if len(wire.List(body, "Tags")) > 0 && strings.HasPrefix(call.operation, "Create") { // IAM asks for both permissions
		event := event
		event.Operation = "AddTags"
		if failure := s.authorize(service.name, event, operation.ARN(call.caller.Scope, body)); failure != nil {
			return nil, failure
		}
	}
	operation.Do = s.asObserved(call.operation, operation.Do)
	inModel := s.inModel(service, call.operation)
	if failure := s.model.Validate(inModel, body); failure != nil {
		return nil, failure
	}
	answer, failure := s.execute(protocol, call.caller, operation, s.model.Prune(inModel, body), event)
	if failure == nil {
		_, call.lost = s.faults.Take(fault.LoseResponse, event)
	}
	return answer, failure
}

func (s *Server) execute(
	protocol wire.Protocol, caller wire.Caller, operation engine.Operation, body wire.Body, event fault.Event,
) (answer []byte, failure *wire.Error) {
	s.world.In(caller, func(tx *engine.Tx) {
		var result wire.Body
		if result, failure = operation.Do(tx, body); failure != nil {
			return
		}
		if rule, ok := s.faults.Take(fault.Rewrite, event); ok {
			result, _ = wire.Clone(result).(wire.Body)
			wire.Rewrite(result, rule.Member, rule.Value)
		}
		encoded, err := protocol.Encode(result)
		if err != nil {
			failure = &wire.Error{Code: "InternalFailure", Message: err.Error(), Status: http.StatusInternalServerError}
			s.options.Logger.Error("answer cannot be encoded", "answer", result, "error", err)
			return
		}
		answer = encoded
	})
	return answer, failure
}

// obstruct applies the faults that come before a request is looked at.
func (s *Server) obstruct(r *http.Request, service string, event fault.Event, arn string) *wire.Error {
	if rule, ok := s.faults.Take(fault.Delay, event); ok {
		select {
		case <-s.options.Clock.After(rule.Latency):
		case <-r.Context().Done():
			return wire.Errorf("RequestTimeout", "the caller went away")
		}
	}
	if rule, ok := s.faults.Take(fault.Reject, event); ok {
		return &wire.Error{Code: rule.Code, Message: rule.Message, Status: rule.Status}
	}
	return s.authorize(service, event, arn)
}

// authorize applies the scripted denials of IAM.
func (s *Server) authorize(service string, event fault.Event, arn string) *wire.Error {
	if _, denied := s.faults.Take(fault.Deny, event); denied {
		return engine.Denied(event.Principal, service+":"+event.Operation, arn)
	}
	return nil
}

func (s *Server) serveSTS(w http.ResponseWriter, r *http.Request, caller wire.Caller) {
	data, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	form, parseErr := url.ParseQuery(string(data))
	if err != nil || parseErr != nil {
		sts.Write(w, nil, wire.Errorf("MalformedQueryString", "the request body is not a query string"))
		return
	}
	answer, failure := s.issuer.Handle(caller, form)
	entry := s.entry(caller, "sts", form.Get("Action"))
	entry.Status = http.StatusOK
	if arn := form.Get("RoleArn"); arn != "" {
		entry.Request = wire.Body{"RoleArn": arn, "RoleSessionName": form.Get("RoleSessionName"), "ExternalId": form.Get("ExternalId")}
	}
	if failure != nil {
		entry.Status, entry.Code, entry.Message = failure.HTTPStatus(), failure.Code, failure.Message
	}
	s.journal.Record(entry)
	sts.Write(w, answer, failure)
}

func (s *Server) serveS3(w http.ResponseWriter, r *http.Request, caller wire.Caller) {
	s.world.In(caller, func(*engine.Tx) {}) // what has become due may write objects
	recorder := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
	entry := s.entry(caller, "s3", storage.Operation(r))
	entry.Request = wire.Body{"path": r.URL.Path}
	s.storage.ServeHTTP(recorder, r)
	entry.Status = recorder.status
	s.journal.Record(entry)
}

func (s *Server) entry(caller wire.Caller, service, operation string) journal.Entry {
	return journal.Entry{
		Time: s.options.Clock.Now().UTC(), Account: caller.Account, Region: caller.Region,
		Principal: caller.Principal, Service: service, Operation: operation,
	}
}

func (s *Server) requestID() string {
	return fmt.Sprintf("00000000-0000-4000-8000-%012d", s.requests.Add(1))
}

// hangUp closes the connection without an answer.
func hangUp(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_ = connection.Close() // to be cut off is the point
}

type statusRecorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader remembers the status.
func (r *statusRecorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap gives http.ResponseController the writer beneath.
func (r *statusRecorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
