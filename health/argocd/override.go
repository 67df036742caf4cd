package argocd

import (
	"slices"

	enginehealth "github.com/argoproj/argo-cd/gitops-engine/pkg/health"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

const group = "sagemaker.gitops.dev"

// Override judges objects of sagemaker.gitops.dev in the gitops-engine. Its zero value
// is ready to use.
type Override struct {
	// Groups are further API groups whose kinds the loop of this project reconciles.
	Groups []string
	// Others judges all other objects; nil leaves them to the engine.
	Others enginehealth.HealthOverride
}

var _ enginehealth.HealthOverride = Override{}

// GetResourceHealth is what [health.Of] says of the object. It returns nil for an object
// of another group that Others does not judge either, and no error but that of Others:
// a malformed object of ours is Unknown. Of an object that is being deleted this version of
// the engine has words of its own and asks nobody.
func (o Override) GetResourceHealth(object *unstructured.Unstructured) (*enginehealth.HealthStatus, error) {
	if of := object.GroupVersionKind().Group; of != group && !slices.Contains(o.Groups, of) {
		if o.Others == nil {
			return nil, nil
		}

		return o.Others.GetResourceHealth(object)
	}

	is := health.Of(object.Object)

	return &enginehealth.HealthStatus{Status: enginehealth.HealthStatusCode(is.Status), Message: is.Message}, nil
}
