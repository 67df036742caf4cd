package plan_test

import (
	"fmt"
	"reflect"

	"sigs.k8s.io/yaml"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/plan"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// A plan is made without a cluster and without AWS: in a test, or in review of a
// change.
func ExampleMake() {
	var pipeline v1alpha1.ModelPipeline
	if err := yaml.Unmarshal([]byte(`
metadata: {name: abalone}
spec:
  artifacts: s3://acme/pipelines
  params: {rounds: "100"}
  steps:
  - name: serve
    template: {kind: Endpoint, spec: {endpointConfigName: "of-{{ .steps.train.outputs.name }}"}}
  - name: train
    template: {kind: TrainingJob, spec: {hyperParameters: {num_round: "{{ .params.rounds }}"}}}
`), &pipeline); err != nil {
		fmt.Println(err)
		return
	}
	name := func(shape.Tree) []string { return []string{"name"} }
	p, err := plan.Make(plan.Input{
		Cluster: "prod", Namespace: "ml", Pipeline: pipeline.Name, Spec: &pipeline.Spec, Params: pipeline.Spec.Params,
		Kinds: map[string]plan.Kind{
			"TrainingJob": {Spec: reflect.TypeFor[v1alpha1.TrainingJobSpec](), Job: true, Outputs: name},
			"Endpoint":    {Spec: reflect.TypeFor[v1alpha1.EndpointSpec](), Service: true, Outputs: name},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range p.Decide(plan.Facts{}) {
		fmt.Println(d.Status.Action, d.Status.Kind, d.Status.Child)
	}
	// Output:
	// Run TrainingJob abalone-train-bgsvfpwldq
	// Run Endpoint abalone-serve
}
