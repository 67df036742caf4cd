package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// ModelPipelineSpec is a graph of steps that make, judge and serve a model. What
// a step makes is named by a digest of all that it was made of, so that a step
// runs again only when that has changed.
//
// +kubebuilder:validation:XValidation:rule="!has(self.managementPolicy) || self.managementPolicy == 'Full'",message="a ModelPipeline cannot only observe"
type ModelPipelineSpec struct {
	Control `json:",inline"`

	// Artifacts is the S3 prefix below which each run of a step has a place of its
	// own, {{ .step.path }}: <artifacts>/<pipeline>/<step>/<digest>. Required as
	// soon as a template uses that.
	// +kubebuilder:validation:Pattern=`^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^{}]*)?$`
	// +kubebuilder:validation:MaxLength=512
	// +optional
	Artifacts string `json:"artifacts,omitempty"`

	// Params are texts that templates use as {{ .params.<name> }}.
	// +kubebuilder:validation:MaxProperties=100
	// +kubebuilder:validation:XValidation:rule="self.all(k, k.matches('^[a-zA-Z_][a-zA-Z0-9_]*$'))",message="a parameter's name has letters, digits and underscores, and begins with no digit"
	// +optional
	Params map[string]string `json:"params,omitempty"`

	// ParamsFrom are ConfigMaps whose keys are parameters too. Later ones count
	// more than earlier ones, and params more than all of them. Let their names change
	// with what they hold, as the names that kustomize generates do: then the pipeline
	// is not Ready before it has done what they say. One that keeps its name is read
	// again at once if it has the label reconcile.fluxcd.io/watch: Enabled, and every
	// ten minutes otherwise.
	// +kubebuilder:validation:MaxItems=10
	// +listType=atomic
	// +optional
	ParamsFrom []ParamsSource `json:"paramsFrom,omitempty"`

	// Sources are content that steps are made of beside parameters: its digest is in
	// theirs, and templates know where it is, as {{ .sources.<name>.uri }} and
	// {{ .sources.<name>.digest }}.
	// +kubebuilder:validation:MaxItems=20
	// +listType=map
	// +listMapKey=name
	// +optional
	Sources []PipelineSource `json:"sources,omitempty"`

	// Steps of the pipeline. Those that need nothing of each other run side by
	// side.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=100
	// +listType=map
	// +listMapKey=name
	// +required
	Steps []PipelineStep `json:"steps"`

	// Approvals are decisions on steps that wait for one. They are bound to what
	// was decided on, and are no part of any digest: to commit one runs nothing.
	// +kubebuilder:validation:MaxItems=100
	// +listType=atomic
	// +optional
	Approvals []PipelineApproval `json:"approvals,omitempty"`

	// Triggers make all jobs run again without a commit.
	// +optional
	Triggers *PipelineTriggers `json:"triggers,omitempty"`

	// Rerun makes all jobs run again whenever it changes. Any string.
	// +kubebuilder:validation:MaxLength=256
	// +optional
	Rerun string `json:"rerun,omitempty"`

	// Readiness says when the pipeline is Ready. Completed by default.
	// +optional
	Readiness PipelineReadiness `json:"readiness,omitempty"`

	// History says what is kept of earlier plans.
	// +optional
	History *PipelineHistory `json:"history,omitempty"`
}

// PipelineTriggers make all jobs run again, as another rerun does: with what they
// make, all is judged and asked about anew. A plan that is at work is not disturbed:
// what comes meanwhile counts when it has ended, or waits for a person.
type PipelineTriggers struct {
	// Schedules are times at which they do. Of several that have passed, while the
	// pipeline was suspended say, the last counts.
	// +kubebuilder:validation:MaxItems=10
	// +listType=atomic
	// +optional
	Schedules []PipelineSchedule `json:"schedules,omitempty"`

	// OnSourceChange are the names of sources in S3 that are looked at again every ten
	// minutes: what uses them runs again when their content has changed. Other sources
	// are looked at in any case.
	// +kubebuilder:validation:MaxItems=20
	// +listType=set
	// +optional
	OnSourceChange []string `json:"onSourceChange,omitempty"`

	// OnViolation are monitoring schedules whose violations make them run again.
	// +kubebuilder:validation:MaxItems=10
	// +listType=map
	// +listMapKey=monitoringSchedule
	// +optional
	OnViolation []ViolationTrigger `json:"onViolation,omitempty"`
}

