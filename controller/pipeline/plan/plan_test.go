package plan_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/gate"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/plan"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/render"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// kinds are a job and a service, as the loop describes them.
var kinds = map[string]plan.Kind{
	"TrainingJob": {
		Spec: reflect.TypeFor[v1alpha1.TrainingJobSpec](), Job: true, Instance: "resourceConfig.instanceType",
		Outside: []string{"resourceConfig.instanceType"}, Written: []string{"checkpointConfig.s3URI"}, Refused: []string{"trainingJobName"},
		Outputs: func(shape.Tree) []string { return []string{"modelData", "name"} },
	},
	"Endpoint": {Spec: reflect.TypeFor[v1alpha1.EndpointSpec](), Service: true, Outputs: func(shape.Tree) []string { return []string{"name"} }},
}

const text = `
artifacts: s3://acme/pipelines
params: {rounds: "100", machine: ml.m5.large, max: "2.2"}
steps:
- name: serve
  dependsOn: [approve]
  template: {kind: Endpoint, spec: {endpointConfigName: "of-{{ .steps.train.outputs.name }}"}}
- name: train
  template:
    kind: TrainingJob
    spec:
      roleARN: arn:aws:iam::123456789012:role/abalone
      hyperParameters: {num_round: "{{ .params.rounds }}"}
      outputDataConfig: {s3OutputPath: "{{ .step.path }}"}
      resourceConfig: {instanceType: "{{ .params.machine }}"}
- name: quality
  gate: {checks: [{name: rmse, metric: {step: train, name: rmse}, max: "{{ .params.max }}", precision: 1}]}
- name: approve
  dependsOn: [quality]
  approval: {expiresAfter: 1h}
`

func read(t *testing.T, from string) *v1alpha1.ModelPipelineSpec {
	t.Helper()
	var spec v1alpha1.ModelPipelineSpec
	require.NoError(t, yaml.UnmarshalStrict([]byte(from), &spec))
	return &spec
}

func input(t *testing.T, from string) plan.Input {
	t.Helper()
	spec := read(t, from)
	return plan.Input{Cluster: "prod", Namespace: "ml", Pipeline: "abalone", Spec: spec, Params: spec.Params, Kinds: kinds}
}

func made(t *testing.T, from string) *plan.Plan {
	t.Helper()
	p, err := plan.Make(input(t, from))
	require.NoError(t, err)
	return p
}

// Digests name what AWS runs, so that they may never become others by accident.
func TestDigests(t *testing.T) {
	want := map[string][]string{
		"a": {"train aaihbbdpom abalone-train-aaihbbdpom", "quality aigrbne6ie ", "approve abvjfpjtjb ", "serve agqmx2ncsh abalone-serve"},
		"b": {"train baihbbdpom abalone-train-baihbbdpom", "quality bryguh557o ", "approve bem5alurxp ", "serve bwzt6vqrbv abalone-serve"},
	}
	for _, hash := range identity.Supported() {
		in := input(t, text)
		in.Hashes = identity.Hashes{hash}
		p, err := plan.Make(in)
		require.NoError(t, err)
		steps := make([]string, 0, len(p.Steps))
		for _, step := range p.Steps {
			steps = append(steps, step.Spec.Name+" "+step.Digest+" "+step.Child)
		}
		require.Equal(t, want[hash.Version], steps)
		require.Equal(t, "s3://acme/pipelines/abalone/train/"+p.Step("train").Digest, p.Step("train").Path)
	}
}

