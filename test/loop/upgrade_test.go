package loop_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	fluxmeta "github.com/fluxcd/pkg/apis/meta"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
)

// survived says what there is of an earlier controller's Kubernetes objects.
type survived int

const (
	everything survived = iota // as after an upgrade
	specs                      // as from a backup without status
	nothing                    // as in a cluster that is built anew from git
)

// TestUpgrade: a controller starts and updates nothing on what an earlier version has
// left, whether status is there or not, and a revert starts no job that exists.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	for name, file := range recorded(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, row := range []struct {
				reason string
				left   survived
			}{{"upgraded", everything}, {"status lost", specs}, {"built anew", nothing}} {
				t.Run(row.reason, func(t *testing.T) {
					u := newUpgrade(t, file)
					u.restore(row.left)
					u.startController()
					u.rests(row.left)
					for _, back := range u.Reverts {
						u.reverts(back, row.left)
					}
				})
			}
		})
	}
}

// upgrade is a world that was made of a fixture.
type upgrade struct {
	*world
	*fixture

	// renamed are the identifiers that AWS made in place of the recorded ones.
	renamed map[string]string
}

func newUpgrade(t *testing.T, file string) *upgrade {
	t.Helper()
	f := readFixture(t, file)
	known, durations := simulator.Stages(), map[string]time.Duration{}
	for stage, text := range f.Durations {
		if _, ok := known[stage]; ok {
			d, err := time.ParseDuration(text)
			require.NoError(t, err)
			durations[stage] = d
		}
	}
	w := newWorldIn(t, f.Namespace, f.Start, simulator.Options{Account: f.Account, Durations: durations, Seed: f.Seed, AsObserved: *asObserved})
	w.cluster = f.Cluster
	u := &upgrade{world: w, fixture: f, renamed: map[string]string{}}
	t.Cleanup(u.clear)
	u.clear()
	return u
}

// clear removes all objects of the namespace, which other tests have too.
func (u *upgrade) clear() {
	u.stopController()
	ctx := context.WithoutCancel(u.ctx) // which has ended when a test has
	for _, object := range u.allIn(ctx) {
		obj := &unstructured.Unstructured{Object: object}
		lost := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))
		require.NoError(u.t, client.IgnoreNotFound(u.kube.Patch(ctx, obj, lost)))
		require.NoError(u.t, client.IgnoreNotFound(u.kube.Delete(ctx, obj)))
	}
}

// restore brings AWS and Kubernetes to where they were.
func (u *upgrade) restore(left survived) {
	u.t.Helper()
	u.putStorage()
	faults := u.Faults
	for _, c := range u.Calls {
		for len(faults) > 0 && !faults[0].Time.After(c.Time) {
			u.clock.SetTime(faults[0].Time)
			u.fault(faults[0].Rule)
			faults = faults[1:]
		}
		u.clock.SetTime(c.Time)
		u.learn(c.Answer, u.repeat(c))
	}
	u.clock.SetTime(u.End)
	u.aws.Objects("") // what has become due has happened
	u.putStorage()
	if u.Server != "" {
		u.renamed[u.Server] = serve(u.t, func(path string) []byte { return u.Artifacts[path] })
	}
	u.aws.Journal().Reset()
	for _, object := range u.Objects {
		if object["kind"] == "GitRepository" {
			u.install("testdata/gitrepositories.yaml")
		}
	}
	u.restoreObjects(left)
}

func (u *upgrade) putStorage() {
	u.t.Helper()
	for bucket, objects := range u.Storage {
		require.NoError(u.t, u.aws.CreateBucket(bucket))
		for key, content := range objects {
			require.NoError(u.t, u.aws.PutObject(bucket, u.rename(key), content))
		}
	}
}

// services are the names that AWS's protocol has for services.
var services = map[string]string{
	"sagemaker": "SageMaker", "application-autoscaling": "AnyScaleFrontendService", "cloudwatch": "GraniteServiceVersion20100801",
}

// repeat sends a recorded request again.
func (u *upgrade) repeat(c call) (answer map[string]any) {
	u.t.Helper()
	text, err := json.Marshal(c.Request)
	require.NoError(u.t, err)
	req, err := http.NewRequestWithContext(u.ctx, http.MethodPost, u.aws.URL(), strings.NewReader(u.rename(string(text))))
	require.NoError(u.t, err)
	key := simulator.AccessKey
	if c.Account != u.aws.Account() {
		key = c.Account
	}
	req.Header.Set("X-Amz-Target", services[c.Service]+"."+c.Operation)
	req.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/20350101/%s/%s/aws4_request", key, c.Region, c.Service))
	response, err := http.DefaultClient.Do(req)
	require.NoError(u.t, err)
	defer response.Body.Close()
	var body bytes.Buffer
	_, err = body.ReadFrom(response.Body)
	require.NoError(u.t, err)
	require.Equal(u.t, http.StatusOK, response.StatusCode, "%s %s: %s", c.Operation, text, body.String())
	decoder := json.NewDecoder(&body)
	decoder.UseNumber()
	require.NoError(u.t, decoder.Decode(&answer))
	return answer
}

