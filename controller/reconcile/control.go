package reconcile

import (
	"cmp"
	"encoding/json"
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
	// UnknownPolicy is what an annotation says where a deletion policy is asked for,
	// and is none.
	UnknownPolicy string `json:"-"`
	// OwnerAccount and Team are what ACK's annotations of the namespace say of the
	// account and the role to call AWS with.
	OwnerAccount string `json:"-"`
	Team         string `json:"-"`
}

var deletionPolicies = []v1alpha1.DeletionPolicy{v1alpha1.DeletionDelete, v1alpha1.DeletionPurge, v1alpha1.DeletionRetain}

// check says what is wrong with the defaults of a namespace. What they say of a
// deletion must not be guessed at.
func (c control) check(namespace string) error {
	if c.UnknownPolicy != "" {
		return &refusal{reason.ValidationFailed, c.UnknownPolicy}
	}
	if c.Team != "" && c.ServiceAccountName == "" && c.AssumeRole == nil {
		return &refusal{reason.ValidationFailed, fmt.Sprintf(
			"annotation %s of namespace %s: the role of team %s is unknown, since ACK's role map is not read; set the annotation %s to it",
			ackTeam, namespace, c.Team, annotationAssumeRole)}
	}
	if err := cloud.CheckEndpoint(c.Endpoint); err != nil {
		return &refusal{reason.ValidationFailed, fmt.Sprintf("annotation %s of namespace %s: %s", annotationEndpoint, namespace, err)}
	}
	return nil
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

// withDefaults fills what the spec leaves open from the namespace, and then
// with what the controller was told.
func (c control) withDefaults(namespace map[string]string, owner identity.Owner, kind Kind, o Options) control {
	policy := o.DeletionPolicy
	c.Region = cmp.Or(c.Region, namespace[annotationRegion], namespace[ackDefaultRegion])
	c.Endpoint = cmp.Or(namespace[annotationEndpoint], namespace[ackEndpoint], o.Endpoint)
	c.OwnerAccount, c.Team = namespace[ackOwnerAccount], namespace[ackTeam]
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
	deletionDefaults(&c, namespace, owner.Namespace, kind)
	if c.DeletionPolicy == "" {
		c.DeletionPolicy = cmp.Or(policy, v1alpha1.DeletionDelete)
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

// deletionDefaults takes the deletion policy of the namespace, in our words or in ACK's.
func deletionDefaults(c *control, annotations map[string]string, namespace string, kind Kind) {
	if c.DeletionPolicy != "" {
		return
	}
	if said := v1alpha1.DeletionPolicy(annotations[annotationDeletionPolicy]); said != "" {
		c.DeletionPolicy = said
		if !slices.Contains(deletionPolicies, said) {
			c.DeletionPolicy = v1alpha1.DeletionRetain // until somebody says what is meant
			c.UnknownPolicy = fmt.Sprintf("annotation %s of namespace %s: %q is none of %v", annotationDeletionPolicy, namespace, said, deletionPolicies)
		}
		return
	}
	takeACKPolicy(c, annotations[kind.ackService()+ackServiceDeletionPolicy], "annotation "+kind.ackService()+ackServiceDeletionPolicy+" of namespace "+namespace)
}

// key is all of it, for comparison.
func (c control) key() string {
	text, err := json.Marshal(c)
	if err != nil {
		return err.Error()
	}
	return strings.Join([]string{string(text), c.Endpoint, c.UnknownPolicy, c.OwnerAccount, c.Team}, " ")
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
