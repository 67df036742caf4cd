package deployment

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

const group = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/abalone/"

// listed is what AWS tells of versions of a group: the newest first.
func listed(status string, versions ...string) []any {
	all := make([]any, len(versions))
	for i, v := range versions {
		all[i] = map[string]any{"ModelPackageArn": group + v, "ModelApprovalStatus": status}
	}
	return all
}

func TestFirstAllowed(t *testing.T) {
	for _, row := range []struct {
		reason, versions string
		list             []any
		want             string
	}{
		{"the newest", "", listed("Approved", "12", "11", "2"), "12"},
		{"12 is more than 2, and less than 20", ">2, <20", listed("Approved", "20", "12", "2"), "12"},
		{"none of the new ones", "<4", listed("Approved", "12", "4", "3", "2"), "3"},
		{"all but a bad one", ">=3, !=7", listed("Approved", "7", "6", "3"), "6"},
		{"this one and no other", "=3", listed("Approved", "7", "3", "2"), "3"},
		{"one of two ranges", "<3 || >6", listed("Approved", "6", "5", "2"), "2"},
		{"nobody has approved the new one", "", append(listed("PendingManualApproval", "8"), listed("Approved", "7")...), "7"},
		{"somebody has rejected it", "", append(listed("Rejected", "8"), listed("Approved", "7")...), "7"},
		{"none that is allowed", ">12", listed("Approved", "12", "11"), ""},
		{"none at all", "", nil, ""},
		{"a package that is no version", "", []any{map[string]any{
			"ModelPackageArn": "arn:aws:sagemaker:eu-west-1:123456789012:model-package/by-hand", "ModelApprovalStatus": "Approved",
		}}, ""},
	} {
		t.Run(row.reason, func(t *testing.T) {
			allowed, err := versionsOf(&v1alpha1.PackageGroupSource{Versions: row.versions})
			require.NoError(t, err)
			want := row.want
			if want != "" {
				want = group + want
			}
			require.Equal(t, want, firstAllowed(shape.Tree{"ModelPackageSummaryList": row.list}, allowed))
		})
	}
}

func TestVersionsRefused(t *testing.T) {
	for _, text := range []string{"newest", ">=", "4-", "<4 and >2", "a.b"} {
		_, err := versionsOf(&v1alpha1.PackageGroupSource{Versions: text})
		require.Error(t, err, "%q says nothing", text)
	}
}
