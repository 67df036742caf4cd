package reconcile

import (
	"context"
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// Linked is an object that a member of a request names and that says more of what is
// asked than its name: an endpoint's configuration says how requests are split, and AWS
// may serve the configuration with another split.
type Linked struct {
	// Member is the member of the request, and of Describe's answer, that names it.
	Member string
	// Describe describes it; it takes Member.
	Describe cloud.Operation
	// Into adds to the request what the linked object says, under the names under which
	// Describe tells what is served. It may change its argument request.
	Into func(request, linked, described shape.Tree)
	// Adds are members that Into adds and no operation takes: an update to the same
	// linked object puts them right.
	Adds []string
}

// link adds to the request what the linked object says, if it is what AWS serves with.
// One that is gone, or that the object's identity may not read, is not known and says
// nothing. AWS never changes a linked object, so it is read once for each state of the
// object that AWS serves.
func (r *Reconciler) link(ctx context.Context, s *scope, described shape.Tree) error {
	l := s.kind.Linked
	if l == nil || s.observeOnly() || s.state(described) != health.StateDone {
		return nil
	}
	name := shape.String(s.request, l.Member)
	if name == "" || name != shape.String(described, l.Member) {
		return nil
	}
	uid, read := s.object.GetUID(), strings.Join([]string{name, s.object.Common().ARN, shape.String(described, "LastModifiedTime")}, " ")
	linked, known := r.memory.linkedTo(uid, read)
	if !known {
		var err error
		linked, err = l.Describe.Call(ctx, s.client, shape.Tree{l.Member: name})
		switch cloud.Classify(err) {
		case cloud.None:
		case cloud.NotFound, cloud.Auth:
			return nil
		default:
			return err
		}
		r.memory.link(uid, read, linked)
	}
	s.request = shape.Clone(s.request)
	l.Into(s.request, linked, described)
	return nil
}
