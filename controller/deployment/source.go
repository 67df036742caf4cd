package deployment

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// sources are what references and package groups stand for at the moment.
type sources struct {
	// models are the specs of the wanted models, without references, by the
	// paths of their places.
	models map[string]v1alpha1.ModelSpec
	// names are the models of variants that refer to a Model, by variant.
	names    map[string]string
	consumed []v1alpha1.ConsumedReference
	// waiting says what has not been found yet.
	waiting string
}

// find resolves everything in the spec that names something else.
func (r *Reconciler) find(ctx context.Context, round *reconcile.Round, d *v1alpha1.ModelDeployment, render renderer) (sources, error) {
	found := sources{models: map[string]v1alpha1.ModelSpec{}, names: map[string]string{}}
	for _, p := range places(&d.Spec) {
		spec := render.modelSpec(p)
		if g := p.model.PackageGroup; g != nil {
			arn, waiting, err := r.newest(ctx, round, p.path+".packageGroup", g)
			if err != nil || waiting != "" {
				return sources{waiting: waiting}, err
			}
			if spec.PrimaryContainer == nil {
				spec.PrimaryContainer = &v1alpha1.ContainerDefinition{}
			}
			spec.PrimaryContainer.ModelPackageName = &arn
		}
		resolved, waiting, err := r.resolved(ctx, round, p.path, &spec, &found.consumed)
		if err != nil || waiting != "" {
			return sources{waiting: waiting}, err
		}
		if err := r.approved(ctx, round, d, render, p, resolved); err != nil {
			return sources{}, err
		}
		found.models[p.path] = *resolved
	}
	waiting, err := r.variantModels(ctx, round, d, &found)
	found.waiting = waiting
	return found, err
}

// resolved is a Model's spec with its references replaced.
func (r *Reconciler) resolved(
	ctx context.Context, round *reconcile.Round, at string, spec *v1alpha1.ModelSpec, consumed *[]v1alpha1.ConsumedReference,
) (*v1alpha1.ModelSpec, string, error) {
	tree, err := reconcile.Spec(&v1alpha1.Model{Spec: *spec})
	if err != nil {
		return nil, "", err
	}
	took, waiting, err := round.Resolve(ctx, kind.Model, tree)
	if err != nil || waiting != "" {
		return nil, prefixed(at, waiting), wrap(at, err)
	}
	for _, ref := range took {
		if ref.Name != "" {
			ref.Path = at + "." + ref.Path
			*consumed = append(*consumed, ref)
		}
	}
	out, err := typed[v1alpha1.ModelSpec](tree)
	if err != nil {
		return nil, "", err
	}
	out.Control, out.DriftControl, out.RevisionControl = spec.Control, spec.DriftControl, spec.RevisionControl
	return out, "", nil
}

func prefixed(at, text string) string {
	if text == "" {
		return ""
	}
	return at + "." + text
}

func wrap(at string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", at, err)
}

// variantModels finds the models of variants that refer to one.
func (r *Reconciler) variantModels(ctx context.Context, round *reconcile.Round, d *v1alpha1.ModelDeployment, found *sources) (string, error) {
	lists := map[string][]v1alpha1.DeploymentVariant{"variants": d.Spec.Variants, "shadowVariants": d.Spec.ShadowVariants}
	for _, list := range []string{"variants", "shadowVariants"} {
		for _, v := range lists[list] {
			if v.ModelRef == nil {
				continue
			}
			tree := shape.Tree{"productionVariants": []any{map[string]any{"modelRef": map[string]any{"name": v.ModelRef.Name, "namespace": v.ModelRef.Namespace}}}}
			took, waiting, err := round.Resolve(ctx, kind.EndpointConfig, tree)
			at := fmt.Sprintf("%s[%s].modelRef", list, *v.VariantName)
			if err != nil || waiting != "" {
				return prefixed(at, waiting), wrap(at, err)
			}
			for _, ref := range took {
				ref.Path = at
				found.consumed = append(found.consumed, ref)
				found.names[*v.VariantName] = ref.Value
			}
		}
	}
	return "", nil
}

