package deployment

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
)

// place is a model of a spec: what it is for, and where it stands, which nothing
// else does.
type place struct {
	name, path string
	model      *v1alpha1.DeploymentModel
}

func modelPath(list, name string) string { return fmt.Sprintf("%s[%s].model", list, name) }

// places are the models that a spec asks to make.
func places(spec *v1alpha1.ModelDeploymentSpec) []place {
	var all []place
	add := func(list, name string, model *v1alpha1.DeploymentModel) {
		if model != nil {
			all = append(all, place{name: name, path: modelPath(list, name), model: model})
		}
	}
	for _, v := range spec.Variants {
		add("variants", *v.VariantName, v.Model)
	}
	for _, v := range spec.ShadowVariants {
		add("shadowVariants", *v.VariantName, v.Model)
	}
	for _, c := range spec.Components {
		add("components", c.Name, c.Model)
	}
	return all
}

// renderer makes the custom resources of one deployment.
type renderer struct {
	deployment *v1alpha1.ModelDeployment
	// cluster is the configured name of the cluster.
	cluster string
	// control are the control fields of all children.
	control v1alpha1.Control
	// hashes make digests, and made are the names of revisions that there are.
	hashes identity.Hashes
	made   []string
	// owns tells whether AWS has the revision of a name; nil if nobody can tell.
	owns func(k reconcile.Kind, name string) (bool, error)
}

func newRenderer(d *v1alpha1.ModelDeployment, cluster string, retain bool) renderer {
	c := v1alpha1.Control{
		Region: d.Spec.Region, ServiceAccountName: d.Spec.ServiceAccountName, AssumeRole: d.Spec.AssumeRole,
		DeletionPolicy: v1alpha1.DeletionDelete,
	}
	if retain {
		c.DeletionPolicy = v1alpha1.DeletionRetain
	}
	return renderer{deployment: d, cluster: cluster, control: c}
}

// modelSpec is the spec of the Model that a place asks for, before its sources
// are found.
func (r renderer) modelSpec(p place) v1alpha1.ModelSpec {
	spec := r.deployment.Spec
	m := p.model.DeepCopy()
	return v1alpha1.ModelSpec{
		Control: r.control, DriftControl: spec.DriftControl,
		PrimaryContainer: m.PrimaryContainer, Containers: m.Containers,
		ExecutionRoleARN:         cmp.Or(m.ExecutionRoleARN, spec.ExecutionRoleARN),
		VpcConfig:                cmp.Or(m.VpcConfig, spec.VpcConfig),
		EnableNetworkIsolation:   cmp.Or(m.EnableNetworkIsolation, spec.EnableNetworkIsolation),
		InferenceExecutionConfig: m.InferenceExecutionConfig,
		Tags:                     spec.Tags,
	}
}

// model makes the Model of a place whose spec has no references any more.
func (r renderer) model(p place, spec v1alpha1.ModelSpec) (*v1alpha1.Model, error) {
	m := &v1alpha1.Model{Spec: spec}
	name, err := r.revisionName(kind.Model, m, r.deployment.Name+"-"+p.name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.path, err)
	}
	m.Name, m.Spec.ModelName = name, &name
	return m, nil
}

// revisionName is the name of a revision, here and in AWS: <prefix>-<digest>.
func (r renderer) revisionName(k reconcile.Kind, obj reconcile.Object, prefix string) (string, error) {
	spec, err := reconcile.Spec(obj)
	if err != nil {
		return "", err
	}
	owner := identity.Owner{Cluster: r.cluster, Namespace: r.deployment.Namespace, Kind: k.Kind(), Name: strings.ToLower(prefix)}
	digests, err := k.Digests(r.hashes, owner, spec)
	if err != nil {
		return "", err
	}
	names := make([]string, len(digests))
	for i, digest := range digests {
		names[i] = identity.RunName(owner, digest, 1, identity.MaxName)
		if slices.Contains(r.made, names[i]) {
			return names[i], nil
		}
	}
	for _, name := range names[1:] { // of which a cluster that is built anew has no resource
		if r.owns == nil {
			break
		}
		if there, err := r.owns(k, name); err != nil || there {
			return name, err
		}
	}
	return names[0], nil
}

// config makes the EndpointConfig that serves the given models: those made, by
// the paths of their places, and those of other resources, by variant.
func (r renderer) config(made, others map[string]string) (*v1alpha1.EndpointConfig, error) {
	spec := r.deployment.Spec.DeepCopy()
	c := &v1alpha1.EndpointConfig{Spec: v1alpha1.EndpointConfigSpec{
		Control: r.control, DriftControl: spec.DriftControl,
		ProductionVariants:       variants("variants", spec.Variants, made, others),
		ShadowProductionVariants: variants("shadowVariants", spec.ShadowVariants, made, others),
		AsyncInferenceConfig:     spec.AsyncInferenceConfig, DataCaptureConfig: spec.DataCaptureConfig,
		ExplainerConfig: spec.ExplainerConfig, MetricsConfig: spec.MetricsConfig, KmsKeyID: spec.KmsKeyID,
		Tags: spec.Tags,
	}}
	if len(spec.Components) > 0 {
		c.Spec.ExecutionRoleARN, c.Spec.VpcConfig, c.Spec.EnableNetworkIsolation = spec.ExecutionRoleARN, spec.VpcConfig, spec.EnableNetworkIsolation
	}
	name, err := r.revisionName(kind.EndpointConfig, c, r.deployment.Name)
	if err != nil {
		return nil, err
	}
	c.Name, c.Spec.EndpointConfigName = name, &name
	return c, nil
}

