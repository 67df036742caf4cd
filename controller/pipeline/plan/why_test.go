package plan_test

import (
	"maps"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/gate"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/plan"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/render"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

const everyKindOfStep = `
artifacts: s3://acme/pipelines
steps:
- name: job
  template: {kind: TrainingJob, spec: {roleARN: "arn:aws:iam::123456789012:role/abalone"}}
- name: revision
  template: {kind: Model, spec: {executionRoleARN: "{{ .steps.job.outputs.name }}"}}
- name: gate
  dependsOn: [revision]
  gate: {checks: [{name: rmse, metric: {step: job, name: rmse}, max: "2.2"}]}
- name: approval
  dependsOn: [gate]
  approval: {}
- name: service
  dependsOn: [approval]
  template: {kind: Endpoint, spec: {endpointConfigName: "of-{{ .steps.revision.outputs.name }}"}}
`

// TestWhyIsTrueNow: of every kind of step, status never says that something does not exist
// which does, nor that something will be created which was.
func TestWhyIsTrueNow(t *testing.T) {
	in := input(t, everyKindOfStep)
	in.Kinds = maps.Clone(kinds)
	in.Kinds["Model"] = plan.Kind{Spec: reflect.TypeFor[v1alpha1.ModelSpec](), Outputs: func(shape.Tree) []string { return []string{"name"} }}
	p, err := plan.Make(in)
	require.NoError(t, err)
	f := facts()
	f.Seen, f.Was, f.Known, f.Told, f.Metrics = map[string]plan.Seen{}, map[string]v1alpha1.StepStatus{}, false, false, rmse(2.1)
	f.Output = func(render.Use) (string, error) { return "x", nil }

	reached := map[string]bool{}
	for range 30 {
		decisions := p.Decide(f)
		for i, d := range decisions {
			name, s := d.Step.Spec.Name, d.Status
			exists := f.Seen[name].State != plan.Absent
			require.NotContains(t, s.Why, "there is no ", name)
			if exists || s.Phase == v1alpha1.StepSucceeded {
				require.NotContains(t, s.Why, "will create", "%s: %s", name, s.Phase)
			}
			if s.Phase == v1alpha1.StepSucceeded && d.Step.Child != "" {
				require.Equal(t, "created "+s.Kind+" "+s.Child, s.Why)
				require.Equal(t, v1alpha1.ActionRun, s.Action)
			}
			if !exists && d.Step.Child != "" {
				require.Equal(t, "will create "+s.Kind+" "+s.Child, s.Why)
			}
			reached[name] = s.Phase == v1alpha1.StepSucceeded
			if d.Create {
				require.Equal(t, "created "+s.Kind+" "+s.Child, decisions[i].Created())
				f.Seen[name] = plan.Seen{State: plan.Working}
			} else if f.Seen[name].State == plan.Working {
				f.Seen[name] = plan.Seen{State: plan.Done}
			}
			f.Was[name] = decisions[i].Status
			if s.Phase == v1alpha1.StepAwaiting {
				f.Approvals = map[v1alpha1.ApprovalSource][]v1alpha1.PipelineApproval{
					v1alpha1.ApprovalInGit: {{Step: name, Evidence: gate.Evidence(p.Upstream(name), []gate.Result{{Name: "gate/rmse", Outcome: gate.Passed, Value: "2.1"}})}},
				}
			}
		}
		f.Told = true
	}
	require.Equal(t, map[string]bool{"job": true, "revision": true, "gate": true, "approval": true, "service": true}, reached)

	t.Run("status of an earlier version", func(t *testing.T) {
		for name, was := range f.Was {
			if was.Child != "" {
				was.Why = "there is no " + was.Child + " yet"
				f.Was[name] = was
			}
		}
		for _, d := range p.Decide(f) {
			require.NotContains(t, d.Status.Why, "there is no", d.Step.Spec.Name)
		}
	})
	t.Run("a template that differs, and no longer does", func(t *testing.T) {
		f.Seen["job"] = plan.Seen{State: plan.Done, Differs: []string{"resourceConfig.instanceType"}}
		d := p.Decide(f)[0]
		require.Contains(t, d.Status.Why, "resourceConfig.instanceType will take effect with the next")
		f.Was["job"], f.Seen["job"] = d.Status, plan.Seen{State: plan.Done}
		require.NotContains(t, p.Decide(f)[0].Status.Why, "will take effect")
	})
	t.Run("deleted by somebody", func(t *testing.T) {
		delete(f.Seen, "service")
		all := p.Decide(f)
		require.True(t, all[len(all)-1].Create)
		require.True(t, strings.HasPrefix(all[len(all)-1].Status.Why, "will create"))
	})
	t.Run("skipped", func(t *testing.T) {
		in := in
		in.Spec = read(t, strings.ReplaceAll(everyKindOfStep, "dependsOn: [approval]", "dependsOn: [approval]\n  when: \"false\""))
		skipping, err := plan.Make(in)
		require.NoError(t, err)
		for _, d := range skipping.Decide(f) {
			if d.Step.Spec.Name == "service" {
				require.Equal(t, v1alpha1.StepSkipped, d.Status.Phase)
				require.Empty(t, d.Status.Why)
			}
		}
	})
}

// TestWhyOfARetry: what a user asks to run again says so, and not why it ran at first.
func TestWhyOfARetry(t *testing.T) {
	t.Parallel()
	p := made(t, text)
	f := facts()
	f.Told, f.Forced = true, true
	f.Was["train"] = v1alpha1.StepStatus{Digest: p.Step("train").Digest, Action: v1alpha1.ActionRun, Why: "created TrainingJob x"}
	f.Seen["train"] = plan.Seen{State: plan.Broken}
	d := p.Decide(f)[0]
	require.True(t, d.Retry)
	require.Equal(t, "somebody asks for it", d.Status.Why)
	f.Forced, f.Was["train"], f.Seen["train"] = false, d.Status, plan.Seen{State: plan.Working, Attempt: 1}
	require.Equal(t, "somebody asks for it", p.Decide(f)[0].Status.Why)
}
