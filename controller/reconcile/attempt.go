package reconcile

import (
	"context"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// updateRefused judges an error of an update. before is the attempt that status told of
// until then.
func (r *Reconciler) updateRefused(
	ctx context.Context, s *scope, described shape.Tree, before *v1alpha1.Attempt, cause error,
) (verdict, error) {
	status := s.object.Common()
	v, waits, err := r.detachRefused(ctx, s, described, cause)
	if err != nil {
		status.Attempted = nil
		return verdict{}, err
	}
	if waits {
		return v, nil
	}
	detached := status.Attempted.Detach
	switch class := cloud.Classify(cause); {
	case before != nil && s.next.tried && before.Accepted > 0:
		status.Attempted = before // it has been accepted before
	case s.stopped():
		status.Attempted.Digest = "" // it had no effect, but the service is still to be started
	case s.kind.Lifecycle == Job || class != cloud.Server:
		status.Attempted = nil // it had no effect, or one that may be repeated
	}
	if v, ok := r.afterDetaching(s, detached, cause); ok {
		return v, nil
	}
	return verdict{}, r.explain(ctx, s, cause)
}
