package pipeline

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/dirhash"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/render"
)

// Sources of which the cluster has the files are known by the names and contents of
// these, however an archive of them is compressed. Hash version a knew them by the bytes
// of the archive, which another release of Go may write differently: for it the archive
// is looked for that was uploaded then.

// contentDigest is a digest of names and contents.
func contentDigest(files map[string][]byte) (string, error) {
	open := func(name string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(files[name])), nil }
	return dirhash.Hash1(slices.Collect(maps.Keys(files)), open)
}

// archiveName is the name of an archive of files with a digest, in which a URI has no
// character that would have to be escaped.
func archiveName(digest string) (string, error) {
	version, sum, _ := strings.Cut(digest, ":")
	text, err := base64.StdEncoding.DecodeString(sum)
	if err != nil {
		return "", err
	}
	return version + "-" + hex.EncodeToString(text) + ".tar.gz", nil
}

func sourcesBelow(p *v1alpha1.ModelPipeline) string {
	return strings.TrimSuffix(p.Spec.Artifacts, "/") + "/sources/"
}

// byBytes is the name of an archive that is known by its bytes.
var byBytes = regexp.MustCompile(`/([0-9a-f]{64})\.tar\.gz$`)

// unarchived are the files of an archive.
func unarchived(content []byte) (map[string][]byte, error) {
	compressed, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	files, left := map[string][]byte{}, int64(4*maxPacked)
	for archive := tar.NewReader(compressed); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(io.LimitReader(archive, left))
		if err != nil {
			return nil, err
		}
		if left -= int64(len(text)); left <= 0 {
			return nil, errors.New("the files are too large")
		}
		files[header.Name] = text
	}
}

// needsArchives tells whether there may be objects of a version of hash that knows
// sources by the bytes of their archives.
func (r *Reconciler) needsArchives() bool {
	return slices.ContainsFunc(r.Hashes.Versions(), func(h identity.Hash) bool { return h.Archives })
}

// findArchives finds the sources as such versions know them. One of which there is no
// archive was never used by them.
func (r *Reconciler) findArchives(ctx context.Context, s *scene) error {
	if s.archives != nil || !r.needsArchives() {
		return nil
	}
	all := slices.Clone(s.sources)
	for i, source := range s.pipeline.Spec.Sources {
		if source.S3 != nil {
			continue
		}
		uri, err := r.archiveOf(ctx, s, all[i].Digest)
		if err != nil {
			return fmt.Errorf("sources[%s]: looking for an earlier archive: %w", source.Name, err)
		}
		all[i].URI, all[i].Digest = uri, ""
		if match := byBytes.FindStringSubmatch(uri); match != nil {
			all[i].Digest = "sha256:" + match[1]
		}
	}
	s.archives = all
	return nil
}

// archiveOf is where an archive, known by its bytes, has the files of a digest; empty if
// none has. Archives do not change, and no more of them are made: each is read once.
func (r *Reconciler) archiveOf(ctx context.Context, s *scene, digest string) (string, error) {
	below := sourcesBelow(s.pipeline)
	key := below + "\x00" + digest
	r.mu.Lock()
	uri, ok := r.archived[key]
	r.mu.Unlock()
	if ok {
		return uri, nil
	}
	aws, err := s.round.Client(ctx)
	if err != nil {
		return "", err
	}
	objects, err := aws.Objects(ctx, below)
	if err != nil {
		return "", err
	}
	objects = slices.DeleteFunc(objects, func(o cloud.StoredObject) bool { return !byBytes.MatchString(o.URI) })
	slices.SortStableFunc(objects, func(a, b cloud.StoredObject) int { return cmp.Compare(b.Modified.Unix(), a.Modified.Unix()) })
	for _, object := range objects {
		is, err := r.contentOf(ctx, aws, object.URI)
		if err != nil {
			return "", err
		}
		if is == digest {
			uri = object.URI
			break
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.archived[key] = uri
	return uri, nil
}

// contentOf is the digest of the files in an archive; empty if it is none.
func (r *Reconciler) contentOf(ctx context.Context, aws *cloud.Client, uri string) (string, error) {
	r.mu.Lock()
	digest, ok := r.contents[uri]
	r.mu.Unlock()
	if ok {
		return digest, nil
	}
	content, err := aws.ReadObject(ctx, uri, maxPacked)
	if err != nil {
		if _, large := errors.AsType[*cloud.TooLargeError](err); !large {
			return "", err
		}
	}
	if files, err := unarchived(content); err == nil {
		if digest, err = contentDigest(files); err != nil {
			return "", err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.contents[uri] = digest
	return digest, nil
}

// rendered are sources as templates see them.
func rendered(sources []v1alpha1.SourceStatus) map[string]render.Source {
	all := map[string]render.Source{}
	for _, source := range sources {
		all[source.Name] = render.Source{URI: source.URI, Digest: source.Digest}
	}
	return all
}
