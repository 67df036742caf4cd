package kind

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

var listExecutions = cloud.Op((*sagemaker.Client).ListPipelineExecutions)

// execution finds the newest execution that is the owner's: by its display name, or
// by the token where a user has renamed it. An object that only observes gets the newest
// execution of the display name.
func execution(ctx context.Context, s reconcile.Search) (string, error) {
	var id string
	err := eachListed(ctx, s.Client, listExecutions, s.Request, "PipelineExecutionSummaries", func(summary shape.Tree) (bool, error) {
		if !mayBe(summary, s) {
			return false, nil
		}
		arn := shape.String(summary, "PipelineExecutionArn")
		object := reconcile.Tagged{Client: s.Client, ARN: arn, Name: s.Name, Owner: s.Owner, Digest: s.Digest}
		if !s.Observe {
			tags, err := ownerToken{}.Read(ctx, object)
			if cloud.Classify(err) == cloud.NotFound {
				return false, nil
			}
			if err != nil || s.Owner.Judge(tags) != identity.Ours {
				return false, err
			}
		}
		id = arn
		return true, nil
	})
	return id, err
}

// mayBe tells whether a listed execution may be the one that is looked for, so that
// only such are described.
func mayBe(summary shape.Tree, s reconcile.Search) bool {
	name := strings.TrimSuffix(shape.String(summary, executionName), superseded)
	text, token := identity.Unsign(shape.String(summary, executionDescription))
	switch {
	case token != "":
		return token == identity.Token(s.Owner, s.Name) || s.Observe && name == s.Name
	case text != "":
		return name == s.Name && (s.Observe || madeName(s.Owner, s.Digest, s.Name))
	default: // AWS may not list descriptions
		return name == s.Name
	}
}
