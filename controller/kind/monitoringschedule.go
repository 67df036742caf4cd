package kind

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
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
	Details: map[string]reconcile.Detail{"Executions": {
		Operation: cloud.Op((*sagemaker.Client).ListMonitoringExecutions), Member: "MonitoringExecutionSummaries",
		Warning: violations, Reason: reason.ViolationsFound,
	}},
	Console: "monitoring",
}

// violations is what an execution found wrong.
func violations(execution shape.Tree) string {
	at, err := time.Parse(time.RFC3339, shape.String(execution, "ScheduledTime"))
	if err != nil || shape.String(execution, "MonitoringExecutionStatus") != "CompletedWithViolations" {
		return ""
	}
	return fmt.Sprintf("the execution of %s found violations: %s", at.UTC().Format(time.RFC3339), shape.String(execution, "FailureReason"))
}
