package reconcile

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
)

// ACK's annotations of a namespace say what ours say, which go first.
func TestACKsNamespaceAnnotations(t *testing.T) {
	model := Kind{Create: cloud.Op((*sagemaker.Client).CreateModel)}
	domain := Kind{Create: cloud.Op((*sagemaker.Client).CreateDomain), Retained: true}
	target := Kind{Create: cloud.ScalingOp((*applicationautoscaling.Client).RegisterScalableTarget)}
	for _, row := range []struct {
		reason      string
		kind        Kind
		given       control
		annotations map[string]string
		want        control
		hints       []string
		refused     string
	}{
		{
			reason: "region and endpoint", kind: model, annotations: map[string]string{ackDefaultRegion: "us-east-1", ackEndpoint: "https://x.example.com"},
			want:  control{Control: v1alpha1.Control{Region: "us-east-1", DeletionPolicy: "Delete"}, Endpoint: "https://x.example.com"},
			hints: []string{"use sagemaker.gitops.dev/region", "use sagemaker.gitops.dev/endpoint-url"},
		},
		{
			reason: "ours go first", kind: model, annotations: map[string]string{
				ackDefaultRegion: "us-east-1", annotationRegion: "eu-west-1", "sagemaker.services.k8s.aws/deletion-policy": "retain", annotationDeletionPolicy: "Purge",
			},
			want: control{Control: v1alpha1.Control{Region: "eu-west-1", DeletionPolicy: "Purge"}},
		},
		{
			reason: "the spec goes first", kind: model, given: control{Control: v1alpha1.Control{DeletionPolicy: "Purge"}},
			annotations: map[string]string{"sagemaker.services.k8s.aws/deletion-policy": "retain"},
			want:        control{Control: v1alpha1.Control{DeletionPolicy: "Purge"}}, hints: []string{"use sagemaker.gitops.dev/deletion-policy"},
		},
		{
			reason: "a policy of the service", kind: model, annotations: map[string]string{"sagemaker.services.k8s.aws/deletion-policy": "retain"},
			want: control{Control: v1alpha1.Control{DeletionPolicy: "Retain"}}, hints: []string{"use sagemaker.gitops.dev/deletion-policy"},
		},
		{
			reason: "one of another service", kind: target, annotations: map[string]string{"sagemaker.services.k8s.aws/deletion-policy": "retain"},
			want: control{Control: v1alpha1.Control{DeletionPolicy: "Delete"}},
		},
		{
			reason: "that of its own", kind: target, annotations: map[string]string{"applicationautoscaling.services.k8s.aws/deletion-policy": "retain"},
			want: control{Control: v1alpha1.Control{DeletionPolicy: "Retain"}}, hints: []string{"use sagemaker.gitops.dev/deletion-policy"},
		},
		{
			reason: "of what git cannot make again, too", kind: domain, annotations: map[string]string{"sagemaker.services.k8s.aws/deletion-policy": "delete"},
			want: control{Control: v1alpha1.Control{DeletionPolicy: "Delete"}}, hints: []string{"use sagemaker.gitops.dev/deletion-policy"},
		},
		{
			reason: "a word that is none", kind: model, annotations: map[string]string{"sagemaker.services.k8s.aws/deletion-policy": "keep"},
			refused: `annotation sagemaker.services.k8s.aws/deletion-policy of namespace ml: "keep" is none of [delete retain]`,
		},
		{
			reason: "a team whose role nobody tells", kind: model, annotations: map[string]string{ackTeam: "snails"},
			refused: "set the annotation sagemaker.gitops.dev/assume-role-arn",
		},
		{
			reason: "a team whose role is told", kind: model, annotations: map[string]string{ackTeam: "snails", annotationAssumeRole: "arn:aws:iam::1:role/r"},
			want: control{Control: v1alpha1.Control{DeletionPolicy: "Delete", AssumeRole: &v1alpha1.AssumeRole{RoleARN: "arn:aws:iam::1:role/r", ExternalID: "prod/ml"}}, Team: "snails"},
		},
		{
			reason: "an account", kind: model, annotations: map[string]string{ackOwnerAccount: "111111111111"},
			want: control{Control: v1alpha1.Control{DeletionPolicy: "Delete"}, OwnerAccount: "111111111111"}, hints: []string{"use sagemaker.gitops.dev/assume-role-arn"},
		},
	} {
		t.Run(row.reason, func(t *testing.T) {
			got := row.given.withDefaults(row.annotations, identity.Owner{Cluster: "prod", Namespace: "ml"}, row.kind, Options{})
			err := got.check("ml")
			if row.refused != "" {
				require.ErrorContains(t, err, row.refused)
				return
			}
			require.NoError(t, err)
			row.want.AdoptionPolicy = v1alpha1.AdoptIfOwned
			require.Equal(t, row.want, got)
			hints := hintsOfACK("ml", row.annotations, row.kind)
			require.Len(t, hints, len(row.hints))
			for i, want := range row.hints {
				require.Contains(t, hints[i], want)
			}
		})
	}
}
