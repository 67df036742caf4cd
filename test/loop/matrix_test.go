package loop_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/story"
)

var update = flag.Bool("update", false, "write the matrix in controller/kind/README.md anew")

// chapter is a part of every kind's life. It returns why it does not apply to a
// kind, or "" if what it tells has come true.
type chapter struct {
	name string
	play func(*play) string
}

// scenes are chapters that follow one another in one world.
var scenes = [][]chapter{
	{
		{"created", created},
		{"changed", changed},
		{"spec drift", specDrift},
		{"tag drift", tagDrift},
		{"deleted in AWS", deletedInAWS},
		{"observed", observed},
		{"adopted", adopted},
		{"deleted", deleted},
		{"retained", retained},
	},
	{{"schema", schemaRefuses}, {"reference", brokenReference}, {"refused", refused}, {"failed", failed}},
	{{"restarted", restarted}},
	{{"identity gone", identityGone}},
}

const holds = "✓"

// matrix is what came of every chapter, by kind and name of the chapter.
type matrix struct {
	mu    sync.Mutex
	cells map[string]map[string]string
}

func (m *matrix) write(kind, chapter, cell string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cells[kind] == nil {
		m.cells[kind] = map[string]string{}
	}
	m.cells[kind][chapter] = cell
}

// TestEveryKind plays the life of every kind against a real API server and the
// simulated AWS. The outcome is the table in controller/kind/README.md.
func TestEveryKind(t *testing.T) { //nolint:tparallel // the table is written after the group of parallel ones
	t.Parallel()
	m := &matrix{cells: map[string]map[string]string{}}
	whole := t.Run("kinds", func(t *testing.T) {
		for _, k := range kind.All() {
			for _, scene := range scenes {
				t.Run(k.Kind()+" "+scene[0].name, func(t *testing.T) {
					t.Parallel()
					p := newPlay(t, k)
					for _, chapter := range scene {
						began := p.clock.Now()
						m.write(k.Kind(), chapter.name, holds)
						if not := chapter.play(p); not != "" {
							m.write(k.Kind(), chapter.name, not)
						}
						t.Logf("%s: %s", chapter.name, p.clock.Since(began))
					}
				})
			}
		}
	})
	if !whole || m.size() < len(kind.All())*len(chapters()) {
		return // some were left out with -run
	}
	table := m.table()
	t.Log("\n" + table)
	const file = "../../controller/kind/README.md"
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(text), "<!-- matrix -->\n")
	require.True(t, found)
	was, after, found := strings.Cut(rest, "<!-- end -->\n")
	require.True(t, found)
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(before+"<!-- matrix -->\n"+table+"<!-- end -->\n"+after), 0o600))
		return
	}
	require.Equal(t, was, table, "if this is meant, run the test with -update")
}

func (m *matrix) size() int {
	n := 0
	for _, row := range m.cells {
		n += len(row)
	}
	return n
}

func chapters() []string {
	var names []string
	for _, scene := range scenes {
		for _, c := range scene {
			names = append(names, c.name)
		}
	}
	return names
}

