// Package autoscaling is Application Auto Scaling as far as it scales endpoints
// and inference components: it keeps targets, policies and scheduled actions, and
// watches no metric and no calendar. What a policy would do is an ordinary
// UpdateEndpointWeightsAndCapacities.
package autoscaling

import (
	"maps"
	"slices"
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// Kinds are what the service keeps.
func Kinds() []*engine.Kind { return []*engine.Kind{scalableTarget, scalingPolicy, scheduledAction} }

// Operations by name.
func Operations() map[string]engine.Operation {
	operations := map[string]engine.Operation{}
	for name, do := range map[string]func(*engine.Tx, wire.Body) (wire.Body, *wire.Error){
		"RegisterScalableTarget":   register,
		"DeregisterScalableTarget": deregister,
		"DescribeScalableTargets":  describeTargets,
		"PutScalingPolicy":         putPolicy,
		"DeleteScalingPolicy":      deletePolicy,
		"DescribeScalingPolicies":  describePolicies,
		"PutScheduledAction":       putAction,
		"DeleteScheduledAction":    deleteAction,
		"DescribeScheduledActions": describeActions,
		"TagResource":              tag,
		"UntagResource":            untag,
		"ListTagsForResource":      listTags,
	} {
		operations[name] = engine.Operation{Do: do}
	}
	return operations
}

// targetName is by what a target is known: a resource is scaled in one
// dimension or in several.
func targetName(body wire.Body) string {
	return strings.Join([]string{
		wire.String(body, "ServiceNamespace"), wire.String(body, "ResourceId"), wire.String(body, "ScalableDimension"),
	}, " ")
}

// ofResource is the end of the ARN of what belongs to a target: an id, the resource
// and the name.
func ofResource(scope wire.Scope, name, label string) string {
	parts := strings.SplitN(name, " ", 4) // see targetName
	if len(parts) < 4 {
		return name
	}
	id := engine.Reference(scope.Account, scope.Region, name) + engine.Reference(name, scope.Region, scope.Account)
	uuid := strings.Join([]string{id[:8], id[8:12], id[12:16], id[16:20], id[20:]}, "-")
	return uuid + ":resource/" + parts[0] + "/" + parts[1] + ":" + label + "/" + parts[3]
}

// about are the words with which the service names a target.
func about(body wire.Body) string {
	return "service namespace: " + wire.String(body, "ServiceNamespace") + ", resource ID: " + wire.String(body, "ResourceId") +
		", scalable dimension: " + wire.String(body, "ScalableDimension")
}

func notFound(format string, args ...any) *wire.Error {
	return wire.Errorf("ObjectNotFoundException", format, args...)
}

// listed is one page of the caller's objects of a kind.
func listed(tx *engine.Tx, kind *engine.Kind, member string, body wire.Body, matches func(*engine.Object) bool) (wire.Body, *wire.Error) {
	rows := []any{}
	var first *engine.Object
	tx.Each(kind.Name, func(o *engine.Object) {
		if tx.See(kind, o.Name) != nil && matches(o) {
			rows = append(rows, o.Document)
			first = o
		}
	})
	if first == nil {
		return wire.Body{member: rows}, nil
	}
	return tx.Page(first, member, rows, body)
}

func wants(body wire.Body, member string, o *engine.Object, own string) bool {
	want := wire.String(body, member)
	return want == "" || want == wire.String(o.Document, own)
}

func named(list []any, name string) bool { return len(list) == 0 || slices.Contains(list, any(name)) }

func theTarget(tx *engine.Tx, body wire.Body) (*engine.Object, *wire.Error) {
	arn := wire.String(body, "ResourceARN")
	o := tx.FindARN(arn)
	if o == nil || o.Kind != scalableTarget {
		return nil, wire.Errorf("ResourceNotFoundException", "The specified resource %s doesn't exist.", arn) // Assumption: the words.
	}
	return o, nil
}

func tag(tx *engine.Tx, body wire.Body) (wire.Body, *wire.Error) {
	o, err := theTarget(tx, body)
	if err != nil {
		return nil, err
	}
	tags := tagMap(o.Tags())
	for key, value := range wire.Object(body, "Tags") {
		tags[key] = wire.String(value)
	}
	tx.SetTags(o, tagList(tags))
	return wire.Body{}, nil
}

func untag(tx *engine.Tx, body wire.Body) (wire.Body, *wire.Error) {
	o, err := theTarget(tx, body)
	if err != nil {
		return nil, err
	}
	tags := tagMap(o.Tags())
	for _, key := range wire.List(body, "TagKeys") {
		delete(tags, wire.String(key))
	}
	tx.SetTags(o, tagList(tags))
	return wire.Body{}, nil
}

func listTags(tx *engine.Tx, body wire.Body) (wire.Body, *wire.Error) {
	o, err := theTarget(tx, body)
	if err != nil {
		return nil, err
	}
	answer := wire.Body{}
	for key, value := range tagMap(tx.SeeTags(o)) {
		answer[key] = value
	}
	return wire.Body{"Tags": answer}, nil
}

func tagMap(tags []engine.Tag) map[string]string {
	out := map[string]string{}
	for _, t := range tags {
		out[t.Key] = t.Value
	}
	return out
}

func tagList(tags map[string]string) []engine.Tag {
	out := make([]engine.Tag, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, engine.Tag{Key: key, Value: tags[key]})
	}
	return out
}
