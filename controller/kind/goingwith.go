package kind

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// goingWith lists the scaling policies and scheduled actions of a target.
func goingWith(ctx context.Context, client *cloud.Client, of reconcile.Attachment) ([]reconcile.Attachment, error) {
	var all []reconcile.Attachment
	for _, k := range []struct {
		reconcile.Kind
		list   cloud.Operation
		member string
	}{
		{ScalingPolicy, cloud.ScalingOp((*applicationautoscaling.Client).DescribeScalingPolicies), "ScalingPolicies"},
		{ScheduledAction, cloud.ScalingOp((*applicationautoscaling.Client).DescribeScheduledActions), "ScheduledActions"},
	} {
		found, err := pages(ctx, client, k.list, parts(of.Name), k.member)
		if err != nil {
			return nil, err
		}
		for _, one := range found {
			all = append(all, reconcile.Attachment{
				Kind: k.Kind.Kind(), Name: nameOf(one, "ServiceNamespace", "ScalableDimension", "ResourceId", k.Name),
			})
		}
	}
	return all, nil
}

// parts are what the name of a target is made of: namespace, resource and dimension.
func parts(name string) shape.Tree {
	namespace, rest, _ := strings.Cut(name, "/")
	last := strings.LastIndex(rest, "/")
	return shape.Tree{"ServiceNamespace": namespace, "ResourceId": rest[:max(last, 0)], "ScalableDimension": rest[last+1:]}
}

// nameOf is a name as status.name tells it.
func nameOf(described shape.Tree, members ...string) string {
	texts := make([]string, len(members))
	for i, member := range members {
		texts[i] = shape.String(described, member)
	}
	return strings.Join(texts, "/")
}
