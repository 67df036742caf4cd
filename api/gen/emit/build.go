package emit

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/field"
	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/handwritten"
	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/model"
)

// observed begins the name of a status struct whose shape specs use too. The
// two differ: nothing in a status is validated.
const observed = "Observed"

type builder struct {
	api     *model.API
	service kind.API
	hand    handwritten.Types
	pkg     *Package
	// suspect matches members that look like references.
	suspect *regexp.Regexp
	// inSpec are the shapes that specs reach. It is nil while specs are built.
	inSpec map[string]bool
	// used are the entries of the tables of references that matched.
	used map[string]bool
	// identity are the shape.member names of the kinds' own names.
	identity map[string]bool
}

// forStatus says whether status structs are being built.
func (b *builder) forStatus() bool { return b.inSpec != nil }

// identify notes the member that names the kind itself.
func (b *builder) identify(k kind.Kind) error {
	if k.Identity == "" {
		return nil
	}
	name, s, err := b.api.Input(k.Create())
	if err != nil {
		return err
	}
	if _, ok := s.Members[k.Identity]; !ok {
		return fmt.Errorf("shape %s has no member %s", name, k.Identity)
	}
	b.identity[name+"."+k.Identity] = true
	return nil
}

// structure plans the struct of a shape and of all it reaches, and returns the
// struct's name.
func (b *builder) structure(shape string) (string, error) {
	name := strings.ToUpper(shape[:1]) + shape[1:]
	if b.forStatus() && b.inSpec[name] {
		name = observed + name
	}
	if _, ok := b.pkg.Shapes[name]; ok {
		return name, nil
	}
	s, err := b.api.Shape(shape)
	if err != nil {
		return "", err
	}
	out := &Struct{Name: name, Doc: []string{
		name + " is a part of the AWS API.",
		"See " + b.link(shape) + ".",
	}}
	b.pkg.Shapes[name] = out
	if err := b.members(out, shape, s.MemberNames()); err != nil {
		return "", err
	}
	if s.Union && !b.forStatus() {
		names := make([]string, 0, len(out.Fields))
		for _, f := range out.Fields {
			names = append(names, f.JSON)
		}
		out.Markers = append(out.Markers, "+kubebuilder:validation:ExactlyOneOf="+strings.Join(names, ";"))
	}
	return name, nil
}

// members plans the fields for the named members of a shape, references
// included.
func (b *builder) members(out *Struct, shape string, names []string) error {
	s, err := b.api.Shape(shape)
	if err != nil {
		return err
	}
	for _, member := range names {
		ref, ok := s.Members[member]
		if !ok {
			return fmt.Errorf("shape %s has no member %s", shape, member)
		}
		f, err := b.field(member, ref.Shape)
		if err != nil {
			return fmt.Errorf("%s.%s: %w", shape, member, err)
		}
		f.Doc = fmt.Sprintf("AWS API: %s.%s.", apiName(shape), member)
		if b.forStatus() {
			out.Fields = append(out.Fields, f)
			continue
		}
		more, err := b.withReference(out, shape, f, s.Requires(member))
		if err != nil {
			return err
		}
		out.Fields = append(out.Fields, more...)
	}
	return distinct(out, nil)
}

func (b *builder) field(member, shape string) (Field, error) {
	json, err := field.Name(member)
	if err != nil {
		return Field{}, err
	}
	f := Field{Member: member, JSON: json}
	if f.Type, err = b.goType(&f, shape); err != nil {
		return Field{}, err
	}
	if f.Lists == 0 && !f.Map {
		f.Type = "*" + f.Type
	}
	if b.forStatus() {
		return f, nil
	}
	if f.Map {
		if f.Values, err = b.values(shape); err != nil {
			return Field{}, err
		}
	}
	f.Markers, err = b.constraints(shape, "")
	return f, err
}

// goType is the Go type of a value, without the pointer a field has.
func (b *builder) goType(f *Field, shape string) (string, error) {
	s, err := b.api.Shape(shape)
	if err != nil {
		return "", err
	}
	switch s.Type {
	case model.String:
		return "string", nil
	case model.Boolean:
		return "bool", nil
	case model.Integer:
		return "int32", nil
	case model.Long:
		return "int64", nil
	case model.Float, model.Double:
		return "float64", nil
	case model.Timestamp:
		return "metav1.Time", nil
	case model.List:
		f.Lists++
		element, err := b.goType(f, s.Member.Shape)
		return "[]" + element, err
	case model.Map:
		f.Map = true
		value, err := b.goType(f, s.Value.Shape)
		return "map[string]" + value, err
	case model.Structure:
		f.Shape, err = b.structure(shape)
		return f.Shape, err
	}
	return "", fmt.Errorf("shape %s has the type %s, which no field can hold", shape, s.Type)
}

// distinct refuses two fields whose JSON names differ at most in case, and
// names that are taken already.
func distinct(s *Struct, taken []string) error {
	seen := map[string]string{}
	for _, name := range taken {
		seen[strings.ToLower(name)] = name
	}
	for _, f := range s.Fields {
		key := strings.ToLower(f.JSON)
		if other, ok := seen[key]; ok {
			return fmt.Errorf("%s: field %s collides with %s", s.Name, f.JSON, other)
		}
		seen[key] = f.JSON
	}
	return nil
}

// apiName is the name by which the API reference knows a shape: the inputs and
// outputs of operations have their operation's.
func apiName(shape string) string {
	for _, verb := range []string{"Create", "Delete", "Describe", "List", "Put", "Register", "Start", "Update"} {
		if !strings.HasPrefix(shape, verb) {
			continue
		}
		for _, suffix := range []string{"Request", "Input", "Response", "Output"} {
			if name, ok := strings.CutSuffix(shape, suffix); ok {
				return name
			}
		}
	}
	return shape
}

// link leads to a shape in the API reference.
func (b *builder) link(shape string) string {
	docs, title := b.service.Docs, shape
	if s, ok := b.api.Shapes[shape]; ok && s.Docs != "" {
		docs, title = s.Docs, s.Title
	}
	return docs + "API_" + apiName(title) + ".html"
}

// without returns the names that are not among the others.
func without(names, others []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return slices.Contains(others, name)
	})
}
