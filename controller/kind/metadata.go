package kind

import (
	"context"
	"maps"

	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// metadata keeps our tags in the customer metadata of a model package, since
// AWS takes no tags of a version.
type metadata struct{}

// Put implements reconcile.Tags.
func (metadata) Put(request shape.Tree, tags map[string]string) {
	ours, theirs := shape.Tree{}, map[string]string{}
	if given, ok := request["CustomerMetadataProperties"].(map[string]any); ok {
		maps.Copy(ours, given)
	}
	for key, value := range tags {
		if identity.Reserved(key) {
			ours[key] = value
		} else {
			theirs[key] = value
		}
	}
	request["CustomerMetadataProperties"] = ours
	if len(theirs) > 0 {
		request["Tags"] = reconcile.TagList(theirs)
	}
}

// Read implements reconcile.Tags. Tags of the user are not read: AWS has them
// only of packages without a group, and never changes them.
func (metadata) Read(ctx context.Context, object reconcile.Tagged) (map[string]string, error) {
	described := object.Described
	if described == nil {
		var err error
		described, err = describeModelPackage.Call(ctx, object.Client, shape.Tree{"ModelPackageName": object.ARN})
		if err != nil {
			return nil, err
		}
	}
	return metadataOf(described), nil
}

// Write implements reconcile.Tags.
func (metadata) Write(ctx context.Context, object reconcile.Tagged, set map[string]string, remove []string) error {
	ours := shape.Tree{}
	for key, value := range set {
		if identity.Reserved(key) {
			ours[key] = value
		}
	}
	request := shape.Tree{"ModelPackageArn": object.ARN}
	if len(ours) > 0 {
		request["CustomerMetadataProperties"] = ours
	}
	if len(remove) > 0 {
		request["CustomerMetadataPropertiesToRemove"] = reconcile.TagKeys(remove)
	}
	if len(request) == 1 {
		return nil
	}
	_, err := cloud.Op((*sagemaker.Client).UpdateModelPackage).Call(ctx, object.Client, request)
	return err
}

// metadataOf are our tags in a described package.
func metadataOf(described shape.Tree) map[string]string {
	tags := map[string]string{}
	properties, _ := described["CustomerMetadataProperties"].(map[string]any)
	for key, value := range properties {
		if text, ok := value.(string); ok && identity.Reserved(key) {
			tags[key] = text
		}
	}
	return tags
}
