package manager

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	fluxmeta "github.com/fluxcd/pkg/apis/meta"
	fluxcontroller "github.com/fluxcd/pkg/runtime/controller"
	"github.com/fluxcd/pkg/runtime/leaderelection"
	"github.com/fluxcd/pkg/runtime/logger"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/clock"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
)

// Options of the controller. BindFlags sets the defaults.
type Options struct {
	// ClusterName tells clusters that share an AWS account apart. Required.
	ClusterName string
	// RenameClusterFrom is the recorded name of a cluster that is renamed to ClusterName.
	// Under its new name it adopts nothing that it has made in AWS.
	RenameClusterFrom string
	// RuntimeNamespace is where the controller runs, for the leader's lease and the
	// record of the cluster name. BindFlags takes it from the environment variable
	// RUNTIME_NAMESPACE or POD_NAMESPACE; without it the name is not guarded.
	RuntimeNamespace string
	// NamePrefix stands before the AWS names of services.
	NamePrefix string
	// Region overrides the region of the AWS configuration.
	Region string
	// ObserveInterval is how often an object in transition is looked at.
	ObserveInterval time.Duration
	// Namespaces are watched; none means all.
	Namespaces []string
	// Kinds are reconciled; none means all.
	Kinds []string
	// LabelSelector says which objects are reconciled; empty means all.
	LabelSelector string
	// ConfigsLabelSelector says which ConfigMaps are watched for the pipelines that take
	// parameters or sources from them; empty means all. Others are read now and then.
	ConfigsLabelSelector string
	// SageMakerEndpointURL is the URL of the SageMaker API, such as that of a
	// VPC endpoint, for namespaces that name none.
	SageMakerEndpointURL string
	// Workers is how many objects of a kind are reconciled at once.
	Workers int
	// DefaultTags are set on every AWS object whose tags AWS keeps, below those of
	// its spec.
	DefaultTags map[string]string
	// IgnoreTags are keys of tags, and beginnings of keys that end with "*", which the
	// controller leaves alone.
	IgnoreTags []string
	// DeletionPolicy is that of objects whose spec and namespace name none.
	DeletionPolicy string
	// NoCrossNamespaceRefs refuses references into other namespaces.
	NoCrossNamespaceRefs bool
	// EventsAddr is where notification-controller takes events; empty for
	// none.
	EventsAddr string
	// MetricsAddr and HealthAddr are listened on; "0" for not at all.
	MetricsAddr, HealthAddr string
	// Kubeconfig is a file; empty means in-cluster or KUBECONFIG.
	Kubeconfig string

	LeaderElection leaderelection.Options
	Logger         logger.Options

	// Own are kinds beside those of this project, whose types OwnTypes adds to the
	// scheme. The same loop reconciles them, and --kinds knows them.
	Own      []reconcile.Kind
	OwnTypes func(*runtime.Scheme) error

	// Hashes make digests; nil means those of identity.Supported.
	Hashes identity.Hashes
	// Clock is the time that all waiting goes by.
	Clock clock.WithTicker
}

// BindFlags adds the options to a flag set.
func (o *Options) BindFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.ClusterName, "cluster-name", "",
		"name that tells clusters sharing an AWS account apart; a cluster rebuilt from the same git repository keeps it (required)")
	fs.StringVar(&o.RenameClusterFrom, "rename-cluster-from", "",
		"the recorded name of a cluster that gets another --cluster-name; under it, the cluster adopts nothing that it has made in AWS and runs every job anew")
	o.RuntimeNamespace = cmp.Or(os.Getenv(fluxcontroller.EnvRuntimeNamespace), os.Getenv("POD_NAMESPACE"))
	fs.StringVar(&o.NamePrefix, "name-prefix", "", "put before the AWS names of services such as endpoints")
	fs.StringVar(&o.Region, "region", "", "AWS region of objects that name none (default: that of the AWS configuration)")
	fs.DurationVar(&o.ObserveInterval, "observe-interval", 30*time.Second, "how often AWS is asked about an object in transition")
	fs.StringSliceVar(&o.Namespaces, "watch-namespace", nil, "namespaces to watch (default: all)")
	fs.StringSliceVar(&o.Kinds, "kinds", nil, "kinds to reconcile, such as TrainingJob,Model (default: all)")
	fs.StringVar(&o.LabelSelector, "watch-label-selector", "", "labels of the objects to reconcile (default: all); others can still be referred to")
	fs.StringVar(&o.ConfigsLabelSelector, "watch-configs-label-selector", fluxmeta.LabelKeyWatch+"="+fluxmeta.LabelValueWatchEnabled,
		"labels of the ConfigMaps whose change makes pipelines look at once, empty for all; others are read every ten minutes")
	fs.StringVar(&o.SageMakerEndpointURL, "sagemaker-endpoint-url", "",
		"URL of the SageMaker API, such as that of a VPC endpoint (default: that of the AWS configuration); namespaces may name another")
	fs.IntVar(&o.Workers, "workers", 4, "how many objects of a kind are reconciled at once")
	fs.StringVar(&o.DeletionPolicy, "deletion-policy", string(v1alpha1.DeletionDelete),
		"what happens in AWS when an object is deleted whose spec and namespace do not say: Delete, Purge or Retain")
	fs.StringToStringVar(&o.DefaultTags, "default-tags", nil,
		"tags of every AWS object, such as cost-center=ml,team=vision; a spec's tags of the same keys win. "+
			"AWS keeps no tags of model packages, pipeline executions, scaling policies and scheduled actions")
	fs.StringSliceVar(&o.IgnoreTags, "ignore-tags", nil,
		"keys of tags that others set, such as AutoTag_*,owner (* ends the beginning of a key): the controller "+
			"neither changes nor removes them on an AWS object that exists, also where a spec names them")
	fs.BoolVar(&o.NoCrossNamespaceRefs, "no-cross-namespace-refs", false, "refuse references to objects in other namespaces")
	fs.StringVar(&o.EventsAddr, "events-addr", "", "address of Flux's notification-controller for events")
	fs.StringVar(&o.MetricsAddr, "metrics-addr", ":8080", "address of the metrics endpoint, 0 for none")
	fs.StringVar(&o.HealthAddr, "health-addr", ":9440", "address of the health probes, 0 for none")
	fs.StringVar(&o.Kubeconfig, "kubeconfig", "", "kubeconfig file (default: in-cluster, then KUBECONFIG)")
	o.LeaderElection.BindFlags(fs)
	o.LeaderElection.Enable = true
	if f := fs.Lookup("enable-leader-election"); f != nil {
		f.DefValue = "true"
	}
	o.Logger.BindFlags(fs)
	o.Clock = clock.RealClock{}
}

