package kind

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// maxPages is how far back an object is looked for: 100 summaries are a page.
const maxPages = 10

// eachListed calls f with the summaries of a List, the newest first, until it
// returns true.
func eachListed(ctx context.Context, c *cloud.Client, list cloud.Operation, request shape.Tree, member string, f func(shape.Tree) (bool, error)) error {
	request = shape.Clone(request)
	request["MaxResults"], request["SortBy"], request["SortOrder"] = int64(100), "CreationTime", "Descending"
	for range maxPages {
		page, err := list.Call(ctx, c, request)
		if cloud.Classify(err) == cloud.NotFound {
			return nil // what it would be listed of is not there
		}
		if err != nil {
			return err
		}
		summaries, _ := page[member].([]any)
		for _, s := range summaries {
			summary, _ := s.(map[string]any)
			if done, err := f(summary); done || err != nil {
				return err
			}
		}
		next := shape.String(page, "NextToken")
		if next == "" {
			return nil
		}
		request["NextToken"] = next
	}
	return nil
}

// listed finds an object's identifier in the summaries of a List, by its name.
func listed(list cloud.Operation, member, nameMember, idMember string) func(context.Context, reconcile.Search) (string, error) {
	return func(ctx context.Context, s reconcile.Search) (string, error) {
		var id string
		err := eachListed(ctx, s.Client, list, s.Request, member, func(summary shape.Tree) (bool, error) {
			if shape.String(summary, nameMember) == s.Name {
				id = shape.String(summary, idMember)
			}
			return id != "", nil
		})
		return id, err
	}
}

var describeModelPackage = cloud.Op((*sagemaker.Client).DescribeModelPackage)

// version finds a version of the group that was made of the same digest by the
// same owner, or a package without a group.
func version(ctx context.Context, s reconcile.Search) (string, error) {
	group := shape.String(s.Request, "ModelPackageGroupName")
	if group == "" {
		return s.Name, nil // AWS knows such packages by name
	}
	var id string
	request := shape.Tree{"ModelPackageGroupName": group}
	err := eachListed(ctx, s.Client, cloud.Op((*sagemaker.Client).ListModelPackages), request, "ModelPackageSummaryList", func(summary shape.Tree) (bool, error) {
		arn := shape.String(summary, "ModelPackageArn")
		described, err := describeModelPackage.Call(ctx, s.Client, shape.Tree{"ModelPackageName": arn})
		if cloud.Classify(err) == cloud.NotFound {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		tags := metadataOf(described)
		if s.Owner.Judge(tags) == identity.Ours && tags[identity.TagDigest] == s.Digest {
			id = arn
		}
		return id != "", nil
	})
	return id, err
}