// PipelineSchedule is a time that comes again and again.
type PipelineSchedule struct {
	// Cron has the five fields minute, hour, day of month, month and day of week, or is
	// one of @hourly, @daily, @weekly, @monthly and @yearly.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	Cron string `json:"cron"`

	// TimeZone is the place whose time is meant, as in the IANA database:
	// Europe/Amsterdam. UTC by default. An hour that is left out in spring is no time
	// there.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	TimeZone string `json:"timeZone,omitempty"`
}

// ViolationTrigger is a monitoring schedule that says when a model has to be made
// anew.
type ViolationTrigger struct {
	// MonitoringSchedule is the name of a MonitoringSchedule of the same namespace, or
	// of a step that makes one.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	MonitoringSchedule string `json:"monitoringSchedule"`

	// Cooldown is for how long after a trigger violations do not count: what was made
	// for the first has to serve before one can say whether it helped. Defaults to 24h.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern="^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
	// +optional
	Cooldown *metav1.Duration `json:"cooldown,omitempty"`
}

// PipelineReadiness says when a pipeline is Ready.
// +kubebuilder:validation:Enum=Completed;Submitted;Serving
type PipelineReadiness string

const (
	// PipelineReadyWhenCompleted makes a pipeline Ready when all its steps have
	// succeeded. The default.
	PipelineReadyWhenCompleted PipelineReadiness = "Completed"
	// PipelineReadyWhenSubmitted makes it Ready as soon as its plan is being
	// carried out; a failure still makes it not Ready.
	PipelineReadyWhenSubmitted PipelineReadiness = "Submitted"
	// PipelineReadyWhenServing keeps it Ready while what an earlier plan made
	// serves, also while the present one is being carried out, and if it fails.
	PipelineReadyWhenServing PipelineReadiness = "Serving"
)

// PipelineHistory says what is kept of earlier plans.
type PipelineHistory struct {
	// Limit is how many superseded resources each step keeps, so that going back to
	// them needs no question to AWS. Defaults to 10. What AWS has of jobs stays
	// beyond that.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	// +optional
	Limit *int32 `json:"limit,omitempty"`

	// RollbackWindow is to how many plans that served before one may go back
	// without being asked for gates and approvals again. Defaults to 3.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=20
	// +optional
	RollbackWindow *int32 `json:"rollbackWindow,omitempty"`
}

// ParamsSource is where parameters stand.
type ParamsSource struct {
	// ConfigMapRef is a ConfigMap of the same namespace.
	ConfigMapRef ConfigMapReference `json:"configMapRef"`
}

// ConfigMapReference names a ConfigMap of the same namespace.
type ConfigMapReference struct {
	// Name of the ConfigMap.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
}

// PipelineSource is content from outside of the spec.
//
// +kubebuilder:validation:XValidation:rule="[has(self.configMap), has(self.s3), has(self.artifact)].exists_one(x, x)",message="exactly one of configMap, s3 and artifact"
type PipelineSource struct {
	// Name of the source.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-zA-Z_][a-zA-Z0-9_]*$`
	Name string `json:"name"`

	// ConfigMap of the same namespace. Its keys are packed as files of a tar archive,
	// compressed by gzip, and uploaded once to <artifacts>/sources/<digest>.tar.gz.
	// Read again when those of paramsFrom are: it is in git like the pipeline.
	// +optional
	ConfigMap *ConfigMapReference `json:"configMap,omitempty"`

	// S3 is data in S3, and stays where it is. Looked at once for every definition
	// and every rerun, and not because of another change.
	// +optional
	S3 *S3PipelineSource `json:"s3,omitempty"`

	// Artifact is what a source of Flux has fetched, 64 MiB at most. Its files are packed
	// and uploaded like those of a ConfigMap, and looked at again every minute.
	// +optional
	Artifact *ArtifactSource `json:"artifact,omitempty"`
}

