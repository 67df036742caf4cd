package deployment

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	"k8s.io/client-go/util/jsonpath"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// refuse says what is wrong with a field of the spec.
func refuse(path, format string, args ...any) error {
	return reconcile.Refuse(reason.ValidationFailed, "%s %s", path, fmt.Sprintf(format, args...))
}

// check says what is wrong with a spec, by the path of the field: all that can be
// known before anything is made.
func check(d *v1alpha1.ModelDeployment) error {
	spec := &d.Spec
	for _, err := range []error{
		checkVariants("variants", spec, spec.Variants),
		checkVariants("shadowVariants", spec, spec.ShadowVariants),
		checkShadows(spec),
		checkServing(spec),
		checkComponents(spec),
		checkNames(spec),
		checkModels(spec),
		checkRollout(spec.Rollout),
		checkAlarmCount(spec),
		checkSmokeTests(spec),
	} {
		if err != nil {
			return err
		}
	}
	if spec.HandOverTo == d.Name {
		return refuse("handOverTo", "names the deployment itself")
	}
	return nil
}

func checkVariants(list string, spec *v1alpha1.ModelDeploymentSpec, of []v1alpha1.DeploymentVariant) error {
	for _, v := range of {
		path := fmt.Sprintf("%s[%s]", list, *v.VariantName)
		given := count(v.Model != nil, v.ModelName != nil, v.ModelRef != nil)
		switch {
		case given > 1:
			return refuse(path, "has more than one of model, modelName and modelRef")
		case given == 0 && !hosts(spec, *v.VariantName):
			return refuse(path, "has none of model, modelName and modelRef, and no component is placed on it")
		case given == 1 && hosts(spec, *v.VariantName):
			return refuse(path, "has a model of its own, so no component can be placed on it")
		case count(v.InstanceType != nil, v.ServerlessConfig != nil, len(v.InstancePools) > 0) != 1:
			return refuse(path, "needs one of instanceType, instancePools and serverlessConfig")
		case v.ServerlessConfig != nil && v.InitialInstanceCount != nil:
			return refuse(path, "is serverless, so it has no initialInstanceCount")
		case slices.ContainsFunc(v.InstancePools, func(p v1alpha1.InstancePool) bool { return p.ModelNameOverrideRef != nil }):
			return refuse(path+".instancePools", "refer to a Model, which is not followed here: give its name in AWS as modelNameOverride")
		}
		if err := checkScaling(path, v.Autoscaling, spec.AsyncInferenceConfig != nil); err != nil {
			return err
		}
		if v.Autoscaling != nil && v.ServerlessConfig != nil && v.ServerlessConfig.ProvisionedConcurrency == nil {
			return refuse(path, "is serverless: only its provisionedConcurrency can be scaled, and it has none")
		}
		if v.Autoscaling != nil && hosts(spec, *v.VariantName) {
			return refuse(path, "hosts components: scale those, and the instances by managedInstanceScaling")
		}
	}
	return nil
}

func checkShadows(spec *v1alpha1.ModelDeploymentSpec) error {
	for _, v := range spec.ShadowVariants {
		if v.Autoscaling != nil {
			return refuse(fmt.Sprintf("shadowVariants[%s].autoscaling", *v.VariantName), "is not for shadow variants")
		}
	}
	return nil
}

func hosts(spec *v1alpha1.ModelDeploymentSpec, variant string) bool {
	return slices.ContainsFunc(spec.Components, func(c v1alpha1.DeploymentComponent) bool { return placedOn(spec, c) == variant })
}

func placedOn(spec *v1alpha1.ModelDeploymentSpec, c v1alpha1.DeploymentComponent) string {
	if c.VariantName != "" {
		return c.VariantName
	}
	return *spec.Variants[0].VariantName
}

func isServerless(v v1alpha1.DeploymentVariant) bool { return v.ServerlessConfig != nil }

