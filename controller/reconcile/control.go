package reconcile

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// control is every control field that any kind has.
type control struct {
	v1alpha1.Control           `json:",inline"`
	v1alpha1.JobControl        `json:",inline"`
	v1alpha1.DriftControl      `json:",inline"`
	v1alpha1.RevisionControl   `json:",inline"`
	v1alpha1.ExternalIDControl `json:",inline"`

	// BesideGit says that an annotation suspends and not the spec.
	BesideGit bool `json:"-"`
	// Endpoint is where SageMaker is called; no spec says it.
	Endpoint string `json:"-"`
	// UnknownPolicy is what the namespace says where a deletion policy is asked
	// for, and is none.
	UnknownPolicy string `json:"-"`
}

var deletionPolicies = []v1alpha1.DeletionPolicy{v1alpha1.DeletionDelete, v1alpha1.DeletionPurge, v1alpha1.DeletionRetain}

// check says what is wrong with the defaults of a namespace. What they say of a
// deletion must not be guessed at.
func (c control) check(namespace string) error {
	if c.UnknownPolicy != "" {
		return &refusal{reason.ValidationFailed, fmt.Sprintf("annotation %s of namespace %s: %q is none of %v",
			annotationDeletionPolicy, namespace, c.UnknownPolicy, deletionPolicies)}
	}
	if err := cloud.CheckEndpoint(c.Endpoint); err != nil {
		return &refusal{reason.ValidationFailed, fmt.Sprintf("annotation %s of namespace %s: %s", annotationEndpoint, namespace, err)}
	}
	return nil
}

// Annotations of a namespace that set defaults for the objects in it.
const (
	annotationRegion         = v1alpha1.Group + "/region"
	annotationServiceAccount = v1alpha1.Group + "/service-account-name"
	annotationAssumeRole     = v1alpha1.Group + "/assume-role-arn"
	annotationDeletionPolicy = v1alpha1.Group + "/deletion-policy"
	annotationNamePrefix     = v1alpha1.Group + "/name-prefix"
	annotationEndpoint       = v1alpha1.Group + "/endpoint-url"
)

var namespaceDefaults = []string{
	annotationRegion, annotationServiceAccount, annotationAssumeRole, annotationDeletionPolicy, annotationNamePrefix, annotationEndpoint,
}

const (
	defaultServiceInterval  = 10 * time.Minute
	defaultRevisionInterval = time.Hour
	defaultRevisionHistory  = 10
)

// split takes an object's spec apart: the control fields, and the tree that
// speaks of AWS. The annotation that suspends counts as the field does.
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
	c.BesideGit = !c.Suspend && obj.GetAnnotations()[v1alpha1.AnnotationSuspend] == "true"
	c.Suspend = c.Suspend || c.BesideGit
	return c, spec, nil
}

// controlFields is the set of JSON names of a struct's fields.
func controlFields(t reflect.Type) map[string]bool {
	names := map[string]bool{}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		if name == "" && f.Anonymous {
			maps.Copy(names, controlFields(f.Type))
			continue
		}
		names[name] = true
	}
	return names
}

// The annotations by which ACK says what control fields say. They are taken as
// defaults, so that manifests migrate by changing their apiVersion.
const (
	ackRegion         = "services.k8s.aws/region"
	ackDeletionPolicy = "services.k8s.aws/deletion-policy"
	ackAdoptionPolicy = "services.k8s.aws/adoption-policy"
	ackReadOnly       = "services.k8s.aws/read-only"
)

// withACK takes what ACK's annotations say for fields that the spec leaves
// open. It returns a hint for each one used.
func (c control) withACK(annotations map[string]string) (control, []string) {
	var hints []string
	used := func(annotation, field string) {
		hints = append(hints, fmt.Sprintf("the annotation %s is ACK's: use spec.%s", annotation, field))
	}
	if v := annotations[ackRegion]; v != "" && c.Region == "" {
		c.Region = v
		used(ackRegion, "region: "+v)
	}
	policies := map[string]v1alpha1.DeletionPolicy{"delete": v1alpha1.DeletionDelete, "retain": v1alpha1.DeletionRetain}
	if p, ok := policies[annotations[ackDeletionPolicy]]; ok && c.DeletionPolicy == "" {
		c.DeletionPolicy = p
		used(ackDeletionPolicy, "deletionPolicy: "+string(p))
	}
	if v := annotations[ackAdoptionPolicy]; (v == "adopt" || v == "adopt-or-create") && c.AdoptionPolicy == "" {
		c.AdoptionPolicy = v1alpha1.AdoptUnowned
		used(ackAdoptionPolicy, "adoptionPolicy: "+string(v1alpha1.AdoptUnowned))
	}
	if annotations[ackReadOnly] == "true" && c.ManagementPolicy == "" {
		c.ManagementPolicy = v1alpha1.ManageObserve
		used(ackReadOnly, "managementPolicy: "+string(v1alpha1.ManageObserve))
	}
	return c, hints
}

// withDefaults fills what the spec leaves open from the namespace, and then
// with what the controller was told.
func (c control) withDefaults(namespace map[string]string, owner identity.Owner, kind Kind, o Options) control {
	policy := o.DeletionPolicy
	if c.Region == "" {
		c.Region = namespace[annotationRegion]
	}
	if c.Endpoint = namespace[annotationEndpoint]; c.Endpoint == "" {
		c.Endpoint = o.Endpoint
	}
	// An object that says as whom to call AWS says all of it.
	if c.ServiceAccountName == "" && c.AssumeRole == nil {
		c.ServiceAccountName = namespace[annotationServiceAccount]
		if role := namespace[annotationAssumeRole]; role != "" {
			c.AssumeRole = &v1alpha1.AssumeRole{RoleARN: role}
		}
	}
	if kind.Retained {
		policy = v1alpha1.DeletionRetain
	}
	if said := v1alpha1.DeletionPolicy(namespace[annotationDeletionPolicy]); said != "" && c.DeletionPolicy == "" && !slices.Contains(deletionPolicies, said) {
		c.UnknownPolicy = string(said)
	}
	for _, p := range []v1alpha1.DeletionPolicy{v1alpha1.DeletionPolicy(namespace[annotationDeletionPolicy]), policy, v1alpha1.DeletionDelete} {
		if c.DeletionPolicy == "" {
			c.DeletionPolicy = p
		}
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

// identity is as whom and where AWS is called for an object of the namespace.
func (c control) identity(namespace string) cloud.Identity {
	id := cloud.Identity{Region: c.Region, Endpoint: c.Endpoint}
	if c.ServiceAccountName != "" {
		id.ServiceAccount = types.NamespacedName{Namespace: namespace, Name: c.ServiceAccountName}
	}
	if c.AssumeRole != nil {
		id.RoleARN, id.ExternalID = c.AssumeRole.RoleARN, c.AssumeRole.ExternalID
	}
	return id
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
