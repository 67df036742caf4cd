package v1alpha1

import (
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Group is the API group of every kind in this project. The CRDs, RBAC
// rules and health scripts are generated from it.
const Group = "sagemaker.gitops.dev"

// GroupVersion is the group and version of the types in this package.
var GroupVersion = schema.GroupVersion{Group: Group, Version: "v1alpha1"}
