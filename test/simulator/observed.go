package simulator

import (
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/observed"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

type answering = func(*engine.Tx, wire.Body) (wire.Body, *wire.Error)

// asObserved answers as do does, changed by the observed facts in the mode of that
// name.
func (s *Server) asObserved(operation string, do answering) answering {
	if s.observed == nil {
		return do
	}
	return func(tx *engine.Tx, body wire.Body) (wire.Body, *wire.Error) {
		answer, failure := do(tx, body)
		if failure != nil {
			return nil, failure
		}
		return s.observed.Change(operation, answer, observed.Moment{Scope: tx.Caller.Scope, Now: tx.Now}), nil
	}
}
