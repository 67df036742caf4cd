package emit

import "strings"

// place is where a field stands.
type place struct {
	// prefix is the path of the struct that has the field, with a dot at its
	// end, or empty.
	prefix string
	// inMap says that the path leads through a map.
	inMap bool
}

// walk visits the fields of a struct at every depth.
func (p *Package) walk(s *Struct, at place, visit func(place, Field)) {
	for _, f := range s.Fields {
		visit(at, f)
		inner, ok := p.Shapes[f.Shape]
		if !ok {
			continue
		}
		p.walk(inner, place{
			prefix: at.prefix + f.JSON + strings.Repeat("[]", f.Lists) + ".",
			inMap:  at.inMap || f.Map,
		}, visit)
	}
}
