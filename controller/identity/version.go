package identity

import "github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"

// Hash makes digests of one version.
type Hash struct {
	// Version is the first character of each digest.
	Version string
	// Archives says that the version knows the content of a pipeline's source by the bytes
	// of its archive. Others know it by the names and contents of its files.
	Archives bool
	// Sum makes a digest, as Digest does.
	Sum func(owner Owner, request shape.Tree, rerun string, except ...string) (string, error)
	// Normal removes from a spec or a request of a kind what makes no difference to AWS:
	// defaults that are written out, and the order of lists that are sets. Nil removes
	// nothing. Sum does so with the request of the owner's kind.
	Normal func(kind string, request shape.Tree)
}

// Hashes are those of all versions that there may be objects of, that of new objects
// first; nil are those of Supported. What was made with an older one keeps its digest, so
// that another version of the controller runs nothing again.
type Hashes []Hash

// Supported are the versions that this controller knows.
func Supported() Hashes {
	return Hashes{
		{Version: HashVersion, Sum: Digest, Normal: normalB},
		{Version: "a", Sum: digestA, Archives: true},
	}
}

// All are the digests of a request by all versions, that of new objects first. Errors
// are those of Digest.
func (h Hashes) All(owner Owner, request shape.Tree, rerun string, except ...string) ([]string, error) {
	versions := h.Versions()
	all := make([]string, len(versions))
	for i, hash := range versions {
		digest, err := hash.Sum(owner, request, rerun, except...)
		if err != nil {
			return nil, err
		}
		all[i] = digest
	}
	return all, nil
}

// Versions are all versions, that of new objects first.
func (h Hashes) Versions() Hashes {
	if h == nil {
		return Supported()
	}
	return h
}

// Keep is the digest by which something is known already, by whatever version, or else
// the one for new objects, which stands first.
func Keep(digests []string, known func(digest string) bool) string {
	for _, digest := range digests {
		if known(digest) {
			return digest
		}
	}
	return digests[0]
}