// learn finds what AWS calls by other identifiers than it did then.
func (u *upgrade) learn(was, is any) {
	switch was := was.(type) {
	case map[string]any:
		is, _ := is.(map[string]any)
		for key, member := range was {
			u.learn(member, is[key])
		}
	case []any:
		is, _ := is.([]any)
		for i := range min(len(was), len(is)) {
			u.learn(was[i], is[i])
		}
	case string:
		if is, ok := is.(string); ok && is != was && len(was) >= 8 {
			u.renamed[was] = is
		}
	}
}

// rename puts the identifiers of now into a recorded text.
func (u *upgrade) rename(text string) string {
	if len(u.renamed) == 0 {
		return text
	}
	var pairs []string
	for _, old := range slices.SortedFunc(maps.Keys(u.renamed), func(a, b string) int { return cmp.Compare(len(b), len(a)) }) {
		pairs = append(pairs, old, u.renamed[old])
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

func (u *upgrade) renamedObject(object map[string]any) *unstructured.Unstructured {
	u.t.Helper()
	text, err := json.Marshal(object)
	require.NoError(u.t, err)
	renamed := newUnstructured()
	require.NoError(u.t, renamed.UnmarshalJSON([]byte(u.rename(string(text)))))
	return renamed
}

// restoreObjects makes the objects that have survived, or applies git.
func (u *upgrade) restoreObjects(left survived) {
	u.t.Helper()
	uids := map[types.UID]types.UID{}
	for _, object := range u.Objects {
		was := u.renamedObject(object)
		if left == nothing && was.GroupVersionKind().Group != "source.toolkit.fluxcd.io" {
			continue
		}
		owners := was.GetOwnerReferences()
		for i := range owners {
			owners[i].UID = uids[owners[i].UID]
		}
		was.SetOwnerReferences(owners)
		uids[was.GetUID()] = u.restoreObject(was, left).GetUID()
	}
	if left == nothing {
		u.pushes(u.Git)
	}
}

// restoreObject makes one object, of its generation and with its status.
func (u *upgrade) restoreObject(was *unstructured.Unstructured, left survived) *unstructured.Unstructured {
	u.t.Helper()
	ours := was.GroupVersionKind().Group == v1alpha1.Group
	is := was.DeepCopy()
	is.SetResourceVersion("")
	is.SetUID("")
	is.SetManagedFields(nil)
	for n := was.GetGeneration() - 1; ; n-- {
		spec, _, err := unstructured.NestedMap(was.Object, "spec")
		require.NoError(u.t, err)
		if ours && n%2 == 1 { // a spec that differs makes another generation
			suspended, _ := spec["suspend"].(bool)
			spec["suspend"] = !suspended
		}
		if ours {
			is.Object["spec"] = spec
		}
		if is.GetUID() == "" {
			made := func() bool { return !meta.IsNoMatchError(u.kube.Create(u.ctx, is)) }
			require.Eventually(u.t, made, time.Minute, 50*time.Millisecond, "the API server takes up kinds after a moment")
			require.NotEmpty(u.t, is.GetUID(), "%s %s is made", is.GetKind(), is.GetName())
		} else {
			require.NoError(u.t, u.kube.Update(u.ctx, is))
		}
		if n <= 0 || !ours {
			break
		}
	}
	var managers []metav1.ManagedFieldsEntry
	for _, manager := range was.GetManagedFields() {
		if left == everything || manager.Subresource == "" {
			managers = append(managers, manager)
		}
	}
	if ours && left == everything && was.Object["status"] != nil {
		is.Object["status"] = was.Object["status"]
		require.NoError(u.t, u.kube.Status().Update(u.ctx, is))
		require.Equal(u.t, was.GetGeneration(), is.GetGeneration())
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"managedFields": managers}})
	require.NoError(u.t, err)
	require.NoError(u.t, u.kube.Patch(u.ctx, is, client.RawPatch(types.MergePatchType, patch)))
	return is
}

