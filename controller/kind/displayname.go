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

// displayName keeps in the display name of an execution whose it is, and
// whether it counts: the digest in it is of the owner too, so that a name we
// would give is one that we gave.
type displayName struct{}

// setAside is what the name of an execution ends with that does not count.
const setAside = "-superseded"

// Put implements reconcile.Tags.
func (displayName) Put(shape.Tree, map[string]string) {}

// Read implements reconcile.Tags.
func (displayName) Read(ctx context.Context, object reconcile.Tagged) (map[string]string, error) {
	described := object.Described
	if described == nil {
		var err error
		described, err = cloud.Op((*sagemaker.Client).DescribePipelineExecution).Call(ctx, object.Client, shape.Tree{"PipelineExecutionArn": object.ARN})
		if err != nil {
			return nil, err
		}
	}
	name, aside := strings.CutSuffix(shape.String(described, "PipelineExecutionDisplayName"), setAside)
	if name != object.Name {
		return map[string]string{}, nil
	}
	tags := object.Owner.Tags(object.Digest)
	if aside {
		tags[identity.TagSuperseded] = "true"
	}
	return tags, nil
}

// Write implements reconcile.Tags.
func (displayName) Write(ctx context.Context, object reconcile.Tagged, set map[string]string, _ []string) error {
	if set[identity.TagSuperseded] == "" && set[identity.TagForced] == "" {
		return reconcile.ErrNoTags
	}
	_, err := cloud.Op((*sagemaker.Client).UpdatePipelineExecution).Call(ctx, object.Client, shape.Tree{
		"PipelineExecutionArn": object.ARN, "PipelineExecutionDisplayName": object.Name + setAside,
	})
	return err
}
