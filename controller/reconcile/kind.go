package reconcile

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
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
	// Revision cannot be changed, but for what Update changes: a changed spec
	// is a new object beside the old one.
	Revision
	// Service goes on existing and is changed in place.
	Service
)

// Kind is what the loop has to know about a SageMaker kind. Member names and
// dotted paths are AWS's (as in CreateTrainingJobInput). The zero value of a
// field is what holds for most kinds.
type Kind struct {
	// Object makes an empty custom resource.
	Object func() Object
	// Lifecycle of the kind.
	Lifecycle Lifecycle
	// Composite says that the kind is made of other kinds of ours. Another loop
	// reconciles it; this one knows it as a kind that refers to others.
	Composite bool
	// Create to Delete are the operations. Update, Stop and Delete may be
	// missing.
	Create, Describe, Update, Stop, Delete cloud.Operation
	// Adjust is a second operation that changes an object, for members that
	// Update does not take.
	Adjust cloud.Operation
	// Start is for services that AWS changes and deletes only while they are
	// stopped: they are stopped for it, and started afterwards.
	Start cloud.Operation

	// Name is the member that names an object, such as TrainingJobName.
	Name string
	// MaxName is how long a name may be; 0 means identity.MaxName.
	MaxName int
	// AnyName says that AWS takes names of any characters.
	AnyName bool
	// Within are the members within which the name is unique, such as
	// DomainId. In status.name they stand before it, with slashes between. All
	// but the last of them, and the name, hold no slashes.
	Within []string
	// ARN is the member with the ARN; empty means the kind's name and Arn.
	ARN string
	// ID is the member by which AWS knows an object where it makes the
	// identifier itself; empty means that it is Name.
	ID string
	// Find looks for the identifier of an object that is not known; it returns
	// "" if there is none. Needed with ID.
	Find func(context.Context, Search) (string, error)
	// Nameless says that AWS takes no name unless the spec gives one: ours is
	// only for status.
	Nameless bool
	// Token is the member that makes Create idempotent, where a repeated Create
	// is not refused because of its name.
	Token string

	// States sorts the values of the AWS status.
	States health.States
	// Mutable are the paths Update can change; empty means every member of
	// its input but the name.
	Mutable []string
	// Fixed are paths within those that Update takes, which it does not change.
	Fixed []string
	// Compare says how a spec is compared with what AWS describes.
	Compare shape.Rules
	// Reset says how AWS unsets what git no longer has.
	Reset Reset
	// WentBack tells of a difference that stays after an update whether AWS says that
	// it has undone the update; nil means that AWS never does. asBefore says that AWS
	// describes the very values from before the update.
	WentBack func(request, described shape.Tree, asBefore bool) bool
	// Progress is a path in Describe that says InProgress while an update is
	// under way of which the status says nothing.
	Progress string
	// Failure is the path in Describe that tells why an object failed; empty
	// means FailureReason.
	Failure string
	// Reading corrects what Describe tells so that it can be compared with
	// Create's request. It may change its argument described.
	Reading func(request, described shape.Tree)
	// Changing makes of the request what is sent to Update, knowing what there
	// is. It may change its argument request; a job of which nothing is left
	// there is not updated now.
	Changing func(request, described shape.Tree)
	// Complete fills in members of a spec that have no counterpart in AWS, and
	// takes those away. It says what it waits for, if it does.
	Complete func(ctx context.Context, reader client.Reader, namespace string, spec shape.Tree) (waiting string, err error)
	// Names are the AWS objects of our kinds that a spec names in the midst of a
	// text, beside those in fields that references fill.
	Names func(spec shape.Tree) []v1alpha1.ConsumedReference
	// Blockers are AWS objects because of which AWS does not delete one of this kind.
	Blockers []Blocker
	// AtWork says what Describe tells of work because of which AWS does not delete an
	// object now; empty if there is none.
	AtWork func(described shape.Tree) string
	// Details are what AWS tells beside Describe, by their member in status.
	Details map[string]Detail
	// Tags is where an object's tags are kept; nil means SageMaker's own.
	Tags Tags
	// Untagged says that AWS keeps no tags of users for an object that exists:
	// status.owned says whose the object is. It gets no default tags, and its tags are
	// not compared.
	Untagged bool

	// KeepsRuns says that AWS puts a job's name into its output path, so that
	// a finished run's output is still there after another run, and going back
	// to its spec needs no new run.
	KeepsRuns bool
	// FailsForGood says that AWS takes nothing but a deletion of a service that
	// failed.
	FailsForGood bool
	// StopsByDeletion says that to stop an object is to delete it, for AWS and for
	// users: one that is gone, or that failed and is gone, is not created again until
	// the spec changes or somebody asks for it.
	StopsByDeletion bool
	// Retained says that git cannot re-create what an object holds: it is
	// retained unless its deletion policy says otherwise, and revisions of it
	// are never pruned.
	Retained bool
	// Detach is for a kind of which AWS refuses some updates while objects of another
	// kind are registered for what is updated; nil means that there are none.
	Detach *Detach
	// DetachedFor are the kinds whose objects this kind is registered for: it is
	// deregistered while one of those asks for that, and registered again afterwards.
	DetachedFor []string
	// GoesWith are the kinds with whose objects AWS deletes those of this kind.
	GoesWith []string
	// Restores are paths whose values in AWS outlive a deregistration for an update,
	// where the spec does not set them.
	Restores []string
	// Linked is an object that the request names and that says more of what is asked;
	// nil means that the request says it all.
	Linked *Linked
	// Scaled are paths that belong to whoever scales the object, as long as there
	// is a resource for that.
	Scaled []string
	// Yields are paths whose values belong to objects of another kind that refer to
	// this one, once the spec has been followed: a schedule changes limits.
	Yields map[string][]string
	// Approval says that Describe tells whether a revision is approved, in
	// ModelApprovalStatus.
	Approval bool
	// Serves maps members of Describe that name objects in use at the moment
	// to the kind of those objects.
	Serves map[string]string
	// ModelData is the path in status of the model a finished job made.
	ModelData string
	// EndTime and Billable are the members of Describe that tell when a job
	// ended and how many seconds AWS charges.
	EndTime, Billable string
	// Deadlines is how long stages of a transition may last before a warning, by the
	// reason of the condition Reconciling, where that is not the default; see Deadline.
	Deadlines map[string]time.Duration
	// Console is where the AWS console shows objects; its zero value means that no such
	// place is known.
	Console Page
	// References are the fields that name other custom resources; nil means
	// those generated with the type.
	References []v1alpha1.ReferenceField
}