// table is the matrix in Markdown: a letter stands for a reason why a chapter
// does not apply.
func (m *matrix) table() string {
	names := chapters()
	var b strings.Builder
	fmt.Fprintf(&b, "| kind | %s |\n|%s\n", strings.Join(names, " | "), strings.Repeat(" --- |", len(names)+1))
	letters := map[string]string{}
	for _, kind := range slices.Sorted(maps.Keys(m.cells)) {
		fmt.Fprintf(&b, "| %s |", kind)
		for _, name := range names {
			cell := m.cells[kind][name]
			if cell != holds {
				if letters[cell] == "" {
					letters[cell] = string(rune('a' + len(letters)))
				}
				cell = letters[cell]
			}
			fmt.Fprintf(&b, " %s |", cell)
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	for _, why := range slices.SortedFunc(maps.Keys(letters), func(x, y string) int { return strings.Compare(letters[x], letters[y]) }) {
		fmt.Fprintf(&b, "- %s: %s\n", letters[why], why)
	}
	return b.String()
}

// created: the object is made in AWS and gets ready.
func created(p *play) string {
	p.startController()
	p.tell(p.steps[0])
	p.awaitsApproval()
	p.ready()
	_, there := p.inAWS()
	require.True(p.t, there)
	obj, _ := p.object()
	p.checked(obj)
	require.Equal(p.t, "123456789012", obj.Common().AccountID)
	return ""
}

// awaitsApproval goes on to the step that approves a model package.
func (p *play) awaitsApproval() {
	if p.kind.Approval {
		p.tell(p.steps[1])
	}
}

// changed: another spec is followed, or refused where AWS cannot change it.
func changed(p *play) string {
	i := 1
	for p.kind.Approval && i < 2 || p.kind.Lifecycle == reconcile.Job && p.steps[i].Until == reason.Running {
		i++ // what was approved, or changes a run at work
	}
	next := p.steps[i]
	p.tell(next)
	if next.Until == reason.ImmutableField {
		for field := range next.Spec {
			next.Spec[field] = p.steps[0].Spec[field]
		}
		p.push(next.Spec)
		p.ready()
		return "AWS can change nothing of it: that is refused"
	}
	p.ready()
	return ""
}

// drifts are changes that a person makes in AWS.
var drifts = map[string]shape.Tree{
	"Domain":             {"DefaultUserSettings": map[string]any{"ExecutionRole": "arn:aws:iam::123456789012:role/theirs"}},
	"Endpoint":           {"EndpointConfigName": "one"},
	"FeatureGroup":       {"OnlineStoreConfig": map[string]any{"TtlDuration": map[string]any{"Unit": "Days", "Value": int64(30)}}},
	"InferenceComponent": {"RuntimeConfig": map[string]any{"CopyCount": int64(5)}},
	"MetricAlarm": {
		"Namespace": "AWS/SageMaker", "MetricName": "ModelLatency", "Statistic": "Average", "Period": int64(60), "EvaluationPeriods": int64(1),
		"Threshold": 1e6, "ComparisonOperator": "GreaterThanThreshold",
	},
	"ModelPackage": {"ModelApprovalStatus": "Rejected"},
	"MonitoringSchedule": {"MonitoringScheduleConfig": map[string]any{
		"MonitoringJobDefinitionName": "quality", "MonitoringType": "DataQuality", "ScheduleConfig": map[string]any{"ScheduleExpression": "cron(0 5 ? * * *)"},
	}},
	"NotebookInstance":                {"DefaultCodeRepository": "https://github.com/acme/theirs"},
	"NotebookInstanceLifecycleConfig": {"OnStart": []any{map[string]any{"Content": "dGhlaXJz"}}},
	"Pipeline":                        {"PipelineDefinition": `{"Steps":[{"Name":"Theirs","Type":"Fail"}]}`},
	"Project":                         {"ProjectDescription": "theirs"},
	"ScalableTarget":                  {"MaxCapacity": int64(2)},
	"ScalingPolicy": {"TargetTrackingScalingPolicyConfiguration": map[string]any{
		"TargetValue": 10.0, "PredefinedMetricSpecification": map[string]any{"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
	}},
	"ScheduledAction": {"Schedule": "cron(0 3 * * ? *)"},
	"Space": {"SpaceSettings": map[string]any{
		"JupyterServerAppSettings": map[string]any{"DefaultResourceSpec": map[string]any{"InstanceType": "ml.t3.medium"}},
	}},
	"UserProfile": {"UserSettings": map[string]any{"ExecutionRole": "arn:aws:iam::123456789012:role/theirs"}},
}

// specDrift: what a person changes in AWS is put right.
func specDrift(p *play) string {
	theirs, ok := drifts[p.kind.Kind()]
	switch {
	case p.kind.Lifecycle == reconcile.Job:
		return "a job that has ended is not asked about again"
	case !p.kind.Update.Exists():
		return "nobody can change it in AWS"
	}
	require.True(p.t, ok, "say how somebody may change a %s", p.kind.Kind())
	o, _ := p.inAWS()
	p.stops(o)
	p.does(p.kind.Update, o, theirs)
	if p.kind.Start.Exists() {
		p.settles(o, "Stopped")
		p.does(p.kind.Start, o, nil)
	}
	p.aws.Journal().Reset()
	p.until("it is put right", func() bool { return p.calls(p.kind.Update) > 0 && p.isReady() })
	return ""
}

// tagDrift: a tag that a person changes in AWS is put right.
func tagDrift(p *play) string {
	if p.kind.Lifecycle == reconcile.Job {
		return "a job that has ended is not asked about again"
	}
	if p.kind.Tags != nil && theirTags[p.kind.Kind()] == nil {
		return "AWS keeps no tags of it"
	}
	o, _ := p.inAWS()
	require.Equal(p.t, "ml", o.Tags["team"])
	p.theirTag(o)
	p.pass(30*time.Second, step) // until reads of AWS see it: its tags lag by up to 20 s
	p.request()
	p.until("the tag is put right", func() bool {
		now, _ := p.inAWS()
		return now.Tags["team"] == "ml" && p.isReady()
	})
	return ""
}

func (p *play) theirTag(o tagged) {
	if tag := theirTags[p.kind.Kind()]; tag != nil {
		require.NoError(p.t, tag(p, o.ARN))
		return
	}
	_, err := cloud.AddTags.Call(p.ctx, p.person, shape.Tree{"ResourceArn": o.ARN, "Tags": reconcile.TagList(map[string]string{"team": "theirs"})})
	require.NoError(p.t, err)
}

// deletedInAWS: what a person deletes is made again, but a job, and what is stopped by
// deleting it.
func deletedInAWS(p *play) string {
	if !p.kind.Delete.Exists() {
		return "AWS cannot delete it"
	}
	o, _ := p.inAWS()
	p.stops(o)
	p.does(p.kind.Delete, o, nil)
	p.aws.Journal().Reset()
	if p.kind.Lifecycle == reconcile.Job {
		p.pass(10*time.Minute, step)
		require.Zero(p.t, p.calls(p.kind.Create))
		require.True(p.t, p.isReady(), "it was done")
		p.push(map[string]any{"rerun": "deleted"}) // the next chapters need one
	}
	if p.kind.StopsByDeletion {
		p.until("it has been stopped so", func() bool { return p.reason() == reason.StoppedWhenIdle && p.isReady() })
		require.Zero(p.t, p.calls(p.kind.Create))
		p.force()
	}
	p.until("it is made again", func() bool { return p.calls(p.kind.Create) > 0 && p.isReady() })
	return ""
}

// observed: who only observes changes nothing.
func observed(p *play) string {
	p.aws.Journal().Reset()
	spec := p.spec
	p.push(map[string]any{"managementPolicy": "Observe"})
	p.pass(3*time.Minute, step)
	p.push(p.steps[0].Spec)
	p.pass(3*time.Minute, step)
	require.Empty(p.t, p.aws.Journal().Mutations())
	require.Positive(p.t, p.calls(p.kind.Describe))
	p.spec = map[string]any{}
	p.push(spec)
	p.ready()
	return ""
}

// adopted: a cluster that is built anew from git finds what there is.
func adopted(p *play) string {
	p.stopController()
	obj, _ := p.object()
	obj.SetFinalizers(nil)
	require.NoError(p.t, p.kube.Update(p.ctx, obj))
	p.remove()
	p.gone()
	p.aws.Journal().Reset()
	p.startController()
	p.push(nil)
	p.ready()
	require.Empty(p.t, p.aws.Journal().Mutations())
	return ""
}

// retained: the AWS object outlives the custom resource.
func retained(p *play) string {
	p.push(map[string]any{"deletionPolicy": "Retain"})
	if p.kind.Lifecycle == reconcile.Job {
		p.push(map[string]any{"rerun": "to be retained"})
	}
	p.ready()
	o, _ := p.inAWS()
	p.remove()
	p.gone()
	_, there := p.withARN(o.ARN)
	require.True(p.t, there)
	return ""
}

// deleted: the AWS object goes with the custom resource, in the order that AWS
// accepts; a job is stopped.
func deleted(p *play) string {
	p.push(map[string]any{"deletionPolicy": "Delete"})
	p.ready()
	if p.kind.Lifecycle == reconcile.Job {
		p.push(map[string]any{"rerun": "again"})
		p.until("it runs", func() bool { return p.reason() == reason.Running })
		o, _ := p.inAWS()
		p.remove()
		p.gone()
		o, _ = p.withARN(o.ARN)
		require.Equal(p.t, "Stopped", o.Status)
		return ""
	}
	o, _ := p.inAWS()
	p.remove()
	p.gone()
	o, there := p.withARN(o.ARN)
	require.False(p.t, there && o.Status != "Deleted" && o.Status != "DeleteCompleted", "%s %s", o.Name, o.Status)
	return ""
}

// schemaRefuses: what is no spec of the kind does not get in, be it a field of its
// own or one that all kinds have.
func schemaRefuses(p *play) string {
	for _, mistake := range []story.Mistake{
		p.bad.Schema,
		{Spec: map[string]any{"deletionPolicy": "Sometimes"}, Words: "spec.deletionPolicy"},
		{Spec: map[string]any{"colour": "red"}, Words: "spec.colour"},
	} {
		spec := maps.Clone(p.steps[0].Spec)
		maps.Copy(spec, mistake.Spec)
		require.ErrorContains(p.t, p.try(spec), mistake.Words, mistake.Say)
	}
	_, there := p.object()
	require.False(p.t, there)
	return ""
}

// naming are fields in which kinds name others whose stories name none.
var naming = map[string]map[string]any{
	"HyperParameterTuningJob": {"warmStartConfig": map[string]any{
		"warmStartType": "TransferLearning", "parentHyperParameterTuningJobs": []any{map[string]any{"hyperParameterTuningJobName": "parent"}},
	}},
	"LabelingJob": {"labelingJobAlgorithmsConfig": map[string]any{
		"labelingJobAlgorithmSpecificationARN": "arn:aws:sagemaker:us-east-1:027400017018:labeling-job-algorithm-specification/image-classification",
		"initialActiveLearningModelARN":        "arn:aws:sagemaker:us-east-1:123456789012:model/one",
	}},
	"ProcessingJob": {"processingOutputConfig": map[string]any{"outputs": []any{map[string]any{
		"outputName": "features", "appManaged": true, "featureStoreOutput": map[string]any{"featureGroupName": "snails"},
	}}}},
	"TrainingJob": {"modelPackageConfig": map[string]any{
		"modelPackageGroupARN": "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/versions",
	}},
}

// brokenReference: what refers to something that is not there waits for it.
func brokenReference(p *play) string {
	p.startController()
	named := maps.Clone(p.steps[0].Spec)
	maps.Copy(named, naming[p.kind.Kind()])
	for _, ref := range v1alpha1.References[p.kind.Kind()] {
		spec, ok := refer(named, ref, map[string]any{"name": "nowhere"})
		if !ok {
			continue
		}
		p.push(spec)
		p.until("it waits", func() bool { return p.reason() == reason.WaitingForReference })
		obj, _ := p.object()
		require.Contains(p.t, readyCondition(obj).Message, "nowhere")
		require.Empty(p.t, p.aws.Journal().Mutations())
		p.remove()
		p.gone()
		return ""
	}
	require.Empty(p.t, v1alpha1.References[p.kind.Kind()])
	return "it refers to no other kind"
}

// refused: AWS's refusal is told in AWS's words. It heals with a better push, or
// when its cause is gone.
func refused(p *play) string {
	if p.stop == nil {
		p.startController()
	}
	mistake := p.bad.Refused
	if mistake.Denied != "" {
		p.fault(fault.Rule{Action: fault.Deny, Operation: mistake.Denied})
	}
	p.spec = maps.Clone(p.base)
	spec := maps.Clone(p.steps[0].Spec)
	maps.Copy(spec, mistake.Spec)
	p.push(spec)
	p.refusedWith(mistake.Until, mistake.Words)

	p.aws.Faults().Clear()
	const words = "the quota of good will is used up"
	p.fault(fault.Rule{Action: fault.Reject, Operation: p.kind.Create.Name, Code: "ValidationException", Message: words})
	p.spec = maps.Clone(p.base)
	p.push(p.steps[0].Spec)
	p.request() // where the push changes nothing
	p.refusedWith(reason.ValidationFailed, words)
	p.aws.Faults().Clear()
	p.until("it heals", func() bool { return p.reason() != reason.ValidationFailed && p.calls(p.kind.Create) > 0 })
	p.push(map[string]any{"deletionPolicy": "Delete"})
	p.until("it is "+p.steps[0].Until, func() bool { return p.reason() == p.steps[0].Until })
	p.remove()
	p.gone()
	return ""
}

// refusedWith waits until the object is refused for a reason, and checks the words
// and that AWS has nothing of it.
func (p *play) refusedWith(why, words string) {
	p.t.Helper()
	var obj reconcile.Object
	p.until("it is refused with "+words, func() bool {
		obj, _ = p.object()
		is := readyCondition(obj)
		return isStalled(obj) && is.Reason == why && strings.HasPrefix(is.Message, words)
	})
	p.checked(obj)
	require.Zero(p.t, p.calls(p.kind.Create))
	require.Empty(p.t, obj.Common().ARN)
}

// failing are the stages at whose end AWS fails.
var failing = map[string]string{
	"App": "Creating", "Domain": "Creating", "Endpoint": "Creating", "FeatureGroup": "Creating", "HyperParameterTuningJob": "Tuning",
	"InferenceComponent": "Creating", "LabelingJob": "Labeling", "ModelPackage": "InProgress", "ModelPackageGroup": "InProgress",
	"MonitoringSchedule": "Creating", "NotebookInstance": "Pending", "PipelineExecution": "Executing", "ProcessingJob": "Processing",
	"Project": "Creating", "Space": "Creating", "TrainingJob": "Training", "TransformJob": "Transforming", "UserProfile": "Creating",
}

// failed: a failure in AWS is told, and never Ready.
func failed(p *play) string {
	stage, ok := failing[p.kind.Kind()]
	if !ok {
		return "it has no states to fail in"
	}
	const words = "AlgorithmError: the snails have run away"
	_, err := p.aws.Faults().Add(fault.Rule{Action: fault.Fail, Kind: p.kind.Kind(), Stage: stage, Reason: words})
	require.NoError(p.t, err)
	p.spec = maps.Clone(p.base)
	p.push(p.steps[0].Spec)
	if p.kind.Lifecycle == reconcile.Job {
		p.push(map[string]any{"rerun": "to fail"})
	}
	var obj reconcile.Object
	p.until("it has failed", func() bool {
		obj, _ = p.object()
		require.False(p.t, obj.GetGeneration() > 0 && isReady(obj))
		return isStalled(obj)
	})
	p.checked(obj)
	if p.kind.Kind() != "ModelPackageGroup" && p.kind.Kind() != "ModelPackage" && p.kind.Kind() != "PipelineExecution" { // AWS tells no reason there
		require.Contains(p.t, readyCondition(obj).Message, words)
	}
	return ""
}

// restarted: nothing is done twice by a controller that is restarted after
// everything it has done.
func restarted(p *play) string {
	p.startController()
	seen := 0
	reviving := func(what string, done func() bool) {
		p.until(what, func() bool {
			if n := len(p.aws.Journal().Mutations()); n > seen {
				seen = n
				p.restartController()
			}
			return done()
		})
	}
	for _, step := range p.steps[:2] {
		p.push(step.Spec)
		reviving(step.Until, func() bool {
			return p.reason() == step.Until || step.Until == reason.Running && p.reason() == reason.Completed // it may be over by now
		})
	}
	created := p.calls(p.kind.Create)
	require.Positive(p.t, created)
	if p.kind.Lifecycle == reconcile.Service && p.kind.Create.Name != p.kind.Update.Name {
		require.Equal(p.t, 1, created)
	}
	require.LessOrEqual(p.t, created, 2, "one for each push")
	p.push(map[string]any{"deletionPolicy": "Delete"})
	p.remove()
	reviving("it is let go", func() bool { _, there := p.object(); return !there })
	return ""
}

// identityGone: an object that cannot be deleted as whom it is to be says so,
// and Retain lets go of it.
func identityGone(p *play) string {
	trainer := p.serviceAccount("trainer", "arn:aws:iam::123456789012:role/trainer")
	p.startController()
	step := p.steps[0]
	maps.Copy(step.Spec, map[string]any{"serviceAccountName": "trainer", "deletionPolicy": "Delete"})
	p.push(step.Spec)
	p.until("AWS has it", func() bool { _, there := p.inAWS(); return there && p.reason() == step.Until })
	require.NoError(p.t, p.kube.Delete(p.ctx, trainer))
	o, _ := p.inAWS()
	p.remove()
	p.until("it says what is missing", func() bool {
		obj, _ := p.object()
		return readyCondition(obj).Reason == reason.AccessDenied
	})
	obj, _ := p.object()
	require.Contains(p.t, readyCondition(obj).Message, `serviceaccounts "trainer" not found (to let go of the AWS object, set deletionPolicy: Retain)`)
	p.push(map[string]any{"deletionPolicy": "Retain"})
	p.gone()
	_, there := p.withARN(o.ARN)
	require.True(p.t, there)
	return ""
}
