package identity

import (
	"crypto/sha256"
	"slices"
	"strings"
)

// TagPrefix is that of all tags the controller sets. User tags under it, and
// under AWS's own prefix, are refused.
const TagPrefix = "sagemaker.gitops.dev/"

// The tags that make an AWS object ours.
const (
	TagCluster   = TagPrefix + "cluster"
	TagNamespace = TagPrefix + "namespace"
	TagKind      = TagPrefix + "kind"
	TagName      = TagPrefix + "name"
	// TagDigest is what the object was made from.
	TagDigest = TagPrefix + "digest"
	// TagSource and TagRevision tell what a job or revision was made from: the
	// resource that applied it, and the commit. Written at its creation, for
	// people to read; nothing is decided by them.
	TagSource   = TagPrefix + "git-source"
	TagRevision = TagPrefix + "git-revision"
	// TagSuperseded marks a run that a newer one took the place of. Such a
	// run counts as absent.
	TagSuperseded = TagPrefix + "superseded"
	// TagRetained marks an object whose custom resource was deleted with
	// deletion policy Retain: its owner may take it again, nobody else.
	TagRetained = TagPrefix + "retained"
	// TagForced marks a failed or finished run that was to be run again by
	// annotation. Such a run counts as absent.
	TagForced = TagPrefix + "forced"
	// TagPlan is the plan of a pipeline that a service was last made or changed for. A
	// cluster that is built anew knows by it what was decided.
	TagPlan = TagPrefix + "plan"
)

// Ownership says whose an AWS object is.
type Ownership int

const (
	// Unowned carries nobody's ownership tags.
	Unowned Ownership = iota
	// Ours carries the tags of this very owner.
	Ours
	// Foreign carries another owner's tags.
	Foreign
)

// Tags are those a new AWS object of the owner gets.
func (o Owner) Tags(digest string) map[string]string {
	return map[string]string{
		TagCluster:   o.Cluster,
		TagNamespace: o.Namespace,
		TagKind:      o.Kind,
		TagName:      o.Name,
		TagDigest:    digest,
	}
}

// Token is a text of 36 letters and digits that stands for the creation of the
// object of that AWS name by the owner, and for no other.
func Token(o Owner, name string) string {
	return encode(sha256.Sum256([]byte(strings.Join([]string{o.Cluster, o.Namespace, o.Kind, o.Name, name}, "\x00"))))[:36]
}

// Judge says whose the object with these tags is.
func (o Owner) Judge(tags map[string]string) Ownership {
	owned := false
	for key, want := range o.Tags("") {
		if key == TagDigest {
			continue
		}
		have, ok := tags[key]
		owned = owned || ok
		if ok && have != want {
			return Foreign
		}
	}
	if !owned {
		return Unowned
	}
	for _, key := range []string{TagCluster, TagNamespace, TagKind, TagName} {
		if _, ok := tags[key]; !ok {
			return Foreign // a part of somebody's tags is not ours to complete
		}
	}
	return Ours
}

// Contradicts tells whether one of the ownership tags names another owner, and not
// merely nobody.
func (o Owner) Contradicts(tags map[string]string) bool {
	for key, want := range o.Tags("") {
		if have, ok := tags[key]; ok && have != want && key != TagDigest {
			return true
		}
	}
	return false
}

// MaxUserTags is how many tags an AWS object may have beside the controller's
// own: AWS takes 50, and the controller needs up to 12 of them.
const MaxUserTags = 38

// TagFilter are keys of tags, and beginnings of keys, which end with "*".
type TagFilter []string

// Covers tells whether a key is one of the filter's. The controller's own keys
// never are.
func (f TagFilter) Covers(key string) bool {
	return !strings.HasPrefix(key, TagPrefix) && slices.ContainsFunc(f, func(pattern string) bool {
		beginning, open := strings.CutSuffix(pattern, "*")
		return key == pattern || open && strings.HasPrefix(key, beginning)
	})
}

// TagDrift says which tags to set and which keys to remove so that the AWS
// object has the wanted tags. Only keys that are wanted are set. Only keys that
// the controller has applied to the object are removed: any other key is somebody
// else's. What ignored covers is left alone in every case.
func TagDrift(want, have map[string]string, applied []string, ignored TagFilter) (set map[string]string, remove []string) {
	set = map[string]string{}
	for key, value := range want {
		if current, ok := have[key]; (!ok || current != value) && !ignored.Covers(key) {
			set[key] = value
		}
	}
	for _, key := range slices.Sorted(slices.Values(applied)) {
		_, wanted := want[key]
		_, there := have[key]
		if there && !wanted && !Reserved(key) && !ignored.Covers(key) {
			remove = append(remove, key)
		}
	}
	return set, remove
}

// Reserved tells whether a tag key is not for users to set.
func Reserved(key string) bool {
	return strings.HasPrefix(key, TagPrefix) || strings.HasPrefix(strings.ToLower(key), "aws:")
}
