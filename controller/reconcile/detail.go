package reconcile

import (
	"context"
	"slices"
	"strings"

	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// addDetails adds to what Describe answered what AWS tells by operations of their own. The
// error is of one that must not be left out.
func (s *scope) addDetails(ctx context.Context, described shape.Tree) error {
	for member, detail := range s.kind.Details {
		request := over(described, shape.Tree{"MaxResults": int64(maxList), "SortBy": "CreationTime", "SortOrder": "Descending"})
		if detail.With != nil {
			request = detail.With(described)
		}
		if request == nil {
			continue
		}
		answer, err := detail.Operation.Call(ctx, s.client, request)
		switch {
		case err != nil && s.needsDetail(detail, described, err):
			return err
		case err != nil:
			ctrl.LoggerFrom(ctx).V(1).Info("a detail is left out", "operation", detail.Operation.Name, "reason", cloud.Message(err))
			continue
		}
		told, ok := shape.Lookup(answer, detail.Member)
		if !ok {
			continue
		}
		if list, isList := told.([]any); isList {
			slices.Reverse(list) // in status the newest are the last
		}
		described[member] = told
	}
	return nil
}

// needsDetail tells whether a detail that AWS did not tell is to be asked for again. A job
// that has ended is never looked at again, so everything about its success is read before
// that is reported: whatever is only held back, and what others consume unless AWS does not
// have it.
func (s *scope) needsDetail(detail Detail, described shape.Tree, err error) bool {
	if s.kind.Lifecycle != Job || s.state(described) != health.StateDone {
		return false
	}
	switch cloud.Classify(err) {
	case cloud.Throttle, cloud.Server:
		return true
	case cloud.NotFound:
		return false
	default:
		return detail.Required
	}
}

// lacksResult tells whether status has nothing of a detail that others consume, which an
// earlier version may have failed to read.
func (s *scope) lacksResult() bool {
	for member, detail := range s.kind.Details {
		if !detail.Required {
			continue
		}
		field := statusOf(s.object).FieldByNameFunc(func(name string) bool { return strings.EqualFold(name, member) })
		if field.IsValid() && field.IsZero() {
			return true
		}
	}
	return false
}
