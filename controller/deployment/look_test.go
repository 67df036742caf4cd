package deployment

import (
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
)

func endpointWith(t *testing.T, text string) *v1alpha1.Endpoint {
	t.Helper()
	e := &v1alpha1.Endpoint{}
	require.NoError(t, yaml.UnmarshalStrict([]byte(text), e))
	return e
}

func TestConverts(t *testing.T) {
	onDemand := edit(t, instances, serverless)
	for _, row := range []struct {
		reason, status, spec string
		want                 bool
	}{
		{"nothing is known of a new endpoint", "{}", plain, false},
		{"instances stay instances", "{productionVariants: [{variantName: a, currentInstanceCount: 1}]}", plain, false},
		{"serverless stays serverless", "{productionVariants: [{variantName: a, currentServerlessConfig: {memorySizeInMB: 1024}}]}", onDemand, false},
		{"instances to serverless", "{productionVariants: [{variantName: a, currentInstanceCount: 1}]}", onDemand, true},
		{"serverless to instances", "{productionVariants: [{variantName: a, currentServerlessConfig: {memorySizeInMB: 1024}}]}", plain, true},
		{"an endpoint that is being created is already what it will be", "{productionVariants: [{variantName: a, desiredServerlessConfig: {memorySizeInMB: 1024}}]}", plain, true},
	} {
		t.Run(row.reason, func(t *testing.T) {
			require.Equal(t, row.want, converts(endpointWith(t, "status: "+row.status), read(t, row.spec)))
		})
	}
}

func TestServedAndAsked(t *testing.T) {
	const arn = "arn: arn:aws:sagemaker:eu-west-1:123456789012:endpoint/abalone"
	for _, row := range []struct {
		reason, endpoint string
		asked, served    string
	}{
		{"nothing is known yet", "spec: {endpointConfigName: new}", "new", ""},
		{"what is asked for is not served before the endpoint exists", "{spec: {endpointConfigName: new}, status: {references: [{path: endpointConfigName, awsName: new}]}}", "new", ""},
		{"created with it", "{spec: {endpointConfigName: new}, status: {" + arn + ", references: [{path: endpointConfigName, awsName: new}]}}", "new", "new"},
		{"AWS tells that it serves another", "{spec: {endpointConfigName: new}, status: {" + arn +
			", references: [{path: endpointConfigName, awsName: new}, {path: status.EndpointConfigName, awsName: old}]}}", "new", "old"},
		{"what is on its way is not served", "{spec: {endpointConfigName: new}, status: {" + arn +
			", references: [{path: status.PendingDeploymentSummary.EndpointConfigName, awsName: new}]}}", "new", ""},
		{"somebody took the configuration out of the resource", "{spec: {}, status: {" + arn + "}}", "", ""},
	} {
		t.Run(row.reason, func(t *testing.T) {
			e := endpointWith(t, row.endpoint)
			require.Equal(t, []string{row.asked, row.served}, []string{asked(e), served(e)})
		})
	}
}
