package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/fluxcd/pkg/http/fetch"
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

const (
	// maxArtifact is how large an artifact may be, packed and unpacked, in bytes.
	maxArtifact = 64 << 20
	// fetchTime is how long it may take to fetch one.
	fetchTime = time.Minute
)

// waitingError says what has to be there first.
type waitingError struct{ what string }

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
		return is, &waitingError{fmt.Sprintf("%s: there is no %s %s", at, from.Kind, from.Name)}
	case err != nil:
		return is, fmt.Errorf("reading %s %s: %w", from.Kind, from.Name, err)
	}
	url, digest := shape.String(object.Object, "status.artifact.url"), shape.String(object.Object, "status.artifact.digest")
	if url == "" || digest == "" {
		return is, &waitingError{fmt.Sprintf("%s: %s %s has fetched nothing yet", at, from.Kind, from.Name)}
	}
	is.Definition = sum(fmt.Appendf(nil, "%q %q", digest, from.Path))
	for _, was := range s.pipeline.Status.Sources {
		if was.Name == is.Name && was.Definition == is.Definition {
			return was, nil
		}
	}
	files, err := fetched(ctx, url, digest, from.Path)
	if err != nil {
		return is, fmt.Errorf("%s: %w", at, err)
	}
	if len(files) == 0 {
		return is, reconcile.Refuse(reason.ValidationFailed, "%s: %s %s has no files at %q", at, from.Kind, from.Name, from.Path)
	}
	return s.packFiles(is, at, files)
}

// fetched are the files of an artifact below a directory.
func fetched(ctx context.Context, url, digest, below string) (map[string][]byte, error) {
	directory, err := os.MkdirTemp("", "artifact-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(directory)
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	if err := fetch.New(fetch.WithUntar(), fetch.WithMaxDownloadSize(maxArtifact), fetch.WithRetries(0)).FetchWithContext(ctx, url, digest, directory); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(directory) // what a path or a link says stays within
	if err != nil {
		return nil, err
	}
	defer root.Close()
	files, size := map[string][]byte{}, 0
	start := filepath.Clean(filepath.FromSlash(below))
	err = fs.WalkDir(root.FS(), filepath.ToSlash(start), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := root.ReadFile(filepath.FromSlash(path))
		if err != nil {
			return err
		}
		if size += len(content); size > maxArtifact {
			return fmt.Errorf("the files are larger than %d MiB", maxArtifact>>20)
		}
		name, err := filepath.Rel(start, filepath.FromSlash(path))
		files[filepath.ToSlash(name)] = content
		return err
	})
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return nil, nil
	}
	return files, err
}
