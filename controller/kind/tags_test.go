package kind_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/tools/record"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

// tagOperations are by which the tags of a kind are set and removed.
var tagOperations = []string{"AddTags", "DeleteTags", "TagResource", "UntagResource"}

// taggable are the kinds of which AWS keeps tags.
func taggable() []reconcile.Kind {
	return slices.DeleteFunc(kind.All(), func(k reconcile.Kind) bool { return k.Untagged })
}

// tagged is an object whose tags a test is about, in service or finished.
type tagged struct {
	*world

	events *record.FakeRecorder
	tags   map[string]string // of the spec
}

func newTagged(t *testing.T, k reconcile.Kind, change ...func(*reconcile.Options)) *tagged {
	t.Helper()
	w := &tagged{world: newWorld(t, k), events: record.NewFakeRecorder(1000), tags: map[string]string{"team": "ml", "stage": "one"}}
	w.loop.Recorder = w.events
	for _, c := range change {
		c(&w.loop.Options)
	}
	first := readStory(t, k)[0]
	maps.Copy(w.spec, first.Spec)
	if k.Lifecycle != reconcile.Job {
		w.spec["interval"] = "1h"
	}
	w.pushTags()
	return w
}

// pushTags applies the tags of the spec and waits until the object is settled.
func (w *tagged) pushTags() {
	w.t.Helper()
	list := make([]any, 0, len(w.tags))
	for _, key := range slices.Sorted(maps.Keys(w.tags)) {
		list = append(list, map[string]any{"key": key, "value": w.tags[key]})
	}
	w.change(map[string]any{"tags": w.asSpec(list)})
	w.settle()
}

// asSpec are tags as the kind's spec takes them.
func (w *world) asSpec(list []any) any {
	if w.kind.Kind() != "ScalableTarget" {
		return list
	}
	tags := map[string]any{}
	for _, item := range list {
		tag, _ := item.(map[string]any)
		key, _ := tag["key"].(string)
		tags[key] = tag["value"]
	}
	return tags
}

// change applies other fields of the spec; none is the same spec once more.
func (w *world) change(fields map[string]any) {
	w.t.Helper()
	if fields == nil {
		fields = map[string]any{}
	}
	w.apply(step{Spec: fields})
}

// reconcile is one reconciliation; then time passes until the next is due, or as much
// as is given if none is.
func (w *world) reconcile(idle time.Duration) reconcile.Object {
	w.t.Helper()
	result, err := w.loop.Reconcile(w.t.Context(), ctrl.Request{NamespacedName: w.key})
	require.NoError(w.t, err)
	if result.RequeueAfter > 0 {
		idle = result.RequeueAfter
	}
	w.clock.Step(idle)
	obj, err := w.get(w.t.Context())
	require.NoError(w.t, err)
	return obj
}

// settle reconciles until the object is settled at its generation.
func (w *world) settle() reconcile.Object {
	w.t.Helper()
	for range 2000 {
		obj := w.reconcile(time.Second)
		if obj.Common().ObservedGeneration == obj.GetGeneration() && !slices.Contains([]string{reason.Running, reason.Creating}, told(obj)) {
			return obj
		}
	}
	obj, _ := w.get(w.t.Context())
	require.Fail(w.t, "not settled", "%+v", obj.GetConditions())
	return nil
}

// rest lets time pass while the object is reconciled whenever it is due.
func (w *world) rest(d time.Duration) reconcile.Object {
	w.t.Helper()
	end := w.clock.Now().Add(d)
	obj := w.reconcile(d)
	for w.clock.Now().Before(end) {
		obj = w.reconcile(d)
	}
	return obj
}

// inAWS is the AWS object that status speaks of.
func (w *world) inAWS() simulator.Object {
	w.t.Helper()
	obj, err := w.get(w.t.Context())
	require.NoError(w.t, err)
	for _, o := range w.aws.Objects(w.kind.Kind()) {
		if strings.EqualFold(o.ARN, obj.Common().ARN) {
			return o
		}
	}
	require.Fail(w.t, "not in AWS", obj.Common().ARN)
	return simulator.Object{}
}

