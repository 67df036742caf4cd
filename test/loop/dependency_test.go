package loop_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// What specs name in place of referring to it, as manifests of the ACK controller do. In
// these tests nothing happens by the interval: it is a day.

const executionRole = "arn:aws:iam::123456789012:role/execution"

// hosting is an endpoint for inference components.
const hosting = `
kind: EndpointConfig
metadata: {name: shared}
spec:
  interval: 24h
  endpointConfigName: shared-a
  executionRoleARN: ` + executionRole + `
  productionVariants:
    - {variantName: one, instanceType: ml.c5.large, initialInstanceCount: 1}
---
kind: Endpoint
metadata: {name: shared}
spec: {interval: 24h, endpointName: shared-a, endpointConfigName: shared-a}
`

const component = `
kind: Model
metadata: {name: small}
spec:
  interval: 24h
  modelName: small-a
  executionRoleARN: ` + executionRole + `
  primaryContainer: {image: "123456789012.dkr.ecr.us-west-2.amazonaws.com/small:1"}
---
kind: InferenceComponent
metadata: {name: small}
spec:
  interval: 24h
  inferenceComponentName: small-a
  endpointName: shared-a
  variantName: one
  specification:
    modelName: small-a
    computeResourceRequirements: {numberOfCPUCoresRequired: 1, minMemoryRequiredInMb: 1024}
  runtimeConfig: {copyCount: 1}
`

const scale = `
kind: ScalableTarget
metadata: {name: scale}
spec:
  interval: 24h
  serviceNamespace: sagemaker
  scalableDimension: sagemaker:variant:DesiredInstanceCount
  resourceID: endpoint/later-a/variant/one
  minCapacity: 1
  maxCapacity: 2
`

const later = `
kind: Model
metadata: {name: later}
spec:
  interval: 24h
  modelName: later-a
  executionRoleARN: ` + executionRole + `
  primaryContainer: {image: "123456789012.dkr.ecr.us-west-2.amazonaws.com/later:1"}
---
kind: EndpointConfig
metadata: {name: later}
spec:
  interval: 24h
  endpointConfigName: later-a
  productionVariants:
    - {variantName: one, modelName: later-a, instanceType: ml.c5.large, initialInstanceCount: 1}
---
kind: Endpoint
metadata: {name: later}
spec: {interval: 24h, endpointName: later-a, endpointConfigName: later-a}
`

const packaged = `
kind: ModelPackage
metadata: {name: package}
spec:
  interval: 24h
  modelPackageName: package-a
  inferenceSpecification:
    containers:
      - {image: "123456789012.dkr.ecr.us-west-2.amazonaws.com/a:1", modelDataURL: "s3://acme-ml/abalone/train/part-0"}
    supportedContentTypes: [text/csv]
    supportedResponseMIMETypes: [text/csv]
    supportedTransformInstanceTypes: [ml.m5.large]
`

const fromPackage = `
kind: Model
metadata: {name: from-package}
spec:
  interval: 24h
  modelName: from-package-a
  executionRoleARN: ` + executionRole + `
  primaryContainer:
    modelPackageName: arn:aws:sagemaker:us-east-1:123456789012:model-package/package-a
`

// manifests puts texts of several objects together.
func manifests(texts ...string) string {
	for i, text := range texts {
		texts[i] = strings.Trim(text, "\n") + "\n"
	}
	return strings.Join(texts, "---\n")
}

// TestNamesInPlaceOfReferences: what names an object that is not there yet, or that AWS is
// still making, is never an alarm, and follows when it is there: in one push, or in two.
func TestNamesInPlaceOfReferences(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		reason, first, then string
		operation           string
		object              reconcile.Object
		name                string
	}{
		{"a component beside its endpoint", manifests(component, hosting), "", "CreateInferenceComponent", &v1alpha1.InferenceComponent{}, "small"},
		{"a component before its endpoint", component, hosting, "CreateInferenceComponent", &v1alpha1.InferenceComponent{}, "small"},
		{"a target beside its endpoint", manifests(scale, later), "", "RegisterScalableTarget", &v1alpha1.ScalableTarget{}, "scale"},
		{"a target before its endpoint", scale, later, "RegisterScalableTarget", &v1alpha1.ScalableTarget{}, "scale"},
		{"a model beside its package", manifests(fromPackage, packaged), "", "CreateModel", &v1alpha1.Model{}, "from-package"},
		{"a model before its package", fromPackage, packaged, "CreateModel", &v1alpha1.Model{}, "from-package"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			w := newWorld(t)
			w.startController()
			read := func() reconcile.Object {
				obj, _ := get(w, row.name, row.object)
				require.False(t, isStalled(obj), "%+v", readyCondition(obj))
				return obj
			}
			w.apply(row.first)
			if row.then != "" {
				w.until("it waits", func() bool { return readyCondition(read()).Reason == reason.DependencyNotReady })
				require.Contains(t, readyCondition(read()).Message, "; waiting for ")
				w.apply(row.then)
			}
			w.until("it is ready", func() bool { return isReady(read()) })
			refused := 0
			for _, e := range w.aws.Journal().Entries() {
				if e.Operation == row.operation && !e.Succeeded() {
					refused++
				}
			}
			require.LessOrEqual(t, refused, 12)
		})
	}
}

