package kind

import (
	"context"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// pages calls an operation until AWS has no more items for the list in its answer.
func pages(ctx context.Context, client *cloud.Client, list cloud.Operation, request shape.Tree, member string) ([]shape.Tree, error) {
	var all []shape.Tree
	request = shape.Clone(request)
	for {
		page, err := list.Call(ctx, client, request)
		if err != nil {
			return nil, err
		}
		all = append(all, items(page, member)...)
		next := shape.String(page, "NextToken")
		if next == "" {
			return all, nil
		}
		request["NextToken"] = next
	}
}

func items(t shape.Tree, member string) []shape.Tree {
	list, _ := t[member].([]any)
	all := make([]shape.Tree, 0, len(list))
	for _, item := range list {
		if one, ok := item.(map[string]any); ok {
			all = append(all, one)
		}
	}
	return all
}
