package v1alpha1

// ReferenceField is a field of a spec that names another custom resource and
// stands for one of its values. References lists them for every kind.
type ReferenceField struct {
	// Path of the field in the spec, such as productionVariants[].modelRef.
	// An element of a list is written [].
	Path string
	// Fills is the path of the field that the value is for. At most one of
	// the two may be set.
	Fills string
	// Kind of the target. Empty where the reference says it in its own field
	// kind.
	Kind string
	// Value is what of the target is taken.
	Value ReferenceValue
}

// ReferenceValue says what of its target a reference stands for.
type ReferenceValue string

const (
	// ReferenceName is the target's name in AWS.
	ReferenceName ReferenceValue = "Name"
	// ReferenceARN is the target's ARN.
	ReferenceARN ReferenceValue = "ARN"
	// ReferenceID is the identifier that AWS made for the target.
	ReferenceID ReferenceValue = "ID"
	// ReferenceResourceID is what a scalable target scales.
	ReferenceResourceID ReferenceValue = "ResourceID"
	// ReferenceModelData is the S3 URI of the model artefacts that a training
	// job, or the best training job of a tuning job, has produced.
	ReferenceModelData ReferenceValue = "ModelData"
)

// JobDefinitionReference names a monitoring job definition.
type JobDefinitionReference struct {
	// Kind is the kind of the job definition.
	// +kubebuilder:validation:Enum=DataQualityJobDefinition;ModelBiasJobDefinition;ModelExplainabilityJobDefinition;ModelQualityJobDefinition
	Kind string `json:"kind"`

	Reference `json:",inline"`
}
