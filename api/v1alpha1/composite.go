package v1alpha1

import "k8s.io/apimachinery/pkg/runtime"

// addComposites adds the kinds that are made of other kinds of ours, and have no
// object of their own in AWS.
func addComposites(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion,
		&ModelDeployment{}, &ModelDeploymentList{},
		&ModelPipeline{}, &ModelPipelineList{},
	)
	return nil
}
