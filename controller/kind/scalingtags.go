package kind

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// targetTags are the tags of scalable targets, which Application Auto Scaling
// keeps.
type targetTags struct{}

// Put implements reconcile.Tags.
func (targetTags) Put(request shape.Tree, tags map[string]string) { request["Tags"] = tagMap(tags) }

// Read implements reconcile.Tags.
func (targetTags) Read(ctx context.Context, object reconcile.Tagged) (map[string]string, error) {
	answer, err := cloud.ScalingOp((*applicationautoscaling.Client).ListTagsForResource).Call(ctx, object.Client, shape.Tree{"ResourceARN": object.ARN})
	if err != nil {
		return nil, err
	}
	tags := map[string]string{}
	told, _ := answer["Tags"].(map[string]any)
	for key, value := range told {
		tags[key], _ = value.(string)
	}
	return tags, nil
}

// Write implements reconcile.Tags.
func (targetTags) Write(ctx context.Context, object reconcile.Tagged, set map[string]string, remove []string) error {
	if len(set) > 0 {
		request := shape.Tree{"ResourceARN": object.ARN, "Tags": tagMap(set)}
		if _, err := cloud.ScalingOp((*applicationautoscaling.Client).TagResource).Call(ctx, object.Client, request); err != nil {
			return err
		}
	}
	if len(remove) == 0 {
		return nil
	}
	request := shape.Tree{"ResourceARN": object.ARN, "TagKeys": reconcile.TagKeys(remove)}
	_, err := cloud.ScalingOp((*applicationautoscaling.Client).UntagResource).Call(ctx, object.Client, request)
	return err
}

func tagMap(tags map[string]string) shape.Tree {
	t := shape.Tree{}
	for key, value := range tags {
		t[key] = value
	}
	return t
}

// policyTags tell whose a scaling policy or a scheduled action is, which have no tags.
// It is the resource's whose status says that it was made or adopted, whatever the tags
// of its target: the target may have none, since somebody registered it without, or they
// were lost. Where no status tells, as in a cluster that is built anew, it is its target's
// cluster's.
type policyTags struct{}

// Put implements reconcile.Tags.
func (policyTags) Put(shape.Tree, map[string]string) {}

// Read implements reconcile.Tags.
func (policyTags) Read(ctx context.Context, object reconcile.Tagged) (map[string]string, error) {
	if object.Owned {
		return object.Owner.Tags(object.Digest), nil
	}
	if object.Described == nil {
		return map[string]string{}, nil
	}
	target, err := describeTarget.Call(ctx, object.Client, object.Described)
	if cloud.Classify(err) == cloud.NotFound {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, err
	}
	tags, err := targetTags{}.Read(ctx, reconcile.Tagged{Client: object.Client, ARN: shape.String(target, "ScalableTargetARN")})
	if err != nil || tags[identity.TagCluster] != object.Owner.Cluster {
		return tags, err
	}
	return object.Owner.Tags(object.Digest), nil
}

// Write implements reconcile.Tags.
func (policyTags) Write(context.Context, reconcile.Tagged, map[string]string, []string) error {
	return reconcile.ErrNoTags
}
