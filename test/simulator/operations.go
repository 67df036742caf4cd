package simulator

import (
	"maps"
	"slices"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
)

// service is one whose operations are called by name.
type service struct {
	// name of the service in IAM.
	name       string
	operations map[string]engine.Operation
	// prefix stands in the API model before names that another service has too.
	prefix string
}

// inModel is an operation's name in the API model.
func (s *Server) inModel(of service, operation string) string {
	if of.prefix != "" && s.model.Has(of.prefix+operation) {
		return of.prefix + operation
	}
	return operation
}

// Operations lists the SageMaker operations that are simulated, sorted.
func (s *Server) Operations() []string {
	return slices.Sorted(maps.Keys(s.services["SageMaker"].operations))
}