// ArtifactSource is what a source of Flux has fetched (source.toolkit.fluxcd.io). The
// controller fetches it from there: kustomize/README.md says how network policies let it.
type ArtifactSource struct {
	// Kind of the source. An ExternalArtifact is served by whoever writes its status, such
	// as Flux's source-watcher.
	// +kubebuilder:validation:Enum=GitRepository;OCIRepository;Bucket;ExternalArtifact
	Kind string `json:"kind"`
	// Name of the source, in the same namespace.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
	// Path is the directory of which the files count, and no others: a commit that
	// changes none of them changes no digest. All by default.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Path string `json:"path,omitempty"`
}

// SourceFingerprint says by what a change of data in S3 is known.
// +kubebuilder:validation:Enum=URI;VersionId;Manifest;Listing
type SourceFingerprint string

const (
	// FingerprintURI takes another URI for other data, and nothing else.
	FingerprintURI SourceFingerprint = "URI"
	// FingerprintVersion takes the version of the object, in a bucket that keeps
	// versions.
	FingerprintVersion SourceFingerprint = "VersionId"
	// FingerprintManifest takes the content of the object, 16 MiB at most.
	FingerprintManifest SourceFingerprint = "Manifest"
	// FingerprintListing takes names, sizes and ETags of all objects below the URI,
	// 100,000 at most.
	FingerprintListing SourceFingerprint = "Listing"
)

// S3PipelineSource is data in S3.
type S3PipelineSource struct {
	// URI of an object, or of a prefix.
	// +kubebuilder:validation:Pattern=`^s3://[^/]+/?.*$`
	// +kubebuilder:validation:MaxLength=1024
	URI string `json:"uri"`

	// Fingerprint says by what a change is known. Listing by default.
	// +optional
	Fingerprint SourceFingerprint `json:"fingerprint,omitempty"`
}

// PipelineStep is one of: a resource that is made, a gate, a decision of a person.
//
// +kubebuilder:validation:XValidation:rule="(has(self.template)?1:0)+(has(self.gate)?1:0)+(has(self.approval)?1:0) == 1",message="exactly one of template, gate and approval"
type PipelineStep struct {
	// Name of the step.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=18
	// +kubebuilder:validation:Pattern=`^[a-z]([a-z0-9-]*[a-z0-9])?$`
	Name string `json:"name"`

	// DependsOn are steps that have to have succeeded, beside those whose outputs
	// or metrics are used.
	// +kubebuilder:validation:MaxItems=100
	// +listType=set
	// +optional
	DependsOn []string `json:"dependsOn,omitempty"`

	// Template is the resource that the step makes.
	// +optional
	Template *StepTemplate `json:"template,omitempty"`

	// Gate lets pass what is good enough.
	// +optional
	Gate *PipelineGate `json:"gate,omitempty"`

	// Approval lets pass what a person has approved.
	// +optional
	Approval *ApprovalStep `json:"approval,omitempty"`

	// When is a condition in CEL (https://cel.dev); a step for which it is false is
	// skipped, with all that need it. It knows params, and of each step that this one
	// needs steps.<name>.phase and steps.<name>.metrics, or steps["<name>"]. It is no
	// part of a digest.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	When string `json:"when,omitempty"`

	// Timeout is how long an attempt at making the resource may take, from when it was
	// begun: a job is then stopped, and the step has failed. No limit by default.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern="^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
	// +optional
	Timeout *metav1.Duration `json:"timeout,omitempty"`

	// Cache is Reuse (the default), or Never for a job that does something beyond what
	// it writes below its path: it runs in every plan that is another than the one
	// before, and may write wherever it likes.
	// +optional
	Cache StepCache `json:"cache,omitempty"`

	// Retry runs a job again that failed in a way that may pass.
	// +optional
	Retry *StepRetry `json:"retry,omitempty"`

	// InstanceFallback are the instance types a job is run again on, one after the
	// other, when AWS has none of the template's. Without retry each is tried once.
	// +kubebuilder:validation:MaxItems=10
	// +listType=atomic
	// +optional
	InstanceFallback []string `json:"instanceFallback,omitempty"`
}

