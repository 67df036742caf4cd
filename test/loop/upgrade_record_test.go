package loop_test

import (
	"context"
	"flag"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

// record names the hash version for whose directory fixtures are recorded. Fixtures of a
// version that was released are never recorded again: see testdata/upgrade/README.md.
var record = flag.String("record", "", "record upgrade fixtures into testdata/upgrade/<value>, with the present controller")

// recordedAt is when every recording begins: later than the creationTimestamp of any
// object that a replay makes, so that schedules mean the same in both.
var recordedAt = time.Date(2035, 1, 1, 8, 0, 0, 0, time.UTC)

// recording is a world whose story is kept.
type recording struct {
	*example

	fixture fixture
	mu      sync.Mutex
}

// TestRecordUpgradeFixture plays all scenarios and keeps what the controller leaves.
func TestRecordUpgradeFixture(t *testing.T) {
	t.Parallel()
	if *record == "" {
		return // fixtures are recorded once per hash version
	}
	for name, scenario := range scenarios() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRecording(t, "upgrade-"+name, scenario.account)
			scenario.play(r)
			r.capture()
			r.fixture.write(t, *record, name)
		})
	}
}

func newRecording(t *testing.T, namespace, account string) *recording {
	t.Helper()
	options := simulator.Options{Account: account, Durations: durations(), Seed: 1}
	w := newWorldIn(t, namespace, recordedAt, options)
	r := &recording{example: &example{world: w}, fixture: fixture{
		Cluster: w.cluster, Account: w.aws.Account(), Namespace: namespace, Start: recordedAt, Seed: options.Seed, Durations: map[string]string{}, Artifacts: map[string][]byte{},
	}}
	for stage, d := range options.Durations {
		r.fixture.Durations[stage] = d.String()
	}
	return r
}

// of takes the objects of a kustomization.
func (r *recording) of(directory string) {
	r.t.Helper()
	r.example = exampleIn(r.world, directory)
	r.furnish()
}

// manifests takes the objects of texts.
func (r *recording) manifests(texts ...string) {
	r.t.Helper()
	r.objects = nil
	for _, text := range texts {
		for doc := range strings.SplitSeq(strings.TrimPrefix(text, "\n"), "\n---\n") {
			u, ok := r.parse(doc).(*unstructured.Unstructured)
			require.True(r.t, ok)
			r.objects = append(r.objects, u)
		}
	}
	r.furnish()
}

// furnish puts something into S3 wherever a manifest names data.
func (r *recording) furnish() {
	r.t.Helper()
	for _, u := range r.objects {
		for _, uri := range urisIn(u.Object) {
			bucket, key, _ := strings.Cut(strings.TrimPrefix(uri, "s3://"), "/")
			if strings.HasSuffix(key, "/") || !strings.Contains(key[strings.LastIndex(key, "/")+1:], ".") {
				key = strings.TrimSuffix(key, "/") + "/part-0"
			}
			require.NoError(r.t, r.aws.PutObject(bucket, key, []byte("1 1:2")))
		}
	}
}

// urisIn are the URIs of S3 in a document that are no templates.
func urisIn(value any) []string {
	switch v := value.(type) {
	case string:
		if strings.HasPrefix(v, "s3://") && !strings.Contains(v, "{{") {
			return []string{v}
		}
	case map[string]any:
		var all []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			all = append(all, urisIn(v[key])...)
		}
		return all
	case []any:
		var all []string
		for _, item := range v {
			all = append(all, urisIn(item)...)
		}
		return all
	}
	return nil
}

// fault is a rule from now on.
func (r *recording) fault(rule fault.Rule) {
	r.t.Helper()
	r.fixture.Faults = append(r.fixture.Faults, timedFault{r.clock.Now(), rule})
	r.world.fault(rule)
}

// trains sets the error with which training jobs end.
func (r *recording) trains() {
	r.t.Helper()
	r.fault(fault.Rule{Action: fault.Measure, Metrics: map[string]float64{"validation:rmse": 2.08}})
}

// serves offers an archive as Flux's source-controller does.
func (r *recording) serves(path string, content []byte) (url string) {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fixture.Artifacts[path] = content
	if r.fixture.Server == "" {
		r.fixture.Server = serve(r.t, func(path string) []byte {
			r.mu.Lock()
			defer r.mu.Unlock()
			return r.fixture.Artifacts[path]
		})
	}
	return r.fixture.Server + path
}

// serve serves archives by their paths.
func serve(t *testing.T, archive func(path string) []byte) (url string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) { _, _ = rw.Write(archive(req.URL.Path)) }))
	t.Cleanup(server.Close)
	return server.URL
}