// user changes tags with an AWS client of their own.
func (w *world) user(set map[string]string, remove ...string) {
	w.t.Helper()
	config, err := w.aws.AWSConfig(w.t.Context())
	require.NoError(w.t, err)
	client, err := cloud.NewClients(config, w.clock, nil).For(w.t.Context(), cloud.Identity{})
	require.NoError(w.t, err)
	tags := w.kind.Tags
	if tags == nil {
		tags = reconcile.TagOperations{List: cloud.ListTags, Add: cloud.AddTags, Remove: cloud.DeleteTags}
	}
	require.NoError(w.t, tags.Write(w.t.Context(), reconcile.Tagged{Client: client, ARN: w.inAWS().ARN}, set, remove))
}

// theirs are the tags in AWS that are not the controller's own.
func (w *world) theirs() map[string]string {
	tags := maps.Clone(w.inAWS().Tags)
	maps.DeleteFunc(tags, func(key, _ string) bool { return strings.HasPrefix(key, identity.TagPrefix) })
	return tags
}

// carriedOut counts the calls that AWS carried out since the journal was reset.
func (w *world) carriedOut(operations ...string) int {
	n := 0
	for _, e := range w.aws.Journal().Entries() {
		if slices.Contains(operations, e.Operation) && e.Succeeded() {
			n++
		}
	}
	return n
}

// heard are the events so far of a reason.
func (w *tagged) heard(why string) []string {
	var texts []string
	for {
		select {
		case e := <-w.events.Events:
			if strings.Contains(e, why) {
				texts = append(texts, e)
			}
		default:
			return texts
		}
	}
}

func (w *tagged) applied() []string {
	obj, err := w.get(w.t.Context())
	require.NoError(w.t, err)
	if obj.Common().Applied == nil {
		return nil
	}
	return obj.Common().Applied.TagKeys
}

// Only the keys that the controller has applied are removed; a bot's and AWS's own are
// never touched, neither at rest nor on adoption nor after an upgrade (case c38).
func TestTagsOfOthers(t *testing.T) {
	t.Parallel()
	bots := map[string]string{"AutoTag_Creator": "alice", "awsApplication": "arn:aws:resource-groups:x", "sagemaker:domain-arn": "x"}
	with := func(own map[string]string) map[string]string {
		all := maps.Clone(bots)
		maps.Copy(all, own)
		return all
	}
	for _, k := range taggable() {
		t.Run(k.Kind(), func(t *testing.T) {
			t.Parallel()
			w := newTagged(t, k)
			require.Equal(t, []string{"stage", "team"}, w.applied())
			w.user(bots)
			w.aws.Journal().Reset()
			w.rest(13 * time.Hour)
			require.Equal(t, with(w.tags), w.theirs())
			require.Zero(t, w.carriedOut(tagOperations...), "nothing is to be done")

			delete(w.tags, "stage")
			w.pushTags()
			w.rest(time.Minute)
			require.Equal(t, with(w.tags), w.theirs(), "what git removes is removed, and nothing else")

			w.forget() // adopted, or upgraded: nobody knows what was applied
			w.tags = map[string]string{"owner": "alice"}
			w.pushTags()
			require.Equal(t, with(map[string]string{"team": "ml", "owner": "alice"}), w.theirs(), "nothing is removed")
			require.Equal(t, []string{"owner"}, w.applied())

			w.tags = map[string]string{}
			w.pushTags()
			require.Equal(t, with(map[string]string{"team": "ml"}), w.theirs(), "what was recorded can be removed again")
			w.rest(13 * time.Hour)
			if k.Lifecycle != reconcile.Job { // one that has ended is not looked at again
				require.Empty(t, w.applied())
			}
			require.Empty(t, w.heard(reason.TagDrift))
		})
	}
}