// Detail is something that AWS tells by an operation of its own.
type Detail struct {
	// Operation is called with what With makes of Describe's answer; nil calls
	// it with the members of Describe that it takes. A nil request is no call.
	Operation cloud.Operation
	With      func(described shape.Tree) shape.Tree
	// Member of the answer. Lists in it begin with the newest item.
	Member string
	// Required says that others consume what it tells: a job is not Completed without it.
	Required bool
	// Warning is what people should know of an item of the list, once; empty if
	// there is nothing. Reason is that of the event.
	Warning func(item shape.Tree) string
	Reason  string
}

// Kind is the name of the custom resource's kind.
func (k Kind) Kind() string { return reflect.TypeOf(k.Object()).Elem().Name() }

// NewList makes an empty list of custom resources. It is an error if the scheme does not
// know the kind, or no kind with List behind its name.
func (k Kind) NewList(scheme *runtime.Scheme) (client.ObjectList, error) {
	gvk, err := apiutil.GVKForObject(k.Object(), scheme)
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", k.Kind(), err)
	}
	made, err := scheme.New(gvk.GroupVersion().WithKind(gvk.Kind + "List"))
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", k.Kind(), err)
	}
	list, ok := made.(client.ObjectList)
	if !ok {
		return nil, fmt.Errorf("listing %s: %T is no list", k.Kind(), made)
	}
	return list, nil
}

// NameField is the field of a custom resource's spec with the name in AWS, such as
// trainingJobName.
func (k Kind) NameField() string { return jsonName(k.Name) }

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

func (k Kind) arnMember() string {
	if k.ARN != "" {
		return k.ARN
	}
	return k.Kind() + "Arn"
}

func (k Kind) tags() Tags {
	if k.Tags != nil {
		return k.Tags
	}
	return sageMakerTags
}

// tokens are members that only make a request unique.
var tokens = []string{"ClientRequestToken", "ClientToken"}

// beyondCreate are the operations that take members which Create does not.
func (k Kind) beyondCreate() []cloud.Operation {
	return slices.DeleteFunc([]cloud.Operation{k.Update, k.Adjust, k.Delete}, func(o cloud.Operation) bool { return !o.Exists() })
}

// mutable lists the paths that Update or Adjust can change.
func (k Kind) mutable() []string {
	paths := slices.Clone(k.Mutable)
	if k.Mutable == nil && k.Update.Exists() {
		for f := range k.Update.Input().Fields() {
			if f.IsExported() && !k.addresses(f.Name) {
				paths = append(paths, f.Name)
			}
		}
	}
	if k.Adjust.Exists() {
		for f := range k.Adjust.Input().Fields() {
			if f.IsExported() && !k.addresses(f.Name) {
				paths = append(paths, f.Name)
			}
		}
	}
	if k.Linked != nil {
		paths = append(paths, k.Linked.Adds...)
	}
	return paths
}

// addresses tells whether a member is one of those that say which object is
// meant.
func (k Kind) addresses(member string) bool {
	return member == k.Name || member == k.ID || slices.Contains(k.Within, member)
}

// outsideDigest lists what does not make a new run or revision.
func (k Kind) outsideDigest() []string {
	paths := append([]string{k.Name, "Tags"}, tokens...)
	for _, o := range k.beyondCreate() {
		for f := range o.Input().Fields() {
			if f.IsExported() && !k.Create.HasInput(f.Name) && !slices.Contains(k.mutable(), f.Name) {
				paths = append(paths, f.Name)
			}
		}
	}
	return append(paths, k.mutable()...)
}
