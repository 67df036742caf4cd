package reconcile

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/stretchr/testify/require"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// Kinds to try the loop's parts on; package kind has the real ones.
var (
	jobKind = Kind{
		Object: func() Object { return new(v1alpha1.TrainingJob) }, Lifecycle: Job,
		Create:   cloud.Op((*sagemaker.Client).CreateTrainingJob),
		Describe: cloud.Op((*sagemaker.Client).DescribeTrainingJob),
		Update:   cloud.Op((*sagemaker.Client).UpdateTrainingJob),
		Stop:     cloud.Op((*sagemaker.Client).StopTrainingJob),
		Name:     "TrainingJobName", States: health.TrainingJob, Mutable: []string{"ProfilerConfig"}, Console: Page{Path: "jobs"},
		ModelData: "modelArtifacts.s3ModelArtifacts",
	}
	revisionKind = Kind{
		Object: func() Object { return new(v1alpha1.EndpointConfig) }, Lifecycle: Revision,
		Create:   cloud.Op((*sagemaker.Client).CreateEndpointConfig),
		Describe: cloud.Op((*sagemaker.Client).DescribeEndpointConfig),
		Name:     "EndpointConfigName", States: health.Existence,
	}
	serviceKind = Kind{
		Object: func() Object { return new(v1alpha1.Endpoint) }, Lifecycle: Service,
		Create:   cloud.Op((*sagemaker.Client).CreateEndpoint),
		Describe: cloud.Op((*sagemaker.Client).DescribeEndpoint),
		Update:   cloud.Op((*sagemaker.Client).UpdateEndpoint),
		Name:     "EndpointName", States: health.Endpoint,
	}
)

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// newLoop is a loop without Kubernetes and AWS, on a virtual clock.
func newLoop(kind Kind) (*Reconciler, *clocktesting.FakeClock) {
	clock := clocktesting.NewFakeClock(epoch)
	return New(kind, Options{Clock: clock, Observer: cloud.NewObserver(clock, 30*time.Second), ClusterName: "prod"}), clock
}

// newScope is a round for a fresh object of the kind, at generation 2.
func newScope(kind Kind) *scope {
	obj := kind.Object()
	obj.SetName("abalone")
	obj.SetNamespace("ml")
	obj.SetUID("0")
	obj.SetGeneration(2)
	obj.Common().ObservedGeneration = -1
	return &scope{kind: kind, object: obj, before: snapshot(obj)}
}

func TestWhatAKindSaysOfItself(t *testing.T) {
	require.Equal(t, "TrainingJob", jobKind.Kind())
	for _, row := range []struct {
		reason  string
		kind    Kind
		mutable []string
		outside []string
	}{
		{"what the kind says can be updated", jobKind, []string{"ProfilerConfig"}, []string{"TrainingJobName", "Tags", "ClientRequestToken", "ClientToken", "ProfilerConfig"}},
		{"nothing can", revisionKind, nil, []string{"EndpointConfigName", "Tags", "ClientRequestToken", "ClientToken"}},
		{
			"all that Update takes, but the name", serviceKind,
			[]string{"EndpointConfigName", "DeploymentConfig", "ExcludeRetainedVariantProperties", "RetainAllVariantProperties", "RetainDeploymentConfig"},
			[]string{
				"EndpointName", "Tags", "ClientRequestToken", "ClientToken", "EndpointConfigName", "DeploymentConfig",
				"ExcludeRetainedVariantProperties", "RetainAllVariantProperties", "RetainDeploymentConfig",
			},
		},
	} {
		t.Run(row.reason, func(t *testing.T) {
			require.ElementsMatch(t, row.mutable, row.kind.mutable())
			require.ElementsMatch(t, row.outside, row.kind.outsideDigest())
		})
	}
	require.Equal(t, 63, jobKind.maxName())
	require.Equal(t, 32, Kind{MaxName: 32}.maxName())
	require.Equal(t, v1alpha1.References["Endpoint"], serviceKind.references())
	require.Empty(t, Kind{Object: serviceKind.Object, References: []v1alpha1.ReferenceField{}}.references())
	require.Equal(t, "trainingJobName", jsonName("TrainingJobName"))
}
