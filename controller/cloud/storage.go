package cloud

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const (
	// storageTime is how long one request to S3 may take: it holds a worker.
	storageTime = 30 * time.Second
	// maxListed is how many objects a listing may have.
	maxListed = 100_000
)

// TooLargeError means that there is more at a place in S3 than is read.
type TooLargeError struct {
	URI   string
	Limit int64
	// Unit of the limit: bytes or objects.
	Unit string
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("there are more than %d %s at %s", e.Limit, e.Unit, e.URI)
}

// ParseURI takes an S3 URI such as s3://bucket/key apart.
func ParseURI(uri string) (bucket, key string, err error) {
	rest, ok := strings.CutPrefix(uri, "s3://")
	if bucket, key, _ = strings.Cut(rest, "/"); !ok || bucket == "" {
		return "", "", fmt.Errorf("%q is no S3 URI: write s3://<bucket>/<key>", uri)
	}
	return bucket, key, nil
}

// ReadObject reads an object of S3 (GetObject). The error is for Classify, a
// *TooLargeError if there are more bytes than the limit, or ParseURI's.
func (c *Client) ReadObject(ctx context.Context, uri string, limit int64) ([]byte, error) {
	bucket, key, err := ParseURI(uri)
	if err != nil {
		return nil, err
	}
	if err := c.spend("GetObject"); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, storageTime)
	defer cancel()
	out, err := c.storage.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return nil, fmt.Errorf("GetObject: %w", err)
	}
	content, err := io.ReadAll(io.LimitReader(out.Body, limit+1))
	if err = errors.Join(err, out.Body.Close()); err != nil {
		return nil, fmt.Errorf("GetObject: %w", err)
	}
	if int64(len(content)) > limit {
		return nil, &TooLargeError{uri, limit, "bytes"}
	}
	return content, nil
}

// WriteObject writes an object of S3 (PutObject). The error is for Classify, or
// ParseURI's.
func (c *Client) WriteObject(ctx context.Context, uri string, content []byte) error {
	bucket, key, err := ParseURI(uri)
	if err != nil {
		return err
	}
	if err := c.spend("PutObject"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, storageTime)
	defer cancel()
	if _, err := c.storage.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader(content)}); err != nil {
		return fmt.Errorf("PutObject: %w", err)
	}
	return nil
}

// HasObjects tells whether there is an object at an S3 URI, or below it
// (ListObjectsV2). The error is for Classify, or ParseURI's.
func (c *Client) HasObjects(ctx context.Context, uri string) (bool, error) {
	bucket, key, err := ParseURI(uri)
	if err != nil {
		return false, err
	}
	if err := c.spend("ListObjectsV2"); err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, storageTime)
	defer cancel()
	out, err := c.storage.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &key, MaxKeys: aws.Int32(1)})
	if err != nil {
		return false, fmt.Errorf("ListObjectsV2: %w", err)
	}
	return len(out.Contents) > 0, nil
}

// StoredObject is an object of S3: its URI, and when it was written last.
type StoredObject struct {
	URI      string
	Modified time.Time
}

// Objects are those below an S3 URI (ListObjectsV2). The error is for Classify, a
// *TooLargeError beyond 100,000 objects, or ParseURI's.
func (c *Client) Objects(ctx context.Context, uri string) ([]StoredObject, error) {
	bucket, _, err := ParseURI(uri)
	if err != nil {
		return nil, err
	}
	if err := c.spend("ListObjectsV2"); err != nil {
		return nil, err
	}
	var all []StoredObject
	err = c.eachObject(ctx, uri, func(object types.Object) {
		all = append(all, StoredObject{"s3://" + bucket + "/" + aws.ToString(object.Key), aws.ToTime(object.LastModified)})
	})
	return all, err
}

// Listing is a digest of the names, sizes and ETags of all objects below an S3 URI
// (ListObjectsV2): it changes when one of them does. The error is for Classify, a
// *TooLargeError beyond 100,000 objects, or ParseURI's.
func (c *Client) Listing(ctx context.Context, uri string) (string, error) {
	sum, listed := sha256.New(), 0
	err := c.eachObject(ctx, uri, func(object types.Object) {
		listed++
		fmt.Fprintf(sum, "%q %d %s\n", aws.ToString(object.Key), aws.ToInt64(object.Size), aws.ToString(object.ETag))
	})
	if err != nil || listed == 0 {
		return "", err
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil)), nil
}

// eachObject calls f with all objects below an S3 URI, by their names. Errors are those
// of Listing.
func (c *Client) eachObject(ctx context.Context, uri string, f func(types.Object)) error {
	bucket, key, err := ParseURI(uri)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*storageTime)
	defer cancel()
	pages, listed := s3.NewListObjectsV2Paginator(c.storage, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &key}), 0
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("ListObjectsV2: %w", err)
		}
		for _, object := range page.Contents {
			f(object)
		}
		if listed += len(page.Contents); listed > maxListed {
			return &TooLargeError{uri, maxListed, "objects"}
		}
	}
	return nil
}

// Version is the version of an object of S3 in a bucket that keeps versions
// (HeadObject); empty if the bucket keeps none. The error is for Classify, or
// ParseURI's.
func (c *Client) Version(ctx context.Context, uri string) (string, error) {
	bucket, key, err := ParseURI(uri)
	if err != nil {
		return "", err
	}
	if err := c.spend("HeadObject"); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, storageTime)
	defer cancel()
	out, err := c.storage.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return "", fmt.Errorf("HeadObject: %w", err)
	}
	return aws.ToString(out.VersionId), nil
}
