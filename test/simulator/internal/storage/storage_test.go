package storage_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/utils/clock"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/storage"
)

func TestSplit(t *testing.T) {
	for _, row := range []struct {
		reason, uri, bucket, key string
		ok                       bool
	}{
		{"an object", "s3://b/a/c", "b", "a/c", true},
		{"a bucket", "s3://b", "b", "", true},
		{"keys are not URLs", "s3://b/a#c?d=%20", "b", "a#c?d=%20", true},
		{"path-style", "https://s3.eu-west-1.amazonaws.com/b/a/c", "b", "a/c", true},
		{"virtual-hosted", "https://b.s3.eu-west-1.amazonaws.com/a/c", "b", "a/c", true},
		{"no bucket", "s3:///a", "", "a", false},
		{"another scheme", "http://b/a", "", "", false},
		{"another host", "https://example.com/a", "example.com", "a", false},
	} {
		bucket, key, ok := storage.Split(row.uri)
		require.Equal(t, row.ok, ok, row.reason)
		if ok {
			require.Equal(t, []string{row.bucket, row.key}, []string{bucket, key}, row.reason)
		}
	}
}

func TestHas(t *testing.T) {
	s := storage.New(clock.RealClock{})
	require.NoError(t, s.CreateBucket("data"))
	require.NoError(t, s.CreateBucket("data"), "it is there")
	require.NoError(t, s.Put("data", "a/b", []byte("x")))
	for _, row := range []struct {
		reason, uri    string
		object, prefix bool
	}{
		{"the object", "s3://data/a/b", true, true},
		{"a folder", "s3://data/a/", false, true},
		{"part of a name", "s3://data/a", false, true},
		{"the bucket", "s3://data", false, true},
		{"nothing", "s3://data/c", false, false},
		{"no bucket", "s3://none/a/b", false, false},
		{"no URI", "a/b", false, false},
	} {
		require.Equal(t, row.object, s.HasObject(row.uri), row.reason)
		require.Equal(t, row.prefix, s.HasPrefix(row.uri), row.reason)
	}
	content, err := s.Get("data", "a/b")
	require.NoError(t, err)
	require.Equal(t, "x", string(content))
	_, err = s.Get("data", "c")
	require.ErrorContains(t, err, "read s3://data/c")
	require.ErrorContains(t, s.Put("none", "a", nil), "write s3://none/a")
	require.ErrorContains(t, s.CreateBucket("A"), `bucket "A"`)
}

// TestLastModified: the header that S3 always sends, without which some clients refuse
// an object.
func TestLastModified(t *testing.T) {
	now := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	s := storage.New(clocktesting.NewFakePassiveClock(now))
	require.NoError(t, s.CreateBucket("data"))
	require.NoError(t, s.Put("data", "a/b", []byte("x")))
	answer := httptest.NewRecorder()
	s.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/data/a/b", nil))
	require.Equal(t, "x", answer.Body.String())
	require.Equal(t, now.Format(http.TimeFormat), answer.Header().Get("Last-Modified"))
}
