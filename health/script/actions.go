package script

import (
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/health"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// Kinds are the kinds of sagemaker.gitops.dev, sorted.
func Kinds() []string {
	return slices.Sorted(slices.Values(slices.AppendSeq([]string{"ModelDeployment", modelPipeline}, maps.Keys(health.Kinds()))))
}

const modelPipeline = "ModelPipeline"

// Actions are what resource.customizations.actions of Argo CD says of a kind.
type Actions struct {
	// Discovery is a script that reads obj and returns the actions, by name, with
	// whether they are disabled.
	Discovery string `json:"discovery.lua"`
	// Definitions are the actions.
	Definitions []Action `json:"definitions"`
}

// Action is one of them.
type Action struct {
	// Name of the action.
	Name string `json:"name"`
	// Lua is a script that reads obj and actionParams and returns the object as it is to
	// be. It changes annotations only, so that nothing differs from git by it.
	Lua string `json:"action.lua"`
}

// ActionsOf are the actions for a kind of sagemaker.gitops.dev:
//
//	reconcile       every kind  looks at AWS again
//	suspend         every kind  holds the controller back until it is resumed
//	resume          every kind  ends that, unless git suspends
//	stop            jobs        stops the run that is at work
//	rerun           jobs        runs again what has ended, unless git gives its name
//	retry           other kinds tries again what has failed
//	approve, reject ModelPipeline  decides on the step that waits for an annotation; by the
//	                parameters step and evidence, or else on the only one
//	rollback        ModelPipeline  goes back to the parameter plan of status.history, or
//	                else to the newest one that does not serve
//	roll-forward    ModelPipeline  ends that
func ActionsOf(kind string) Actions {
	names := []string{"reconcile", "suspend", "resume"}

	switch {
	case kind == modelPipeline:
		names = append(names, "retry", "approve", "reject", "rollback", "roll-forward")
	case isJob(kind):
		names = append(names, "stop", "rerun")
	default:
		names = append(names, "retry")
	}

	actions := Actions{Discovery: file("facts.lua")}
	if kind == modelPipeline {
		actions.Discovery += file("awaiting.lua")
	}
	if field, job := nameField(kind); job {
		actions.Discovery += fmt.Sprintf("local nameField = %q\n", field)
	}

	for _, name := range names {
		actions.Discovery += file(name + "/discovery.lua")
		actions.Definitions = append(actions.Definitions, Action{name, lua(name)})
	}

	actions.Discovery += "return actions\n"

	return actions
}

func isJob(kind string) bool { return health.Kinds()[kind].Ready == reason.Completed }

// nameField is the field of a job's spec that gives its name in AWS.
func nameField(kind string) (field string, job bool) {
	if kind == "PipelineExecution" {
		return "pipelineExecutionDisplayName", true
	}

	return strings.ToLower(kind[:1]) + kind[1:] + "Name", isJob(kind)
}

// lua is what an action does.
func lua(action string) string {
	text := file("annotate.lua")
	if strings.HasPrefix(action, "approve") || strings.HasPrefix(action, "reject") {
		text += file("awaiting.lua") + file("decision.lua")
	}
	if action == "retry" { // to run again and to try again are asked for alike
		action = "rerun"
	}

	return text + file(action+"/action.lua")
}

//go:embed actions
var actions embed.FS

// file is a part of a script; empty if the action has none of its own.
func file(name string) string {
	text, err := actions.ReadFile("actions/" + name)
	if err != nil {
		return ""
	}

	return string(text)
}
