package identity_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
)

func TestTagsAreWhatTheyAlwaysWere(t *testing.T) {
	require.Equal(t, map[string]string{
		"sagemaker.gitops.dev/cluster": "prod", "sagemaker.gitops.dev/namespace": "ml", "sagemaker.gitops.dev/kind": "TrainingJob",
		"sagemaker.gitops.dev/name": "abalone", "sagemaker.gitops.dev/digest": digest,
	}, owner("ml", "abalone").Tags(digest))
	require.Equal(t, []string{"sagemaker.gitops.dev/superseded", "sagemaker.gitops.dev/retained", "sagemaker.gitops.dev/forced"},
		[]string{identity.TagSuperseded, identity.TagRetained, identity.TagForced})
}

func TestJudge(t *testing.T) {
	mine := owner("ml", "abalone")
	with := func(change func(map[string]string)) map[string]string {
		tags := mine.Tags(digest)
		change(tags)
		return tags
	}
	for _, row := range []struct {
		reason string
		tags   map[string]string
		want   identity.Ownership
	}{
		{"all four tags", mine.Tags(digest), identity.Ours},
		{"the digest is not about whose it is", mine.Tags("a000000000"), identity.Ours},
		{"nor need there be one", with(func(m map[string]string) { delete(m, identity.TagDigest) }), identity.Ours},
		{"a user's tags beside them", with(func(m map[string]string) { m["team"] = "ml" }), identity.Ours},
		{"a superseded run is still ours", with(func(m map[string]string) { m[identity.TagSuperseded] = "true" }), identity.Ours},
		{"no tags", nil, identity.Unowned},
		{"a user's tags alone", map[string]string{"team": "ml", "cluster": "prod"}, identity.Unowned},
		{"a digest alone is nobody's", map[string]string{identity.TagDigest: digest}, identity.Unowned},
		{"another cluster's", with(func(m map[string]string) { m[identity.TagCluster] = "staging" }), identity.Foreign},
		{"another namespace's", with(func(m map[string]string) { m[identity.TagNamespace] = "other" }), identity.Foreign},
		{"another kind's", with(func(m map[string]string) { m[identity.TagKind] = "Model" }), identity.Foreign},
		{"another object's", with(func(m map[string]string) { m[identity.TagName] = "other" }), identity.Foreign},
		{"the case of a value counts", with(func(m map[string]string) { m[identity.TagName] = "Abalone" }), identity.Foreign},
		{"without the cluster it may be another's", with(func(m map[string]string) { delete(m, identity.TagCluster) }), identity.Foreign},
		{"without the namespace too", with(func(m map[string]string) { delete(m, identity.TagNamespace) }), identity.Foreign},
		{"without the kind too", with(func(m map[string]string) { delete(m, identity.TagKind) }), identity.Foreign},
		{"without the name too", with(func(m map[string]string) { delete(m, identity.TagName) }), identity.Foreign},
		{"an empty value is another's", with(func(m map[string]string) { m[identity.TagCluster] = "" }), identity.Foreign},
	} {
		t.Run(row.reason, func(t *testing.T) {
			require.Equal(t, row.want, mine.Judge(row.tags))
		})
	}
}

