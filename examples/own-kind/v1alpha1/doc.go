// Package v1alpha1 holds the kinds of a company's platform.
//
// +kubebuilder:object:generate=true
// +groupName=platform.example.com
package v1alpha1
