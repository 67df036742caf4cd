package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ManagementPolicy says whether the controller may change the AWS object.
// +kubebuilder:validation:Enum=Full;Observe
type ManagementPolicy string

const (
	// ManageFull lets the controller create, update and delete. The default.
	ManageFull ManagementPolicy = "Full"
	// ManageObserve fills status from AWS and never makes a mutating call.
	ManageObserve ManagementPolicy = "Observe"
)

// DeletionPolicy says what happens to the AWS object when the custom resource
// is deleted. It is read at deletion time.
// +kubebuilder:validation:Enum=Delete;Purge;Retain
type DeletionPolicy string

const (
	// DeletionDelete stops jobs (AWS keeps their record) and deletes
	// everything else.
	DeletionDelete DeletionPolicy = "Delete"
	// DeletionPurge also deletes the record of those training, processing and
	// tuning jobs that status tells of, so that their names become free again.
	DeletionPurge DeletionPolicy = "Purge"
	// DeletionRetain leaves the AWS object alone.
	DeletionRetain DeletionPolicy = "Retain"
)

// AdoptionPolicy says which existing AWS objects may be taken over.
// +kubebuilder:validation:Enum=IfOwned;Unowned;Never
type AdoptionPolicy string

const (
	// AdoptIfOwned takes over what carries the ownership tags of this very
	// object (cluster, namespace, kind and name). The default.
	AdoptIfOwned AdoptionPolicy = "IfOwned"
	// AdoptUnowned takes over also what carries nobody's ownership tags.
	AdoptUnowned AdoptionPolicy = "Unowned"
	// AdoptNever never takes over anything.
	AdoptNever AdoptionPolicy = "Never"
)

// Readiness says when a job counts as ready.
// +kubebuilder:validation:Enum=Completed;Submitted
type Readiness string

const (
	// ReadyWhenCompleted makes a job ready when it has completed. The default.
	ReadyWhenCompleted Readiness = "Completed"
	// ReadyWhenSubmitted makes a job ready as soon as AWS runs it; a later
	// failure still makes it not ready.
	ReadyWhenSubmitted Readiness = "Submitted"
)

// AssumeRole names an IAM role to call AWS with.
type AssumeRole struct {
	// RoleARN is the role to assume.
	// +kubebuilder:validation:Pattern=`^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$`
	// +kubebuilder:validation:MaxLength=2048
	RoleARN string `json:"roleARN"`

	// ExternalID is sent with sts:AssumeRole. Defaults to
	// <cluster>/<namespace>.
	// +kubebuilder:validation:MaxLength=1224
	// +optional
	ExternalID string `json:"externalID,omitempty"`
}

// Control holds the fields at the root of every spec that tell the controller
// what to do. They are never sent to AWS.
type Control struct {
	// Suspend stops reconciliation until it is false again. A deletion goes on
	// as the deletion policy says. The annotation sagemaker.gitops.dev/suspend:
	// "true" does the same.
	// +optional
	Suspend bool `json:"suspend,omitempty"`

	// Region is the AWS region of the object. Defaults to the namespace's
	// annotation sagemaker.gitops.dev/region, then to the controller's region.
	// It cannot be changed once the AWS object exists.
	// +kubebuilder:validation:Pattern=`^[a-z]{2}(-[a-z]+)+-[0-9]+$`
	// +kubebuilder:validation:MaxLength=32
	// +optional
	Region string `json:"region,omitempty"`

	// ServiceAccountName is a service account of the object's namespace. Its
	// token is exchanged for the IAM role in its annotation
	// eks.amazonaws.com/role-arn, as which AWS is called. Defaults to the
	// namespace's annotation sagemaker.gitops.dev/service-account-name, unless
	// assumeRole is given.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	ServiceAccountName string `json:"serviceAccountName,omitempty"`

	// AssumeRole is a role to assume, from the controller's own identity or
	// that of the service account. Its ARN defaults to the namespace's annotation
	// sagemaker.gitops.dev/assume-role-arn, unless serviceAccountName is given.
	// +optional
	AssumeRole *AssumeRole `json:"assumeRole,omitempty"`

	// ManagementPolicy is Full (the default) or Observe.
	// +optional
	ManagementPolicy ManagementPolicy `json:"managementPolicy,omitempty"`

	// DeletionPolicy is Delete, Purge or Retain. The default is Delete, or
	// Retain for kinds whose content git cannot re-create.
	// +optional
	DeletionPolicy DeletionPolicy `json:"deletionPolicy,omitempty"`

	// AdoptionPolicy is IfOwned (the default), Unowned or Never.
	// +optional
	AdoptionPolicy AdoptionPolicy `json:"adoptionPolicy,omitempty"`

	// ProgressDeadline is how long one stage of a transition may last, such as
	// Creating or WaitingForReference. After it a Warning event is sent once, and
	// status.progressDeadlineExceeded says since when. Nothing else changes. Defaults
	// to more than what the stage of the kind usually takes, such as 1h for Creating,
	// and to no deadline while a job runs or a user has to approve; 0s is no deadline.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern="^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
	// +kubebuilder:validation:MaxLength=32
	// +optional
	ProgressDeadline *metav1.Duration `json:"progressDeadline,omitempty"`
}

