package reconcile

import (
	"reflect"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// Object is a custom resource the loop can reconcile: a pointer to a struct
// with the fields Spec and Status, as api/gen makes them.
type Object interface {
	client.Object
	GetConditions() []metav1.Condition
	SetConditions(conditions []metav1.Condition)
	// Common is the part of the status that every kind has.
	Common() *v1alpha1.CommonStatus
}

// Lifecycle says how AWS treats a kind, and so what a changed spec means.
type Lifecycle int

const (
	// Job runs once: a changed spec is a new run.
	Job Lifecycle = iota
	// Revision cannot be changed: a changed spec is a new object beside the
	// old one.
	Revision
	// Service goes on existing and is changed in place.
	Service
)

// Kind is what the loop has to know about a SageMaker kind. Member names and
// dotted paths are AWS's (as in CreateTrainingJobInput).
type Kind struct {
	// Object makes an empty custom resource.
	Object func() Object
	// Lifecycle of the kind.
	Lifecycle Lifecycle
	// Create to Delete are the operations. Update, Stop and Delete may be
	// missing.
	Create, Describe, Update, Stop, Delete cloud.Operation
	// Name is the member that identifies an object, such as TrainingJobName.
	Name string
	// MaxName is how long a name may be; 0 means identity.MaxName.
	MaxName int
	// States sorts the values of the AWS status.
	States health.States
	// Mutable are the paths Update can change; empty means every member of
	// its input but the name.
	Mutable []string
	// Unread are paths that Describe does not tell, or not as they were given,
	// so that they cannot be compared.
	Unread []string
	// KeepsRuns says that AWS puts a job's name into its output path, so that
	// a finished run's output is still there after another run, and going back
	// to its spec needs no new run.
	KeepsRuns bool
	// Serves maps members of Describe that name objects in use at the moment
	// to the kind of those objects.
	Serves map[string]string
	// ModelData is the path in Describe of the model a finished job made.
	ModelData string
	// EndTime and Billable are the members of Describe that tell when a job
	// ended and how many seconds AWS charges.
	EndTime, Billable string
	// Console is the path in the AWS console below which objects are shown.
	Console string
	// References are the fields that name other custom resources; nil means
	// those generated with the type.
	References []v1alpha1.ReferenceField
}

// Kind is the name of the custom resource's kind.
func (k Kind) Kind() string { return reflect.TypeOf(k.Object()).Elem().Name() }

func (k Kind) maxName() int {
	if k.MaxName > 0 {
		return k.MaxName
	}
	return identity.MaxName
}

func (k Kind) references() []v1alpha1.ReferenceField {
	if k.References != nil {
		return k.References
	}
	return v1alpha1.References[k.Kind()]
}

// tokens are members that only make a request unique.
var tokens = []string{"ClientRequestToken", "ClientToken"}

// mutable lists the paths that Update can change.
func (k Kind) mutable() []string {
	if k.Mutable != nil || !k.Update.Exists() {
		return k.Mutable
	}
	var paths []string
	for f := range k.Update.Input().Fields() {
		if f.IsExported() && f.Name != k.Name && k.Create.HasInput(f.Name) {
			paths = append(paths, f.Name)
		}
	}
	return paths
}

// outsideDigest lists what does not make a new run or revision.
func (k Kind) outsideDigest() []string {
	return append(append([]string{k.Name, "Tags"}, tokens...), k.mutable()...)
}
