package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/controller-tools/pkg/crd"
	"sigs.k8s.io/controller-tools/pkg/genall"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/model"
)

// generator makes CRDs as crd.Generator does, with two differences: it adds
// the constraints on the values of maps, and it leaves out the annotation with
// its own version, which depends on how this program was built.
type generator struct {
	crd.Generator
	values Values
}

// Generate writes one file per kind.
func (g generator) Generate(ctx *genall.GenerationContext) error {
	// Floats are dangerous where clients in other languages round them. AWS
	// has them, so we have them.
	parser := &crd.Parser{Collector: ctx.Collector, Checker: ctx.Checker, AllowDangerousTypes: true}
	crd.AddKnownTypes(parser)
	for _, root := range ctx.Roots {
		parser.NeedPackage(root)
	}
	options := []*genall.WriteYAMLOptions{
		genall.WithTransform(withoutStatus),
		genall.WithTransform(genall.TransformRemoveCreationTimestamp),
	}
	for _, kind := range crd.FindKubeKinds(parser, crd.FindMetav1(ctx.Roots)) {
		parser.NeedCRDFor(kind, nil)
		out := parser.CustomResourceDefinitions[kind]
		crd.FixTopLevelMetadata(out)
		if err := constrain(&out, g.values[kind.Kind]); err != nil {
			return fmt.Errorf("%s: %w", kind.Kind, err)
		}
		name := out.Spec.Group + "_" + out.Spec.Names.Plural + ".yaml"
		if err := ctx.WriteYAML(name, "", []any{out}, options...); err != nil {
			return err
		}
	}
	return nil
}

func withoutStatus(crd map[string]any) error {
	delete(crd, "status")
	return nil
}

// constrain adds the constraints on the values of the maps at the given paths.
func constrain(out *apiextensionsv1.CustomResourceDefinition, values map[string]model.Constraint) error {
	for _, version := range out.Spec.Versions {
		spec := version.Schema.OpenAPIV3Schema.Properties["spec"]
		for path, c := range values {
			if err := constrainAt(spec, strings.Split(path, "."), c); err != nil {
				return fmt.Errorf("spec.%s: %w", path, err)
			}
		}
	}
	return nil
}

// constrainAt walks down to a map. The copies of schemas it makes on the way
// share their contents with the originals.
func constrainAt(at apiextensionsv1.JSONSchemaProps, path []string, c model.Constraint) error {
	for _, step := range path {
		name := strings.TrimRight(step, "[]")
		next, ok := at.Properties[name]
		if !ok {
			return fmt.Errorf("the schema has no property %s", name)
		}
		for range strings.Count(step, "[]") {
			if next.Items == nil || next.Items.Schema == nil {
				return fmt.Errorf("property %s is no list", name)
			}
			next = *next.Items.Schema
		}
		at = next
	}
	if at.AdditionalProperties == nil || at.AdditionalProperties.Schema == nil {
		return errors.New("the property is no map")
	}
	value := at.AdditionalProperties.Schema
	value.Pattern = c.Pattern
	if err := setLength(&value.MinLength, c.Min); err != nil {
		return err
	}
	return setLength(&value.MaxLength, c.Max)
}

// setLength sets a bound of a string's length. None and 0 say nothing.
func setLength(bound **int64, n json.Number) error {
	if n == "" || n == "0" {
		return nil
	}
	v, err := n.Int64()
	if err != nil {
		return err
	}
	*bound = &v
	return nil
}
