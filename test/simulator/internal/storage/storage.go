// Package storage is the S3 that jobs read from and write to.
package storage

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"k8s.io/utils/clock"
)

// Store keeps objects in memory. Buckets are shared by all accounts and
// regions: the simulator knows no bucket policies.
type Store struct {
	backend *s3mem.Backend
	handler http.Handler
	now     clock.PassiveClock
}

// New makes an empty store.
func New(now clock.PassiveClock) *Store {
	backend := s3mem.New(s3mem.WithTimeSource(now), s3mem.WithVersionSeed(1))
	fake := gofakes3.New(backend,
		gofakes3.WithTimeSource(now),
		// Requests carry the caller's real time, which is not the virtual one.
		gofakes3.WithTimeSkewLimit(0),
		gofakes3.WithHostBucketBase("localhost"),
	)
	return &Store{backend: backend, handler: fake.Server(), now: now}
}

// ServeHTTP answers the S3 protocol, path-style and bucket.localhost.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if host, _, found := strings.Cut(r.Host, ":"); found {
		r.Host = host
	}
	s.handler.ServeHTTP(w, r)
}

// CreateBucket makes a bucket unless it is there.
func (s *Store) CreateBucket(name string) error {
	if err := gofakes3.ValidateBucketName(name); err != nil {
		return fmt.Errorf("bucket %q: %w", name, err)
	}
	exists, err := s.backend.BucketExists(name)
	if err != nil || exists {
		return err
	}
	if err := s.backend.CreateBucket(name); err != nil {
		return fmt.Errorf("create bucket %s: %w", name, err)
	}
	return nil
}

// Put writes an object into an existing bucket.
func (s *Store) Put(bucket, key string, content []byte) error {
	meta := map[string]string{"Last-Modified": s.now.Now().UTC().Format(http.TimeFormat)} // as one that is put by a request
	_, err := s.backend.PutObject(bucket, key, meta, bytes.NewReader(content), int64(len(content)), nil)
	if err != nil {
		return fmt.Errorf("write s3://%s/%s: %w", bucket, key, err)
	}
	return nil
}

// Get reads an object.
func (s *Store) Get(bucket, key string) ([]byte, error) {
	object, err := s.backend.GetObject(bucket, key, nil)
	if err != nil {
		return nil, fmt.Errorf("read s3://%s/%s: %w", bucket, key, err)
	}
	defer object.Contents.Close()
	return io.ReadAll(object.Contents)
}

// HasObject says whether there is an object at exactly this s3:// URI.
func (s *Store) HasObject(uri string) bool {
	bucket, key, ok := Split(uri)
	if !ok || key == "" {
		return false
	}
	_, err := s.backend.HeadObject(bucket, key)
	return err == nil
}

// HasPrefix says whether any object's URI starts with this one.
func (s *Store) HasPrefix(uri string) bool {
	bucket, key, ok := Split(uri)
	if !ok {
		return false
	}
	list, err := s.backend.ListBucket(bucket, &gofakes3.Prefix{HasPrefix: key != "", Prefix: key}, gofakes3.ListBucketPage{MaxKeys: 1})
	return err == nil && len(list.Contents) > 0
}

// Operation names a request as S3's API does, as far as method and path tell.
func Operation(r *http.Request) string {
	_, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	thing := "Bucket"
	if key != "" {
		thing = "Object"
	}
	switch r.Method {
	case http.MethodGet:
		if key == "" {
			return "ListObjects"
		}
		return "GetObject"
	case http.MethodHead:
		return "Head" + thing
	case http.MethodPut:
		if key == "" {
			return "CreateBucket"
		}
		return "PutObject"
	case http.MethodDelete:
		return "Delete" + thing
	default:
		return "Post" + thing
	}
}

// Split takes an S3 URI apart: s3://bucket/key, or the https form that
// SageMaker accepts for model data.
func Split(uri string) (bucket, key string, ok bool) {
	if rest, found := strings.CutPrefix(uri, "s3://"); found {
		bucket, key, _ = strings.Cut(rest, "/")
		return bucket, key, bucket != ""
	}
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "https" {
		return "", "", false
	}
	key = strings.TrimPrefix(u.Path, "/")
	if strings.HasPrefix(u.Host, "s3.") || strings.HasPrefix(u.Host, "s3-") { // path-style
		bucket, key, _ = strings.Cut(key, "/")
		return bucket, key, bucket != ""
	}
	bucket, _, found := strings.Cut(u.Host, ".s3")
	return bucket, key, found
}
