package reconcile

import (
	"fmt"
	"maps"
	"reflect"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// control is every control field that any kind has.
type control struct {
	v1alpha1.Control           `json:",inline"`
	v1alpha1.JobControl        `json:",inline"`
	v1alpha1.DriftControl      `json:",inline"`
	v1alpha1.RevisionControl   `json:",inline"`
	v1alpha1.ExternalIDControl `json:",inline"`
}

// Annotations of a namespace that set defaults for the objects in it.
const (
	annotationRegion         = v1alpha1.Group + "/region"
	annotationDeletionPolicy = v1alpha1.Group + "/deletion-policy"
	annotationNamePrefix     = v1alpha1.Group + "/name-prefix"
)

const (
	defaultServiceInterval  = 10 * time.Minute
	defaultRevisionInterval = time.Hour
	defaultRevisionHistory  = 10
)

// split takes an object's spec apart: the control fields, and the tree that
// speaks of AWS.
func split(obj Object) (control, shape.Tree, error) {
	var c control
	u, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		return c, nil, fmt.Errorf("reading the spec: %w", err)
	}
	spec, _ := u["spec"].(map[string]any)
	if spec == nil {
		spec = shape.Tree{}
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(spec, &c); err != nil {
		return c, nil, fmt.Errorf("reading the control fields: %w", err)
	}
	for name := range controlFields(reflect.TypeFor[control]()) {
		delete(spec, name)
	}
	return c, spec, nil
}

// controlFields is the set of JSON names of a struct's fields.
func controlFields(t reflect.Type) map[string]bool {
	names := map[string]bool{}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" && f.Anonymous {
			maps.Copy(names, controlFields(f.Type))
			continue
		}
		names[name] = true
	}
	return names
}

// withDefaults fills what the spec leaves open from the namespace.
func (c control) withDefaults(ns *corev1.Namespace, owner identity.Owner) control {
	if c.Region == "" {
		c.Region = ns.Annotations[annotationRegion]
	}
	if c.DeletionPolicy == "" {
		c.DeletionPolicy = v1alpha1.DeletionPolicy(ns.Annotations[annotationDeletionPolicy])
	}
	if c.DeletionPolicy == "" {
		c.DeletionPolicy = v1alpha1.DeletionDelete
	}
	if c.AdoptionPolicy == "" {
		c.AdoptionPolicy = v1alpha1.AdoptIfOwned
	}
	if c.AssumeRole != nil && c.AssumeRole.ExternalID == "" {
		role := *c.AssumeRole
		role.ExternalID = owner.Cluster + "/" + owner.Namespace
		c.AssumeRole = &role
	}
	return c
}

func (c control) interval(l Lifecycle) time.Duration {
	switch {
	case c.Interval != nil && c.Interval.Duration > 0:
		return c.Interval.Duration
	case l == Revision:
		return defaultRevisionInterval
	default:
		return defaultServiceInterval
	}
}

func (c control) history() int {
	if c.RevisionHistoryLimit != nil {
		return int(*c.RevisionHistoryLimit)
	}
	return defaultRevisionHistory
}
