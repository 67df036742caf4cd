package pipeline

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/plan"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

const (
	// maxManifest is how long a manifest may be, in bytes.
	maxManifest = 16 << 20
	// maxPacked is how much one round may have to upload, in bytes.
	maxPacked = 128 << 20
)

// packSources finds the digests of sources that the cluster has.
func (r *Reconciler) packSources(ctx context.Context, s *scene) error {
	s.sources = make([]v1alpha1.SourceStatus, len(s.pipeline.Spec.Sources))
	for i, source := range s.pipeline.Spec.Sources {
		var err error
		switch {
		case source.ConfigMap != nil:
			s.sources[i], err = r.packConfigMap(ctx, s, source)
		case source.Artifact != nil:
			s.sources[i], err = r.packArtifact(ctx, s, source)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// findSources finds the digests of the others. Before AWS is asked, the plan is judged as
// it is without what AWS would say.
func (r *Reconciler) findSources(ctx context.Context, s *scene) error {
	ask := r.seenSources(s)
	if len(s.sources) == 0 {
		return nil
	}
	if _, err := plan.Make(s.input); err != nil {
		return err
	}
	restored, err := r.restore(ctx, s)
	if err != nil {
		return err
	}
	if restored {
		s.input.Token = token(s.pipeline)
		ask = r.seenSources(s)
	}
	for _, i := range ask {
		is := &s.sources[i]
		if err := r.lookAt(ctx, s, s.pipeline.Spec.Sources[i], is); err != nil {
			return err
		}
		r.saw(s.pipeline, is.Name)
	}
	s.input.Sources = rendered(s.sources)
	if err := r.findArchives(ctx, s); err != nil {
		return err
	}
	for i := range s.archives { // those of S3 have been found since
		if s.pipeline.Spec.Sources[i].S3 != nil {
			s.archives[i] = s.sources[i]
		}
	}
	if s.archives != nil {
		s.input.Archives = rendered(s.archives)
	}
	return nil
}

// seenSources takes what status tells of sources in S3, and says which are to be looked
// at.
func (r *Reconciler) seenSources(s *scene) (ask []int) {
	for i, source := range s.pipeline.Spec.Sources {
		if source.S3 == nil {
			continue
		}
		s.sources[i] = r.seen(s.pipeline, source)
		if s.sources[i].Digest == "" {
			ask = append(ask, i)
		}
	}
	s.input.Sources = rendered(s.sources)
	return ask
}

// seen is what status tells of a source in S3, if it speaks of the same.
func (r *Reconciler) seen(p *v1alpha1.ModelPipeline, source v1alpha1.PipelineSource) v1alpha1.SourceStatus {
	is := v1alpha1.SourceStatus{
		Name: source.Name, URI: source.S3.URI,
		Definition: sum(fmt.Appendf(nil, "%q %q %q", source.S3.URI, source.S3.Fingerprint, plan.Rerun(p.Spec.Rerun, token(p)))),
	}
	if r.followed(p, source.Name) {
		return is
	}
	for _, was := range p.Status.Sources {
		if was.Name == is.Name && was.Definition == is.Definition {
			return was
		}
	}
	return is
}

// lookAt asks AWS for the digest of a source in S3.
func (r *Reconciler) lookAt(ctx context.Context, s *scene, source v1alpha1.PipelineSource, is *v1alpha1.SourceStatus) error {
	at := fmt.Sprintf("sources[%s].s3", source.Name)
	aws, err := s.round.Client(ctx)
	if err != nil {
		return err
	}
	is.Digest, err = fingerprint(ctx, aws, source.S3)
	switch {
	case err == nil && is.Digest == "", err != nil && cloud.Classify(err) == cloud.NotFound:
		return reconcile.Refuse(reason.ValidationFailed, "%s: there is nothing at %s", at, source.S3.URI)
	case err != nil:
		return fmt.Errorf("%s: %w", at, err)
	}
	return nil
}

// fingerprint is a digest of data in S3; empty if there is none.
func fingerprint(ctx context.Context, aws *cloud.Client, source *v1alpha1.S3PipelineSource) (string, error) {
	switch source.Fingerprint {
	case v1alpha1.FingerprintURI:
		return sum([]byte(source.URI)), nil
	case v1alpha1.FingerprintVersion:
		version, err := aws.Version(ctx, source.URI)
		if err == nil && version == "" {
			return "", reconcile.Refuse(reason.ValidationFailed, "%s has no versions: its bucket keeps none", source.URI)
		}
		return sum([]byte(source.URI + "#" + version)), err
	case v1alpha1.FingerprintManifest:
		content, err := aws.ReadObject(ctx, source.URI, maxManifest)
		return sum(content), err
	case v1alpha1.FingerprintListing:
	}
	return aws.Listing(ctx, source.URI)
}

func sum(content []byte) string {
	is := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(is[:])
}

// packConfigMap packs a ConfigMap. Where it goes is named by what it holds.
func (r *Reconciler) packConfigMap(ctx context.Context, s *scene, source v1alpha1.PipelineSource) (v1alpha1.SourceStatus, error) {
	is, at := v1alpha1.SourceStatus{Name: source.Name}, fmt.Sprintf("sources[%s].configMap", source.Name)
	var config corev1.ConfigMap
	err := r.Reader.Get(ctx, client.ObjectKey{Namespace: s.pipeline.Namespace, Name: source.ConfigMap.Name}, &config)
	if apierrors.IsNotFound(err) {
		return is, reconcile.Refuse(reason.ValidationFailed, "%s: there is no ConfigMap %s", at, source.ConfigMap.Name)
	}
	if err != nil {
		return is, fmt.Errorf("reading ConfigMap %s: %w", source.ConfigMap.Name, err)
	}
	files := maps.Clone(config.BinaryData)
	if files == nil {
		files = map[string][]byte{}
	}
	for name, text := range config.Data {
		files[name] = []byte(text)
	}
	return s.packFiles(is, at, files)
}

// packFiles packs files for their upload, unless status knows that they have been
// uploaded.
func (s *scene) packFiles(is v1alpha1.SourceStatus, at string, files map[string][]byte) (v1alpha1.SourceStatus, error) {
	if s.pipeline.Spec.Artifacts == "" {
		return is, reconcile.Refuse(reason.ValidationFailed, "%s: it is uploaded below spec.artifacts, which is not set", at)
	}
	var err error
	if is.Digest, err = contentDigest(files); err != nil {
		return is, reconcile.Refuse(reason.ValidationFailed, "%s: %s", at, err)
	}
	name, err := archiveName(is.Digest)
	if err != nil {
		return is, err
	}
	is.URI = sourcesBelow(s.pipeline) + name
	uploaded := func(was v1alpha1.SourceStatus) bool { return was.URI == is.URI }
	if slices.ContainsFunc(s.pipeline.Status.Sources, uploaded) {
		return is, nil
	}
	archive, err := pack(files)
	if err != nil {
		return is, err
	}
	if s.packed == nil {
		s.packed = map[string][]byte{}
	}
	s.packed[is.URI] = archive
	size := 0
	for _, one := range s.packed {
		size += len(one)
	}
	if size > maxPacked {
		return is, reconcile.Refuse(reason.ValidationFailed, "%s: what is to be uploaded of all sources is larger than %d MiB", at, maxPacked>>20)
	}
	return is, nil
}

// pack makes an archive of files.
func pack(files map[string][]byte) ([]byte, error) {
	var b bytes.Buffer
	compressed := gzip.NewWriter(&b)
	archive := tar.NewWriter(compressed)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(files[name]))}); err != nil {
			return nil, err
		}
		if _, err := archive.Write(files[name]); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(archive.Close(), compressed.Close()); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// deliver uploads what has been packed and is not known to be there, and then puts
// the sources into status.
func (r *Reconciler) deliver(ctx context.Context, s *scene) error {
	if len(s.packed) == 0 {
		s.pipeline.Status.Sources = s.sources
		return nil
	}
	aws, err := s.round.Client(ctx)
	if err != nil {
		return err
	}
	for _, uri := range slices.Sorted(maps.Keys(s.packed)) {
		there, err := aws.HasObjects(ctx, uri)
		if err != nil {
			return err
		}
		if there {
			continue
		}
		if err := aws.WriteObject(ctx, uri, s.packed[uri]); err != nil {
			return err
		}
		s.round.Eventf(ctx, reason.Progressing, "uploaded %s", uri)
	}
	s.pipeline.Status.Sources = s.sources
	return nil
}
