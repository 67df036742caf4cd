package reconcile

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// differences are where what is there does not cover what is wanted.
func (s *scope) differences(want, described shape.Tree) []shape.Difference {
	want, have := s.kind.readable(want, described)
	return shape.Uncovered(want, have, s.kind.Unread...)
}

// changeable is the part of the request that an update can change.
func (s *scope) changeable() shape.Tree {
	part := shape.Tree{}
	for _, path := range s.kind.mutable() {
		if v, ok := shape.Lookup(s.request, path); ok {
			shape.Put(part, path, v)
		}
	}
	return part
}

// fixed are those differences that no update can put right.
func (s *scope) fixed(described shape.Tree) []shape.Difference {
	want, have := s.kind.readable(s.request, described)
	differences := shape.Uncovered(want, have, append(s.kind.mutable(), s.kind.Unread...)...)
	for _, d := range shape.Uncovered(want, have) {
		if slices.ContainsFunc(s.kind.Fixed, d.In) {
			differences = append(differences, d)
		}
	}
	return differences
}

// readable makes what is wanted and what Describe told comparable.
func (k Kind) readable(want, described shape.Tree) (shape.Tree, shape.Tree) {
	want, have := shape.Clone(want), shape.Clone(described)
	for path, as := range k.ReadAs {
		if v, ok := shape.Lookup(have, as); ok {
			shape.Put(have, path, v)
		}
	}
	if k.Reading != nil {
		k.Reading(want, have)
	}
	for _, path := range k.JSON {
		for _, t := range []shape.Tree{want, have} {
			if text := shape.String(t, path); text != "" {
				shape.Put(t, path, canonical(text))
			}
		}
	}
	return want, have
}

// canonical is a JSON text with its members in order and without spaces; any
// other text as it is.
func canonical(text string) string {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return text
	}
	out, err := json.Marshal(v)
	if err != nil {
		return text
	}
	return string(out)
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
	if s.kind.Changing != nil {
		s.kind.Changing(request, described)
	}
	if !s.kind.Adjust.Exists() {
		return s.kind.Update, request, nil
	}
	want, err := s.kind.Update.Select(request)
	if err == nil && len(s.differences(want, described)) == 0 && s.state(described) != health.StateRollbackFailed {
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
		if len(s.differences(part, described)) > 0 || slices.Contains(s.kind.Unread, path) {
			shape.Put(request, path, v)
		}
	}
	return request
}

// unsent tells whether the spec has changed and has members of which AWS never
// tells, so that they may have changed too.
func (s *scope) unsent() bool {
	return s.isNew() && slices.ContainsFunc(s.kind.WriteOnly, func(path string) bool {
		_, set := shape.Lookup(s.request, path)
		return set
	})
}

// toStop tells whether a service has to be stopped before the operation.
func (s *scope) toStop(described shape.Tree) bool {
	return s.kind.Start.Exists() && s.state(described) == health.StateDone
}
