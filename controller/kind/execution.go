package kind

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
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

// scheduledDefinition is the job definition that a schedule names: of which kind it is
// stands beside the name.
func scheduledDefinition(spec shape.Tree) []v1alpha1.ConsumedReference {
	const path = "monitoringScheduleConfig.monitoringJobDefinitionName"
	name, kind := shape.String(spec, path), shape.String(spec, "monitoringScheduleConfig.monitoringType")
	if name == "" || kind == "" {
		return nil
	}
	return []v1alpha1.ConsumedReference{{Path: path, Kind: kind + "JobDefinition", AWSName: name, Value: name}}
}

// executing says that a schedule has an execution: AWS neither changes nor deletes it
// meanwhile.
func executing(described shape.Tree) string {
	switch status := shape.String(described, "LastMonitoringExecutionSummary.MonitoringExecutionStatus"); status {
	case "Pending", "InProgress", "Stopping":
		return "the execution of " + shape.String(described, "LastMonitoringExecutionSummary.ScheduledTime") + ", which is " + status
	default:
		return ""
	}
}
