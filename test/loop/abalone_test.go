package loop_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"
	fluxmeta "github.com/fluxcd/pkg/apis/meta"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
)

func newUnstructured() *unstructured.Unstructured { return &unstructured.Unstructured{} }

// abalone is the chain of the example, with 100 rounds.
func abalone() string {
	return strings.Join([]string{trainingJob(100), model, endpointConfig, endpoint}, "\n---\n")
}

func trainingJob(rounds int, extra ...string) string {
	return fmt.Sprintf(`
kind: TrainingJob
metadata: {name: abalone}
spec:
  roleARN: arn:aws:iam::123456789012:role/abalone
  algorithmSpecification: {trainingImage: 141502667606.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1, trainingInputMode: File}
  hyperParameters: {num_round: "%d"}
  inputDataConfig:
  - channelName: train
    dataSource: {s3DataSource: {s3DataType: S3Prefix, s3URI: s3://acme-ml/abalone/train/}}
  outputDataConfig: {s3OutputPath: s3://acme-ml/abalone/output}
  resourceConfig: {instanceCount: 1, instanceType: ml.m5.xlarge, volumeSizeInGB: 10}
  stoppingCondition: {maxRuntimeInSeconds: 3600}
  %s
`, rounds, strings.Join(extra, "\n  "))
}

const (
	model = `
kind: Model
metadata: {name: abalone}
spec:
  executionRoleARN: arn:aws:iam::123456789012:role/abalone
  primaryContainer:
    image: 141502667606.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1
    modelDataRef: {kind: TrainingJob, name: abalone}
`
	endpointConfig = `
kind: EndpointConfig
metadata: {name: abalone}
spec:
  productionVariants:
  - {variantName: main, modelRef: {name: abalone}, instanceType: ml.m5.large, initialInstanceCount: 1}
`
	endpoint = `
kind: Endpoint
metadata: {name: abalone}
spec: {endpointConfigRef: {name: abalone}}
`
)

// chain reads the four objects, in order of dependence.
func (w *world) chain() []reconcile.Object {
	objects := []reconcile.Object{&v1alpha1.TrainingJob{}, &v1alpha1.Model{}, &v1alpha1.EndpointConfig{}, &v1alpha1.Endpoint{}}
	var found []reconcile.Object
	for _, obj := range objects {
		if o, ok := get(w, "abalone", obj); ok {
			found = append(found, o)
		}
	}
	return found
}

// isReady tells whether an object is what its present spec asks for.
func isReady(obj reconcile.Object) bool {
	return obj.Common().ObservedGeneration == obj.GetGeneration() &&
		meta.IsStatusConditionTrue(obj.GetConditions(), fluxmeta.ReadyCondition) &&
		!meta.IsStatusConditionTrue(obj.GetConditions(), fluxmeta.ReconcilingCondition)
}

func isStalled(obj reconcile.Object) bool {
	return obj.Common().ObservedGeneration == obj.GetGeneration() &&
		meta.IsStatusConditionTrue(obj.GetConditions(), fluxmeta.StalledCondition)
}

// readyReason is the reason of an object's Ready condition.
func readyCondition(obj reconcile.Object) metav1.Condition {
	if c := meta.FindStatusCondition(obj.GetConditions(), fluxmeta.ReadyCondition); c != nil {
		return *c
	}
	return metav1.Condition{}
}

func (w *world) chainReady() bool {
	objects := w.chain()
	for _, obj := range objects {
		if !isReady(obj) {
			return false
		}
	}
	return len(objects) == 4
}

// describe is the state of the world for a failed test's message.
func (w *world) describe() string {
	var b strings.Builder
	for _, obj := range w.chain() {
		text, _ := yaml.Marshal(map[string]any{"kind": fmt.Sprintf("%T", obj), "generation": obj.GetGeneration(), "common": obj.Common()})
		b.Write(text)
	}
	for _, composite := range []reconcile.Object{&v1alpha1.ModelPipeline{}, &v1alpha1.ModelDeployment{}} {
		if obj, ok := get(w, "abalone", composite); ok {
			text, _ := yaml.Marshal(obj)
			b.Write(text)
		}
	}
	for _, o := range w.aws.Objects("") {
		fmt.Fprintf(&b, "AWS %s %s %s %v\n", o.Kind, o.Name, o.Status, o.Tags)
	}
	entries := w.aws.Journal().Entries()
	for _, e := range entries[max(0, len(entries)-60):] {
		fmt.Fprintf(&b, "%s %s %v %s\n", e.Time.Format("15:04:05"), e.Operation, e.Code, e.Message)
	}
	return b.String()
}

// mutations counts the calls that changed something in AWS, by operation.
func (w *world) mutations() map[string]int {
	counts := map[string]int{}
	for _, e := range w.aws.Journal().Mutations() {
		if e.Succeeded() {
			counts[e.Operation]++
		}
	}
	return counts
}

// served is the model data the endpoint answers with; empty if it does not.
func (w *world) served() string {
	cloud, err := w.aws.AWSConfig(w.ctx)
	if err != nil {
		return ""
	}
	out, err := sagemakerruntime.NewFromConfig(cloud).InvokeEndpoint(w.ctx, &sagemakerruntime.InvokeEndpointInput{
		EndpointName: aws.String("abalone"), Body: []byte("1:2"), ContentType: aws.String("text/libsvm"),
	})
	if err != nil {
		return ""
	}
	var answer map[string]any
	_ = json.Unmarshal(out.Body, &answer)
	return fmt.Sprint(answer)
}

// jobs lists the training jobs in AWS that have a status.
func (w *world) jobs(status string) []string {
	var names []string
	for _, o := range w.aws.Objects("TrainingJob") {
		if o.Status == status {
			names = append(names, o.Name)
		}
	}
	return names
}

// ran tells whether the training job's present run is one of so many rounds.
func (w *world) ran(rounds int) bool {
	job, ok := get(w, "abalone", &v1alpha1.TrainingJob{})
	if !ok {
		return false
	}
	o, ok := w.aws.Object("TrainingJob", job.Status.Name)
	parameters, _ := o.Document["HyperParameters"].(map[string]any)
	return ok && parameters["num_round"] == strconv.Itoa(rounds)
}

func replace(text, from, to string) string { return strings.ReplaceAll(text, from, to) }
