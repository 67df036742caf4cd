package kind

import (
	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// MetricAlarm watches a metric. One that is in ALARM does what it is there for.
var MetricAlarm = reconcile.Kind{
	Object:    func() reconcile.Object { return new(v1alpha1.MetricAlarm) },
	Lifecycle: reconcile.Service,
	Create:    putAlarm,
	Describe:  describeAlarm,
	Update:    putAlarm,
	Delete:    deleteAlarm,
	Name:      "AlarmName",
	MaxName:   255,
	AnyName:   true,
	ARN:       "AlarmArn",
	States:    health.Existence,
	Compare:   metricAlarmCompare,
	Reset:     metricAlarmReset,
	Tags:      alarmTags,
	Console:   reconcile.Page{Path: "cloudwatch/home#alarmsV2:alarm"},
}
