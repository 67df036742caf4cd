package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// waitingError says what has to be there first.
type waitingError struct {
	what string
	// failed says that an attempt at it has failed: the next ones come later and later.
	failed bool
}

func (e *waitingError) Error() string { return e.what }

// packArtifact packs what a source of Flux has fetched, unless status knows it.
func (r *Reconciler) packArtifact(ctx context.Context, s *scene, source v1alpha1.PipelineSource) (v1alpha1.SourceStatus, error) {
	is, at, from := v1alpha1.SourceStatus{Name: source.Name}, fmt.Sprintf("sources[%s].artifact", source.Name), source.Artifact
	var object unstructured.Unstructured
	object.SetGroupVersionKind(schema.GroupVersionKind{Group: "source.toolkit.fluxcd.io", Version: "v1", Kind: from.Kind})
	err := r.Reader.Get(ctx, client.ObjectKey{Namespace: s.pipeline.Namespace, Name: from.Name}, &object)
	switch {
	case meta.IsNoMatchError(err):
		return is, reconcile.Refuse(reason.ValidationFailed, "%s: Flux's source-controller is not installed, or serves no %s in version v1", at, from.Kind)
	case apierrors.IsNotFound(err):
		return is, &waitingError{what: fmt.Sprintf("%s: there is no %s %s", at, from.Kind, from.Name)}
	case err != nil:
		return is, fmt.Errorf("reading %s %s: %w", from.Kind, from.Name, err)
	}
	url, digest := shape.String(object.Object, "status.artifact.url"), shape.String(object.Object, "status.artifact.digest")
	if url == "" || digest == "" {
		return is, &waitingError{what: fmt.Sprintf("%s: %s %s has fetched nothing yet", at, from.Kind, from.Name)}
	}
	is.Definition = sum(fmt.Appendf(nil, "%q %q", digest, from.Path))
	for _, was := range s.pipeline.Status.Sources {
		if was.Name == is.Name && was.Definition == is.Definition && !byBytes.MatchString(was.URI) {
			return was, nil
		}
	}
	directory, err := os.MkdirTemp("", "artifact-")
	if err != nil {
		return is, err
	}
	defer os.RemoveAll(directory)
	if err := download(ctx, serverOf(from), url, digest, directory, answerTime); err != nil {
		return is, &waitingError{what: fmt.Sprintf("%s: %s", at, err), failed: true}
	}
	s.hold(&r.packing)
	files, err := filesOf(directory, from.Path)
	switch {
	case errors.Is(err, errTooLarge):
		return is, reconcile.Refuse(reason.ValidationFailed, "%s: %s", at, err)
	case err != nil:
		return is, fmt.Errorf("%s: %w", at, err)
	case len(files) == 0:
		return is, reconcile.Refuse(reason.ValidationFailed, "%s: %s %s has no files at %q", at, from.Kind, from.Name, from.Path)
	}
	return s.packFiles(is, at, files)
}

// serverOf is who serves what a source has fetched.
func serverOf(from *v1alpha1.ArtifactSource) string {
	if from.Kind == "ExternalArtifact" {
		return "the server of ExternalArtifact " + from.Name
	}
	return "source-controller"
}