// TestVersions: what is known by an older version of hash stays as that has named it, with
// the gates and approvals that follow from it.
func TestVersions(t *testing.T) {
	in := input(t, text)
	all, err := plan.Versions(in)
	require.NoError(t, err)
	newer, older := all[0], all[1]
	changed := input(t, strings.Replace(text, "of-{{", "by-{{", 1))
	moved, err := plan.Versions(changed)
	require.NoError(t, err)
	for _, row := range []struct {
		reason string
		in     plan.Input
		known  []string
		plan   string
		train  string
		serve  string
	}{
		{"nothing is known", in, nil, newer.Digest, newer.Step("train").Digest, newer.Step("serve").Digest},
		{"the plan is", in, []string{older.Digest}, older.Digest, older.Step("train").Digest, older.Step("serve").Digest},
		{"its job is, in AWS", in, []string{older.Step("train").Digest}, older.Digest, older.Step("train").Digest, older.Step("serve").Digest},
		{"its job is, by both", in, []string{older.Step("train").Digest, newer.Step("train").Digest}, newer.Digest, newer.Step("train").Digest, newer.Step("serve").Digest},
		{"its job is, and what it serves has changed", changed, []string{older.Step("train").Digest}, moved[1].Digest, older.Step("train").Digest, moved[1].Step("serve").Digest},
	} {
		row.in.Known = func(digest string) bool { return slices.Contains(row.known, digest) }
		p, err := plan.Make(row.in)
		require.NoError(t, err)
		require.Equal(t, []string{row.plan, row.train, row.serve}, []string{p.Digest, p.Step("train").Digest, p.Step("serve").Digest}, row.reason)
	}
}

// What changes which digest.
func TestWhatADigestCovers(t *testing.T) {
	before := made(t, text).Digests()
	for _, row := range []struct {
		reason   string
		from, to string
		changed  string
	}{
		{"a hyperparameter", `rounds: "100"`, `rounds: "200"`, "approve quality serve train"},
		{"another machine comes to the same", "ml.m5.large", "ml.m5.xlarge", ""},
		{"a bound", `max: "2.2"`, `max: "2.3"`, "approve quality"},
		{"a parameter that nobody uses", `rounds: "100"`, `rounds: "100", colour: red`, ""},
		{"the order of steps that need nothing of each other", "dependsOn: [approve]", "dependsOn: [approve, quality]", ""},
		{"what is served", "of-{{", "by-{{", "serve"},
		{"where all is kept", "s3://acme/pipelines", "s3://acme/elsewhere", ""},
		{"a new run", "params:", "rerun: again\nparams:", "approve quality serve train"},
		{"an approval", "steps:", `approvals: [{step: approve, evidence: "sha256:` + strings.Repeat("0", 64) + `"}]` + "\nsteps:", ""},
		{"another number", "{instanceType:", "{instanceCount: 1, instanceType:", "approve quality serve train"},
		{"a tag", "roleARN:", "tags: [{key: a, value: b}]\n      roleARN:", ""},
	} {
		t.Run(row.reason, func(t *testing.T) {
			var changed []string
			for _, name := range []string{"approve", "quality", "serve", "train"} {
				if made(t, strings.ReplaceAll(text, row.from, row.to)).Digests()[name] != before[name] {
					changed = append(changed, name)
				}
			}
			require.Equal(t, row.changed, strings.Join(changed, " "))
		})
	}
	literal := made(t, strings.ReplaceAll(text, "{instanceType:", "{instanceCount: 1, instanceType:")).Digests()
	filled := made(t, strings.ReplaceAll(strings.ReplaceAll(text, "{instanceType:", `{instanceCount: "{{ .params.one }}", instanceType:`), "params: {", `params: {one: "1", `)).Digests()
	require.Equal(t, literal, filled, "a parameter is what it stands for")

	triggered := input(t, text)
	triggered.Token = "schedule/2026-11-23T02:00:00Z"
	later, err := plan.Make(triggered)
	require.NoError(t, err)
	require.NotEqual(t, before["train"], later.Digests()["train"], "a trigger makes jobs run again")
	require.NotEqual(t, before["serve"], later.Digests()["serve"], "and what is made of them")

	elsewhere := input(t, text)
	elsewhere.Cluster = "staging"
	p, err := plan.Make(elsewhere)
	require.NoError(t, err)
	require.NotEqual(t, before["train"], p.Digests()["train"], "no two clusters share a run")
}

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// rmse is what every step has come to.
func rmse(n float64) func(string) map[string]float64 {
	return func(string) map[string]float64 { return map[string]float64{"rmse": n} }
}

// facts are those of a pipeline whose job has ended well with a metric of 2.08.
func facts() plan.Facts {
	return plan.Facts{
		Now: now, Seen: map[string]plan.Seen{"train": {State: plan.Done}}, Was: map[string]v1alpha1.StepStatus{},
		Metrics: rmse(2.08),
		Serving: func(string, string) gate.Value { return gate.Value{Missing: "nothing serves"} },
	}
}

