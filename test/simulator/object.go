package simulator

import (
	"strings"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/sagemaker"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// Object is one SageMaker resource as it is now, whether reads see it or not
// yet.
type Object struct {
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	ARN     string `json:"arn"`
	Account string `json:"account"`
	Region  string `json:"region"`
	// Status is empty for kinds without one.
	Status string `json:"status,omitempty"`
	// Stage is where in its life the object is, as Options.Durations names it.
	Stage   string            `json:"stage,omitempty"`
	Created time.Time         `json:"created"`
	Tags    map[string]string `json:"tags"`
	// Document is what Describe answers; times in it are time.Time.
	Document map[string]any `json:"document"`
}

// Objects lists the resources of a kind ("TrainingJob"; empty: of all) in all
// accounts and regions, in the order of their creation.
func (s *Server) Objects(kind string) []Object {
	var out []Object
	s.world.Objects(func(objects []*engine.Object) {
		for _, o := range objects {
			if kind != "" && o.Kind.Name != kind {
				continue
			}
			document, _ := wire.Clone(o.Document).(map[string]any)
			object := Object{
				Kind: o.Kind.Name, Name: o.Name, ARN: o.ARN, Account: o.Scope.Account, Region: o.Scope.Region,
				Status: o.Status(), Stage: o.Stage, Created: o.Created(), Tags: map[string]string{}, Document: document,
			}
			for _, tag := range o.Tags() {
				object.Tags[tag.Key] = tag.Value
			}
			out = append(out, object)
		}
	})
	return out
}

// Object gets one resource of the default account and region.
func (s *Server) Object(kind, name string) (Object, bool) {
	for _, o := range s.Objects(kind) {
		if o.Account == s.options.Account && o.Region == s.options.Region && strings.EqualFold(o.Name, name) {
			return o, true
		}
	}
	return Object{}, false
}

// Exists says whether the default account and region have a resource.
func (s *Server) Exists(kind, name string) bool {
	_, ok := s.Object(kind, name)
	return ok
}

// Enter puts the resource with an ARN of the default account and region into a stage
// of its life that nobody asked for: AWS deletes an idle app, or an instance fails. A
// reason is told as FailureReason. It says whether there is the resource, and its kind
// has the stage.
func (s *Server) Enter(arn, stage, reason string) (ok bool) {
	caller := wire.Caller{Scope: wire.Scope{Account: s.options.Account, Region: s.options.Region}}
	s.world.In(caller, func(tx *engine.Tx) {
		o := tx.FindARN(arn)
		if ok = o != nil && o.Kind.HasStage(stage); !ok {
			return
		}
		tx.Enter(o, stage)
		if reason != "" {
			o.Document["FailureReason"] = reason
		}
	})
	return ok
}

// SystemUpdate patches an endpoint of the default account and region, as AWS
// does on its own account: it is SystemUpdating for a while. It says whether
// the endpoint was in service.
func (s *Server) SystemUpdate(endpoint string) (ok bool) {
	caller := wire.Caller{Scope: wire.Scope{Account: s.options.Account, Region: s.options.Region}}
	s.world.In(caller, func(tx *engine.Tx) { ok = sagemaker.SystemUpdate(tx, endpoint) })
	return ok
}
