// Package v1alpha1 holds the custom resources of the sagemaker.gitops.dev
// group.
//
// The files named zz_generated.*.go are made by api/gen from the shapes of
// aws-sdk-go-v2: one spec and one status per SageMaker kind, with the field
// names the ACK SageMaker controller uses. What every kind has in common (the
// control fields of a spec, conditions, ownership and history in a status) is
// written by hand in the other files.
//
// +kubebuilder:object:generate=true
// +groupName=sagemaker.gitops.dev
package v1alpha1
