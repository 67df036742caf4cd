// Package kind lists the custom resources to generate and what the generator
// cannot read from the API's model: their lifecycle, their identifier, and
// which members name another kind.
package kind

import "github.com/sagemaker-gitops/sagemaker-gitops/api/gen/model"

// Lifecycle says what a change of the spec does to the AWS object.
type Lifecycle int

const (
	// Job runs once; a change starts a new run.
	Job Lifecycle = iota + 1
	// Revision cannot be changed; a change makes a new one.
	Revision
	// Registry is versioned by AWS; a change makes a new version.
	Registry
	// Service goes on existing and is updated in place.
	Service
)

// Kind is a custom resource.
type Kind struct {
	// Name of the kind, and of the AWS operations' object.
	Name string
	// Doc is one sentence about the kind, without its name.
	Doc string
	// Plural is the kind's resource name.
	Plural string
	// Short is the kind's short name.
	Short string
	// Lifecycle of the AWS object.
	Lifecycle Lifecycle
	// Identity is the member of the Create input that names the object. Empty
	// where AWS makes the identifier.
	Identity string
	// ServerMade says that AWS makes the identifier, or part of it.
	ServerMade bool
	// Status is the member of the Describe output that tells the state. Empty
	// where existence is all there is.
	Status string
	// More are members of the inputs of other operations that belong in the
	// spec although Create does not take them, by operation.
	More map[string][]string
	// Told are members of the status that Describe does not tell.
	Told []Told
	// Completed are required members that the controller fills in where the
	// spec leaves them open.
	Completed []string
	// Controls are hand-written structs inlined in the spec beside those of the
	// lifecycle, and References the references in them.
	Controls   []string
	References []Reference
	// Rules are CEL rules of the spec, with their messages.
	Rules [][2]string
	// Verb is what creates the object. Empty means Create.
	Verb string
	// Element is the shape that describes one object, where the operation that
	// describes answers several.
	Element string
}

// Told is a member of the answer of an operation, under another name.
type Told struct{ Operation, Member, As string }

// Reference is a reference in a hand-written struct: the JSON names of the
// field and of the one it is for.
type Reference struct {
	Path, Fills string
	Target      Target
}

// Create is the operation that makes the object.
func (k Kind) Create() string {
	if k.Verb != "" {
		return k.Verb + k.Name
	}
	return "Create" + k.Name
}

// Describe is the operation that reads the object.
func (k Kind) Describe() string { return "Describe" + k.Name }

// Update is the operation that changes the object, where there is one.
func (k Kind) Update() string { return "Update" + k.Name }

// verbs are what the operations on a kind begin with.
var verbs = []string{"Create", "Delete", "Deregister", "Describe", "List", "Put", "Register", "Start", "Stop", "Update"}

// API is an AWS API with the kinds that are made from it.
type API struct {
	// Client is the import path of the service's client in aws-sdk-go-v2.
	Client string
	// OlderModel is the path of the service's model in aws-sdk-go v1.
	OlderModel string
	// Docs is where the API reference begins.
	Docs string
	// Neighbours are other services from which kinds come.
	Neighbours []Neighbour
	// Kinds to make.
	Kinds []Kind
	// Operations that concern the kinds beyond those named after them.
	Operations []string
	// References are the members that name another kind, as shape.member.
	References map[string]Target
	// NotReferences are the members that look like a reference and are none,
	// with the reason.
	NotReferences map[string]string
	// Tokens are the members that make a call idempotent. The controller makes
	// them, so no spec needs one.
	Tokens []string
	// Keys are the lists whose elements AWS tells apart by a required member,
	// with that member's JSON name.
	Keys map[string]string
	// OpenValues are the suffixes of shapes that list values, as an enumeration
	// or a pattern, and to which AWS adds all the time: an older operator must
	// let newer values pass.
	OpenValues []string
}

// Neighbour is the API of another service. What there is of it is read from
// the older model; shapes whose names are taken get the prefix.
type Neighbour struct {
	OlderModel, Docs, Prefix string
	// Operations that concern the kinds beyond those named after them.
	Operations []string
}

// AllOperations lists the operations of an API that concern the kinds: those
// named after them and some more.
func (s API) AllOperations(api *model.API, more []string) []string {
	operations := append([]string(nil), more...)
	for _, k := range s.Kinds {
		for _, verb := range verbs {
			for _, name := range []string{verb + k.Name, verb + k.Name + "s"} {
				if _, ok := api.Operations[name]; ok {
					operations = append(operations, name)
				}
			}
		}
	}
	return operations
}
