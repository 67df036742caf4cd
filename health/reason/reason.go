// Package reason names every reason that the conditions of our objects carry.
//
// The Ready condition always has one of them, and Reconciling or Stalled has
// the same one while it stands. Kubernetes events use the reason of the
// condition they tell about. The names are part of the API: alerts, health
// scripts and users match on them, so a name is never given another meaning.
//
// Each group below belongs to one row of the truth table in package health:
// the comment over a group says which conditions its reasons appear with.
package reason

// Reasons of work that goes on in AWS. Ready is Unknown and Reconciling True.
const (
	// Progressing is the reason of an object that the controller has taken up
	// and of which AWS has not said anything more precise yet.
	Progressing = "Progressing"
	// Creating means that AWS is building the object.
	Creating = "Creating"
	// Running means that a job is running.
	Running = "Running"
	// Updating means that an update asked for by the spec is under way.
	Updating = "Updating"
	// RollingBack means that AWS is undoing an update that did not work.
	RollingBack = "RollingBack"
	// Stopping means that a job or an instance is being stopped.
	Stopping = "Stopping"
	// Deleting means that the AWS object is being deleted, either with the
	// custom resource or in order to be created again.
	Deleting = "Deleting"
)

// Reasons of an object that waits for something outside it and goes on by
// itself once that has changed. Ready is Unknown and Reconciling True.
const (
	// WaitingForReference means that an object the spec refers to is missing
	// or has not settled.
	WaitingForReference = "WaitingForReference"
	// WaitingForDependents means that a deletion waits for objects that still
	// use the AWS object, or that a change waits until those who refer to the
	// object have taken note of it.
	WaitingForDependents = "WaitingForDependents"
	// DependencyNotReady means that AWS does not see a role, or an object that the spec
	// names, or that AWS is still at work on it. With Ready False and Stalled it has
	// lacked for minutes, and nothing is known to bring it.
	DependencyNotReady = "DependencyNotReady"
	// NameTaken means that AWS takes no object of this name, although it shows none: one
	// that was deleted may still have the name, or keep it for good. With Ready False and
	// Stalled it has been so for minutes.
	NameTaken = "NameTaken"
	// Throttled means that AWS or the client-side budget holds calls back.
	Throttled = "Throttled"
	// QuotaExceeded means that an account limit is used up for now. With
	// Ready False and Stalled it means that the limit is zero.
	QuotaExceeded = "QuotaExceeded"
	// Busy means that AWS takes no change until what it is doing has ended.
	Busy = "Busy"
	// Verifying means that a deployment's endpoint is asked its smoke tests.
	Verifying = "Verifying"
	// Protected means that a deletion waits because the object is protected
	// from it.
	Protected = "Protected"
	// ServerError means that AWS failed to answer and the call is repeated.
	ServerError = "ServerError"
	// AwaitingApproval means that a person has to approve or reject. Argo CD
	// shows it as Suspended.
	AwaitingApproval = "AwaitingApproval"
)

// Reasons of success. Ready is True.
const (
	// Submitted means that AWS runs a job whose readiness is Submitted.
	Submitted = "Submitted"
	// Scaling means that AWS changes an endpoint that already serves what the
	// spec asks for: autoscaling or patching, nothing of ours.
	Scaling = "Scaling"
	// Completed means that a job ended well.
	Completed = "Completed"
	// InService means that a service does its work.
	InService = "InService"
	// Serving means that what an earlier plan of a pipeline has made serves, while
	// the present one has not succeeded.
	Serving = "Serving"
	// Triggered is about a schedule or a violation that makes the jobs of a pipeline run
	// again.
	Triggered = "Triggered"
	// RolledBackByHand means that an earlier plan of a pipeline serves because somebody
	// asked for it by annotation, and not what git asks for.
	RolledBackByHand = "RolledBackByHand"
	// Created means that an object which has no life of its own exists.
	Created = "Created"
	// Observed means that an object with managementPolicy Observe exists and
	// was read.
	Observed = "Observed"
	// HandedOver means that a deployment's endpoint belongs to another one now,
	// as the spec allowed.
	HandedOver = "HandedOver"
	// Approved means that a model package has been approved.
	Approved = "Approved"
	// StoppedWhenIdle means that AWS deleted an App that was idle, or that a user
	// stopped it in Studio, which is the same to AWS. The controller creates it again
	// when the spec changes or forceAt asks for it. Argo CD shows it as Suspended.
	StoppedWhenIdle = "StoppedWhenIdle"
)