// StepCache says when what a job has made is taken again.
// +kubebuilder:validation:Enum=Reuse;Never
type StepCache string

const (
	// CacheReuse takes it whenever it was made of the same. The default.
	CacheReuse StepCache = "Reuse"
	// CacheNever takes it in one plan only.
	CacheNever StepCache = "Never"
)

// StepTemplate is a resource with templates in its texts.
type StepTemplate struct {
	// Kind is a kind of this API group, but for ModelPipeline.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Kind string `json:"kind"`

	// Spec of the resource. Its texts are Go templates with sprig's deterministic
	// functions, which see .params, .step, .pipeline and outputs of other steps:
	// {{ .steps.<step>.outputs.<output> }} or {{ output "<step>" "<output>" }}. An
	// output can be inserted into a text, and nothing else.
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Type=object
	Spec runtime.RawExtension `json:"spec"`
}

// FailureClass sorts failures of jobs.
// +kubebuilder:validation:Enum=Capacity;Internal;Interrupted;Algorithm;Client
type FailureClass string

const (
	// FailureCapacity means that AWS had no instances (reason CapacityError).
	FailureCapacity FailureClass = "Capacity"
	// FailureInternal means that AWS failed (InternalServerError).
	FailureInternal FailureClass = "Internal"
	// FailureInterrupted means that AWS took the instances of a spot job away
	// (Interrupted,
	// MaxWaitTimeExceeded).
	FailureInterrupted FailureClass = "Interrupted"
	// FailureAlgorithm means that the container failed (AlgorithmError).
	FailureAlgorithm FailureClass = "Algorithm"
	// FailureClient means that AWS could not use what the job was given (ClientError).
	FailureClient FailureClass = "Client"
)

// StepRetry says which failures are tried again, and how often.
type StepRetry struct {
	// Limit is how many times a job is run again.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10
	Limit int32 `json:"limit"`

	// Failures are those after which it is. Capacity, Internal and Interrupted by
	// default.
	// +kubebuilder:validation:MaxItems=5
	// +listType=set
	// +optional
	Failures []FailureClass `json:"failures,omitempty"`

	// Backoff is the time before the first retry; each further one waits twice as
	// long, an hour at most. Defaults to 1m.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern="^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
	// +optional
	Backoff *metav1.Duration `json:"backoff,omitempty"`
}

// GateCloudWatch is one number of a metric over a period of time, from CloudWatch
// (GetMetricData). Until the period has passed, and as long as there is no data in
// it, nobody can say.
//
// +kubebuilder:validation:XValidation:rule="duration(self.period) >= duration('1m') && duration(self.period) <= duration('24h') && duration(self.period).getSeconds() % 60 == 0",message="period is a number of whole minutes, 24h at most"
type GateCloudWatch struct {
	// Namespace of the metric, such as AWS/SageMaker.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=255
	Namespace string `json:"namespace"`

	// MetricName is its name, such as Invocation5XXErrors.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=255
	MetricName string `json:"metricName"`

	// Dimensions of the metric; their values may be templates:
	// {{ .steps.<step>.outputs.name }}.
	// +kubebuilder:validation:MaxProperties=30
	// +optional
	Dimensions map[string]string `json:"dimensions,omitempty"`

	// Statistic is Average, Sum, Minimum, Maximum, SampleCount, or a percentile such as
	// p99.
	// +kubebuilder:validation:Pattern=`^(Average|Sum|Minimum|Maximum|SampleCount|p[0-9]{1,2}(\.[0-9]{1,2})?)$`
	Statistic string `json:"statistic"`

	// Period is the time over which it is taken, from when all steps before the gate
	// had succeeded.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern="^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
	Period metav1.Duration `json:"period"`
}

