package bench

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/cluster"
)

func TestStartRefuses(t *testing.T) {
	for _, test := range []struct {
		reason   string
		existing string
		dir      string
		want     string
	}{
		{"a cluster that is somebody's is not to be broken", "true", t.TempDir(), "USE_EXISTING_CLUSTER"},
		{"nobody would remove what it leaves", "", "", "needs a directory"},
	} {
		t.Setenv(cluster.UseExistingEnv, test.existing)
		_, err := Start(t.Context(), Options{Dir: test.dir, Log: io.Discard})
		require.ErrorContains(t, err, test.want, test.reason)
	}
}

func TestRootOutsideOfAModule(t *testing.T) {
	t.Chdir(t.TempDir())
	_, err := root(t.Context())
	require.ErrorContains(t, err, "runs in a checkout")
}

func TestVerdict(t *testing.T) {
	const commit, other = "1111111111111111111111111111111111111111", "2222222222222222222222222222222222222222"
	for _, test := range []struct {
		reason        string
		verdict       Verdict
		ready, failed bool
		putOff, work  bool
	}{
		{
			reason:  "healthy at the commit",
			verdict: Verdict{Ready: condition("True", "ReconciliationSucceeded"), Applied: revision(commit), Attempted: revision(commit), current: true},
			ready:   true,
		},
		{
			reason:  "still healthy at the commit before",
			verdict: Verdict{Ready: condition("True", "ReconciliationSucceeded"), Applied: revision(other), Attempted: revision(other), current: true},
		},
		{
			reason:  "healthy under an earlier spec of the Kustomization",
			verdict: Verdict{Ready: condition("True", "ReconciliationSucceeded"), Applied: revision(commit), Attempted: revision(commit)},
		},
		{
			reason:  "applied, and waited for",
			verdict: Verdict{Ready: condition("Unknown", "Progressing"), Applied: revision(other), Attempted: revision(commit), current: true},
			work:    true,
		},
		{
			reason:  "applied, and unhealthy",
			verdict: Verdict{Ready: condition("False", "HealthCheckFailed"), Applied: revision(other), Attempted: revision(commit)},
			failed:  true,
		},
		{
			reason:  "the commit before was unhealthy",
			verdict: Verdict{Ready: condition("False", "HealthCheckFailed"), Applied: revision(other), Attempted: revision(other)},
		},
		{
			reason:  "not ready for another reason, which passes",
			verdict: Verdict{Ready: condition("False", "ArtifactFailed"), Attempted: revision(commit)},
		},
		{
			reason:  "what it depends on has not applied the commit yet",
			verdict: Verdict{Ready: condition("False", "DependencyNotReady"), Applied: revision(other), Attempted: revision(other), current: true},
			putOff:  true,
		},
		{reason: "nothing is said yet"},
	} {
		require.Equal(t, test.ready, test.verdict.ReadyAt(commit), test.reason)
		require.Equal(t, test.failed, test.verdict.FailedAt(commit), test.reason)
		require.Equal(t, test.putOff, test.verdict.PutOff(), test.reason)
		require.Equal(t, test.work, test.verdict.AtWorkOn(commit), test.reason)
	}
	require.Equal(t, "nothing yet", Verdict{}.String())
}

func condition(status metav1.ConditionStatus, reason string) metav1.Condition {
	return metav1.Condition{Type: "Ready", Status: status, Reason: reason}
}

func TestEdit(t *testing.T) {
	directory, err := root(t.Context())
	require.NoError(t, err)
	server, err := cluster.NewGitServer(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	repository, err := server.CreateRepository(t.Context(), "ml")
	require.NoError(t, err)
	b := &Bench{Root: directory, Repository: repository}
	_, err = repository.CommitTree(t.Context(), "first", b.Example())
	require.NoError(t, err)

	for _, test := range []struct {
		reason string
		path   string
		old    string
		want   string
	}{
		{"what stands there once is changed", "overlays/demo/params.yaml", `rounds: "50"`, ""},
		{"what does not stand there cannot be", "overlays/demo/params.yaml", `rounds: "51"`, "0 times"},
		{"what stands there twice is not meant", "base/model-pipeline.yaml", "s3DataType: S3Prefix", "4 times"},
		{"a file that does not exist", "base/none.yaml", "x", "no such file"},
	} {
		commit, err := b.Edit(t.Context(), "edit", test.path, test.old, "other")
		if test.want != "" {
			require.ErrorContains(t, err, test.want, test.reason)
			continue
		}
		require.NoError(t, err, test.reason)
		require.Len(t, commit, 40, test.reason)
	}
}
