package loop_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	fluxmeta "github.com/fluxcd/pkg/apis/meta"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/story"
)

// tagged is an object in AWS.
type tagged = simulator.Object

// theirTags let a person tag what other services than SageMaker keep.
var theirTags = map[string]func(p *play, arn string) error{
	"MetricAlarm": func(p *play, arn string) error {
		request := shape.Tree{"ResourceARN": arn, "Tags": reconcile.TagList(map[string]string{"team": "theirs"})}
		_, err := cloud.AlarmOp((*cloudwatch.Client).TagResource).Call(p.ctx, p.person, request)
		return err
	},
	"ScalableTarget": func(p *play, arn string) error {
		request := shape.Tree{"ResourceARN": arn, "Tags": map[string]any{"team": "theirs"}}
		_, err := cloud.ScalingOp((*applicationautoscaling.Client).TagResource).Call(p.ctx, p.person, request)
		return err
	},
}

// play is the story of one kind, played in a world of its own.
type play struct {
	*world

	kind  reconcile.Kind
	steps []story.Step
	bad   story.Bad
	stage *story.Stage
	spec  map[string]any
	// base is the part of the spec that no story changes.
	base map[string]any
	// person is somebody with an AWS client of their own.
	person *cloud.Client
}

func newPlay(t *testing.T, k reconcile.Kind, long ...string) *play {
	t.Helper()
	steps, err := story.Read(k.Kind())
	require.NoError(t, err)
	bad, err := story.ReadBad(k.Kind())
	require.NoError(t, err)
	p := &play{world: newLonelyWorld(t, long...), kind: k, steps: steps, bad: bad, spec: map[string]any{}}
	p.kinds = kindsAround(k)
	p.stage = story.Furnish(t, p.aws, p.clock, p.cluster)
	config, err := p.aws.AWSConfig(t.Context())
	require.NoError(t, err)
	p.person, err = cloud.NewClients(config, p.clock, nil).For(t.Context(), cloud.Identity{})
	require.NoError(t, err)
	if k.Lifecycle != reconcile.Job {
		p.spec["interval"] = "1m"
	}
	if k.Tags == nil {
		p.spec["tags"] = []any{map[string]any{"key": "team", "value": "ml"}}
	}
	p.base = maps.Clone(p.spec)
	p.aws.Journal().Reset()
	return p
}

// kindsAround are a kind and those it may refer to.
func kindsAround(k reconcile.Kind) []string {
	all := map[string]reconcile.Kind{}
	for _, k := range kind.All() {
		all[k.Kind()] = k
	}
	around := map[string]bool{k.Kind(): true}
	for _, ref := range v1alpha1.References[k.Kind()] {
		if ref.Kind == "" {
			around["TrainingJob"], around["DataQualityJobDefinition"] = true, true
		} else if _, ok := all[ref.Kind]; ok {
			around[ref.Kind] = true
		}
	}
	return slices.Sorted(maps.Keys(around))
}

// push changes fields of the spec, as a GitOps tool applies them.
func (p *play) push(fields map[string]any) {
	p.t.Helper()
	require.NoError(p.t, p.try(fields))
}

func (p *play) try(fields map[string]any) error {
	p.t.Helper()
	spec := maps.Clone(p.spec)
	maps.Copy(spec, fields)
	maps.DeleteFunc(spec, func(_ string, v any) bool { return v == nil })
	text, err := json.Marshal(map[string]any{
		"apiVersion": v1alpha1.GroupVersion.String(), "kind": p.kind.Kind(),
		"metadata": map[string]any{"namespace": p.namespace, "name": "abalone"}, "spec": spec,
	})
	require.NoError(p.t, err)
	var obj unstructured.Unstructured
	require.NoError(p.t, json.Unmarshal([]byte(p.stage.Play(string(text))), &obj.Object))
	err = p.kube.Patch(p.ctx, &obj, client.Apply, client.FieldOwner("git"), client.ForceOwnership) //nolint:staticcheck // the object is made of text
	if err == nil {
		p.spec = spec
	}
	return err
}

// tell plays a step of the story and waits for its end.
func (p *play) tell(step story.Step) {
	p.t.Helper()
	p.push(step.Spec)
	p.until("of "+p.kind.Kind()+": "+step.Say+": "+step.Until, func() bool {
		return p.reason() == step.Until && (step.Calls == "" || p.aws.Journal().Counts()[step.Calls] > 0)
	})
}

func (p *play) object() (reconcile.Object, bool) { return get(p.world, "abalone", p.kind.Object()) }

// reason is that of the condition Ready, once it speaks of the present spec.
func (p *play) reason() string {
	obj, ok := p.object()
	if is := readyCondition(obj); ok && is.ObservedGeneration == obj.GetGeneration() {
		return is.Reason
	}
	return ""
}

