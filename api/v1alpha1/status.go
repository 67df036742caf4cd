package v1alpha1

import (
	"github.com/fluxcd/pkg/apis/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Finalizer keeps a custom resource until its AWS object is dealt with.
const Finalizer = Group + "/finalizer"

// LabelDigest says for which digest a ModelPipeline has made a job or a
// revision, whose name ends with it. The AWS name is then that name, and what the
// spec says beside is no reason for another run.
const LabelDigest = Group + "/digest"

// AnnotationStop asks to stop a job, by any token that has not been used for it before:
// the run that is at work, or else the one that would be started. It is then done with:
// the same spec is not run again until forceAt or rerun asks for it.
const AnnotationStop = Group + "/stop"

// AnnotationSuspend counts like suspend in the spec while it is "true". It is for
// people and tools beside git: what git says does not take it away, and a change in git
// is in progress until it is resumed.
const AnnotationSuspend = Group + "/suspend"

// AnnotationPlan says of which plan a ModelPipeline has made or changed a service:
// <digest of the plan>, and @<token> of the trigger if there was one. It is a tag of
// what there is in AWS, for a cluster that is built anew.
const AnnotationPlan = Group + "/plan"

// CommonStatus is the part of a status that every SageMaker kind has.
type CommonStatus struct {
	// ObservedGeneration is the generation the conditions speak of. -1 until
	// the controller has judged the object for the first time.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// Conditions hold Ready, and Reconciling or Stalled while they are true
	// (kstatus).
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	meta.ReconcileRequestStatus `json:",inline"`
	meta.ForceRequestStatus     `json:",inline"`

	// LastHandledStop is the token of the newest request to stop a job that had its
	// effect, or came when the run had ended by itself.
	// +optional
	LastHandledStop string `json:"lastHandledStop,omitempty"`

	// ARN of the AWS object.
	// +optional
	ARN string `json:"arn,omitempty"`
	// Name of the AWS object.
	// +optional
	Name string `json:"name,omitempty"`
	// ID is the identifier that AWS made, for kinds that AWS does not know by
	// name.
	// +optional
	ID string `json:"id,omitempty"`
	// Region the AWS object lives in.
	// +optional
	Region string `json:"region,omitempty"`
	// AccountID is the AWS account the object lives in.
	// +optional
	AccountID string `json:"accountID,omitempty"`
	// ConsoleURL leads to the object in the AWS console.
	// +optional
	ConsoleURL string `json:"consoleURL,omitempty"`

	// References are the targets consumed by the current run, revision or
	// configuration.
	// +optional
	References []ConsumedReference `json:"references,omitempty"`

	// Runs are the newest runs of a job, newest first.
	// +optional
	Runs []Run `json:"runs,omitempty"`

	// Revisions are the newest revisions of an immutable kind, newest first.
	// +optional
	Revisions []Revision `json:"revisions,omitempty"`

	// Attempted is the last in-place update, written before it was tried.
	// +optional
	Attempted *Attempt `json:"attempted,omitempty"`

	// Applied is what the controller last asked of AWS for the present AWS object.
	// +optional
	Applied *Applied `json:"applied,omitempty"`

	// Owned says that the controller has made the AWS object or adopted it. Set where AWS
	// keeps no tags that say so: for scaling policies and scheduled actions.
	// +optional
	Owned bool `json:"owned,omitempty"`

	// Detached is what AWS had of a scalable target when it was deregistered for an
	// update of what it scales; it is registered again with that when the update has
	// ended. Absent while it is registered.
	// +optional
	Detached *Detachment `json:"detached,omitempty"`

	// Transition is the stage of a transition that the object is in. Absent when
	// nothing is on the way.
	// +optional
	Transition *Transition `json:"transition,omitempty"`

	// ProgressDeadlineExceeded is the stage that has lasted for longer than
	// spec.progressDeadline. Absent when it is over.
	// +optional
	ProgressDeadlineExceeded *Transition `json:"progressDeadlineExceeded,omitempty"`

	// Served says that the object has been ready once: it may hold what is not in
	// git, and is not deleted to be created again.
	// +optional
	Served bool `json:"served,omitempty"`

	// Defaults are the values AWS chose for fields the spec leaves open.
	// +kubebuilder:pruning:PreserveUnknownFields
	// +optional
	Defaults *runtime.RawExtension `json:"defaults,omitempty"`
}

// Transition is a stage of a transition.
type Transition struct {
	// Reason of the condition Reconciling in this stage, such as Creating.
	Reason string `json:"reason"`
	// Since is when the stage began.
	Since metav1.Time `json:"since"`
}

// RunOutcome says how a run ended, or that it has not.
type RunOutcome string

const (
	// RunSubmitting is about to be asked of AWS, or has been without an answer.
	RunSubmitting RunOutcome = "Submitting"
	// RunRunning has not ended.
	RunRunning RunOutcome = "Running"
	// RunCompleted ended well.
	RunCompleted RunOutcome = "Completed"
	// RunFailed ended badly.
	RunFailed RunOutcome = "Failed"
	// RunStopped was stopped, or was asked to stop before it was started.
	RunStopped RunOutcome = "Stopped"
	// RunSuperseding is being stopped because a newer run takes its place.
	RunSuperseding RunOutcome = "Superseding"
	// RunSuperseded has ended after a newer run took its place.
	RunSuperseded RunOutcome = "Superseded"
)

// Run is one execution of a job in AWS.
type Run struct {
	// Name of the job in AWS.
	Name string `json:"name"`
	// ID is the identifier that AWS made, for kinds that AWS does not know by
	// name.
	ID string `json:"id,omitempty"`
	// Digest of what was asked of AWS.
	Digest string `json:"digest,omitempty"`
	// Outcome of the run.
	Outcome RunOutcome `json:"outcome,omitempty"`
	// StartTime is when AWS created the job.
	StartTime *metav1.Time `json:"startTime,omitempty"`
	// EndTime is when the job ended.
	EndTime *metav1.Time `json:"endTime,omitempty"`
	// BillableSeconds is what AWS charges for, where it says so.
	BillableSeconds *int64 `json:"billableSeconds,omitempty"`
	// StopRequest is the token of the request by annotation to stop the run, written
	// before AWS is asked to.
	StopRequest string `json:"stopRequest,omitempty"`
}

// Revision is one generation of an object that AWS cannot change.
type Revision struct {
	// Name of the object in AWS.
	Name string `json:"name"`
	// ID is the identifier that AWS made, for kinds that AWS does not know by
	// name.
	ID string `json:"id,omitempty"`
	// Digest of what was asked of AWS.
	Digest string `json:"digest,omitempty"`
	// CreationTime is when AWS created it.
	CreationTime *metav1.Time `json:"creationTime,omitempty"`
	// References are the targets this revision was made from, each once and
	// without what was taken from it.
	References []ConsumedReference `json:"references,omitempty"`
}

// Applied is what the controller last asked of AWS. A field or tag that is in it
// and no longer in the spec was removed in git; anything else in AWS that the spec
// does not name belongs to AWS or to somebody else.
type Applied struct {
	// Generation of the spec that was applied.
	// +optional
	Generation int64 `json:"generation,omitempty"`
	// Paths are the fields that were applied, under AWS's member names, each with
	// a hash of its value.
	// +optional
	Paths map[string]string `json:"paths,omitempty"`
	// TagKeys are the keys of the tags that were applied, those of the spec and
	// those of the controller's --default-tags. Only these are changed or removed
	// in AWS.
	// +optional
	TagKeys []string `json:"tagKeys,omitempty"`
}

// Attempt is an in-place update.
type Attempt struct {
	// Digest of what the update asked for; empty until it is asked.
	Digest string `json:"digest,omitempty"`
	// Value is what the update was to make current, such as the name of an
	// endpoint configuration.
	Value string `json:"value,omitempty"`
	// Generation of the spec that asked for it.
	Generation int64 `json:"generation,omitempty"`
	// Time it was tried.
	Time metav1.Time `json:"time"`
	// LastModifiedTime is what AWS told before it was tried. If AWS tells
	// another one afterwards, the update has had its effect.
	LastModifiedTime string `json:"lastModifiedTime,omitempty"`
	// Stopped says that the object was stopped for the update and is to be
	// started again.
	Stopped bool `json:"stopped,omitempty"`
	// Detach are the names, as in status.name, of the scalable targets that AWS wants
	// deregistered before the update. They are registered again as soon as the update
	// has ended or is given up.
	// +optional
	Detach []string `json:"detach,omitempty"`
	// Unanswered is true while AWS's answer to the update is not known, so that it may
	// have had no effect.
	// +optional
	Unanswered bool `json:"unanswered,omitempty"`
	// Had is a hash of what AWS described, before the update was tried, in the fields
	// that it was to change.
	// +optional
	Had string `json:"had,omitempty"`
	// Accepted counts how often AWS has accepted this same update while what it
	// describes stayed different. The time to the next try grows with it.
	// +optional
	Accepted int32 `json:"accepted,omitempty"`
}

// Detachment is a deregistration that ends with the update it was made for.
type Detachment struct {
	// For is the object that is updated, as kind namespace/name.
	For string `json:"for,omitempty"`
	// Time of the decision to deregister.
	Time metav1.Time `json:"time"`
	// Kept are the values AWS had, under AWS's names, that are set again.
	// +kubebuilder:pruning:PreserveUnknownFields
	// +optional
	Kept *runtime.RawExtension `json:"kept,omitempty"`
}
