package sagemaker

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// pipelineExecution runs the steps of a pipeline. Assumption: one after the
// other in the order of the definition; they make no jobs here.
var pipelineExecution = &engine.Kind{
	Name: "PipelineExecution", Resource: "pipeline", Status: "PipelineExecutionStatus", Token: "ClientRequestToken",
	Creation: "StartPipelineExecution", NameMember: "PipelineExecutionDisplayName",
	WriteOnly: []string{"PipelineName", "PipelineParameters", "MlflowExperimentName"},
	NotFound: func(_, arn string) *wire.Error {
		return wire.Errorf("ResourceNotFound", "Pipeline execution with ARN %s does not exist", arn)
	},
	Identify: func(body wire.Body) string {
		_, name, _ := strings.Cut(wire.String(body, "PipelineExecutionArn"), ":pipeline/")
		return name
	},
	Assign: func(tx *engine.Tx, body wire.Body) string {
		return lastPart(wire.String(body, "PipelineName")) + "/execution/" + tx.NewID()
	},
	Duplicate: func(arn string) *wire.Error { return wire.Errorf("ConflictException", "%s exists.", arn) },
	Untagged:  func(*engine.Object) bool { return true },
	Check:     checkExecution,
	First:     "Executing",
	Fail: func(tx *engine.Tx, o *engine.Object, reason string) {
		endStep(tx, o, "Failed", reason)
		o.Document["FailureReason"] = "Step failure: One or multiple steps failed."
		tx.Enter(o, "Failed")
	},
	Update: func(tx *engine.Tx, o *engine.Object, body wire.Body) (wire.Body, *wire.Error) {
		for _, member := range []string{"PipelineExecutionDescription", "PipelineExecutionDisplayName", "ParallelismConfiguration"} {
			if body[member] != nil {
				o.Document[member] = wire.Clone(body[member])
			}
		}
		o.Touch(tx.Now)
		return wire.Body{"PipelineExecutionArn": o.ARN}, nil
	},
	Stop: func(tx *engine.Tx, o *engine.Object, _ wire.Body) (wire.Body, *wire.Error) {
		switch o.Stage {
		case "Executing":
			tx.Enter(o, "Stopping")
		case "Stopping": // Assumption: asking twice does no harm.
		default:
			// Assumption: the words.
			return nil, wire.Errorf("ConflictException", "Only pipelines with Executing status can be stopped, %s is %s.", o.ARN, o.Stage)
		}
		return wire.Body{"PipelineExecutionArn": o.ARN}, nil
	},
	More: map[string]engine.Verb{
		"RetryPipelineExecution": retryExecution,
		"ListPipelineExecutionSteps": func(tx *engine.Tx, o *engine.Object, body wire.Body) (wire.Body, *wire.Error) {
			steps := stepsOf(o).begun
			rows := make([]any, len(steps))
			for i, step := range steps { // the newest first, unless asked otherwise
				rows[len(steps)-1-i] = step
				if wire.String(body, "SortOrder") == "Ascending" {
					rows[len(steps)-1-i] = steps[len(steps)-1-i]
				}
			}
			return tx.Page(o, "PipelineExecutionSteps", rows, body)
		},
		"ListPipelineParametersForExecution": func(tx *engine.Tx, o *engine.Object, body wire.Body) (wire.Body, *wire.Error) {
			return tx.Page(o, "PipelineParameters", wire.List(o.Request, "PipelineParameters"), body)
		},
	},
	List: engine.List{
		Summaries: "PipelineExecutionSummaries",
		Filter: func(o *engine.Object, request wire.Body) bool {
			arn := wire.String(o.Document, "PipelineArn")
			want := wire.String(request, "PipelineName")
			return want == arn || want == lastPart(arn)
		},
		Summary: func(o *engine.Object) wire.Body {
			summary := wire.Body{"StartTime": o.Created()}
			for _, member := range []string{
				"PipelineExecutionArn", "PipelineExecutionDisplayName", "PipelineExecutionDescription", "PipelineExecutionStatus",
			} {
				if o.Document[member] != nil {
					summary[member] = o.Document[member]
				}
			}
			if reason := o.Document["FailureReason"]; reason != nil {
				summary["PipelineExecutionFailureReason"] = reason
			}
			return summary
		},
	},
	// Assumption: a step takes two minutes.
	Stages: []engine.Stage{
		{Name: "Executing", Lasts: 2 * time.Minute, Next: nextStep, Enter: func(tx *engine.Tx, o *engine.Object) {
			o.Document["PipelineExecutionStatus"] = "Executing"
			beginStep(tx, o)
		}},
		{Name: "Succeeded", Enter: executionStatus("Succeeded")},
		{Name: "Failed", Enter: executionStatus("Failed")},
		{Name: "Stopping", Lasts: time.Minute, Enter: executionStatus("Stopping"), Next: func(tx *engine.Tx, o *engine.Object) string {
			endStep(tx, o, "Stopped", "")
			return "Stopped"
		}},
		{Name: "Stopped", Enter: executionStatus("Stopped")},
	},
}

