package journal_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/journal"
)

func TestMutation(t *testing.T) {
	for _, row := range []struct {
		reason string
		entry  journal.Entry
		want   bool
	}{
		{"creating changes", journal.Entry{Service: "sagemaker", Operation: "CreateModel"}, true},
		{"tags change", journal.Entry{Service: "sagemaker", Operation: "AddTags"}, true},
		{"describing does not", journal.Entry{Service: "sagemaker", Operation: "DescribeModel"}, false},
		{"listing does not", journal.Entry{Service: "sagemaker", Operation: "ListTags"}, false},
		{"what other services do is not SageMaker's", journal.Entry{Service: "s3", Operation: "PUT"}, false},
	} {
		require.Equal(t, row.want, row.entry.Mutation(), row.reason)
	}
}

func TestLimit(t *testing.T) {
	var j journal.Journal
	for range journal.Limit + 1 {
		j.Record(journal.Entry{Operation: "ListModels"})
	}
	entries := j.Entries()
	require.LessOrEqual(t, len(entries), journal.Limit)
	require.Equal(t, journal.Limit+1, entries[len(entries)-1].Sequence, "the newest are kept")
	require.Equal(t, journal.Limit+1, j.Counts()["ListModels"], "counts go on")
}
