package emit

import (
	"fmt"
	"slices"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/field"
	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/model"
)

const (
	commonStatus = "CommonStatus"
	metadata     = "ResultMetadata"
)

// controls are the hand-written structs inlined in a kind's spec.
func controls(k kind.Kind) []string {
	out := []string{"Control"}
	switch k.Lifecycle {
	case kind.Job:
		out = append(out, "JobControl")
	case kind.Revision:
		out = append(out, "DriftControl", "RevisionControl")
	case kind.Registry, kind.Service:
		out = append(out, "DriftControl")
	}
	if k.ServerMade {
		out = append(out, "ExternalIDControl")
	}
	return append(out, k.Controls...)
}

// spec plans a kind's spec: the members of its Create input, and the few of
// its Update input that the table names.
func (b *builder) spec(k kind.Kind) (*Resource, error) {
	shape, input, err := b.api.Input(k.Create())
	if err != nil {
		return nil, err
	}
	s := &Struct{
		Name:     k.Name + "Spec",
		Doc:      []string{fmt.Sprintf("%sSpec is what %s takes, with references and control fields.", k.Name, k.Create())},
		Embedded: controls(k),
	}
	if err := b.members(s, shape, input.MemberNames()); err != nil {
		return nil, err
	}
	for _, operation := range sortedKeys(k.More) {
		shape, _, err := b.api.Input(operation)
		if err != nil {
			return nil, err
		}
		if err := b.members(s, shape, k.More[operation]); err != nil {
			return nil, err
		}
		if err := b.optional(s, k.More[operation]); err != nil {
			return nil, err
		}
	}
	if err := b.optional(s, k.Completed); err != nil {
		return nil, err
	}
	for _, rule := range k.Rules {
		s.Markers = append(s.Markers, fmt.Sprintf("+kubebuilder:validation:XValidation:rule=%q,message=%q", rule[0], rule[1]))
	}
	r := &Resource{Kind: k, Spec: s, Link: b.link(shape)}
	if k.Lifecycle == kind.Job && k.Identity != "" {
		if err := ownNameOrRerun(s, k.Identity); err != nil {
			return nil, err
		}
	}
	for _, name := range input.Required {
		r.Required = r.Required || !b.made(shape+"."+name) && !slices.Contains(k.Completed, name)
	}
	return r, b.free(s)
}

// optional makes optional what the controller completes, and what only other
// operations than Create require.
func (b *builder) optional(s *Struct, members []string) error {
	for _, member := range members {
		i := slices.IndexFunc(s.Fields, func(f Field) bool { return f.Member == member })
		if i < 0 {
			return fmt.Errorf("%s has no member %s", s.Name, member)
		}
		s.Fields[i].Markers = append(without(s.Fields[i].Markers, []string{"+required", "+optional"}), "+optional")
	}
	return nil
}

// told is the shape that describes one object.
func (b *builder) told(k kind.Kind) (string, *model.Shape, error) {
	if k.Element == "" {
		return b.api.Output(k.Describe())
	}
	s, err := b.api.Shape(k.Element)
	return k.Element, s, err
}

// more adds to a status what other operations tell.
func (b *builder) more(s *Struct, k kind.Kind) error {
	for _, t := range k.Told {
		shape, output, err := b.api.Output(t.Operation)
		if err != nil {
			return err
		}
		ref, ok := output.Members[t.Member]
		if !ok {
			return fmt.Errorf("shape %s has no member %s", shape, t.Member)
		}
		f, err := b.field(t.As, ref.Shape)
		if err != nil {
			return err
		}
		f.Doc = fmt.Sprintf("AWS API: %s.%s.", t.Operation, t.Member)
		s.Fields = append(s.Fields, f)
	}
	return nil
}

// ownNameOrRerun refuses a job that asks for a new run under the same name.
func ownNameOrRerun(s *Struct, identity string) error {
	name, err := field.Name(identity)
	if err != nil {
		return err
	}
	s.Markers = append(s.Markers, fmt.Sprintf("+kubebuilder:validation:XValidation:rule=%q,message=%q",
		fmt.Sprintf("!has(self.rerun) || !has(self.%s)", name),
		fmt.Sprintf("rerun needs a new name for every run: leave out %s", name)))
	return nil
}

// status plans a kind's status: the members of its Describe output that are
// not in its spec.
func (b *builder) status(r *Resource) error {
	k := r.Kind
	shape, output, err := b.told(k)
	if err != nil {
		return err
	}
	taken := []string{metadata}
	for _, f := range r.Spec.Fields {
		taken = append(taken, f.Member)
	}
	r.Status = &Struct{
		Name:     k.Name + "Status",
		Doc:      []string{fmt.Sprintf("%sStatus is what %s tells beyond the spec, and what the controller knows.", k.Name, k.Describe())},
		Embedded: []string{commonStatus},
	}
	if err := b.members(r.Status, shape, without(output.MemberNames(), taken)); err != nil {
		return err
	}
	if err := b.more(r.Status, k); err != nil {
		return err
	}
	if k.Status != "" {
		if _, ok := output.Members[k.Status]; !ok {
			return fmt.Errorf("shape %s has no member %s", shape, k.Status)
		}
		if r.State, err = field.Name(k.Status); err != nil {
			return err
		}
	}
	return b.free(r.Status)
}

// free refuses fields that collide with those of the embedded structs.
func (b *builder) free(s *Struct) error {
	var taken []string
	for _, name := range s.Embedded {
		names, err := b.hand.JSONNames(name)
		if err != nil {
			return err
		}
		taken = append(taken, names...)
	}
	return distinct(s, taken)
}