func executionStatus(status string) func(*engine.Tx, *engine.Object) {
	return func(_ *engine.Tx, o *engine.Object) { o.Document["PipelineExecutionStatus"] = status }
}

// steps are those of an execution: the names and types of all, and what has
// become of those that began.
type steps struct {
	all   []map[string]any
	begun []wire.Body
}

func stepsOf(o *engine.Object) *steps {
	s, _ := o.Private.(*steps)
	return s
}

func checkExecution(tx *engine.Tx, o *engine.Object) *wire.Error {
	name := lastPart(wire.String(o.Request, "PipelineName"))
	of := tx.See(pipeline, name)
	if of == nil {
		return tx.Missing(pipeline, "StartPipelineExecution", name)
	}
	var definition struct {
		Parameters []struct {
			Name         string `json:"Name"`
			DefaultValue any    `json:"DefaultValue"`
		} `json:"Parameters"`
		Steps []map[string]any `json:"Steps"`
	}
	if err := json.Unmarshal([]byte(wire.String(of.Document, "PipelineDefinition")), &definition); err != nil {
		return wire.Invalid("Unable to parse pipeline definition: %s", err)
	}
	given := map[string]bool{}
	for _, parameter := range wire.List(o.Request, "PipelineParameters") {
		given[wire.String(parameter, "Name")] = true
	}
	for _, parameter := range definition.Parameters {
		if !given[parameter.Name] && parameter.DefaultValue == nil {
			// Assumption: the rule is documented, not the words.
			return wire.Invalid("Parameter values are not specified for parameters that do not have a default value: [%s]", parameter.Name)
		}
		delete(given, parameter.Name)
	}
	for name := range given {
		return wire.Invalid("Invalid parameters: [%s] are not defined in the pipeline.", name) // Assumption: the words.
	}
	o.Private = &steps{all: definition.Steps}
	o.Document["PipelineArn"] = of.ARN
	// Assumption: an execution without a name is called after its identifier.
	wire.Default(o.Document, wire.Body{"PipelineExecutionDisplayName": "execution-" + lastPart(o.ARN)})
	of.Document["LastRunTime"] = tx.Now
	return nil
}

func beginStep(tx *engine.Tx, o *engine.Object) {
	s := stepsOf(o)
	step := s.all[len(s.begun)]
	s.begun = append(s.begun, wire.Body{
		"StepName": step["Name"], "StepStatus": "Executing", "StartTime": tx.Now, "AttemptCount": engine.Number(1), "Metadata": wire.Body{},
	})
}

func endStep(tx *engine.Tx, o *engine.Object, status, reason string) {
	s := stepsOf(o)
	if len(s.begun) == 0 {
		return
	}
	last := s.begun[len(s.begun)-1]
	last["StepStatus"], last["EndTime"] = status, tx.Now
	if reason != "" {
		last["FailureReason"] = reason
	}
}

func nextStep(tx *engine.Tx, o *engine.Object) string {
	endStep(tx, o, "Succeeded", "")
	if s := stepsOf(o); len(s.begun) == len(s.all) {
		return "Succeeded"
	}
	return "Executing"
}

// retryExecution begins again at the step that failed or was stopped.
func retryExecution(tx *engine.Tx, o *engine.Object, _ wire.Body) (wire.Body, *wire.Error) {
	if o.Stage != "Failed" && o.Stage != "Stopped" {
		// Assumption: the words.
		return nil, wire.Errorf("ConflictException", "Only pipeline executions that failed or were stopped can be retried, %s is %s.", o.ARN, o.Stage)
	}
	s := stepsOf(o)
	s.begun = s.begun[:len(s.begun)-1]
	delete(o.Document, "FailureReason")
	tx.Enter(o, "Executing")
	return wire.Body{"PipelineExecutionArn": o.ARN}, nil
}