// JobControl holds the control fields that only jobs have.
type JobControl struct {
	// Rerun starts a new run of the same spec whenever it changes. Any string.
	// +kubebuilder:validation:MaxLength=256
	// +optional
	Rerun string `json:"rerun,omitempty"`

	// Readiness is Completed (the default) or Submitted.
	// +optional
	Readiness Readiness `json:"readiness,omitempty"`
}

// DriftControl holds the control field of kinds that go on existing and are
// compared with AWS from time to time.
type DriftControl struct {
	// Interval is the time between two comparisons with AWS. Defaults to 10m for
	// what is changed in place, and to 1h for what cannot change.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern="^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
	// +kubebuilder:validation:MaxLength=32
	// +optional
	Interval *metav1.Duration `json:"interval,omitempty"`
}

// RevisionControl holds the control field of kinds that AWS cannot change and
// of which a new revision is made instead.
type RevisionControl struct {
	// RevisionHistoryLimit is how many earlier revisions are kept. Defaults
	// to 10; fewer are kept where status has no room to tell of all. A revision
	// in use is always kept. With deletionPolicy Retain those beyond are
	// forgotten, and stay in AWS.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	// +optional
	RevisionHistoryLimit *int32 `json:"revisionHistoryLimit,omitempty"`
}

// ExternalIDControl holds the control field of kinds whose identifier AWS
// makes.
type ExternalIDControl struct {
	// ExternalID is the id or ARN of an existing AWS object to manage.
	// +kubebuilder:validation:MaxLength=2048
	// +optional
	ExternalID string `json:"externalID,omitempty"`
}

// PipelineDefinitionControl offers a pipeline's definition from a ConfigMap.
type PipelineDefinitionControl struct {
	// PipelineDefinitionFrom is where the definition stands, in place of
	// pipelineDefinition. A changed ConfigMap is taken up within the interval.
	// +optional
	PipelineDefinitionFrom *PipelineDefinitionSource `json:"pipelineDefinitionFrom,omitempty"`
}

// PipelineDefinitionSource is where a pipeline's definition stands.
type PipelineDefinitionSource struct {
	// ConfigMapKeyRef is a key of a ConfigMap in the same namespace.
	ConfigMapKeyRef ConfigMapKeyReference `json:"configMapKeyRef"`
}

// ConfigMapKeyReference names a key of a ConfigMap.
type ConfigMapKeyReference struct {
	// Name of the ConfigMap.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
	// Key in the ConfigMap; pipeline.json if absent.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	Key string `json:"key,omitempty"`
}

// ScalableResourceControl says what is scaled, in place of resourceID,
// serviceNamespace and scalableDimension, which follow from it.
type ScalableResourceControl struct {
	// EndpointName is the endpoint of which a variant is scaled.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +optional
	EndpointName *string `json:"endpointName,omitempty"`
	// EndpointRef stands for endpointName.
	// +optional
	EndpointRef *Reference `json:"endpointRef,omitempty"`
	// VariantName is the variant of the endpoint.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +optional
	VariantName *string `json:"variantName,omitempty"`
	// InferenceComponentName is the inference component that is scaled.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +optional
	InferenceComponentName *string `json:"inferenceComponentName,omitempty"`
	// InferenceComponentRef stands for inferenceComponentName.
	// +optional
	InferenceComponentRef *Reference `json:"inferenceComponentRef,omitempty"`
}
