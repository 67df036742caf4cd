package plan_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/gate"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/plan"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/render"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// history is a pipeline's life in a world of which only what matters is there: which
// jobs AWS has, and which resources the cluster.
type history struct {
	t      *testing.T
	random *rand.Rand
	jobs   int
	spec   *v1alpha1.ModelPipelineSpec
	plan   *plan.Plan

	started map[string]bool   // jobs that AWS was ever asked for
	ended   map[string]bool   // those that have ended, and whether well
	paths   map[string]string // who writes where
	cluster map[string]string // resources, with their digests
	status  map[string]v1alpha1.StepStatus
	served  []string // plans, the newest last
	granted map[string]bool
	flawed  map[string]bool // jobs that fail
}

// graphOf is a random pipeline: jobs that need others, a gate on one, an approval of
// all, and an endpoint.
func graphOf(random *rand.Rand, jobs int) *v1alpha1.ModelPipelineSpec {
	spec := &v1alpha1.ModelPipelineSpec{Artifacts: "s3://acme/pipelines", Params: map[string]string{}}
	for i := range jobs {
		spec.Params[fmt.Sprintf("p%d", i)] = "0"
		var uses []string
		for j := range i {
			if random.IntN(3) == 0 {
				uses = append(uses, fmt.Sprintf("{{ .steps.s%d.outputs.modelData }}", j))
			}
		}
		step := v1alpha1.PipelineStep{Name: fmt.Sprintf("s%d", i), Template: &v1alpha1.StepTemplate{Kind: "TrainingJob"}}
		step.Template.Spec.Raw = fmt.Appendf(nil, `{"hyperParameters":{"p":"{{ .params.p%d }}","of":%q},"checkpointConfig":{"s3URI":"{{ .step.path }}"}}`, i, strings.Join(uses, ","))
		spec.Steps = append(spec.Steps, step)
	}
	last := fmt.Sprintf("s%d", jobs-1)
	serve := v1alpha1.PipelineStep{Name: "serve", DependsOn: []string{"approve"}, Template: &v1alpha1.StepTemplate{Kind: "Endpoint"}}
	serve.Template.Spec.Raw = fmt.Appendf(nil, `{"endpointConfigName":"{{ .steps.%s.outputs.name }}"}`, last)
	spec.Steps = append(spec.Steps,
		v1alpha1.PipelineStep{Name: "gate", Gate: &v1alpha1.PipelineGate{Checks: []v1alpha1.GateCheck{
			{Name: "rmse", Metric: &v1alpha1.GateMetric{Step: last, Name: "rmse"}, Max: "2"},
		}}},
		v1alpha1.PipelineStep{Name: "approve", DependsOn: []string{"gate"}, Approval: &v1alpha1.ApprovalStep{}},
		serve,
	)
	random.Shuffle(len(spec.Steps), func(i, j int) { spec.Steps[i], spec.Steps[j] = spec.Steps[j], spec.Steps[i] })
	return spec
}

// push makes the plan of parameters.
func (h *history) push(params map[string]string) {
	spec := h.spec.DeepCopy()
	spec.Params = maps.Clone(params)
	p, err := plan.Make(plan.Input{Cluster: "prod", Namespace: "ml", Pipeline: "abalone", Spec: spec, Params: params, Kinds: kinds})
	require.NoError(h.t, err)
	h.spec, h.plan = spec, p
}

func (h *history) facts() plan.Facts {
	f := plan.Facts{
		Now: now, Seen: map[string]plan.Seen{}, Was: h.status, Approvals: inGit(h.spec.Approvals),
		Metrics: rmse(1),
		Serving: func(string, string) gate.Value { return gate.Value{Missing: "nothing serves"} },
		Output:  func(render.Use) (string, error) { return "", nil },
		Known:   slices.Contains(h.served, h.plan.Digest),
	}
	for _, step := range h.plan.Steps {
		digest, there := h.cluster[step.Child]
		if step.Child == "" || !there {
			continue
		}
		seen := plan.Seen{State: plan.Done, Outdated: digest != step.Digest}
		if step.Kind.Job {
			well, over := h.ended[step.Child]
			switch {
			case !over:
				seen.State = plan.Working
			case !well:
				seen.State, seen.Reason = plan.Broken, reason.AlgorithmError
			}
		}
		f.Seen[step.Spec.Name] = seen
	}
	return f
}

