package child

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
)

// LabelOwner is the label of children with the name of their owner, cut to what
// a label holds. Its kind stands before it: ModelDeployment.abalone.
const LabelOwner = v1alpha1.Group + "/owner"

// tracking are the labels by which those who apply objects know them again.
var tracking = []string{
	"argocd.argoproj.io/", "kustomize.toolkit.fluxcd.io/", "helm.toolkit.fluxcd.io/", "applyset.kubernetes.io/",
	"app.kubernetes.io/instance", "app.kubernetes.io/managed-by",
}

// Family is the owner of children and the way to them.
type Family struct {
	// Owner controls the children. Its kind is that of the scheme.
	Owner client.Object
	// Client writes; Reader reads from the API server.
	Client client.Client
	Reader client.Reader
	// FieldOwner is the manager of the fields.
	FieldOwner client.FieldOwner
}

// OtherOwnerError means that an object of a child's name exists and is not the
// family's.
type OtherOwnerError struct {
	Kind, Name string
	// Controller is who controls it: kind and name, or empty if nobody does.
	Controller metav1.OwnerReference
}

func (e *OtherOwnerError) Error() string {
	if e.Controller.Name == "" {
		return fmt.Sprintf("%s %s exists and belongs to nobody: remove it, or choose another name", e.Kind, e.Name)
	}
	return fmt.Sprintf("%s %s belongs to %s %s", e.Kind, e.Name, e.Controller.Kind, e.Controller.Name)
}

// Adopt makes an object that does not exist yet one of the family's.
func (f Family) Adopt(obj client.Object) error {
	obj.SetNamespace(f.Owner.GetNamespace())
	labels := map[string]string{}
	maps.Copy(labels, obj.GetLabels())
	maps.Copy(labels, inherited(f.Owner.GetLabels()))
	value, err := f.label()
	if err != nil {
		return err
	}
	labels[LabelOwner] = value
	obj.SetLabels(labels)
	return controllerutil.SetControllerReference(f.Owner, obj, f.Client.Scheme())
}

func inherited(labels map[string]string) map[string]string {
	kept := map[string]string{}
	for key, value := range labels {
		foreign := false
		for _, mark := range tracking {
			foreign = foreign || strings.HasPrefix(key, mark)
		}
		if !foreign {
			kept[key] = value
		}
	}
	return kept
}

func (f Family) label() (string, error) {
	gvk, err := f.Client.GroupVersionKindFor(f.Owner)
	if err != nil {
		return "", err
	}
	value := gvk.Kind + "." + f.Owner.GetName()
	if len(value) > 63 {
		value = strings.TrimRight(value[:63], ".-_")
	}
	return value, nil
}

// Has tells whether an object is one of the family's.
func (f Family) Has(obj client.Object) bool { return metav1.IsControlledBy(obj, f.Owner) }

// Get reads the child of that name into obj and tells whether it exists. It is
// an *OtherOwnerError if an object of that name is not the family's.
func (f Family) Get(ctx context.Context, obj client.Object, name string) (bool, error) {
	err := f.Reader.Get(ctx, client.ObjectKey{Namespace: f.Owner.GetNamespace(), Name: name}, obj)
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading %s: %w", name, err)
	}
	if !f.Has(obj) {
		return true, f.other(obj)
	}
	return true, nil
}

func (f Family) other(obj client.Object) error {
	gvk, err := f.Client.GroupVersionKindFor(obj)
	if err != nil {
		return err
	}
	other := &OtherOwnerError{Kind: gvk.Kind, Name: obj.GetName()}
	if c := metav1.GetControllerOf(obj); c != nil {
		other.Controller = *c
	}
	return other
}

// Create makes a child. One that exists already, though List does not see it
// because somebody took its label, is updated. It is an *OtherOwnerError if an
// object of that name is not the family's.
func (f Family) Create(ctx context.Context, obj client.Object) error {
	if err := f.Adopt(obj); err != nil {
		return err
	}
	if err := mark(obj); err != nil {
		return err
	}
	existing, ok := obj.DeepCopyObject().(client.Object)
	err := f.Client.Create(ctx, obj, f.FieldOwner)
	if !apierrors.IsAlreadyExists(err) || !ok {
		return wrap("creating", obj, err)
	}
	if exists, err := f.Get(ctx, existing, obj.GetName()); err != nil || !exists {
		return err // one that has gone meanwhile is made in the next round
	}
	return f.Update(ctx, existing, obj)
}

