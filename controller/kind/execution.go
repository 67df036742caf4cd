package kind

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// executions are those of a monitoring schedule.
var executions = reconcile.Detail{
	Operation: cloud.Op((*sagemaker.Client).ListMonitoringExecutions), Member: "MonitoringExecutionSummaries",
	Warning: violations, Reason: reason.ViolationsFound,
}

// violations is what an execution found wrong.
func violations(execution shape.Tree) string {
	at, err := time.Parse(time.RFC3339, shape.String(execution, "ScheduledTime"))
	if err != nil || shape.String(execution, "MonitoringExecutionStatus") != "CompletedWithViolations" {
		return ""
	}
	return fmt.Sprintf("the execution of %s found violations: %s", at.UTC().Format(time.RFC3339), shape.String(execution, "FailureReason"))
}
