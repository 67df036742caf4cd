package pipeline

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
)

func tarball(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	compressed := gzip.NewWriter(&b)
	archive := tar.NewWriter(compressed)
	for name, text := range files {
		require.NoError(t, archive.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(text))}))
		_, err := io.WriteString(archive, text)
		require.NoError(t, err)
	}
	require.NoError(t, archive.Close())
	require.NoError(t, compressed.Close())
	return b.Bytes()
}

func TestDownload(t *testing.T) {
	t.Parallel()
	content := tarball(t, map[string]string{"code/train.py": "print(1)", "README.md": "x"})
	digest := sum(content)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for _, row := range []struct {
		name   string
		answer time.Duration
		serve  http.HandlerFunc // none where nobody listens
		says   string           // AT is the address
	}{
		{"what is there", time.Minute, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(content) }, ""},
		{"what comes slowly", 200 * time.Millisecond, func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write(content[:10])
			_ = http.NewResponseController(w).Flush()
			slow, cancel := context.WithTimeout(r.Context(), 400*time.Millisecond)
			defer cancel()
			<-slow.Done()
			_, _ = w.Write(content[10:])
		}, ""},
		{
			"silence", 100 * time.Millisecond, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
			"source-controller did not answer at AT within 100ms: does a NetworkPolicy forbid it?",
		},
		{"nobody", time.Minute, nil, "source-controller did not answer at AT: dial tcp "},
		{"what is gone", time.Minute, http.NotFound, "source-controller has nothing at AT"},
		{"trouble", time.Minute, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, "source-controller, at AT: "},
		{
			"something else", time.Minute, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("something else")) },
			"source-controller, at AT: failed to verify archive: computed digest doesn't match",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			address := gone.URL
			if row.serve != nil {
				server := httptest.NewServer(row.serve)
				t.Cleanup(server.Close)
				address = server.URL
			}
			directory := t.TempDir()
			err := download(t.Context(), "source-controller", address, digest, directory, row.answer)
			if row.says == "" {
				require.NoError(t, err)
				text, err := os.ReadFile(filepath.Join(directory, "code", "train.py"))
				require.NoError(t, err)
				require.Equal(t, "print(1)", string(text))
				return
			}
			require.ErrorContains(t, err, strings.ReplaceAll(row.says, "AT", address))
		})
	}
}

func TestFilesOf(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(directory, "code"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(directory, "code", "train.py"), []byte("print(1)"), 0o600))
	for below, want := range map[string]map[string][]byte{
		"":        {"code/train.py": []byte("print(1)")},
		"code":    {"train.py": []byte("print(1)")},
		"nowhere": nil,
		"../code": nil,
	} {
		files, err := filesOf(directory, below)
		require.NoError(t, err, below)
		require.Equal(t, want, files, below)
	}
	require.NoError(t, os.Truncate(filepath.Join(directory, "code", "train.py"), maxArtifact+1))
	_, err := filesOf(directory, "")
	require.ErrorIs(t, err, errTooLarge)
}

// TestPackedIsBounded: what a round has to upload is limited, however many sources it has.
func TestPackedIsBounded(t *testing.T) {
	t.Parallel()
	s := &scene{pipeline: new(v1alpha1.ModelPipeline)}
	s.pipeline.Spec.Artifacts = "s3://acme-ml/pipelines"
	s.packed = map[string][]byte{"one": make([]byte, maxPacked-1<<10)}
	_, err := s.packFiles(v1alpha1.SourceStatus{}, "sources[code].artifact", map[string][]byte{"train.py": []byte("print(1)")})
	require.NoError(t, err)
	s.packed["two"] = make([]byte, 1<<10)
	_, err = s.packFiles(v1alpha1.SourceStatus{}, "sources[code].artifact", map[string][]byte{"train.py": []byte("print(2)")})
	require.EqualError(t, err, "sources[code].artifact: what is to be uploaded of all sources is larger than 128 MiB")
}