func phases(all []plan.Decision) string {
	list := make([]string, 0, len(all))
	for _, d := range all {
		list = append(list, fmt.Sprintf("%s:%s", d.Status.Name, d.Status.Phase))
	}
	return strings.Join(list, " ")
}

// TestMessages: a step at work says at what, even before its resource does.
func TestMessages(t *testing.T) {
	p := made(t, text)
	for says, want := range map[string]string{"": "waiting for " + p.Step("train").Child, "InProgress: Training": "InProgress: Training"} {
		f := facts()
		f.Seen["train"] = plan.Seen{State: plan.Working, Message: says}
		require.Equal(t, want, p.Decide(f)[0].Status.Message)
	}
}

func TestDecide(t *testing.T) {
	p := made(t, text)
	evidence := gate.Evidence(p.Upstream("approve"), []gate.Result{{Name: "quality/rmse", Outcome: gate.Passed, Value: "2.1"}})
	decided := func(rejected bool) []v1alpha1.PipelineApproval {
		return []v1alpha1.PipelineApproval{{Step: "approve", Evidence: evidence, Rejected: rejected}}
	}
	for _, row := range []struct {
		reason string
		change func(f *plan.Facts)
		phases string
		due    string
	}{
		{"nothing is there", func(f *plan.Facts) { f.Seen = nil }, "train:Running quality:Pending approve:Pending serve:Pending", "create train"},
		{"the job runs", func(f *plan.Facts) { f.Seen["train"] = plan.Seen{State: plan.Working} }, "train:Running quality:Pending approve:Pending serve:Pending", ""},
		{"the job is done, and good", func(*plan.Facts) {}, "train:Succeeded quality:Succeeded approve:AwaitingApproval serve:Pending", ""},
		{"it is approved", func(f *plan.Facts) { f.Approvals = inGit(decided(false)) }, "train:Succeeded quality:Succeeded approve:Succeeded serve:Running", "create serve"},
		{"it is rejected", func(f *plan.Facts) { f.Approvals = inGit(decided(true)) }, "train:Succeeded quality:Succeeded approve:Failed serve:Blocked", ""},
		{"both: to reject is safer", func(f *plan.Facts) { f.Approvals = inGit(append(decided(false), decided(true)...)) }, "train:Succeeded quality:Succeeded approve:Failed serve:Blocked", ""},
		{"something else was approved", func(f *plan.Facts) {
			f.Approvals = inGit([]v1alpha1.PipelineApproval{{Step: "approve", Evidence: "sha256:00"}})
		}, "train:Succeeded quality:Succeeded approve:AwaitingApproval serve:Pending", ""},
		{"it was approved before the approval was taken out", func(f *plan.Facts) {
			f.Was["approve"] = v1alpha1.StepStatus{Evidence: evidence, Decision: plan.Approved}
		}, "train:Succeeded quality:Succeeded approve:Succeeded serve:Running", "create serve"},
		{"it was rejected before the rejection was taken out", func(f *plan.Facts) {
			f.Was["approve"] = v1alpha1.StepStatus{Evidence: evidence, Decision: plan.Rejected}
		}, "train:Succeeded quality:Succeeded approve:Failed serve:Blocked", ""},
		{"it was rejected, and is approved now", func(f *plan.Facts) {
			f.Approvals = inGit(decided(false))
			f.Was["approve"] = v1alpha1.StepStatus{Evidence: evidence, Decision: plan.Rejected}
		}, "train:Succeeded quality:Succeeded approve:Succeeded serve:Running", "create serve"},
		{"something else was rejected", func(f *plan.Facts) {
			f.Was["approve"] = v1alpha1.StepStatus{Evidence: "sha256:00", Decision: plan.Rejected}
		}, "train:Succeeded quality:Succeeded approve:AwaitingApproval serve:Pending", ""},
		{"nobody decides for too long", func(f *plan.Facts) {
			f.Was["approve"] = v1alpha1.StepStatus{Evidence: evidence, Since: new(metav1.NewTime(now.Add(-time.Hour)))}
		}, "train:Succeeded quality:Succeeded approve:Failed serve:Blocked", ""},
		{"somebody asks again after that", func(f *plan.Facts) {
			f.Forced = true
			f.Was["approve"] = v1alpha1.StepStatus{Evidence: evidence, Decision: plan.Expired, Since: new(metav1.NewTime(now.Add(-time.Hour)))}
		}, "train:Succeeded quality:Succeeded approve:AwaitingApproval serve:Pending", ""},
		{"it serves", func(f *plan.Facts) {
			f.Approvals, f.Seen["serve"] = inGit(decided(false)), plan.Seen{State: plan.Done}
		}, "train:Succeeded quality:Succeeded approve:Succeeded serve:Succeeded", ""},
		{"something else serves", func(f *plan.Facts) {
			f.Approvals, f.Seen["serve"] = inGit(decided(false)), plan.Seen{State: plan.Done, Outdated: true}
		}, "train:Succeeded quality:Succeeded approve:Succeeded serve:Running", "update serve"},
		{"something else serves, and this is not approved", func(f *plan.Facts) {
			f.Seen["serve"] = plan.Seen{State: plan.Done, Outdated: true}
		}, "train:Succeeded quality:Succeeded approve:AwaitingApproval serve:Pending", ""},
		{"it has served before", func(f *plan.Facts) { f.Known = true }, "train:Succeeded quality:Succeeded approve:Succeeded serve:Running", "create serve"},
		{
			"not good enough", func(f *plan.Facts) { f.Metrics = rmse(2.3) },
			"train:Succeeded quality:Failed approve:Blocked serve:Blocked", "",
		},
		{
			"nobody can say", func(f *plan.Facts) {
				f.Metrics = func(string) map[string]float64 { return nil }
			},
			"train:Succeeded quality:Held approve:Blocked serve:Blocked", "",
		},
		{"what was judged is not judged again", func(f *plan.Facts) {
			f.Metrics = rmse(9)
			f.Was["quality"] = v1alpha1.StepStatus{Digest: p.Step("quality").Digest, Checks: []v1alpha1.CheckResult{{Name: "rmse", Outcome: "Passed", Value: "2.1"}}}
		}, "train:Succeeded quality:Succeeded approve:AwaitingApproval serve:Pending", ""},
		{"unless nobody could say", func(f *plan.Facts) {
			f.Was["quality"] = v1alpha1.StepStatus{Digest: p.Step("quality").Digest, Checks: []v1alpha1.CheckResult{{Name: "rmse", Outcome: "Inconclusive"}}}
		}, "train:Succeeded quality:Succeeded approve:AwaitingApproval serve:Pending", ""},
		{
			"the job fails", func(f *plan.Facts) { f.Seen["train"] = plan.Seen{State: plan.Broken, Reason: reason.AlgorithmError} },
			"train:Failed quality:Blocked approve:Blocked serve:Blocked", "",
		},
		{
			"without a retry a shortage is a failure too", func(f *plan.Facts) { f.Seen["train"] = plan.Seen{State: plan.Broken, Reason: reason.CapacityError} },
			"train:Failed quality:Blocked approve:Blocked serve:Blocked", "",
		},
	} {
		t.Run(row.reason, func(t *testing.T) {
			f := facts()
			row.change(&f)
			decisions := p.Decide(f)
			require.Equal(t, row.phases, phases(decisions))
			var due []string
			for _, d := range decisions {
				switch {
				case d.Create:
					due = append(due, "create "+d.Status.Name)
				case d.Update:
					due = append(due, "update "+d.Status.Name)
				case d.Retry:
					due = append(due, "retry "+d.Status.Name)
				}
			}
			require.Equal(t, row.due, strings.Join(due, ", "))
		})
	}
}