// checkServing says what cannot be served together.
func checkServing(spec *v1alpha1.ModelDeploymentSpec) error {
	if !slices.ContainsFunc(spec.Variants, isServerless) {
		return nil
	}
	switch {
	case len(spec.Variants) > 1:
		return refuse("variants", "has a serverless variant, which SageMaker takes only alone")
	case spec.AsyncInferenceConfig != nil:
		return refuse("asyncInferenceConfig", "is not for serverless variants")
	case len(spec.ShadowVariants) > 0:
		return refuse("shadowVariants", "are not for serverless variants")
	case spec.Rollout != nil && spec.Rollout.Strategy != "" && spec.Rollout.Strategy != v1alpha1.RolloutAllAtOnce:
		return refuse("rollout.strategy", "%s is not for serverless variants", spec.Rollout.Strategy)
	}
	return nil
}

func checkComponents(spec *v1alpha1.ModelDeploymentSpec) error {
	for _, c := range spec.Components {
		path := fmt.Sprintf("components[%s]", c.Name)
		s := c.Specification
		given := count(c.Model != nil, s.ModelName != nil, s.ModelRef != nil, s.Container != nil)
		switch {
		case given > 1:
			return refuse(path, "has more than one of model and specification.modelName, modelRef and container")
		case given == 0 && s.BaseInferenceComponentName == nil && s.BaseInferenceComponentRef == nil:
			return refuse(path, "has no model")
		case !slices.ContainsFunc(spec.Variants, func(v v1alpha1.DeploymentVariant) bool { return *v.VariantName == placedOn(spec, c) }):
			return refuse(path+".variantName", "%q is none of the variants", c.VariantName)
		}
		if err := checkScaling(path, c.Autoscaling, true); err != nil {
			return err
		}
	}
	return nil
}

// names are what the resources of parts are called, each with the path of the
// part.
type names map[string]string

func (n names) claim(kind, name, path string) error {
	name = kind + " " + strings.ToLower(name)
	if other, taken := n[name]; taken {
		return refuse(path, "would share a name with %s: call one of them otherwise, in more than upper and lower case", other)
	}
	n[name] = path
	return nil
}

func (n names) claimScaling(path, of string, a *v1alpha1.Autoscaling) error {
	if a == nil {
		return nil
	}
	if err := n.claim("target", of, path+".autoscaling"); err != nil {
		return err
	}
	for _, p := range a.Policies {
		if err := n.claim("policy", of+"-"+p.Name, fmt.Sprintf("%s.autoscaling.policies[%s]", path, p.Name)); err != nil {
			return err
		}
	}
	for _, s := range a.Schedules {
		if err := n.claim("schedule", of+"-"+s.Name, fmt.Sprintf("%s.autoscaling.schedules[%s]", path, s.Name)); err != nil {
			return err
		}
	}
	return nil
}

// checkNames says which parts would share a resource's name, of which only one
// could be.
func checkNames(spec *v1alpha1.ModelDeploymentSpec) error {
	taken := names{}
	for _, v := range spec.Variants {
		path := fmt.Sprintf("variants[%s]", *v.VariantName)
		if err := cmp.Or(taken.claim("variant", *v.VariantName, path), taken.claimScaling(path, *v.VariantName, v.Autoscaling)); err != nil {
			return err
		}
	}
	for _, v := range spec.ShadowVariants {
		if err := taken.claim("variant", *v.VariantName, fmt.Sprintf("shadowVariants[%s]", *v.VariantName)); err != nil {
			return err
		}
	}
	for _, c := range spec.Components {
		if err := taken.claimScaling(fmt.Sprintf("components[%s]", c.Name), c.Name, c.Autoscaling); err != nil {
			return err
		}
	}
	return nil
}

func checkScaling(path string, a *v1alpha1.Autoscaling, toZero bool) error {
	switch {
	case a == nil:
		return nil
	case a.MinCapacity > a.MaxCapacity:
		return refuse(path+".autoscaling", "has minCapacity %d over maxCapacity %d", a.MinCapacity, a.MaxCapacity)
	case a.MinCapacity == 0 && !toZero:
		return refuse(path+".autoscaling.minCapacity", "is 0: SageMaker scales only components and variants of asynchronous endpoints to zero")
	}
	for _, s := range a.Schedules {
		at := fmt.Sprintf("%s.autoscaling.schedules[%s]", path, s.Name)
		switch {
		case s.MinCapacity == nil && s.MaxCapacity == nil:
			return refuse(at, "needs minCapacity or maxCapacity")
		case s.MinCapacity != nil && s.MaxCapacity != nil && *s.MinCapacity > *s.MaxCapacity:
			return refuse(at, "has minCapacity %d over maxCapacity %d", *s.MinCapacity, *s.MaxCapacity)
		case s.MinCapacity != nil && *s.MinCapacity == 0 && !toZero:
			return refuse(at+".minCapacity", "is 0: SageMaker scales only components and variants of asynchronous endpoints to zero")
		}
	}
	return nil
}