// GateFailure says what a gate does that is not passed.
// +kubebuilder:validation:Enum=Fail;Hold
type GateFailure string

const (
	// GateFails makes the pipeline fail. The default.
	GateFails GateFailure = "Fail"
	// GateHolds makes what comes after it wait, until the spec changes.
	GateHolds GateFailure = "Hold"
)

// PipelineGate lets pass what is good enough by numbers. A number that is missing,
// or none, decides nothing: the gate then holds.
type PipelineGate struct {
	// Checks have to pass, all of them.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=20
	// +listType=map
	// +listMapKey=name
	Checks []GateCheck `json:"checks"`

	// OnFail is Fail (the default) or Hold.
	// +optional
	OnFail GateFailure `json:"onFail,omitempty"`
}

// GateCheck is a bound on a number that a step has come to.
//
// +kubebuilder:validation:XValidation:rule="has(self.min) || has(self.max) || has(self.compareWith)",message="at least one of min, max and compareWith"
// +kubebuilder:validation:XValidation:rule="!has(self.maxRegression) || has(self.compareWith)",message="maxRegression is for compareWith"
// +kubebuilder:validation:XValidation:rule="[has(self.metric), has(self.s3JSON), has(self.cloudWatch)].exists_one(x, x)",message="exactly one of metric, s3JSON and cloudWatch"
type GateCheck struct {
	// Name of the check.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// Metric is the number that is judged: one in the status of a step.
	// +optional
	Metric *GateMetric `json:"metric,omitempty"`

	// S3JSON is the number that is judged: one in a report that a step has written.
	// +optional
	S3JSON *GateReport `json:"s3JSON,omitempty"`

	// CloudWatch is the number that is judged: one that a service has come to since.
	// +optional
	CloudWatch *GateCloudWatch `json:"cloudWatch,omitempty"`

	// Min and Max are inclusive bounds, as numbers or templates of parameters.
	// +kubebuilder:validation:MaxLength=256
	// +optional
	Min string `json:"min,omitempty"`
	// Max is the upper bound.
	// +kubebuilder:validation:MaxLength=256
	// +optional
	Max string `json:"max,omitempty"`

	// CompareWith is Serving: the number of the plan that serves. Before anything
	// serves there is nothing to be worse than.
	// +kubebuilder:validation:Enum=Serving
	// +optional
	CompareWith string `json:"compareWith,omitempty"`

	// MaxRegression is by how much the number may be worse, as a share of the one
	// it is compared with, such as "2%". Nothing by default.
	// +kubebuilder:validation:Pattern=`^[0-9]{1,3}(\.[0-9]{1,3})?%$`
	// +optional
	MaxRegression string `json:"maxRegression,omitempty"`

	// HigherIsBetter says which way is worse. Lower is better by default.
	// +optional
	HigherIsBetter bool `json:"higherIsBetter,omitempty"`

	// Precision is how many digits behind the point count. All by default; an
	// approval is for the number as it counts.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=12
	// +optional
	Precision *int32 `json:"precision,omitempty"`
}

// GateMetric is a number in the status of a step's resource.
type GateMetric struct {
	// Step that made it: a TrainingJob or a HyperParameterTuningJob.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=18
	Step string `json:"step"`

	// Name of the metric, as the algorithm calls it (finalMetricDataList); of a
	// tuning job the best value of its objective.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=255
	Name string `json:"name"`
}

// GateReport is a number in a JSON document in S3.
type GateReport struct {
	// URI of the document, with templates:
	// {{ .steps.<step>.outputs.<output> }}/report.json. 1 MiB at most.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	URI string `json:"uri"`

	// JSONPath leads to the number, as kubectl's does: {.metrics.auc}.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	JSONPath string `json:"jsonPath"`
}

