package loop_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/journal"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/story"
)

// seeds is how many ways AWS may answer where sources contradict each other.
var seeds = flag.Int("seeds", 2, "with how many seeds of the simulator objects come to rest")

// newObservedWorld makes a world in which AWS answers as it was seen to.
func newObservedWorld(t *testing.T, seed int) *world {
	t.Helper()
	t.Parallel()
	namespace := fmt.Sprintf("w%d-%d", worlds.Add(1), os.Getpid())
	options := simulator.Options{Durations: durations(), Seed: uint64(seed), AsObserved: true}
	return newWorldIn(t, namespace, time.Now().Truncate(time.Second), options)
}

// hostile adds to the first step of a kind's story what AWS is known to answer
// otherwise than it was sent: lists without an order, wrapped base64, values that
// are AWS's defaults, names that come back as ARNs, members that are never shown.
var hostile = map[string]string{
	"Domain": `{
		"subnetIDs": ["subnet-3", "subnet-1", "subnet-2"],
		"defaultUserSettings": {
			"executionRole": "arn:aws:iam::123456789012:role/sagemaker", "securityGroups": ["sg-3", "sg-1", "sg-2"],
			"rStudioServerProAppSettings": {"accessStatus": "DISABLED"}, "jupyterServerAppSettings": {"lifecycleConfigARNs": []},
			"studioWebPortalSettings": {"hiddenAppTypes": ["JupyterServer", "Canvas"]}}}`,
	"EndpointConfig": `{"enableNetworkIsolation": false}`,
	"MetricAlarm":    `{"dimensions": [{"name": "EndpointName", "value": "serving"}, {"name": "VariantName", "value": "AllTraffic"}], "actionsEnabled": true}`,
	"Model": `{"enableNetworkIsolation": false,
		"vpcConfig": {"securityGroupIDs": ["sg-3", "sg-1", "sg-2"], "subnets": ["subnet-2", "subnet-1", "subnet-3"]}}`,
	"ModelPackage":                    `{"modelPackageGroupName": "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/versions"}`,
	"MonitoringSchedule":              `{"monitoringScheduleConfig": {"monitoringJobDefinitionName": "quality", "monitoringType": "DataQuality", "scheduleConfig": {"scheduleExpression": "cron(0 3 ? * * *)"}}}`,
	"NotebookInstance":                `{"subnetID": "subnet-1", "securityGroupIDs": ["sg-3", "sg-1", "sg-2"], "rootAccess": "Enabled"}`,
	"NotebookInstanceLifecycleConfig": `{"onStart": [{"content": "IyEvYmluL2Jhc2gKc2V0IC1ldXgKcGlwIGluc3RhbGwgLS1xdWlldCAtciAvaG9tZS9lYzItdXNl\nci9TYWdlTWFrZXIvcmVxdWlyZW1lbnRzLnR4dAo=\n"}]}`,
	"Pipeline":                        `{"pipelineDefinition": "{\"Version\": \"2020-12-01\",  \"Steps\": [{\"Type\": \"Training\", \"Name\": \"Train\"}]}"}`,
	"ProcessingJob": `{"networkConfig": {"enableNetworkIsolation": false,
		"vpcConfig": {"securityGroupIDs": ["sg-3", "sg-1", "sg-2"], "subnets": ["subnet-2", "subnet-1", "subnet-3"]}}}`,
	"ScalableTarget": `{"roleARN": "arn:aws:iam::123456789012:role/scaling"}`,
	"TrainingJob": `{"enableNetworkIsolation": false,
		"vpcConfig": {"securityGroupIDs": ["sg-3", "sg-1", "sg-2"], "subnets": ["subnet-2", "subnet-1", "subnet-3"]}}`,
	"UserProfile": `{"userSettings": {"executionRole": "arn:aws:iam::123456789012:role/sagemaker", "securityGroups": ["sg-3", "sg-1", "sg-2"],
		"rStudioServerProAppSettings": {"accessStatus": "DISABLED"}}}`,
}

// TestKindsAtRest: an object of every kind gets ready, however AWS answers, and then
// a day goes by in which AWS is asked to change nothing and no status is written.
func TestKindsAtRest(t *testing.T) {
	t.Parallel()
	for seed := range *seeds {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			w := newObservedWorld(t, seed)
			stage := story.Furnish(t, w.aws, w.clock, w.cluster)
			w.startController()
			for _, k := range kind.All() {
				p := w.plays(k, stage)
				p.push(p.hostile())
				if k.Approval {
					p.until("it can be approved", func() bool { return p.reason() == p.steps[0].Until })
					p.push(p.steps[1].Spec)
				}
			}
			w.allReady()
			w.rests()
		})
	}
}

