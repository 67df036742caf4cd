package identity_test

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
)

const digest = "a234567234"

func owner(namespace, name string) identity.Owner {
	return identity.Owner{Cluster: "prod", Namespace: namespace, Kind: "TrainingJob", Name: name}
}

func TestRunName(t *testing.T) {
	long := strings.Repeat("n", 200)
	for _, row := range []struct {
		reason, name   string
		attempt, limit int
		want           string
	}{
		{"name and digest", "abalone", 1, identity.MaxName, "abalone-a234567234"},
		{"attempt 0 is as good as the first", "abalone", 0, identity.MaxName, "abalone-a234567234"},
		{"the second attempt says so", "abalone", 2, identity.MaxName, "abalone-a234567234-r2"},
		{"so does the twentieth", "abalone", 20, identity.MaxName, "abalone-a234567234-r20"},
		{"52 characters are left", long[:52], 1, identity.MaxName, long[:52] + "-a234567234"},
		{"one more is cut to a mark, the digest stays", long[:53], 1, identity.MaxName, long[:45] + "-tjd4tk-a234567234"},
		{"an attempt costs the name, not the digest", long[:52], 2, identity.MaxName, long[:42] + "-4cothk-a234567234-r2"},
		{"tuning jobs have 32", long, 20, identity.MaxTuningName, long[:10] + "-a7t62c-a234567234-r20"},
		{"dots are none of AWS's characters", "abalone.v2", 1, identity.MaxName, "abalone-v2-xmzf6l-a234567234"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			got := identity.RunName(owner("ml", row.name), digest, row.attempt, row.limit)
			require.Equal(t, row.want, got)
			require.LessOrEqual(t, len(got), row.limit)
		})
	}
}

func TestServiceName(t *testing.T) {
	long := strings.Repeat("n", 200)
	for _, row := range []struct{ reason, name, prefix, want string }{
		{"its own name", "abalone", "", "abalone"},
		{"the prefix stands before it", "abalone", "team-a-", "team-a-abalone"},
		{"63 characters fit", long[:63], "", long[:63]},
		{"with a prefix they do not", long[:63], "p-", "p-" + long[:54] + "-ztczkq"},
		{"dots become dashes, marked", "abalone.v2", "", "abalone-v2-xmzf6l"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			require.Equal(t, row.want, identity.ServiceName(owner("ml", row.name), row.prefix, identity.MaxName))
		})
	}
}

func TestNamesThatWouldCollideDoNot(t *testing.T) {
	long := strings.Repeat("n", 100)
	for _, row := range []struct {
		reason string
		a, b   identity.Owner
	}{
		{"two names that are the same after cutting", owner("ml", long+"a"), owner("ml", long+"b")},
		{"two names that are the same without dots", owner("ml", "a.b"), owner("ml", "a-b")},
		{"dots in other places", owner("ml", "a.b-c"), owner("ml", "a-b.c")},
		{"one long name in two namespaces", owner("a", long), owner("b", long)},
		{"namespace and name do not run into each other", owner("a", "b."+long), owner("a-b", long+".")},
	} {
		t.Run(row.reason, func(t *testing.T) {
			require.NotEqual(t, identity.ServiceName(row.a, "", 63), identity.ServiceName(row.b, "", 63))
			require.NotEqual(t, identity.RunName(row.a, digest, 1, 32), identity.RunName(row.b, digest, 1, 32))
		})
	}
}

var awsName = regexp.MustCompile(`^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$`)

// Whatever name Kubernetes accepts, AWS accepts what is made of it, and no two
// attempts or owners share one.
func TestAnyKubernetesNameMakesAnAWSName(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	prefixes := []string{"", "p", "team-a-", strings.Repeat("x", 20) + "-"}
	for _, limit := range []int{identity.MaxName, identity.MaxTuningName} {
		seen := map[string]string{}
		for range 5_000 {
			name := kubernetesName(r)
			o := owner("ml", name)
			attempt := 1 + r.IntN(identity.MaxAttempts)
			run := identity.RunName(o, digest, attempt, limit)
			for _, made := range []string{run, identity.ServiceName(o, prefixes[r.IntN(len(prefixes))], limit)} {
				require.Regexp(t, awsName, made, name)
				require.LessOrEqual(t, len(made), limit, name)
			}
			require.Contains(t, run, "-"+digest, "the digest is never cut")
			service := identity.ServiceName(o, "", limit)
			require.Contains(t, []string{"", name}, seen[service], service)
			seen[service] = name
		}
	}
}

// kubernetesName is a random DNS subdomain: parts of letters, digits and
// dashes, with dots between.
func kubernetesName(r *rand.Rand) string {
	const ends, inner = "abcdefghijklmnopqrstuvwxyz0123456789", "abcxyz019--"
	parts := make([]string, 1+r.IntN(4))
	for i := range parts {
		part := make([]byte, 2+r.IntN(60))
		for j := range part {
			part[j] = inner[r.IntN(len(inner))]
		}
		part[0], part[len(part)-1] = ends[r.IntN(len(ends))], ends[r.IntN(len(ends))]
		parts[i] = string(part)
	}
	return strings.Join(parts, ".")
}

func TestCheckName(t *testing.T) {
	for _, row := range []struct {
		reason, name, want string
	}{
		{"letters, digits, dashes between them", "Abalone-1--b", ""},
		{"as long as it may be", strings.Repeat("n", identity.MaxName), ""},
		{"one too many", strings.Repeat("n", identity.MaxName+1), "has 64 characters and may have 63"},
		{"nothing", "", "may have letters"},
		{"a dash at the end", "abalone-", "may have letters"},
		{"a dot", "abalone.v1", "may have letters"},
		{"an underscore", "team_a", "may have letters"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			err := identity.CheckName(row.name, identity.MaxName)
			if row.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, row.want)
		})
	}
}
