package reconcile

import (
	"fmt"
	"time"

	fluxmeta "github.com/fluxcd/pkg/apis/meta"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// propagation is how long a permission may take to have effect after it was given. IAM
// speaks of seconds in most cases; Terraform's provider retries for two minutes.
const propagation = 2 * time.Minute

// attempt notes that AWS is called for the present spec, and as whom, and says for how long
// it has been so.
func (r *Reconciler) attempt(s *scope) time.Duration {
	key := fmt.Sprintf("%d %#v", s.object.GetGeneration(), s.control.identity(s.owner.Namespace))
	return r.memory.attempted(s.object.GetUID(), key, s.denied())
}

// denied tells whether status says that the present spec was refused for lack of a
// permission.
func (s *scope) denied() bool {
	is := meta.FindStatusCondition(s.before.GetConditions(), fluxmeta.StalledCondition)
	return is != nil && is.Reason == reason.AccessDenied && is.ObservedGeneration == s.object.GetGeneration()
}

// grace is how long to wait before a call that was denied is tried again, within the time
// that a new permission takes to have effect; 0 when that is over. A spec, and an identity,
// have it once. A deletion has none: its object was there before.
func (r *Reconciler) grace(s *scope, err error) time.Duration {
	if !s.object.GetDeletionTimestamp().IsZero() || !cloud.Propagates(err) {
		return 0
	}
	left := propagation - r.attempt(s)
	if left <= 0 {
		return 0
	}
	return min(r.retryAfter(s, err), left)
}
