package reconcile

import (
	"slices"

	fluxmeta "github.com/fluxcd/pkg/apis/meta"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// failures are the reasons of an object that failed in AWS.
var failures = []string{reason.Failed, reason.AlgorithmError, reason.ClientError, reason.CapacityError, reason.InternalServerError}

// stoppedByDeletion is the result for an object that is gone and is not to be created
// again by itself: it was in service and somebody, or AWS, stopped it by deleting it, or
// it failed and AWS no longer tells of it. ok is false if it is to be created.
func (s *scope) stoppedByDeletion(name string) (result verdict, ok bool) {
	status := s.object.Common()
	if !s.kind.StopsByDeletion || s.observeOnly() || s.isNew() || s.force() != "" || status.Name != name || status.ARN == "" {
		return verdict{}, false
	}
	if is := meta.FindStatusCondition(s.object.GetConditions(), fluxmeta.StalledCondition); is != nil {
		return verdict{keep: true, after: s.interval()}, slices.Contains(failures, is.Reason)
	}
	message := name + " was stopped when idle: AWS has deleted it; change the spec or set forceAt to create it again"
	return ready(reason.StoppedWhenIdle, message, s.interval()), status.Served
}
