package reconcile

import (
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

func TestTargets(t *testing.T) {
	variant := v1alpha1.ReferenceField{Path: "variants[].modelRef", Fills: "variants[].modelName", Kind: "Model", Value: v1alpha1.ReferenceName}
	pool := v1alpha1.ReferenceField{Path: "variants[].pools[].modelRef", Kind: "Model"}
	data := v1alpha1.ReferenceField{Path: "primaryContainer.modelDataRef", Value: v1alpha1.ReferenceModelData}
	ref := func(fields ...string) map[string]any {
		m := map[string]any{}
		for i := 0; i < len(fields); i += 2 {
			m[fields[i]] = fields[i+1]
		}
		return m
	}
	for _, row := range []struct {
		reason string
		fields []v1alpha1.ReferenceField
		spec   shape.Tree
		want   []string // path: kind namespace/name
	}{
		{"no references", nil, shape.Tree{"x": "y"}, nil},
		{"a field that is not set", []v1alpha1.ReferenceField{variant, data}, shape.Tree{}, nil},
		{
			"the object's own namespace is meant, if none is given",
			[]v1alpha1.ReferenceField{data},
			shape.Tree{"primaryContainer": map[string]any{"modelDataRef": ref("kind", "TrainingJob", "name", "a")}},
			[]string{"primaryContainer.modelDataRef: TrainingJob ml/a"},
		},
		{
			"another namespace",
			[]v1alpha1.ReferenceField{data},
			shape.Tree{"primaryContainer": map[string]any{"modelDataRef": ref("kind", "TrainingJob", "name", "a", "namespace", "shared")}},
			[]string{"primaryContainer.modelDataRef: TrainingJob shared/a"},
		},
		{
			"every item of a list that has one",
			[]v1alpha1.ReferenceField{variant},
			shape.Tree{"variants": []any{
				map[string]any{"modelRef": ref("name", "a")}, map[string]any{"modelName": "b"}, map[string]any{"modelRef": ref("name", "c")},
			}},
			[]string{"variants[0].modelRef: Model ml/a", "variants[2].modelRef: Model ml/c"},
		},
		{
			"lists in lists",
			[]v1alpha1.ReferenceField{pool},
			shape.Tree{"variants": []any{
				map[string]any{"pools": []any{map[string]any{"modelRef": ref("name", "a")}, map[string]any{"modelRef": ref("name", "b")}}},
				map[string]any{"pools": []any{}},
				map[string]any{"pools": []any{map[string]any{"modelRef": ref("name", "c")}}},
			}},
			[]string{"variants[0].pools[0].modelRef: Model ml/a", "variants[0].pools[1].modelRef: Model ml/b", "variants[2].pools[0].modelRef: Model ml/c"},
		},
		{
			"several fields, in their order",
			[]v1alpha1.ReferenceField{data, variant},
			shape.Tree{"variants": []any{map[string]any{"modelRef": ref("name", "a")}}, "primaryContainer": map[string]any{"modelDataRef": ref("kind", "TrainingJob", "name", "b")}},
			[]string{"primaryContainer.modelDataRef: TrainingJob ml/b", "variants[0].modelRef: Model ml/a"},
		},
		{"a structure where a list should be", []v1alpha1.ReferenceField{variant}, shape.Tree{"variants": ref("modelRef", "a")}, nil},
		{"a string where a structure should be", []v1alpha1.ReferenceField{data}, shape.Tree{"primaryContainer": "a"}, nil},
		{"a string where a reference should be", []v1alpha1.ReferenceField{data}, shape.Tree{"primaryContainer": ref("modelDataRef", "a")}, nil},
		{"items that are no structures", []v1alpha1.ReferenceField{variant}, shape.Tree{"variants": []any{"a", nil}}, nil},
	} {
		t.Run(row.reason, func(t *testing.T) {
			var got []string
			for _, target := range targets(row.fields, "ml", row.spec) {
				got = append(got, target.path+": "+target.String())
				_, ok := target.parent[target.key].(map[string]any)
				require.True(t, ok, "the reference stands in parent")
			}
			require.Equal(t, row.want, got)
		})
	}
}

func TestSettledSince(t *testing.T) {
	at := metav1.NewTime(epoch)
	for _, row := range []struct {
		reason string
		change func(Object)
		want   string
	}{
		{"completed", func(Object) {}, ""},
		{"an older spec was completed", func(o Object) { o.SetGeneration(3) }, "is not reconciled yet"},
		{"never judged", func(o Object) { o.SetConditions(nil) }, "is not reconciled yet"},
		{"at work", func(o Object) { o.SetConditions([]metav1.Condition{{Type: "Ready", Status: "Unknown"}}) }, "is not ready yet"},
		{"failed", func(o Object) {
			o.SetConditions([]metav1.Condition{{Type: "Ready", Status: "False", Message: "AlgorithmError"}})
		}, "has failed: AlgorithmError"},
		{"ready is not settled, if a job is ready as soon as it runs", func(o Object) {
			o.SetConditions([]metav1.Condition{{Type: "Ready", Status: "True", Reason: reason.Submitted}})
		}, "has not completed yet"},
		{"being deleted", func(o Object) { o.SetDeletionTimestamp(&at) }, "is being deleted"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			obj := newScope(jobKind).object
			obj.Common().ObservedGeneration = 2
			obj.SetConditions([]metav1.Condition{{Type: "Ready", Status: "True", Reason: reason.Completed, LastTransitionTime: at}})
			row.change(obj)
			since, why := settledSince(obj)
			require.Equal(t, row.want, why)
			require.Equal(t, why == "", since.Equal(epoch))
		})
	}
}

