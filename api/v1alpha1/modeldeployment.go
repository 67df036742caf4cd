package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// ModelDeploymentSpec says what an endpoint serves, on what, and how a change
// reaches it. Fields that SageMaker has too are called and filled as there
// (CreateModel, CreateEndpointConfig, CreateInferenceComponent).
//
// +kubebuilder:validation:XValidation:rule="!has(self.managementPolicy) || self.managementPolicy == 'Full'",message="a ModelDeployment cannot only observe: use an Endpoint with managementPolicy: Observe"
type ModelDeploymentSpec struct {
	Control         `json:",inline"`
	DriftControl    `json:",inline"`
	RevisionControl `json:",inline"`

	// EndpointName is the endpoint's name in AWS. Defaults to the name of the
	// object, after the prefix of its namespace. It cannot be changed.
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$`
	// +optional
	EndpointName *string `json:"endpointName,omitempty"`

	// Variants are the models that share the endpoint's traffic, by their
	// weights.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=10
	// +listType=map
	// +listMapKey=variantName
	// +required
	Variants []DeploymentVariant `json:"variants"`

	// ShadowVariants get a copy of the traffic, and nobody gets their answers.
	// Their weight over that of the variants is the share they get.
	// +kubebuilder:validation:MaxItems=1
	// +listType=map
	// +listMapKey=variantName
	// +optional
	ShadowVariants []DeploymentVariant `json:"shadowVariants,omitempty"`

	// Components are models that share the instances of a variant which names
	// no model itself.
	// +kubebuilder:validation:MaxItems=50
	// +listType=map
	// +listMapKey=name
	// +optional
	Components []DeploymentComponent `json:"components,omitempty"`

	// ExecutionRoleARN is the role of models that name none, and of an endpoint
	// with components.
	// +kubebuilder:validation:MinLength=20
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:Pattern=`^arn:aws[a-z\-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+$`
	// +optional
	ExecutionRoleARN *string `json:"executionRoleARN,omitempty"`

	// VpcConfig is that of models that have none, and of an endpoint with
	// components.
	// +optional
	VpcConfig *VpcConfig `json:"vpcConfig,omitempty"`

	// EnableNetworkIsolation is that of models that do not say, and of an
	// endpoint with components.
	// +optional
	EnableNetworkIsolation *bool `json:"enableNetworkIsolation,omitempty"`

	// AsyncInferenceConfig makes the endpoint queue its requests.
	// +optional
	AsyncInferenceConfig *AsyncInferenceConfig `json:"asyncInferenceConfig,omitempty"`

	// DataCaptureConfig keeps requests and answers.
	// +optional
	DataCaptureConfig *DataCaptureConfig `json:"dataCaptureConfig,omitempty"`

	// ExplainerConfig explains answers.
	// +optional
	ExplainerConfig *ExplainerConfig `json:"explainerConfig,omitempty"`

	// MetricsConfig says which metrics the endpoint publishes.
	// +optional
	MetricsConfig *MetricsConfig `json:"metricsConfig,omitempty"`

	// KmsKeyID encrypts the volumes of the instances.
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:Pattern=`^[a-zA-Z0-9:/_-]*$`
	// +optional
	KmsKeyID *string `json:"kmsKeyID,omitempty"`

	// Tags of everything that is made in AWS.
	// +kubebuilder:validation:MaxItems=40
	// +listType=map
	// +listMapKey=key
	// +optional
	Tags []Tag `json:"tags,omitempty"`

	// Rollout says how a changed configuration takes over the traffic. All at
	// once by default.
	// +optional
	Rollout *Rollout `json:"rollout,omitempty"`

	// SmokeTests are requests that the endpoint has to answer well before a
	// configuration counts as deployed.
	// +kubebuilder:validation:MaxItems=10
	// +listType=map
	// +listMapKey=name
	// +optional
	SmokeTests []SmokeTest `json:"smokeTests,omitempty"`

	// Protect keeps the endpoint from being deleted with the object: the object
	// stays in Terminating until protect is false or deletionPolicy is Retain.
	// +optional
	Protect bool `json:"protect,omitempty"`

	// AllowReplacement lets the endpoint be deleted and made again where AWS
	// cannot change it in place, as between instances and serverless. It
	// answers no requests meanwhile.
	// +optional
	AllowReplacement bool `json:"allowReplacement,omitempty"`

	// HandOverTo is the ModelDeployment of the same namespace that may take the
	// endpoint over by naming it. It goes on serving meanwhile.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	HandOverTo string `json:"handOverTo,omitempty"`
}

// DeploymentVariant is a production variant with the model that it serves: one
// of model, modelName and modelRef, or none where components are placed on it.
type DeploymentVariant struct {
	ProductionVariant `json:",inline"`

	// Model is made for the variant.
	// +optional
	Model *DeploymentModel `json:"model,omitempty"`

	// Autoscaling of the variant's instances, or of the provisioned concurrency
	// of a serverless variant.
	// +optional
	Autoscaling *Autoscaling `json:"autoscaling,omitempty"`
}

// DeploymentModel says which model to make.
type DeploymentModel struct {
	// PrimaryContainer serves the model: an image, and the model data by URL, by
	// reference to a finished job, or in a model package.
	// +optional
	PrimaryContainer *ContainerDefinition `json:"primaryContainer,omitempty"`

	// Containers pass a request on from one to the next, or are chosen by the
	// request.
	// +kubebuilder:validation:MaxItems=15
	// +optional
	Containers []ContainerDefinition `json:"containers,omitempty"`

	// PackageGroup follows the newest approved version of a model package group.
	// +optional
	PackageGroup *PackageGroupSource `json:"packageGroup,omitempty"`

	// InferenceExecutionConfig says how containers are called.
	// +optional
	InferenceExecutionConfig *InferenceExecutionConfig `json:"inferenceExecutionConfig,omitempty"`

	// ExecutionRoleARN is the role of the containers.
	// +kubebuilder:validation:MinLength=20
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:Pattern=`^arn:aws[a-z\-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+$`
	// +optional
	ExecutionRoleARN *string `json:"executionRoleARN,omitempty"`

	// VpcConfig is the network of the containers.
	// +optional
	VpcConfig *VpcConfig `json:"vpcConfig,omitempty"`

	// EnableNetworkIsolation cuts the containers off from the network.
	// +optional
	EnableNetworkIsolation *bool `json:"enableNetworkIsolation,omitempty"`
}

// PackageGroupSource follows a model package group: the newest version whose
// modelApprovalStatus is Approved. No other version is ever deployed.
//
// +kubebuilder:validation:XValidation:rule="has(self.modelPackageGroupName) != has(self.modelPackageGroupRef)",message="exactly one of modelPackageGroupName and modelPackageGroupRef"
type PackageGroupSource struct {
	// ModelPackageGroupName is the name or ARN of the group.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=170
	// +optional
	ModelPackageGroupName *string `json:"modelPackageGroupName,omitempty"`

	// ModelPackageGroupRef stands for modelPackageGroupName.
	// +optional
	ModelPackageGroupRef *Reference `json:"modelPackageGroupRef,omitempty"`

	// Versions limits which version numbers are taken, such as "<10" or
	// ">=3, !=7". All by default.
	// +kubebuilder:validation:MaxLength=128
	// +optional
	Versions string `json:"versions,omitempty"`
}

// DeploymentComponent is an inference component: a model that shares the
// instances of a variant with others.
type DeploymentComponent struct {
	// Name of the component; in AWS it stands behind the endpoint's name.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	// +kubebuilder:validation:Pattern=`^[a-z0-9](-*[a-z0-9])*$`
	Name string `json:"name"`

	// VariantName is the variant it is placed on. Defaults to the first.
	// +kubebuilder:validation:MaxLength=63
	// +optional
	VariantName string `json:"variantName,omitempty"`

	// Model is made for the component. A component that adapts another has none.
	// +optional
	Model *DeploymentModel `json:"model,omitempty"`

	// Specification says what a copy needs.
	// +required
	Specification InferenceComponentSpecification `json:"specification"`

	// CopyCount is how many copies run. With autoscaling it is what they begin
	// with.
	// +kubebuilder:validation:Minimum=0
	// +optional
	CopyCount *int32 `json:"copyCount,omitempty"`

	// DeploymentConfig says how a change replaces the copies.
	// +optional
	DeploymentConfig *InferenceComponentDeploymentConfig `json:"deploymentConfig,omitempty"`

	// Autoscaling of the copies.
	// +optional
	Autoscaling *Autoscaling `json:"autoscaling,omitempty"`
}

// Autoscaling says between which limits something is scaled, and by what
// (Application Auto Scaling). What it sets stays when a configuration changes.
type Autoscaling struct {
	// MinCapacity is the least. Zero is for components and for endpoints with
	// asyncInferenceConfig.
	// +kubebuilder:validation:Minimum=0
	MinCapacity int32 `json:"minCapacity"`

	// MaxCapacity is the most.
	// +kubebuilder:validation:Minimum=1
	MaxCapacity int32 `json:"maxCapacity"`

	// Policies say when to scale.
	// +kubebuilder:validation:MaxItems=10
	// +listType=map
	// +listMapKey=name
	// +optional
	Policies []AutoscalingPolicy `json:"policies,omitempty"`

	// Schedules change the limits at certain times.
	// +kubebuilder:validation:MaxItems=10
	// +listType=map
	// +listMapKey=name
	// +optional
	Schedules []AutoscalingSchedule `json:"schedules,omitempty"`

	// Suspended stops parts of the scaling.
	// +optional
	Suspended *SuspendedState `json:"suspended,omitempty"`
}

// AutoscalingPolicy is one of target tracking and step scaling.
//
// +kubebuilder:validation:XValidation:rule="has(self.targetTracking) != has(self.stepScaling)",message="exactly one of targetTracking and stepScaling"
type AutoscalingPolicy struct {
	// Name of the policy; in AWS it stands behind the endpoint's and the
	// variant's.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	// +kubebuilder:validation:Pattern=`^[a-z0-9](-*[a-z0-9])*$`
	Name string `json:"name"`

	// TargetTracking keeps a metric at a value.
	// +optional
	TargetTracking *TargetTrackingScalingPolicyConfiguration `json:"targetTracking,omitempty"`

	// StepScaling changes the capacity when an alarm of yours says so.
	// +optional
	StepScaling *StepScalingPolicyConfiguration `json:"stepScaling,omitempty"`
}

// AutoscalingSchedule changes the limits at certain times.
type AutoscalingSchedule struct {
	// Name of the schedule.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	// +kubebuilder:validation:Pattern=`^[a-z0-9](-*[a-z0-9])*$`
	Name string `json:"name"`

	// Schedule is at(…), rate(…) or cron(…).
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Schedule string `json:"schedule"`

	// Timezone of the schedule, such as Europe/Amsterdam. UTC by default.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	Timezone *string `json:"timezone,omitempty"`

	// MinCapacity from then on.
	// +kubebuilder:validation:Minimum=0
	// +optional
	MinCapacity *int32 `json:"minCapacity,omitempty"`

	// MaxCapacity from then on.
	// +kubebuilder:validation:Minimum=0
	// +optional
	MaxCapacity *int32 `json:"maxCapacity,omitempty"`
}

// RolloutStrategy says in which steps a new configuration takes over.
// +kubebuilder:validation:Enum=AllAtOnce;Canary;Linear;Rolling
type RolloutStrategy string

const (
	// RolloutAllAtOnce shifts all traffic to a new fleet when it is up.
	RolloutAllAtOnce RolloutStrategy = "AllAtOnce"
	// RolloutCanary shifts a part, and the rest after a while.
	RolloutCanary RolloutStrategy = "Canary"
	// RolloutLinear shifts in equal steps.
	RolloutLinear RolloutStrategy = "Linear"
	// RolloutRolling replaces instances in batches, without a second fleet.
	RolloutRolling RolloutStrategy = "Rolling"
)

// Rollout says how a changed configuration takes over, and what takes it back
// (deployment guardrails of SageMaker). It does not count as a change itself.
type Rollout struct {
	// Strategy is AllAtOnce (the default), Canary, Linear or Rolling.
	// +optional
	Strategy RolloutStrategy `json:"strategy,omitempty"`

	// StepSize is the size of a canary, of a linear step or of a batch: a number
	// of instances, or a percentage of the capacity. Defaults to 10% for Canary
	// and 20% for Linear and Rolling. SageMaker takes at most 50% for a canary
	// and a batch, and 10% to 50% for a linear step.
	// +kubebuilder:validation:XIntOrString
	// +optional
	StepSize *intstr.IntOrString `json:"stepSize,omitempty"`

	// BakeTime is how long alarms are watched after each step, at most 1h.
	// Defaults to 5m for Canary, Linear and Rolling.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern="^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
	// +optional
	BakeTime *metav1.Duration `json:"bakeTime,omitempty"`

	// TerminationWait is how long the old fleet is kept when all traffic has
	// been shifted, at most 1h. None by default; not for Rolling.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern="^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
	// +optional
	TerminationWait *metav1.Duration `json:"terminationWait,omitempty"`

	// Timeout ends a roll-out that takes longer, between 10m and 8h.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern="^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
	// +optional
	Timeout *metav1.Duration `json:"timeout,omitempty"`

	// RollbackStepSize is the size of a batch when a rolling update is taken
	// back. All at once by default.
	// +kubebuilder:validation:XIntOrString
	// +optional
	RollbackStepSize *intstr.IntOrString `json:"rollbackStepSize,omitempty"`

	// Alarms take the roll-out back.
	// +optional
	Alarms *RolloutAlarms `json:"alarms,omitempty"`

	// OnSmokeTestFailure is Rollback (the default), which goes back to the last
	// configuration that passed, or Hold, which leaves the new one in service.
	// +kubebuilder:validation:Enum=Rollback;Hold
	// +optional
	OnSmokeTestFailure string `json:"onSmokeTestFailure,omitempty"`

	// RetainAllVariantProperties keeps instance counts, weights and data capture
	// of the serving variants. Counts of autoscaled variants are kept anyway.
	// +optional
	RetainAllVariantProperties *bool `json:"retainAllVariantProperties,omitempty"`

	// ExcludeRetainedVariantProperties are what is not kept.
	// +kubebuilder:validation:MaxItems=3
	// +optional
	ExcludeRetainedVariantProperties []VariantProperty `json:"excludeRetainedVariantProperties,omitempty"`
}

// RolloutAlarms are CloudWatch alarms that take a roll-out back when they go
// off. One that does not exist, or has gone off already, keeps a roll-out from
// beginning.
type RolloutAlarms struct {
	// Names of alarms that exist.
	// +kubebuilder:validation:MaxItems=10
	// +listType=set
	// +optional
	Names []string `json:"names,omitempty"`

	// ErrorRate makes an alarm for each variant of the new fleet that goes off
	// when more than this share of its requests ends in a server error (5xx),
	// such as "1%".
	// +kubebuilder:validation:Pattern=`^[0-9]{1,2}(\.[0-9]{1,3})?%$`
	// +optional
	ErrorRate string `json:"errorRate,omitempty"`

	// Latency makes an alarm for each variant of the new fleet that goes off
	// when its model takes longer to answer.
	// +optional
	Latency *LatencyAlarm `json:"latency,omitempty"`

	// Period over which the made alarms measure, in whole minutes. Defaults to 1m.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern="^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
	// +optional
	Period *metav1.Duration `json:"period,omitempty"`
}

// LatencyAlarm is a bound for the time a model takes to answer.
type LatencyAlarm struct {
	// Statistic of the times: p50 to p99.9, or Average. Defaults to p95.
	// +kubebuilder:validation:Pattern=`^(Average|Maximum|p[0-9]{1,2}(\.[0-9]{1,2})?)$`
	// +optional
	Statistic string `json:"statistic,omitempty"`

	// Threshold is the longest time that is well.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern="^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
	Threshold metav1.Duration `json:"threshold"`
}

// SmokeTest is a request and what the answer has to be (InvokeEndpoint).
type SmokeTest struct {
	// Name of the test.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// VariantName is the variant to ask. By weight if absent.
	// +kubebuilder:validation:MaxLength=63
	// +optional
	VariantName string `json:"variantName,omitempty"`

	// ComponentName is the component to ask.
	// +kubebuilder:validation:MaxLength=40
	// +optional
	ComponentName string `json:"componentName,omitempty"`

	// TargetModel is the model to ask of a multi-model container.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	TargetModel string `json:"targetModel,omitempty"`

	// ContentType of the body. Defaults to application/json.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	ContentType string `json:"contentType,omitempty"`

	// Body of the request.
	// +kubebuilder:validation:MaxLength=65536
	// +optional
	Body string `json:"body,omitempty"`

	// BodyFrom is where the body stands, in place of body.
	// +optional
	BodyFrom *ConfigMapKeyReference `json:"bodyFrom,omitempty"`

	// JSONPath picks a part of an answer in JSON, as kubectl's does:
	// {.predictions[0].score}. The whole answer if absent.
	// +kubebuilder:validation:MaxLength=256
	// +optional
	JSONPath string `json:"jsonPath,omitempty"`

	// Matches is a regular expression (RE2) for that part. Anything if absent.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Matches string `json:"matches,omitempty"`
}

// DeploymentPhase says in one word how far a deployment is.
type DeploymentPhase string

const (
	// DeploymentWaiting waits for a model to deploy.
	DeploymentWaiting DeploymentPhase = "Waiting"
	// DeploymentPreparing makes models, the configuration and alarms.
	DeploymentPreparing DeploymentPhase = "Preparing"
	// DeploymentRollingOut makes the endpoint serve the configuration.
	DeploymentRollingOut DeploymentPhase = "RollingOut"
	// DeploymentVerifying asks the smoke tests.
	DeploymentVerifying DeploymentPhase = "Verifying"
	// DeploymentScaling sets up components and autoscaling.
	DeploymentScaling DeploymentPhase = "Scaling"
	// DeploymentServing serves what the spec asks for.
	DeploymentServing DeploymentPhase = "Serving"
	// DeploymentRolledBack serves an earlier configuration.
	DeploymentRolledBack DeploymentPhase = "RolledBack"
	// DeploymentRefused cannot go on; what served before still does.
	DeploymentRefused DeploymentPhase = "Refused"
	// DeploymentHandedOver belongs to another deployment now.
	DeploymentHandedOver DeploymentPhase = "HandedOver"
)

// ModelDeploymentStatus is what became of the spec. Name and arn are those of
// the endpoint, revisions the configurations it has served.
type ModelDeploymentStatus struct {
	CommonStatus `json:",inline"`

	// Phase of the deployment.
	// +optional
	Phase DeploymentPhase `json:"phase,omitempty"`

	// EndpointStatus is what AWS tells of the endpoint.
	// +optional
	EndpointStatus *string `json:"endpointStatus,omitempty"`

	// CreationTime is when AWS made the endpoint.
	// +optional
	CreationTime *metav1.Time `json:"creationTime,omitempty"`

	// LastModifiedTime is when AWS changed the endpoint last.
	// +optional
	LastModifiedTime *metav1.Time `json:"lastModifiedTime,omitempty"`

	// FailureReason is AWS's, of the endpoint or its last update.
	// +optional
	FailureReason *string `json:"failureReason,omitempty"`

	// URL for InvokeEndpoint; for asynchronous endpoints, for InvokeEndpointAsync.
	// +optional
	URL string `json:"url,omitempty"`

	// DesiredConfig is the endpoint configuration that the spec stands for.
	// +optional
	DesiredConfig string `json:"desiredConfig,omitempty"`

	// ServedConfig is the one that the endpoint serves.
	// +optional
	ServedConfig string `json:"servedConfig,omitempty"`

	// LastGoodConfig is the last one that was served and passed its smoke tests.
	// +optional
	LastGoodConfig string `json:"lastGoodConfig,omitempty"`

	// Rollout under way.
	// +optional
	Rollout *RolloutProgress `json:"rollout,omitempty"`

	// Refused is the configuration that did not stay, and why. It is not tried
	// again until the spec changes or somebody forces it.
	// +optional
	Refused *RefusedConfig `json:"refused,omitempty"`

	// Variants in service.
	// +optional
	Variants []DeployedVariant `json:"variants,omitempty"`

	// SmokeTests are the outcomes for the desired configuration.
	// +optional
	SmokeTests []SmokeTestResult `json:"smokeTests,omitempty"`
}

// RolloutProgress is how far a roll-out is.
type RolloutProgress struct {
	// Config that is taking over.
	Config string `json:"config,omitempty"`
	// Stage is what AWS says of the new fleet: Creating, Updating, Deleting,
	// ActivatingTraffic or Baking.
	Stage string `json:"stage,omitempty"`
	// Message is AWS's, such as how long it bakes and with how many instances.
	Message string `json:"message,omitempty"`
	// StartTime is when the roll-out began.
	StartTime *metav1.Time `json:"startTime,omitempty"`
}

// RefusedConfig is a configuration that did not stay in service.
type RefusedConfig struct {
	// Config is its name.
	// +optional
	Config string `json:"config,omitempty"`
	// Reason is RolledBack or SmokeTestFailed.
	// +optional
	Reason string `json:"reason,omitempty"`
	// Message says what was wrong.
	Message string `json:"message,omitempty"`
	// Alarms that had gone off.
	Alarms []string `json:"alarms,omitempty"`
	// Time when it was found.
	// +optional
	Time metav1.Time `json:"time,omitzero"`
}

// DeployedVariant is a variant in service.
type DeployedVariant struct {
	// Name of the variant.
	// +optional
	Name string `json:"name,omitempty"`
	// Model is its model's name in AWS.
	Model string `json:"model,omitempty"`
	// ModelPackage is the version that was deployed.
	ModelPackage string `json:"modelPackage,omitempty"`
	// Weight is its share over the sum of all weights.
	Weight *float64 `json:"weight,omitempty"`
	// InstanceCount is how many instances it has.
	InstanceCount *int32 `json:"instanceCount,omitempty"`
	// DesiredInstanceCount is how many it is to have.
	DesiredInstanceCount *int32 `json:"desiredInstanceCount,omitempty"`
	// DesiredWeight is the weight it is to have.
	DesiredWeight *float64 `json:"desiredWeight,omitempty"`
	// DeployedImages are its images, with the digests that AWS found for them.
	DeployedImages []DeployedImage `json:"deployedImages,omitempty"`
}

// SmokeTestResult is the outcome of a smoke test.
type SmokeTestResult struct {
	// Name of the test.
	// +optional
	Name string `json:"name,omitempty"`
	// Config is the configuration that was asked.
	// +optional
	Config string `json:"config,omitempty"`
	// Digest of the test: one that has changed is asked again.
	// +optional
	Digest string `json:"digest,omitempty"`
	// Passed says whether the answer was as it has to be.
	// +optional
	Passed bool `json:"passed"`
	// Message says what was wrong.
	Message string `json:"message,omitempty"`
	// Time of the answer.
	// +optional
	Time metav1.Time `json:"time,omitzero"`
}

// ModelDeployment serves models behind one endpoint, and rolls out changes: it
// makes the Models, EndpointConfigs, Endpoint, InferenceComponents, scaling and
// alarms for it.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=modeldeployments,shortName=smmd,categories=sagemaker
// +kubebuilder:metadata:annotations="kustomize.toolkit.fluxcd.io/substitute=disabled"
// +kubebuilder:printcolumn:name=Phase,type=string,JSONPath=`.status.phase`
// +kubebuilder:printcolumn:name=AWS,type=string,JSONPath=`.status.endpointStatus`
// +kubebuilder:printcolumn:name=Ready,type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name=Status,type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:printcolumn:name=Age,type=date,JSONPath=`.metadata.creationTimestamp`
type ModelDeployment struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is what is wanted.
	// +required
	Spec ModelDeploymentSpec `json:"spec,omitempty"`
	// Status is what was observed.
	// +kubebuilder:default:={"observedGeneration":-1}
	// +optional
	Status ModelDeploymentStatus `json:"status,omitempty"`
}

// ModelDeploymentList is a list of ModelDeployment objects.
//
// +kubebuilder:object:root=true
type ModelDeploymentList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ModelDeployment `json:"items"`
}

// GetConditions returns the conditions of the status.
func (in *ModelDeployment) GetConditions() []metav1.Condition { return in.Status.Conditions }

// SetConditions replaces the conditions of the status.
func (in *ModelDeployment) SetConditions(conditions []metav1.Condition) {
	in.Status.Conditions = conditions
}

// Common returns the part of the status that every kind has.
func (in *ModelDeployment) Common() *CommonStatus { return &in.Status.CommonStatus }