func inGit(approvals []v1alpha1.PipelineApproval) map[v1alpha1.ApprovalSource][]v1alpha1.PipelineApproval {
	return map[v1alpha1.ApprovalSource][]v1alpha1.PipelineApproval{v1alpha1.ApprovalInGit: approvals}
}

func TestApprovalSources(t *testing.T) {
	for _, row := range []struct {
		reason, sources string
		by              v1alpha1.ApprovalSource
		phase           v1alpha1.StepPhase
	}{
		{"git, by default", "", v1alpha1.ApprovalInGit, v1alpha1.StepSucceeded},
		{"an annotation, by default", "", v1alpha1.ApprovalByAnnotation, v1alpha1.StepSucceeded},
		{"git alone", "sources: [Git], ", v1alpha1.ApprovalInGit, v1alpha1.StepSucceeded},
		{"an annotation where git alone counts", "sources: [Git], ", v1alpha1.ApprovalByAnnotation, v1alpha1.StepAwaiting},
	} {
		p := made(t, strings.ReplaceAll(text, "approval: {", "approval: {"+row.sources))
		evidence := gate.Evidence(p.Upstream("approve"), []gate.Result{{Name: "quality/rmse", Outcome: gate.Passed, Value: "2.1"}})
		f := facts()
		f.Approvals = map[v1alpha1.ApprovalSource][]v1alpha1.PipelineApproval{row.by: {{Step: "approve", Evidence: evidence}}}
		require.Equal(t, row.phase, p.Decide(f)[2].Status.Phase, row.reason)
	}
}