func TestTagDrift(t *testing.T) {
	type tags = map[string]string
	for _, row := range []struct {
		reason     string
		want, have tags
		applied    []string
		ignored    identity.TagFilter
		set        tags
		remove     []string
	}{
		{"in step", tags{"a": "1"}, tags{"a": "1"}, []string{"a"}, nil, tags{}, nil},
		{"a new one is set", tags{"a": "1", "b": "2"}, tags{"a": "1"}, []string{"a"}, nil, tags{"b": "2"}, nil},
		{"a changed one is set", tags{"a": "2"}, tags{"a": "1"}, []string{"a"}, nil, tags{"a": "2"}, nil},
		{"an empty one is set too", tags{"a": ""}, tags{}, nil, nil, tags{"a": ""}, nil},
		{"what the spec no longer has goes, in order", tags{}, tags{"b": "1", "a": "1"}, []string{"b", "a"}, nil, tags{}, []string{"a", "b"}},
		{"a key that the controller has not applied stays", tags{}, tags{"a": "1", "b": "1"}, []string{"a"}, nil, tags{}, []string{"a"}},
		{"so do all of them after an upgrade or an adoption", tags{}, tags{"a": "1"}, nil, nil, tags{}, nil},
		{"what is gone already is not removed", tags{}, tags{}, []string{"a"}, nil, tags{}, nil},
		{"what is ignored is not set", tags{"a": "2"}, tags{"a": "1"}, []string{"a"}, identity.TagFilter{"a"}, tags{}, nil},
		{"nor removed", tags{}, tags{"AutoTag_Creator": "x"}, []string{"AutoTag_Creator"}, identity.TagFilter{"AutoTag_*"}, tags{}, nil},
		{"our own tags are set whatever is ignored", tags{identity.TagDigest: "d"}, tags{}, nil, identity.TagFilter{"*"}, tags{identity.TagDigest: "d"}, nil},
		{"our own tags never go", tags{}, tags{identity.TagSuperseded: "true"}, []string{identity.TagSuperseded}, nil, tags{}, nil},
		{"nor do AWS's, whatever their case", tags{}, tags{"aws:createdBy": "x", "AWS:y": "z"}, []string{"aws:createdBy", "AWS:y"}, nil, tags{}, nil},
		{"those SageMaker sets stay", tags{}, tags{"sagemaker:domain-arn": "x"}, []string{"a"}, nil, tags{}, nil},
		{"the case of a key counts", tags{"Team": "x"}, tags{"team": "x"}, []string{"team"}, nil, tags{"Team": "x"}, []string{"team"}},
	} {
		t.Run(row.reason, func(t *testing.T) {
			want, have := maps.Clone(row.want), maps.Clone(row.have)
			set, remove := identity.TagDrift(row.want, row.have, row.applied, row.ignored)
			require.Equal(t, row.set, set)
			require.Equal(t, row.remove, remove)
			require.Equal(t, []tags{want, have}, []tags{row.want, row.have}, "the arguments are left alone")
			maps.Copy(have, set)
			for _, key := range remove {
				delete(have, key)
			}
			set, remove = identity.TagDrift(row.want, have, row.applied, row.ignored)
			require.Empty(t, set, "once done there is nothing left to do")
			require.Empty(t, remove)
		})
	}
}

func TestTagFilter(t *testing.T) {
	filter := identity.TagFilter{"owner", "AutoTag_*", "sagemaker.gitops.dev/*"}
	for _, row := range []struct {
		reason, key string
		want        bool
	}{
		{"a key", "owner", true},
		{"another one that begins so", "owners", false},
		{"the case of a key counts", "Owner", false},
		{"a key that begins so", "AutoTag_Creator", true},
		{"the beginning itself", "AutoTag_", true},
		{"the controller's own are never covered", identity.TagName, false},
	} {
		require.Equal(t, row.want, filter.Covers(row.key), row.reason)
	}
	require.False(t, identity.TagFilter(nil).Covers("owner"), "no filter covers nothing")
}

func TestReserved(t *testing.T) {
	for _, row := range []struct {
		reason, key string
		want        bool
	}{
		{"ours", "sagemaker.gitops.dev/name", true},
		{"ours, though there is no such tag yet", "sagemaker.gitops.dev/anything", true},
		{"AWS's", "aws:cloudformation:stack-name", true},
		{"AWS's in capitals", "AWS:x", true},
		{"SageMaker's may be set by users", "sagemaker:domain-arn", false},
		{"a user's", "team", false},
		{"a name that only begins alike", "awsome", false},
		{"our group without its slash", "sagemaker.gitops.dev", false},
		{"an empty key is for AWS to refuse", "", false},
	} {
		require.Equal(t, row.want, identity.Reserved(row.key), row.reason)
	}
	require.True(t, strings.HasSuffix(identity.TagPrefix, "/"))
}