// Reasons of a job or service that AWS reports as failed. Ready is False and
// Stalled True: only a new spec, rerun or forceAt helps.
const (
	// Failed is a failure that AWS does not put into a class.
	Failed = "Failed"
	// AlgorithmError means that the container failed.
	AlgorithmError = "AlgorithmError"
	// ClientError means that AWS could not use what the job was given: data,
	// image or role.
	ClientError = "ClientError"
	// CapacityError means that AWS had no instances of the type.
	CapacityError = "CapacityError"
	// InternalServerError means that AWS failed.
	InternalServerError = "InternalServerError"
	// CompletedWithFailures means that a pipeline execution went on past
	// failed steps.
	CompletedWithFailures = "CompletedWithFailures"
	// MaxRuntimeExceeded means that AWS stopped a job at the end of the time
	// its stopping condition allows.
	MaxRuntimeExceeded = "MaxRuntimeExceeded"
	// MaxWaitTimeExceeded means that AWS gave up waiting for spot capacity.
	MaxWaitTimeExceeded = "MaxWaitTimeExceeded"
	// Interrupted means that AWS took the instances of a spot job away for
	// good.
	Interrupted = "Interrupted"
	// StoppedExternally means that somebody else stopped the job or instance, or that
	// it is not known who did: a cluster that is built anew does not know.
	StoppedExternally = "StoppedExternally"
	// DeletedExternally means that somebody else deleted what cannot be made
	// again by itself.
	DeletedExternally = "DeletedExternally"
	// OutOfService means that an endpoint exists and cannot serve.
	OutOfService = "OutOfService"
	// UpdateFailed means that AWS gave up an update and kept what there was.
	UpdateFailed = "UpdateFailed"
	// DriftUnresolved means that AWS has accepted an update and still describes
	// something else than the spec. The message has both values; the update is tried
	// again, less and less often.
	DriftUnresolved = "DriftUnresolved"
	// RolledBack means that an endpoint serves its earlier configuration
	// because the update to the desired one failed, or that AWS could not
	// even go back.
	RolledBack = "RolledBack"
	// SmokeTestFailed means that a new configuration did not answer as it has to.
	SmokeTestFailed = "SmokeTestFailed"
	// DeleteFailed means that AWS could not delete the object.
	DeleteFailed = "DeleteFailed"
	// StepFailed means that a step of a pipeline has failed.
	StepFailed = "StepFailed"
	// GateFailed means that a gate of a pipeline has let nothing pass, or that
	// nobody could say whether to.
	GateFailed = "GateFailed"
	// Expired means that nobody has decided in time.
	Expired = "Expired"
	// Rejected means that a model package, or a step of a pipeline, has been
	// rejected.
	Rejected = "Rejected"
)

// Stopped is the reason of a job that was stopped on request, and of a pipeline that does
// not go on for that. Ready is False and Stalled True; Argo CD shows it as Suspended, not
// as Degraded.
const Stopped = "Stopped"

// Reasons of an object that cannot go on until a person changes something.
// Ready is False and Stalled True.
const (
	// ValidationFailed means that AWS, or the controller in its place, refused
	// the spec.
	ValidationFailed = "ValidationFailed"
	// AccessDenied means that an AWS permission is missing. The message tells
	// the call itself, AssumeRole and PassRole apart. With Ready Unknown and
	// Reconciling True the call is retried: for two minutes after a new spec or
	// identity, since a new permission takes effect with a delay.
	AccessDenied = "AccessDenied"
	// ReferenceDenied means that a reference leads where none may lead, such
	// as into another namespace.
	ReferenceDenied = "ReferenceDenied"
	// ImmutableField means that a field was changed which AWS cannot change.
	ImmutableField = "ImmutableField"
	// ReplaceRequired means that AWS can make a change only by deleting what
	// there is, which the spec does not allow.
	ReplaceRequired = "ReplaceRequired"
	// AlarmNotReady means that an alarm which is to watch a roll-out does not
	// exist, or has gone off before it began.
	AlarmNotReady = "AlarmNotReady"
	// SharedOutput means that a step of a pipeline would write where another run of
	// it has written.
	SharedOutput = "SharedOutput"
	// ForeignObject means that an AWS object of this name exists and belongs
	// to somebody else. It is left untouched.
	ForeignObject = "ForeignObject"
	// NameClaimed means that an older custom resource claims the same AWS
	// name.
	NameClaimed = "NameClaimed"
	// NotFound means that an object which is only observed does not exist.
	NotFound = "NotFound"
)

// Suspended is the reason of an object that was suspended before it was ever
// reconciled. Ready is Unknown. An object that is suspended later keeps the
// conditions it has.
const Suspended = "Suspended"

// ViolationsFound is the reason of an event, not of a condition: an execution of a
// monitoring schedule found what breaks its constraints.
const ViolationsFound = "ViolationsFound"

// Released is the reason of an event, not of a condition: a field that git no longer has
// is not reset in AWS, since somebody else has changed it there.
const Released = "Released"

// OwnershipLost is the reason of an event, not of a condition: an AWS object that
// status has recorded no longer carries the tags by which it is the controller's.
const OwnershipLost = "OwnershipLost"

// TagDrift is the reason of an event, not of a condition: somebody else changes tags
// back that the spec sets, or AWS does not let the controller change them.
const TagDrift = "TagDrift"

// ProgressDeadlineExceeded is the reason of an event, not of a condition: a stage of a
// transition takes longer than spec.progressDeadline.
const ProgressDeadlineExceeded = "ProgressDeadlineExceeded"

// Deprecated is the reason of an event, not of a condition: the object says
// something in a way that will not always be understood.
const Deprecated = "Deprecated"