// round carries out what is due, and checks that it may be. It tells whether
// anything was.
func (h *history) round() bool {
	decisions := h.plan.Decide(h.facts())
	h.status = map[string]v1alpha1.StepStatus{}
	for _, d := range decisions {
		h.status[d.Status.Name] = d.Status
	}
	busy := false
	for _, d := range decisions {
		step := d.Step
		if !d.Create && !d.Update {
			continue
		}
		busy = true
		for _, need := range step.Needs {
			require.Equal(h.t, v1alpha1.StepSucceeded, h.status[need].Phase, "%s runs before %s has succeeded", step.Spec.Name, need)
		}
		h.cluster[step.Child] = step.Digest
		if step.Kind.Service {
			evidence := h.status["approve"].Evidence
			require.True(h.t, h.granted[evidence] || slices.Contains(h.served, h.plan.Digest), "what serves was approved")
			continue
		}
		if h.started[step.Child] {
			continue // AWS is asked by name first, and has it
		}
		h.started[step.Child] = true
		if other, taken := h.paths[step.Path]; taken {
			require.Equal(h.t, step.Child, other, "%s is written by one digest", step.Path)
		}
		h.paths[step.Path] = step.Child
	}
	for name := range h.started {
		if _, over := h.ended[name]; !over && h.random.IntN(2) == 0 {
			h.ended[name] = !h.flawed[name]
			busy = true
		}
	}
	if all := h.status; all["serve"].Phase == v1alpha1.StepSucceeded && !slices.Contains(h.served, h.plan.Digest) {
		h.served = append(h.served, h.plan.Digest)
	}
	return busy || slices.ContainsFunc(slices.Collect(maps.Keys(h.started)), func(name string) bool { _, over := h.ended[name]; return !over })
}

func (h *history) settle() {
	for range 200 {
		if !h.round() {
			return
		}
	}
	require.Fail(h.t, "it does not come to rest")
}

// TestRandomHistories pushes, goes back, approves, loses its status and its cluster,
// in pipelines of all shapes: every step runs once for a digest, behind all that it
// needs, no two digests write to one place, what serves was approved, and playing the
// same pushes again in a new cluster starts nothing.
func TestRandomHistories(t *testing.T) {
	for seed := range uint64(500) {
		random := rand.New(rand.NewPCG(seed, 1))
		h := &history{
			t: t, random: random, jobs: 1 + random.IntN(6), started: map[string]bool{}, ended: map[string]bool{}, paths: map[string]string{},
			cluster: map[string]string{}, status: map[string]v1alpha1.StepStatus{}, granted: map[string]bool{}, flawed: map[string]bool{},
		}
		h.spec = graphOf(random, h.jobs)
		pushed := []map[string]string{h.spec.Params}
		h.push(h.spec.Params)
		for range 12 {
			switch random.IntN(7) {
			case 0, 1: // another parameter
				params := maps.Clone(h.spec.Params)
				params[fmt.Sprintf("p%d", random.IntN(h.jobs))] = strconv.Itoa(random.IntN(3))
				pushed = append(pushed, params)
				h.push(params)
			case 2: // back to an earlier push
				h.push(pushed[random.IntN(len(pushed))])
			case 3: // what waits is approved
				if evidence := h.status["approve"].Evidence; evidence != "" {
					h.granted[evidence] = true
					h.spec.Approvals = append(h.spec.Approvals, v1alpha1.PipelineApproval{Step: "approve", Evidence: evidence})
				}
			case 4: // status is lost
				h.status = map[string]v1alpha1.StepStatus{}
			case 5: // the cluster is lost
				h.status, h.cluster, h.served = map[string]v1alpha1.StepStatus{}, map[string]string{}, nil
			case 6: // a job of the plan fails, if it has not run yet
				step := h.plan.Step(fmt.Sprintf("s%d", random.IntN(h.jobs)))
				if !h.started[step.Child] {
					h.flawed[step.Child] = true
				}
			}
			h.settle()
		}
		before := 0
		for range 2 { // the first time runs what a push had no time for, or was not approved for
			before = len(h.started)
			h.status, h.cluster, h.served = map[string]v1alpha1.StepStatus{}, map[string]string{}, nil
			for _, params := range pushed {
				h.push(params)
				h.settle()
			}
		}
		require.Len(t, h.started, before, "the same pushes in a new cluster start nothing")
	}
}