func TestTimeout(t *testing.T) {
	p := made(t, strings.ReplaceAll(text, "- name: quality", "  timeout: 1h\n- name: quality"))
	digest := p.Step("train").Digest
	since := func(ago time.Duration, attempt int32) v1alpha1.StepStatus {
		return v1alpha1.StepStatus{Digest: digest, Attempt: attempt, Since: new(metav1.NewTime(now.Add(-ago)))}
	}
	for _, row := range []struct {
		reason  string
		was     v1alpha1.StepStatus
		seen    plan.Seen
		phase   v1alpha1.StepPhase
		stop    bool
		after   time.Duration
		message string
	}{
		{"it has just begun", v1alpha1.StepStatus{}, plan.Seen{State: plan.Working}, v1alpha1.StepRunning, false, time.Hour, ""},
		{"it began a while ago", since(20*time.Minute, 0), plan.Seen{State: plan.Working}, v1alpha1.StepRunning, false, 40 * time.Minute, ""},
		{"another attempt has begun", since(2*time.Hour, 0), plan.Seen{State: plan.Working, Attempt: 1}, v1alpha1.StepRunning, false, time.Hour, ""},
		{"too long", since(time.Hour, 0), plan.Seen{State: plan.Working}, v1alpha1.StepFailed, true, 0, "has not come to an end within 1h0m0s"},
		{"it was stopped for that", since(2*time.Hour, 0), plan.Seen{State: plan.Broken, Reason: reason.StoppedExternally}, v1alpha1.StepFailed, false, 0, "has not come to an end within 1h0m0s"},
		{"it was stopped for that, as the job says", since(2*time.Hour, 0), plan.Seen{State: plan.Broken, Reason: reason.Stopped, TimedOut: true}, v1alpha1.StepFailed, false, 0, "has not come to an end within 1h0m0s"},
		{"a person had stopped it before", since(2*time.Hour, 0), plan.Seen{State: plan.Broken, Reason: reason.Stopped, Message: "as asked"}, v1alpha1.StepFailed, false, 0, "as asked"},
		{"it failed by itself", since(2*time.Hour, 0), plan.Seen{State: plan.Broken, Reason: reason.AlgorithmError, Message: "out of memory"}, v1alpha1.StepFailed, false, 0, "out of memory"},
		{"it has ended in time", since(2*time.Hour, 0), plan.Seen{State: plan.Done}, v1alpha1.StepSucceeded, false, 0, ""},
	} {
		t.Run(row.reason, func(t *testing.T) {
			f := facts()
			f.Seen["train"], f.Was["train"] = row.seen, row.was
			d := p.Decide(f)[0]
			require.Equal(t, row.phase, d.Status.Phase)
			require.Equal(t, row.stop, d.Stop)
			require.Equal(t, row.after, d.After)
			require.Contains(t, d.Status.Message, row.message)
		})
	}
}

// A job that a person has stopped has not failed by itself, and is run again by nobody else.
func TestStoppedByAPerson(t *testing.T) {
	p := made(t, strings.ReplaceAll(text, "- name: quality", "  retry: {limit: 2, failures: [Capacity, Internal, Interrupted, Algorithm, Client]}\n- name: quality"))
	for _, row := range []struct {
		reason  string
		seen    plan.Seen
		stopped bool
	}{
		{"by the annotation", plan.Seen{Reason: reason.Stopped}, true},
		{"by the pipeline, after its time", plan.Seen{Reason: reason.Stopped, TimedOut: true}, false},
		{"by somebody else", plan.Seen{Reason: reason.StoppedExternally}, false},
	} {
		f := facts()
		row.seen.State = plan.Broken
		f.Seen["train"] = row.seen
		d := p.Decide(f)[0]
		require.Equal(t, v1alpha1.StepFailed, d.Status.Phase, row.reason)
		require.Equal(t, row.stopped, d.Stopped, row.reason)
		require.False(t, d.Retry, row.reason)
	}
}