var clusterName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_.:/=+@-]{0,126}[A-Za-z0-9])?$`)

// Check tells what is wrong with the options, in one line.
func (o *Options) Check() error {
	switch {
	case o.ClusterName == "":
		return errors.New("--cluster-name is required: it marks which AWS objects belong to this cluster")
	case !clusterName.MatchString(o.ClusterName):
		return fmt.Errorf("--cluster-name %q cannot be the value of an AWS tag: use letters, digits and any of _.:/=+@-", o.ClusterName)
	case o.RenameClusterFrom == o.ClusterName:
		return fmt.Errorf("--rename-cluster-from and --cluster-name are both %q", o.ClusterName)
	case o.ObserveInterval < time.Millisecond:
		return fmt.Errorf("--observe-interval %s is too short", o.ObserveInterval)
	case !slices.Contains([]string{"Delete", "Purge", "Retain"}, o.DeletionPolicy):
		return fmt.Errorf("--deletion-policy %q is none of Delete, Purge and Retain", o.DeletionPolicy)
	case o.Workers < 1:
		return fmt.Errorf("--workers %d: at least one is needed", o.Workers)
	}
	if err := o.checkTags(); err != nil {
		return err
	}
	if err := cloud.CheckEndpoint(o.SageMakerEndpointURL); err != nil {
		return fmt.Errorf("--sagemaker-endpoint-url: %w", err)
	}
	if _, err := labels.Parse(o.LabelSelector); err != nil {
		return fmt.Errorf("--watch-label-selector: %w", err)
	}
	if _, err := labels.Parse(o.ConfigsLabelSelector); err != nil {
		return fmt.Errorf("--watch-configs-label-selector: %w", err)
	}
	_, err := o.enabled()
	return err
}

// The kinds that are made of others, and have no entry in the table of kinds.
const (
	modelDeployment = "ModelDeployment"
	modelPipeline   = "ModelPipeline"
)

// wants tells whether a kind is to be reconciled.
func (o *Options) wants(kind string) bool { return len(o.Kinds) == 0 || slices.Contains(o.Kinds, kind) }

// enabled are the kinds of AWS objects to reconcile, by name.
func (o *Options) enabled() (map[string]reconcile.Kind, error) {
	kinds := map[string]reconcile.Kind{}
	for _, k := range slices.Concat(kind.All(), o.Own) {
		if _, known := kinds[k.Kind()]; known || k.Kind() == modelDeployment || k.Kind() == modelPipeline {
			return nil, fmt.Errorf("there are two kinds %s: tags of AWS objects tell kinds apart by their names", k.Kind())
		}
		kinds[k.Kind()] = k
	}
	if len(o.Kinds) == 0 {
		return kinds, nil
	}
	enabled := map[string]reconcile.Kind{}
	for _, name := range o.Kinds {
		k, ok := kinds[name]
		if name == modelDeployment || name == modelPipeline {
			continue
		}
		if !ok {
			return nil, fmt.Errorf("--kinds: there is no kind %q; there are %s, %s and %s",
				name, strings.Join(slices.Sorted(maps.Keys(kinds)), ", "), modelDeployment, modelPipeline)
		}
		enabled[name] = k
	}
	return enabled, nil
}
