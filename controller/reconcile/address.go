package reconcile

import (
	"context"
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// Search is what an object whose identifier is not known is looked for by.
type Search struct {
	Client *cloud.Client
	// Name is the AWS name it would have.
	Name string
	// Owner and Digest are whose and of what it would be.
	Owner  identity.Owner
	Digest string
	// Request is what it would be created with.
	Request shape.Tree
	// Observe says that the object is only observed, whoever's it is.
	Observe bool
}

// awsName is the AWS name the spec stands for, with what it is unique within;
// of a job, that of the first attempt.
func (s *scope) awsName() string {
	name := s.named
	switch {
	case name != "":
	case s.kind.Lifecycle == Service:
		name = identity.ServiceName(s.owner, s.prefix, s.kind.maxName())
	default:
		name = s.runName(1)
	}
	if len(s.kind.Within) == 0 {
		return name
	}
	parts := make([]string, 0, len(s.kind.Within)+1)
	for _, member := range s.kind.Within {
		parts = append(parts, shape.String(s.request, member))
	}
	return strings.Join(append(parts, name), "/")
}

// runName is the AWS name of an attempt at the digest, of a job or a revision.
func (s *scope) runName(attempt int) string {
	owner := s.owner
	if given := s.given(); given != "" {
		owner.Name = strings.TrimSuffix(owner.Name, "-"+given) // which stands there already
	}
	return identity.RunName(owner, s.digest, attempt, s.kind.maxName())
}

// given is the digest that another resource has made this one for, and has put into
// its name. It says better than the spec what is the same run: a job is what its
// inputs make of it, whatever the machines.
func (s *scope) given() string {
	digest := s.object.GetLabels()[v1alpha1.LabelDigest]
	if digest == "" || s.kind.Lifecycle == Service || !strings.HasSuffix(s.owner.Name, "-"+digest) {
		return ""
	}
	return digest
}

// parts takes a name of status apart into the members that make it up.
func (k Kind) parts(name string) shape.Tree {
	parts := shape.Tree{}
	set := func(member, value string) {
		if value != "" {
			parts[member] = value
		}
	}
	for i, member := range k.Within {
		if i == len(k.Within)-1 {
			last := strings.LastIndex(name, "/")
			if last < 0 {
				break
			}
			set(member, name[:last])
			name = name[last+1:]
			break
		}
		var part string
		part, name, _ = strings.Cut(name, "/")
		set(member, part)
	}
	set(k.Name, name)
	return parts
}

// lastPart is a name of status without what it is unique within.
func (k Kind) lastPart(name string) string { return shape.String(k.parts(name), k.Name) }

// address are the members that tell AWS which object is meant; nil if AWS has
// none of that name, as far as can be found.
func (s *scope) address(ctx context.Context, name string) (shape.Tree, error) {
	if s.kind.ID == "" {
		return s.kind.parts(name), nil
	}
	id := s.id(name)
	if id == "" {
		var err error
		if id, err = s.kind.Find(ctx, Search{
			Client: s.client, Name: name, Owner: s.owner, Digest: s.digest, Request: s.request, Observe: s.observeOnly(),
		}); err != nil || id == "" {
			return nil, err
		}
		s.found[name] = id
	}
	address := shape.Tree{s.kind.ID: id}
	if !s.kind.Describe.HasInput(s.kind.ID) {
		address[s.kind.Name] = id // AWS takes the one in place of the other
	}
	return address, nil
}

// id is the identifier of the object of that name, as far as it is known.
func (s *scope) id(name string) string {
	if s.control.ExternalID != "" {
		return s.control.ExternalID
	}
	if id := s.found[name]; id != "" {
		return id
	}
	status := s.object.Common()
	if run := s.runNamed(name); run != nil {
		return run.ID
	}
	if revision := s.revisionNamed(name); revision != nil {
		return revision.ID
	}
	if s.kind.Lifecycle == Service && status.Name == name {
		return status.ID
	}
	return ""
}

// identified notes the identifier of the object of that name.
func (s *scope) identified(name string, answer shape.Tree) {
	id := shape.String(answer, s.kind.ID)
	if s.kind.ID == "" || id == "" {
		return
	}
	s.found[name] = id
	if run := s.runNamed(name); run != nil {
		run.ID = id
	}
	if revision := s.revisionNamed(name); revision != nil {
		revision.ID = id
	}
	if s.kind.Lifecycle == Service {
		s.object.Common().ID = id
	}
}

func (s *scope) revisionNamed(name string) *v1alpha1.Revision {
	status := s.object.Common()
	for i := range status.Revisions {
		if status.Revisions[i].Name == name {
			return &status.Revisions[i]
		}
	}
	return nil
}

// describe asks AWS for the object of that name; nil means that there is none.
func (s *scope) describe(ctx context.Context, name string) (shape.Tree, error) {
	address, err := s.address(ctx, name)
	if err != nil || address == nil {
		return nil, err
	}
	t, err := s.kind.Describe.Call(ctx, s.client, address)
	if cloud.Classify(err) == cloud.NotFound {
		return nil, nil
	}
	if err != nil || s.state(t) == health.StateGone {
		return nil, err
	}
	s.identified(name, t)
	return t, nil
}

// call makes a call that takes nothing but what says which object is meant, and
// those members of more that it knows.
func (s *scope) call(ctx context.Context, op cloud.Operation, name string, more shape.Tree) error {
	address, err := s.address(ctx, name)
	if err == nil {
		_, err = op.Call(ctx, s.client, over(more, address))
	}
	return err
}

// over is a copy of under with the members of top in it.
func over(under, top shape.Tree) shape.Tree {
	t := shape.Tree{}
	if under != nil {
		t = shape.Clone(under)
	}
	for member, value := range top {
		shape.Set(t, member, value)
	}
	return t
}