func variants(list string, of []v1alpha1.DeploymentVariant, made, others map[string]string) []v1alpha1.ProductionVariant {
	if len(of) == 0 {
		return nil
	}
	all := make([]v1alpha1.ProductionVariant, 0, len(of))
	for _, v := range of {
		switch {
		case v.Model != nil:
			v.ModelName = new(made[modelPath(list, *v.VariantName)])
		case v.ModelRef != nil:
			v.ModelName, v.ModelRef = new(others[*v.VariantName]), nil
		}
		all = append(all, v.ProductionVariant)
	}
	return all
}

// endpointResource is the name of the Endpoint resource.
func endpointResource(d *v1alpha1.ModelDeployment) string {
	if d.Spec.EndpointName != nil {
		return strings.ToLower(*d.Spec.EndpointName)
	}
	return d.Name
}

// endpoint makes the Endpoint that serves a configuration. alarms are those that
// take a roll-out back.
func (r renderer) endpoint(config string, alarms []string) *v1alpha1.Endpoint {
	spec := r.deployment.Spec.DeepCopy()
	control := r.control
	control.AdoptionPolicy = spec.AdoptionPolicy
	e := &v1alpha1.Endpoint{Spec: v1alpha1.EndpointSpec{
		Control: control, DriftControl: spec.DriftControl,
		EndpointName: spec.EndpointName, EndpointConfigName: &config,
		DeploymentConfig: deploymentConfig(spec.Rollout, alarms),
		Tags:             spec.Tags,
	}}
	if spec.Rollout != nil {
		e.Spec.RetainAllVariantProperties = spec.Rollout.RetainAllVariantProperties
		e.Spec.ExcludeRetainedVariantProperties = spec.Rollout.ExcludeRetainedVariantProperties
	}
	e.Name = endpointResource(r.deployment)
	if plan := r.deployment.Annotations[v1alpha1.AnnotationPlan]; plan != "" {
		e.Annotations = map[string]string{v1alpha1.AnnotationPlan: plan}
	}
	return e
}

// components makes the InferenceComponents of the endpoint with the models made,
// by the paths of their places.
func (r renderer) components(endpoint string, models map[string]string) ([]*v1alpha1.InferenceComponent, error) {
	wanted := r.deployment.Spec.DeepCopy().Components
	all := make([]*v1alpha1.InferenceComponent, 0, len(wanted))
	for _, c := range wanted {
		name := componentName(endpoint, c.Name)
		if err := identity.CheckName(name, identity.MaxName); err != nil {
			return nil, refuse(fmt.Sprintf("components[%s].name", c.Name), "stands behind the endpoint's: %s", err)
		}
		if c.Model != nil {
			c.Specification.ModelName = new(models[modelPath("components", c.Name)])
		}
		made := &v1alpha1.InferenceComponent{Spec: v1alpha1.InferenceComponentSpec{
			Control: r.control, DriftControl: r.deployment.Spec.DriftControl,
			EndpointRef:            &v1alpha1.Reference{Name: endpointResource(r.deployment)},
			InferenceComponentName: &name,
			Specification:          &c.Specification, DeploymentConfig: c.DeploymentConfig,
			VariantName: new(cmp.Or(c.VariantName, *r.deployment.Spec.Variants[0].VariantName)),
			Tags:        r.deployment.Spec.Tags,
		}}
		if c.CopyCount != nil {
			made.Spec.RuntimeConfig = &v1alpha1.InferenceComponentRuntimeConfig{CopyCount: c.CopyCount}
		}
		made.Name = r.deployment.Name + "-" + c.Name
		all = append(all, made)
	}
	return all, nil
}

// componentName is the AWS name of a component.
func componentName(endpoint, component string) string { return endpoint + "-" + component }

// uses are the models of a configuration, as history keeps them.
func uses(models []*v1alpha1.Model) []v1alpha1.ConsumedReference {
	all := make([]v1alpha1.ConsumedReference, 0, len(models))
	for _, m := range models {
		all = append(all, v1alpha1.ConsumedReference{Kind: "Model", Namespace: m.Namespace, Name: m.Name, AWSName: m.Name})
	}
	return all
}

// typed makes a struct of a tree.
func typed[T any](tree map[string]any) (*T, error) {
	var into T
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(tree, &into); err != nil {
		return nil, fmt.Errorf("reading what was resolved: %w", err)
	}
	return &into, nil
}

// seconds is a duration as SageMaker takes it; nil if there is none.
func seconds(d *metav1.Duration) *int32 {
	if d == nil {
		return nil
	}
	return new(int32(d.Seconds()))
}
