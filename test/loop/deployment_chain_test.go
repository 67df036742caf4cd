package loop_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/manager"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
)

// trained is a deployment of what the training job made.
func trained(extra ...string) string {
	return strings.ReplaceAll(deployment(0, extra...), "modelDataURL: s3://acme-ml/models/v0/model.tar.gz", "modelDataRef: {kind: TrainingJob, name: abalone}")
}

// listen keeps every state of jobs and deployments that the API server tells.
// The function returned gives them in the order in which they were written.
func (w *world) listen() func() []reconcile.Object {
	w.t.Helper()
	scheme, err := manager.Scheme()
	require.NoError(w.t, err)
	c, err := client.NewWithWatch(w.clientConfig(""), client.Options{Scheme: scheme})
	require.NoError(w.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	w.t.Cleanup(cancel)
	var (
		mu     sync.Mutex
		states []reconcile.Object
	)
	follow := func(events watch.Interface) {
		for e := range events.ResultChan() {
			if obj, ok := e.Object.(reconcile.Object); ok {
				mu.Lock()
				states = append(states, obj)
				mu.Unlock()
			}
		}
	}
	for _, list := range []client.ObjectList{&v1alpha1.TrainingJobList{}, &v1alpha1.ModelDeploymentList{}} {
		events, err := c.Watch(ctx, list, client.InNamespace(w.namespace))
		require.NoError(w.t, err)
		go follow(events)
	}
	return func() []reconcile.Object {
		mu.Lock()
		defer mu.Unlock()
		slices.SortStableFunc(states, func(a, b reconcile.Object) int { return revision(a) - revision(b) })
		return slices.Clone(states)
	}
}

// TestDeploymentNeverReadyWithSomethingElse records every write while pushes and
// reverts go on, and finds no moment at which job and deployment are both ready
// and the endpoint serves another model than the job's.
func TestDeploymentNeverReadyWithSomethingElse(t *testing.T) {
	w := newDeploymentWorld(t)
	require.NoError(t, w.aws.PutObject("acme-ml", "abalone/train/part-0", []byte("1")))
	written := w.listen()
	serves := map[string]string{} // configuration by job
	w.apply(trained())
	for _, push := range []struct {
		rounds int
		reason string
	}{
		{100, "the first model"},
		{200, "a new run"},
		{100, "going back needs no job, so everything is quick"},
		{200, "and there again"},
		{100, "and back"},
	} {
		w.apply(trainingJob(push.rounds))
		w.until(push.reason, func() bool {
			return w.ran(push.rounds) && isReady(w.job()) && isReady(w.deployment()) && strings.Contains(w.served(), w.job().Status.Name)
		})
		serves[w.job().Status.Name] = w.deployment().Status.ServedConfig
	}
	require.Len(t, serves, 2)
	w.pass(time.Minute, 10*time.Second)

	var (
		job   *v1alpha1.TrainingJob
		d     *v1alpha1.ModelDeployment
		ready int
	)
	for _, obj := range written() {
		switch obj := obj.(type) {
		case *v1alpha1.TrainingJob:
			job = obj
		case *v1alpha1.ModelDeployment:
			d = obj
		}
		if job == nil || d == nil || !isReady(job) || !isReady(d) {
			continue
		}
		ready++
		require.Equal(t, serves[job.Status.Name], d.Status.ServedConfig, "at resourceVersion %s", obj.GetResourceVersion())
		require.Equal(t, job.Status.Name, d.Status.References[0].AWSName)
	}
	require.GreaterOrEqual(t, ready, 5)
}

// TestDeploymentKeepsWhatItServes: a Model that a deployment refers to stays in
// AWS until the deployment lets go of it.
func TestDeploymentKeepsWhatItServes(t *testing.T) {
	w := newDeploymentWorld(t)
	w.apply(`
kind: Model
metadata: {name: shared}
spec:
  executionRoleARN: arn:aws:iam::123456789012:role/abalone
  primaryContainer: {image: ` + deploymentImage + `, modelDataURL: s3://acme-ml/models/v1/model.tar.gz}`)
	referring := func(extra ...string) string {
		text := deployment(0, extra...)
		at := strings.Index(text, "    model: {")
		end := strings.Index(text[at:], "\n")
		return text[:at] + "    modelRef: {name: shared}" + text[at+end:]
	}
	w.apply(referring())
	w.deployed()
	require.Contains(t, w.served(), "v1/model.tar.gz")
	shared, _ := get(w, "shared", &v1alpha1.Model{})
	require.NoError(t, w.kube.Delete(w.ctx, shared))
	w.pass(10*time.Minute, 10*time.Second)
	require.Len(t, w.aws.Objects("Model"), 1)
	shared, there := get(w, "shared", &v1alpha1.Model{})
	require.True(t, there)
	require.Contains(t, readyCondition(shared).Message, "is in use by ")
	require.NoError(t, w.kube.Delete(w.ctx, w.deployment()))
	w.until("all is gone", func() bool { return len(w.aws.Objects("Model"))+len(w.aws.Objects("Endpoint")) == 0 })
}

// TestDeploymentThatGaveAway: nobody waits for a deployment that has given its
// endpoint away.
func TestDeploymentThatGaveAway(t *testing.T) {
	w := newDeploymentWorld(t)
	require.NoError(t, w.aws.PutObject("acme-ml", "abalone/train/part-0", []byte("1")))
	w.apply(trainingJob(100))
	w.apply(trained("handOverTo: successor"))
	w.deployed()
	w.apply(strings.ReplaceAll(trained("endpointName: abalone"), "{name: abalone}\nspec", "{name: successor}\nspec"))
	w.until("the second has it", func() bool {
		return isReady(w.successor()) && w.deployment().Status.Phase == v1alpha1.DeploymentHandedOver
	})
	w.apply(trainingJob(200))
	w.until("the next job is behind it", func() bool {
		return w.ran(200) && isReady(w.job()) && isReady(w.successor()) && strings.Contains(w.served(), w.job().Status.Name)
	})
}
