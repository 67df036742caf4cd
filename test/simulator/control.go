package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/journal"
)

// controlPath is where the simulator itself is asked and told, in JSON and
// without a signature. README.md lists the calls.
const controlPath = "/_simulator/"

// steppable is a clock that moves when told.
type steppable interface{ Step(d time.Duration) }

func (s *Server) controlMux() *http.ServeMux {
	mux := http.NewServeMux()
	for pattern, handle := range map[string]func(*http.Request) (any, error){
		"GET health":                         s.health,
		"GET stages":                         func(*http.Request) (any, error) { return stageDurations(), nil },
		"GET operations":                     func(*http.Request) (any, error) { return s.Operations(), nil },
		"GET clock":                          func(*http.Request) (any, error) { return s.time(), nil },
		"POST clock":                         s.advance,
		"GET journal":                        s.readJournal,
		"GET journal/counts":                 func(*http.Request) (any, error) { return s.journal.Counts(), nil },
		"DELETE journal":                     func(*http.Request) (any, error) { s.journal.Reset(); return done, nil },
		"GET faults":                         func(*http.Request) (any, error) { return rulesJSON(s.faults.Rules()), nil },
		"POST faults":                        s.addFault,
		"DELETE faults":                      func(*http.Request) (any, error) { s.faults.Clear(); return done, nil },
		"DELETE faults/{id}":                 s.removeFault,
		"GET objects":                        s.readObjects,
		"PUT s3/{bucket}":                    s.putBucket,
		"PUT s3/{bucket}/{key...}":           s.putObject,
		"POST roles":                         s.addRole,
		"POST endpoints/{name}/systemupdate": s.systemUpdate,
		"POST objects/stage":                 s.enterStage,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" "+controlPath+path, func(w http.ResponseWriter, r *http.Request) { reply(w, r, handle) })
	}
	mux.HandleFunc(controlPath, func(w http.ResponseWriter, r *http.Request) {
		reply(w, r, func(r *http.Request) (any, error) {
			return nil, &refusal{http.StatusNotFound, fmt.Sprintf("no control call %s %s", r.Method, r.URL.Path)}
		})
	})
	return mux
}

// refusal is an error of a control call with its HTTP status.
type refusal struct {
	status  int
	message string
}

func (r *refusal) Error() string { return r.message }

// done is the answer of calls that have nothing to tell: an empty object.
var done = struct{}{}

// reply writes what a control call answers.
func reply(w http.ResponseWriter, r *http.Request, handle func(*http.Request) (any, error)) {
	answer, err := handle(r)
	status := http.StatusOK
	if err != nil {
		status = http.StatusBadRequest
		if refused, is := errors.AsType[*refusal](err); is {
			status = refused.status
		}
		answer = map[string]string{"error": err.Error()}
	}
	body, err := json.MarshalIndent(answer, "", "  ")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // the caller may have gone: nothing is left to tell it
}

