package reconcile

import (
	"context"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// ClusterOf reads the cluster whose tags the AWS object of a custom resource carries,
// by the name that its status has or that its spec stands for. It is empty where there
// is no such AWS object, and where the object's tags are nobody's or those of another
// resource. Nothing is changed in AWS or Kubernetes. An object that may not be described
// tells nothing, and nothing could be created in its place either; other errors are those
// of AWS and of the API server.
func (r *Reconciler) ClusterOf(ctx context.Context, obj Object) (string, error) {
	s, err := r.open(ctx, r.Reader, obj)
	if err != nil {
		return "", err
	}
	if s.observeOnly() {
		return "", nil // whoever's it is
	}
	refused := r.prepare(ctx, r.Reader, s)
	if ofKubernetes(refused) {
		return "", refused
	}
	name := obj.Common().Name
	if name == "" {
		unknown := s.request == nil && len(s.kind.Within) > 0
		if unknown || s.kind.Lifecycle != Service && s.named == "" {
			return "", nil // its name is not known, or has the cluster's in it
		}
		name = s.awsName()
	}
	if s.request == nil {
		s.request = shape.Tree{} // what it refers to is not there yet
	}
	if s.client, err = r.Clients.For(ctx, s.control.identity(s.owner.Namespace)); err != nil {
		return "", tellsNothing(err)
	}
	described, err := s.describe(ctx, name)
	if err != nil || described == nil {
		return "", tellsNothing(err)
	}
	tags, err := s.tagsOf(ctx, name, described)
	if cloud.Classify(err) == cloud.Validation || cloud.Classify(err) == cloud.NotFound {
		return "", nil // AWS tells no tags of it
	}
	same := identity.Owner{
		Cluster: tags[identity.TagCluster], Namespace: tags[identity.TagNamespace], Kind: tags[identity.TagKind], Name: tags[identity.TagName],
	}
	if s.owner.Cluster = same.Cluster; s.owner != same {
		return "", err
	}
	return same.Cluster, err
}

func tellsNothing(err error) error {
	if c := cloud.Classify(err); c == cloud.Auth || c == cloud.Validation {
		return nil
	}
	return err
}
