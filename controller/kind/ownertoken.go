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

// ownerToken records whose an execution is at the end of its description, and in
// its display name whether it is superseded. AWS gives executions no tags, and
// anybody may start one of the same display name.
type ownerToken struct{}

// The members of an execution that carry its identity.
const (
	executionName        = "PipelineExecutionDisplayName"
	executionDescription = "PipelineExecutionDescription"
)

// superseded is how the display name of an execution ends that does not count.
const superseded = "-superseded"

var (
	describeExecution = cloud.Op((*sagemaker.Client).DescribePipelineExecution)
	updateExecution   = cloud.Op((*sagemaker.Client).UpdatePipelineExecution)
)

// Put implements reconcile.Tags.
func (ownerToken) Put(request shape.Tree, tags map[string]string) {
	owner := identity.Owner{
		Cluster: tags[identity.TagCluster], Namespace: tags[identity.TagNamespace], Kind: tags[identity.TagKind], Name: tags[identity.TagName],
	}
	token := identity.Token(owner, shape.String(request, executionName))
	request[executionDescription] = identity.Sign(shape.String(request, executionDescription), token)
}

// Read implements reconcile.Tags. An execution without a token is ours if status
// has recorded its ARN, or if its display name is one that the controller made: that
// has the owner's digest in it. Any other display name proves nothing.
func (ownerToken) Read(ctx context.Context, object reconcile.Tagged) (map[string]string, error) {
	described, err := described(ctx, object)
	if err != nil {
		return nil, err
	}
	_, token := identity.Unsign(shape.String(described, executionDescription))
	name, aside := strings.CutSuffix(shape.String(described, executionName), superseded)
	byName := name == object.Name && madeName(object.Owner, object.Digest, name)
	switch {
	case token == identity.Token(object.Owner, object.Name), token == "" && (object.Recorded || byName):
	case token != "":
		return map[string]string{identity.TagName: ""}, nil // another owner's
	default:
		return map[string]string{}, nil
	}
	tags := object.Owner.Tags(object.Digest)
	if aside {
		tags[identity.TagSuperseded] = "true"
	}
	return tags, nil
}

// Write implements reconcile.Tags.
func (ownerToken) Write(ctx context.Context, object reconcile.Tagged, set map[string]string, _ []string) error {
	request := shape.Tree{"PipelineExecutionArn": object.ARN}
	switch {
	case set[identity.TagSuperseded] != "", set[identity.TagForced] != "":
		request[executionName] = object.Name + superseded
	case set[identity.TagName] != "": // nobody's so far
		described, err := described(ctx, object)
		if err != nil {
			return err
		}
		text, _ := identity.Unsign(shape.String(described, executionDescription))
		request[executionDescription] = identity.Sign(text, identity.Token(object.Owner, object.Name))
	default:
		return reconcile.ErrNoTags
	}
	_, err := updateExecution.Call(ctx, object.Client, request)
	return err
}

func described(ctx context.Context, object reconcile.Tagged) (shape.Tree, error) {
	if object.Described != nil {
		return object.Described, nil
	}
	return describeExecution.Call(ctx, object.Client, shape.Tree{"PipelineExecutionArn": object.ARN})
}

// madeName tells whether the controller makes a name of that digest, in any attempt.
func madeName(owner identity.Owner, digest, name string) bool {
	owner.Name = strings.TrimSuffix(owner.Name, "-"+digest) // where another resource has put it there
	for attempt := 1; attempt <= identity.MaxAttempts; attempt++ {
		if name == identity.RunName(owner, digest, attempt, maxExecutionName) {
			return true
		}
	}
	return false
}

// unsigned takes the owner token out of what Describe told: git knows nothing of it.
func unsigned(_, described shape.Tree) {
	if text, token := identity.Unsign(shape.String(described, executionDescription)); token != "" {
		described[executionDescription] = text
	}
}

// signed keeps the owner token at the end of a description that is changed.
func signed(request, described shape.Tree) {
	whileExecuting(request, described)
	text, changes := request[executionDescription].(string)
	if _, token := identity.Unsign(shape.String(described, executionDescription)); changes && token != "" {
		request[executionDescription] = identity.Sign(text, token)
	}
}
