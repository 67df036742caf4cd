package manager

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/fluxcd/pkg/runtime/events"
	"github.com/fluxcd/pkg/runtime/logger"
	"github.com/fluxcd/pkg/runtime/pprof"
	"github.com/fluxcd/pkg/runtime/probes"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlconfig "sigs.k8s.io/controller-runtime/pkg/config"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/deployment"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
)

// checkTime is how long the API server and AWS may take to answer at the start.
const checkTime = 20 * time.Second

// Run runs the controller until ctx ends. What keeps it from starting is told
// in an error of one line.
func Run(ctx context.Context, o Options) error {
	if err := o.Check(); err != nil {
		return err
	}
	log := logger.NewLogger(o.Logger)
	ctrl.SetLogger(log)

	kube, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(loadingRules(o.Kubeconfig), nil).ClientConfig()
	if err != nil {
		return fmt.Errorf("reading the kubeconfig: %w", err)
	}
	if err := checkKubernetes(kube); err != nil {
		return err
	}
	cloudConfig, err := loadAWS(ctx, o)
	if err != nil {
		return err
	}
	mgr, err := New(ctx, kube, cloudConfig, o)
	if err != nil {
		return err
	}
	log.Info("starting", "cluster", o.ClusterName, "region", cloudConfig.Region, "kinds", o.Kinds, "namespaces", o.Namespaces, "labels", o.LabelSelector)
	return mgr.Start(ctx)
}

func loadingRules(file string) *clientcmd.ClientConfigLoadingRules {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	if file != "" {
		rules.ExplicitPath = file
	}
	return rules
}

func checkKubernetes(kube *rest.Config) error {
	kube = rest.CopyConfig(kube)
	kube.Timeout = checkTime
	set, err := kubernetes.NewForConfig(kube)
	if err != nil {
		return fmt.Errorf("the kubeconfig: %w", err)
	}
	if _, err := set.Discovery().ServerVersion(); err != nil {
		return fmt.Errorf("the Kubernetes API at %s does not answer: %w", kube.Host, err)
	}
	return nil
}

// loadAWS reads the AWS configuration and makes one call with it, so that
// missing credentials and an unreachable endpoint show at once.
func loadAWS(ctx context.Context, o Options) (aws.Config, error) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	options := []func(*config.LoadOptions) error{config.WithCredentialsCacheOptions(cloud.RenewAhead)}
	if o.Region != "" {
		options = append(options, config.WithRegion(o.Region))
	}
	c, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return c, fmt.Errorf("reading the AWS configuration: %w", err)
	}
	if _, err := cloud.NewClients(c, o.Clock, nil).For(ctx, cloud.Identity{}); err != nil {
		return c, fmt.Errorf("calling AWS: %w", err)
	}
	return c, nil
}

// Scheme knows Kubernetes' own kinds and ours.
func Scheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return nil, err
	}
	return scheme, v1alpha1.AddToScheme(scheme)
}

func (o *Options) scheme() (*runtime.Scheme, error) {
	scheme, err := Scheme()
	if err == nil && o.OwnTypes != nil {
		err = o.OwnTypes(scheme)
	}
	return scheme, err
}

func (o *Options) cacheOptions() (cache.Options, error) {
	configs, err := labels.Parse(o.ConfigsLabelSelector)
	if err != nil {
		return cache.Options{}, fmt.Errorf("--watch-configs-label-selector: %w", err)
	}
	options := cache.Options{
		DefaultTransform: cache.TransformStripManagedFields(),
		ByObject:         map[client.Object]cache.ByObject{&corev1.ConfigMap{}: {Label: configs}},
	}
	for _, ns := range o.Namespaces {
		if options.DefaultNamespaces == nil {
			options.DefaultNamespaces = map[string]cache.Config{}
		}
		options.DefaultNamespaces[ns] = cache.Config{}
	}
	return options, nil
}

