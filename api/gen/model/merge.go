package model

import "fmt"

// Merge adds the operations and shapes of another service. What has a name that
// is taken gets the prefix; shapes keep their place in the service's API
// reference, which begins at docs.
func (a *API) Merge(other *API, prefix, docs string) error {
	renamed := map[string]string{}
	for name := range other.Shapes {
		renamed[name] = name
		if _, taken := a.Shapes[name]; taken {
			renamed[name] = prefix + name
		}
	}
	rename := func(ref *Ref) *Ref {
		if ref == nil {
			return nil
		}
		return &Ref{Shape: renamed[ref.Shape]}
	}
	for name, s := range other.Shapes {
		if _, taken := a.Shapes[renamed[name]]; taken {
			return fmt.Errorf("two shapes are named %s", renamed[name])
		}
		copied := *s
		copied.Docs, copied.Title = docs, name
		copied.Member, copied.Key, copied.Value = rename(s.Member), rename(s.Key), rename(s.Value)
		copied.Members = map[string]Ref{}
		for member, ref := range s.Members {
			copied.Members[member] = *rename(&ref)
		}
		a.Shapes[renamed[name]] = &copied
	}
	for name, op := range other.Operations {
		if _, taken := a.Operations[name]; taken {
			name = prefix + name
		}
		if _, taken := a.Operations[name]; taken {
			return fmt.Errorf("two operations are named %s", name)
		}
		copied := &Operation{Name: name, Input: rename(op.Input), Output: rename(op.Output)}
		for _, ref := range op.Errors {
			copied.Errors = append(copied.Errors, *rename(&ref))
		}
		a.Operations[name] = copied
	}
	return nil
}