// TestDeletedTogether: what is deleted in one go is gone without anybody's help and without
// waiting for an interval, whichever AWS refuses to delete first.
func TestDeletedTogether(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(manifests(component, hosting))
	read := func() *v1alpha1.InferenceComponent {
		obj, _ := get(w, "small", &v1alpha1.InferenceComponent{})
		return obj
	}
	w.until("it is ready", func() bool { return isReady(read()) })
	objects := []client.Object{
		w.parse("kind: EndpointConfig\nmetadata: {name: shared}"), w.parse("kind: Endpoint\nmetadata: {name: shared}"),
		w.parse("kind: Model\nmetadata: {name: small}"), w.parse("kind: InferenceComponent\nmetadata: {name: small}"),
	}
	for _, obj := range objects {
		require.NoError(t, w.kube.Delete(w.ctx, obj))
	}
	w.until("all is gone", func() bool {
		left := 0
		for name, obj := range map[string]reconcile.Object{"shared": &v1alpha1.Endpoint{}, "small": &v1alpha1.InferenceComponent{}} {
			if o, there := get(w, name, obj); there {
				left++
				require.NotContains(t, readyCondition(o).Message, "Retain")
			}
		}
		_, config := get(w, "shared", &v1alpha1.EndpointConfig{})
		_, model := get(w, "small", &v1alpha1.Model{})
		return left == 0 && !config && !model
	})
	for _, kind := range []string{"Endpoint", "EndpointConfig", "Model", "InferenceComponent"} {
		require.Empty(t, w.aws.Objects(kind))
	}
}

// TestFinishedJobsUseNothing: a job that has ended keeps nothing, in whatever namespace.
func TestFinishedJobsUseNothing(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.apply(`
kind: Model
metadata: {name: scorer}
spec:
  modelName: scorer-a
  executionRoleARN: ` + executionRole + `
  primaryContainer: {image: "123456789012.dkr.ecr.us-west-2.amazonaws.com/scorer:1"}
---
kind: TransformJob
metadata: {name: nightly}
spec:
  transformJobName: nightly-a
  modelName: scorer-a
  transformInput: {dataSource: {s3DataSource: {s3DataType: S3Prefix, s3URI: "s3://acme-ml/abalone/train"}}}
  transformOutput: {s3OutputPath: "s3://acme-ml/out"}
  transformResources: {instanceCount: 1, instanceType: ml.m5.large}
`)
	job := func() *v1alpha1.TransformJob {
		obj, _ := get(w, "nightly", &v1alpha1.TransformJob{})
		return obj
	}
	scorer := func() (*v1alpha1.Model, bool) { return get(w, "scorer", &v1alpha1.Model{}) }
	w.until("the job runs", func() bool { return readyCondition(job()).Reason == reason.Running })
	model, _ := scorer()
	require.NoError(t, w.kube.Delete(w.ctx, model))
	w.until("the model waits for the job", func() bool {
		model, there := scorer()
		require.True(t, there || isReady(job()))
		return readyCondition(model).Reason == reason.WaitingForDependents
	})
	w.until("the model is gone with the end of the job", func() bool { _, there := scorer(); return !there })
	require.True(t, isReady(job()))
	require.NotEmpty(t, job().Status.References, "it says what it was made of all the same")
}

// TestProfileOfAPersonsApp: what a person has made in the way of a deletion is named. The
// object goes when it is gone.
func TestProfileOfAPersonsApp(t *testing.T) {
	t.Parallel()
	p := newPlay(t, kind.UserProfile)
	p.startController()
	p.tell(p.steps[0])
	o, _ := p.inAWS()
	app := shape.Tree{
		"DomainId": o.Document["DomainId"], "UserProfileName": o.Document["UserProfileName"], "AppType": "JupyterLab", "AppName": "default",
	}
	_, err := kind.App.Create.Call(p.ctx, p.person, app)
	require.NoError(t, err)
	p.pass(time.Minute, step)
	p.aws.Journal().Reset()
	p.remove()
	p.until("it says what is in the way", func() bool {
		obj, _ := p.object()
		is := readyCondition(obj)
		return is.Reason == reason.WaitingForDependents && strings.Contains(is.Message, "because App(s) are associated with it.") &&
			strings.Contains(is.Message, "waiting for App JupyterLab/default")
	})
	p.pass(2*time.Hour, 10*time.Second)
	require.LessOrEqual(t, len(p.refusals("DeleteUserProfile")), 25)
	_, err = kind.App.Delete.Call(p.ctx, p.person, app)
	require.NoError(t, err)
	p.gone()
}

