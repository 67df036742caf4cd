package reconcile

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// StatusOf is the status of an object of which AWS tells so much, with all the
// history there may be, made from so many references each. It is for tests that
// go over all kinds, which this package cannot import.
func StatusOf(kind Kind, told shape.Tree, references int, text string) any {
	s := newScope(kind)
	now := metav1.NewTime(time.Unix(0, 0))
	status := s.object.Common()
	status.Name, status.Region, status.AccountID = text[:63], "ap-southeast-2", "123456789012"
	for i := range references {
		status.References = append(status.References, v1alpha1.ConsumedReference{
			Path: fmt.Sprintf("productionVariants[%d].modelRef", i), Kind: "Model", Namespace: text[:20], Name: text[:40],
			AWSName: fmt.Sprintf("%s%02d", text[:49], i), ARN: "arn:aws:sagemaker:ap-southeast-2:123456789012:model/" + text[:51], Value: text[:51],
		})
	}
	switch kind.Lifecycle {
	case Job:
		for range maxRuns {
			seconds := int64(86400)
			status.Runs = append(status.Runs, v1alpha1.Run{
				Name: text[:63], Digest: text[:10], Outcome: v1alpha1.RunSuperseded, StartTime: &now, EndTime: &now, BillableSeconds: &seconds, StopRequest: text[:63],
			})
		}
	case Revision:
		s.control.RevisionHistoryLimit = new(int32(100))
		for range 101 {
			status.Revisions = append(status.Revisions, v1alpha1.Revision{
				Name: text[:63], Digest: text[:10], CreationTime: &now, References: used(status.References),
			})
		}
		status.Revisions = status.Revisions[:1+s.history()]
	case Service:
	}
	s.observed(told)
	return statusOf(s.object).Interface()
}

// MaxStatus is how long a status may be, without its conditions.
const MaxStatus = maxStatus - reserve