func TestValueOf(t *testing.T) {
	job := &v1alpha1.TrainingJob{}
	job.Status.Name, job.Status.ARN = "abalone-a1", "arn:aws:x"
	uri := "s3://b/k/model.tar.gz"
	job.Status.ModelArtifacts = &v1alpha1.ModelArtifacts{S3ModelArtifacts: &uri}
	domain := &v1alpha1.Domain{}
	id := "d-1"
	domain.Status.DomainID = &id
	for _, row := range []struct {
		reason string
		kind   Kind
		object Object
		value  v1alpha1.ReferenceValue
		want   string
	}{
		{"the name in AWS", jobKind, job, v1alpha1.ReferenceName, "abalone-a1"},
		{"the ARN", jobKind, job, v1alpha1.ReferenceARN, "arn:aws:x"},
		{"the model a job made", jobKind, job, v1alpha1.ReferenceModelData, uri},
		{"it has made none yet", jobKind, &v1alpha1.TrainingJob{}, v1alpha1.ReferenceModelData, ""},
		{"the id AWS made", Kind{Object: func() Object { return new(v1alpha1.Domain) }}, domain, v1alpha1.ReferenceID, "d-1"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			got, err := valueOf(row.kind, row.object, row.value)
			require.NoError(t, err)
			require.Equal(t, row.want, got)
		})
	}
	require.Equal(t, "modelName", lastName("productionVariants[].modelName"))
	require.Equal(t, "endpointConfigName", lastName("endpointConfigName"))
}

func TestRefers(t *testing.T) {
	model := Kind{Object: func() Object { return new(v1alpha1.Model) }}
	schedule := Kind{Object: func() Object { return new(v1alpha1.MonitoringSchedule) }}
	for _, row := range []struct {
		reason   string
		from, to Kind
		want     bool
	}{
		{"an endpoint serves a configuration", serviceKind, revisionKind, true},
		{"not the other way round", revisionKind, serviceKind, false},
		{"a configuration serves models", revisionKind, model, true},
		{"a model takes the data of whatever kind makes some", model, jobKind, true},
		{"an endpoint makes none", model, serviceKind, false},
		{"a schedule runs any job definition", schedule, Kind{Object: func() Object { return new(v1alpha1.DataQualityJobDefinition) }}, true},
		{"a training job needs nothing of ours", jobKind, model, false},
	} {
		require.Equal(t, row.want, refers(row.from, row.to), row.reason)
	}
}
