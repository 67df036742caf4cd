package kind

import (
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// MonitoringSchedule starts a monitoring job from time to time.
var MonitoringSchedule = reconcile.Kind{
	Object:    func() reconcile.Object { return new(v1alpha1.MonitoringSchedule) },
	Lifecycle: reconcile.Service,
	Create:    cloud.Op((*sagemaker.Client).CreateMonitoringSchedule),
	Describe:  cloud.Op((*sagemaker.Client).DescribeMonitoringSchedule),
	Update:    cloud.Op((*sagemaker.Client).UpdateMonitoringSchedule),
	Delete:    cloud.Op((*sagemaker.Client).DeleteMonitoringSchedule),
	Name:      "MonitoringScheduleName",
	States:    health.MonitoringSchedule,
	Compare:   monitoringScheduleCompare,
	Reset:     monitoringScheduleReset,
	Names:     scheduledDefinition,
	AtWork:    executing,
	Details:   map[string]reconcile.Detail{"Executions": executions},
}
