package reconcile

import (
	"context"
	"fmt"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// owned prefixes the ARNs of objects whose tags this process has found to be ours, as
// far as it manages them.
const owned = "owned "

// unreadTagsError is the error of an object that AWS describes and whose tags it refuses to
// list, while nothing else says whose the object is: it is neither ours nor foreign.
type unreadTagsError struct {
	described shape.Tree
	cause     error
}

func (e *unreadTagsError) Error() string {
	return fmt.Sprintf("the owner is unknown: AWS refused to list the tags: %s; allow the operation, or wait until AWS keeps tags of it", cloud.Message(e.cause))
}

func (e *unreadTagsError) Unwrap() error { return e.cause }

// refusesTags tells whether an error of reading tags is AWS's definite refusal: the
// permission is missing, or AWS keeps no tags of the object in its present state, such
// as of a failed App.
func refusesTags(err error) bool {
	class := cloud.Classify(err)
	return class == cloud.Auth || class == cloud.Validation
}

// tagsOrOurs reads the tags of an object. Of one that AWS refuses to list the tags of,
// they are unknown: if status or this process knows the object as ours, its owner's tags
// are returned and unread is true, or else the error is an *unreadTagsError.
func (r *Reconciler) tagsOrOurs(ctx context.Context, s *scope, name string, described shape.Tree) (tags map[string]string, unread bool, err error) {
	tags, err = s.tagsOf(ctx, name, described)
	if err == nil && !s.observeOnly() && s.owner.Judge(tags) == identity.Ours {
		r.memory.mark(s.object.GetUID(), owned+s.arn(described))
	}
	if err == nil || !refusesTags(err) {
		return tags, false, err
	}
	if !r.manages(s, name, described) {
		return nil, true, &unreadTagsError{described, err}
	}
	// Told once for each state.
	if what := "unread " + s.tell(described); r.memory.since(s.object.GetUID(), what) == 0 {
		r.warnf(ctx, s, reason.AccessDenied, "tags of %s are unknown and not compared: AWS refused to list them: %s", name, cloud.Message(err))
	}
	return s.owner.Tags(s.digest), true, nil
}

// manages tells whether an AWS object is known to be managed by this custom resource,
// and not merely observed, without its tags.
func (r *Reconciler) manages(s *scope, name string, described shape.Tree) bool {
	uid := s.object.GetUID()
	switch {
	case r.memory.knows(uid, owned+s.arn(described)), r.memory.knows(uid, created+name):
		return true
	case s.kind.Lifecycle == Job:
		return s.runNamed(name) != nil
	case r.memory.knows(uid, observedOnly), !s.recorded(name, described):
		return false
	case s.kind.StopsByDeletion && s.state(described) == health.StateFailed:
		return true // AWS has deleted it: there is nothing that could be somebody else's
	default:
		return s.judged()
	}
}

// judged tells whether the spec has been judged. A deletion makes a new generation of the
// same spec.
func (s *scope) judged() bool {
	generation := s.object.GetGeneration()
	if !s.object.GetDeletionTimestamp().IsZero() {
		generation--
	}
	return s.before.Common().ObservedGeneration >= generation
}

// recorded tells whether status tells of this very AWS object.
func (s *scope) recorded(name string, described shape.Tree) bool {
	status := s.before.Common()
	return status.Name == name && status.ARN != "" && status.ARN == s.arn(described) && s.sameAge(described)
}

// verdictOfUnread reports the state of an object whose owner is unknown.
func (r *Reconciler) verdictOfUnread(s *scope, e *unreadTagsError) verdict {
	after := r.look(s, e.described)
	switch state := s.state(e.described); {
	case state.Broken():
		return stalled(s.reasonOf(e.described), s.failure(e.described)+"; "+e.Error(), after)
	case state.Busy():
		return progressing(s.reasonOf(e.described), s.tell(e.described)+"; "+e.Error(), after)
	case cloud.Classify(e.cause) == cloud.Auth:
		return stalled(reason.AccessDenied, s.tell(e.described)+"; "+e.Error(), after)
	default:
		return stalled(reason.ValidationFailed, s.tell(e.described)+"; "+e.Error(), after)
	}
}
