package identity

import "github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"

// Hash makes digests of one version, as Digest does. The version is the first
// character of each.
type Hash func(owner Owner, request shape.Tree, rerun string, except ...string) (string, error)

// Hashes are those of all versions that there may be objects of, that of new objects
// first; nil are those of Supported. What was made with an older one keeps its digest, so
// that another version of the controller runs nothing again.
type Hashes []Hash

// Supported are the versions that this controller knows.
func Supported() Hashes { return Hashes{Digest} }

// All are the digests of a request by all versions, that of new objects first. Errors
// are those of Digest.
func (h Hashes) All(owner Owner, request shape.Tree, rerun string, except ...string) ([]string, error) {
	versions := h.versions()
	all := make([]string, len(versions))
	for i, hash := range versions {
		digest, err := hash(owner, request, rerun, except...)
		if err != nil {
			return nil, err
		}
		all[i] = digest
	}
	return all, nil
}

// Older are the versions before that of new objects, the newest of them first.
func (h Hashes) Older() Hashes { return h.versions()[1:] }

func (h Hashes) versions() Hashes {
	if h == nil {
		return Supported()
	}
	return h
}

// Keep is the digest by which something is known already, by whatever version, or else
// the one for new objects, which stands first.
func Keep(digests []string, known func(digest string) bool) string {
	for _, digest := range digests[1:] {
		if known(digest) {
			return digest
		}
	}
	return digests[0]
}
