package deployment

import (
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
)

// TestFollows: which objects wake a deployment that is not their owner.
func TestFollows(t *testing.T) {
	here, there := metav1.ObjectMeta{Namespace: "ml", Name: "source"}, metav1.ObjectMeta{Namespace: "data", Name: "source"}
	trained := func(ref string) string {
		return edit(t, "modelDataURL: s3://acme-ml/v1/model.tar.gz", "modelDataRef: {kind: TrainingJob, "+ref+"}")
	}
	followed := edit(t, ownModel, "model: {packageGroup: {modelPackageGroupRef: {name: source}}}")
	for _, row := range []struct {
		reason, spec string
		object       client.Object
		want         bool
	}{
		{"the job whose model is deployed", trained("name: source"), &v1alpha1.TrainingJob{ObjectMeta: here}, true},
		{"a job of that name elsewhere", trained("name: source"), &v1alpha1.TrainingJob{ObjectMeta: there}, false},
		{"a job elsewhere, referred to", trained("name: source, namespace: data"), &v1alpha1.TrainingJob{ObjectMeta: there}, true},
		{"a job of that name here", trained("name: source, namespace: data"), &v1alpha1.TrainingJob{ObjectMeta: here}, false},
		{"another job", trained("name: other"), &v1alpha1.TrainingJob{ObjectMeta: here}, false},
		{"a job whose model nobody wants", plain, &v1alpha1.TrainingJob{ObjectMeta: here}, false},
		{"the job of a second container", edit(t, ownModel, "model: {containers: [{image: x}, {image: y, modelDataRef: {kind: TrainingJob, name: source}}]}"), &v1alpha1.TrainingJob{ObjectMeta: here}, true},
		{
			"the job of a component", edit(t, ownModel, noModel) + `  components: [{name: llm, specification: {}, model: {primaryContainer: {modelDataRef: {kind: HyperParameterTuningJob, name: source}}}}]`,
			&v1alpha1.HyperParameterTuningJob{ObjectMeta: here}, true,
		},
		{"the job of a shadow", plain + `  shadowVariants: [{variantName: next, model: {primaryContainer: {modelDataRef: {kind: TrainingJob, name: source}}}}]`, &v1alpha1.TrainingJob{ObjectMeta: here}, true},
		{"the model of a variant", edit(t, ownModel, "modelRef: {name: source}"), &v1alpha1.Model{ObjectMeta: here}, true},
		{"the model of a shadow", plain + `  shadowVariants: [{variantName: next, modelRef: {name: source}}]`, &v1alpha1.Model{ObjectMeta: here}, true},
		{"a model of another variant", edit(t, ownModel, "modelRef: {name: other}"), &v1alpha1.Model{ObjectMeta: here}, false},
		{"the version that is deployed", edit(t, ownModel, "model: {primaryContainer: {modelPackageRef: {name: source}}}"), &v1alpha1.ModelPackage{ObjectMeta: here}, true},
		{"another version", plain, &v1alpha1.ModelPackage{ObjectMeta: here}, false},
		{"a group that is followed", followed, &v1alpha1.ModelPackageGroup{ObjectMeta: here}, true},
		{"another group", followed, &v1alpha1.ModelPackageGroup{ObjectMeta: there}, false},
		{"any version may be the newest of it, wherever it was declared", followed, &v1alpha1.ModelPackage{ObjectMeta: there}, true},
		{"the endpoint, which somebody else may have", plain, &v1alpha1.Endpoint{ObjectMeta: metav1.ObjectMeta{Namespace: "ml", Name: "abalone"}}, true},
		{"the endpoint, under its own name", plain + "  endpointName: Shells", &v1alpha1.Endpoint{ObjectMeta: metav1.ObjectMeta{Namespace: "ml", Name: "shells"}}, true},
		{"another endpoint", plain + "  endpointName: Shells", &v1alpha1.Endpoint{ObjectMeta: metav1.ObjectMeta{Namespace: "ml", Name: "abalone"}}, false},
		{"an endpoint elsewhere", plain, &v1alpha1.Endpoint{ObjectMeta: metav1.ObjectMeta{Namespace: "data", Name: "abalone"}}, false},
		{"who hands over to it", plain, &v1alpha1.ModelDeployment{ObjectMeta: here, Spec: v1alpha1.ModelDeploymentSpec{HandOverTo: "abalone"}}, true},
		{"who hands over to another", plain, &v1alpha1.ModelDeployment{ObjectMeta: here, Spec: v1alpha1.ModelDeploymentSpec{HandOverTo: "other"}}, false},
		{"nobody hands over across namespaces", plain, &v1alpha1.ModelDeployment{ObjectMeta: there, Spec: v1alpha1.ModelDeploymentSpec{HandOverTo: "abalone"}}, false},
	} {
		t.Run(row.reason, func(t *testing.T) {
			d := read(t, row.spec)
			before := d.DeepCopy()
			require.Equal(t, row.want, follows(d, row.object))
			require.Equal(t, before, d, "the deployment is left alone")
		})
	}
}
