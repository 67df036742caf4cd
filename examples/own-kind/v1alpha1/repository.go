package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	sagemaker "github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
)

// GroupVersion is the group and version of the kinds in this package.
var GroupVersion = schema.GroupVersion{Group: "platform.example.com", Version: "v1alpha1"}

// AddToScheme adds the kinds to a scheme.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion, &Repository{}, &RepositoryList{})
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}

// RepositorySpec is what ecr:CreateRepository takes. Its fields are named as in all
// kinds of this controller: AWS's members in camel case.
type RepositorySpec struct {
	sagemaker.Control      `json:",inline"`
	sagemaker.DriftControl `json:",inline"`

	// RepositoryName is the name in ECR. Default: the object's name, with the prefix of
	// its namespace.
	// +kubebuilder:validation:MinLength=2
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:Pattern=`^(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$`
	// +optional
	RepositoryName *string `json:"repositoryName,omitempty"`

	// ImageTagMutability says whether a tag may move to another image.
	// +kubebuilder:validation:Enum=MUTABLE;IMMUTABLE
	// +required
	ImageTagMutability string `json:"imageTagMutability"`

	// ImageScanningConfiguration says when images are scanned for vulnerabilities.
	// +optional
	ImageScanningConfiguration *ImageScanningConfiguration `json:"imageScanningConfiguration,omitempty"`

	// EncryptionConfiguration says how images are encrypted. AWS does not change it
	// later.
	// +optional
	EncryptionConfiguration *EncryptionConfiguration `json:"encryptionConfiguration,omitempty"`

	// Force deletes images with their repository. AWS does not delete a repository with
	// images without it.
	// +optional
	Force *bool `json:"force,omitempty"`

	// Tags of the repository.
	// +optional
	Tags []sagemaker.Tag `json:"tags,omitempty"`
}

// ImageScanningConfiguration says when images are scanned.
type ImageScanningConfiguration struct {
	// ScanOnPush scans each image that is pushed.
	// +optional
	ScanOnPush *bool `json:"scanOnPush,omitempty"`
}

// EncryptionConfiguration says how images are encrypted.
type EncryptionConfiguration struct {
	// EncryptionType is by keys of S3 or of KMS.
	// +kubebuilder:validation:Enum=AES256;KMS
	// +required
	EncryptionType string `json:"encryptionType"`

	// KMSKey is a key's ID, ARN or alias. Default: that of ECR.
	// +optional
	KMSKey *string `json:"kmsKey,omitempty"`
}

// RepositoryStatus is what ecr:DescribeRepositories tells beyond the spec, and what the
// controller knows.
type RepositoryStatus struct {
	sagemaker.CommonStatus `json:",inline"`

	// CreatedAt is when AWS made it.
	// +optional
	CreatedAt *metav1.Time `json:"createdAt,omitempty"`

	// RepositoryURI is where images are pushed to and pulled from.
	// +optional
	RepositoryURI *string `json:"repositoryURI,omitempty"`
}

// Repository is a repository of images in Amazon ECR.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name=Ready,type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name=Status,type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:printcolumn:name=Age,type=date,JSONPath=`.metadata.creationTimestamp`
type Repository struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is what is wanted.
	// +required
	Spec RepositorySpec `json:"spec,omitempty"`
	// Status is what was observed.
	// +kubebuilder:default:={"observedGeneration":-1}
	// +optional
	Status RepositoryStatus `json:"status,omitempty"`
}

// RepositoryList is a list of repositories.
//
// +kubebuilder:object:root=true
type RepositoryList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Repository `json:"items"`
}

// GetConditions returns the conditions of the status.
func (in *Repository) GetConditions() []metav1.Condition { return in.Status.Conditions }

// SetConditions replaces the conditions of the status.
func (in *Repository) SetConditions(conditions []metav1.Condition) { in.Status.Conditions = conditions }

// Common returns the part of the status that every kind has.
func (in *Repository) Common() *sagemaker.CommonStatus { return &in.Status.CommonStatus }