// pushes applies manifests as a GitOps tool does.
func (u *upgrade) pushes(git []map[string]any) {
	u.t.Helper()
	for _, object := range git {
		require.NoError(u.t, u.kube.Patch(u.ctx, u.renamedObject(object), client.Apply, client.FieldOwner("git"), client.ForceOwnership)) //nolint:staticcheck // the objects are made of text
	}
}

// asBefore is empty if the objects say of themselves what they said when they were
// recorded, or else names one that does not. Without status only those of git are looked
// at: of the others, history is lost, and with it the reason to keep them.
func (u *upgrade) asBefore(left survived) string {
	for _, object := range u.Objects {
		was := &unstructured.Unstructured{Object: object}
		if was.GroupVersionKind().Group != v1alpha1.Group || left != everything && metav1.GetControllerOf(was) != nil {
			continue
		}
		obj := u.typed(was)
		if obj == nil {
			return was.GetKind() + " " + was.GetName() + " is not there"
		}
		now, then := readyCondition(obj), readyIn(was)
		if string(now.Status) != then || then == "True" && !isReady(obj) {
			return fmt.Sprintf("%s %s is %q, and was %q: %s", was.GetKind(), was.GetName(), now.Status, then, now.Message)
		}
	}
	return ""
}

func readyIn(was *unstructured.Unstructured) string {
	conditions, _, _ := unstructured.NestedSlice(was.Object, "status", "conditions")
	for _, c := range conditions {
		if c, ok := c.(map[string]any); ok && c["type"] == fluxmeta.ReadyCondition {
			return fmt.Sprint(c["status"])
		}
	}
	return ""
}

// rests asserts that everything comes to be what it was, for hours, and nothing is
// changed in AWS.
func (u *upgrade) rests(left survived) {
	u.t.Helper()
	difference := "not looked at"
	defer func() {
		if u.t.Failed() {
			u.t.Log(difference)
		}
	}()
	u.until("all is as before", func() bool { difference = u.asBefore(left); return difference == "" })
	if left == everything {
		u.pass(6*time.Hour, time.Minute) // tags are looked at again meanwhile; else they have just been
	}
	u.pass(time.Hour, time.Minute)
	u.until("all is still as before", func() bool { difference = u.asBefore(left); return difference == "" }) // the API server may have failed once
	require.Empty(u.t, u.changes(left))
}

// changes are the requests that changed something in AWS or S3, or were to.
func (u *upgrade) changes(left survived) []string {
	var all []string
	for _, e := range u.aws.Journal().Entries() {
		if left == specs && strings.HasPrefix(e.Operation, "Delete") {
			continue // with status history is lost, whose revisions are removed
		}
		if left != everything && slices.Contains([]string{"PutMetricAlarm", "DeleteAlarms"}, e.Operation) {
			continue // the alarms of a roll-out are there until a deployment knows that it serves
		}
		if path, _ := e.Request["path"].(string); e.Operation == "PutObject" && u.isNew(path) {
			continue
		}
		if e.Mutation() || e.Service == "s3" && slices.Contains([]string{"PutObject", "DeleteObject", "PostObject"}, e.Operation) {
			text, err := json.Marshal(e.Request)
			require.NoError(u.t, err)
			all = append(all, fmt.Sprintf("%s %s %s", e.Operation, text, e.Message))
		}
	}
	return all
}

// isNew tells whether a path in S3, /<bucket>/<key>, is one where the controller writes
// what it is to find again, and was not there.
func (u *upgrade) isNew(path string) bool {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	_, there := u.Storage[bucket][key]
	return !there && (strings.Contains(key, "/sources/") || strings.Contains(key, "/.plans/"))
}

// reverts pushes an earlier commit: no more is made for it than by the recording version.
func (u *upgrade) reverts(back revert, left survived) {
	u.t.Helper()
	u.aws.Journal().Reset()
	u.pushes(back.Git)
	u.until(back.Say+" is ready", func() bool {
		for _, object := range back.Git {
			if obj := u.typed(&unstructured.Unstructured{Object: object}); obj != nil && !isReady(obj) {
				return false
			}
		}
		return true
	})
	u.pass(time.Minute, step)
	calls := u.mutations()
	for operation, n := range calls {
		runs := strings.HasPrefix(operation, "Create") && strings.HasSuffix(operation, "Job") || operation == "StartPipelineExecution"
		if left == specs && !runs {
			continue // revisions of which there was no record are gone
		}
		if strings.HasPrefix(operation, "Create") || runs {
			require.LessOrEqual(u.t, n, back.Calls[operation], "%s: %s", back.Say, operation)
		}
	}
}