// newest is the newest approved version of a group that the spec lets pass.
func (r *Reconciler) newest(ctx context.Context, round *reconcile.Round, at string, g *v1alpha1.PackageGroupSource) (arn, waiting string, err error) {
	group := ""
	if g.ModelPackageGroupName != nil {
		group = *g.ModelPackageGroupName
	}
	if g.ModelPackageGroupRef != nil {
		tree := shape.Tree{"modelPackageGroupRef": map[string]any{"name": g.ModelPackageGroupRef.Name, "namespace": g.ModelPackageGroupRef.Namespace}}
		if _, waiting, err := round.Resolve(ctx, kind.ModelPackage, tree); err != nil || waiting != "" {
			return "", prefixed(at, waiting), wrap(at, err)
		}
		group = shape.String(tree, "modelPackageGroupName")
	}
	allowed, err := versionsOf(g)
	if err != nil {
		return "", "", refuse(at+".versions", "%q: %s", g.Versions, err)
	}
	client, err := round.Client(ctx)
	if err != nil {
		return "", "", err
	}
	request := shape.Tree{
		"ModelPackageGroupName": group, "ModelApprovalStatus": "Approved",
		"SortBy": "CreationTime", "SortOrder": "Descending", "MaxResults": int64(100),
	}
	for {
		answer, err := cloud.ListModelPackages.Call(ctx, client, request)
		if err != nil {
			return "", "", fmt.Errorf("%s: %w", at, err)
		}
		if arn := firstAllowed(answer, allowed); arn != "" {
			return arn, "", nil
		}
		next := shape.String(answer, "NextToken")
		if next == "" {
			return "", fmt.Sprintf("%s: no approved version in model package group %s", at, group), nil
		}
		request["NextToken"] = next
	}
}

// firstAllowed is the ARN of the first listed version that may be taken. A
// version is the last part of its ARN.
func firstAllowed(answer shape.Tree, allowed *semver.Constraints) string {
	list, _ := answer["ModelPackageSummaryList"].([]any)
	for _, item := range list {
		one, _ := item.(map[string]any)
		arn := shape.String(one, "ModelPackageArn")
		version, err := semver.NewVersion(path.Base(arn))
		if err == nil && allowed.Check(version) && shape.String(one, "ModelApprovalStatus") == "Approved" {
			return arn
		}
	}
	return ""
}

// approved refuses a model package that nobody has approved, before anything is
// made of it. One that a model was made of is not asked about again.
func (r *Reconciler) approved(
	ctx context.Context, round *reconcile.Round, d *v1alpha1.ModelDeployment, render renderer, p place, spec *v1alpha1.ModelSpec,
) error {
	if spec.PrimaryContainer == nil || spec.PrimaryContainer.ModelPackageName == nil || p.model.PackageGroup != nil {
		return nil
	}
	name := *spec.PrimaryContainer.ModelPackageName
	model, err := render.model(p, *spec)
	if err != nil {
		return err
	}
	if exists, err := r.family(d).Get(ctx, &v1alpha1.Model{}, model.Name); err != nil || exists {
		return err
	}
	client, err := round.Client(ctx)
	if err != nil {
		return err
	}
	answer, err := cloud.DescribeModelPackage.Call(ctx, client, shape.Tree{"ModelPackageName": name})
	if cloud.Classify(err) == cloud.NotFound {
		return reconcile.Refuse(reason.NotFound, "%s (%s.primaryContainer.modelPackageName)", cloud.Message(err), p.path)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", p.path, err)
	}
	status := shape.String(answer, "ModelApprovalStatus")
	if status != "" && status != "Approved" && strings.Contains(name, "/") {
		return reconcile.Refuse(reason.Rejected, "model package %s is %s, and only approved versions are deployed (%s)", name, status, p.path)
	}
	return nil
}