// read decodes the JSON body of a control call and refuses unknown members.
func read(r *http.Request, into any) error {
	decoder := json.NewDecoder(io.LimitReader(r.Body, maxBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("request body: %w", err)
	}
	return nil
}

func (s *Server) health(*http.Request) (any, error) {
	return map[string]string{"status": "ok", "account": s.options.Account, "region": s.options.Region}, nil
}

func stageDurations() map[string]string {
	stages := map[string]string{}
	for name, duration := range Stages() {
		stages[name] = duration.String()
	}
	return stages
}

func (s *Server) time() any {
	_, virtual := s.options.Clock.(steppable)
	return struct {
		Time    time.Time `json:"time"`
		Virtual bool      `json:"virtual"`
	}{s.options.Clock.Now().UTC(), virtual}
}

func (s *Server) advance(r *http.Request) (any, error) {
	var body struct {
		Advance string `json:"advance"`
	}
	if err := read(r, &body); err != nil {
		return nil, err
	}
	by, err := time.ParseDuration(body.Advance)
	if err != nil || by < 0 {
		return nil, fmt.Errorf("advance %q is not a duration such as 90s or 10m", body.Advance)
	}
	clock, virtual := s.options.Clock.(steppable)
	if !virtual {
		return nil, &refusal{http.StatusConflict, "the simulator runs on the real clock, which cannot be advanced"}
	}
	clock.Step(by)
	return s.time(), nil
}

func (s *Server) readJournal(r *http.Request) (any, error) {
	entries := s.journal.Entries()
	if r.URL.Query().Get("mutations") == "true" {
		entries = s.journal.Mutations()
	}
	operation := r.URL.Query().Get("operation")
	kept := []journal.Entry{}
	for _, entry := range entries {
		if operation == "" || entry.Operation == operation {
			kept = append(kept, entry)
		}
	}
	return kept, nil
}

// ruleJSON is a rule with its latency as text, such as "250ms".
type ruleJSON struct {
	fault.Rule

	Latency string `json:"latency,omitempty"`
}

func rulesJSON(rules []fault.Rule) []ruleJSON {
	out := make([]ruleJSON, len(rules))
	for i, rule := range rules {
		out[i] = ruleJSON{Rule: rule}
		if rule.Latency > 0 {
			out[i].Latency = rule.Latency.String()
		}
	}
	return out
}

func (s *Server) addFault(r *http.Request) (any, error) {
	var body ruleJSON
	if err := read(r, &body); err != nil {
		return nil, err
	}
	if body.Latency != "" {
		latency, err := time.ParseDuration(body.Latency)
		if err != nil {
			return nil, fmt.Errorf("latency %q is not a duration such as 250ms", body.Latency)
		}
		body.Rule.Latency = latency
	}
	id, err := s.faults.Add(body.Rule)
	if err != nil {
		return nil, err
	}
	return map[string]string{"id": id}, nil
}

func (s *Server) removeFault(r *http.Request) (any, error) {
	if id := r.PathValue("id"); !s.faults.Remove(id) {
		return nil, &refusal{http.StatusNotFound, fmt.Sprintf("no fault %q is in force", id)}
	}
	return done, nil
}

func (s *Server) readObjects(r *http.Request) (any, error) {
	objects := s.Objects(r.URL.Query().Get("kind"))
	out := make([]map[string]any, len(objects))
	for i, o := range objects {
		encoded, err := wire.Encode(o.Document)
		if err != nil {
			return nil, err
		}
		out[i] = map[string]any{
			"kind": o.Kind, "name": o.Name, "arn": o.ARN, "account": o.Account, "region": o.Region, "status": o.Status,
			"stage": o.Stage, "created": o.Created, "tags": o.Tags, "document": json.RawMessage(encoded),
		}
	}
	return out, nil
}

func (s *Server) putBucket(r *http.Request) (any, error) {
	return done, s.CreateBucket(r.PathValue("bucket"))
}

func (s *Server) putObject(r *http.Request) (any, error) {
	content, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("read the object: %w", err)
	}
	return done, s.PutObject(r.PathValue("bucket"), r.PathValue("key"), content)
}

func (s *Server) addRole(r *http.Request) (any, error) {
	var body struct {
		ARN string `json:"arn"`
	}
	if err := read(r, &body); err != nil {
		return nil, err
	}
	if body.ARN == "" {
		return nil, errors.New("a role needs an arn")
	}
	s.AddRole(body.ARN)
	return done, nil
}

func (s *Server) enterStage(r *http.Request) (any, error) {
	var body struct {
		ARN    string `json:"arn"`
		Stage  string `json:"stage"`
		Reason string `json:"reason,omitempty"`
	}
	if err := read(r, &body); err != nil {
		return nil, err
	}
	if !s.Enter(body.ARN, body.Stage, body.Reason) {
		return nil, &refusal{http.StatusNotFound, fmt.Sprintf("there is no %q, or its kind has no stage %q", body.ARN, body.Stage)}
	}
	return done, nil
}

func (s *Server) systemUpdate(r *http.Request) (any, error) {
	if name := r.PathValue("name"); !s.SystemUpdate(name) {
		return nil, &refusal{http.StatusConflict, fmt.Sprintf("endpoint %q is not in service", name)}
	}
	return done, nil
}