// A job that is not to be reused runs in each plan, in one that comes again too.
func TestNeverCached(t *testing.T) {
	never := strings.ReplaceAll(text, "- name: quality", "  cache: Never\n- name: quality")
	first := made(t, never)
	require.NotEqual(t, made(t, text).Step("train").Digest, first.Step("train").Digest)
	require.Equal(t, first.Digests(), made(t, never).Digests())
	second := made(t, strings.ReplaceAll(never, "of-{{", "by-{{"))
	require.NotEqual(t, first.Step("train").Digest, second.Step("train").Digest, "something else has changed")
	third := made(t, strings.ReplaceAll(never, "ml.m5.large", "ml.m5.xlarge"))
	require.Equal(t, first.Digests(), third.Digests(), "nothing has changed that counts")

	f := facts()
	f.Was["train"] = v1alpha1.StepStatus{Digest: second.Step("train").Digest}
	back := first.Decide(f)[0]
	require.True(t, back.Retry)
	require.EqualValues(t, 1, back.Status.Attempt)
	require.Equal(t, v1alpha1.ActionRun, back.Status.Action)
	f.Was["train"] = v1alpha1.StepStatus{Digest: first.Step("train").Digest}
	require.Equal(t, v1alpha1.StepSucceeded, first.Decide(f)[0].Status.Phase)
}

func TestForced(t *testing.T) {
	p := made(t, text)
	f := facts()
	f.Forced = true
	f.Seen["train"] = plan.Seen{State: plan.Broken, Reason: reason.AlgorithmError, Attempt: 3}
	d := p.Decide(f)[0]
	require.True(t, d.Retry, "whatever the spec says of retries")
	require.EqualValues(t, 4, d.Status.Attempt)

	f.Seen["train"] = plan.Seen{State: plan.Done}
	failed := []v1alpha1.CheckResult{{Name: "rmse", Outcome: "Failed", Value: "9"}}
	f.Was["quality"] = v1alpha1.StepStatus{Digest: p.Step("quality").Digest, Checks: failed}
	require.Equal(t, v1alpha1.StepSucceeded, p.Decide(f)[1].Status.Phase, "what has failed is judged again")
	f.Forced = false
	require.Equal(t, v1alpha1.StepFailed, p.Decide(f)[1].Status.Phase)
}

// Decisions of the model registry are those of the version that a step makes.
func TestRegistry(t *testing.T) {
	p := made(t, text)
	for _, row := range []struct {
		reason   string
		seen     plan.Seen
		phase    v1alpha1.StepPhase
		decision string
	}{
		{"it waits", plan.Seen{State: plan.Working, Reason: reason.AwaitingApproval}, v1alpha1.StepAwaiting, ""},
		{"it is rejected", plan.Seen{State: plan.Broken, Reason: reason.Rejected}, v1alpha1.StepFailed, plan.Rejected},
	} {
		f := facts()
		f.Seen["train"] = row.seen
		d := p.Decide(f)[0]
		require.Equal(t, row.phase, d.Status.Phase, row.reason)
		require.Equal(t, row.decision, d.Status.Decision, row.reason)
	}
}

// What a plan has made it has made to its end; the next one takes it as it is.
func TestActionOfTheNextPlan(t *testing.T) {
	p := made(t, text)
	f := facts()
	f.Was["train"] = v1alpha1.StepStatus{Digest: p.Step("train").Digest, Action: v1alpha1.ActionRun, Why: "there is none yet"}
	f.Told = true
	require.Equal(t, v1alpha1.ActionRun, p.Decide(f)[0].Status.Action)
	f.Told = false
	require.Equal(t, v1alpha1.ActionReuse, p.Decide(f)[0].Status.Action)
}

