package loop_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// more are fields that a spec may have and that no story sets, by kind: what AWS resets
// in ways of its own.
var more = map[string]map[string]any{
	"Domain": {
		"defaultSpaceSettings": map[string]any{
			"executionRole": "arn:aws:iam::123456789012:role/sagemaker",
			"jupyterLabAppSettings": map[string]any{
				"builtInLifecycleConfigARN": "arn:aws:sagemaker:us-east-1:123456789012:studio-lifecycle-config/auto-shutdown",
				"lifecycleConfigARNs":       []any{"arn:aws:sagemaker:us-east-1:123456789012:studio-lifecycle-config/auto-shutdown"},
			},
		},
		"tagPropagation": "ENABLED",
	},
	"UserProfile": {"userSettings": map[string]any{
		"executionRole": "arn:aws:iam::123456789012:role/studio", "securityGroups": []any{"sg-1"}, "defaultLandingURI": "app:JupyterServer:",
		"sharingSettings": map[string]any{"notebookOutputOption": "Allowed", "s3OutputPath": "s3://acme-ml/shared"},
	}},
	"Space": {"spaceSettings": map[string]any{"jupyterServerAppSettings": map[string]any{
		"defaultResourceSpec": map[string]any{"instanceType": "system"},
		"lifecycleConfigARNs": []any{"arn:aws:sagemaker:us-east-1:123456789012:studio-lifecycle-config/setup"},
	}}},
	"MetricAlarm": {
		"alarmActions": []any{"arn:aws:sns:us-east-1:123456789012:pages"}, "okActions": []any{"arn:aws:sns:us-east-1:123456789012:pages"},
		"actionsEnabled": false, "unit": "Count", "datapointsToAlarm": 1,
	},
	"NotebookInstance": {
		"additionalCodeRepositories": []any{"https://github.com/acme/more"}, "rootAccess": "Disabled",
		"instanceMetadataServiceConfiguration": map[string]any{"minimumInstanceMetadataServiceVersion": "2"},
	},
	"NotebookInstanceLifecycleConfig": {"onCreate": []any{map[string]any{"content": "ZWNobyBoaQ=="}}},
	"Pipeline":                        {"pipelineDescription": "snails", "pipelineDisplayName": "Snails"},
	"ScalableTarget": {"suspendedState": map[string]any{
		"dynamicScalingInSuspended": true, "dynamicScalingOutSuspended": true, "scheduledScalingSuspended": true,
	}},
	"ScalingPolicy": {"targetTrackingScalingPolicyConfiguration": map[string]any{
		"targetValue": 50, "disableScaleIn": true, "scaleInCooldown": 60,
		"predefinedMetricSpecification": map[string]any{"predefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
	}},
	"ScheduledAction": {"endTime": "2027-04-01T00:00:00Z", "scalableTargetAction": map[string]any{"minCapacity": 1, "maxCapacity": 2}},
	"MonitoringSchedule": {"monitoringScheduleConfig": map[string]any{
		"monitoringJobDefinitionName": "quality", "monitoringType": "DataQuality",
		"scheduleConfig": map[string]any{"scheduleExpression": "cron(0 3 ? * * *)", "dataAnalysisStartTime": "-PT1H"},
	}},
	"ModelPackage": {"customerMetadataProperties": map[string]any{"commit": "abc", "owner.team": "snails"}},
}

// said is the whole spec of a kind's story, as far as AWS can follow it.
func (p *play) said() map[string]any {
	spec := map[string]any{}
	for _, step := range p.steps {
		if step.Spec != nil && step.Until != reason.ImmutableField {
			maps.Copy(spec, step.Spec)
		}
	}
	maps.Copy(spec, more[p.kind.Kind()])
	maps.DeleteFunc(spec, func(_ string, v any) bool { return v == nil })
	for field, was := range p.steps[0].Spec {
		if _, ok := spec[field]; !ok {
			spec[field] = was
		}
	}
	return spec
}

// without are all specs that lack one field, or one member of a structure, of another.
func without(spec map[string]any) map[string]map[string]any {
	all := map[string]map[string]any{}
	for field, value := range spec {
		less := maps.Clone(spec)
		delete(less, field)
		all[field] = less
		inner, ok := value.(map[string]any)
		if !ok || len(inner) < 2 {
			continue
		}
		for member, rest := range without(inner) {
			less := maps.Clone(spec)
			less[field] = rest
			all[field+"."+member] = less
		}
	}
	return all
}

// wants is what a spec asks for under AWS's names.
func (p *play) wants(spec map[string]any) shape.Tree {
	p.t.Helper()
	request := shape.Tree{}
	for _, op := range []cloud.Operation{p.kind.Adjust, p.kind.Update, p.kind.Create} {
		if !op.Exists() {
			continue
		}
		part, err := op.Select(spec)
		require.NoError(p.t, err)
		maps.Copy(request, part)
	}
	delete(request, "Tags")
	delete(request, p.kind.Name)
	return request
}

// described is what AWS describes, by path.
func (p *play) described() map[string]any {
	p.t.Helper()
	o, _ := p.inAWS()
	request := shape.Tree{}
	for _, member := range append([]string{p.kind.Name, p.kind.ID}, p.kind.Within...) {
		if value, ok := o.Document[member]; ok && member != "" {
			request[member] = value
		}
	}
	if p.kind.Nameless {
		request[p.kind.Name] = o.ARN
	}
	described, err := p.kind.Describe.Call(p.ctx, p.person, request)
	require.NoError(p.t, err)
	have := p.kind.Compare.Readable(described)
	if p.kind.Reading != nil {
		p.kind.Reading(shape.Tree{}, have)
	}
	return p.kind.Compare.Index(have)
}

// What git removes is unset in AWS, or the object says that AWS cannot: never is it Ready
// with the value that git no longer has.
func TestGitTakesBack(t *testing.T) {
	t.Parallel()
	for _, k := range kind.All() {
		if !k.Update.Exists() || k.Lifecycle == reconcile.Job {
			continue
		}
		t.Run(k.Kind(), func(t *testing.T) {
			t.Parallel()
			p := newPlay(t, k)
			p.startController()
			whole := p.said()
			p.push(whole)
			p.settled()
			require.True(t, p.isReady(), "%s", p.reason())
			less := without(whole)
			resets, refusals := 0, 0
			for _, field := range slices.Sorted(maps.Keys(less)) {
				switch p.takesBack(field, whole, less[field]) {
				case "reset":
					resets++
				case "refused":
					refusals++
				}
			}
			t.Logf("%d were reset, %d cannot be", resets, refusals)
			require.Positive(t, resets+refusals)
		})
	}
}

// settled waits until nothing more happens by itself.
func (p *play) settled() {
	p.t.Helper()
	p.until(p.kind.Kind()+" is settled", func() bool {
		obj, ok := p.object()
		return ok && p.reason() != "" && (isReady(obj) || isStalled(obj))
	})
}

// takesBack removes a field from git and puts it there again. It returns what became of
// it, or "" if git cannot do without.
func (p *play) takesBack(field string, whole, less map[string]any) string {
	p.t.Helper()
	rules := p.kind.Compare
	before, after := rules.Fingerprints(p.wants(whole), 1000, 1<<20), rules.Fingerprints(p.wants(less), 1000, 1<<20)
	was := p.spec
	p.spec = maps.Clone(p.base)
	if err := p.try(less); err != nil {
		p.spec = was
		return "" // the schema wants it
	}
	p.settled()
	outcome := "reset"
	switch {
	case p.isReady():
		have := p.described()
		for path, was := range before {
			value, there := have[path]
			if _, stays := after[path]; stays || !there || p.mayStay(path, value) {
				continue
			}
			require.NotEqual(p.t, was, rules.Fingerprint(path, value), "%s without %s is ready, and AWS has the old %s: %v", p.kind.Kind(), field, path, value)
		}
	case p.reason() == reason.ImmutableField:
		outcome = "refused"
		obj, _ := p.object()
		message := readyCondition(obj).Message
		require.True(p.t, slices.ContainsFunc(slices.Collect(maps.Keys(before)), func(path string) bool {
			_, stays := after[path]
			return !stays && strings.Contains(message, path)
		}), "%s without %s: %s", p.kind.Kind(), field, message)
	default: // AWS itself cannot do without
		outcome = "refused"
		require.Equal(p.t, reason.ValidationFailed, p.reason(), "%s without %s", p.kind.Kind(), field)
	}
	p.spec = maps.Clone(p.base)
	p.push(whole)
	p.settled()
	obj, _ := p.object()
	require.True(p.t, p.isReady(), "%s with %s again: %s", p.kind.Kind(), field, readyCondition(obj).Message)
	return outcome
}

// mayStay tells whether a value may stay in AWS although git no longer has it: it is AWS's
// default, the name of an item, or nobody's to reset.
func (p *play) mayStay(path string, value any) bool {
	plain := shape.Plain(path)
	for list, key := range p.kind.Compare.Unordered {
		if plain == list+"."+key {
			return true
		}
	}
	is, known := p.kind.Compare.Defaults[plain]
	return known && p.kind.Compare.Fingerprint(path, is) == p.kind.Compare.Fingerprint(path, value) ||
		slices.ContainsFunc(p.kind.Reset.Left, func(left string) bool { return shape.Within(path, left) })
}

// A setting that is taken out of git is emptied: the case of a domain whose space settings
// shut applications down.
func TestDomainSettingRemoved(t *testing.T) {
	t.Parallel()
	p := newPlay(t, kind.Domain)
	p.startController()
	p.push(p.said())
	p.ready()
	role := map[string]any{"executionRole": "arn:aws:iam::123456789012:role/sagemaker"}
	p.push(map[string]any{"defaultSpaceSettings": role})
	p.ready()
	o, _ := p.inAWS()
	require.Empty(t, shape.String(o.Document, "DefaultSpaceSettings.JupyterLabAppSettings.BuiltInLifecycleConfigArn"))
	scripts, _ := shape.Lookup(o.Document, "DefaultSpaceSettings.JupyterLabAppSettings.LifecycleConfigArns")
	require.Empty(t, scripts)
}

// What somebody else has set since is theirs, and told once.
func TestRemovedAndTheirs(t *testing.T) {
	t.Parallel()
	p := newPlay(t, kind.Pipeline)
	p.startController()
	p.push(p.said())
	p.ready()
	p.stopController()
	o, _ := p.inAWS()
	p.does(p.kind.Update, o, shape.Tree{"PipelineDescription": "theirs"})
	p.aws.Journal().Reset()
	p.push(map[string]any{"pipelineDescription": nil})
	p.startController()
	p.ready()
	p.pass(time.Hour, 10*time.Second)
	o, _ = p.inAWS()
	require.Equal(t, "theirs", shape.String(o.Document, "PipelineDescription"))
	require.Zero(t, p.calls(p.kind.Update))
	require.Eventually(t, func() bool { return p.events(reason.Released) == 1 }, 30*time.Second, 50*time.Millisecond, "people are told, once")
}

// After an upgrade, or in a cluster that is built anew, nobody knows what was applied: what
// AWS has is recorded, and nothing is reset.
func TestNothingIsKnownOfWhatWasApplied(t *testing.T) {
	t.Parallel()
	for _, k := range kind.All() {
		if !k.Update.Exists() || k.Lifecycle == reconcile.Job {
			continue
		}
		t.Run(k.Kind(), func(t *testing.T) {
			t.Parallel()
			p := newPlay(t, k)
			p.startController()
			whole := p.said()
			p.push(whole)
			p.ready()
			p.stopController()
			obj, _ := p.object()
			obj.Common().Applied = nil
			require.NoError(t, p.kube.Status().Update(p.ctx, obj))
			p.aws.Journal().Reset()
			p.startController()
			p.pass(time.Hour, 10*time.Second)
			p.ready()
			require.Empty(t, p.aws.Journal().Mutations())
			obj, _ = p.object()
			require.NotNil(t, obj.Common().Applied)
			require.Equal(t, obj.GetGeneration(), obj.Common().Applied.Generation)
		})
	}
}

// events counts the events of a reason that the API server has.
func (p *play) events(why string) int {
	p.t.Helper()
	var list corev1.EventList
	require.NoError(p.t, p.kube.List(p.ctx, &list, client.InNamespace(p.namespace)))
	n := 0
	for _, e := range list.Items {
		if e.Reason == why {
			n += int(max(e.Count, 1))
		}
	}
	return n
}

// A crash at any time during a reset leaves nothing behind.
func TestCrashDuringAReset(t *testing.T) {
	t.Parallel()
	for attempt := range 6 {
		t.Run(strconv.Itoa(attempt), func(t *testing.T) {
			t.Parallel()
			p := newPlay(t, kind.Pipeline)
			p.startController()
			p.push(p.said())
			p.ready()
			p.push(map[string]any{"pipelineDescription": nil})
			for range attempt {
				p.pass(time.Second, time.Second)
			}
			p.stopController()
			p.startController()
			p.until("it is reset", func() bool {
				o, _ := p.inAWS()
				return shape.String(o.Document, "PipelineDescription") == "" && p.isReady()
			})
			obj, _ := p.object()
			require.NotContains(t, obj.Common().Applied.Paths, "PipelineDescription")
		})
	}
}

// The limits of a target belong to its schedule once that is there: they leave what was
// applied without a reset.
func TestYieldedIsNotReset(t *testing.T) {
	t.Parallel()
	p := newPlay(t, kind.ScalableTarget)
	p.kinds = append(p.kinds, "ScheduledAction")
	p.startController()
	p.push(p.said())
	p.ready()
	obj, _ := p.object()
	require.Contains(t, obj.Common().Applied.Paths, "MaxCapacity")
	p.apply(strings.TrimPrefix(nightly, "\n"))
	p.until("the limits are the schedule's", func() bool {
		obj, _ := p.object()
		_, ours := obj.Common().Applied.Paths["MaxCapacity"]
		return !ours && p.isReady()
	})
	o, _ := p.inAWS()
	require.Equal(t, "8", fmt.Sprint(o.Document["MaxCapacity"]))
}
