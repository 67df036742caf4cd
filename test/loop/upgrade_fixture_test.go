package loop_test

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/journal"
)

// fixtures has one directory per hash version, with what controllers made whose newest
// hash version that was. Its README.md says when each was recorded.
const fixtures = "testdata/upgrade"

// fixture is what one version of the controller left in AWS, in Kubernetes and in git.
type fixture struct {
	Cluster   string    `json:"cluster"`
	Account   string    `json:"account"`
	Namespace string    `json:"namespace"`
	Start     time.Time `json:"start"`
	// End is the time at which Objects and Storage were read.
	End       time.Time         `json:"end"`
	Seed      uint64            `json:"seed"`
	Durations map[string]string `json:"durations"`
	// Calls are the successful requests that changed something in AWS, in their order.
	Calls []call `json:"calls"`
	// Faults came into force while the fixture was recorded.
	Faults []timedFault `json:"faults,omitempty"`
	// Storage is the content of S3, by bucket and key.
	Storage map[string]map[string][]byte `json:"storage"`
	// Artifacts are the archives that Flux's source-controller served, by path, and
	// Server is where.
	Artifacts map[string][]byte `json:"artifacts,omitempty"`
	Server    string            `json:"server,omitempty"`
	// Git has the manifests that were applied last, and Objects all that was in the
	// namespace.
	Git     []map[string]any `json:"git"`
	Objects []map[string]any `json:"objects"`
	// Reverts are pushed one after the other.
	Reverts []revert `json:"reverts,omitempty"`
}

// call is one request of the simulator's journal.
type call struct {
	Time      time.Time      `json:"time"`
	Account   string         `json:"account"`
	Region    string         `json:"region"`
	Principal string         `json:"principal"`
	Service   string         `json:"service"`
	Operation string         `json:"operation"`
	Request   map[string]any `json:"request,omitempty"`
	Answer    map[string]any `json:"answer,omitempty"`
}

type timedFault struct {
	Time time.Time  `json:"time"`
	Rule fault.Rule `json:"rule"`
}

// revert is a push of an earlier commit.
type revert struct {
	Say string           `json:"say"`
	Git []map[string]any `json:"git"`
	// Calls counts what the recording version changed in AWS for it, by operation.
	Calls map[string]int `json:"calls"`
}

func callOf(e journal.Entry) call {
	return call{e.Time, e.Account, e.Region, e.Principal, e.Service, e.Operation, e.Request, e.Answer}
}

// write keeps a fixture, as YAML for people to read, compressed.
func (f *fixture) write(t *testing.T, version, name string) {
	t.Helper()
	text, err := yaml.Marshal(f)
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Join(fixtures, version), 0o750))
	file, err := os.Create(filepath.Join(fixtures, version, name+".yaml.gz"))
	require.NoError(t, err)
	compressed, err := gzip.NewWriterLevel(file, gzip.BestCompression)
	require.NoError(t, err)
	_, err = compressed.Write(text)
	require.NoError(t, err)
	require.NoError(t, compressed.Close())
	require.NoError(t, file.Close())
}

func readFixture(t *testing.T, file string) *fixture {
	t.Helper()
	opened, err := os.Open(file)
	require.NoError(t, err)
	defer opened.Close()
	compressed, err := gzip.NewReader(opened)
	require.NoError(t, err)
	text, err := io.ReadAll(compressed)
	require.NoError(t, err)
	var f fixture
	require.NoError(t, yaml.UnmarshalStrict(text, &f))
	return &f
}

// recorded are the files of all fixtures, by the name of their tests.
func recorded(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(fixtures + "/*/*.yaml.gz")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	named := map[string]string{}
	for _, file := range files {
		version := filepath.Base(filepath.Dir(file))
		named[version+"/"+strings.TrimSuffix(filepath.Base(file), ".yaml.gz")] = file
	}
	return named
}

// TestUpgradeFixturesNeverChange: a fixture that is recorded again says nothing about the
// version it was recorded with.
func TestUpgradeFixturesNeverChange(t *testing.T) {
	text, err := os.ReadFile(fixtures + "/sums.txt")
	require.NoError(t, err)
	want := map[string]string{}
	for line := range strings.Lines(string(text)) {
		sum, name, ok := strings.Cut(strings.TrimSpace(line), "  ")
		require.True(t, ok, line)
		want[name] = sum
	}
	is := map[string]string{}
	for name, file := range recorded(t) {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		sum := sha256.Sum256(content)
		is[name+".yaml.gz"] = hex.EncodeToString(sum[:])
	}
	require.Equal(t, want, is, fixtures+"/README.md says when fixtures are recorded")
}
