package deployment

import (
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// tell puts into status what the children tell.
func (s *scene) tell() {
	status := &s.deployment.Status
	if s.config != nil {
		status.DesiredConfig = s.config.Name
	}
	e := s.family.endpoint
	if e == nil { // nothing serves, or not for this deployment
		status.EndpointStatus, status.ServedConfig, status.Variants = nil, "", nil
		status.CreationTime, status.LastModifiedTime, status.FailureReason = nil, nil, nil
		return
	}
	status.Name, status.ARN, status.Region = e.Status.Name, e.Status.ARN, e.Status.Region
	status.AccountID, status.ConsoleURL = e.Status.AccountID, e.Status.ConsoleURL
	status.EndpointStatus, status.ServedConfig = e.Status.EndpointStatus, served(e)
	status.CreationTime, status.LastModifiedTime, status.FailureReason = e.Status.CreationTime, e.Status.LastModifiedTime, e.Status.FailureReason
	status.URL = cloud.InvocationURL(e.Status.ARN, e.Status.Name, s.deployment.Spec.AsyncInferenceConfig != nil)
	status.Variants = nil
	config := find[v1alpha1.EndpointConfig](s.family.configs.Items, status.ServedConfig)
	for _, v := range e.Status.ProductionVariants {
		status.Variants = append(status.Variants, s.variant(v, config))
	}
	if status.Rollout != nil {
		status.Rollout.Stage, status.Rollout.Message = stageOf(e)
	}
}

func (s *scene) variant(v v1alpha1.ProductionVariantSummary, config *v1alpha1.EndpointConfig) v1alpha1.DeployedVariant {
	out := v1alpha1.DeployedVariant{
		Name: *v.VariantName, Weight: v.CurrentWeight, InstanceCount: v.CurrentInstanceCount, DesiredInstanceCount: v.DesiredInstanceCount,
		DesiredWeight: v.DesiredWeight, DeployedImages: v.DeployedImages,
	}
	if config == nil {
		return out
	}
	for _, of := range config.Spec.ProductionVariants {
		if *of.VariantName != out.Name || of.ModelName == nil {
			continue
		}
		out.Model = *of.ModelName
		m := find[v1alpha1.Model](s.family.models.Items, out.Model)
		if m != nil && m.Spec.PrimaryContainer != nil && m.Spec.PrimaryContainer.ModelPackageName != nil {
			out.ModelPackage = *m.Spec.PrimaryContainer.ModelPackageName
		}
	}
	return out
}

// stageOf is what AWS says of the fleet that is taking over: of its variants the
// one that AWS has told most of.
func stageOf(e *v1alpha1.Endpoint) (stage, message string) {
	pending := e.Status.PendingDeploymentSummary
	if pending == nil {
		return "", ""
	}
	for _, v := range pending.ProductionVariants {
		for _, is := range v.VariantStatus {
			if is.Status == nil {
				continue
			}
			stage = *is.Status
			if is.StatusMessage != nil {
				message = *is.StatusMessage
			}
		}
	}
	return stage, message
}

// underway is the verdict on a roll-out that has not ended: what the endpoint
// says of it.
func (s *scene) underway() reconcile.Verdict {
	is := reconcile.Judged(s.family.endpoint)
	if is == nil || is.Status != metav1.ConditionUnknown {
		return reconcile.Progressing(reason.Updating, "waiting for endpoint "+s.round.Name(), soon)
	}
	message := is.Message
	if p := s.deployment.Status.Rollout; p != nil && p.Message != "" {
		message = fmt.Sprintf("%s: %s", message, p.Message)
	}
	return reconcile.Progressing(is.Reason, message, 0)
}

func (s *scene) incompatible() reconcile.Verdict {
	return reconcile.Stalled(reason.ReplaceRequired, fmt.Sprintf(
		"AWS cannot change endpoint %s between instances and serverless in place. "+
			"Set allowReplacement: true to delete it and make it anew, or choose another endpointName; %s serves on",
		s.round.Name(), s.facts.served), s.round.Interval())
}

// remember puts the configuration in front of the history.
func (s *scene) remember(now time.Time) {
	status := &s.deployment.Status
	is := v1alpha1.Revision{Name: s.config.Name, References: slices.Concat(uses(s.models), s.sources.consumed), CreationTime: new(metav1.NewTime(now))}
	if i := slices.IndexFunc(status.Revisions, func(r v1alpha1.Revision) bool { return r.Name == is.Name }); i >= 0 {
		is.CreationTime = status.Revisions[i].CreationTime
		status.Revisions = slices.Delete(status.Revisions, i, i+1)
	}
	status.Revisions = slices.Insert(status.Revisions, 0, is)
	if most := s.round.History() + 1; len(status.Revisions) > most {
		status.Revisions = status.Revisions[:most]
	}
}
