package main

import (
	"context"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	sagemaker "github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/manager"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/examples/own-kind/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/cluster"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
)

const patience = time.Minute

// acme is a cluster with this controller, and an account of AWS.
type acme struct {
	*testing.T

	kube client.Client
	aws  *registry
}

func newAcme(t *testing.T) *acme {
	t.Helper()
	ctrl.SetLogger(logr.Discard())
	c, err := cluster.Start(t.Context(), cluster.Options{CRDs: []string{"install/crd/bases", "../../kustomize/crd/bases"}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Stop()) })
	server, err := simulator.New(simulator.Options{Account: account, Region: region})
	require.NoError(t, err)
	require.NoError(t, server.Start())
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	config, err := server.AWSConfig(t.Context())
	require.NoError(t, err)
	aws := newRegistry(http.DefaultTransport)
	config.HTTPClient = aws

	options := manager.Options{Own: []reconcile.Kind{repository}, OwnTypes: v1alpha1.AddToScheme}
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	options.BindFlags(flags)
	require.NoError(t, flags.Parse([]string{
		"--cluster-name=test", "--kinds=Repository,ModelPipeline", "--observe-interval=1s", "--enable-leader-election=false", "--metrics-addr=0", "--health-addr=0",
	}))
	require.NoError(t, options.Check())
	m, err := manager.New(t.Context(), c.Config, config, options)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- m.Start(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})

	kube, err := client.New(c.Config, client.Options{Scheme: m.GetScheme()})
	require.NoError(t, err)
	require.NoError(t, kube.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "ml"}}))
	return &acme{t, kube, aws}
}

func TestOwnKind(t *testing.T) {
	a := newAcme(t)
	t.Run("changes", func(t *testing.T) { changes(&acme{t, a.kube, a.aws}) })
	t.Run("deletion", func(t *testing.T) { deletion(&acme{t, a.kube, a.aws}) })
	t.Run("step", func(t *testing.T) { step(&acme{t, a.kube, a.aws}) })
}

// changes: the loop makes and changes what it has been told of in kind.go alone, and does
// not touch what is somebody else's.
func changes(a *acme) {
	t := a.T
	text, err := os.ReadFile("repository.yaml")
	require.NoError(t, err)
	var r v1alpha1.Repository
	require.NoError(t, yaml.UnmarshalStrict(text, &r))
	r.Namespace = "ml"
	require.NoError(t, a.kube.Create(t.Context(), &r))

	a.untilReady(&r)
	require.Equal(t, []string{"CreateRepository"}, a.aws.changes())
	is, tags := a.aws.of("abalone-train")
	require.Equal(t, "IMMUTABLE", is["imageTagMutability"])
	require.Equal(t, "snails", tags["team"])
	require.Equal(t, "test", tags["sagemaker.gitops.dev/cluster"])
	require.Equal(t, "abalone-train", r.Status.Name)
	require.Equal(t, "arn:aws:ecr:eu-west-1:111122223333:repository/abalone-train", r.Status.ARN)
	require.Equal(t, "111122223333.dkr.ecr.eu-west-1.amazonaws.com/abalone-train", *r.Status.RepositoryURI)
	require.NotNil(t, r.Status.CreatedAt)
	require.JSONEq(t, `{"encryptionConfiguration": {"encryptionType": "AES256"}}`, string(r.Status.Defaults.Raw), "what AWS has chosen")

	for _, change := range []struct {
		reason string
		change func()
		calls  []string
	}{
		{"a member of one operation", func() { r.Spec.ImageTagMutability = "MUTABLE" }, []string{"PutImageTagMutability"}},
		{"a member of the other", func() { r.Spec.ImageScanningConfiguration.ScanOnPush = new(false) }, []string{"PutImageScanningConfiguration"}},
		{"a tag", func() { r.Spec.Tags[0].Value = new("whelks") }, []string{"TagResource"}},
		{"no tag", func() { r.Spec.Tags = nil }, []string{"UntagResource"}},
		{"what is for later", func() { r.Spec.Force = new(false) }, nil},
	} {
		change.change()
		require.NoError(t, a.kube.Update(t.Context(), &r), change.reason)
		a.untilReady(&r)
		require.Equal(t, change.calls, a.aws.changes(), change.reason)
	}
	a.untilFailed(&r, reason.ImmutableField, func() {
		r.Spec.EncryptionConfiguration = &v1alpha1.EncryptionConfiguration{EncryptionType: "KMS"}
	})
	r.Spec.EncryptionConfiguration = nil
	require.NoError(t, a.kube.Update(t.Context(), &r))
	a.untilReady(&r)
	require.Empty(t, a.aws.changes(), "what AWS does not change is not asked of it")

	thief := v1alpha1.Repository{ObjectMeta: metav1.ObjectMeta{Namespace: "ml", Name: "thief"}, Spec: v1alpha1.RepositorySpec{
		RepositoryName: new("abalone-train"), ImageTagMutability: "MUTABLE",
	}}
	require.NoError(t, a.kube.Create(t.Context(), &thief))
	a.untilFailed(&thief, reason.NameClaimed, nil)
	require.NoError(t, a.kube.Delete(t.Context(), &thief))
	a.untilGone(&thief)
	require.Empty(t, a.aws.changes(), "it has never been its")
}

