package reconcile

import (
	"context"
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

const (
	// maxApplied is how many paths status.applied has at most, and maxAppliedSize how
	// many bytes they and their hashes may take. Revisions need room for their history.
	maxApplied, maxAppliedSize, maxAppliedBesideHistory = 400, 16 << 10, 6 << 10
)

// removed is what became of the paths that git no longer has.
type removed struct {
	// reset are those that AWS still has and can unset, stuck those that it cannot.
	reset, stuck []reset
	// unsent says that something has changed that AWS does not describe.
	unsent bool
}

// differences are those of the resets that have had no effect yet.
func (r removed) differences() []shape.Difference { return differencesOf(r.reset) }

func differencesOf(resets []reset) []shape.Difference {
	list := make([]shape.Difference, len(resets))
	for i, one := range resets {
		list[i] = one.difference()
	}
	return list
}

// composed tells whether another object of ours has made this one, which then says
// what it is for.
func (s *scope) composed() bool {
	owner := metav1.GetControllerOf(s.object)
	return s.given() != "" || owner != nil && owner.APIVersion == v1alpha1.GroupVersion.String()
}

// compared tells whether all of the spec is compared with AWS, and not only what an
// update can change: of jobs and revisions that is done where the spec gives the name,
// since otherwise another spec has another name.
func (s *scope) compared() bool {
	return s.kind.Lifecycle == Service || s.named != "" && !s.composed()
}

// ours is the part of a request that status.applied records.
func (s *scope) ours(request shape.Tree) shape.Tree {
	if s.compared() {
		return request
	}
	return s.kind.changeable(request)
}

// prints are the hashes that status.applied has for the present spec.
func (s *scope) prints() map[string]string {
	size := maxAppliedSize
	if s.kind.Lifecycle != Service {
		size = maxAppliedBesideHistory
	}
	own := s.own
	if own == nil {
		own = s.ours(s.request)
	}
	return s.kind.Compare.Fingerprints(own, maxApplied, size)
}

// weighApplied compares the spec with what was applied last: what was removed in git
// since, and what AWS would not tell of. It forgets the removed paths that AWS does not
// have any more, or that somebody else has set since.
func (s *scope) weighApplied(described shape.Tree) (released []string) {
	s.removed, s.own = removed{}, s.ours(s.request)
	a := s.object.Common().Applied
	if s.observeOnly() || a == nil || len(a.Paths) == 0 {
		s.removed.unsent = s.unsentByAnother()
		return nil
	}
	_, have := s.kind.readable(s.spelled(), described)
	desired, observed := s.kind.Compare.Index(s.ours(s.spelled())), s.kind.Compare.Index(have)
	isNewer := s.object.GetGeneration() > a.Generation
	for _, path := range slices.Sorted(maps.Keys(a.Paths)) {
		is, there := observed[path]
		value, stays := desired[path]
		switch {
		case stays:
			s.removed.unsent = s.removed.unsent || isNewer && s.hidden(path, value, there) && s.kind.Compare.Fingerprint(path, value) != a.Paths[path]
		case !isNewer || above(s.yielded, path) != "":
			delete(a.Paths, path) // the CRD has no such field any more, or it is another's
		case s.weighRemoved(path, is, there, desired):
			released = append(released, path)
		}
	}
	for path, value := range desired {
		_, known := a.Paths[path]
		_, there := observed[path]
		s.removed.unsent = s.removed.unsent || !known && isNewer && above(s.kind.Compare.WriteOnly, path) != "" && s.hidden(path, value, there)
	}
	return released
}

// weighRemoved finds out what is to be done about a path that git no longer has. It
// tells whether somebody else has set it since, so that it is theirs.
func (s *scope) weighRemoved(path string, is any, there bool, desired map[string]any) (theirs bool) {
	a := s.object.Common().Applied
	one := s.kind.resetOf(path, s.object.Common().Name, desired)
	one.have = is
	hides := above(s.kind.Compare.WriteOnly, path) != ""
	known, hasDefault := s.kind.Compare.Defaults[shape.Plain(path)]
	switch {
	case one.way == left, !there && !hides, one.done(), there && hasDefault && s.kind.Compare.Fingerprint(path, is) == s.kind.Compare.Fingerprint(path, known):
		delete(a.Paths, path)
	case hides && one.way == impossible:
		delete(a.Paths, path)
	case there && scalar(is) && s.kind.Compare.Fingerprint(path, is) != a.Paths[path]:
		delete(a.Paths, path)
		return true
	case one.way == impossible:
		s.removed.stuck = append(s.removed.stuck, one)
	default:
		s.removed.reset = append(s.removed.reset, one)
	}
	return false
}

// hidden tells whether looking does not tell what a path is: AWS does not describe it, or
// it is the one entry for a structure, in which something may have been removed.
func (s *scope) hidden(path string, value any, there bool) bool {
	rules := s.kind.Compare
	return above(rules.WriteOnly, path) != "" || !there && above(rules.NeverShown, path) != "" || !scalar(value)
}

// scalar tells whether AWS adds nothing of its own to a value.
func scalar(value any) bool {
	switch v := value.(type) {
	case map[string]any:
		return false
	case []any:
		return !slices.ContainsFunc(v, func(item any) bool { return !scalar(item) })
	default:
		return true
	}
}

// unsentByAnother tells whether a version that recorded nothing has left a new spec with
// members that AWS does not describe.
func (s *scope) unsentByAnother() bool {
	a := s.object.Common().Attempted
	sent := a != nil && a.Digest != "" && a.Generation == s.object.GetGeneration()
	return s.isNew() && s.object.Common().ObservedGeneration > 0 && !sent && slices.ContainsFunc(s.kind.Compare.WriteOnly, func(path string) bool {
		_, set := shape.Lookup(s.request, path)
		return set
	})
}

// release tells of the paths that are left to whoever has set them.
func (r *Reconciler) release(ctx context.Context, s *scope, paths []string) {
	for _, path := range paths {
		r.warnf(ctx, s, reason.Released, "%s is no longer in git and is not reset: somebody else has changed it in AWS since; reset it there, or set it in git", path)
	}
}

// applied is status.applied, which is made if there is none.
func (s *scope) applied() *v1alpha1.Applied {
	status := s.object.Common()
	if status.Applied == nil {
		status.Applied = &v1alpha1.Applied{}
	}
	return status.Applied
}

// record notes that AWS has all of the present spec.
func (s *scope) record() {
	if s.observeOnly() {
		return
	}
	prints := s.prints()
	mayChange := s.kind.Lifecycle == Job && len(s.kind.mutable()) > 0
	if len(prints) == 0 && s.object.Common().Applied == nil && !mayChange {
		return
	}
	s.applied().Paths, s.applied().Generation = prints, s.object.GetGeneration()
}

// intend notes before an update which paths it sets for the first time. Others keep the
// value that AWS has accepted, and what AWS does not describe counts once it has been
// sent.
func (s *scope) intend() {
	a := s.applied()
	if a.Paths == nil {
		a.Paths = map[string]string{}
	}
	for path, hash := range s.prints() {
		if _, known := a.Paths[path]; !known && above(s.kind.Compare.WriteOnly, path) == "" {
			a.Paths[path] = hash
		}
	}
}

// accepted notes that AWS has accepted an update with these members.
func (s *scope) accepted(sent shape.Tree) {
	a := s.applied()
	for path, hash := range s.prints() {
		if _, ok := shape.Lookup(sent, topOf(path)); ok || above(s.kind.Compare.WriteOnly, path) == "" {
			a.Paths[path] = hash
		}
	}
	waits := false
	for _, one := range s.removed.reset {
		if one.byAcceptance() || s.kind.Lifecycle == Job {
			delete(a.Paths, one.path)
		} else {
			waits = true
		}
	}
	if !waits {
		a.Generation = s.object.GetGeneration()
	}
}

func topOf(path string) string {
	for i, c := range path {
		if c == '.' || c == '[' {
			return path[:i]
		}
	}
	return path
}
