package sagemaker

import (
	"strings"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// monitoringSchedule runs monitoring jobs from time to time. Its executions are
// no objects of their own.
var monitoringSchedule = &engine.Kind{
	Name: "MonitoringSchedule", Resource: "monitoring-schedule", Status: "MonitoringScheduleStatus",
	NotFound: func(_, arn string) *wire.Error {
		// Assumption: the code is documented, not the words.
		return wire.Errorf("ResourceNotFound", "Monitoring Schedule with name %s does not exist", lastPart(arn))
	},
	Duplicate: func(arn string) *wire.Error {
		return wire.Errorf("ResourceInUse", "Resource Already Exists: Monitoring Schedule with name %s already exists. Choose a different name.", lastPart(arn))
	},
	Check: func(tx *engine.Tx, o *engine.Object) *wire.Error { return checkSchedule(tx, o.Document) },
	First: "Creating",
	Fail: func(tx *engine.Tx, o *engine.Object, reason string) {
		if o.Stage == "Scheduled" {
			execute(tx, o, reason)
			return
		}
		o.Document["FailureReason"] = reason
		tx.Enter(o, "Failed")
	},
	Update: func(tx *engine.Tx, o *engine.Object, body wire.Body) (wire.Body, *wire.Error) {
		if err := settledSchedule(o); err != nil {
			return nil, err
		}
		next, _ := wire.Clone(body).(wire.Body)
		if err := checkSchedule(tx, next); err != nil {
			return nil, err
		}
		o.Document["MonitoringScheduleConfig"], o.Document["MonitoringType"] = next["MonitoringScheduleConfig"], next["MonitoringType"]
		tx.Enter(o, "Updating")
		return wire.Body{"MonitoringScheduleArn": o.ARN}, nil
	},
	Stop: func(tx *engine.Tx, o *engine.Object, _ wire.Body) (wire.Body, *wire.Error) {
		if err := settledSchedule(o); err != nil {
			return nil, err
		}
		tx.Enter(o, "Stopped")
		return wire.Body{}, nil
	},
	More: map[string]engine.Verb{
		"StartMonitoringSchedule": func(tx *engine.Tx, o *engine.Object, _ wire.Body) (wire.Body, *wire.Error) {
			if err := settledSchedule(o); err != nil {
				return nil, err
			}
			tx.Enter(o, "Updating")
			return wire.Body{}, nil
		},
		"ListMonitoringExecutions": listExecutions,
	},
	Delete: func(tx *engine.Tx, o *engine.Object, _ wire.Body) (wire.Body, *wire.Error) {
		if err := settledSchedule(o); err != nil {
			return nil, err
		}
		if last := runsOf(o).last(); last != nil && wire.String(last, "MonitoringExecutionStatus") == "InProgress" {
			// That it is refused is known of ACK's controller, not the words. The API model
			// declares no ResourceInUse for it.
			return nil, wire.Invalid("Monitoring schedule %s cannot be deleted while an execution is in progress", o.Name)
		}
		tx.Remove(o)
		return wire.Body{}, nil
	},
	List: engine.List{
		Summaries: "MonitoringScheduleSummaries",
		Filter: func(o *engine.Object, request wire.Body) bool {
			for member, have := range map[string]string{
				"EndpointName":                wire.String(o.Document, "EndpointName"),
				"MonitoringTypeEquals":        wire.String(o.Document, "MonitoringType"),
				"MonitoringJobDefinitionName": wire.String(o.Document, "MonitoringScheduleConfig", "MonitoringJobDefinitionName"),
			} {
				if want := wire.String(request, member); want != "" && want != have {
					return false
				}
			}
			return true
		},
		Members: []string{
			"MonitoringScheduleName", "MonitoringScheduleArn", "CreationTime", "LastModifiedTime", "MonitoringScheduleStatus",
			"EndpointName", "MonitoringType",
		},
	},
	// Assumption: a schedule is ready after a minute; a run takes ten.
	Stages: []engine.Stage{
		{Name: "Creating", Lasts: time.Minute, Next: engine.To("Scheduled"), Enter: scheduleStatus("Pending")},
		{Name: "Updating", Lasts: time.Minute, Next: engine.To("Scheduled"), Enter: scheduleStatus("Pending")},
		{Name: "Scheduled", For: untilDue, Enter: scheduleStatus("Scheduled"), Next: func(tx *engine.Tx, o *engine.Object) string {
			execute(tx, o, "")
			return ""
		}},
		{Name: "Stopped", Enter: scheduleStatus("Stopped")},
		{Name: "Failed", Enter: scheduleStatus("Failed")},
	},
}

func scheduleStatus(status string) func(*engine.Tx, *engine.Object) {
	return func(_ *engine.Tx, o *engine.Object) { o.Document["MonitoringScheduleStatus"] = status }
}

func settledSchedule(o *engine.Object) *wire.Error {
	if o.Status() != "Pending" {
		return nil
	}
	// The words are those that the Terraform provider for AWS waits on. The API model
	// declares no ResourceInUse for Update and Delete.
	return wire.Invalid("Monitoring schedule in status Pending")
}

// jobDefinitions are the kinds that a schedule names, by monitoring type.
var jobDefinitions = map[string]*engine.Kind{
	"DataQuality": dataQualityJobDefinition, "ModelQuality": modelQualityJobDefinition,
	"ModelBias": modelBiasJobDefinition, "ModelExplainability": modelExplainabilityJobDefinition,
}

// checkSchedule judges a configuration and completes the document it is in.
func checkSchedule(tx *engine.Tx, d wire.Body) *wire.Error {
	config := wire.Object(d, "MonitoringScheduleConfig")
	kind := wire.String(config, "MonitoringType")
	name := wire.String(config, "MonitoringJobDefinitionName")
	inline := wire.Object(config, "MonitoringJobDefinition")
	switch {
	case (name == "") == (inline == nil):
		// Assumption: the rule is documented, not the words.
		return wire.Invalid("Specify either MonitoringJobDefinitionName or MonitoringJobDefinition, and not both.")
	case name != "" && jobDefinitions[kind] == nil:
		return missing("monitoringScheduleConfig.monitoringType")
	case name != "":
		if tx.See(jobDefinitions[kind], name) == nil {
			return tx.Missing(jobDefinitions[kind], "CreateMonitoringSchedule", name)
		}
	default:
		if err := tx.PassRole(wire.String(inline, "RoleArn")); err != nil {
			return err
		}
		for _, input := range wire.List(inline, "MonitoringInputs") {
			if endpointName := wire.String(input, "EndpointInput", "EndpointName"); endpointName != "" {
				d["EndpointName"] = endpointName
			}
		}
		if kind == "" {
			kind = "DataQuality"
		}
	}
	d["MonitoringType"] = kind
	return nil
}

// executions are the runs of a schedule, the oldest first.
type executions struct{ all []wire.Body }

func (e *executions) last() wire.Body {
	if len(e.all) == 0 {
		return nil
	}
	return e.all[len(e.all)-1]
}

func runsOf(o *engine.Object) *executions {
	if e, ok := o.Private.(*executions); ok {
		return e
	}
	e := new(executions)
	o.Private = e
	return e
}

// untilDue is how long it is until the next run. Assumption: hourly and daily
// schedules run that often from when they were scheduled, NOW runs at once.
func untilDue(o *engine.Object) time.Duration {
	switch expression := wire.String(o.Document, "MonitoringScheduleConfig", "ScheduleConfig", "ScheduleExpression"); {
	case expression == "NOW":
		return time.Minute
	case strings.HasPrefix(expression, "cron(0 * "):
		return time.Hour
	default:
		return 24 * time.Hour
	}
}

const executionTime = 10 * time.Minute

// execute runs the monitoring job once. A failure whose text begins with
// CompletedWithViolations ends so.
func execute(tx *engine.Tx, o *engine.Object, failure string) {
	run := wire.Body{
		"MonitoringScheduleName": o.Name, "ScheduledTime": tx.Now, "CreationTime": tx.Now, "LastModifiedTime": tx.Now,
		"MonitoringExecutionStatus": "InProgress", "MonitoringType": o.Document["MonitoringType"],
		"ProcessingJobArn": tx.Caller.ARN("processing-job", "model-monitoring-"+engine.Reference(o.ARN, tx.Now.String())),
	}
	for _, member := range []string{"EndpointName"} {
		if o.Document[member] != nil {
			run[member] = o.Document[member]
		}
	}
	runs := runsOf(o)
	runs.all = append(runs.all, run)
	o.Document["LastMonitoringExecutionSummary"] = run
	tx.At(o, tx.Now.Add(executionTime), func(later *engine.Tx) {
		run["LastModifiedTime"], run["MonitoringExecutionStatus"] = later.Now, "Completed"
		switch {
		case strings.HasPrefix(failure, "CompletedWithViolations"):
			run["MonitoringExecutionStatus"], run["FailureReason"] = "CompletedWithViolations", failure
		case failure != "":
			run["MonitoringExecutionStatus"], run["FailureReason"] = "Failed", failure
		}
		once := wire.String(o.Document, "MonitoringScheduleConfig", "ScheduleConfig", "ScheduleExpression") == "NOW"
		if o.Stage == "Scheduled" && !once {
			later.Enter(o, "Scheduled")
		}
	})
}

func listExecutions(tx *engine.Tx, o *engine.Object, body wire.Body) (wire.Body, *wire.Error) {
	all := runsOf(o).all
	rows := make([]any, len(all))
	for i, run := range all {
		rows[len(all)-1-i] = run
	}
	return tx.Page(o, "MonitoringExecutionSummaries", rows, body)
}
