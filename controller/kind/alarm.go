package kind

import (
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
)

// What is asked of CloudWatch about alarms, and about their tags.
var (
	putAlarm      = cloud.AlarmOp((*cloudwatch.Client).PutMetricAlarm)
	describeAlarm = cloud.AlarmOp((*cloudwatch.Client).DescribeAlarms).One("MetricAlarms", "AlarmName", "AlarmNames")
	deleteAlarm   = cloud.AlarmOp((*cloudwatch.Client).DeleteAlarms).On("AlarmName", "AlarmNames")
	alarmTags     = reconcile.TagOperations{
		List:   cloud.AlarmOp((*cloudwatch.Client).ListTagsForResource),
		Add:    cloud.AlarmOp((*cloudwatch.Client).TagResource),
		Remove: cloud.AlarmOp((*cloudwatch.Client).UntagResource),
	}
)
