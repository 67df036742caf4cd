package kind_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
)

// executionWorld has a pipeline of which anybody may start executions.
type executionWorld struct {
	*tagged

	person *cloud.Client
}

func newExecutions(t *testing.T) *executionWorld {
	t.Helper()
	w := &executionWorld{tagged: &tagged{world: newWorld(t, kind.PipelineExecution)}}
	config, err := w.aws.AWSConfig(t.Context())
	require.NoError(t, err)
	w.person, err = cloud.NewClients(config, w.clock, nil).For(t.Context(), cloud.Identity{})
	require.NoError(t, err)
	w.spec = readStory(t, kind.PipelineExecution)[0].Spec
	return w
}

// starts is an execution of the display name nightly that a user starts, and its ARN.
func (w *executionWorld) starts(description string) string {
	w.t.Helper()
	request := shape.Tree{
		"PipelineName": "steps", "PipelineParameters": []any{map[string]any{"Name": "Rounds", "Value": "99"}},
		"PipelineExecutionDisplayName": "nightly", "ClientRequestToken": strings.Repeat("t", 32) + w.clock.Now().Format("150405"),
	}
	if description != "" {
		request["PipelineExecutionDescription"] = description
	}
	answer, err := kind.PipelineExecution.Create.Call(w.t.Context(), w.person, request)
	require.NoError(w.t, err)
	return shape.String(answer, "PipelineExecutionArn")
}

func (w *executionWorld) changes(arn string, members shape.Tree) {
	w.t.Helper()
	members["PipelineExecutionArn"] = arn
	_, err := kind.PipelineExecution.Update.Call(w.t.Context(), w.person, members)
	require.NoError(w.t, err)
}

func (w *executionWorld) withARN(arn string) simulator.Object {
	w.t.Helper()
	for _, o := range w.aws.Objects(w.kind.Kind()) {
		if o.ARN == arn {
			return o
		}
	}
	require.Fail(w.t, "not in AWS", arn)
	return simulator.Object{}
}

// runs reconciles until AWS executes something of ours.
func (w *executionWorld) runs() string {
	w.t.Helper()
	for range 100 {
		obj := w.reconcile(time.Second)
		if told(obj) == reason.Running && obj.Common().ARN != "" {
			return obj.Common().ARN
		}
	}
	obj, _ := w.get(w.t.Context())
	require.Fail(w.t, "nothing runs", "%+v", obj.GetConditions())
	return ""
}

func (w *executionWorld) started() int { return len(w.aws.Objects("PipelineExecution")) }

// A stranger's execution is never adopted and never stopped, whatever it is called.
func TestStrangersExecution(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		reason, description string
		adoption            string
	}{
		{"without a description", "", "IfOwned"},
		{"with one", "nightly", "IfOwned"},
		{"of another owner", identity.Sign("nightly", identity.Token(identity.Owner{Cluster: "other"}, "nightly")), "IfOwned"},
		{"where what is nobody's may be adopted", "", "Unowned"},
		{"of another owner where what is nobody's may be adopted", identity.Sign("", "x"), "Unowned"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			t.Parallel()
			w := newExecutions(t)
			theirs := w.starts(row.description)
			w.change(map[string]any{"pipelineExecutionDisplayName": "nightly", "adoptionPolicy": row.adoption, "pipelineExecutionDescription": "ours"})
			ours := w.runs()
			require.NotEqual(t, theirs, ours)
			require.Equal(t, 2, w.started())
			w.starts(row.description) // a newer one

			w.change(map[string]any{"pipelineExecutionDisplayName": "weekly"})
			weekly := w.runs()
			require.Equal(t, "Stopped", w.withARN(ours).Status, "it is superseded")
			require.NotContains(t, []string{"Stopping", "Stopped"}, w.withARN(theirs).Status)

			w.forget()
			w.change(nil)
			require.Equal(t, weekly, w.runs(), "a rebuilt cluster finds its own")
			require.Equal(t, 4, w.started())
			w.push(step{Say: "deleted"})
			require.Equal(t, "Stopped", w.withARN(weekly).Status)
			require.Equal(t, "Succeeded", w.withARN(theirs).Status, "nobody stopped it")
		})
	}
}

// What the controller's version before this one has started stays ours: by the ARN in
// status, and in a rebuilt cluster by a display name that has our digest in it.
func TestEarlierExecutions(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		reason, displayName string
		rebuilt             bool
	}{
		{"a name of ours, with status", "", false},
		{"a name of ours, without", "", true},
		{"an explicit name, with status", "nightly", false},
		{"an explicit name, without: AWS knows the request", "nightly", true},
	} {
		t.Run(row.reason, func(t *testing.T) {
			t.Parallel()
			w := newExecutions(t)
			if row.displayName != "" {
				w.spec["pipelineExecutionDisplayName"] = row.displayName
			}
			w.change(nil)
			arn := w.runs()
			w.changes(arn, shape.Tree{"PipelineExecutionDescription": " "}) // as if nobody had signed it
			if row.rebuilt {
				w.forget()
				w.change(nil)
			}
			is := w.runs()
			require.Equal(t, arn, is)
			require.Equal(t, 1, w.started())
			w.push(step{Say: "deleted"})
			require.Equal(t, "Stopped", w.withARN(is).Status)
		})
	}
}

// The description is the user's, and the token stays behind it whatever changes.
func TestExecutionDescription(t *testing.T) {
	t.Parallel()
	w := newExecutions(t)
	w.change(map[string]any{"pipelineExecutionDescription": "ten rounds"})
	arn := w.runs()
	obj, err := w.get(t.Context())
	require.NoError(t, err)
	token := identity.Token(identity.Owner{Cluster: "prod", Namespace: "ml", Kind: "PipelineExecution", Name: "abalone"}, obj.Common().Name)
	require.Equal(t, identity.Sign("ten rounds", token), w.withARN(arn).Document["PipelineExecutionDescription"])
	w.aws.Journal().Reset()
	w.rest(time.Minute)
	require.Zero(t, w.carriedOut("UpdatePipelineExecution"), "the token is no drift")

	w.change(map[string]any{"pipelineExecutionDescription": "many rounds"})
	w.rest(20 * time.Second)
	require.Equal(t, identity.Sign("many rounds", token), w.withARN(arn).Document["PipelineExecutionDescription"])
	require.Equal(t, 1, w.carriedOut("UpdatePipelineExecution"))

	w.changes(arn, shape.Tree{"PipelineExecutionDisplayName": "renamed-by-hand"})
	w.forget()
	w.change(nil)
	require.Equal(t, arn, w.runs(), "the token finds it whatever it is called")
	require.Equal(t, 1, w.started())
}

// Who observes gets the newest execution of the display name and changes nothing.
func TestObservedExecution(t *testing.T) {
	t.Parallel()
	w := newExecutions(t)
	w.starts("")
	w.clock.Step(time.Second)
	newest := w.starts("")
	w.aws.Journal().Reset()
	w.change(map[string]any{"pipelineExecutionDisplayName": "nightly", "managementPolicy": "Observe"})
	w.rest(time.Minute)
	obj, err := w.get(t.Context())
	require.NoError(t, err)
	require.Equal(t, newest, obj.Common().ARN)
	require.Empty(t, w.aws.Journal().Mutations())
}