// plays is the story of a kind in a world that it shares with others.
func (w *world) plays(k reconcile.Kind, stage *story.Stage) *play {
	w.t.Helper()
	steps, err := story.Read(k.Kind())
	require.NoError(w.t, err)
	p := &play{world: w, kind: k, steps: steps, stage: stage, spec: map[string]any{}}
	if k.Tags == nil {
		p.spec["tags"] = []any{map[string]any{"key": "team", "value": "ml"}, map[string]any{"key": "cost-center", "value": "7"}}
	}
	return p
}

// hostile is the first step of the story with what AWS answers otherwise.
func (p *play) hostile() map[string]any {
	p.t.Helper()
	spec := maps.Clone(p.steps[0].Spec)
	delete(spec, "interval")
	if text, ok := hostile[p.kind.Kind()]; ok {
		more := map[string]any{}
		require.NoError(p.t, yaml.Unmarshal([]byte(text), &more))
		maps.Copy(spec, more)
	}
	return spec
}

// sharedEndpoint is what the example of an inference component runs on.
const sharedEndpoint = `kind: EndpointConfig
metadata: {name: shared}
spec:
  executionRoleARN: arn:aws:iam::123456789012:role/sagemaker
  productionVariants: [{variantName: main, instanceType: ml.m5.large, initialInstanceCount: 1}]
---
kind: Endpoint
metadata: {name: shared}
spec: {endpointConfigRef: {name: shared}}`

// TestExampleKindsAtRest is the same for the manifests of examples/kinds.
func TestExampleKindsAtRest(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../examples/kinds/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for seed := range *seeds {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			w := newObservedWorld(t, seed)
			for _, key := range []string{"abalone/raw/part-0", "abalone/batch/part-0", "abalone/models/model.tar.gz", "snails/input.manifest"} {
				require.NoError(t, w.aws.PutObject("acme-ml", key, []byte("data")))
			}
			w.startController()
			w.apply(sharedEndpoint)
			for _, file := range files {
				text, err := os.ReadFile(file)
				require.NoError(t, err)
				w.apply(string(text))
			}
			w.until("the model package waits for approval", func() bool { return len(w.aws.Objects("ModelPackage")) == 1 })
			w.approvesPackage()
			w.allReady()
			w.rests()
		})
	}
}

// deployments are examples that need nobody who approves or measures. The one of a
// rolling update is left out: it tests what a real model answers.
var deployments = []string{
	"image-automation", "model-deployment/overlays/all-at-once", "model-deployment/overlays/canary", "model-deployment/overlays/linear",
	"plain-kinds/overlays/demo",
}

// TestExampleDeploymentsAtRest is the same for the examples without a pipeline; those
// with one rest in the tests of what they do. Few seeds share the examples.
func TestExampleDeploymentsAtRest(t *testing.T) {
	t.Parallel()
	for seed := range *seeds {
		for i, directory := range deployments {
			if *seeds <= 2 && i%*seeds != seed {
				continue
			}
			t.Run(fmt.Sprintf("%s seed %d", directory, seed), func(t *testing.T) {
				w := newObservedWorld(t, seed)
				for _, key := range []string{"train/part-0", "validation/part-0", "model.tar.gz"} {
					require.NoError(t, w.aws.PutObject("acme-ml", "abalone/"+key, []byte("data")))
				}
				w.alarm("abalone-orders-failing")
				w.alarm("abalone-queue-long")
				e := exampleIn(w, directory)
				for _, u := range e.objects {
					text, err := u.MarshalJSON()
					require.NoError(t, err)
					require.NoError(t, u.UnmarshalJSON([]byte(strings.ReplaceAll(string(text), "111122223333", "123456789012"))))
				}
				w.startController()
				e.push()
				w.until("something is reconciled", func() bool { return len(w.aws.Journal().Mutations()) > 0 })
				w.allReady()
				w.rests()
			})
		}
	}
}

// approvesPackage lets a person approve the only model package.
func (w *world) approvesPackage() {
	w.t.Helper()
	config, err := w.aws.AWSConfig(w.ctx)
	require.NoError(w.t, err)
	person, err := cloud.NewClients(config, w.clock, nil).For(w.ctx, cloud.Identity{})
	require.NoError(w.t, err)
	_, err = kind.ModelPackage.Update.Call(w.ctx, person, shape.Tree{
		"ModelPackageArn": w.aws.Objects("ModelPackage")[0].ARN, "ModelApprovalStatus": "Approved",
	})
	require.NoError(w.t, err)
}

