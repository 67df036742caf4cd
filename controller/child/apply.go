package child

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
)

// AnnotationApplied is a hash of the spec that a child was last given. What a mutating
// webhook or another field manager makes of that spec is theirs, and no difference.
const AnnotationApplied = v1alpha1.Group + "/applied"

// specOf is the spec of an object as the API server has it.
func specOf(obj client.Object) (map[string]any, error) {
	u, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		return nil, err
	}
	spec, _ := u["spec"].(map[string]any)
	return spec, nil
}

// fingerprint is the value of AnnotationApplied for a spec.
func fingerprint(spec map[string]any) (string, error) {
	text, err := json.Marshal(spec)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8]), nil
}

// mark notes on an object, which is about to be written, of which spec it is made.
func mark(obj client.Object) error {
	spec, err := specOf(obj)
	if err != nil {
		return err
	}
	value, err := fingerprint(spec)
	if err != nil {
		return err
	}
	annotations := map[string]string{}
	maps.Copy(annotations, obj.GetAnnotations())
	annotations[AnnotationApplied] = value
	obj.SetAnnotations(annotations)
	return nil
}

// configuration is what server-side apply is given to make a child that exists what
// another object of its kind is: its spec, its labels and its annotations. The API
// server refuses it if the child has been written or made anew since it was read.
func (f Family) configuration(obj, with client.Object) (*unstructured.Unstructured, error) {
	gvk, err := f.Client.GroupVersionKindFor(with)
	if err != nil {
		return nil, err
	}
	spec, err := specOf(with)
	if err != nil {
		return nil, err
	}
	u := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	u.SetGroupVersionKind(gvk)
	u.SetNamespace(obj.GetNamespace())
	u.SetName(obj.GetName())
	u.SetUID(obj.GetUID())
	u.SetResourceVersion(obj.GetResourceVersion())
	u.SetLabels(with.GetLabels())
	u.SetAnnotations(with.GetAnnotations())
	return u, nil
}

// owns tells whether the managers of an object's fields say that all of a spec is still
// the family's: whoever changes a field takes it over. An object of which the API server
// tells no managers is taken to be as it was.
func owns(obj client.Object, spec map[string]any) (bool, error) {
	if len(obj.GetManagedFields()) == 0 {
		return true, nil
	}
	byManager := map[string]map[string]any{}
	for _, entry := range obj.GetManagedFields() {
		if entry.Subresource != "" || entry.FieldsV1 == nil {
			continue
		}
		fields, err := fieldsOf(entry)
		if err != nil {
			return false, err
		}
		byManager[entry.Manager] = union(maps.Clone(byManager[entry.Manager]), fields)
	}
	for _, fields := range byManager {
		theirs, _ := fields["f:spec"].(map[string]any)
		if marked(fields) && covers(theirs, spec) {
			return true, nil
		}
	}
	return false, nil
}

// marked tells whether managed fields have AnnotationApplied: they are the family's.
func marked(fields map[string]any) bool {
	metadata, _ := fields["f:metadata"].(map[string]any)
	annotations, _ := metadata["f:annotations"].(map[string]any)
	_, ok := annotations["f:"+AnnotationApplied]
	return ok
}

// covers tells whether managed fields name every field of a value. Lists are atomic.
func covers(fields, value map[string]any) bool {
	for name, v := range value {
		field, ok := fields["f:"+name].(map[string]any)
		if !ok {
			return false
		}
		inner, is := v.(map[string]any)
		if is && len(field) > 0 && !covers(field, inner) {
			return false
		}
	}
	return true
}

// union merges one set of managed fields into another.
func union(into, from map[string]any) map[string]any {
	if into == nil {
		into = map[string]any{}
	}
	for name, v := range from {
		a, ok := into[name].(map[string]any)
		b, ok2 := v.(map[string]any)
		if ok && ok2 {
			v = union(a, b)
		}
		into[name] = v
	}
	return into
}

func fieldsOf(entry metav1.ManagedFieldsEntry) (map[string]any, error) {
	fields := map[string]any{}
	if err := json.Unmarshal(entry.FieldsV1.GetRawBytes(), &fields); err != nil {
		return nil, fmt.Errorf("reading the managed fields: %w", err)
	}
	return fields, nil
}

// handOver gives the spec's fields that a manager has by creating or updating an object
// to its server-side apply, which else could not remove them. changed is false if it has
// them already.
func handOver(managed []metav1.ManagedFieldsEntry, manager string) (entries []metav1.ManagedFieldsEntry, changed bool, err error) {
	var spec map[string]any
	var from metav1.ManagedFieldsEntry
	entries = slices.Clone(managed)
	for i, entry := range entries {
		if entry.Manager != manager || entry.Operation != metav1.ManagedFieldsOperationUpdate || entry.Subresource != "" || entry.FieldsV1 == nil {
			continue
		}
		fields, err := fieldsOf(entry)
		if err != nil {
			return nil, false, err
		}
		of, ok := fields["f:spec"].(map[string]any)
		if !ok {
			continue
		}
		delete(fields, "f:spec")
		raw, err := json.Marshal(fields)
		if err != nil {
			return nil, false, err
		}
		spec, from = union(map[string]any{}, of), entry
		entries[i].FieldsV1 = metav1.NewFieldsV1(string(raw))
	}
	if spec == nil {
		return managed, false, nil
	}
	return give(entries, from, spec)
}

// give adds a spec's fields to the server-side apply of the manager of an entry.
func give(entries []metav1.ManagedFieldsEntry, from metav1.ManagedFieldsEntry, spec map[string]any) ([]metav1.ManagedFieldsEntry, bool, error) {
	fields := map[string]any{"f:spec": spec}
	i := slices.IndexFunc(entries, func(e metav1.ManagedFieldsEntry) bool {
		return e.Manager == from.Manager && e.Operation == metav1.ManagedFieldsOperationApply && e.Subresource == "" && e.FieldsV1 != nil
	})
	if i >= 0 {
		has, err := fieldsOf(entries[i])
		if err != nil {
			return nil, false, err
		}
		fields = union(has, fields)
	} else {
		i = len(entries)
		entries = append(entries, metav1.ManagedFieldsEntry{
			Manager: from.Manager, Operation: metav1.ManagedFieldsOperationApply,
			APIVersion: from.APIVersion, Time: from.Time, FieldsType: from.FieldsType,
		})
	}
	raw, err := json.Marshal(fields)
	if err != nil {
		return nil, false, err
	}
	entries[i].FieldsV1 = metav1.NewFieldsV1(string(raw))
	return entries, true, nil
}