// What has to go on for a while is measured from when it was there, once.
func TestMeasuring(t *testing.T) {
	p := made(t, text+`
- name: errors
  dependsOn: [serve]
  gate: {checks: [{name: errors, cloudWatch: {namespace: AWS/SageMaker, metricName: Invocation5XXErrors, statistic: Average, period: 10m, dimensions: {EndpointName: "{{ .steps.serve.outputs.name }}"}}, max: "0.01"}]}
`)
	require.Equal(t, []string{"serve"}, p.Step("errors").Needs)
	other := made(t, strings.ReplaceAll(text, "of-{{", "by-{{")+`
- name: errors
  gate: {checks: [{name: errors, cloudWatch: {namespace: AWS/SageMaker, metricName: Invocation5XXErrors, statistic: Average, period: 10m, dimensions: {EndpointName: "{{ .steps.serve.outputs.name }}"}}, max: "0.01"}]}
`)
	require.NotEqual(t, other.Step("errors").Digest, p.Step("errors").Digest, "another endpoint is measured anew")

	var asked []string
	f := facts()
	f.Known, f.Seen["serve"] = false, plan.Seen{State: plan.Done}
	f.Was["approve"] = v1alpha1.StepStatus{Decision: plan.Approved, Evidence: gate.Evidence(p.Upstream("approve"), []gate.Result{{Name: "quality/rmse", Outcome: gate.Passed, Value: "2.1"}})}
	f.Output = func(render.Use) (string, error) { return "abalone", nil }
	f.CloudWatch = func(m v1alpha1.GateCloudWatch, dimensions map[string]string, since time.Time) gate.Value {
		asked = append(asked, fmt.Sprint(m.MetricName, dimensions, since.Format(time.TimeOnly)))
		return gate.Value{Number: 0.02}
	}
	first := p.Decide(f)[4]
	require.Equal(t, v1alpha1.StepRunning, first.Status.Phase)
	require.Equal(t, "measuring until 2026-03-01T12:10:00Z", first.Status.Message)
	require.Equal(t, 10*time.Minute, first.After)
	require.Empty(t, asked)

	f.Was["errors"], f.Now = first.Status, now.Add(10*time.Minute)
	last := p.Decide(f)[4]
	require.Equal(t, v1alpha1.StepFailed, last.Status.Phase)
	require.Equal(t, "errors is 0.02, which is more than 0.01", last.Status.Message)
	require.Equal(t, []string{"Invocation5XXErrorsmap[EndpointName:abalone]12:00:00"}, asked)
	f.Was["errors"] = last.Status
	require.Equal(t, v1alpha1.StepFailed, p.Decide(f)[4].Status.Phase)
	require.Len(t, asked, 1, "it is not measured again")
}

func TestRetry(t *testing.T) {
	p := made(t, strings.ReplaceAll(text, "- name: quality", "  retry: {limit: 2, backoff: 1m}\n- name: quality"))
	for _, row := range []struct {
		reason, why string
		since       time.Duration
		attempt     int32
		phase       v1alpha1.StepPhase
		retry       bool
		after       time.Duration
	}{
		{"at once is too early", reason.CapacityError, 0, 0, v1alpha1.StepRetrying, false, time.Minute},
		{"a minute later", reason.CapacityError, time.Minute, 0, v1alpha1.StepRetrying, true, 0},
		{"the second time it takes twice as long", reason.InternalServerError, time.Minute, 1, v1alpha1.StepRetrying, false, time.Minute},
		{"and then", reason.Interrupted, 2 * time.Minute, 1, v1alpha1.StepRetrying, true, 0},
		{"enough is enough", reason.CapacityError, time.Hour, 2, v1alpha1.StepFailed, false, 0},
		{"what will not pass", reason.AlgorithmError, time.Hour, 0, v1alpha1.StepFailed, false, 0},
	} {
		t.Run(row.reason, func(t *testing.T) {
			f := facts()
			f.Seen["train"] = plan.Seen{State: plan.Broken, Reason: row.why, FailedAt: now.Add(-row.since), Attempt: row.attempt}
			d := p.Decide(f)[0]
			require.Equal(t, row.phase, d.Status.Phase)
			require.Equal(t, row.retry, d.Retry)
			require.Equal(t, row.after, d.After)
		})
	}
}