// ApprovalStep waits for the decision of a person. To have it made in the model
// registry, let a step make a ModelPackage with modelApprovalStatus
// PendingManualApproval: it has succeeded when the version is approved there.
type ApprovalStep struct {
	// Sources are where a decision counts: Git is an entry in spec.approvals,
	// Annotation is sagemaker.gitops.dev/approve or reject with step=evidence. Both by
	// default. A decision is remembered when it is taken away; a rejection then ends with
	// an approval of the same evidence.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=2
	// +listType=set
	// +optional
	Sources []ApprovalSource `json:"sources,omitempty"`

	// ExpiresAfter is how long a decision is waited for. For ever by default.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern="^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
	// +optional
	ExpiresAfter *metav1.Duration `json:"expiresAfter,omitempty"`
}

// ApprovalSource is where a decision on a step stands.
// +kubebuilder:validation:Enum=Git;Annotation
type ApprovalSource string

const (
	// ApprovalInGit is an entry in spec.approvals.
	ApprovalInGit ApprovalSource = "Git"
	// ApprovalByAnnotation is an annotation of the pipeline.
	ApprovalByAnnotation ApprovalSource = "Annotation"
)

// PipelineApproval is the decision on a step, for as long as what it was made on is
// the same.
type PipelineApproval struct {
	// Step that waits.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=18
	Step string `json:"step"`
	// Evidence is what was decided on, from status.steps[].evidence.
	// +kubebuilder:validation:Pattern=`^sha256:[0-9a-f]{64}$`
	Evidence string `json:"evidence"`
	// Rejected says that it was rejected.
	// +optional
	Rejected bool `json:"rejected,omitempty"`
	// By is who decided. For people; the proof is in git.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	By string `json:"by,omitempty"`
	// Reason of the decision.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Reason string `json:"reason,omitempty"`
}

// PipelinePhase says in one word how far a pipeline is.
type PipelinePhase string

const (
	// PipelineRefused has a spec that cannot be carried out.
	PipelineRefused PipelinePhase = "Refused"
	// PipelineRunning carries out its plan.
	PipelineRunning PipelinePhase = "Running"
	// PipelineAwaiting waits for a person.
	PipelineAwaiting PipelinePhase = "AwaitingApproval"
	// PipelineHeld is held by a gate.
	PipelineHeld PipelinePhase = "Held"
	// PipelineFailed has a step that failed; all that does not need it goes on.
	PipelineFailed PipelinePhase = "Failed"
	// PipelineCompleted has carried out its plan.
	PipelineCompleted PipelinePhase = "Completed"
)

// ConditionCandidateHealthy of a pipeline speaks of the present plan alone, whatever
// serves: False when a step of it has failed or holds, True when all have succeeded,
// Unknown until then.
const ConditionCandidateHealthy = "CandidateHealthy"

// StepPhase says in one word how far a step is.
type StepPhase string

const (
	// StepPending waits for the steps that it needs.
	StepPending StepPhase = "Pending"
	// StepRunning is at work.
	StepRunning StepPhase = "Running"
	// StepRetrying waits to run again after a failure.
	StepRetrying StepPhase = "Retrying"
	// StepAwaiting waits for the decision of a person.
	StepAwaiting StepPhase = "AwaitingApproval"
	// StepHeld is a gate that holds.
	StepHeld StepPhase = "Held"
	// StepSucceeded is done.
	StepSucceeded StepPhase = "Succeeded"
	// StepSkipped is not wanted, or needs one that is not.
	StepSkipped StepPhase = "Skipped"
	// StepFailed has failed for good.
	StepFailed StepPhase = "Failed"
	// StepBlocked needs a step that has failed or holds.
	StepBlocked StepPhase = "Blocked"
)

// StepAction is what a plan does about a step.
type StepAction string