func checkModels(spec *v1alpha1.ModelDeploymentSpec) error {
	for _, p := range places(spec) {
		m := p.model
		if m.PackageGroup == nil {
			if m.PrimaryContainer == nil && len(m.Containers) == 0 {
				return refuse(p.path, "needs primaryContainer, containers or packageGroup")
			}
			continue
		}
		if m.PrimaryContainer != nil && (m.PrimaryContainer.ModelPackageName != nil || m.PrimaryContainer.ModelPackageRef != nil) || len(m.Containers) > 0 {
			return refuse(p.path+".packageGroup", "stands beside another model: leave out containers, and primaryContainer's model package")
		}
		if _, err := versionsOf(m.PackageGroup); err != nil {
			return refuse(p.path+".packageGroup.versions", "%q: %s", m.PackageGroup.Versions, err)
		}
	}
	return nil
}

// versionsOf are the versions of a group that may be taken.
func versionsOf(g *v1alpha1.PackageGroupSource) (*semver.Constraints, error) {
	if g.Versions == "" {
		return semver.NewConstraint("*")
	}
	return semver.NewConstraint(g.Versions)
}

func checkAlarmCount(spec *v1alpha1.ModelDeploymentSpec) error {
	if spec.Rollout == nil || spec.Rollout.Alarms == nil {
		return nil
	}
	n := len(spec.Rollout.Alarms.Names) + len(alarmKinds(spec.Rollout.Alarms))*len(spec.Variants)
	if n > maxAlarms {
		return refuse("rollout.alarms", "are %d with those made for each variant: SageMaker watches at most %d", n, maxAlarms)
	}
	return nil
}

func checkSmokeTests(spec *v1alpha1.ModelDeploymentSpec) error {
	for _, t := range spec.SmokeTests {
		path := fmt.Sprintf("smokeTests[%s]", t.Name)
		switch {
		case spec.AsyncInferenceConfig != nil:
			return refuse(path, "asks an asynchronous endpoint, which does not answer at once")
		case t.Body != "" && t.BodyFrom != nil:
			return refuse(path, "has body and bodyFrom")
		case t.VariantName != "" && t.ComponentName != "":
			return refuse(path, "has variantName and componentName")
		case t.VariantName != "" && !slices.ContainsFunc(spec.Variants, func(v v1alpha1.DeploymentVariant) bool { return *v.VariantName == t.VariantName }):
			return refuse(path+".variantName", "%q is none of the variants", t.VariantName)
		case t.ComponentName != "" && !slices.ContainsFunc(spec.Components, func(c v1alpha1.DeploymentComponent) bool { return c.Name == t.ComponentName }):
			return refuse(path+".componentName", "%q is none of the components", t.ComponentName)
		case t.ComponentName == "" && len(spec.Components) > 0:
			return refuse(path, "needs componentName: the endpoint has components")
		}
		if t.JSONPath != "" && !strings.Contains(t.JSONPath, "{") {
			return refuse(path+".jsonPath", "is %q, which picks nothing: a path stands in braces, such as {.predictions[0]}", t.JSONPath)
		}
		if _, err := regexp.Compile(t.Matches); err != nil {
			return refuse(path+".matches", "is no regular expression: %s", err)
		}
		if _, err := jsonpath.Parse(t.Name, t.JSONPath); err != nil {
			return refuse(path+".jsonPath", "is %q: %s", t.JSONPath, err)
		}
	}
	return nil
}

func count(given ...bool) int {
	n := 0
	for _, is := range given {
		if is {
			n++
		}
	}
	return n
}
