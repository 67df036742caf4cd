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
		set        tags
		remove     []string
	}{
		{"in step", tags{"a": "1"}, tags{"a": "1"}, tags{}, nil},
		{"a new one is set", tags{"a": "1", "b": "2"}, tags{"a": "1"}, tags{"b": "2"}, nil},
		{"a changed one is set", tags{"a": "2"}, tags{"a": "1"}, tags{"a": "2"}, nil},
		{"an empty one is set too", tags{"a": ""}, tags{}, tags{"a": ""}, nil},
		{"what the spec no longer has goes, in order", tags{}, tags{"b": "1", "a": "1"}, tags{}, []string{"a", "b"}},
		{"our own tags never go", tags{}, tags{identity.TagSuperseded: "true", identity.TagPrefix + "later": "x"}, tags{}, nil},
		{"nor do AWS's, whatever their case", tags{}, tags{"aws:createdBy": "x", "AWS:y": "z"}, tags{}, nil},
		{"nor those SageMaker sets", tags{}, tags{"sagemaker:domain-arn": "x"}, tags{}, nil},
		{"the case of a key counts", tags{"Team": "x"}, tags{"team": "x"}, tags{"Team": "x"}, []string{"team"}},
	} {
		t.Run(row.reason, func(t *testing.T) {
			want, have := maps.Clone(row.want), maps.Clone(row.have)
			set, remove := identity.TagDrift(row.want, row.have)
			require.Equal(t, row.set, set)
			require.Equal(t, row.remove, remove)
			require.Equal(t, []tags{want, have}, []tags{row.want, row.have}, "the arguments are left alone")

			maps.Copy(have, set)
			for _, key := range remove {
				delete(have, key)
			}
			set, remove = identity.TagDrift(row.want, have)
			require.Empty(t, set, "once done there is nothing left to do")
			require.Empty(t, remove)
		})
	}
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
