package simulator

import (
	"maps"
	"slices"
)

// Operations lists the SageMaker operations that are simulated, sorted.
func (s *Server) Operations() []string { return slices.Sorted(maps.Keys(s.operations)) }