const (
	// ActionRun starts a job or makes a resource.
	ActionRun StepAction = "Run"
	// ActionReuse takes what there is.
	ActionReuse StepAction = "Reuse"
	// ActionUpdate changes a service in place.
	ActionUpdate StepAction = "Update"
	// ActionJudge evaluates a gate.
	ActionJudge StepAction = "Judge"
	// ActionAsk asks a person.
	ActionAsk StepAction = "Ask"
)

// ModelPipelineStatus is what became of the spec.
type ModelPipelineStatus struct {
	CommonStatus `json:",inline"`

	// Phase of the pipeline.
	// +optional
	Phase PipelinePhase `json:"phase,omitempty"`

	// PlanDigest is that of all steps together.
	// +optional
	PlanDigest string `json:"planDigest,omitempty"`

	// Steps in the order in which they can run.
	// +optional
	Steps []StepStatus `json:"steps,omitempty"`

	// Definition is a digest of what the plan is made of, as far as git knows it: an
	// earlier one that comes again is an earlier plan, with its sources and its trigger.
	// +optional
	Definition string `json:"definition,omitempty"`

	// Sources as they were found.
	// +optional
	Sources []SourceStatus `json:"sources,omitempty"`

	// Trigger is what triggers have come to.
	// +optional
	Trigger *TriggerStatus `json:"trigger,omitempty"`

	// Serving is the newest plan that was carried out to its end.
	// +optional
	Serving *ServedPlan `json:"serving,omitempty"`

	// RolledBackTo is the plan that the annotation sagemaker.gitops.dev/rollback asks
	// for, as <plan> or <plan>@<token>, until the spec changes. Another token asks for it
	// again after that.
	// +optional
	RolledBackTo *PipelineRollback `json:"rolledBackTo,omitempty"`

	// History are the plans that were so before, newest first.
	// +optional
	History []ServedPlan `json:"history,omitempty"`
}

// StepStatus is how far a step is.
type StepStatus struct {
	// Name of the step.
	// +optional
	Name string `json:"name,omitempty"`
	// Phase of the step.
	// +optional
	Phase StepPhase `json:"phase,omitempty"`
	// Action is what the plan does about it, and Why.
	// +optional
	Action StepAction `json:"action,omitempty"`
	// Why the plan does so, or did so where it is done. It never speaks of something that
	// is no longer the case.
	// +optional
	Why string `json:"why,omitempty"`
	// Digest of all that the step is made of.
	// +optional
	Digest string `json:"digest,omitempty"`
	// Kind and Child name the resource that it makes.
	// +optional
	Kind string `json:"kind,omitempty"`
	// Child is the name of the resource.
	// +optional
	Child string `json:"child,omitempty"`
	// Message says how it goes.
	// +optional
	Message string `json:"message,omitempty"`
	// Attempt is how many times a job was run again.
	// +optional
	Attempt int32 `json:"attempt,omitempty"`
	// RetryTime is when it will be.
	// +optional
	RetryTime *metav1.Time `json:"retryTime,omitempty"`
	// Checks are the results of a gate, for this digest.
	// +optional
	Checks []CheckResult `json:"checks,omitempty"`
	// Evidence is what a person decides on.
	// +optional
	Evidence string `json:"evidence,omitempty"`
	// Since is when it began to run, or to wait for a decision.
	// +optional
	Since *metav1.Time `json:"since,omitempty"`
	// Decision is Approved, Rejected or Expired, once there is one.
	// +optional
	Decision string `json:"decision,omitempty"`
}

// PipelineRollback is an earlier plan that somebody has asked for.
type PipelineRollback struct {
	// PlanDigest is that of the plan.
	// +optional
	PlanDigest string `json:"planDigest,omitempty"`
	// Token tells the request from an earlier one for the same plan.
	// +optional
	Token string `json:"token,omitempty"`
	// Generation of the spec that it stands in for. Another spec ends it.
	// +optional
	Generation int64 `json:"generation,omitempty"`
}