// bare makes a manager without loops.
func (o *Options) bare(kube *rest.Config) (ctrl.Manager, error) {
	scheme, err := o.scheme()
	if err != nil {
		return nil, err
	}
	cached, err := o.cacheOptions()
	if err != nil {
		return nil, err
	}
	mgr, err := ctrl.NewManager(kube, ctrl.Options{
		Scheme: scheme,
		Cache:  cached,
		Client: client.Options{Cache: &client.CacheOptions{DisableFor: []client.Object{&corev1.Secret{}, &corev1.ConfigMap{}, &corev1.ServiceAccount{}}}},
		Metrics: metricsserver.Options{
			BindAddress:   o.MetricsAddr,
			ExtraHandlers: pprof.GetHandlers(),
		},
		HealthProbeBindAddress:        o.HealthAddr,
		LeaderElection:                o.LeaderElection.Enable,
		LeaderElectionReleaseOnCancel: o.LeaderElection.ReleaseOnCancel,
		LeaseDuration:                 &o.LeaderElection.LeaseDuration,
		RenewDeadline:                 &o.LeaderElection.RenewDeadline,
		RetryPeriod:                   &o.LeaderElection.RetryPeriod,
		LeaderElectionID:              "sagemaker-gitops-leader",
		LeaderElectionNamespace:       o.RuntimeNamespace,
		Logger:                        ctrl.Log,
		Controller:                    ctrlconfig.Controller{SkipNameValidation: new(true)},
	})
	if err != nil {
		return nil, fmt.Errorf("making the manager: %w", err)
	}
	if o.HealthAddr != "0" {
		probes.SetupChecks(mgr, ctrl.Log.WithName("probes"))
	}
	return mgr, nil
}

// New makes a manager with the loops of all kinds, ready to be started. It refuses a
// cluster name that is not the recorded one, or that AWS contradicts.
func New(ctx context.Context, kube *rest.Config, cloudConfig aws.Config, o Options) (ctrl.Manager, error) {
	mgr, err := o.bare(kube)
	if err != nil {
		return nil, err
	}
	recorder, err := events.NewRecorder(mgr, ctrl.Log, o.EventsAddr, reconcile.FieldOwner)
	if err != nil {
		return nil, fmt.Errorf("--events-addr: %w", err)
	}
	kinds, err := o.enabled()
	if err != nil {
		return nil, err
	}
	selector, err := labels.Parse(o.LabelSelector)
	if err != nil {
		return nil, fmt.Errorf("--watch-label-selector: %w", err)
	}
	if o.wants(modelDeployment) {
		kinds[modelDeployment] = deployment.Kind
	}
	options := reconcile.Options{
		Client:               mgr.GetClient(),
		Reader:               mgr.GetAPIReader(),
		Clients:              cloud.NewClients(cloudConfig, o.Clock, mgr.GetClient()),
		Observer:             cloud.NewObserver(o.Clock, o.ObserveInterval),
		Recorder:             recorder,
		Clock:                o.Clock,
		ClusterName:          o.ClusterName,
		Hashes:               o.Hashes,
		NamePrefix:           o.NamePrefix,
		DefaultTags:          o.DefaultTags,
		IgnoreTags:           o.IgnoreTags,
		DeletionPolicy:       v1alpha1.DeletionPolicy(o.DeletionPolicy),
		NoCrossNamespaceRefs: o.NoCrossNamespaceRefs,
		Endpoint:             o.SageMakerEndpointURL,
		Selector:             selector,
		Namespaces:           o.Namespaces,
		Workers:              o.Workers,
		Kinds:                kinds,
	}
	guard := nameGuard{&o, mgr.GetClient(), mgr.GetAPIReader(), mgr.GetScheme(), options}
	if err := guard.check(ctx); err != nil {
		return nil, err
	}
	if o.wants(modelPipeline) {
		kinds[modelPipeline] = pipeline.Kind
	}
	if err := reconcile.Setup(ctx, mgr, options); err != nil {
		return nil, err
	}
	if o.wants(modelDeployment) {
		if err := deployment.New(options).Setup(mgr); err != nil {
			return nil, fmt.Errorf("setting up %s: %w", modelDeployment, err)
		}
	}
	if o.wants(modelPipeline) {
		if err := pipeline.New(options).Setup(mgr); err != nil {
			return nil, fmt.Errorf("setting up %s: %w", modelPipeline, err)
		}
	}
	return mgr, nil
}
