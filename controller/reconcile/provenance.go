package reconcile

import (
	"context"
	"regexp"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
)

// annotationRevision is the commit that an object came with, for tools that can
// set it, such as Argo CD with commonAnnotations and $ARGOCD_APP_REVISION.
const annotationRevision = v1alpha1.Group + "/git-revision"

// The labels by which kustomize-controller says which Kustomization applied an
// object.
const (
	labelKustomization          = "kustomize.toolkit.fluxcd.io/name"
	labelKustomizationNamespace = "kustomize.toolkit.fluxcd.io/namespace"
)

var kustomization = schema.GroupVersionKind{Group: "kustomize.toolkit.fluxcd.io", Version: "v1", Kind: "Kustomization"}

// deepest is how many owners an object can have above each other: a model is made
// by a ModelDeployment, which is made by a ModelPipeline.
const deepest = 2

// provenance are the tags that tell which commit an AWS object is made from:
// what the object's annotation says, or else the revision that its Flux
// Kustomization is applying; for what another object of ours has made, what that
// one's say. They are for people to read. Nothing is decided by them, so that what
// cannot be found out is left out.
func (r *Reconciler) provenance(ctx context.Context, obj Object) map[string]string {
	tags := map[string]string{}
	from := r.origin(ctx, obj)
	revision := from.GetAnnotations()[annotationRevision]
	if name := from.GetLabels()[labelKustomization]; name != "" {
		key := client.ObjectKey{Namespace: from.GetLabels()[labelKustomizationNamespace], Name: name}
		tags[identity.TagSource] = tagValue(kustomization.Kind + "/" + key.String())
		if revision == "" {
			revision = r.applying(ctx, key)
		}
	}
	if revision != "" {
		tags[identity.TagRevision] = tagValue(revision)
	}
	return tags
}

// origin is the object that came with a commit: this one, or the one that it was
// made for.
func (r *Reconciler) origin(ctx context.Context, obj client.Object) client.Object {
	for range deepest {
		by := metav1.GetControllerOf(obj)
		if by == nil || !strings.HasPrefix(by.APIVersion, v1alpha1.Group+"/") {
			break
		}
		owner := new(metav1.PartialObjectMetadata)
		owner.SetGroupVersionKind(schema.FromAPIVersionAndKind(by.APIVersion, by.Kind))
		if err := r.Reader.Get(ctx, client.ObjectKey{Namespace: obj.GetNamespace(), Name: by.Name}, owner); err != nil {
			ctrl.LoggerFrom(ctx).V(1).Info("no owner for the tags", "kind", by.Kind, "owner", by.Name, "reason", err.Error())
			break
		}
		obj = owner
	}
	return obj
}

// applying is the revision that a Kustomization works on, which Flux writes
// down before it applies anything.
func (r *Reconciler) applying(ctx context.Context, key client.ObjectKey) string {
	var k unstructured.Unstructured
	k.SetGroupVersionKind(kustomization)
	if err := r.Reader.Get(ctx, key, &k); err != nil {
		ctrl.LoggerFrom(ctx).V(1).Info("no revision for the tags", "kustomization", key.String(), "reason", err.Error())
		return ""
	}
	revision, _, _ := unstructured.NestedString(k.Object, "status", "lastAttemptedRevision")
	return revision
}

var notInTags = regexp.MustCompile(`[^\p{L}\p{Z}\p{N}_.:/=+\-@]`)

// tagValue makes a text one that a tag can have.
func tagValue(text string) string {
	runes := []rune(notInTags.ReplaceAllString(text, "_"))
	return string(runes[:min(len(runes), 256)])
}
