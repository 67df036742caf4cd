package identity

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/gowebpki/jcs"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// HashVersion is the first character of the digest of a new object.
const HashVersion = "b"

// digestLength is that of the hash without its version.
const digestLength = 9

// Owner is the custom resource an AWS object belongs to. Cluster is the
// configured cluster name: a cluster rebuilt from git has the same one.
type Owner struct {
	Cluster, Namespace, Kind, Name string
}

// Digest is the fingerprint of what an object asks of AWS: 10 characters, the
// hash version and 45 bits of SHA-256 in lower-case base32.
//
// request is the Create request as package shape builds it, under AWS's member
// names and with references resolved. The paths in except do not count: the
// name, tags, tokens and what the kind's Update can change. rerun is the spec's
// field of that name.
//
// Absent, null and empty members are the same, and so are a default of AWS that is
// written out and an absent one, and the orders of a list that is a set (tableB). The
// cluster and namespace count, so that no two owners ever share a run; the owner's
// name stands in the AWS name itself.
func Digest(owner Owner, request shape.Tree, rerun string, except ...string) (string, error) {
	request = shape.Clone(request)
	normalB(owner.Kind, request)
	return digest(HashVersion, owner, request, rerun, except)
}

// digestA is Digest of hash version a, which takes a request as it is written.
func digestA(owner Owner, request shape.Tree, rerun string, except ...string) (string, error) {
	return digest("a", owner, shape.Clone(request), rerun, except)
}

func digest(version string, owner Owner, request shape.Tree, rerun string, except []string) (string, error) {
	for _, path := range except {
		shape.Remove(request, path)
	}
	document := shape.Tree{
		"cluster":   owner.Cluster,
		"namespace": owner.Namespace,
		"kind":      owner.Kind,
		"request":   shape.Compact(request),
	}
	if rerun != "" {
		document["rerun"] = rerun
	}
	sum, err := hash(document)
	if err != nil {
		return "", fmt.Errorf("digest of %s %s/%s: %w", owner.Kind, owner.Namespace, owner.Name, err)
	}
	return version + sum[:digestLength], nil
}

// hash is base32 of the SHA-256 of the document as RFC 8785 JSON.
func hash(document shape.Tree) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(document); err != nil {
		return "", err
	}
	canonical, err := jcs.Transform(b.Bytes())
	if err != nil {
		return "", err
	}
	return encode(sha256.Sum256(canonical)), nil
}

// encode is lower-case base32, of which AWS accepts every character in names.
func encode(sum [sha256.Size]byte) string {
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:]))
}
