package reconcile

import (
	"slices"
	"strings"

	fluxmeta "github.com/fluxcd/pkg/apis/meta"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
)

// Annotations of a namespace that set defaults for the objects in it.
const (
	annotationRegion         = v1alpha1.Group + "/region"
	annotationServiceAccount = v1alpha1.Group + "/service-account-name"
	annotationAssumeRole     = v1alpha1.Group + "/assume-role-arn"
	annotationDeletionPolicy = v1alpha1.Group + "/deletion-policy"
	annotationNamePrefix     = v1alpha1.Group + "/name-prefix"
	annotationEndpoint       = v1alpha1.Group + "/endpoint-url"
)

// objectAnnotations are all annotations of an object that its loop reads. A change of one
// of them is acted upon at once.
var objectAnnotations = []string{
	fluxmeta.ReconcileRequestAnnotation, fluxmeta.ForceRequestAnnotation,
	v1alpha1.AnnotationStop, v1alpha1.AnnotationSuspend, v1alpha1.AnnotationPlan, annotationRevision,
	ackRegion, ackDeletionPolicy, ackAdoptionPolicy, ackReadOnly,
}

// namespaceAnnotations are all annotations of a namespace that the loops read. One that
// begins with a dot is the end of several.
var namespaceAnnotations = []string{
	annotationRegion, annotationServiceAccount, annotationAssumeRole, annotationDeletionPolicy, annotationNamePrefix, annotationEndpoint,
	ackDefaultRegion, ackEndpoint, ackOwnerAccount, ackTeam, ackServiceDeletionPolicy,
}

// annotated passes updates that change one of some annotations.
type annotated struct {
	predicate.Funcs

	read []string
}

// Update implements predicate.Predicate.
func (p annotated) Update(e event.UpdateEvent) bool {
	before, after := e.ObjectOld.GetAnnotations(), e.ObjectNew.GetAnnotations()
	for _, pair := range [][2]map[string]string{{before, after}, {after, before}} {
		for key, value := range pair[0] {
			if other, ok := pair[1][key]; (!ok || other != value) && p.reads(key) {
				return true
			}
		}
	}
	return false
}

func (p annotated) reads(key string) bool {
	return slices.ContainsFunc(p.read, func(one string) bool {
		return one == key || strings.HasPrefix(one, ".") && strings.HasSuffix(key, one)
	})
}

// defaultsChanged passes updates of a namespace after which other defaults apply to the
// objects in it.
type defaultsChanged struct{ annotated }

// Create implements predicate.Predicate.
func (defaultsChanged) Create(event.CreateEvent) bool { return false }

// Delete implements predicate.Predicate.
func (defaultsChanged) Delete(event.DeleteEvent) bool { return false }
