package observed_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/autoscaling"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/cloudwatch"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/model"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/observed"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/sagemaker"
)

// simulated tells whether the simulator has an operation.
func simulated(operation string) bool {
	_, isSageMaker := engine.Operations(sagemaker.Kinds())[operation]
	_, isScaling := autoscaling.Operations()[operation]
	_, isCloudWatch := cloudwatch.Operations()[operation]
	return isSageMaker || isScaling || isCloudWatch
}

// Every fact is carried out by some answer, or says why it is not.
func TestEveryFact(t *testing.T) {
	facts, err := observed.Facts()
	require.NoError(t, err)
	known := map[string]bool{}
	counts := map[observed.Change]int{}
	for _, fact := range facts {
		require.False(t, known[fact.ID], "two facts have the id %s", fact.ID)
		known[fact.ID] = true
		counts[fact.Change]++
		t.Run(fact.ID, func(t *testing.T) {
			require.NotEmpty(t, fact.Path)
			require.NotEmpty(t, fact.Source)
			require.Contains(t, []string{"live", "schema", "inference"}, fact.Confidence)
			holds(t, fact)
		})
	}
	elsewhere, err := observed.Unsimulated()
	require.NoError(t, err)
	members := 0
	for _, left := range elsewhere {
		members += len(left.Members)
		for operation := range strings.SplitSeq(left.Operation, ", ") {
			require.False(t, simulated(operation), "%s is simulated", operation)
		}
	}
	left := counts[observed.Left]
	t.Logf("%d facts: %d carried out in the mode, %d by the simulated kinds always, %d left out; and %d about operations that are not simulated",
		len(facts), len(facts)-left-counts[observed.Kinds], counts[observed.Kinds], left, members)
	t.Log(counts)
}

// holds shows that a fact is carried out.
func holds(t *testing.T, fact observed.Fact) {
	t.Helper()
	switch fact.Change {
	case observed.Left:
		require.NotEmpty(t, fact.Left)
	case observed.Kinds:
		require.True(t, isTest(t, fact.Shown), "no test of the simulator is called %s", fact.Shown)
	case observed.Lag:
		lag, err := time.ParseDuration(fact.Value.(string))
		require.NoError(t, err)
		require.Equal(t, observed.TagLag, lag)
	case observed.Adds:
		for _, operation := range fact.Operations {
			for _, path := range fact.Path {
				require.True(t, answers(t, operation, path), "%s has no %s in its answer", operation, path)
			}
		}
	default:
		shown := 0
		for _, operation := range fact.Operations {
			for _, path := range fact.Path {
				if fact.Change == observed.Omit || answers(t, operation, path) {
					newTrial(t, fact, operation, path).shows()
					shown++
				}
			}
		}
		require.Positive(t, shown, "no answer has such a member")
	}
}

var testName = regexp.MustCompile(`(?m)^func (Test\w+)\(`)

func isTest(t *testing.T, name string) bool {
	t.Helper()
	files, err := filepath.Glob("../../*_test.go")
	require.NoError(t, err)
	return slices.ContainsFunc(files, func(file string) bool {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		return slices.ContainsFunc(testName.FindAllStringSubmatch(string(text), -1), func(m []string) bool { return m[1] == name })
	})
}

// answers tells whether an operation's answer has a member, or, where the fact says
// that AWS leaves it out, could have been thought to have it.
func answers(t *testing.T, operation, path string) bool {
	t.Helper()
	if operation == "*" || path == "*" {
		return true
	}
	require.True(t, simulated(operation), "%s is not simulated", operation)
	api, err := model.Load()
	require.NoError(t, err)
	at := api.Shapes[api.Operations[operation].Output.Shape]
	if _, isSageMaker := engine.Operations(sagemaker.Kinds())[operation]; at == nil || !isSageMaker {
		return true // the model is SageMaker's: it lacks some members of the neighbours
	}
	creation := api.Input("Create" + strings.TrimPrefix(operation, "Describe"))
	return has(api, at, path) || creation != nil && has(api, creation, path) || strings.HasPrefix(operation, "DescribePipelineExecution")
}

func has(api *model.Model, at *model.Shape, path string) bool {
	for name := range strings.SplitSeq(path, ".") {
		switch at.Type {
		case "list":
			at = api.Shapes[at.Member.Shape]
		case "map":
			at = api.Shapes[at.Value.Shape]
		case "structure":
			ref, ok := at.Members[name]
			if !ok {
				return false
			}
			at = api.Shapes[ref.Shape]
		default:
			return false
		}
	}
	return true
}

func number(text string) json.Number { return json.Number(text) }