// ready waits until all objects of git are.
func (r *recording) ready() {
	r.t.Helper()
	r.until("all is ready", func() bool {
		for _, u := range r.objects {
			if obj := r.typed(u); obj != nil && !isReady(obj) {
				return false
			}
		}
		return true
	})
}

// capture keeps the world as it is now, at rest.
func (r *recording) capture() {
	r.t.Helper()
	r.pass(time.Minute, step)
	r.stopController()
	f := &r.fixture
	f.End = r.clock.Now()
	for _, e := range r.aws.Journal().Mutations() {
		if e.Succeeded() {
			f.Calls = append(f.Calls, callOf(e))
		}
	}
	f.Storage, f.Objects, f.Git = r.storage(), r.all(), copies(r.objects)
	revertsOf := f.Reverts
	f.Reverts = nil
	r.startController()
	for _, back := range revertsOf {
		r.aws.Journal().Reset()
		r.objects = r.objects[:0]
		for _, text := range back.Git {
			r.objects = append(r.objects, &unstructured.Unstructured{Object: text})
		}
		r.push()
		r.ready()
		r.pass(time.Minute, step)
		back.Calls = r.mutations()
		f.Reverts = append(f.Reverts, back)
	}
}

// revertsTo keeps the present manifests as an earlier commit to go back to.
func (r *recording) revertsTo(say string) {
	r.fixture.Reverts = append(r.fixture.Reverts, revert{Say: say, Git: copies(r.objects)})
}

func copies(objects []*unstructured.Unstructured) []map[string]any {
	all := make([]map[string]any, len(objects))
	for i, u := range objects {
		all[i] = u.DeepCopy().Object
	}
	return all
}

// storage is all that is in S3.
func (w *world) storage() map[string]map[string][]byte {
	w.t.Helper()
	api, all := w.s3(), map[string]map[string][]byte{}
	buckets, err := api.ListBuckets(w.ctx, &s3.ListBucketsInput{})
	require.NoError(w.t, err)
	for _, bucket := range buckets.Buckets {
		all[*bucket.Name] = map[string][]byte{}
		pages := s3.NewListObjectsV2Paginator(api, &s3.ListObjectsV2Input{Bucket: bucket.Name})
		for pages.HasMorePages() {
			page, err := pages.NextPage(w.ctx)
			require.NoError(w.t, err)
			for _, object := range page.Contents {
				out, err := api.GetObject(w.ctx, &s3.GetObjectInput{Bucket: bucket.Name, Key: object.Key})
				require.NoError(w.t, err)
				content, err := io.ReadAll(out.Body)
				require.NoError(w.t, err)
				all[*bucket.Name][aws.ToString(object.Key)] = content
			}
		}
	}
	return all
}

// keptKinds are those that a fixture has objects of.
func keptKinds() []schema.GroupVersionKind {
	ours := make([]schema.GroupVersionKind, 0, len(kind.All()))
	for _, k := range kind.All() {
		ours = append(ours, v1alpha1.GroupVersion.WithKind(k.Kind()))
	}
	return append(ours,
		schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"},
		schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "ControllerRevision"},
		schema.GroupVersionKind{Group: "source.toolkit.fluxcd.io", Version: "v1", Kind: "GitRepository"},
		v1alpha1.GroupVersion.WithKind("ModelPipeline"), v1alpha1.GroupVersion.WithKind("ModelDeployment"),
	)
}

// all are the objects of the namespace, those first that others belong to.
func (w *world) all() []map[string]any { return w.allIn(w.ctx) }

func (w *world) allIn(ctx context.Context) []map[string]any {
	w.t.Helper()
	var found []unstructured.Unstructured
	for _, gvk := range keptKinds() {
		var list unstructured.UnstructuredList
		list.SetGroupVersionKind(gvk.GroupVersion().WithKind(gvk.Kind + "List"))
		err := w.kube.List(ctx, &list, client.InNamespace(w.namespace))
		if meta.IsNoMatchError(err) {
			continue // this test has no such kind
		}
		require.NoError(w.t, err)
		for _, item := range list.Items {
			if item.GetName() != "kube-root-ca.crt" { // which Kubernetes gives to every namespace
				found = append(found, item)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b unstructured.Unstructured) int {
		return a.GetCreationTimestamp().Compare(b.GetCreationTimestamp().Time)
	})
	var all []map[string]any
	added := map[string]bool{}
	for len(all) < len(found) {
		before := len(all)
		for _, u := range found {
			owned := slices.ContainsFunc(u.GetOwnerReferences(), func(o metav1.OwnerReference) bool { return !added[string(o.UID)] })
			if !owned && !added[string(u.GetUID())] {
				added[string(u.GetUID())] = true
				all = append(all, u.Object)
			}
		}
		require.Greater(w.t, len(all), before, "owners are there")
	}
	return all
}
