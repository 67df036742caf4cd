package reconcile

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// Tags is where the tags of a kind's objects are kept: those of the user, and
// those by which the controller knows its own.
type Tags interface {
	// Put puts the tags of a new object into the request that creates it.
	Put(request shape.Tree, tags map[string]string)
	// Read returns the tags of an object.
	Read(ctx context.Context, object Tagged) (map[string]string, error)
	// Write sets some tags and removes others. It returns ErrNoTags if the
	// object can have none beside those of its creation.
	Write(ctx context.Context, object Tagged, set map[string]string, remove []string) error
}

// Tagged is an object whose tags are read or written.
type Tagged struct {
	Client *cloud.Client
	// ARN of the object.
	ARN string
	// Described is what Describe told of it; nil if it was not asked.
	Described shape.Tree
	// Name, Owner and Digest are the object's if it is who we think.
	Name   string
	Owner  identity.Owner
	Digest string
	// Recorded says that status has recorded this very object, by the identifier
	// that AWS made.
	Recorded bool
	// Owned says that status tells of the object as made or adopted by the owner.
	Owned bool
}

// ErrNoTags means that an object cannot be tagged.
var ErrNoTags = errors.New("AWS keeps no tags of objects of this kind")

// TagOperations are Tags of a service that takes and tells them as lists of Key and
// Value, as most do.
type TagOperations struct {
	// List tells the tags of the object in the member ResourceArn, Add sets those in
	// Tags, and Remove removes those in TagKeys.
	List, Add, Remove cloud.Operation
}

var sageMakerTags = TagOperations{List: cloud.ListTags, Add: cloud.AddTags, Remove: cloud.DeleteTags}

// Put implements Tags.
func (TagOperations) Put(request shape.Tree, tags map[string]string) { request["Tags"] = TagList(tags) }

// Read implements Tags.
func (o TagOperations) Read(ctx context.Context, object Tagged) (map[string]string, error) {
	tags := map[string]string{}
	request := shape.Tree{"ResourceArn": object.ARN}
	for {
		page, err := o.List.Call(ctx, object.Client, request)
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

// Write implements Tags.
func (o TagOperations) Write(ctx context.Context, object Tagged, set map[string]string, remove []string) error {
	if len(set) > 0 {
		if _, err := o.Add.Call(ctx, object.Client, shape.Tree{"ResourceArn": object.ARN, "Tags": TagList(set)}); err != nil {
			return err
		}
	}
	if len(remove) == 0 {
		return nil
	}
	_, err := o.Remove.Call(ctx, object.Client, shape.Tree{"ResourceArn": object.ARN, "TagKeys": TagKeys(remove)})
	return err
}

// TagList is a list of tags as AWS's operations take it.
func TagList(tags map[string]string) []any {
	list := make([]any, 0, len(tags))
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, map[string]any{"Key": k, "Value": tags[k]})
	}
	return list
}

// TagKeys is a list of keys as AWS's operations take it.
func TagKeys(keys []string) []any {
	list := make([]any, len(keys))
	for i, k := range keys {
		list[i] = k
	}
	return list
}

func (s *scope) tagged(name string, described shape.Tree) Tagged {
	return Tagged{
		Client: s.client, ARN: s.arn(described), Described: described, Name: name, Owner: s.owner, Digest: s.digest,
		Recorded: s.recordedID(name, described),
		Owned:    s.before.Common().Owned && s.before.Common().Name == name,
	}
}

func (s *scope) tagsOf(ctx context.Context, name string, described shape.Tree) (map[string]string, error) {
	return s.kind.tags().Read(ctx, s.tagged(name, described))
}

func (s *scope) tag(ctx context.Context, name string, described shape.Tree, set map[string]string) error {
	return s.kind.tags().Write(ctx, s.tagged(name, described), set, nil)
}