// Other instance types are for a shortage, and each is tried once.
func TestFallback(t *testing.T) {
	p := made(t, strings.ReplaceAll(text, "- name: quality", "  instanceFallback: [ml.c5.large, ml.c5.xlarge]\n- name: quality"))
	require.Equal(t, made(t, text).Digests(), p.Digests(), "it is no part of a digest")
	for _, row := range []struct {
		reason, why string
		attempt     int32
		instance    string
		phase       v1alpha1.StepPhase
	}{
		{"there is none of the template's", reason.CapacityError, 0, "ml.c5.large", v1alpha1.StepRetrying},
		{"nor of the first", reason.CapacityError, 1, "ml.c5.xlarge", v1alpha1.StepRetrying},
		{"nor of any", reason.CapacityError, 2, "", v1alpha1.StepFailed},
		{"something else is wrong", reason.AlgorithmError, 0, "", v1alpha1.StepFailed},
	} {
		t.Run(row.reason, func(t *testing.T) {
			f := facts()
			f.Seen["train"] = plan.Seen{State: plan.Broken, Reason: row.why, FailedAt: now.Add(-time.Hour), Attempt: row.attempt}
			d := p.Decide(f)[0]
			require.Equal(t, row.phase, d.Status.Phase)
			require.Equal(t, row.instance, d.Instance)
		})
	}
}

// A step that is not wanted is skipped, with those that need it, and no others.
func TestWhen(t *testing.T) {
	p := made(t, strings.ReplaceAll(text, "- name: approve", "- name: approve\n  when: steps.train.metrics.rmse < 2.0"))
	require.Equal(t, made(t, text).Digests(), p.Digests(), "it is no part of a digest")
	for _, row := range []struct {
		reason string
		rmse   float64
		phases string
	}{
		{"it holds", 1.9, "train:Succeeded quality:Succeeded approve:AwaitingApproval serve:Pending"},
		{"it does not", 2.1, "train:Succeeded quality:Succeeded approve:Skipped serve:Skipped"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			f := facts()
			f.Metrics = rmse(row.rmse)
			require.Equal(t, row.phases, phases(p.Decide(f)))
		})
	}
}

// BenchmarkMake plans a hundred steps, each of which needs the one before.
func BenchmarkMake(b *testing.B) {
	spec := &v1alpha1.ModelPipelineSpec{Artifacts: "s3://acme/pipelines", Params: map[string]string{"rounds": "100"}}
	for i := range 100 {
		step := v1alpha1.PipelineStep{Name: fmt.Sprintf("s%d", i), Template: &v1alpha1.StepTemplate{Kind: "TrainingJob"}}
		before := "none"
		if i > 0 {
			before = fmt.Sprintf("{{ .steps.s%d.outputs.modelData }}", i-1)
		}
		step.Template.Spec.Raw = fmt.Appendf(nil, `{"roleARN":"arn:aws:iam::123456789012:role/abalone","hyperParameters":{"num_round":"{{ .params.rounds }}","of":%q},`+
			`"outputDataConfig":{"s3OutputPath":"{{ .step.path }}"}}`, before)
		spec.Steps = append(spec.Steps, step)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := plan.Make(plan.Input{Cluster: "prod", Namespace: "ml", Pipeline: "abalone", Spec: spec, Params: spec.Params, Kinds: kinds}); err != nil {
			b.Fatal(err)
		}
	}
}

// No spec is anything but refused, or planned: the same each time, with a digest for
// each step.
func FuzzMake(f *testing.F) {
	f.Add(text)
	f.Add("steps: [{name: a, dependsOn: [b], approval: {}}, {name: b, gate: {checks: [{name: c, metric: {step: a, name: m}, min: '{{ .params.x }}'}]}}]")
	f.Fuzz(func(t *testing.T, from string) {
		var spec v1alpha1.ModelPipelineSpec
		if yaml.UnmarshalStrict([]byte(from), &spec) != nil {
			return
		}
		in := plan.Input{Cluster: "prod", Namespace: "ml", Pipeline: "abalone", Spec: &spec, Params: spec.Params, Kinds: kinds}
		first, err := plan.Make(in)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		second, err := plan.Make(in)
		require.NoError(t, err)
		require.Equal(t, first.Digests(), second.Digests())
		require.Len(t, first.Steps, len(spec.Steps))
	})
}