// SourceStatus is what was found of a source.
type SourceStatus struct {
	// Name of the source.
	// +optional
	Name string `json:"name,omitempty"`
	// Digest of its content.
	// +optional
	Digest string `json:"digest,omitempty"`
	// URI is where it is.
	// +optional
	URI string `json:"uri,omitempty"`
	// Definition is a digest of what was asked for: it is looked for again when that
	// has changed.
	// +optional
	Definition string `json:"definition,omitempty"`
}

// TriggerStatus is what triggers have come to.
type TriggerStatus struct {
	// Token of the trigger that counts now, in the digests of all jobs:
	// schedule/<time> or violation/<monitoring schedule>/<time>.
	// +optional
	Token string `json:"token,omitempty"`
	// Time up to which triggers have been followed.
	// +optional
	Time metav1.Time `json:"time,omitzero"`
	// Next is when a schedule is due.
	// +optional
	Next *metav1.Time `json:"next,omitempty"`
	// Message says what is wrong with a trigger.
	// +optional
	Message string `json:"message,omitempty"`
}

// CheckResult is what came of a check.
type CheckResult struct {
	// Name of the check.
	// +optional
	Name string `json:"name,omitempty"`
	// Outcome is Passed, Failed or Inconclusive.
	// +optional
	Outcome string `json:"outcome,omitempty"`
	// Value as it counts.
	// +optional
	Value string `json:"value,omitempty"`
	// Message says it in words.
	// +optional
	Message string `json:"message,omitempty"`
}

// ServedPlan is a plan that was carried out to its end.
type ServedPlan struct {
	// PlanDigest is that of all its steps together.
	// +optional
	PlanDigest string `json:"planDigest,omitempty"`
	// Token of the trigger that it was carried out for.
	// +optional
	Token string `json:"token,omitempty"`
	// Digests of its steps; of the one that serves only.
	// +optional
	Digests map[string]string `json:"digests,omitempty"`
	// Values that its gates judged, by step and check (quality/rmse); of the one that
	// serves only.
	// +optional
	Values map[string]string `json:"values,omitempty"`
	// Time when it had been carried out.
	// +optional
	Time metav1.Time `json:"time,omitzero"`
}

// ModelPipeline makes, judges and serves models: each step is a resource of another
// kind of this group, a gate or a decision of a person. Only what has changed runs
// again, and going back to an earlier spec runs nothing.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=modelpipelines,shortName=smpipe,categories=sagemaker
// +kubebuilder:metadata:annotations="kustomize.toolkit.fluxcd.io/substitute=disabled"
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 30",message="a pipeline's name has 30 characters at most: it stands in the names of all that it makes"
// +kubebuilder:printcolumn:name=Phase,type=string,JSONPath=`.status.phase`
// +kubebuilder:printcolumn:name=Plan,type=string,JSONPath=`.status.planDigest`
// +kubebuilder:printcolumn:name=Serving,type=string,JSONPath=`.status.serving.planDigest`
// +kubebuilder:printcolumn:name=Ready,type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name=Status,type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:printcolumn:name=Age,type=date,JSONPath=`.metadata.creationTimestamp`
type ModelPipeline struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is what is wanted.
	// +required
	Spec ModelPipelineSpec `json:"spec,omitempty"`
	// Status is what was observed.
	// +kubebuilder:default:={"observedGeneration":-1}
	// +optional
	Status ModelPipelineStatus `json:"status,omitempty"`
}

// ModelPipelineList is a list of ModelPipeline objects.
//
// +kubebuilder:object:root=true
type ModelPipelineList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ModelPipeline `json:"items"`
}

// GetConditions returns the conditions of the status.
func (in *ModelPipeline) GetConditions() []metav1.Condition { return in.Status.Conditions }

// SetConditions replaces the conditions of the status.
func (in *ModelPipeline) SetConditions(conditions []metav1.Condition) {
	in.Status.Conditions = conditions
}

// Common returns the part of the status that every kind has.
func (in *ModelPipeline) Common() *CommonStatus { return &in.Status.CommonStatus }
