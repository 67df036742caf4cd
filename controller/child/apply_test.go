package child

import (
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
)

const marks = `"f:metadata":{"f:annotations":{"f:sagemaker.gitops.dev/applied":{}}}`

func entry(manager string, operation metav1.ManagedFieldsOperationType, fields string) metav1.ManagedFieldsEntry {
	return metav1.ManagedFieldsEntry{
		Manager: manager, Operation: operation, APIVersion: v1alpha1.GroupVersion.String(), FieldsType: "FieldsV1",
		FieldsV1: metav1.NewFieldsV1(fields),
	}
}

// An object is what was applied to it, unless somebody has taken a field over.
func TestSameAsApplied(t *testing.T) {
	const update, apply = metav1.ManagedFieldsOperationUpdate, metav1.ManagedFieldsOperationApply
	model := func(image string) *v1alpha1.Model {
		m := &v1alpha1.Model{Spec: v1alpha1.ModelSpec{PrimaryContainer: &v1alpha1.ContainerDefinition{Image: &image}}}
		require.NoError(t, mark(m))
		return m
	}
	all := `{` + marks + `,"f:spec":{"f:primaryContainer":{"f:image":{}}}}`
	for _, row := range []struct {
		reason  string
		managed []metav1.ManagedFieldsEntry
		change  func(m *v1alpha1.Model)
		want    bool
	}{
		{"as it was made", []metav1.ManagedFieldsEntry{entry("we", update, all)}, nil, true},
		{"as it was applied", []metav1.ManagedFieldsEntry{entry("we", apply, all)}, nil, true},
		{"half of it made, half applied", []metav1.ManagedFieldsEntry{
			entry("we", update, `{"f:spec":{"f:primaryContainer":{"f:image":{}}}}`), entry("we", apply, `{`+marks+`}`),
		}, nil, true},
		{"a webhook has changed it, of whom the API server does not tell", []metav1.ManagedFieldsEntry{entry("we", apply, all)}, func(m *v1alpha1.Model) {
			m.Spec.PrimaryContainer.Image = new("mirror/x:1")
		}, true},
		{"somebody has added something", []metav1.ManagedFieldsEntry{entry("we", apply, all), entry("they", update, `{"f:spec":{"f:tags":{}}}`)}, func(m *v1alpha1.Model) {
			m.Spec.Tags = []v1alpha1.Tag{{}}
		}, true},
		{"somebody has taken a field over", []metav1.ManagedFieldsEntry{
			entry("we", apply, `{`+marks+`,"f:spec":{}}`), entry("they", update, `{"f:spec":{"f:primaryContainer":{"f:image":{}}}}`),
		}, nil, false},
		{"somebody has taken the whole spec over", []metav1.ManagedFieldsEntry{entry("we", apply, `{`+marks+`}`)}, nil, false},
		{"status is no matter", []metav1.ManagedFieldsEntry{entry("we", apply, all), {Manager: "we", Subresource: "status", FieldsV1: metav1.NewFieldsV1(`{}`)}}, nil, true},
		{"another spec was applied", []metav1.ManagedFieldsEntry{entry("we", apply, all)}, func(m *v1alpha1.Model) {
			m.Annotations[AnnotationApplied] = "0123"
		}, false},
		{"made by an earlier version, and still the same", nil, func(m *v1alpha1.Model) { m.Annotations = nil }, true},
		{"made by an earlier version, and changed", nil, func(m *v1alpha1.Model) {
			m.Annotations, m.Spec.PrimaryContainer.Image = nil, new("x:2")
		}, false},
	} {
		t.Run(row.reason, func(t *testing.T) {
			is := model("x:1")
			is.ManagedFields = row.managed
			if row.change != nil {
				row.change(is)
			}
			same, err := Same(is, model("x:1"))
			require.NoError(t, err)
			require.Equal(t, row.want, same)
		})
	}
}

// What an earlier version has written becomes server-side apply's, but for what the
// child's own loop and others have written.
func TestHandOver(t *testing.T) {
	const update, apply = metav1.ManagedFieldsOperationUpdate, metav1.ManagedFieldsOperationApply
	they := entry("they", update, `{"f:spec":{"f:tags":{}}}`)
	for _, row := range []struct {
		reason  string
		managed []metav1.ManagedFieldsEntry
		want    []metav1.ManagedFieldsEntry
		changed bool
	}{
		{"nothing of ours", []metav1.ManagedFieldsEntry{they}, []metav1.ManagedFieldsEntry{they}, false},
		{
			"it was made",
			[]metav1.ManagedFieldsEntry{entry("we", update, `{"f:metadata":{"f:finalizers":{}},"f:spec":{"f:a":{}}}`), they},
			[]metav1.ManagedFieldsEntry{entry("we", update, `{"f:metadata":{"f:finalizers":{}}}`), they, entry("we", apply, `{"f:spec":{"f:a":{}}}`)},
			true,
		},
		{
			"it was made, applied and patched",
			[]metav1.ManagedFieldsEntry{
				entry("we", apply, `{`+marks+`,"f:spec":{"f:a":{"f:b":{}}}}`), entry("we", update, `{"f:spec":{"f:a":{"f:c":{}},"f:d":{}}}`),
			},
			[]metav1.ManagedFieldsEntry{entry("we", apply, `{`+marks+`,"f:spec":{"f:a":{"f:b":{},"f:c":{}},"f:d":{}}}`), entry("we", update, `{}`)},
			true,
		},
		{"it was applied", []metav1.ManagedFieldsEntry{entry("we", apply, `{"f:spec":{"f:a":{}}}`)}, []metav1.ManagedFieldsEntry{entry("we", apply, `{"f:spec":{"f:a":{}}}`)}, false},
	} {
		t.Run(row.reason, func(t *testing.T) {
			got, changed, err := handOver(row.managed, "we")
			require.NoError(t, err)
			require.Equal(t, row.changed, changed)
			require.Len(t, got, len(row.want))
			for i := range got {
				require.JSONEq(t, row.want[i].FieldsV1.GetRawString(), got[i].FieldsV1.GetRawString())
				require.Equal(t, row.want[i].Operation, got[i].Operation)
			}
		})
	}
}
