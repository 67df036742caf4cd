package reconcile

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	fluxmeta "github.com/fluxcd/pkg/apis/meta"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// target is a custom resource that a spec refers to.
type target struct {
	field                 v1alpha1.ReferenceField
	path                  string
	kind, namespace, name string
	parent                shape.Tree // the structure the reference stands in
	key                   string
}

func (t target) String() string { return fmt.Sprintf("%s %s/%s", t.kind, t.namespace, t.name) }

// targets finds the references in a spec.
func targets(fields []v1alpha1.ReferenceField, namespace string, spec shape.Tree) []target {
	var found []target
	for _, f := range fields {
		visit(spec, strings.Split(f.Path, "."), "", func(parent shape.Tree, key, path string) {
			ref, ok := parent[key].(map[string]any)
			if !ok {
				return
			}
			t := target{field: f, path: path, kind: f.Kind, namespace: namespace, parent: parent, key: key}
			if t.kind == "" {
				t.kind = shape.String(ref, "kind")
			}
			t.name = shape.String(ref, "name")
			if ns := shape.String(ref, "namespace"); ns != "" {
				t.namespace = ns
			}
			found = append(found, t)
		})
	}
	return found
}

// visit calls f for every place in a tree that a path such as
// productionVariants[].modelRef leads to.
func visit(t shape.Tree, path []string, at string, f func(parent shape.Tree, key, path string)) {
	name, isList := strings.CutSuffix(path[0], "[]")
	if at != "" {
		at += "."
	}
	at += name
	v, ok := t[name]
	if !ok {
		return
	}
	if len(path) == 1 {
		f(t, name, at)
		return
	}
	if !isList {
		if m, ok := v.(map[string]any); ok {
			visit(m, path[1:], at, f)
		}
		return
	}
	items, _ := v.([]any)
	for i, item := range items {
		if m, ok := item.(map[string]any); ok {
			visit(m, path[1:], fmt.Sprintf("%s[%d]", at, i), f)
		}
	}
}

// literals are the AWS objects of our kinds that a spec names itself. They are
// in use like those that references lead to.
func literals(kind Kind, spec shape.Tree) []v1alpha1.ConsumedReference {
	var found []v1alpha1.ConsumedReference
	if kind.Names != nil {
		found = kind.Names(spec)
	}
	for _, f := range kind.references() {
		if f.Kind == "" || f.Value != v1alpha1.ReferenceName {
			continue
		}
		visit(spec, strings.Split(f.Fills, "."), "", func(parent shape.Tree, key, path string) {
			if name, ok := parent[key].(string); ok && name != "" {
				found = append(found, v1alpha1.ConsumedReference{Path: path, Kind: f.Kind, AWSName: name, Value: name})
			}
		})
	}
	return found
}

// resolution is the outcome of resolving all references of a spec.
type resolution struct {
	consumed []v1alpha1.ConsumedReference
	// settled is when the last of the targets became ready.
	settled time.Time
	// waiting says what is being waited for; empty if nothing is.
	waiting string
	// unwatched says that nobody tells when what is waited for is there.
	unwatched bool
	// detachedFor is the object that waits for this one to be deregistered; empty if
	// none does.
	detachedFor string
}

// resolve puts into the spec what its references stand for, and takes the
// references out. reader is where targets are read from.
func (r *Reconciler) resolve(ctx context.Context, reader client.Reader, obj Object, spec shape.Tree) (resolution, error) {
	out := resolution{consumed: literals(r.Kind, spec)}
	for _, ref := range out.consumed {
		if err := r.named(ctx, &out, obj, ref); err != nil || out.waiting != "" {
			return out, err
		}
	}
	for _, t := range targets(r.Kind.references(), obj.GetNamespace(), spec) {
		fills := lastName(t.field.Fills)
		if _, both := t.parent[fills]; both {
			return out, &refusal{reason.ValidationFailed, fmt.Sprintf("%s: give either %s or %s", t.path, fills, t.key)}
		}
		if t.namespace != obj.GetNamespace() && r.NoCrossNamespaceRefs {
			return out, &refusal{reason.ReferenceDenied, fmt.Sprintf("%s: %s is in another namespace, which --no-cross-namespace-refs forbids", t.path, t)}
		}
		consumed, since, waiting, err := r.consume(ctx, reader, obj, t)
		if err != nil {
			return out, err
		}
		if waiting.why != "" {
			out.waiting, out.detachedFor = waiting.why, waiting.detachedFor
			out.unwatched = len(r.Namespaces) > 0 && !slices.Contains(r.Namespaces, t.namespace)
			return out, nil
		}
		if since.After(out.settled) {
			out.settled = since
		}
		out.consumed = append(out.consumed, consumed)
		delete(t.parent, t.key)
		t.parent[fills] = consumed.Value
	}
	return out, nil
}