func wrap(doing string, obj client.Object, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %w", doing, obj.GetName(), err)
}

// Same tells whether a child was last given the spec of another object of its kind, and
// has its labels. What a webhook has made of that spec, and fields that others have added,
// are no difference; a field that somebody else has changed since is one.
func Same(obj, with client.Object) (bool, error) {
	for key, value := range with.GetLabels() {
		if obj.GetLabels()[key] != value {
			return false, nil
		}
	}
	want, err := specOf(with)
	if err != nil {
		return false, err
	}
	applied, ok := obj.GetAnnotations()[AnnotationApplied]
	if !ok { // it was made before there was such an annotation
		have, err := specOf(obj)
		return equality.Semantic.DeepEqual(have, want), err
	}
	value, err := fingerprint(want)
	if err != nil || value != applied {
		return false, err
	}
	return owns(obj, want)
}

// Update gives a child the spec, the labels and the annotations of another object of its
// kind by server-side apply, if it has not got them.
func (f Family) Update(ctx context.Context, obj, with client.Object) error {
	if err := f.Adopt(with); err != nil {
		return err
	}
	same, err := Same(obj, with)
	if err != nil || same {
		return err
	}
	if err := mark(with); err != nil {
		return err
	}
	if err := f.takeFields(ctx, obj); err != nil {
		return wrap("updating", obj, err)
	}
	configuration, err := f.configuration(obj, with)
	if err != nil {
		return err
	}
	return wrap("updating", obj, f.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(configuration), f.FieldOwner, client.ForceOwnership))
}

// takeFields gives the fields of a child's spec, as it was made, to server-side apply.
func (f Family) takeFields(ctx context.Context, obj client.Object) error {
	entries, changed, err := handOver(obj.GetManagedFields(), string(f.FieldOwner))
	if err != nil || !changed {
		return err
	}
	patch, err := json.Marshal([]map[string]any{
		{"op": "replace", "path": "/metadata/managedFields", "value": entries},
		{"op": "replace", "path": "/metadata/resourceVersion", "value": obj.GetResourceVersion()},
	})
	if err != nil {
		return err
	}
	return f.Client.Patch(ctx, obj, client.RawPatch(types.JSONPatchType, patch), f.FieldOwner)
}

// Delete removes a child of the family, and what it controls.
func (f Family) Delete(ctx context.Context, obj client.Object) error {
	if !obj.GetDeletionTimestamp().IsZero() {
		return nil
	}
	uid := obj.GetUID()
	err := f.Client.Delete(ctx, obj, client.Preconditions{UID: &uid}, client.PropagationPolicy(metav1.DeletePropagationBackground))
	return wrap("deleting", obj, client.IgnoreNotFound(err))
}

// DeleteWith removes a child after saying what is to become of its AWS object,
// whatever its spec has said of that.
func (f Family) DeleteWith(ctx context.Context, obj client.Object, policy v1alpha1.DeletionPolicy) error {
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:null}},"spec":{"deletionPolicy":%q}}`, AnnotationApplied, policy)
	if err := f.Client.Patch(ctx, obj, client.RawPatch(types.MergePatchType, patch), f.FieldOwner); err != nil {
		return wrap("letting go of", obj, client.IgnoreNotFound(err))
	}
	return f.Delete(ctx, obj)
}

// List reads all children of the family that are of the list's kind. The items
// of the list are only those.
func (f Family) List(ctx context.Context, list client.ObjectList) error {
	value, err := f.label()
	if err != nil {
		return err
	}
	if err := f.Reader.List(ctx, list, client.InNamespace(f.Owner.GetNamespace()), client.MatchingLabels{LabelOwner: value}); err != nil {
		return fmt.Errorf("listing children: %w", err)
	}
	items, err := meta.ExtractList(list)
	if err != nil {
		return err
	}
	own := items[:0]
	for _, item := range items {
		if obj, ok := item.(client.Object); ok && f.Has(obj) {
			own = append(own, item)
		}
	}
	return meta.SetList(list, own)
}
