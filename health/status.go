package health

// Status is a verdict in the words of Argo CD.
type Status string

const (
	// Unknown means that the object cannot be judged because it is malformed.
	Unknown Status = "Unknown"
	// Progressing means that the object is not ready and can still become so
	// without anybody's help.
	Progressing Status = "Progressing"
	// Healthy means that AWS has done what the current spec asks for. There are
	// three exceptions: with readiness Submitted a job or pipeline is Healthy from
	// when AWS works on it, with readiness Serving a pipeline is while what an
	// earlier plan made serves, and a pipeline that somebody took back by
	// annotation is while an earlier plan serves (reason RolledBackByHand).
	Healthy Status = "Healthy"
	// Suspended means that the object waits for a person's decision: it is
	// suspended, was stopped on request or awaits approval.
	Suspended Status = "Suspended"
	// Degraded means that the object has failed and somebody has to act.
	Degraded Status = "Degraded"
	// Missing means that there is no object.
	Missing Status = "Missing"
)

// Result is the health of one object.
type Result struct {
	// Status is the verdict.
	Status Status
	// Message says why, in the words of the condition that decided. It is
	// never empty except when Status is Healthy.
	Message string
}
