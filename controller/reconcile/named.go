package reconcile

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// indexNames holds the AWS objects that a spec names without a reference, and
// indexCalled what an object itself is called in AWS: both by kind, and by name,
// identifier or ARN.
const (
	indexNames  = "names"
	indexCalled = "called"
)

// named is an AWS object of one of our kinds that a spec names, by what the field takes.
type named struct {
	kind, value string
	by          v1alpha1.ReferenceValue
}

// namedIn are the AWS objects that a spec names: in the fields that references fill,
// and in the midst of texts. Of a spec whose references are resolved they are in it,
// too. Each stands there once.
func namedIn(kind Kind, spec shape.Tree) []named {
	var all []named
	add := func(n named) {
		if n.kind != "" && n.value != "" && !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	if kind.Names != nil {
		for _, ref := range kind.Names(spec) {
			add(named{ref.Kind, ref.AWSName, v1alpha1.ReferenceName})
		}
	}
	for _, f := range kind.references() {
		if f.Value == v1alpha1.ReferenceModelData {
			continue // data is in S3, whoever has made it
		}
		visit(spec, strings.Split(f.Fills, "."), "", func(parent shape.Tree, key, _ string) {
			value, _ := parent[key].(string)
			add(named{f.Kind, value, f.Value})
		})
	}
	return all
}

// keys are what the object may be called in the index indexCalled. ARNs differ in case
// with the age of what they name.
func (n named) keys() []string {
	keys := []string{useKey(n.kind, strings.ToLower(n.value))}
	if name, isARN := nameIn(n.value); isARN {
		keys = append(keys, useKey(n.kind, strings.ToLower(name)))
	}
	return keys
}

// nameIn is the name in the ARN of a SageMaker object. That of a version is the name of
// its group and a number.
func nameIn(arn string) (name string, isARN bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" {
		return "", false
	}
	_, name, found := strings.Cut(parts[5], "/")
	return name, found
}

// address are the members that tell AWS which object is meant; nil if it takes others
// than the spec tells. request is what names the object: it names what that is within.
func (n named) address(kind Kind, request shape.Tree) shape.Tree {
	address := shape.Tree{}
	for _, member := range kind.Within {
		if within := shape.String(request, member); within != "" {
			address[member] = within
		}
	}
	name, isARN := nameIn(n.value)
	switch {
	case n.by == v1alpha1.ReferenceName && len(kind.Within) > 0 && strings.Contains(n.value, "/"):
		return kind.parts(n.value)
	case n.by == v1alpha1.ReferenceResourceID:
		address["ResourceId"], address[kind.Name] = n.value, shape.String(request, kind.Name)
	case kind.ID != "" && kind.Describe.HasInput(kind.ID):
		address[kind.ID] = n.value
	case n.by == v1alpha1.ReferenceID:
		return nil // AWS describes it by its name, which the spec does not say
	case isARN && kind.ID == "":
		address[kind.Name] = name
	default:
		address[kind.Name] = n.value
	}
	return address
}

// title is how messages call the object.
func (n named) title() string {
	if name, isARN := nameIn(n.value); isARN {
		return n.kind + " " + name
	}
	return n.kind + " " + n.value
}

func nameKeys(kind Kind, o client.Object) []string {
	obj, ok := o.(Object)
	if !ok {
		return nil
	}
	_, spec, err := split(obj)
	if err != nil {
		return nil
	}
	var keys []string
	for _, n := range namedIn(kind, spec) {
		keys = append(keys, n.keys()...)
	}
	return keys
}

// calledKeys are what an object is called in AWS, or will be.
func calledKeys(kind Kind, o client.Object) []string {
	obj, ok := o.(Object)
	if !ok {
		return nil
	}
	status := obj.Common()
	called := []string{status.Name, kind.lastPart(status.Name), status.ARN, status.ID, shape.String(kind.parts(status.Name), "ResourceId")}
	if _, spec, err := split(obj); err == nil {
		called = append(called, shape.String(spec, kind.Name))
		if slices.Contains(kind.Within, "ResourceId") {
			called = append(called, shape.String(spec, "ResourceId"))
		}
	}
	var keys []string
	for _, name := range called {
		if key := useKey(kind.Kind(), strings.ToLower(name)); name != "" && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// ownOf are our objects that are, or will be, the AWS object that self names.
func (r *Reconciler) ownOf(ctx context.Context, self Object, n named) ([]Object, error) {
	kind, enabled := r.Kinds[n.kind]
	if !enabled {
		return nil, nil
	}
	var all []Object
	for _, key := range n.keys() {
		found, err := r.list(ctx, kind, client.MatchingFields{indexCalled: key})
		if err != nil {
			return nil, err
		}
		for _, o := range found {
			known := slices.ContainsFunc(all, func(other Object) bool { return other.GetUID() == o.GetUID() })
			if !known && o.GetUID() != self.GetUID() && mayShare(o, self) {
				all = append(all, o)
			}
		}
	}
	return all, nil
}

// mayShare tells whether two objects are in one account and region of AWS, as far as
// that is known.
func mayShare(a, b Object) bool {
	same := func(x, y string) bool { return cmp.Or(x, y) == cmp.Or(y, x) }
	return same(a.Common().AccountID, b.Common().AccountID) && same(a.Common().Region, b.Common().Region)
}

// naming are the objects of a kind that name the AWS object which target, of another
// kind, is or will be.
func (r *Reconciler) naming(ctx context.Context, kind, of Kind, target Object) ([]Object, error) {
	var all []Object
	for _, key := range calledKeys(of, target) {
		found, err := r.list(ctx, kind, client.MatchingFields{indexNames: key})
		if err != nil {
			return nil, err
		}
		for _, o := range found {
			if o.GetUID() != target.GetUID() && mayShare(o, target) {
				all = append(all, o)
			}
		}
	}
	return all, nil
}

// namedBy are our objects of this loop's kind that an object of another kind names.
func (r *Reconciler) namedBy(ctx context.Context, kind Kind, o Object) []client.ObjectKey {
	_, spec, err := split(o)
	if err != nil {
		return nil
	}
	var names []client.ObjectKey
	for _, n := range namedIn(kind, spec) {
		if n.kind != r.Kind.Kind() {
			continue
		}
		own, err := r.ownOf(ctx, o, n)
		if err != nil {
			continue
		}
		for _, target := range own {
			names = append(names, client.ObjectKeyFromObject(target))
		}
	}
	return names
}

// label is how messages call an object of ours.
func label(kind string, o Object) string {
	return fmt.Sprintf("%s %s/%s", kind, o.GetNamespace(), o.GetName())
}