// refusals are the requests of an operation that AWS has refused.
func (w *world) refusals(operation string) []map[string]any {
	var sent []map[string]any
	for _, e := range w.aws.Journal().Entries() {
		if e.Operation == operation && !e.Succeeded() {
			sent = append(sent, e.Request)
		}
	}
	return sent
}

// TestManyIdleObjectsAreDeleted: each of them by one call, and without one waiting for
// another.
func TestManyIdleObjectsAreDeleted(t *testing.T) {
	w := newWorld(t)
	w.startController()
	const n = 13
	for i := range n {
		w.apply(fmt.Sprintf(`
kind: Model
metadata: {name: idle-%d}
spec:
  executionRoleARN: %s
  primaryContainer: {image: "123456789012.dkr.ecr.us-west-2.amazonaws.com/idle:1"}
`, i, executionRole))
	}
	models := func() (ready, there int) {
		var list v1alpha1.ModelList
		require.NoError(t, w.kube.List(w.ctx, &list, client.InNamespace(w.namespace)))
		for i := range list.Items {
			if isReady(&list.Items[i]) {
				ready++
			}
		}
		return ready, len(list.Items)
	}
	w.until("all are there", func() bool { ready, _ := models(); return ready == n })
	w.aws.Journal().Reset()
	require.NoError(t, w.kube.DeleteAllOf(w.ctx, &v1alpha1.Model{}, client.InNamespace(w.namespace)))
	w.until("all are gone", func() bool { _, there := models(); return there == 0 })
	require.Empty(t, w.aws.Objects("Model"))
	require.Equal(t, n, w.mutations()["DeleteModel"])
	require.LessOrEqual(t, w.aws.Journal().Counts()["DescribeModel"], 3*n)
}

// TestUnheardChange: a dependent that nobody reconciles does not keep an object from being
// ready, nor busy.
func TestUnheardChange(t *testing.T) {
	w := newWorld(t)
	w.selector = "tier=gold"
	w.startController()
	gold := func(name string) string { return "{name: " + name + ", labels: {tier: gold}}" }
	w.apply(`
kind: Model
metadata: ` + gold("abalone") + `
spec:
  executionRoleARN: ` + executionRole + `
  primaryContainer: {image: "123456789012.dkr.ecr.us-west-2.amazonaws.com/abalone:1"}
---
kind: EndpointConfig
metadata: ` + gold("abalone") + `
spec:
  productionVariants: [{variantName: main, modelRef: {name: abalone}, instanceType: ml.m5.large, initialInstanceCount: 1}]
`)
	config := func() *v1alpha1.EndpointConfig {
		obj, _ := get(w, "abalone", &v1alpha1.EndpointConfig{})
		return obj
	}
	model := func() *v1alpha1.Model {
		obj, _ := get(w, "abalone", &v1alpha1.Model{})
		return obj
	}
	w.until("both are ready", func() bool { return isReady(config()) && isReady(model()) })
	obj := config()
	obj.Labels = nil
	require.NoError(t, w.kube.Update(w.ctx, obj))
	w.apply(`
kind: Model
metadata: ` + gold("abalone") + `
spec:
  executionRoleARN: ` + executionRole + `
  primaryContainer: {image: "123456789012.dkr.ecr.us-west-2.amazonaws.com/abalone:2"}
`)
	w.until("the model is ready all the same", func() bool {
		obj := model()
		return isReady(obj) && obj.Status.ObservedGeneration == obj.Generation && len(obj.Status.Revisions) == 2
	})
	w.pass(time.Minute, step)
	written := w.written.Load()
	w.aws.Journal().Reset()
	w.pass(3*time.Hour, 10*time.Second)
	require.Equal(t, written, w.written.Load(), "it is at rest")
	require.LessOrEqual(t, w.aws.Journal().Counts()["DescribeModel"], 4)
	_, err := w.sagemaker().DescribeModel(w.ctx, &sagemaker.DescribeModelInput{ModelName: aws.String(config().Status.References[0].AWSName)})
	require.NoError(t, err, "what the other is made of stays")
}
