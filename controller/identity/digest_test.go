package identity_test

import (
	"cmp"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// golden is a request and the digest it has for ever.
type golden struct {
	Reason  string
	Owner   identity.Owner
	Request shape.Tree
	Rerun   string
	Except  []string
	Digest  string
	// Version of the digest; a if empty.
	Version string
}

func readGolden(t *testing.T) []golden {
	t.Helper()
	data, err := os.ReadFile("testdata/digests.yaml")
	require.NoError(t, err)
	var rows []golden
	require.NoError(t, yaml.UnmarshalStrict(data, &rows))
	return rows
}

func (g golden) digest(t *testing.T) string {
	t.Helper()
	for _, hash := range identity.Supported() {
		if hash.Version == cmp.Or(g.Version, "a") {
			d, err := hash.Sum(g.Owner, g.Request, g.Rerun, g.Except...)
			require.NoError(t, err)
			return d
		}
	}
	require.Fail(t, "a version that is not supported", g.Version)
	return ""
}

// A digest that changed starts every run in every AWS account again: see
// testdata/README.md before changing a line of the table.
func TestDigestsNeverChange(t *testing.T) {
	seen := map[string]string{}
	for _, row := range readGolden(t) {
		t.Run(row.Reason, func(t *testing.T) {
			require.Equal(t, row.Digest, row.digest(t), "testdata/README.md says what this means")
			require.Empty(t, seen[row.Digest], "two requests have one digest")
			seen[row.Digest] = row.Reason
		})
	}
	require.GreaterOrEqual(t, len(seen), 8, "rows are only ever added")
}

func base() golden {
	return golden{
		Owner: identity.Owner{Cluster: "prod", Namespace: "ml", Kind: "TrainingJob", Name: "abalone"},
		Request: shape.Tree{
			"TrainingJobName": "x", "RoleArn": "r", "HyperParameters": map[string]any{"eta": "0.2", "num_round": "10"},
			"InputDataConfig": []any{map[string]any{"ChannelName": "train"}, map[string]any{"ChannelName": "test"}},
			"ResourceConfig":  map[string]any{"InstanceCount": int64(1), "KeepAlivePeriodInSeconds": int64(60)},
			"Tags":            []any{map[string]any{"Key": "k", "Value": "v"}},
		},
		Except: []string{"TrainingJobName", "Tags", "ResourceConfig.KeepAlivePeriodInSeconds"},
	}
}

// What these change would start no run.
func TestDigestStaysTheSame(t *testing.T) {
	for _, hash := range identity.Supported() {
		t.Run(hash.Version, func(t *testing.T) { staysTheSame(t, hash.Version) })
	}
}

func staysTheSame(t *testing.T, version string) {
	t.Helper()
	of := base()
	of.Version = version
	want := of.digest(t)
	for _, row := range []struct {
		reason string
		change func(*golden)
	}{
		{"labels, annotations and the object's own name are not in it", func(g *golden) { g.Owner.Name = "other" }},
		{"the AWS name is not", func(g *golden) { g.Request["TrainingJobName"] = "y" }},
		{"nor its absence", func(g *golden) { delete(g.Request, "TrainingJobName") }},
		{"tags are not", func(g *golden) { g.Request["Tags"] = []any{} }},
		{"what Update can change is not", func(g *golden) {
			g.Request["ResourceConfig"].(map[string]any)["KeepAlivePeriodInSeconds"] = int64(1)
		}},
		{"nor is its absence", func(g *golden) { shape.Remove(g.Request, "ResourceConfig.KeepAlivePeriodInSeconds") }},
		{"an exception holds whatever its case", func(g *golden) {
			g.Except = []string{"trainingJobName", "TAGS", "resourceConfig.keepAlivePeriodInSeconds"}
		}},
		{"an exception that is not there", func(g *golden) { g.Except = append(g.Except, "ProfilerConfig.S3OutputPath", "RoleArn.Nothing") }},
		{"a null member, such as a new optional field", func(g *golden) { g.Request["RetryStrategy"] = nil }},
		{"an empty string", func(g *golden) { g.Request["RetryStrategy"] = "" }},
		{"an empty structure", func(g *golden) { g.Request["RetryStrategy"] = map[string]any{"A": map[string]any{}} }},
		{"an empty list", func(g *golden) { g.Request["RetryStrategy"] = []any{} }},
		{"no rerun is an empty one", func(g *golden) { g.Rerun = "" }},
		{"a whole number is the same in every type JSON may give it", func(g *golden) {
			g.Request["ResourceConfig"].(map[string]any)["InstanceCount"] = 1.0
		}},
		{"keys come in any order", func(g *golden) {
			g.Request["HyperParameters"] = map[string]any{"num_round": "10", "eta": "0.2"}
		}},
	} {
		t.Run(row.reason, func(t *testing.T) {
			g := base()
			g.Version = version
			row.change(&g)
			before := shape.Clone(g.Request)
			require.Equal(t, want, g.digest(t))
			require.Equal(t, before, g.Request, "the request is left alone")
		})
	}
}

// What these change is another run.
func TestDigestChanges(t *testing.T) {
	for _, hash := range identity.Supported() {
		t.Run(hash.Version, func(t *testing.T) { changes(t, hash.Version) })
	}
}

func changes(t *testing.T, version string) {
	t.Helper()
	of := base()
	of.Version = version
	seen := map[string]string{of.digest(t): "the base"}
	for _, row := range []struct {
		reason string
		change func(*golden)
	}{
		{"another cluster may own the same namespace", func(g *golden) { g.Owner.Cluster = "staging" }},
		{"another namespace", func(g *golden) { g.Owner.Namespace = "ml2" }},
		{"another kind", func(g *golden) { g.Owner.Kind = "ProcessingJob" }},
		{"cluster and namespace do not run into each other", func(g *golden) { g.Owner.Cluster, g.Owner.Namespace = "prodml", "" }},
		{"a rerun", func(g *golden) { g.Rerun = "1" }},
		{"another rerun", func(g *golden) { g.Rerun = "2" }},
		{"a member's value", func(g *golden) { g.Request["RoleArn"] = "s" }},
		{"the case of a value", func(g *golden) { g.Request["RoleArn"] = "R" }},
		{"a member more", func(g *golden) { g.Request["RetryStrategy"] = map[string]any{"MaximumRetryAttempts": 1} }},
		{"the opposite of it", func(g *golden) { g.Request["EnableNetworkIsolation"] = true }},
		{"a member less", func(g *golden) { delete(g.Request, "RoleArn") }},
		{"a map's value", func(g *golden) { g.Request["HyperParameters"].(map[string]any)["eta"] = "0.3" }},
		{"a map's key", func(g *golden) { g.Request["HyperParameters"] = map[string]any{"ETA": "0.2", "num_round": "10"} }},
		{"the order of a list", func(g *golden) {
			g.Request["InputDataConfig"] = []any{map[string]any{"ChannelName": "test"}, map[string]any{"ChannelName": "train"}}
		}},
		{"an item more, be it empty", func(g *golden) {
			g.Request["InputDataConfig"] = append(g.Request["InputDataConfig"].([]any), map[string]any{})
		}},
		{"a number", func(g *golden) { g.Request["ResourceConfig"].(map[string]any)["InstanceCount"] = int64(2) }},
		{"a number is not its string", func(g *golden) { g.Request["ResourceConfig"].(map[string]any)["InstanceCount"] = "1" }},
	} {
		t.Run(row.reason, func(t *testing.T) {
			g := base()
			g.Version = version
			row.change(&g)
			d := g.digest(t)
			require.Empty(t, seen[d], "the digest is the one of another row")
			seen[d] = row.reason
			require.Regexp(t, "^"+version+"[a-z2-7]{9}$", d)
		})
	}
}

func TestARequestThatIsNoJSONHasNoDigest(t *testing.T) {
	g := base()
	_, err := identity.Digest(g.Owner, shape.Tree{"Weight": math.NaN()}, "")
	require.ErrorContains(t, err, "digest of TrainingJob ml/abalone: ")
}

func TestKeep(t *testing.T) {
	hashes := identity.Supported()
	g := base()
	all, err := hashes.All(g.Owner, g.Request, "", g.Except...)
	require.NoError(t, err)
	require.Len(t, all, 2)
	for _, row := range []struct {
		reason string
		known  []string
		want   string
	}{
		{"a new object", nil, all[0]},
		{"one that the version before has made", []string{all[1]}, all[1]},
		{"one of this version", []string{all[0]}, all[0]},
		{"another one", []string{"a234567234"}, all[0]},
	} {
		require.Equal(t, row.want, identity.Keep(all, func(d string) bool { return slices.Contains(row.known, d) }), row.reason)
	}
	_, err = hashes.All(g.Owner, shape.Tree{"Weight": math.NaN()}, "")
	require.Error(t, err)
}