// deletion: what holds images stays, unless the object says that it is to go.
func deletion(a *acme) {
	t := a.T
	deleted := sagemaker.Control{DeletionPolicy: sagemaker.DeletionDelete}
	rows := []struct {
		reason, name   string
		spec           v1alpha1.RepositorySpec
		images, exists bool
	}{
		{"git cannot make images again", "kept", v1alpha1.RepositorySpec{}, true, true},
		{"one that is empty, and may go", "empty", v1alpha1.RepositorySpec{Control: deleted}, false, false},
		{"one that is to go with its images", "forced", v1alpha1.RepositorySpec{Control: deleted, Force: new(true)}, true, false},
		{"AWS does not delete images unasked", "full", v1alpha1.RepositorySpec{Control: deleted}, true, true},
	}
	objects := make([]*v1alpha1.Repository, len(rows))
	for i, row := range rows {
		r := &v1alpha1.Repository{ObjectMeta: metav1.ObjectMeta{Namespace: "ml", Name: row.name}, Spec: row.spec}
		r.Spec.ImageTagMutability = "MUTABLE"
		require.NoError(t, a.kube.Create(t.Context(), r), row.reason)
		objects[i] = r
	}
	for i, row := range rows {
		a.untilReady(objects[i])
		if row.images {
			a.aws.push(row.name)
		}
		require.NoError(t, a.kube.Delete(t.Context(), objects[i]), row.reason)
	}
	for i, row := range rows {
		if row.name == "full" {
			a.until(objects[i], func(c *assert.CollectT) {
				require.Contains(c, ready(objects[i]).Message, "it still contains images", "AWS's own words")
			})
		} else {
			a.untilGone(objects[i])
		}
		is, _ := a.aws.of(row.name)
		require.Equal(t, row.exists, is != nil, row.reason)
	}
}

// step: a pipeline makes and changes a repository as it does with kinds of this project.
func step(a *acme) {
	t := a.T
	p := &sagemaker.ModelPipeline{}
	require.NoError(t, yaml.UnmarshalStrict([]byte(`
metadata: {namespace: ml, name: images}
spec:
  params: {mutability: MUTABLE}
  steps:
    - name: train
      template:
        kind: Repository
        spec: {imageTagMutability: "{{ .params.mutability }}"}
`), p))
	require.NoError(t, a.kube.Create(t.Context(), p))
	for _, mutability := range []string{"MUTABLE", "IMMUTABLE"} {
		before := client.MergeFrom(p.DeepCopy())
		p.Spec.Params["mutability"] = mutability
		require.NoError(t, a.kube.Patch(t.Context(), p, before))
		require.EventuallyWithT(t, func(c *assert.CollectT) {
			require.NoError(c, a.kube.Get(t.Context(), client.ObjectKeyFromObject(p), p))
			is := meta.FindStatusCondition(p.Status.Conditions, "Ready")
			require.NotNil(c, is)
			require.Equal(c, metav1.ConditionTrue, is.Status, is.Message)
			require.Equal(c, p.Generation, is.ObservedGeneration)
			repository, tags := a.aws.of(p.Status.Steps[0].Child)
			require.Equal(c, mutability, repository["imageTagMutability"])
			require.Equal(c, "Repository", tags["sagemaker.gitops.dev/kind"])
		}, patience, 50*time.Millisecond)
	}
}

// untilReady waits until an object is ready as it stands, by our verdict too.
func (a *acme) untilReady(r *v1alpha1.Repository) {
	a.Helper()
	generation := r.Generation
	a.until(r, func(c *assert.CollectT) {
		require.Equal(c, metav1.ConditionTrue, ready(r).Status, ready(r).Message)
		require.Equal(c, generation, r.Status.ObservedGeneration)
	})
	document := &unstructured.Unstructured{}
	document.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("Repository"))
	require.NoError(a, a.kube.Get(a.Context(), client.ObjectKeyFromObject(r), document))
	require.Equal(a, health.Healthy, health.Of(document.Object).Status)
}

// untilFailed changes an object, if there is a change, and waits until it has failed.
func (a *acme) untilFailed(r *v1alpha1.Repository, why string, change func()) {
	a.Helper()
	if change != nil {
		change()
		require.NoError(a, a.kube.Update(a.Context(), r))
	}
	a.until(r, func(c *assert.CollectT) {
		require.Equal(c, why, ready(r).Reason, ready(r).Message)
		require.True(c, meta.IsStatusConditionTrue(r.Status.Conditions, "Stalled"))
	})
}

func (a *acme) untilGone(r *v1alpha1.Repository) {
	a.Helper()
	require.Eventually(a, func() bool {
		return apierrors.IsNotFound(a.kube.Get(a.Context(), client.ObjectKeyFromObject(r), r))
	}, patience, 50*time.Millisecond, "%s is gone", r.Name)
}

func (a *acme) until(r *v1alpha1.Repository, holds func(*assert.CollectT)) {
	a.Helper()
	require.EventuallyWithT(a, func(c *assert.CollectT) {
		require.NoError(c, a.kube.Get(a.Context(), client.ObjectKeyFromObject(r), r))
		holds(c)
	}, patience, 50*time.Millisecond)
}

func ready(r *v1alpha1.Repository) metav1.Condition {
	if is := meta.FindStatusCondition(r.Status.Conditions, "Ready"); is != nil {
		return *is
	}
	return metav1.Condition{}
}
