package e2e_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	ocitypes "github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
)

// fluxArtifact: a pipeline is made of what source-controller fetches from git, a
// registry and a bucket, and of what somebody else serves: other files in the directory
// run what is made of them again, and others elsewhere do not.
func fluxArtifact(u *fluxUser) {
	images := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	u.Cleanup(images.Close)
	host := strings.TrimPrefix(images.URL, "http://")
	u.pushImage(host, map[string]string{"code/train.py": "1"})
	u.putFile("code/train.py", "1")
	require.NoError(u, u.bench.Kube.Create(u.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: u.name, Name: u.name},
		StringData: map[string]string{"accesskey": simulator.AccessKey, "secretkey": simulator.SecretKey},
	}))
	u.push()
	u.sync("registry.example.com", host, "s3.example.com", strings.TrimPrefix(u.bench.AWS.URL(), "http://"))
	maker := u.newMaker()
	maker.publish(map[string]string{"code/train.py": "1"})
	runs := map[string]int{"git": 1, "oci": 1, "bucket": 1, "external": 1}
	u.untilRan(runs)

	for _, change := range []struct {
		reason string
		source string
		kind   string
		push   func(file, text string)
	}{
		{"a commit", "git", "GitRepository", func(file, text string) {
			u.pushed(u.repository.Commit(u.Context(), "change "+file, map[string]string{file: text}))
		}},
		{"an image", "oci", "OCIRepository", func(file, text string) {
			u.pushImage(host, map[string]string{"code/train.py": "1", file: text})
		}},
		{"an object", "bucket", "Bucket", u.putFile},
		{"an artifact of somebody else", "external", "ExternalArtifact", func(file, text string) {
			maker.publish(map[string]string{"code/train.py": "1", file: text})
		}},
	} {
		u.fetch(change.kind, change.source, true, func() { change.push("notes.txt", "2") })
		u.untilRan(runs)
		u.fetch(change.kind, change.source, change.source != "git", func() { change.push("code/train.py", "2") })
		runs[change.source]++
		u.untilRan(runs)
		u.Logf("%s has run %s again", change.reason, change.source)
	}
}

// fetch does something of which Flux is to fetch another artifact, and waits until the
// pipeline has seen that: within a minute, or at once when it is asked to look.
func (u *fluxUser) fetch(kind, source string, ask bool, do func()) {
	u.Helper()
	object := fluxObject("source.toolkit.fluxcd.io/v1", kind, u.name, u.name)
	digest := func() string { return u.artifact(kind, "digest") }
	fetched, seen := digest(), u.definition(source)
	do()
	u.annotate(object, "reconcile.fluxcd.io/requestedAt")
	u.until("Flux has fetched another artifact of "+kind, func() bool { return digest() != fetched })
	if ask {
		u.annotate(u.pipeline(), "reconcile.fluxcd.io/requestedAt")
	}
	u.until("the pipeline has seen another artifact of "+kind, func() bool { return u.definition(source) != seen })
}

// artifact is what a source says of its artifact.
func (u *fluxUser) artifact(kind, field string) string {
	u.Helper()
	object := fluxObject("source.toolkit.fluxcd.io/v1", kind, u.name, u.name)
	require.NoError(u, u.bench.Kube.Get(u.Context(), client.ObjectKeyFromObject(object), object))
	text, _, err := unstructured.NestedString(object.Object, "status", "artifact", field)
	require.NoError(u, err)
	return text
}

// definition is by what the pipeline knows the artifact of a source.
func (u *fluxUser) definition(source string) string {
	for _, is := range u.pipeline().Status.Sources {
		if is.Name == source {
			return is.Definition
		}
	}
	return ""
}

// untilRan waits until the pipeline has completed and its steps have run so many jobs.
func (u *fluxUser) untilRan(runs map[string]int) {
	u.Helper()
	u.until("the pipeline has completed", func() bool {
		ran := map[string]int{}
		for _, job := range u.jobs("TrainingJob") {
			step := strings.Split(job.Name, "-")[1]
			ran[step]++
			require.LessOrEqual(u, ran[step], runs[step], step)
		}
		return maps.Equal(ran, runs) && u.pipeline().Status.Phase == v1alpha1.PipelineCompleted
	})
}

// pushImage pushes files as an artifact.
func (u *fluxUser) pushImage(host string, files map[string]string) {
	u.Helper()
	image, err := mutate.AppendLayers(empty.Image, static.NewLayer(u.packed(files), ocitypes.OCILayer))
	require.NoError(u, err)
	tag, err := name.NewTag(host+"/acme/ml:latest", name.Insecure)
	require.NoError(u, err)
	require.NoError(u, remote.Write(tag, image, remote.WithContext(u.Context())))
}

// packed are files as an archive.
func (u *fluxUser) packed(files map[string]string) []byte {
	u.Helper()
	var content bytes.Buffer
	compressed := gzip.NewWriter(&content)
	archive := tar.NewWriter(compressed)
	for file, text := range files {
		require.NoError(u, archive.WriteHeader(&tar.Header{Name: file, Mode: 0o600, Size: int64(len(text))}))
		_, err := archive.Write([]byte(text))
		require.NoError(u, err)
	}
	require.NoError(u, archive.Close())
	require.NoError(u, compressed.Close())
	return content.Bytes()
}

// putFile writes a file into the bucket.
func (u *fluxUser) putFile(file, text string) {
	u.Helper()
	require.NoError(u, u.bench.AWS.PutObject(u.name, file, []byte(text)))
}

// maker is a controller that makes an ExternalArtifact, and serves it itself.
type maker struct {
	*fluxUser

	url    string
	served atomic.Pointer[[]byte]
}

func (u *fluxUser) newMaker() *maker {
	m := &maker{fluxUser: u}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(*m.served.Load()) }))
	u.Cleanup(server.Close)
	m.url = server.URL
	return m
}

// publish serves files, and says so.
func (m *maker) publish(files map[string]string) {
	m.Helper()
	content := m.packed(files)
	m.served.Store(&content)
	digest := fmt.Sprintf("sha256:%x", sha256.Sum256(content))
	status, err := json.Marshal(map[string]any{"status": map[string]any{"artifact": map[string]any{
		"url": m.url + "/ml.tar.gz", "path": "ml.tar.gz", "digest": digest, "revision": "latest@" + digest, "lastUpdateTime": metav1.Now(),
	}}})
	require.NoError(m, err)
	object := fluxObject("source.toolkit.fluxcd.io/v1", "ExternalArtifact", m.name, m.name)
	require.NoError(m, m.bench.Kube.Status().Patch(m.Context(), object, client.RawPatch(types.MergePatchType, status)))
}