func (p *play) isReady() bool {
	obj, ok := p.object()
	return ok && isReady(obj)
}

func (p *play) ready() {
	p.t.Helper()
	p.until(p.kind.Kind()+" is ready", p.isReady)
}

func (p *play) remove() {
	p.t.Helper()
	obj, _ := p.object()
	require.NoError(p.t, p.kube.Delete(p.ctx, obj))
}

func (p *play) gone() {
	p.t.Helper()
	p.until(p.kind.Kind()+" is let go", func() bool { _, there := p.object(); return !there })
}

// inAWS is the AWS object that the status speaks of.
func (p *play) inAWS() (simulator.Object, bool) {
	p.t.Helper()
	obj, _ := p.object()
	return p.withARN(obj.Common().ARN)
}

func (p *play) withARN(arn string) (simulator.Object, bool) {
	for _, o := range p.aws.Objects(p.kind.Kind()) {
		if strings.EqualFold(o.ARN, arn) {
			return o, true
		}
	}
	return simulator.Object{}, false
}

// does is a call that a person makes about the AWS object, with some members.
func (p *play) does(operation cloud.Operation, o simulator.Object, members shape.Tree) {
	p.t.Helper()
	request := shape.Clone(members)
	for _, member := range append([]string{p.kind.Name, p.kind.ID}, p.kind.Within...) {
		if value, ok := o.Document[member]; ok && member != "" {
			request[member] = value
		}
	}
	if p.kind.Nameless {
		request[p.kind.Name] = o.ARN
	}
	if operation.HasInput("EndpointConfigName") && request["EndpointConfigName"] == nil {
		request["EndpointConfigName"] = o.Document["EndpointConfigName"]
	}
	_, err := operation.Call(p.ctx, p.person, request)
	require.NoError(p.t, err, operation.Name)
}

// stops makes a person stop the AWS object, if it has to be for what follows.
func (p *play) stops(o simulator.Object) {
	p.t.Helper()
	if p.kind.Start.Exists() {
		p.does(p.kind.Stop, o, nil)
		p.settles(o, "Stopped")
	}
}

func (p *play) settles(o simulator.Object, stage string) {
	p.t.Helper()
	p.until("AWS says "+stage, func() bool {
		now, ok := p.withARN(o.ARN)
		return ok && now.Stage == stage
	})
}

// calls counts what was asked of AWS since the journal was reset, by operation,
// without what was refused.
func (p *play) calls(operation cloud.Operation) int {
	n := 0
	for _, e := range p.aws.Journal().Entries() {
		if e.Operation == operation.Name && e.Succeeded() {
			n++
		}
	}
	return n
}

// refer makes a spec refer to another object in place of naming it; ok is false
// if it has no place for that.
func refer(spec map[string]any, ref v1alpha1.ReferenceField, to map[string]any) (referring map[string]any, ok bool) {
	text, err := json.Marshal(spec)
	if err != nil || json.Unmarshal(text, &referring) != nil {
		return nil, false
	}
	path := strings.Split(ref.Path, ".")
	at := []map[string]any{referring}
	for _, part := range path[:len(path)-1] {
		name, isList := strings.CutSuffix(part, "[]")
		var next []map[string]any
		for _, m := range at {
			items := []any{m[name]}
			if isList {
				items, _ = m[name].([]any)
			}
			for _, item := range items {
				if inner, isMap := item.(map[string]any); isMap {
					next = append(next, inner)
				}
			}
		}
		at = next
	}
	fills := ref.Fills[strings.LastIndex(ref.Fills, ".")+1:]
	for _, m := range at {
		if _, named := m[fills]; !named {
			return nil, false
		}
		to = maps.Clone(to)
		if ref.Kind == "" {
			to["kind"] = "TrainingJob"
			if fills != "modelDataURL" {
				to["kind"] = "DataQualityJobDefinition"
			}
		}
		delete(m, fills)
		m[path[len(path)-1]] = to
	}
	return referring, len(at) > 0
}

// request asks for a look at AWS now, as flux reconcile does.
func (p *play) request() {
	p.t.Helper()
	p.annotate(map[string]string{fluxmeta.ReconcileRequestAnnotation: p.clock.Now().String()})
}

// force asks to try again what failed, as flux reconcile --force does.
func (p *play) force() {
	p.t.Helper()
	token := p.clock.Now().String()
	p.annotate(map[string]string{fluxmeta.ReconcileRequestAnnotation: token, fluxmeta.ForceRequestAnnotation: token})
}

// annotate sets the object's annotations beside git.
func (p *play) annotate(annotations map[string]string) {
	p.t.Helper()
	obj, _ := p.object()
	changed, _ := obj.DeepCopyObject().(reconcile.Object)
	changed.SetAnnotations(annotations)
	require.NoError(p.t, p.kube.Patch(p.ctx, changed, client.MergeFrom(obj)))
}
