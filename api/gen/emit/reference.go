package emit

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/field"
	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/model"
)

// suspects matches members that end in the name, ARN or id of one of the kinds.
func suspects(kinds []kind.Kind) *regexp.Regexp {
	names := make([]string, 0, len(kinds))
	for _, k := range kinds {
		names = append(names, k.Name)
	}
	return regexp.MustCompile(`(` + strings.Join(names, "|") + `)(Name|Arn|Id)s?$`)
}

// withReference returns the field and, where it names another kind, the
// reference beside it. A field with a reference is never required on its own:
// then one of the two is.
func (b *builder) withReference(out *Struct, shape string, f Field, required bool) ([]Field, error) {
	name := shape + "." + f.Member
	target, ok := b.service.References[name]
	if !ok {
		if err := b.explained(name, f); err != nil {
			return nil, err
		}
		if required && !b.made(name) {
			f.Markers = append(f.Markers, "+required")
		} else {
			f.Markers = append(f.Markers, "+optional")
		}
		return []Field{f}, nil
	}
	if f.Type != "*string" {
		return nil, fmt.Errorf("%s is of type %s and cannot be filled from a reference", name, f.Type)
	}
	b.used[name] = true
	f.Markers = append(f.Markers, "+optional")
	json := target.Field
	if json == "" {
		json = field.Reference(f.JSON)
	}
	reference := Field{
		JSON:    json,
		Type:    "*Reference",
		Doc:     fmt.Sprintf("Stands for %s.", f.JSON),
		Markers: []string{"+optional"},
		Target:  &target,
		Fills:   f.JSON,
	}
	if target.Type != "" {
		reference.Type = "*" + target.Type
	}
	out.Markers = append(out.Markers, oneOf(f.JSON, reference.JSON, required))
	return []Field{f, reference}, nil
}

// made says whether the controller makes the member, given as shape.member,
// where the spec has none: the object's name, or a token.
func (b *builder) made(name string) bool {
	_, member, _ := strings.Cut(name, ".")
	return b.identity[name] || slices.Contains(b.service.Tokens, member)
}

// explained refuses a member that looks like a reference to one of our kinds
// and stands in no table.
func (b *builder) explained(name string, f Field) error {
	if _, ok := b.service.NotReferences[name]; ok {
		b.used[name] = true
		return nil
	}
	if b.identity[name] || !b.suspect.MatchString(f.Member) {
		return nil
	}
	return fmt.Errorf("%s looks like a reference: put it into References or NotReferences", name)
}

func oneOf(x, y string, required bool) string {
	rule, word := fmt.Sprintf("!has(self.%s) || !has(self.%s)", x, y), "at most"
	if required {
		rule, word = fmt.Sprintf("has(self.%s) != has(self.%s)", x, y), "exactly"
	}
	return fmt.Sprintf("+kubebuilder:validation:XValidation:rule=%q,message=%q",
		rule, fmt.Sprintf("%s one of %s and %s", word, x, y))
}

// Reference is a reference field of a kind, with paths from the spec.
type Reference struct {
	Path, Fills string
	Target      kind.Target
}

// References lists the reference fields of a resource at every depth, in the
// order of their paths.
func (p *Package) References(r *Resource) ([]Reference, error) {
	found := map[string]Reference{}
	var failed error
	p.walk(r.Spec, place{}, func(at place, f Field) {
		if f.Target == nil {
			return
		}
		if at.inMap {
			failed = fmt.Errorf("%s: %s%s is in a map, which a path cannot say", r.Kind.Name, at.prefix, f.JSON)
		}
		found[at.prefix+f.JSON] = Reference{Path: at.prefix + f.JSON, Fills: at.prefix + f.Fills, Target: *f.Target}
	})
	for _, own := range r.Kind.References {
		found[own.Path] = Reference{Path: own.Path, Fills: own.Fills, Target: own.Target}
	}
	out := make([]Reference, 0, len(found))
	for _, path := range sortedKeys(found) {
		out = append(out, found[path])
	}
	return out, failed
}

// MapValues lists the constraints on the values of a resource's maps, by path
// from the spec.
func (p *Package) MapValues(r *Resource) map[string]model.Constraint {
	found := map[string]model.Constraint{}
	p.walk(r.Spec, place{}, func(at place, f Field) {
		if f.Values != (model.Constraint{}) {
			found[at.prefix+f.JSON] = f.Values
		}
	})
	return found
}
