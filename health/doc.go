// Package health judges custom resources of the sagemaker.gitops.dev group:
// [Of] says what Argo CD, or a person, should think of an object, from nothing
// but the object itself. It is pure and imports neither our API types nor AWS.
//
// # Truth table
//
// The same table holds for every kind. The first row that fits decides. The
// last two columns are what [Of] returns and what kstatus, and so Flux, says.
//
//	case                                            Of           kstatus
//	no object                                       Missing      NotFound
//	malformed metadata or status                    Unknown      (error)
//	metadata.deletionTimestamp is set               Progressing  Terminating
//	spec.suspend is true, or the annotation
//	sagemaker.gitops.dev/suspend is "true"          Suspended    as without it
//	status.observedGeneration is not the generation Progressing  InProgress
//	Stalled True, reason Stopped                    Suspended    Failed
//	Stalled True, any other reason                  Degraded     Failed
//	Reconciling True, reason AwaitingApproval       Suspended    InProgress
//	Reconciling True, any other reason              Progressing  InProgress
//	Ready True, reason StoppedWhenIdle              Suspended    Current
//	Ready True, any other reason                    Healthy      Current
//	Ready False or Unknown                          Progressing  InProgress
//	no Ready condition                              Progressing  Current
//
// Degraded means that somebody has to act; what gets better by itself is
// Progressing. Stalled and Reconciling stand only while they are True, and
// never both; should both stand, the first in the list decides, as in kstatus.
// The last row cannot be met: every CRD sets status.observedGeneration to -1
// when an object is created, and the controller always writes Ready.
//
// Package script holds the same table in Lua for Argo CD and in CEL for Flux, package
// argocd gives it to the gitops-engine. testdata/expected.yaml has what each of them
// says of the same objects.
//
// # AWS states
//
// [States] sorts the values of one AWS status into classes that are the same
// for all kinds: [States.Classify] gives the [State], [States.Reason] the
// reason that conditions carry for it. [Kinds] holds the table of every kind.
package health
