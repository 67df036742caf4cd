package reconcile

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// appKind is known within three other names, one of which is always missing.
var appKind = Kind{
	Object: func() Object { return new(v1alpha1.App) }, Lifecycle: Service,
	Create:   cloud.Op((*sagemaker.Client).CreateApp),
	Describe: cloud.Op((*sagemaker.Client).DescribeApp),
	Delete:   cloud.Op((*sagemaker.Client).DeleteApp),
	Name:     "AppName", Within: []string{"DomainId", "UserProfileName", "SpaceName", "AppType"},
}

// A name of status holds all that a deletion needs, when the spec's references
// are gone.
func TestNamesWithinOthers(t *testing.T) {
	for _, row := range []struct {
		reason  string
		kind    Kind
		request shape.Tree
		name    string
		parts   shape.Tree
	}{
		{"most names stand alone", serviceKind, shape.Tree{}, "abalone", shape.Tree{"EndpointName": "abalone"}},
		{
			"a user's application", appKind,
			shape.Tree{"DomainId": "d-1", "UserProfileName": "alice", "AppType": "JupyterServer"},
			"d-1/alice//JupyterServer/abalone",
			shape.Tree{"DomainId": "d-1", "UserProfileName": "alice", "AppType": "JupyterServer", "AppName": "abalone"},
		},
		{
			"a space's application", appKind,
			shape.Tree{"DomainId": "d-1", "SpaceName": "team", "AppType": "JupyterLab"},
			"d-1//team/JupyterLab/abalone",
			shape.Tree{"DomainId": "d-1", "SpaceName": "team", "AppType": "JupyterLab", "AppName": "abalone"},
		},
		{
			"the last of the others may hold slashes",
			Kind{
				Object: appKind.Object, Lifecycle: Service, Name: "Dimension", Within: []string{"Service", "Resource"},
			},
			shape.Tree{"Service": "sagemaker", "Resource": "endpoint/a/variant/b"},
			"sagemaker/endpoint/a/variant/b/abalone",
			shape.Tree{"Service": "sagemaker", "Resource": "endpoint/a/variant/b", "Dimension": "abalone"},
		},
	} {
		t.Run(row.reason, func(t *testing.T) {
			s := newScope(row.kind)
			s.request, s.owner.Name = row.request, "abalone"
			require.Equal(t, row.name, s.awsName())
			require.Equal(t, row.parts, row.kind.parts(row.name))
			require.Equal(t, "abalone", row.kind.lastPart(row.name))
		})
	}
}

func TestTheIdentifierAWSMadeIsKept(t *testing.T) {
	made := Kind{Object: func() Object { return new(v1alpha1.Domain) }, Name: "DomainName", ID: "DomainId"}
	for _, lifecycle := range []Lifecycle{Job, Revision, Service} {
		made.Lifecycle = lifecycle
		s := newScope(made)
		s.found = map[string]string{}
		status := s.object.Common()
		status.Name = "one"
		s.addRun(v1alpha1.Run{Name: "one"})
		s.addRevision(v1alpha1.Revision{Name: "one"})
		require.Empty(t, s.id("one"))
		s.identified("one", shape.Tree{"DomainId": "d-1"})

		later := newScope(made)
		later.object = s.object
		require.Equal(t, "d-1", later.id("one"), "also in the next round")
		require.Empty(t, later.id("two"), "of another nothing is known")
		later.control.ExternalID = "d-2"
		require.Equal(t, "d-2", later.id("one"), "what the spec says comes first")
	}
}