// forget makes status and loop as they are after a loss of the cluster.
func (w *tagged) forget() {
	w.t.Helper()
	obj, err := w.get(w.t.Context())
	require.NoError(w.t, err)
	obj.SetFinalizers(nil)
	require.NoError(w.t, w.kube.Update(w.t.Context(), obj))
	require.NoError(w.t, w.kube.Delete(w.t.Context(), obj))
	options := w.loop.Options
	options.Observer = cloud.NewObserver(w.clock, 30*time.Second)
	w.loop = reconcile.New(w.kind, options)
}

// A tag whose change AWS denies hides nothing of the object, costs no call at every
// look, and is changed once AWS allows it.
func TestTagsDenied(t *testing.T) {
	t.Parallel()
	for _, k := range taggable() {
		t.Run(k.Kind(), func(t *testing.T) {
			t.Parallel()
			w := newTagged(t, k)
			for _, operation := range tagOperations {
				_, err := w.aws.Faults().Add(fault.Rule{
					Action: fault.Reject, Operation: operation, Code: "AccessDeniedException", Message: "User: x is not authorized to perform: " + operation,
				})
				require.NoError(t, err)
			}
			before, err := w.get(t.Context())
			require.NoError(t, err)
			w.heard("")
			delete(w.tags, "stage")
			w.tags["team"] = "vision"
			w.aws.Journal().Reset()
			w.pushTags()
			after, err := w.get(t.Context())
			require.NoError(t, err)
			require.Equal(t, told(before), told(after), "the conditions say how the object is")
			heard := w.heard(reason.TagDrift)
			require.Len(t, heard, 1)
			require.Contains(t, heard[0], "not authorized")
			tries := len(w.aws.Journal().Mutations())
			w.rest(2 * time.Hour)
			require.Len(t, w.aws.Journal().Mutations(), tries, "not at every look")
			require.Empty(t, w.heard(reason.TagDrift), "told once")
			require.Contains(t, w.applied(), "stage", "it is still to be removed")

			w.aws.Faults().Clear()
			w.tags["team"] = "audio" // finished jobs are looked at again with a new spec only
			w.pushTags()
			require.Equal(t, w.tags, w.theirs())
		})
	}
}

// One key that AWS denies does not keep it from taking the others.
func TestTagDeniedAmongOthers(t *testing.T) {
	t.Parallel()
	w := newTagged(t, kind.ModelPackageGroup)
	_, err := w.aws.Faults().Add(fault.Rule{Action: fault.Reject, Operation: "AddTags", Code: "AccessDeniedException", Message: "not authorized with an explicit deny", Times: 2})
	require.NoError(t, err)
	w.tags["a"], w.tags["b"], w.tags["c"] = "1", "2", "3"
	w.pushTags()
	require.Equal(t, map[string]string{"team": "ml", "stage": "one", "b": "2", "c": "3"}, w.theirs(), "all at once and a were refused")
	require.Len(t, w.heard(reason.TagDrift), 1)
}

// A bot that changes our tags back is answered less and less often, and people are told.
func TestTagsContested(t *testing.T) {
	t.Parallel()
	for _, k := range taggable() {
		if k.Lifecycle == reconcile.Job {
			continue // one that has ended is not asked about again
		}
		t.Run(k.Kind(), func(t *testing.T) {
			t.Parallel()
			w := newTagged(t, k)
			w.change(map[string]any{"interval": "6h"})
			w.settle()
			w.aws.Journal().Reset()
			for end := w.clock.Now().Add(5 * 24 * time.Hour); w.clock.Now().Before(end); {
				if w.theirs()["team"] != "bot" {
					w.user(map[string]string{"team": "bot"})
				}
				obj := w.rest(6 * time.Hour)
				require.True(t, meta.IsStatusConditionTrue(obj.GetConditions(), "Ready"))
			}
			ours := 0
			for _, e := range w.aws.Journal().Mutations() {
				if strings.Contains(e.Operation, "Tag") && !strings.Contains(string(mustJSON(t, e.Request)), "bot") {
					ours++
				}
			}
			require.GreaterOrEqual(t, ours, 3, "it is put right")
			require.LessOrEqual(t, ours, 14, "once a day after a while, and not at every look")
			heard := w.heard(reason.TagDrift)
			require.NotEmpty(t, heard)
			require.Contains(t, heard[0], `team is "bot" and not "ml"`)
		})
	}
}

