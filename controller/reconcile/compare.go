package reconcile

import (
	"slices"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// differences are where what is there does not cover what is wanted.
func (s *scope) differences(want, described shape.Tree) []shape.Difference {
	want, have := s.kind.readable(want, described)
	return s.kind.Compare.Uncovered(want, have)
}

// changeable is the part of a request that an update can change.
func (k Kind) changeable(request shape.Tree) shape.Tree {
	part := shape.Tree{}
	for _, path := range k.mutable() {
		if v, ok := shape.Lookup(request, path); ok {
			shape.Put(part, path, v)
		}
	}
	return part
}

// fixed are those differences that no update can put right.
func (s *scope) fixed(described shape.Tree) []shape.Difference {
	want, have := s.kind.readable(s.request, described)
	differences := s.kind.Compare.Uncovered(want, have, s.kind.mutable()...)
	for _, d := range s.kind.Compare.Uncovered(want, have) {
		if slices.ContainsFunc(s.kind.Fixed, d.In) {
			differences = append(differences, d)
		}
	}
	return differences
}

// readable makes what is wanted and what Describe told comparable.
func (k Kind) readable(want, described shape.Tree) (shape.Tree, shape.Tree) {
	want, have := shape.Clone(want), k.Compare.Readable(described)
	if k.Reading != nil {
		k.Reading(want, have)
	}
	return want, have
}

// change is a call that brings an object nearer to what is wanted.
type change struct {
	operation cloud.Operation
	request   shape.Tree
	// digest is that of the operation and of what it takes.
	digest string
	// tried says that status tells of this very change, and that nobody asks to
	// try it again.
	tried bool
}

// plan finds out what the next change would be. What has been tried is compared
// with that and not with the spec, since a spec may take several changes.
func (s *scope) plan(described shape.Tree) error {
	op, request, err := s.change(described)
	if err != nil || !op.Exists() {
		return err
	}
	taken, err := op.Select(request)
	if err != nil {
		return err
	}
	digests, err := s.hashes.All(s.owner, shape.Tree{op.Name: taken}, "")
	if err != nil {
		return err
	}
	a := s.object.Common().Attempted
	s.next = change{op, request, digests[0], a != nil && slices.Contains(digests, a.Digest) && s.force() == ""}
	return nil
}

// change is the operation that brings an object nearer to what is wanted, and
// what is sent with it.
func (s *scope) change(described shape.Tree) (cloud.Operation, shape.Tree, error) {
	request := shape.Clone(s.request)
	if s.kind.Mutable != nil {
		request = s.changed(described)
	}
	s.kind.Reset.apply(request, s.request, s.removed.reset)
	if s.kind.Changing != nil {
		s.kind.Changing(request, described)
	}
	if !s.kind.Adjust.Exists() {
		return s.kind.Update, request, nil
	}
	want, err := s.kind.Update.Select(request)
	if s.kind.Linked != nil {
		for _, member := range s.kind.Linked.Adds {
			if v, ok := shape.Get(request, member); ok {
				shape.Set(want, member, v)
			}
		}
	}
	if err == nil && len(s.removed.reset) == 0 && len(s.differences(want, described)) == 0 && s.state(described) != health.StateRollbackFailed {
		return s.kind.Adjust, request, nil
	}
	return s.kind.Update, request, err
}

// changed are those members of what Update can change that differ.
func (s *scope) changed(described shape.Tree) shape.Tree {
	request := shape.Tree{}
	for _, path := range s.kind.Mutable {
		v, ok := shape.Lookup(s.request, path)
		if !ok {
			continue
		}
		part := shape.Tree{}
		shape.Put(part, path, v)
		if len(s.differences(part, described)) > 0 || s.kind.Compare.Hides(path) {
			shape.Put(request, path, v)
		}
	}
	return request
}

// toStop tells whether a service has to be stopped before the operation.
func (s *scope) toStop(described shape.Tree) bool {
	return s.kind.Start.Exists() && s.state(described) == health.StateDone
}
