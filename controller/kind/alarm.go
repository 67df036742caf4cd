package kind

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// What is asked of CloudWatch about alarms, and about their tags.
var (
	putAlarm      = cloud.AlarmOp((*cloudwatch.Client).PutMetricAlarm)
	describeAlarm = cloud.AlarmOp((*cloudwatch.Client).DescribeAlarms).One("MetricAlarms", "AlarmName", "AlarmNames")
	deleteAlarm   = cloud.AlarmOp((*cloudwatch.Client).DeleteAlarms).On("AlarmName", "AlarmNames")
	alarmTagList  = cloud.AlarmOp((*cloudwatch.Client).ListTagsForResource)
	tagAlarm      = cloud.AlarmOp((*cloudwatch.Client).TagResource)
	untagAlarm    = cloud.AlarmOp((*cloudwatch.Client).UntagResource)
)

// alarmTags are the tags of alarms, which CloudWatch keeps.
type alarmTags struct{}

// Put implements reconcile.Tags.
func (alarmTags) Put(request shape.Tree, tags map[string]string) {
	request["Tags"] = reconcile.TagList(tags)
}

// Read implements reconcile.Tags.
func (alarmTags) Read(ctx context.Context, object reconcile.Tagged) (map[string]string, error) {
	answer, err := alarmTagList.Call(ctx, object.Client, shape.Tree{"ResourceARN": object.ARN})
	if err != nil {
		return nil, err
	}
	tags := map[string]string{}
	told, _ := answer["Tags"].([]any)
	for _, item := range told {
		t, _ := item.(map[string]any)
		tags[shape.String(t, "Key")] = shape.String(t, "Value")
	}
	return tags, nil
}

// Write implements reconcile.Tags.
func (alarmTags) Write(ctx context.Context, object reconcile.Tagged, set map[string]string, remove []string) error {
	if len(set) > 0 {
		request := shape.Tree{"ResourceARN": object.ARN, "Tags": reconcile.TagList(set)}
		if _, err := tagAlarm.Call(ctx, object.Client, request); err != nil {
			return err
		}
	}
	if len(remove) == 0 {
		return nil
	}
	request := shape.Tree{"ResourceARN": object.ARN, "TagKeys": reconcile.TagKeys(remove)}
	_, err := untagAlarm.Call(ctx, object.Client, request)
	return err
}
