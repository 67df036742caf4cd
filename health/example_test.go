package health_test

import (
	"fmt"

	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// A failed job is Degraded, in AWS's own words.
func ExampleOf() {
	object := map[string]any{
		"apiVersion": "sagemaker.gitops.dev/v1alpha1",
		"kind":       "TrainingJob",
		"metadata":   map[string]any{"name": "abalone", "generation": int64(2)},
		"status": map[string]any{
			"observedGeneration": int64(2),
			"conditions": []any{
				map[string]any{
					"type": "Stalled", "status": "True", "reason": "AlgorithmError",
					"message": "AlgorithmError: num_round must be positive",
				},
				map[string]any{"type": "Ready", "status": "False", "reason": "AlgorithmError"},
			},
		},
	}
	result := health.Of(object)
	fmt.Println(result.Status)
	fmt.Println(result.Message)
	// Output:
	// Degraded
	// AlgorithmError: num_round must be positive
}

func ExampleStates() {
	states := health.TrainingJob
	state := states.Classify("Stopped")
	fmt.Println(state, state.Busy(), states.Reason("Stopped", "MaxRuntimeExceeded"))
	// Output: Stopped false MaxRuntimeExceeded
}