// everything is all objects of ours in the namespace.
func (w *world) everything() []unstructured.Unstructured {
	w.t.Helper()
	kinds := allKinds()
	all := make([]unstructured.Unstructured, 0, len(kinds))
	for _, k := range kinds {
		all = append(all, w.list(k)...)
	}
	return all
}

// list reads the objects of a kind. Under load a connection may break, of which the
// API server knows nothing.
func (w *world) list(k string) []unstructured.Unstructured {
	w.t.Helper()
	list := &unstructured.UnstructuredList{Object: map[string]any{"apiVersion": v1alpha1.GroupVersion.String(), "kind": k + "List"}}
	err := w.kube.List(w.ctx, list, client.InNamespace(w.namespace))
	for tries := 0; err != nil && apierrors.ReasonForError(err) == metav1.StatusReasonUnknown && tries < 3; tries++ {
		err = w.kube.List(w.ctx, list, client.InNamespace(w.namespace))
	}
	require.NoError(w.t, err)
	return list.Items
}

func allKinds() []string {
	kinds := append(make([]string, 0, 2+len(kind.All())), "ModelDeployment", "ModelPipeline")
	for _, k := range kind.All() {
		kinds = append(kinds, k.Kind())
	}
	return kinds
}

// allReady waits until every object of ours is ready, one kind after the other.
func (w *world) allReady() {
	w.t.Helper()
	defer func() {
		for _, u := range w.everything() {
			if w.t.Failed() && !settledObject(u) {
				w.t.Logf("%s/%s: %v", u.GetKind(), u.GetName(), u.Object["status"])
			}
		}
	}()
	for again := true; again; {
		again = false
		for _, k := range allKinds() {
			w.until("every "+k+" is ready", func() bool {
				unready := slices.ContainsFunc(w.list(k), func(u unstructured.Unstructured) bool { return !settledObject(u) })
				again = again || unready
				return !unready
			})
		}
	}
}

// settledObject tells whether an object is ready at its generation.
func settledObject(u unstructured.Unstructured) bool {
	conditions, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions")
	generation, _, _ := unstructured.NestedInt64(u.Object, "status", "observedGeneration")
	ready := false
	for _, c := range conditions {
		condition, _ := c.(map[string]any)
		if condition["status"] == "True" && (condition["type"] == "Reconciling" || condition["type"] == "Stalled") {
			return false
		}
		ready = ready || condition["type"] == "Ready" && condition["status"] == "True"
	}
	return ready && generation == u.GetGeneration()
}

// rests lets a day go by in which nothing is to happen, see restsFor.
func (w *world) rests() {
	w.t.Helper()
	w.pass(time.Hour, time.Minute) // the last news: tags that lag, alarms that are judged
	w.restsFor(24 * time.Hour)
}

// restsFor lets time go by and requires that AWS was asked to change nothing and that
// no object was written, but by the runs of monitoring schedules, which change what
// AWS describes.
func (w *world) restsFor(d time.Duration) {
	w.t.Helper()
	w.aws.Journal().Reset()
	before := revisionsOf(w.everything())
	for end := w.clock.Now().Add(d); w.clock.Now().Before(end); {
		w.pass(2*time.Hour, 10*time.Minute)
	}
	require.Empty(w.t, operationsOf(w.aws.Journal().Mutations()), "AWS is asked to change nothing\n%s", w.describe())
	for name, is := range revisionsOf(w.everything()) {
		if !strings.HasPrefix(name, "MonitoringSchedule/") {
			require.Equal(w.t, before[name], is, "%s is written", name)
		}
	}
	asked := 0
	for operation, n := range w.aws.Journal().Counts() {
		if strings.HasPrefix(operation, "Describe") {
			asked += n
		}
	}
	require.Positive(w.t, asked, "or nothing would be shown")
}

func operationsOf(entries []journal.Entry) []string {
	operations := make([]string, 0, len(entries))
	for _, e := range entries {
		operations = append(operations, fmt.Sprintf("%s %v", e.Operation, e.Request))
	}
	return operations
}

// revisionsOf are the resource versions of objects, with what could tell why they
// changed.
func revisionsOf(objects []unstructured.Unstructured) map[string]string {
	revisions := map[string]string{}
	for _, u := range objects {
		status, _ := yaml.Marshal(u.Object["status"])
		revisions[u.GetKind()+"/"+u.GetName()] = u.GetResourceVersion() + "\n" + string(status)
	}
	return revisions
}
