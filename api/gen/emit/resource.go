package emit

import (
	"fmt"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/field"
	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/kind"
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
	return out
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
	if len(k.More) > 0 {
		shape, _, err := b.api.Input(k.Update())
		if err != nil {
			return nil, err
		}
		if err := b.members(s, shape, k.More); err != nil {
			return nil, err
		}
	}
	r := &Resource{Kind: k, Spec: s}
	if k.Lifecycle == kind.Job && k.Identity != "" {
		if err := ownNameOrRerun(s, k.Identity); err != nil {
			return nil, err
		}
	}
	for _, name := range input.Required {
		r.Required = r.Required || !b.made(shape+"."+name)
	}
	return r, b.free(s)
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
	shape, output, err := b.api.Output(k.Describe())
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
