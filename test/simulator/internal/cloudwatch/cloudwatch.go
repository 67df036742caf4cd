// Package cloudwatch is Amazon CloudWatch as far as metrics and their alarms go. It
// measures nothing: data is what somebody puts, and the state of an alarm what
// somebody sets it to.
package cloudwatch

import (
	"maps"
	"slices"
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// Kinds are what the service keeps.
func Kinds() []*engine.Kind { return []*engine.Kind{metricAlarm, metric} }

// Operations by name.
func Operations() map[string]engine.Operation {
	return map[string]engine.Operation{
		"PutMetricAlarm":      {Kind: metricAlarm, Do: put},
		"PutMetricData":       {Do: putData},
		"GetMetricStatistics": {Do: statistics},
		"SetAlarmState":       {Kind: metricAlarm, Do: setState},
		"DescribeAlarms":      {Do: describe},
		"DeleteAlarms":        {Do: deleteAlarms},
		"TagResource":         {Do: tag},
		"UntagResource":       {Do: untag},
		"ListTagsForResource": {Do: listTags},
	}
}

// tagged is the alarm of a request on tags. Its name is the end of its ARN, as
// it was written.
func tagged(tx *engine.Tx, body wire.Body) (*engine.Object, *wire.Error) {
	arn := wire.String(body, "ResourceARN")
	name, ok := strings.CutPrefix(arn, metricAlarm.ARN(tx.Caller.Scope, ""))
	if o := tx.Find(metricAlarm, name); ok && o != nil {
		return o, nil
	}
	// The API's model has no place for words in this error.
	return nil, &wire.Error{Code: "ResourceNotFoundException", Status: 404}
}

func tag(tx *engine.Tx, body wire.Body) (wire.Body, *wire.Error) {
	o, err := tagged(tx, body)
	if err != nil {
		return nil, err
	}
	tags := map[string]string{}
	for _, t := range o.Tags() {
		tags[t.Key] = t.Value
	}
	for _, t := range wire.List(body, "Tags") {
		tags[wire.String(t, "Key")] = wire.String(t, "Value")
	}
	list := make([]engine.Tag, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, engine.Tag{Key: key, Value: tags[key]})
	}
	tx.SetTags(o, list)
	return wire.Body{}, nil
}

func untag(tx *engine.Tx, body wire.Body) (wire.Body, *wire.Error) {
	o, err := tagged(tx, body)
	if err != nil {
		return nil, err
	}
	keys := wire.List(body, "TagKeys")
	tx.SetTags(o, slices.DeleteFunc(slices.Clone(o.Tags()), func(t engine.Tag) bool { return slices.Contains(keys, any(t.Key)) }))
	return wire.Body{}, nil
}

func listTags(tx *engine.Tx, body wire.Body) (wire.Body, *wire.Error) {
	o, err := tagged(tx, body)
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, t := range tx.SeeTags(o) {
		list = append(list, wire.Body{"Key": t.Key, "Value": t.Value})
	}
	return wire.Body{"Tags": list}, nil
}
