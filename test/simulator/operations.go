package simulator

import (
	"maps"
	"slices"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
)

// service is one that speaks awsJson1.1: its name in IAM and its operations.
type service struct {
	name       string
	operations map[string]engine.Operation
}

// Operations lists the SageMaker operations that are simulated, sorted.
func (s *Server) Operations() []string {
	return slices.Sorted(maps.Keys(s.services["SageMaker"].operations))
}
