package reconcile

import (
	"context"
	"maps"
	"slices"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// This file holds the calls every kind needs. Each is one effect, or none.

// describe asks AWS for the object of that name; nil means that there is none.
func (s *scope) describe(ctx context.Context, name string) (shape.Tree, error) {
	t, err := s.kind.Describe.Call(ctx, s.client, shape.Tree{s.kind.Name: name})
	if cloud.Classify(err) == cloud.NotFound {
		return nil, nil
	}
	if err == nil && s.state(t) == health.StateGone {
		return nil, nil
	}
	return t, err
}

// arn is the ARN in a described object.
func (s *scope) arn(described shape.Tree) string {
	return shape.String(described, s.kind.Kind()+"Arn")
}

func (s *scope) tagsOf(ctx context.Context, arn string) (map[string]string, error) {
	tags := map[string]string{}
	request := shape.Tree{"ResourceArn": arn}
	for {
		page, err := cloud.ListTags.Call(ctx, s.client, request)
		if err != nil {
			return nil, err
		}
		items, _ := page["Tags"].([]any)
		for _, item := range items {
			t, _ := item.(map[string]any)
			tags[shape.String(t, "Key")] = shape.String(t, "Value")
		}
		next := shape.String(page, "NextToken")
		if next == "" {
			return tags, nil
		}
		request["NextToken"] = next
	}
}

func (s *scope) tag(ctx context.Context, arn string, tags map[string]string) error {
	_, err := cloud.AddTags.Call(ctx, s.client, shape.Tree{"ResourceArn": arn, "Tags": tagList(tags)})
	return err
}

// syncTags makes the AWS object's tags those that are wanted. Tags appear some
// time after a new object, so that one which has none yet is left alone.
func (r *Reconciler) syncTags(ctx context.Context, s *scope, described shape.Tree, have map[string]string) error {
	made := timeAt(described, "CreationTime")
	ownership := s.owner.Judge(have)
	if ownership == identity.Foreign || ownership == identity.Unowned && made != nil && r.Clock.Since(made.Time) < foreignWait {
		return nil
	}
	if have[identity.TagRetained] != "" && s.kind.Lifecycle == Service && s.control.DeletionPolicy != v1alpha1.DeletionRetain {
		if err := r.unretain(ctx, s, s.arn(described)); err != nil {
			return err
		}
	}
	arn, want := s.arn(described), s.wanted()
	if digest, ok := have[identity.TagDigest]; ok {
		want[identity.TagDigest] = digest // of what it was made from, which no update changes
	}
	set, remove := identity.TagDrift(want, have)
	if len(set) > 0 {
		if err := s.tag(ctx, arn, set); err != nil {
			return err
		}
	}
	if len(remove) == 0 {
		return nil
	}
	keys := make([]any, len(remove))
	for i, k := range remove {
		keys[i] = k
	}
	_, err := cloud.DeleteTags.Call(ctx, s.client, shape.Tree{"ResourceArn": arn, "TagKeys": keys})
	return err
}

// call makes a call that takes nothing but the name.
func (s *scope) call(ctx context.Context, op cloud.Operation, name string) error {
	_, err := op.Call(ctx, s.client, shape.Tree{s.kind.Name: name})
	return err
}

func tagList(tags map[string]string) []any {
	list := make([]any, 0, len(tags))
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, map[string]any{"Key": k, "Value": tags[k]})
	}
	return list
}