// wait is why a target's value cannot be taken yet, and for which object's sake the one
// that refers to it is to be deregistered.
type wait struct{ why, detachedFor string }

// consume reads one target and takes its value if it is settled.
func (r *Reconciler) consume(
	ctx context.Context, reader client.Reader, self Object, t target,
) (v1alpha1.ConsumedReference, time.Time, wait, error) {
	var none v1alpha1.ConsumedReference
	kind, ok := r.Kinds[t.kind]
	if !ok {
		return none, time.Time{}, wait{}, &refusal{reason.ReferenceDenied, fmt.Sprintf("%s: kind %s is not enabled in this controller", t.path, t.kind)}
	}
	obj := kind.Object()
	err := reader.Get(ctx, client.ObjectKey{Namespace: t.namespace, Name: t.name}, obj)
	if apierrors.IsNotFound(err) {
		return none, time.Time{}, wait{why: fmt.Sprintf("%s: %s does not exist", t.path, t)}, nil
	}
	if err != nil {
		return none, time.Time{}, wait{}, fmt.Errorf("reading %s: %w", t, err)
	}
	since, why := settledSince(obj)
	if slices.Contains(r.Kind.DetachedFor, t.kind) {
		since, why = attachable(kind, obj)
		if detaches(obj, self) {
			return none, time.Time{}, wait{fmt.Sprintf("%s: %s is being updated", t.path, t), t.String()}, nil
		}
	}
	if why != "" {
		return none, time.Time{}, wait{why: fmt.Sprintf("%s: %s %s", t.path, t, why)}, nil
	}
	value, err := valueOf(kind, obj, t.field.Value)
	if err != nil {
		return none, time.Time{}, wait{}, fmt.Errorf("reading %s: %w", t, err)
	}
	if value == "" {
		return none, time.Time{}, wait{why: fmt.Sprintf("%s: %s has no %s yet", t.path, t, t.field.Value)}, nil
	}
	return v1alpha1.ConsumedReference{
		Path: t.path, Kind: t.kind, Namespace: t.namespace, Name: t.name,
		AWSName: obj.Common().Name, ARN: obj.Common().ARN, Value: value,
	}, since, wait{}, nil
}

// settledSince says since when an object is what its present spec asks for, or
// else why it is not.
func settledSince(obj Object) (time.Time, string) {
	c := meta.FindStatusCondition(obj.GetConditions(), fluxmeta.ReadyCondition)
	switch {
	case !obj.GetDeletionTimestamp().IsZero():
		return time.Time{}, "is being deleted"
	case obj.Common().ObservedGeneration != obj.GetGeneration() || c == nil:
		return time.Time{}, "is not reconciled yet"
	case c.Status == metav1.ConditionFalse:
		return time.Time{}, "has failed: " + c.Message
	case c.Status != metav1.ConditionTrue:
		return time.Time{}, "is not ready yet"
	case c.Reason == reason.Submitted:
		return time.Time{}, "has not completed yet"
	}
	return c.LastTransitionTime.Time, ""
}

// valueOf is what a reference to obj stands for.
func valueOf(kind Kind, obj Object, value v1alpha1.ReferenceValue) (string, error) {
	switch value {
	case v1alpha1.ReferenceName:
		return kind.lastPart(obj.Common().Name), nil
	case v1alpha1.ReferenceResourceID:
		return shape.String(kind.parts(obj.Common().Name), "ResourceId"), nil
	case v1alpha1.ReferenceARN:
		return obj.Common().ARN, nil
	case v1alpha1.ReferenceID, v1alpha1.ReferenceModelData: // status tells them
	}
	u, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		return "", err
	}
	status, _ := u["status"].(map[string]any)
	if value == v1alpha1.ReferenceModelData {
		return shape.String(status, kind.ModelData), nil
	}
	return shape.String(status, kind.Kind()+string(value)), nil
}

// result is the URI of the model that a finished job produced; empty if there is none.
func result(kind Kind, obj Object) string {
	if kind.ModelData == "" {
		return ""
	}
	value, err := valueOf(kind, obj, v1alpha1.ReferenceModelData)
	if err != nil {
		return ""
	}
	return value
}

func lastName(path string) string {
	return path[strings.LastIndex(path, ".")+1:]
}
