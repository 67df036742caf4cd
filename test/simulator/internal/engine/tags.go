package engine

import (
	"slices"
	"strings"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// Tag is a label of an object.
type Tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

const maxTags = 50

// tagHistory keeps the tags before the last change, which reads still see for
// a while.
type tagHistory struct {
	before []Tag
	now    []Tag
	seen   time.Time // from when on reads see now
}

func (h *tagHistory) set(tags []Tag, seen time.Time) {
	h.before, h.now, h.seen = h.now, tags, seen
}

func (h *tagHistory) at(t time.Time) []Tag {
	if t.Before(h.seen) {
		return h.before
	}
	return h.now
}

func addTags(tx *Tx, body wire.Body) (wire.Body, *wire.Error) {
	o, err := tagged(tx, "AddTags", body)
	if err != nil {
		return nil, err
	}
	added, err := readTags(body)
	if err != nil {
		return nil, err
	}
	tags := slices.Clone(o.tags.now)
	for _, tag := range added {
		i := slices.IndexFunc(tags, func(t Tag) bool { return t.Key == tag.Key })
		if i < 0 {
			tags = append(tags, tag)
		} else {
			tags[i] = tag
		}
	}
	if len(tags) > maxTags {
		// Assumption: the wording is not documented.
		return nil, wire.Errorf("ResourceLimitExceeded", "The resource %s cannot have more than %d tags.", o.ARN, maxTags)
	}
	tx.SetTags(o, tags)
	return wire.Body{"Tags": writeTags(tags)}, nil
}

func deleteTags(tx *Tx, body wire.Body) (wire.Body, *wire.Error) {
	o, err := tagged(tx, "DeleteTags", body)
	if err != nil {
		return nil, err
	}
	keys := wire.List(body, "TagKeys")
	tags := slices.DeleteFunc(slices.Clone(o.tags.now), func(t Tag) bool { return slices.Contains(keys, any(t.Key)) })
	tx.SetTags(o, tags)
	return wire.Body{}, nil
}

// listTags answers one page: no object has more tags than the smallest page.
func listTags(tx *Tx, body wire.Body) (wire.Body, *wire.Error) {
	o, err := tagged(tx, "ListTags", body)
	if err != nil {
		return nil, err
	}
	if tx.Now.Before(o.visible) {
		return nil, o.Kind.NotFound("ListTags", o.ARN)
	}
	if o.Kind.Unlisted != nil {
		if err := o.Kind.Unlisted(o); err != nil {
			return nil, err
		}
	}
	if body["NextToken"] != nil {
		return nil, badToken()
	}
	return wire.Body{"Tags": writeTags(o.tags.at(tx.Now))}, nil
}

// SetTags replaces an object's tags; reads see it when the window has passed.
func (tx *Tx) SetTags(o *Object, tags []Tag) {
	o.tags.set(tags, tx.Now.Add(tx.spread(tx.TagLag, o.ARN, "tags", tx.Now.String())))
}

// SeeTags are an object's tags as reads see them.
func (tx *Tx) SeeTags(o *Object) []Tag { return o.tags.at(tx.Now) }

func tagged(tx *Tx, operation string, body wire.Body) (*Object, *wire.Error) {
	arn := wire.String(body, "ResourceArn")
	if o := tx.FindARN(arn); o != nil && (o.Kind.Untagged == nil || !o.Kind.Untagged(o)) {
		return o, nil
	}
	for _, kind := range tx.kinds {
		if strings.HasPrefix(arn, kind.arn(tx.Caller.Scope, "")) {
			return nil, kind.NotFound(operation, arn)
		}
	}
	// Assumption: the wording for ARNs of other accounts and services.
	return nil, wire.Invalid("Could not find resource %q.", arn)
}

// readTags takes the tags of a request. Assumption: of the refusals only the
// one for the reserved prefix is known by its words.
func readTags(body wire.Body) ([]Tag, *wire.Error) {
	var tags []Tag
	for _, entry := range wire.List(body, "Tags") {
		tag := Tag{Key: wire.String(entry, "Key"), Value: wire.String(entry, "Value")}
		if strings.HasPrefix(strings.ToLower(tag.Key), "aws:") {
			return nil, wire.Invalid("aws: prefixed tag key names are not allowed for external use.")
		}
		if slices.ContainsFunc(tags, func(t Tag) bool { return t.Key == tag.Key }) {
			return nil, wire.Invalid("Duplicate tag keys found. Please note that tag keys are case insensitive.")
		}
		tags = append(tags, tag)
	}
	return tags, nil
}

func writeTags(tags []Tag) []any {
	out := make([]any, len(tags))
	for i, tag := range tags {
		out[i] = wire.Body{"Key": tag.Key, "Value": tag.Value}
	}
	return out
}