// Default tags are set below the spec's, ignored ones are left alone.
func TestDefaultAndIgnoredTags(t *testing.T) {
	t.Parallel()
	options := func(o *reconcile.Options) {
		o.DefaultTags = map[string]string{"cost": "1", "team": "default"}
		o.IgnoreTags = identity.TagFilter{"stage", "Auto*"}
	}
	for _, k := range taggable() {
		t.Run(k.Kind(), func(t *testing.T) {
			t.Parallel()
			w := newTagged(t, k, options)
			require.Equal(t, map[string]string{"cost": "1", "team": "ml", "stage": "one"}, w.theirs(), "a new object has all that git says")
			require.Equal(t, []string{"cost", "team"}, w.applied())
			w.user(map[string]string{"stage": "theirs", "AutoTag": "x"})
			delete(w.tags, "team")
			w.pushTags()
			require.Equal(t, map[string]string{"cost": "1", "team": "default", "stage": "theirs", "AutoTag": "x"}, w.theirs())
			w.loop.DefaultTags = nil // another configuration, after a restart
			w.tags["more"] = "1"
			w.pushTags()
			require.Equal(t, map[string]string{"stage": "theirs", "AutoTag": "x", "more": "1"}, w.theirs())
		})
	}
	for _, k := range kind.All() {
		if k.Untagged {
			t.Run(k.Kind()+" has no default tags", func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, k)
				options(&w.loop.Options)
				w.push(readStory(t, k)[0])
				obj, err := w.get(t.Context())
				require.NoError(t, err)
				if applied := obj.Common().Applied; applied != nil {
					require.Empty(t, applied.TagKeys)
				}
			})
		}
	}
}

// More tags than AWS has room for are refused before AWS is asked.
func TestTooManyTags(t *testing.T) {
	t.Parallel()
	for _, k := range taggable() {
		t.Run(k.Kind(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, k)
			w.aws.Journal().Reset()
			w.loop.DefaultTags = map[string]string{}
			for i := range 20 {
				w.loop.DefaultTags[strings.Repeat("d", i+1)] = "x"
			}
			maps.Copy(w.spec, readStory(t, k)[0].Spec)
			list := make([]any, 0, 19)
			for i := range 19 {
				list = append(list, map[string]any{"key": strings.Repeat("s", i+1), "value": "x"})
			}
			w.change(map[string]any{"tags": w.asSpec(list)})
			obj := w.settle()
			require.Equal(t, reason.ValidationFailed, told(obj))
			require.Contains(t, meta.FindStatusCondition(obj.GetConditions(), "Ready").Message, "cannot set 39 tags")
			require.Empty(t, w.aws.Journal().Mutations())
			w.change(map[string]any{"tags": w.asSpec(list[:18])})
			w.settle()
			require.Len(t, w.theirs(), identity.MaxUserTags)
		})
	}
}

// An object that somebody has taken our tags from gets them back, in part or in full,
// and people are told; it is never taken for somebody else's.
func TestOwnTagsLost(t *testing.T) {
	t.Parallel()
	all := []string{identity.TagCluster, identity.TagNamespace, identity.TagKind, identity.TagName, identity.TagDigest}
	for _, k := range taggable() {
		for _, lost := range [][]string{all, {identity.TagName}} {
			t.Run(k.Kind(), func(t *testing.T) {
				t.Parallel()
				w := newTagged(t, k)
				w.rest(time.Hour)
				w.user(nil, lost...)
				w.heard("")
				if k.Lifecycle == reconcile.Job {
					w.tags["team"] = "vision"
					w.pushTags()
				} else {
					w.rest(13 * time.Hour)
				}
				obj, err := w.get(t.Context())
				require.NoError(t, err)
				require.NotEqual(t, reason.ForeignObject, told(obj))
				require.Subset(t, slices.Collect(maps.Keys(w.inAWS().Tags)), all)
				require.Len(t, w.heard(reason.OwnershipLost), 1)
			})
		}
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return text
}
