package v1alpha1

// Reference names a custom resource of the kind that the field's name implies.
type Reference struct {
	// Name is the name of the custom resource.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`

	// Namespace is the namespace of the custom resource. Defaults to that of
	// the object which refers to it.
	// +kubebuilder:validation:MaxLength=63
	// +optional
	Namespace string `json:"namespace,omitempty"`
}

// DataReference names a job that produces model data.
type DataReference struct {
	// Kind is the kind of the job.
	// +kubebuilder:validation:Enum=TrainingJob;HyperParameterTuningJob
	Kind string `json:"kind"`

	Reference `json:",inline"`
}

// ConsumedReference is a target that a spec refers to and what was taken from
// it the last time all references were settled.
type ConsumedReference struct {
	// Path is where in the spec the reference stands.
	Path string `json:"path,omitempty"`
	// Kind of the target.
	Kind string `json:"kind"`
	// Namespace of the target.
	Namespace string `json:"namespace,omitempty"`
	// Name of the target custom resource.
	Name string `json:"name,omitempty"`
	// AWSName is the target's name in AWS.
	AWSName string `json:"awsName,omitempty"`
	// ARN of the target in AWS.
	ARN string `json:"arn,omitempty"`
	// Value is what the reference stands for: a name, an ARN or a URI.
	Value string `json:"value,omitempty"`
}
