package emit

import "strings"

// Counts describes a resource in numbers. Fields are counted at every depth.
type Counts struct {
	Spec, Status, References, Enums, Patterns, Rules int
}

func (b *builder) count(r *Resource) Counts {
	var c Counts
	b.walk(r.Spec, func(s *Struct, f *Field) {
		if f == nil {
			for _, m := range s.Markers {
				if strings.Contains(m, "XValidation") || strings.Contains(m, "OneOf") {
					c.Rules++
				}
			}
			return
		}
		c.Spec++
		if f.Target != nil {
			c.References++
		}
		for _, m := range f.Markers {
			switch {
			case strings.Contains(m, ":Enum="):
				c.Enums++
			case strings.Contains(m, ":Pattern="):
				c.Patterns++
			}
		}
	})
	b.walk(r.Status, func(_ *Struct, f *Field) {
		if f != nil {
			c.Status++
		}
	})
	return c
}

// walk visits a struct, with a nil field, and its fields, at every depth.
func (b *builder) walk(s *Struct, visit func(*Struct, *Field)) {
	visit(s, nil)
	for i := range s.Fields {
		visit(s, &s.Fields[i])
		if inner, ok := b.pkg.Shapes[s.Fields[i].Shape]; ok {
			b.walk(inner, visit)
		}
	}
}
