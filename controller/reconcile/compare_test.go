package reconcile

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

func TestWhatDescribeTellsInAnotherWay(t *testing.T) {
	kind := Kind{
		Compare: shape.Rules{
			ReadAs: map[string]string{"Config.Name": "ConfigName"}, JSON: []string{"Definition"}, Unread: []string{"Secret"},
		},
		Reading: func(_, described shape.Tree) { described["Count"] = described["DesiredCount"] },
	}
	for _, row := range []struct {
		reason     string
		want, have shape.Tree
		drifted    bool
	}{
		{"under another name", shape.Tree{"Config": shape.Tree{"Name": "a"}}, shape.Tree{"ConfigName": "a"}, false},
		{"another value under another name", shape.Tree{"Config": shape.Tree{"Name": "a"}}, shape.Tree{"ConfigName": "b"}, true},
		{"nothing under the other name", shape.Tree{"Config": shape.Tree{"Name": "a"}}, shape.Tree{}, true},
		{"JSON in another order", shape.Tree{"Definition": `{"a": 1, "b": [2]}`}, shape.Tree{"Definition": `{"b":[2],"a":1}`}, false},
		{"other JSON", shape.Tree{"Definition": `{"a": 1}`}, shape.Tree{"Definition": `{"a": 2}`}, true},
		{"a text that is no JSON", shape.Tree{"Definition": `{`}, shape.Tree{"Definition": `{`}, false},
		{"large numbers keep their digits", shape.Tree{"Definition": `{"a": 9007199254740993}`}, shape.Tree{"Definition": `{"a": 9007199254740992}`}, true},
		{"what is never told", shape.Tree{"Secret": "a"}, shape.Tree{}, false},
		{"what the kind corrects", shape.Tree{"Count": int64(2)}, shape.Tree{"DesiredCount": int64(2)}, false},
	} {
		t.Run(row.reason, func(t *testing.T) {
			s := &scope{kind: kind, request: row.want}
			want, have := shape.Clone(row.want), shape.Clone(row.have)
			require.Equal(t, row.drifted, len(s.differences(row.want, row.have)) > 0)
			require.Equal(t, []shape.Tree{want, have}, []shape.Tree{row.want, row.have}, "neither is changed by it")
		})
	}
}

func TestMembersThatOnlyUpdateTakes(t *testing.T) {
	kind := Kind{
		Object:   func() Object { return new(v1alpha1.Endpoint) },
		Create:   cloud.Op((*sagemaker.Client).CreateEndpoint),
		Describe: cloud.Op((*sagemaker.Client).DescribeEndpoint),
		Update:   cloud.Op((*sagemaker.Client).UpdateEndpoint),
		Name:     "EndpointName",
	}
	request, err := kind.request(shape.Tree{"endpointName": "e", "endpointConfigName": "c", "retainDeploymentConfig": true})
	require.NoError(t, err)
	require.Equal(t, shape.Tree{"EndpointName": "e", "EndpointConfigName": "c", "RetainDeploymentConfig": true}, request)
	require.Contains(t, kind.outsideDigest(), "RetainDeploymentConfig")
	_, err = kind.request(shape.Tree{"endpointConfig": "c"})
	require.ErrorContains(t, err, `CreateEndpoint: CreateEndpointInput has no member "endpointConfig"`)
}

// A second operation is for what the first does not take.
func TestWhichOperationChanges(t *testing.T) {
	kind := Kind{
		Object:   func() Object { return new(v1alpha1.Endpoint) },
		Create:   cloud.Op((*sagemaker.Client).CreateEndpoint),
		Describe: cloud.Op((*sagemaker.Client).DescribeEndpoint),
		Update:   cloud.Op((*sagemaker.Client).UpdateEndpoint),
		Adjust:   cloud.Op((*sagemaker.Client).UpdateEndpointWeightsAndCapacities),
		Name:     "EndpointName",
		Changing: func(request, _ shape.Tree) { request["RetainDeploymentConfig"] = true },
		Compare:  shape.Rules{Unread: []string{"RetainDeploymentConfig"}},
	}
	described := shape.Tree{"EndpointConfigName": "one"}
	for _, row := range []struct {
		reason string
		want   shape.Tree
		op     string
	}{
		{"another configuration", shape.Tree{"EndpointConfigName": "two"}, "UpdateEndpoint"},
		{"other weights", shape.Tree{"EndpointConfigName": "one", "DesiredWeightsAndCapacities": []any{}}, "UpdateEndpointWeightsAndCapacities"},
		{"both: the configuration first", shape.Tree{"EndpointConfigName": "two", "DesiredWeightsAndCapacities": []any{}}, "UpdateEndpoint"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			s := &scope{kind: kind, request: row.want}
			op, request, err := s.change(described)
			require.NoError(t, err)
			require.Equal(t, row.op, op.Name)
			require.Equal(t, true, request["RetainDeploymentConfig"], "the kind has its say")
			require.NotContains(t, row.want, "RetainDeploymentConfig")
		})
	}
}
