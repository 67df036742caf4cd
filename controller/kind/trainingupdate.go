package kind

import (
	"slices"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// starting are the secondary statuses of a training job in which AWS refuses every
// update, by their present name and by the ones they had before.
var starting = []string{"Starting", "LaunchingMLInstances", "PreparingTrainingStack"}

// inItsTime leaves of a change to a training job what AWS takes in the job's present
// state: the profiler while the job runs and has started, remote debugging while it
// downloads or trains, and the warm pool, in a call of its own, while it is kept.
func inItsTime(request, described shape.Tree) {
	if shape.String(described, "TrainingJobStatus") != "InProgress" {
		pool, hasPool := request["ResourceConfig"]
		clear(request)
		if hasPool && shape.String(described, "WarmPoolStatus.Status") == "Available" {
			request["ResourceConfig"] = pool
		}
		return
	}
	delete(request, "ResourceConfig")
	secondary := shape.String(described, "SecondaryStatus")
	if slices.Contains(starting, secondary) {
		clear(request)
	}
	if secondary != "Downloading" && secondary != "Training" {
		delete(request, "RemoteDebugConfig")
	}
	addRules(request, described)
}

// addRules leaves of the profiler's rules those that the job does not have: AWS adds
// rules, and refuses to change or remove one.
func addRules(request, described shape.Tree) {
	wanted, _ := request["ProfilerRuleConfigurations"].([]any)
	has, _ := described["ProfilerRuleConfigurations"].([]any)
	added := slices.DeleteFunc(slices.Clone(wanted), func(rule any) bool {
		return slices.ContainsFunc(has, func(other any) bool { return ruleName(other) == ruleName(rule) })
	})
	if len(added) == 0 {
		delete(request, "ProfilerRuleConfigurations")
		return
	}
	request["ProfilerRuleConfigurations"] = added
}

func ruleName(rule any) string {
	t, _ := rule.(map[string]any)
	return shape.String(t, "RuleConfigurationName")
}
